"""Every list that anybody may take away as CSV or JSON, declared once.

Amounts are whole kg, micro-yuan, ticks (0.01 yuan/t) or half ticks; times are UTC seconds. Numbers
that programs would round (more than 53 bits) are texts.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from flask import Response, stream_with_context
from sqlalchemy.engine import Connection, Engine

from tanlian.database import snapshot
from tanlian.domain.published_rules import all_rules
from tanlian.domain.roles import role_names
from tanlian.readmodel.checkpoints import position
from tanlian.readmodel.queries import market, members, open_data, units
from tanlian.web import current
from tanlian.web.words import N_

Row = tuple[Any, ...]
FORMS = ("csv", "json")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would run instead of showing
_EXACT = 2**53
_CSV = "text/csv; charset=utf-8"
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Dataset:
    """A list by name: what it is, its columns, and its rows one after the other."""

    name: str
    meaning: str
    columns: tuple[str, ...]
    rows: Callable[[Connection], Iterator[Row]]


def answer(dataset: Dataset, form: str) -> Response:
    """Send a whole list, row by row, with the block up to which it is."""
    tables = current.office().tables
    with current.tables():
        pass  # whole: what goes wrong from here on only breaks the answer off
    lines = _csv(dataset, tables) if form == "csv" else _json(dataset, tables)
    kind = _CSV if form == "csv" else "application/json"
    name = f'attachment; filename="{dataset.name}.{form}"'
    return Response(
        stream_with_context(lines), mimetype=kind, headers={"Content-Disposition": name}
    )


def csv_answer(name: str, columns: Iterable[object], rows: Iterable[Iterable[object]]) -> Response:
    """Send a table as a CSV file, row by row."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(csv_lines(columns, rows), mimetype=_CSV, headers=headers)


def csv_lines(columns: Iterable[object], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """Yield the lines of a CSV file that a spreadsheet shows as it is."""
    yield _line(columns)
    for row in rows:
        yield _line(row)


def _line(row: Iterable[object]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow([_shown(value) for value in row])
    return text.getvalue()


def _csv(dataset: Dataset, tables: Engine) -> Iterator[str]:
    with snapshot(tables) as db:
        yield from csv_lines(dataset.columns, dataset.rows(db))


def _json(dataset: Dataset, tables: Engine) -> Iterator[str]:
    with snapshot(tables) as db:
        here = position(db)
        about = {
            "dataset": dataset.name,
            "block": here.block if here else None,
            "block_hash": here.block_hash if here else None,
            "time": here.time if here else None,
        }
        yield json.dumps(about)[:-1] + ', "rows": ['
        comma = ""
        for row in dataset.rows(db):
            values = dict(zip(dataset.columns, map(_exact, row), strict=True))
            yield comma + "\n" + json.dumps(values, ensure_ascii=False)
            comma = ","
        yield "\n]}\n"


def _shown(value: object) -> object:
    """A cell; a text that looks like a formula is marked as text."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return "" if value is None else value


def _exact(value: Any) -> Any:
    return str(value) if isinstance(value, int) and abs(value) >= _EXACT else value


# -- the lists ---------------------------------------------------------------------------------


def _members(db: Connection) -> Iterator[Row]:
    after = 0
    while found := members.members(db, after=after, limit=_AT_ONCE):
        for m in found:
            roles = " ".join(role_names(m.roles))
            yield (m.id, m.name, roles, m.region, m.sector, m.active, m.admitted_at)
        after = found[-1].id


def _sessions(db: Connection) -> Iterator[Row]:
    for p in open_data.all_session_prices(db):
        s = p.session
        yield (
            s.id, s.instrument.symbol, s.terms["opens_at"], s.terms["auction_ends_at"],
            s.terms["closes_at"], s.cleared_at, s.closed_at, s.terms["reference_tick"], s.low_tick,
            s.high_tick, s.closing_tick, p.first, p.highest, p.lowest, p.last, p.mean_half_ticks,
            p.trades, s.volume_lots, p.turnover_half_ticks * 5_000,
        )  # fmt: skip


def _trades(db: Connection) -> Iterator[Row]:
    before: int | None = None
    while found := market.recent_sessions(db, before=before, limit=_AT_ONCE):
        for session in found:
            for t in market.trades(db, session.id):
                yield (
                    session.id, session.instrument.symbol, t.time, t.kind.name, t.buyer, t.seller,
                    t.lots, t.bid_tick, t.ask_tick, t.half_ticks, t.tx_hash,
                )  # fmt: skip
        before = found[-1].id


def _certificates(db: Connection) -> Iterator[Row]:
    for c in open_data.all_certificates(db):
        yield (
            str(c.id), c.instrument.symbol, str(c.instrument.token_id), c.organisation,
            c.first_serial, c.first_serial + c.amount_kg - 1, c.amount_kg, c.purpose, c.reference,
            c.time, c.tx_hash,
        )  # fmt: skip


def _issues(db: Connection) -> Iterator[Row]:
    for i in open_data.all_issues(db):
        yield (
            str(i.id), i.instrument.symbol, str(i.instrument.token_id), i.organisation,
            i.first_serial, i.first_serial + i.amount_kg - 1, i.amount_kg, i.basis, i.time,
            i.tx_hash,
        )  # fmt: skip


def _regions(db: Connection) -> Iterator[Row]:
    for r in units.region_years(db):
        yield (
            r.period, r.region, r.cap_kg, r.target_kg, r.capacity_kg, r.allocated_kg, r.emitters,
        )  # fmt: skip


def _sectors(db: Connection) -> Iterator[Row]:
    for period in sorted({region.period for region in units.region_years(db)}, reverse=True):
        for sector, amount in units.sector_totals(db, period).items():
            yield (period, sector, amount)


def _unit_totals(db: Connection) -> Iterator[Row]:
    for u in open_data.unit_totals(db):
        yield (
            u.instrument.symbol, u.issued_kg, u.held_kg, u.surrendered_kg, u.cancelled_kg,
            u.clawed_back_kg,
        )  # fmt: skip


def _rules(_: Connection) -> Iterator[Row]:
    for book in all_rules():
        for f in book.figures:
            yield (book.name, f.key, f.value, f.unit, f.status, f.source)


def _validators(_: Connection) -> Iterator[Row]:
    sealing = current.office().sealing()
    if sealing is not None:
        for validator in sealing.validators:
            yield (validator, sealing.block, validator in sealing.sealers)


DATASETS = {
    dataset.name: dataset
    for dataset in (
        Dataset("members", N_("Members, with roles, region and sector"),
                ("number", "name", "roles", "region", "sector", "active", "admitted_at"), _members),
        Dataset("sessions", N_("Trading sessions with their prices"),
                ("session", "instrument", "opens_at", "auction_ends_at", "closes_at", "cleared_at",
                 "closed_at", "reference_tick", "low_tick", "high_tick", "closing_tick",
                 "first_half_ticks", "highest_half_ticks", "lowest_half_ticks", "last_half_ticks",
                 "mean_half_ticks", "trades", "volume_t", "turnover_micro_yuan"), _sessions),
        Dataset("trades", N_("Every trade"),
                ("session", "instrument", "time", "kind", "buyer", "seller", "quantity_t",
                 "bid_tick", "ask_tick", "half_ticks", "transaction"), _trades),
        Dataset("certificates", N_("Certificates of retirement"),
                ("certificate", "units", "token_id", "organisation", "first_serial", "last_serial",
                 "amount_kg", "purpose", "reference", "time", "transaction"), _certificates),
        Dataset("issues", N_("Issues of units with their serials"),
                ("issue", "units", "token_id", "organisation", "first_serial", "last_serial",
                 "amount_kg", "basis", "time", "transaction"), _issues),
        Dataset("regions", N_("Caps, targets and allocations by region and year"),
                ("year", "region", "cap_kg", "target_kg", "capacity_kg", "allocated_kg",
                 "emitters"), _regions),
        Dataset("sectors", N_("Allocations by sector and year"),
                ("year", "sector", "allocated_kg"), _sectors),
        Dataset("units", N_("Where the units of each kind are"),
                ("units", "issued_kg", "held_kg", "surrendered_kg", "cancelled_kg",
                 "clawed_back_kg"), _unit_totals),
        Dataset("rules", N_("Every figure of every rule book, with status and source"),
                ("rules", "figure", "value", "unit", "status", "source"), _rules),
        Dataset("validators", N_("Who seals the blocks"),
                ("validator", "block", "sealed"), _validators),
    )
}  # fmt: skip

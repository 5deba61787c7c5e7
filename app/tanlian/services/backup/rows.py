"""A database as lines of JSON, of SQLite and PostgreSQL alike: one snapshot, one line a row.

The first line names the version of the tables; bytes are hexadecimal. Being plain rows, a copy of
one kind of database is brought back into the other kind too.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from alembic.util.exc import CommandError
from sqlalchemy import Column, LargeBinary, MetaData, Table, func, insert, select, text
from sqlalchemy.engine import Connection, Engine, RowMapping

from tanlian.database import snapshot
from tanlian.services.backup.errors import BackupRefused

FORMAT = "tanlian rows 1"
_VERSION = "alembic_version"
_AT_ONCE = 500

Row = dict[str, Any]
Finish = Callable[[Connection, Mapping[str, Table]], None]


def dump(
    engine: Engine, declared: MetaData, path: Path, leave_out: Collection[str] = ()
) -> dict[str, int]:
    """Write every row as of one moment; returns how many each table has.

    `declared` are the tables as the application knows them, for the types of their columns.
    """
    counts: dict[str, int] = {}
    with snapshot(engine) as db, path.open("w", encoding="utf-8") as file:
        revision = db.scalar(text(f"SELECT version_num FROM {_VERSION}"))  # noqa: S608
        file.write(json.dumps({"format": FORMAT, "revision": revision}) + "\n")
        for table in _tables(db, declared):
            if table.name in leave_out:
                continue
            rows = db.execute(select(table).order_by(*table.primary_key)).mappings()
            counts[table.name] = 0
            for row in rows.yield_per(_AT_ONCE):
                line = {"table": table.name, "row": _written(row)}
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
                counts[table.name] += 1
    return counts


def load(
    opened: Callable[[str], Engine], declared: MetaData, path: Path, finish: Finish | None = None
) -> dict[str, int]:
    """Fill an empty database with the rows of a file, all or none; returns how many each table got.

    `opened` brings it to a version: that of the rows, and then the newest. `finish` changes what
    was read before anybody sees it; it is told the tables there are.

    Raises:
        BackupRefused: the database has rows already, or the file is of a newer version.
    """
    with path.open(encoding="utf-8") as file:
        first = json.loads(next(file))
        if first.get("format") != FORMAT:
            raise BackupRefused(f"{path.name} does not hold rows of the form {FORMAT!r}.")
        try:
            engine = opened(first["revision"])
        except CommandError as error:
            raise BackupRefused(
                f"The back-up is of version {first['revision']}, which this program does not know; "
                "use the one that made it, or a newer one."
            ) from error
        try:
            with engine.begin() as db:
                tables = {table.name: table for table in _tables(db, declared)}
                _must_be_empty(db, tables.values())
                counts = _fill(db, tables, map(json.loads, file))
                _renumber(db, tables.values())
                if finish is not None:
                    finish(db, tables)
        finally:
            engine.dispose()
    opened("head").dispose()  # what newer versions changed
    return counts


def _tables(db: Connection, declared: MetaData) -> list[Table]:
    """The tables that there are, those that others refer to first, with the application's types."""
    found = MetaData()
    found.reflect(db)
    for table in found.tables.values():
        known = declared.tables.get(table.name)
        for column in table.columns:
            newest = None if known is None else known.columns.get(column.name)
            if newest is not None and _is_bytes(newest) == _is_bytes(column):
                column.type = newest.type
    return [table for table in found.sorted_tables if table.name != _VERSION]


def _is_bytes(column: Column[Any]) -> bool:
    """Whether a column holds bytes: one that is encrypted since was JSON before."""
    return isinstance(column.type, LargeBinary)


def _must_be_empty(db: Connection, tables: Iterable[Table]) -> None:
    for table in tables:
        if db.scalar(select(func.count()).select_from(table)):
            raise BackupRefused(
                f"The database already holds rows ({table.name}); a back-up goes into an empty one."
            )


def _fill(db: Connection, tables: Mapping[str, Table], lines: Iterable[Row]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name, rows in _grouped(lines):
        if name not in tables:
            raise BackupRefused(f"The back-up has a table {name!r} that nobody knows.")
        table = tables[name]
        counts[name] = counts.get(name, 0) + len(rows)
        db.execute(insert(table), [_read(table, row) for row in rows])
    return counts


def _grouped(lines: Iterable[Row]) -> Iterator[tuple[str, list[Row]]]:
    """Lines of one table after the other, in portions."""
    name, rows = "", list[Row]()
    for line in lines:
        if line["table"] != name or len(rows) == _AT_ONCE:
            if rows:
                yield name, rows
            name, rows = line["table"], []
        rows.append(line["row"])
    if rows:
        yield name, rows


def _renumber(db: Connection, tables: Iterable[Table]) -> None:
    """Let PostgreSQL's counters go on behind the highest number."""
    if db.dialect.name != "postgresql":
        return
    for table in tables:
        for column in table.primary_key:
            place = {"table": table.name, "column": column.name}
            counter = db.scalar(text("SELECT pg_get_serial_sequence(:table, :column)"), place)
            highest = db.scalar(select(func.max(column)))
            if counter and highest:
                db.execute(
                    text("SELECT setval(:counter, :highest)"),
                    {"counter": counter, "highest": highest},
                )


def _written(row: RowMapping) -> Row:
    return {str(name): _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).hex()
    return int(value) if isinstance(value, Decimal) else value


def _read(table: Table, row: Row) -> Row:
    return {
        name: bytes.fromhex(value)
        if value is not None and isinstance(table.columns[name].type, LargeBinary)
        else value
        for name, value in row.items()
    }

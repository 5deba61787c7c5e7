"""Trading accounts: asked of the market after each range of blocks that touched them."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from tanlian.chain.contracts import Contracts
from tanlian.readmodel.tables import trading_accounts

FIELDS = (
    "money_free",
    "lots_free",
    "open_buy_lots",
    "open_sell_lots",
    "lots_awaiting_payment",
)
Place = tuple[int, int]  # instrument, organisation


def refresh(
    db: Connection, contracts: Contracts, touched: Collection[Place], *, block: int | None
) -> None:
    """Ask the market for the touched accounts, and for those left from before.

    While the tables catch up (`block` is None) they are only marked: nodes keep the state of old
    blocks for a limited time, and a state in between serves nobody.
    """
    if block is None:
        _write(db, [_blank(place) for place in touched], only_mark=True)
        return
    stale = trading_accounts.c.is_stale
    left = select(trading_accounts.c.instrument, trading_accounts.c.organisation).where(stale)
    places = sorted({*touched, *((row[0], row[1]) for row in db.execute(left))})
    if not places:
        return
    market = contracts.market
    asked = [market.reading("account", *place) for place in places]
    found = contracts.read_many(asked, block=block)
    rows = []
    for place, account in zip(places, found, strict=True):
        figures = {name: getattr(account, name) for name in FIELDS}
        rows.append({**_blank(place), **figures, "is_stale": False})
    _write(db, rows, only_mark=False)


def _blank(place: Place) -> dict[str, int | bool]:
    instrument, organisation = place
    return {
        "instrument": instrument,
        "organisation": organisation,
        **dict.fromkeys(FIELDS, 0),
        "is_stale": True,
    }


def _write(db: Connection, rows: list[dict[str, int | bool]], *, only_mark: bool) -> None:
    if not rows:
        return
    dialect = postgresql if db.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(trading_accounts)
    changed = ("is_stale",) if only_mark else (*FIELDS, "is_stale")
    db.execute(
        statement.on_conflict_do_update(
            index_elements=["instrument", "organisation"],
            set_={name: statement.excluded[name] for name in changed},
        ),
        rows,
    )

"""The changes that a range of blocks makes, gathered and written together with the checkpoint."""

from collections import defaultdict
from functools import cache
from typing import Any

from sqlalchemy import Table, and_, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from tanlian.readmodel.bulk import Row, insert_rows
from tanlian.readmodel.tables import orders

OrderKey = tuple[int, bool, int, int]  # session, buy, tick, position


class Draft:
    """Rows to add, rows to change, orders to shorten."""

    def __init__(self, db: Connection) -> None:
        self._db = db
        self._added: dict[Table, list[Row]] = defaultdict(list)
        self._rows: dict[Table, dict[tuple[Any, ...], Row]] = defaultdict(dict)
        self._shorter: dict[OrderKey, int] = defaultdict(int)
        self._restated: dict[OrderKey, int] = defaultdict(int)
        self._ended: dict[OrderKey, tuple[str, int]] = {}
        self._new_orders: dict[OrderKey, Row] = {}
        self.touched_accounts: set[tuple[int, int]] = set()  # instrument, organisation

    def add(self, table: Table, **values: Any) -> None:
        """A row that did not exist."""
        self._added[table].append(values)

    def place(self, key: OrderKey, **values: Any) -> None:
        """An order that begins to stand."""
        session, buy, tick, position = key
        row = {"session": session, "buy": buy, "tick": tick, "position": position, **values}
        self._added[orders].append(row)
        self._new_orders[key] = row

    def row(self, table: Table, **key: Any) -> Row:
        """A row by its primary key, to be changed in place; a new one has only its key."""
        known = self._rows[table]
        names = _key_of(table)
        place = tuple([key[name] for name in names])
        row = known.get(place)
        if row is None:
            self._flush(table)
            where = and_(*(table.c[name] == key[name] for name in names))
            found = self._db.execute(select(table).where(where)).mappings().one_or_none()
            row = known[place] = dict(found) if found is not None else dict(key)
        return row

    def shorten(self, key: OrderKey, lots: int) -> None:
        """Take lots off what stands of an order."""
        self._shorter[key] += lots

    def restate(self, key: OrderKey, lots: int) -> None:
        """Take lots off an order because its owner wants so many less."""
        self._shorter[key] += lots
        self._restated[key] += lots

    def end(self, key: OrderKey, lots: int, why: str, time: int) -> None:
        """Take an order away that was not filled."""
        self._shorter[key] += lots
        self._ended[key] = (why, time)

    def write(self) -> None:
        """Send everything to the database, in the transaction of the connection."""
        self._shorten_new_orders()
        for table in list(self._added):
            self._flush(table)
        for table, rows in self._rows.items():
            if rows:
                self._db.execute(self._upsert(table), list(rows.values()))
        self._shorten_orders()

    def _flush(self, table: Table) -> None:
        rows = self._added.pop(table, None)
        if rows:
            insert_rows(self._db, table, rows)

    def _upsert(self, table: Table) -> Any:
        dialect = postgresql if self._db.dialect.name == "postgresql" else sqlite
        names = _key_of(table)
        statement = dialect.insert(table)
        changed = {c.name: statement.excluded[c.name] for c in table.columns if c.name not in names}
        return statement.on_conflict_do_update(index_elements=names, set_=changed)

    def _shorten_new_orders(self) -> None:
        """What happened to an order in the blocks that placed it needs no statement of its own."""
        for key, row in self._new_orders.items():
            row["open_lots"] -= self._shorter.pop(key, 0)
            row["lots"] -= self._restated.pop(key, 0)
            if key in self._ended:
                row["ended"], row["ended_at"] = self._ended.pop(key)

    def _shorten_orders(self) -> None:
        place = and_(
            orders.c.session == bindparam("at_session"),
            orders.c.buy == bindparam("at_buy"),
            orders.c.tick == bindparam("at_tick"),
            orders.c.position == bindparam("at_position"),
        )
        shorter = update(orders).where(place)
        if self._shorter:
            values = [_named(key) | {"taken": lots} for key, lots in self._shorter.items()]
            self._db.execute(
                shorter.values(open_lots=orders.c.open_lots - bindparam("taken")), values
            )
        if self._restated:
            values = [_named(key) | {"taken": lots} for key, lots in self._restated.items()]
            self._db.execute(shorter.values(lots=orders.c.lots - bindparam("taken")), values)
        if self._ended:
            values = [
                _named(key) | {"why": why, "then": time} for key, (why, time) in self._ended.items()
            ]
            self._db.execute(
                shorter.values(ended=bindparam("why"), ended_at=bindparam("then")), values
            )


@cache
def _key_of(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.primary_key)


def _named(key: OrderKey) -> Row:
    session, buy, tick, position = key
    return {"at_session": session, "at_buy": buy, "at_tick": tick, "at_position": position}

"""Many new rows at once: one statement a table, values handed to the driver as they are.

SQLAlchemy's own way costs more a row than the database; PostgreSQL is fastest with COPY.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Table
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.exc import DBAPIError

Row = dict[str, Any]


class _Insertion(NamedTuple):
    statement: str
    values_of: Callable[[Row], Sequence[Any]]
    conversions: tuple[tuple[str, Callable[[Any], Any]], ...]


def insert_rows(db: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Add rows, which all name the same columns; their values may be converted in place.

    Raises:
        KeyError: a row lacks a column that the first one has.
        IntegrityError: a row is there already, or lacks what its table needs.
    """
    insertion = _insertion(table, tuple(rows[0]), db.dialect)
    for name, convert in insertion.conversions:
        for row in rows:
            row[name] = convert(row[name])
    values = map(insertion.values_of, rows)
    if db.dialect.name == "postgresql":
        _copy(db, insertion.statement, values)
    else:
        db.exec_driver_sql(insertion.statement, list(values))


@cache
def _insertion(table: Table, names: tuple[str, ...], dialect: Dialect) -> _Insertion:
    quote = dialect.identifier_preparer
    columns = ", ".join(quote.quote(name) for name in names)
    into = f"{quote.format_table(table)} ({columns})"
    places = ", ".join("?" * len(names))
    conversions = (
        (name, table.c[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in names
    )
    return _Insertion(
        f"COPY {into} FROM STDIN"
        if dialect.name == "postgresql"
        else f"INSERT INTO {into} VALUES ({places})",  # noqa: S608 - names of our tables
        itemgetter(*names) if len(names) > 1 else lambda row: (row[names[0]],),
        tuple((name, convert) for name, convert in conversions if convert is not None),
    )


def _copy(db: Connection, statement: str, values: Iterable[Sequence[Any]]) -> None:
    errors = db.dialect.loaded_dbapi.Error
    try:
        cursor: Any = db.connection.cursor()
        with cursor, cursor.copy(statement) as copy:
            for row in values:
                copy.write_row(row)
    except errors as error:
        raise DBAPIError.instance(statement, None, error, errors, dialect=db.dialect) from error

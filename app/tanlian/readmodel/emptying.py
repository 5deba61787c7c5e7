"""Emptying the tables: what they hold can be made anew from the chain at any time."""

from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection

_VERSION = "alembic_version"


def empty(db: Connection) -> None:
    """Take every row out of every table, so that the projector begins again.

    A migration does this first: rows of the past are not in the tables that it brings.
    """
    for name in inspect(db).get_table_names():
        if name != _VERSION:
            db.execute(text(f'DELETE FROM "{name}"'))  # noqa: S608 - names from the database itself

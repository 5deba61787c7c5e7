"""The database of the read model: SQLite by default, PostgreSQL for many users."""

from pathlib import Path

from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection, Engine

from tanlian.database import changing, open_database, upgrade
from tanlian.readmodel.tables import metadata

MIGRATIONS = Path(__file__).parent / "migrations"


def open_read_model(url: str) -> Engine:
    """Connect, and bring the tables to the current version.

    What the tables hold is made from the chain, so that a deleted file is followed by a new one.
    """
    engine = open_database(url, MIGRATIONS, follows_file=True)
    mend(engine)
    return engine


def mend(engine: Engine) -> bool:
    """Make all tables anew, empty, where one of them is gone; returns whether that was so."""
    with engine.connect() as db:
        if not _missing(db):
            return False
    with changing(engine) as db:
        if not _missing(db):
            return False  # another process was faster
        metadata.drop_all(db)
        db.execute(text("DROP TABLE IF EXISTS alembic_version"))
        upgrade(db, MIGRATIONS)
    return True


def _missing(db: Connection) -> set[str]:
    return metadata.tables.keys() - set(inspect(db).get_table_names())

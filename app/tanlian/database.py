"""Databases of the application: SQLite by default, PostgreSQL for many users."""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Engine, make_url

_BUSY_SECONDS = 10


def open_database(url: str, migrations: Path) -> Engine:
    """Connect, and run the migrations that the database lacks."""
    target = make_url(url)
    if target.get_backend_name() == "sqlite" and target.database not in {None, "", ":memory:"}:
        Path(str(target.database)).parent.mkdir(parents=True, exist_ok=True)
    if target.drivername == "postgresql":
        target = target.set(drivername="postgresql+psycopg")
    engine = create_engine(target, pool_pre_ping=True)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
    config = Config()
    config.set_main_option("script_location", str(migrations))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={_BUSY_SECONDS * 1000}",
    ):
        connection.execute(f"PRAGMA {pragma}")

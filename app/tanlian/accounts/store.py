"""The accounts database: SQLite by default, PostgreSQL for many users; kept current by Alembic."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Connection, Engine, make_url

MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_SECONDS = 10


def open_store(url: str) -> Engine:
    """Connect, and bring the tables to the current version."""
    target = make_url(url)
    if target.get_backend_name() == "sqlite" and target.database not in {None, "", ":memory:"}:
        Path(str(target.database)).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(target, pool_pre_ping=True)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
    migrate(engine)
    return engine


def migrate(engine: Engine) -> None:
    """Run the migrations that the database lacks."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """Everything inside happens, or nothing."""
    with engine.begin() as connection:
        yield connection


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={_BUSY_SECONDS * 1000}",
    ):
        connection.execute(f"PRAGMA {pragma}")

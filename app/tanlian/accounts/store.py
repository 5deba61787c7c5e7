"""The accounts database."""

from pathlib import Path

from sqlalchemy.engine import Engine

from tanlian.database import open_database

MIGRATIONS = Path(__file__).parent / "migrations"


def open_store(url: str) -> Engine:
    """Connect, and bring the tables to the current version."""
    return open_database(url, MIGRATIONS)

"""The accounts database."""

from pathlib import Path

from sqlalchemy.engine import Engine

from tanlian.accounts.sealing import BOX
from tanlian.accounts.secrets_box import SecretsBox
from tanlian.database import open_database

MIGRATIONS = Path(__file__).parent / "migrations"
KEY_FILE = "accounts.key"  # in the folder of secrets, and nowhere in the database


def open_store(url: str, box: SecretsBox, revision: str = "head") -> Engine:
    """Connect, and bring the tables to the current version; `box` opens what lies encrypted."""
    return open_database(url, MIGRATIONS, revision, carried={BOX: box})

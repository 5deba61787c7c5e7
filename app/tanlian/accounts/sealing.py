"""Columns that lie encrypted in the accounts database: what acts are about, secret words included.

Every connection of the store carries the box of the installation, so that whoever reads or writes
such a column asks for no key.
"""

import json
from typing import Any

from sqlalchemy.engine import Connection

from tanlian.accounts.secrets_box import SecretsBox

BOX = "secrets box"  # under which a connection carries it


def sealed(db: Connection, value: Any) -> bytes:
    """Return what is stored of a value that JSON can write."""
    return _box(db).lock(json.dumps(value, ensure_ascii=False).encode())


def opened(db: Connection, stored: bytes) -> Any:
    """Return a stored value.

    Raises:
        SecretUnreadable: the key file does not belong to this database.
    """
    return json.loads(_box(db).open(bytes(stored)))


def mark(db: Connection, text: str) -> str:
    """Return what is stored of a text to recognise it by; nobody finds it by trying without the
    key.
    """
    return _box(db).mark(text)


def _box(db: Connection) -> SecretsBox:
    box: SecretsBox = db.info[BOX]
    return box

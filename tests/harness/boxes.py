"""The box of tests that need one and do not care which."""

from base64 import urlsafe_b64encode

from sqlalchemy.engine import Engine

from tanlian.accounts.secrets_box import SecretsBox
from tanlian.accounts.store import open_store

BOX = SecretsBox(urlsafe_b64encode(b"the key of tests".ljust(32)))


def open_accounts(url: str) -> Engine:
    return open_store(url, BOX)

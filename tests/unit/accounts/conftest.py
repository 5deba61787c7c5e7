from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from sqlalchemy import delete
from sqlalchemy.engine import Engine

from harness.postgres import server
from tanlian.accounts import people
from tanlian.accounts.audit_log import Origin
from tanlian.accounts.people import Person
from tanlian.accounts.secrets_box import SecretsBox
from tanlian.accounts.store import open_store
from tanlian.accounts.tables import metadata

NOW = 1_800_000_000
PASSWORD = "correct horse battery"


class Office:
    """One installation with people of two organisations, and a clock that tests move."""

    def __init__(self, engine: Engine, box: SecretsBox) -> None:
        self.engine = engine
        self.box = box
        self.now = NOW
        self.secrets: dict[str, str] = {}

    def origin(self, address: str = "198.51.100.7") -> Origin:
        return Origin(address, self.now)

    def code(self, login: str) -> str:
        return pyotp.TOTP(self.secrets[login]).at(self.now)

    def join(self, login: str, organisation: int) -> Person:
        with self.engine.begin() as db:
            token = people.invite(
                db, self.box, self.origin(), organisation=organisation, name=login, by="regulator"
            )
            self.secrets[login] = people.welcome(db, self.box, token, self.now).totp_secret
            joined = people.accept(
                db,
                self.box,
                self.origin(),
                token=token,
                login=login,
                password=PASSWORD,
                code=self.code(login),
                language="zh",
            )
        self.now += 60  # the code used for joining is spent
        return joined


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    with server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def office(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Office]:
    """The same tests on both databases."""
    url = f"sqlite:///{tmp_path / 'accounts.sqlite'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres")
    box = SecretsBox.at(tmp_path / "secret.key")
    engine = open_store(url, box)
    yield Office(engine, box)
    if request.param == "postgresql":
        with engine.begin() as db:
            for table in reversed(metadata.sorted_tables):
                db.execute(delete(table))
    engine.dispose()

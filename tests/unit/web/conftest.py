import json
import re
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from flask import url_for
from flask.testing import FlaskClient
from sqlalchemy import delete, insert

from harness.bare_chain import bare_access, silent_node
from tanlian.accounts import people
from tanlian.accounts.audit_log import Origin
from tanlian.accounts.secrets_box import SecretsBox
from tanlian.accounts.store import open_store
from tanlian.domain.instrument import allowance
from tanlian.domain.roles import Role
from tanlian.readmodel.store import open_read_model
from tanlian.readmodel.tables import checkpoint, organisations, sessions
from tanlian.services.outbox import Outbox
from tanlian.web.app import Office, create_app
from tanlian.web.config import WebConfig

PASSWORD = "correct horse battery"
REGULATOR, EMITTER = 1, 2


class Site:
    """The application with a clock that tests move and people who can sign in."""

    def __init__(self, folder: Path, node: str) -> None:
        self.now = 1_800_000_000
        self.tables = open_read_model(f"sqlite:///{folder / 'tables.sqlite'}")
        self.stand(block=9, time=self.now)
        for number, roles in ((REGULATOR, Role.REGULATOR), (EMITTER, Role.EMITTER)):
            self.admit(number, roles)
        self.secrets: dict[str, str] = {}
        box = SecretsBox.at(folder / "secret.key")
        accounts = open_store(f"sqlite:///{folder / 'accounts.sqlite'}", box)
        self.office = Office(
            accounts,
            box,
            self.tables,
            Outbox(accounts, bare_access(node), lambda: self.now),
            lambda: self.now,
        )
        self.app = create_app(WebConfig(secret=b"s" * 32, insecure_cookies=True), self.office)

    def stand(self, **at) -> None:
        """Say up to where the tables are; without a place they are empty."""
        with self.tables.begin() as db:
            db.execute(delete(checkpoint))
            if at:
                db.execute(
                    insert(checkpoint).values(
                        id=1,
                        chain_id=7,
                        genesis_hash="0x12",
                        block=at["block"],
                        block_hash="0x34",
                        block_time=at["time"],
                        whole_from=at.get("whole_from", 0),
                    )
                )

    def admit(self, number: int, roles: Role) -> None:
        """Let the tables know an organisation, as if the chain had said so."""
        with self.tables.begin() as db:
            db.execute(
                insert(organisations).values(
                    id=number,
                    identity=f"{number}",
                    name=f"Organisation {number}",
                    roles=int(roles),
                    sector=1,
                    region=1,
                    active=True,
                    certificate="0x",
                    admitted_at=self.now,
                )
            )

    def announce(self, number: int, terms: dict[str, int], **columns) -> None:
        """Let the tables know a session, as if the chain had said so."""
        counted = dict.fromkeys(("volume_lots", "turnover_half_ticks", "trades"), 0)
        row = {"id": number, "instrument": allowance(2024).token_id, "terms": json.dumps(terms),
               "low_tick": 6_300, "high_tick": 7_700, "opens_at": terms["opens_at"],
               "closes_at": terms["closes_at"], "paused": False}  # fmt: skip
        with self.tables.begin() as db:
            db.execute(insert(sessions).values(row | counted | columns))

    def url(self, endpoint: str, **values) -> str:
        with self.app.test_request_context():
            return url_for(endpoint, **values)

    def browser(self, language: str = "en") -> "Browser":
        return Browser(self, self.app.test_client(), language)

    def invite(self, organisation: int, name: str = "Wang Li") -> str:
        with self.office.engine.begin() as db:
            return people.invite(
                db,
                self.office.box,
                Origin("test", self.now),
                organisation=organisation,
                name=name,
                by="test",
            )

    def join(self, login: str, organisation: int) -> people.Person:
        token = self.invite(organisation)
        with self.office.engine.begin() as db:
            secret = people.welcome(db, self.office.box, token, self.now).totp_secret
            joined = people.accept(
                db,
                self.office.box,
                Origin("test", self.now),
                token=token,
                login=login,
                password=PASSWORD,
                code=pyotp.TOTP(secret).at(self.now),
                language="en",
            )
        self.secrets[login] = secret
        self.now += 60
        return joined


class Browser:
    """A browser without scripts: fetches pages, fills in forms with the token they carry."""

    def __init__(self, site: Site, client: FlaskClient, language: str) -> None:
        self.site, self.client = site, client
        self.headers = {"Accept-Language": language, "Accept": "text/html"}

    def get(self, endpoint: str, **values):
        return self.client.get(self.site.url(endpoint, **values), headers=self.headers)

    def post(self, endpoint: str, data=None, *, form: str = "sign_in", **values):
        """Send a form; the token comes from the page `form`, or is left out with `form=""`."""
        fields = dict(data or {})
        if form:
            page = self.client.get(self.site.url(form), headers=self.headers)
            if page.status_code == 303:
                page = self.get("home")
            found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
            assert found, f"{form} carries no form token"
            fields["csrf_token"] = found[1]
        url = self.site.url(endpoint, **values)
        return self.client.post(url, data=fields, headers=self.headers)

    def sign_in(self, login: str, **wrong):
        code = pyotp.TOTP(self.site.secrets[login]).at(self.site.now)
        given = {"login": login, "password": PASSWORD, "code": code} | wrong
        return self.post("sign_in", given)


@pytest.fixture(scope="session")
def node() -> Iterator[str]:
    with silent_node() as url:
        yield url


@pytest.fixture
def site(tmp_path: Path, node: str) -> Site:
    return Site(tmp_path, node)

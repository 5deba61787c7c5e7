"""What belongs to one organisation, asked for by another: every address of pages and API.

A route that takes an argument stands in exactly one of the tables below; a new one has to be put there.
"""

import sqlite3
from contextlib import closing

import pytest

from harness.founded import found, open_session
from harness.programs import Program, issued
from harness.served import PASSPHRASE, served
from harness.visitor import PASSWORD, Page, Visitor
from tanlian.bootstrap import build, serving
from tanlian.settings import Settings

SELLER, BUYER = 4, 5
YEAR = 2024
PLANT = {"organisation": SELLER, "year": YEAR}
KEPT = (
    "users", "keys", "trusted_payees", "approvals", "policies", "webhooks", "acts",
    "act_transactions", "kept_documents", "form_drafts",
)  # fmt: skip

FOR_ALL = {
    "language": "words", "join": "a secret link", "open_door": "a secret link",
    "session": "public", "trades_csv": "public", "candles_file": "public",
    "certificate": "public",
    "certificate_proof": "public", "rule_book": "public", "data_file": "public",
    "registry": "public", "registry_schema": "public", "supervision_year": "public",
    "supervision_part": "public sums; its emitters: test_supervision_pages",
    "emitters_csv": "the emitters that one may see: test_supervision_pages",
    "anomalies": "told to the regulator alone: test_supervision_pages",
    "act_form": "the name of a kind of act", "api_do": "the name of a kind of act",
    "desk_list": "the name of a list of one's own", "desk_csv": "the name of a list of one's own",
    "api_list": "the name of a list of one's own",
    "enter": "people of a demonstration: test_door",
    "report": "test_granted_pages", "complaint": "test_granted_pages",
    "report_document": "test_documents", "complaint_document": "test_documents",
    "api_report_document": "test_documents", "api_complaint_document": "test_documents",
}  # fmt: skip
PLANTS = {  # refused before anything is looked up
    "plant": {}, "plant_csv": {}, "quarantine_csv": {}, "device": {"number": 1},
    "device_csv": {"number": 1}, "reading": {"copy": "gateway", "number": 1, "start": 0},
    "locate": {}, "figure": {}, "figure_csv": {}, "calibre": {}, "evidence": {},
}  # fmt: skip
OWNED = {
    "organisation": {"number": "organisation"},
    "act": {"act_id": "act"}, "sign": {"act_id": "act"}, "decide": {"act_id": "act"},
    "withdraw_act": {"act_id": "act"}, "unsigned": {"act_id": "act"},
    "sent_elsewhere": {"act_id": "act"},
    "export_key": {"address": "address"},
    "document": {"number": "document"}, "remove_document": {"number": "document"},
    "api_document": {"number": "document"}, "api_remove_document": {"number": "document"},
    "remove_draft": {"draft_id": "draft"},
    "remove_payee": {"number": "payee"},
    "waive_second_person": {"number": "request"},
    "revoke_key": {"number": "api_key"},
    "deactivate": {"user_id": "person"},
    "remove_webhook": {"number": "webhook"}, "renew_webhook_secret": {"number": "webhook"},
    "resume_webhook": {"number": "webhook"}, "try_webhook": {"number": "webhook"},
    "api_act": {"act_id": "act"}, "api_unsigned": {"act_id": "act"},
    "api_signed": {"act_id": "act"}, "api_withdraw": {"act_id": "act"},
    "api_webhook": {"number": "webhook"}, "api_remove_webhook": {"number": "webhook"},
    "api_webhook_secret": {"number": "webhook"}, "api_resume_webhook": {"number": "webhook"},
    "api_try_webhook": {"number": "webhook"},
}  # fmt: skip
FORM = {
    "decision": "approve", "password": PASSWORD, "passphrase": PASSPHRASE, "position": "0",
    "tx_hash": "0x" + "ab" * 32,
}  # fmt: skip
SAID = {  # on the page with the form, which is one's own
    "export_key": lambda values: f"Your organisation has no key {values['address']}.",
    "waive_second_person": lambda values: f"Your organisation has no request {values['number']}.",
}
MARKS = (
    "sellers document",
    "sellers program",
    "sellers payee",
    "sellers.example",
    "seller-one",
    "seller-two",
)


class Market:
    """Two organisations with people, keys and programs; what the seller has, by name."""

    def __init__(self, chain, address: str) -> None:
        self.chain, self.address = chain, address
        self.routes = build(chain.target, Settings(port=0), chain.folder).app.url_map
        self.seller = Visitor(address).join(chain, SELLER, "seller-one")
        Visitor(address).join(chain, SELLER, "seller-two")
        self.seller.store_key(chain.network.keys / "seller.json")
        self.buyer = Visitor(address).join(chain, BUYER, "buyer-one")
        self.token = issued(self.seller, "sellers program", may_write="yes")
        self.buying = Program(address, issued(self.buyer, may_write="yes"))
        self.owned = {
            "organisation": SELLER, "address": chain.key("seller").address.lower(),
            **self._programs(), **self._people(),
        }  # fmt: skip

    def _programs(self) -> dict[str, object]:
        program = Program(self.address, self.token)
        body = {"url": "https://sellers.example/told"}
        act = program.do(
            "order.place", {"session": 1, "side": "sell", "price": "69.50", "tonnes": 1}, "own",
            unsigned="true",
        )  # fmt: skip
        return {
            "webhook": program.post("/webhooks", body).json()["id"],
            "act": act.json()["id"],
            "document": program.http.post(
                f"{program.base}/documents",
                params={"name": "sellers document"},
                data=b"words",
                headers={"Content-Type": "application/octet-stream"},
                timeout=30,
            ).json()["id"],
            "api_key": self.numbers("SELECT max(id) FROM api_keys WHERE organisation = 4"),
        }

    def _people(self) -> dict[str, object]:
        self.seller.act("order.place", save="1", session="1")
        page = self.seller.get("payees")
        payee = {"label": "sellers payee", "account": "6222 0001", "password": PASSWORD}
        self.seller.send(page, 'name="label"', **payee)
        for wanted in ("yes", "no"):  # a second person is needed; a wish to need none is open
            self.seller.send(self.seller.get("people"), f'value="{wanted}"', wanted=wanted)
        return {
            "draft": self.seller.get("acts").link("Place a quote").split("draft=")[1],
            "payee": self.numbers("SELECT id FROM trusted_payees"),
            "request": self.numbers("SELECT id FROM approvals"),
            "person": self.numbers("SELECT id FROM users WHERE login = 'seller-two'"),
        }

    def numbers(self, query: str) -> int:
        """The one number that a query of the accounts finds."""
        with closing(sqlite3.connect(self.database)) as db:
            ((found,),) = db.execute(query)
        assert isinstance(found, int)
        return found

    @property
    def database(self):
        (found,) = self.chain.folder.rglob("accounts.sqlite")
        return found

    def kept(self) -> dict[str, list]:
        """Everything that organisations have, and the head of the chain."""
        with closing(sqlite3.connect(self.database)) as db:
            rows = {name: db.execute(f"SELECT * FROM {name}").fetchall() for name in KEPT}
            own_keys = db.execute("SELECT * FROM api_keys WHERE organisation = 4").fetchall()
        return rows | {"api_keys": own_keys, "head": [self.chain.connection().head()]}

    def ask(self, endpoint: str, values: dict, method: str):
        """Ask as the buyer, with all that a form of the page or a program would send."""
        path = self.routes.bind("").build(endpoint, values, method=method)
        if endpoint.startswith("api_"):
            url, body = self.address + path.lstrip("/"), {"raw": ["0x02"]}
            json = body if method == "POST" else None
            return self.buying.http.request(method, url, json=json, timeout=30)
        data = None
        if method == "POST":
            _, hidden = self.buyer.get("programs").form("csrf_token")
            data = {**hidden, **FORM}
        url = self.address + path.lstrip("/")
        return self.buyer.http.request(method, url, data=data, timeout=30, allow_redirects=False)


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    folder = tmp_path_factory.mktemp("foreign")
    with pytest.MonkeyPatch.context() as environment, served(folder, environment) as chain:
        found(chain, folder)
        open_session(chain)
        with serving(chain.target, "127.0.0.1", 0) as address:
            yield Market(chain, address)


def test_routes__every_one_with_an_argument__is_in_one_table(market) -> None:
    """Say of a new route whose object its argument names; what is owned is tried below."""
    taking = {r.endpoint for r in market.routes.iter_rules() if r.arguments} - {"static"}
    tables = [set(FOR_ALL), set(PLANTS), set(OWNED)]
    assert taking == set().union(*tables)
    assert sum(map(len, tables)) == len(taking)


def test_owned__by_its_owner__is_there(market) -> None:
    """Otherwise the refusals below would say nothing."""
    own = Program(market.address, market.token)
    assert own.get(f"/acts/{market.owned['act']}").json()["state"] in {"drafted", "asked"}
    assert own.get(f"/webhooks/{market.owned['webhook']}").status_code == 200
    pages = ("programs", "payees", "people", "keys", "webhooks", "documents", "acts")
    shown = " ".join(market.seller.get(page).html for page in pages)
    for name in (
        "address",
        "payee",
        "request",
        "api_key",
        "person",
        "webhook",
        "document",
        "draft",
    ):
        assert f"/{market.owned[name]}/" in shown or f'/{market.owned[name]}"' in shown, name


@pytest.mark.parametrize("endpoint", sorted(OWNED))
def test_owned__asked_for_by_another__refused_and_as_it_was(market, endpoint) -> None:
    values = {name: market.owned[what] for name, what in OWNED[endpoint].items()}
    before = market.kept()
    for rule in market.routes.iter_rules(endpoint):
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            answer = market.ask(endpoint, values, method)
            if endpoint in SAID:
                assert (answer.status_code, Page(answer).alerts) == (422, [SAID[endpoint](values)])
            elif endpoint.startswith("api_"):
                assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), method
            else:
                expected = 403 if endpoint == "organisation" else 404
                assert answer.status_code == expected, (method, answer.text)
            assert not [mark for mark in MARKS if mark in answer.text]
            assert "ciphertext" not in answer.text
    assert market.kept() == before


@pytest.mark.parametrize("endpoint", sorted(PLANTS))
def test_plant__of_another__forbidden(market, endpoint) -> None:
    for rule in market.routes.iter_rules(endpoint):
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            answer = market.ask(endpoint, PLANT | PLANTS[endpoint], method)
            assert answer.status_code == 403, (method, answer.text)


def test_lists__of_pages_and_api__name_nothing_of_another(market) -> None:
    """Pages about oneself, and the lists of a program."""
    for page in ("acts", "keys", "payees", "people", "programs", "webhooks", "activity", "desk",
                 "documents"):  # fmt: skip
        answer = market.buyer.get(page)
        assert answer.status == 200, page
        marks = (*MARKS, str(market.owned["act"]), str(market.owned["draft"]))
        assert [mark for mark in marks if mark in answer.html] == [], page
        assert any(mark in market.seller.get(page).html for mark in marks) or page == "keys", page
    assert market.buying.get("/acts").json()["items"] == []
    assert market.buying.get("/webhooks").json()["items"] == []
    assert market.buying.get("/documents").json()["items"] == []

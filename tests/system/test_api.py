"""Programs over a real chain: acts with a key, what is refused, lists, events, the description."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from harness.founded import found, ok, open_session
from harness.programs import Program, issued
from harness.served import served
from harness.visitor import Visitor
from tanlian.bootstrap import serving
from tanlian.services.access import open_access
from tanlian.services.acts.catalogue import catalogue
from tanlian.web.api.description import document

SELLER, BUYER = 4, 5
CEA24 = 1 << 48 | 2024


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    folder = tmp_path_factory.mktemp("api")
    with pytest.MonkeyPatch.context() as environment, served(folder, environment) as chain:
        found(chain, folder)
        open_session(chain)
        with serving(chain.target, "127.0.0.1", 0) as address:
            yield chain, address


@pytest.fixture(scope="module")
def seller(market):
    chain, address = market
    visitor = Visitor(address).join(chain, SELLER, "seller-one")
    visitor.store_key(chain.network.keys / "seller.json")
    visitor.unlock()
    return visitor


@pytest.fixture(scope="module")
def program(market, seller):
    return Program(market[1], issued(seller, may_write="yes", may_sign="yes"))


def head(chain) -> int:
    return chain.connection().head()


QUOTE = {"session": 1, "side": "sell", "price": "69.10", "tonnes": 3}


def test_do__quote__signed_and_done_once(market, program) -> None:
    chain, _ = market
    market_contract = open_access(chain.target).contracts.market
    before = market_contract.read("account", CEA24, SELLER).open_sell_lots
    first = program.do("order.place", QUOTE, "quote-1")
    assert first.status_code == 200, first.text
    assert first.json()["state"] == "done"
    again = program.do("order.place", QUOTE, "quote-1")
    assert again.json()["id"] == first.json()["id"]
    other = program.do("order.place", QUOTE | {"tonnes": 4}, "quote-1")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    assert market_contract.read("account", CEA24, SELLER).open_sell_lots == before + 3
    assert program.get(f"/acts/{first.json()['id']}").json()["transactions"][0]["block"] > 0


def test_do__same_request_at_a_time__one_act(market, program) -> None:
    chain, _ = market
    market_contract = open_access(chain.target).contracts.market
    before = market_contract.read("account", CEA24, SELLER).open_sell_lots
    with ThreadPoolExecutor(8) as crew:
        answers = list(crew.map(lambda _: program.do("order.place", QUOTE, "quote-2"), range(8)))
    assert {answer.status_code for answer in answers} <= {200, 202}, [a.text for a in answers]
    assert 200 in {answer.status_code for answer in answers}  # one of them waited for the block
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert market_contract.read("account", CEA24, SELLER).open_sell_lots == before + 3


@pytest.mark.parametrize(
    ("values", "once", "status", "code"),
    [
        (QUOTE | {"price": "99.00"}, "r1", 422, "contract_refused"),
        (QUOTE | {"price": "1.234"}, "r2", 422, "fields_refused"),
        (QUOTE | {"colour": "red"}, "r3", 422, "fields_refused"),
        (QUOTE | {"price": 69.1}, "r4", 422, "fields_refused"),
        (QUOTE | {"side": ["sell"]}, "r5", 422, "fields_refused"),
        ({}, "r6", 422, "fields_refused"),
        ([], "r7", 422, "invalid_input"),
        (QUOTE, "", 422, "invalid_input"),
        (QUOTE, "x" * 65, 422, "invalid_input"),
    ],
)
def test_do__wrong_input__refused_by_code_and_nothing_sent(
    market, program, values, once, status, code
) -> None:
    before = head(market[0])
    answer = program.do("order.place", values, once)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert head(market[0]) == before


def test_do__unknown_act_and_other_role__refused(market, program) -> None:
    before = head(market[0])
    assert program.do("order.paint", {}, "u1").status_code == 404
    values = {"organisation": "The buyer", "reason": "no"}
    answer = program.do("organisation.suspend", values, "u2")
    assert answer.status_code == 422
    assert answer.json()["message"].startswith("Only a regulator may do this.")
    assert head(market[0]) == before


def test_do__sensitive_without_permission__waits_for_a_person(market, program) -> None:
    before = head(market[0])
    values = {"to": "The buyer", "instrument": "CEA24", "amount": "1"}
    answer = program.do("units.transfer", values, "s1")
    assert (answer.status_code, answer.json()["state"]) == (202, "drafted")
    assert head(market[0]) == before


def test_do__unsigned__signed_by_the_program_itself(market, program) -> None:
    chain, _ = market
    answer = program.do("order.place", QUOTE | {"price": "69.20"}, "own-1", unsigned="true")
    act_id = answer.json()["id"]
    (asked,) = program.get(f"/acts/{act_id}/unsigned").json()["items"]
    from eth_account import Account

    wanted = {n: asked[n] for n in ("to", "data", "value", "gas", "nonce", "chainId")}
    wanted |= {"type": 2, "maxFeePerGas": asked["maxFeePerGas"]}
    wanted |= {"maxPriorityFeePerGas": asked["maxPriorityFeePerGas"]}
    wanted["to"] = chain.connection().web3.to_checksum_address(wanted["to"])
    from tanlian.chain.keys import keccak

    signed = Account.sign_transaction(wanted, keccak(b"test/seller"))
    body = {"raw": [signed.raw_transaction.to_0x_hex()]}
    url = f"{program.base}/acts/{act_id}/signed"
    done = program.http.post(url, json=body, timeout=30)
    assert done.json()["state"] == "done", done.text
    assert program.http.post(url, json={"raw": ["zz"]}, timeout=30).status_code == 422


def test_key__reads_only__writes_refused(market, seller) -> None:
    reader = Program(market[1], issued(seller))
    assert reader.get("/lists").status_code == 200
    before = head(market[0])
    answer = reader.do("order.place", QUOTE, "w1")
    assert (answer.status_code, answer.json()["code"]) == (401, "api_key_refused")
    assert head(market[0]) == before


def test_key__revoked_or_unknown__refused(market, seller) -> None:
    token = issued(seller)
    page = seller.get("programs")
    number = max(int(n) for n in re.findall(r"/programs/(\d+)/revoke", page.html))
    seller.send(page, f"/programs/{number}/revoke")
    assert Program(market[1], token).get("/lists").status_code == 401
    assert requests.get(market[1] + "api/v1/lists", timeout=30).status_code == 401


def test_key__stored__without_its_token_nobody_signs(market, seller) -> None:
    import sqlite3

    token = issued(seller, may_write="yes", may_sign="yes")
    (database,) = market[0].folder.rglob("accounts.sqlite")
    with sqlite3.connect(database) as db:
        dump = "\n".join(db.iterdump())
    assert token not in dump
    from tanlian.chain.keys import keccak

    assert keccak(b"test/seller").hex() not in dump.lower()


def test_lists__own_only__another_organisations_rows_absent(market, program) -> None:
    chain, _ = market
    ok(chain, "money", "redeem", "The bank", "1000", "--payee", "account 1", "--as", "buyer")
    names = {one["name"] for one in program.get("/lists").json()["items"]}
    assert "redemptions" in names
    assert "reports" not in names
    for name in names:
        answer = program.get(f"/lists/{name}", limit=2)
        assert answer.status_code == 200, (name, answer.text)
        assert {"items", "next", "as_of"} <= set(answer.json())
    assert program.get("/lists/redemptions").json()["items"] == []
    assert program.get("/lists/reports").status_code == 404


def test_events__paged__every_one_once(market, program) -> None:
    seen, after = [], "0.0"
    while True:
        page = program.get("/events", after=after, limit=3).json()
        if not page["items"]:
            break
        seen += [one["cursor"] for one in page["items"]]
        after = page["next"]
    assert len(seen) == len(set(seen)) > 3
    assert program.get("/events", after="x").status_code == 422


def test_description__every_act_and_list__is_in_it(market) -> None:
    answer = requests.get(market[1] + "api/v1/openapi.json", timeout=30).json()
    assert {f"/do/{name}" for name in catalogue()} <= answer["paths"].keys()
    assert answer == document()
    page = requests.get(market[1] + "api/v1/docs", timeout=30)
    assert page.status_code == 200
    assert "unsafe" not in page.headers["Content-Security-Policy"]

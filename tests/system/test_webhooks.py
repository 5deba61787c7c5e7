"""Receivers of webhooks over a real chain: told everything once and in order, whatever fails."""

import threading
import time
from dataclasses import replace

import pytest
from sqlalchemy import update

from harness.founded import found, ok
from harness.programs import Program, issued
from harness.receiver import receiving
from harness.served import served
from harness.visitor import PASSWORD, Visitor
from tanlian.accounts.tables import webhooks
from tanlian.accounts.webhooks import webhook
from tanlian.bootstrap import build, serving
from tanlian.services.outgoing import Outgoing, Undelivered
from tanlian.services.webhooks import Courier
from tanlian.settings import Settings

SELLER, BUYER = 4, 5
SETTINGS = Settings(port=0, webhook_hosts=("127.0.0.1",))


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    folder = tmp_path_factory.mktemp("webhooks")
    with pytest.MonkeyPatch.context() as environment, served(folder, environment) as chain:
        found(chain, folder)
        with serving(chain.target, settings=SETTINGS) as address:
            yield chain, address


@pytest.fixture(scope="module")
def sellers(market):
    return Visitor(market[1]).join(market[0], SELLER, "seller-one")


@pytest.fixture(scope="module")
def buyers(market):
    return Visitor(market[1]).join(market[0], BUYER, "buyer-one")


@pytest.fixture
def seller(market, sellers):
    program = Program(market[1], issued(sellers, may_write="yes"))
    yield program
    for one in program.get("/webhooks").json()["items"]:
        assert program.delete(f"/webhooks/{one['id']}").status_code == 204


@pytest.fixture
def buyer(market, buyers):
    return Program(market[1], issued(buyers, may_write="yes"))


@pytest.fixture
def receiver():
    with receiving() as one:
        yield one


def told(program, receiver, **wanted):
    answer = program.post("/webhooks", {"url": receiver.url, **wanted})
    assert answer.status_code == 201, answer.text
    receiver.secret = answer.json()["secret"]
    return answer.json()["id"]


def pay_in(chain, number, times=1):
    """Make events: money that a bank records for the seller."""
    for each in range(times):
        ok(
            chain,
            "money",
            "issue",
            "The seller",
            "10",
            "--as",
            "bank",
            "--payment",
            f"w-{number}-{each}",
        )


def wait_for(holds, seconds=20):
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.05)


def events_of(program, after):
    return program.get("/events", after=after).json()["items"]


def issued_events(program, after, payments):
    """The events behind a place, once so many payments are in the tables."""

    def are_there():
        return sum(e["event"] == "MoneyIssued" for e in events_of(program, after)) == payments

    wait_for(are_there)
    return events_of(program, after)


def test_webhook__events_from_then_on__each_once_in_order_and_verified(
    market, seller, receiver
) -> None:
    number = told(seller, receiver)
    begins = seller.get(f"/webhooks/{number}").json()["after"]
    pay_in(market[0], "order", 5)
    expected = issued_events(seller, begins, 5)
    wait_for(lambda: len(receiver.taken) == len(expected))
    assert receiver.refused == []
    assert [m["data"] for _, m in receiver.taken] == expected
    assert len(set(receiver.ids)) == len(expected)
    assert all(
        m["type"] == f"{m['data']['contract']}.{m['data']['event']}" for _, m in receiver.taken
    )
    shown = seller.get(f"/webhooks/{number}").json()
    assert (shown["failures"], shown["answer"]) == (0, "HTTP 200")


def test_webhook__replayed_from_the_first_event__tells_the_past_too(
    market, seller, receiver
) -> None:
    told(seller, receiver, after="0")
    expected = events_of(seller, "0")
    wait_for(lambda: len(receiver.taken) == len(expected))
    assert [m["data"]["cursor"] for _, m in receiver.taken] == [e["cursor"] for e in expected]


def test_webhook__only_some_kinds__no_others(market, seller, receiver) -> None:
    told(seller, receiver, after="0", kinds=["ledger"])
    expected = [e for e in events_of(seller, "0") if e["contract"] == "ledger"]
    assert expected
    wait_for(lambda: len(receiver.taken) == len(expected))
    pay_in(market[0], "kinds")
    time.sleep(1.5)
    assert {m["data"]["contract"] for _, m in receiver.taken} == {"ledger"}


def test_webhook__receiver_fails__tried_again_without_gap_or_change_of_order(
    market, seller, receiver
) -> None:
    number = told(seller, receiver)
    receiver.answers += [503, 302]
    begins = seller.get(f"/webhooks/{number}").json()["after"]
    pay_in(market[0], "fails", 2)
    wait_for(lambda: seller.get(f"/webhooks/{number}").json()["failures"] == 1)
    assert receiver.taken == []
    assert seller.get(f"/webhooks/{number}").json()["answer"] == "HTTP 503"
    assert seller.post(f"/webhooks/{number}/resume").status_code == 200
    wait_for(lambda: seller.get(f"/webhooks/{number}").json()["answer"] == "HTTP 302")
    assert seller.post(f"/webhooks/{number}/resume").status_code == 200
    expected = issued_events(seller, begins, 2)
    wait_for(lambda: len(receiver.taken) == len(expected))
    assert [m["data"] for _, m in receiver.taken] == expected


def test_webhook__gone__paused_at_once_and_told_on_the_page(
    market, seller, sellers, receiver
) -> None:
    number = told(seller, receiver)
    receiver.answers.append(410)
    pay_in(market[0], "gone")
    wait_for(lambda: seller.get(f"/webhooks/{number}").json()["paused_at"])
    page = sellers.get("webhooks").text
    assert "paused" in page
    assert "HTTP 410" in page
    page = sellers.send(sellers.get("webhooks"), f"/webhooks/{number}/resume")
    assert "in order" in page.text
    wait_for(lambda: receiver.taken)


def test_webhook__power_cut_between_delivery_and_note__sent_again_with_the_same_id(
    market, seller, receiver, tmp_path
) -> None:
    chain, _ = market
    number = told(seller, receiver)
    begins = seller.get(f"/webhooks/{number}").json()["after"]
    pay_in(chain, "cut")
    wait_for(lambda: receiver.taken)
    wait_for(lambda: seller.get(f"/webhooks/{number}").json()["answer"])
    before = list(receiver.taken)
    built = build(chain.target, SETTINGS, chain.folder)
    block, _, index = begins.partition(".")
    with built.office.engine.begin() as db:  # as if the note had not been written
        place = {"block": int(block), "log_index": int(index)}
        db.execute(update(webhooks).where(webhooks.c.id == number).values(place))
    wait_for(lambda: len(receiver.taken) == 2 * len(before))
    assert receiver.taken[len(before) :] == before


def test_webhook__two_processes__one_calls(market, seller, receiver) -> None:
    chain, _ = market
    built = build(chain.target, SETTINGS, chain.folder)
    second = replace(built.office, outgoing=Outgoing(frozenset({"127.0.0.1"}))).courier
    stop = threading.Event()
    thread = threading.Thread(target=second.follow, args=(stop,))
    thread.start()
    try:
        told(seller, receiver)
        pay_in(chain, "two", 4)
        wait_for(lambda: len(receiver.taken) >= 4)
        time.sleep(1)
        assert len(receiver.ids) == len(set(receiver.ids))
    finally:
        stop.set()
        thread.join()


def test_webhook__of_another_organisation__not_found_and_unchanged(
    market, seller, buyer, buyers, receiver
) -> None:
    number = told(seller, receiver)
    before = seller.get(f"/webhooks/{number}").json()
    answers = [
        buyer.get(f"/webhooks/{number}"),
        buyer.delete(f"/webhooks/{number}"),
        buyer.post(f"/webhooks/{number}/secret"),
        buyer.post(f"/webhooks/{number}/resume"),
        buyer.post(f"/webhooks/{number}/test"),
    ]
    assert {(a.status_code, a.json()["code"]) for a in answers} == {(404, "not_found")}
    assert buyer.get("/webhooks").json()["items"] == []
    assert receiver.url not in buyers.get("webhooks").html
    assert seller.get(f"/webhooks/{number}").json() == before
    assert receiver.taken == receiver.refused == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"url": "http://receiver.example/"}, "HTTPS only"),
        ({"url": "https://receiver.example/", "kinds": ["market.Nothing"]}, "no event"),
        ({"url": "https://receiver.example/", "kinds": "market"}, "Send"),
        ({"url": "https://receiver.example/", "after": "x"}, "cursor"),
        ({"url": 7}, "Send"),
        ({"url": "https://receiver.example/", "more": 1}, "Send"),
        ([], "Send"),
    ],
)
def test_webhook__wrong_input__refused_and_nothing_kept(seller, body, words) -> None:
    answer = seller.post("/webhooks", body)
    assert answer.status_code == 422
    assert words in answer.json()["message"]
    assert seller.get("/webhooks").json()["items"] == []


def test_webhook__private_network_that_nobody_trusts__not_reached(market, seller, receiver) -> None:
    chain, _ = market
    number = told(seller, receiver)
    office = build(chain.target, Settings(port=0), chain.folder).office
    courier = Courier(office.engine, office.tables, office.box, office.outgoing, office.now)
    with office.engine.connect() as db:
        mine = webhook(db, SELLER, number)
    with pytest.raises(Undelivered, match="HTTPS only"):
        courier.try_out(mine)
    with pytest.raises(Undelivered, match="private network"):
        courier.try_out(replace(mine, url=mine.url.replace("http:", "https:")))
    assert receiver.taken == receiver.refused == []


def test_webhook__on_the_page__added_tried_renewed_removed(
    market, sellers, seller, receiver
) -> None:
    form = sellers.get("webhooks")
    refused = sellers.send(form, 'name="url"', url=receiver.url, kinds="", password="wrong")
    assert refused.status == 422
    assert seller.get("/webhooks").json()["items"] == []
    added = sellers.send(form, 'name="url"', url=receiver.url, kinds="market.Traded, money",
                         password=PASSWORD)  # fmt: skip
    assert added.status == 200, added.alerts
    receiver.secret = added.html.split('id="secret">')[1].split("<")[0]
    (mine,) = seller.get("/webhooks").json()["items"]
    assert mine["kinds"] == ["market.Traded", "money"]
    tried = sellers.send(added, f"/webhooks/{mine['id']}/test")
    assert "The receiver answered: HTTP 200." in tried.text
    assert [m["type"] for _, m in receiver.taken] == ["webhook.test"]
    renewed = sellers.send(tried, f"/webhooks/{mine['id']}/secret", password=PASSWORD)
    fresh = renewed.html.split('id="secret">')[1].split("<")[0]
    assert fresh != receiver.secret
    for secret in (receiver.secret, fresh):  # for a day both verify
        receiver.secret = secret
        sellers.send(sellers.get("webhooks"), f"/webhooks/{mine['id']}/test")
    assert len(receiver.taken) == 3
    assert receiver.secret not in sellers.get("webhooks").html
    sellers.send(sellers.get("webhooks"), f"/webhooks/{mine['id']}/remove")
    assert seller.get("/webhooks").json()["items"] == []


def test_stream__events_as_they_come__resumed_behind_the_last_id(market, seller) -> None:
    chain, _ = market
    before = events_of(seller, "0")
    with seller.stream("/events/stream") as lines:
        pay_in(chain, "stream", 2)
        first = next(lines)
    assert first["data"]["cursor"] == first["id"] not in {e["cursor"] for e in before}
    assert first["event"] == f"{first['data']['contract']}.{first['data']['event']}"
    issued_events(seller, before[-1]["cursor"], 2)
    rest = events_of(seller, first["id"])
    with seller.stream("/events/stream", last=first["id"]) as lines:
        assert [next(lines)["data"] for _ in rest] == rest


def test_stream__key_revoked__ends(market, sellers, seller) -> None:
    chain, _ = market
    program = Program(market[1], issued(sellers, label="to be revoked"))
    with program.stream("/events/stream") as lines:
        pay_in(chain, "revoked-1")
        assert next(lines)
        page = sellers.get("programs")
        row = page.html.split("to be revoked")[1]
        number = row.split("/programs/")[1].split("/")[0]
        sellers.send(page, f"/programs/{number}/revoke")
        pay_in(chain, "revoked-2")
        assert list(lines) == []


def test_stream__more_than_an_organisation_may_have__refused_and_places_come_back(
    market, seller
) -> None:
    opened = [seller.stream("/events/stream") for _ in range(4)]
    for one in opened:
        one.__enter__()
    refused = seller.get("/events/stream")
    assert (refused.status_code, refused.json()["code"]) == (503, "too_many_streams")
    for one in opened:
        one.__exit__(None, None, None)
    pay_in(market[0], "places", 4)  # each block is written to who is gone
    wait_for(lambda: seller.opens("/events/stream"))

"""Lists of the desks: what an organisation is offered and held back, seen by whom it concerns."""

import re
import time

import pytest

from harness.founded import found, ok, open_session, read
from harness.served import served
from harness.visitor import joined
from tanlian.bootstrap import serving

CEA24 = 1 << 48 | 2024
REGULATOR, EXCHANGE, BANK, SELLER, BUYER, OTHER = range(1, 7)
ALIASES = {REGULATOR: "regulator", EXCHANGE: "exchange", BANK: "bank", SELLER: "seller",
           BUYER: "buyer", OTHER: "other"}  # fmt: skip
BY_DECISION = ("--as", "regulator", "--document", "ab" * 32)


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    """A session in which the seller can offer the buyer a block of 100,000 t."""
    folder = tmp_path_factory.mktemp("lists")
    with pytest.MonkeyPatch.context() as environment, served(folder, environment) as chain:
        found(chain, folder)
        final = ("--act", "final", "--period", 2024, *BY_DECISION)
        ok(chain, "allocate", "The seller", "260000", *final)
        paid = ("--payment", "in-blocks", "--as", "bank")
        ok(chain, "money", "issue", "The buyer", "9000000", *paid)
        ok(chain, "deposit", "units", "CEA24", "200000", "--as", "seller")
        ok(chain, "deposit", "money", "CEA24", "9000000", "--as", "buyer")
        open_session(chain)
        with serving(chain.target, "127.0.0.1", 0) as address:
            yield chain, address


@pytest.fixture(scope="module")
def people(market):
    return joined(*market, ALIASES)


def see(chain, visitor, path="desk"):
    """A page once it follows all that is on the chain."""
    head = int(chain.connection().request("eth_blockNumber"), 16)
    ends = time.monotonic() + 10
    while True:
        page = visitor.get(path)
        assert page.status == 200, page.text
        if int(re.search(r"Up to block ([\d,]+)", page.text)[1].replace(",", "")) >= head:
            return page
        assert time.monotonic() < ends
        time.sleep(0.1)


def tasks(chain, visitor) -> str:
    page = see(chain, visitor).html
    return page[page.index("What waits for you") : page.index("Workbench</h2>")]


def acted(chain, visitor, path, words):
    """Follow a row's link to the form and send what it is filled in with."""
    page = visitor.fill_in(visitor.get(see(chain, visitor, path).link(words)))
    assert page.status == 200, page.alerts
    assert page.state == "done", page.text


def offer_block(chain) -> None:
    offered = ("block", "propose", 1, "sell", "80.00", "100000")
    ok(chain, *offered, "--to", "The buyer", "--as", "seller")


def test_block__offered__a_task_of_the_one_it_is_offered_to_and_accepted_from_the_row(
    market, people
) -> None:
    chain, _ = market
    offer_block(chain)
    assert "Block trades offered" in tasks(chain, people[BUYER])
    assert "Block trades offered" not in tasks(chain, people[SELLER])
    for party in (SELLER, BUYER):
        listed = see(chain, people[party], "desk/blocks").text
        assert "80.00" in listed
        assert "100,000" in listed or "100 000" in listed
    assert "No block was offered." in see(chain, people[OTHER], "desk/blocks").text
    before = read(chain, "market", "account", CEA24, BUYER).lots_free
    acted(chain, people[BUYER], "desk/blocks", "Accept")
    assert read(chain, "market", "account", CEA24, BUYER).lots_free == before + 100_000
    assert "Block trades offered" not in tasks(chain, people[BUYER])
    assert "traded" in see(chain, people[SELLER], "desk/blocks").text


def test_block__offered_and_taken_back__from_the_row(market, people) -> None:
    chain, _ = market
    offer_block(chain)
    with pytest.raises(AssertionError, match="no link 'Take back'"):
        see(chain, people[BUYER], "desk/blocks").link("Take back")
    acted(chain, people[SELLER], "desk/blocks", "Take back")
    assert "Block trades offered" not in tasks(chain, people[BUYER])


def test_replacement__proposed__a_task_of_a_second_organisation_and_completed(
    market, people
) -> None:
    chain, _ = market
    new, old = chain.key("second").address, chain.key("other").address
    ok(chain, "replace-key", "propose", old, new, "--stolen", "--reason", "stolen on a train",
       "--as", "regulator")  # fmt: skip
    assert "Keys being replaced" in tasks(chain, people[EXCHANGE])
    assert "Keys being replaced" not in tasks(chain, people[REGULATOR])
    assert "stolen on a train" in see(chain, people[OTHER], "desk/replacements").text
    assert "stolen on a train" not in see(chain, people[SELLER], "desk/replacements").text
    acted(chain, people[EXCHANGE], "desk/replacements", "Approve")
    assert read(chain, "membership", "organisation_of", new) == OTHER
    assert "Keys being replaced" not in tasks(chain, people[EXCHANGE])


def test_freeze__told_to_whom_it_concerns_and_to_regulators(market, people) -> None:
    chain, _ = market
    ok(chain, "freeze-all", "The seller", "--reason", "case 7", "--as", "regulator")
    try:
        assert "A regulator has frozen your holding" in see(chain, people[SELLER]).text
        assert "A regulator has frozen your holding" not in see(chain, people[BUYER]).text
        for who in (SELLER, REGULATOR):
            assert "case 7" in see(chain, people[who], "desk/freezes").text
        assert "case 7" not in see(chain, people[BUYER], "desk/freezes").text
    finally:
        ok(chain, "unfreeze-all", "The seller", "--reason", "case 7 is over", "--as", "regulator")
    assert "A regulator has frozen your holding" not in see(chain, people[SELLER]).text


def test_allocations__every_step__own_for_emitters_all_for_regulators(market, people) -> None:
    chain, _ = market
    mine = see(chain, people[SELLER], "desk/allocations").text
    assert "260,000" in mine or "260 000" in mine
    assert "The buyer" not in mine
    everyone = see(chain, people[REGULATOR], "desk/allocations").text
    assert "The buyer" in everyone
    assert people[BANK].get("desk/allocations").status == 404


def test_payments_in__of_a_member_and_of_its_bank__nobody_elses(market, people) -> None:
    chain, _ = market
    mine = see(chain, people[BUYER], "desk/payments-in").text
    assert mine.count("The bank") >= 2
    assert "The seller" not in mine
    banks = see(chain, people[BANK], "desk/payments-in").text
    assert "The seller" in banks
    assert "The buyer" in banks


def test_votes__on_rules__listed_with_who_voted_how(market, people) -> None:
    chain, _ = market
    ok(chain, "rules", "propose", "--year", 2098, "--rules", "incentives_2024", *BY_DECISION[:2])
    for alias, vote in (("seller", "yes"), ("buyer", "no")):
        ok(chain, "rules", "vote", "--amendment", 1, "--vote", vote, "--as", alias)
    page = see(chain, people[OTHER], "desk/votes").text
    assert re.search("The seller (?:(?!The buyer).)*in favour", page)
    assert re.search("The buyer (?:(?!The seller).)*against", page)


def test_instruments__listed__where_sessions_are_announced(market, people) -> None:
    chain, _ = market
    assert "CEA24" in see(chain, people[EXCHANGE], "desk/instruments").text
    assert people[SELLER].get("desk/instruments").status == 404

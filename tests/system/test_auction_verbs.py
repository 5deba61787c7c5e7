"""One-way auctions as people run them: sealed bids, kept secrets, a public ranking."""

import json
import stat
import time
from dataclasses import replace

import pytest

from harness.founded import found, ok, read, refused, wait
from harness.served import served
from tanlian.services import auctions
from tanlian.services.access import open_access

CEA24 = 1 << 48 | 2024
HOUR = 3_600
REGULATOR = ("--as", "regulator")
TERMS = ("--instrument", "CEA24", "--tonnes", 100, "--reserve", "50.00", "--most", 100)


@pytest.fixture(scope="module")
def founded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("auction-verbs")
    with pytest.MonkeyPatch.context() as monkeypatch, served(folder, monkeypatch) as chain:
        found(chain, folder)
        aside = ("--region", 1, "--year", 2024, "--amount", 100, "--document", "ab" * 32)
        ok(chain, "set-aside", *aside, *REGULATOR)
        yield chain


@pytest.fixture
def chain(founded):
    connection = founded.connection()
    snapshot = connection.request("evm_snapshot")
    connection.request("evm_setNextBlockTimestamp", hex(int(time.time())))
    connection.request("evm_mine")
    yield founded
    connection.request("evm_revert", snapshot)


@pytest.fixture
def opened(chain):
    """An auction of 100 t that takes bids."""
    moments = ("--opens", "+1m", "--bids-until", "+1h", "--reveals-until", "+2h")
    ok(chain, "auction", "announce", *TERMS, *moments, "--rules", "cn_2024", *REGULATOR)
    ok(chain, "auction", "bring-units", "--auction", 1, *REGULATOR)
    wait(chain, 90)
    return chain


def bid(chain, alias, price, tonnes, deposit, path):
    given = (1, price, tonnes, "--deposit", deposit, "--keep", path, "--as", alias)
    return ok(chain, "auction", "bid", *given)


def mine(chain, blocks):
    for _ in range(blocks):
        chain.connection().request("evm_mine")


def test_auction__two_bids_one_not_opened__cleared_settled_paid_out(opened, tmp_path) -> None:
    chain = opened
    kept = {alias: tmp_path / alias for alias in ("seller", "buyer", "other")}
    assert "Its number is 1." in bid(chain, "seller", "60.00", 80, 6_000, kept["seller"])
    bid(chain, "buyer", "70.00", 40, 3_000, kept["buyer"])
    bid(chain, "other", "90.00", 90, 9_000, kept["other"])
    assert stat.S_IMODE(kept["seller"].stat().st_mode) == 0o600
    assert "sealed 3, opened 0" in ok(chain, "auction", "show", 1)
    reveal = ("auction", "reveal", 1, "--kept", kept["seller"], "--as", "seller")
    refused(chain, *reveal)
    wait(chain, HOUR)
    refused(chain, *reveal[:-1], "buyer")  # another's bid
    refused(chain, "auction", "reveal", 1, "--kept", kept["buyer"], "--as", "seller")
    ok(chain, *reveal)
    ok(chain, "auction", "reveal", 2, "--kept", kept["buyer"], "--as", "buyer")
    close = ("auction", "close-bidding", "--auction", 1, "--as", "bank")
    refused(chain, *close)
    wait(chain, HOUR)
    refused(chain, "auction", "reveal", 3, "--kept", kept["other"], "--as", "other")
    ok(chain, *close)
    refused(chain, "auction", "rank", "--auction", 1, "--as", "bank")
    mine(chain, 3)
    ok(chain, "auction", "draw", "--auction", 1, "--as", "bank")
    ok(chain, "auction", "rank", "--auction", 1, "--as", "bank")
    shown = ok(chain, "auction", "show", 1)
    assert "100 t of CEA24, cleared" in shown
    assert "sold           100 t at 60.00 yuan/t" in shown
    before = {a: read(chain, "ledger", "balanceOf", chain.key(a).address, CEA24) for a in kept}
    money = {a: read(chain, "money", "balanceOf", chain.key(a).address) for a in kept}
    for number in (1, 2, 3):
        ok(chain, "auction", "settle-bid", "--bid", number, "--as", "bank")
    won = {
        a: read(chain, "ledger", "balanceOf", chain.key(a).address, CEA24) - n
        for a, n in before.items()
    }
    back = {
        a: read(chain, "money", "balanceOf", chain.key(a).address) - n for a, n in money.items()
    }
    assert won == {"seller": 60_000, "buyer": 40_000, "other": 0}
    assert back == {"seller": 2_400_000_000, "buyer": 600_000_000, "other": 0}
    treasury = read(chain, "money", "balanceOf", chain.key("regulator").address)
    ok(chain, "auction", "pay-out", "--auction", 1, "--as", "bank")
    got = read(chain, "money", "balanceOf", chain.key("regulator").address) - treasury
    assert got == 6_000_000_000 + 9_000_000_000  # a uniform price, and the deposit forfeited
    refused(chain, "auction", "pay-out", "--auction", 1, "--as", "bank")


def test_auction__under_subscribed__cancelled_and_everything_home(opened, tmp_path) -> None:
    chain = opened
    bid(chain, "seller", "60.00", 99, 6_000, tmp_path / "kept")
    wait(chain, HOUR)
    ok(chain, "auction", "reveal", 1, "--kept", tmp_path / "kept", "--as", "seller")
    wait(chain, HOUR)
    ok(chain, "auction", "close-bidding", "--auction", 1, "--as", "bank")
    assert "cancelled" in ok(chain, "auction", "show", 1)
    before = read(chain, "money", "balanceOf", chain.key("seller").address)
    ok(chain, "auction", "settle-bid", "--bid", 1, "--as", "bank")
    after = read(chain, "money", "balanceOf", chain.key("seller").address)
    assert after - before == 6_000_000_000
    ok(chain, "auction", "pay-out", "--auction", 1, "--as", "bank")
    assert read(chain, "ledger", "balanceOf", chain.key("regulator").address, CEA24) == 100_000


def test_rank__somebody_left_a_bid_out__named_and_ranked_anew(opened, tmp_path) -> None:
    chain = opened
    for alias, price in (("seller", "60.00"), ("buyer", "70.00")):
        bid(chain, alias, price, 80, 6_000, tmp_path / alias)
    wait(chain, HOUR)
    for number, alias in ((1, "seller"), (2, "buyer")):
        kept = ("--kept", tmp_path / alias)
        ok(chain, "auction", "reveal", number, *kept, "--as", alias)
    wait(chain, HOUR)
    ok(chain, "auction", "close-bidding", "--auction", 1, "--as", "bank")
    mine(chain, 3)
    ok(chain, "auction", "draw", "--auction", 1, "--as", "bank")
    access = open_access(chain.target)
    access.act(chain.sender("other"), "auction", "rank", 1, [1])  # the better bid is left out
    refused(chain, "auction", "rank", "--auction", 1, "--as", "bank")
    named = ("--auction", 1, "--bid", 2)
    ok(chain, "auction", "restart-ranking", *named, "--as", "bank")
    assert list(auctions.bids_left(access, 1)) == [2, 1]
    ok(chain, "auction", "rank", "--auction", 1, "--as", "bank")
    assert "sold           100 t at 60.00 yuan/t" in ok(chain, "auction", "show", 1)
    assert read(chain, "auction", "bid", 2).won_lots == 80


def test_bid__file_exists__nothing_sent_and_the_file_stays(opened, tmp_path) -> None:
    path = tmp_path / "kept"
    path.write_text("mine", encoding="utf-8")
    given = (1, "60.00", 10, "--deposit", 600, "--keep", path, "--as", "seller")
    assert "exists" in refused(opened, "auction", "bid", *given)
    assert path.read_text(encoding="utf-8") == "mine"


def test_bid__parts_of_a_tonne_or_nobodys_key__refused(opened, tmp_path) -> None:
    path = tmp_path / "kept"
    given = (1, "60.00", "10.5", "--deposit", 600, "--keep", path, "--as", "seller")
    assert "whole tonnes" in refused(opened, "auction", "bid", *given)
    assert not path.exists()
    opened.key("stranger")
    given = (1, "60.00", "10", "--deposit", 600, "--keep", path, "--as", "stranger")
    assert "no organisation" in refused(opened, "auction", "bid", *given)


def test_kept__damaged_file__said_so(opened, tmp_path) -> None:
    for content in ("", "{}", "[]", json.dumps({"auction": 1})):
        path = tmp_path / "damaged"
        path.write_text(content, encoding="utf-8")
        sentence = refused(opened, "auction", "reveal", 1, "--kept", path, "--as", "seller")
        assert "holds no sealed bid" in sentence


def test_show__no_such_auction__said_so(chain) -> None:
    assert refused(chain, "auction", "show", 9) == "There is no auction 9."


def test_commitment__any_part_another__another_hash_and_the_contracts(opened) -> None:
    access = open_access(opened.target)
    sealed = auctions.seal(
        access, auction=1, organisation=4, tick=6_000, lots=10, secret=auctions.new_secret()
    )
    arguments = (1, 4, 6_000, 10, auctions.salt_of(sealed.secret))
    assert sealed.commitment == read(opened, "auction", "commitment_of", *arguments)
    changes = (
        {"auction": 2}, {"organisation": 5}, {"tick": 6_001}, {"lots": 11}, {"secret": "other"},
        {"chain_id": 1}, {"contract": "0x" + "11" * 20},
    )  # fmt: skip
    others = {replace(sealed, **change).commitment for change in changes}
    assert len(others | {sealed.commitment}) == len(changes) + 1

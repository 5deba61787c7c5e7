"""Net sales from trades: equal to a naive count, with the boundaries of window, vintage, payment."""

import csv
import hashlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanlian.domain.instrument import allowance, offset
from tanlian.domain.net_sales import (
    COLUMNS,
    Payment,
    Trade,
    Window,
    net_sales,
    window_of,
)
from tanlian.domain.profiles import profile, shipped_profiles
from tanlian.services.net_sales import Finding, Recorded, Verdict

WINDOW = Window(first_vintage=2019, last_vintage=2024, starts_at=1_000, ends_at=2_000)
SELLER, BUYER = 4, 5


def trade(**changes) -> Trade:
    values = {
        "block": 1, "log_index": 0, "number": 0, "time": 1_500, "session": 1,
        "instrument": allowance(2024).token_id, "buyer": BUYER, "seller": SELLER, "lots": 10,
        "payment": Payment.PAID,
    }  # fmt: skip
    return Trade(**(values | changes))


@pytest.mark.parametrize(
    ("changes", "counted_kg"),
    [
        ({}, 10_000),
        ({"time": 999}, 0),
        ({"time": 1_000}, 10_000),
        ({"time": 2_000}, 10_000),
        ({"time": 2_001}, 0),
        ({"instrument": allowance(2018).token_id}, 0),
        ({"instrument": allowance(2019).token_id}, 10_000),
        ({"instrument": allowance(2025).token_id}, 0),
        ({"instrument": offset(1, 2024).token_id}, 0),
        ({"payment": Payment.DEFAULTED}, 0),
        ({"payment": Payment.OWED}, 10_000),
    ],
)
def test_net_sales__one_trade__counts_or_not(changes, counted_kg) -> None:
    found = net_sales(SELLER, [trade(**changes)], WINDOW)
    assert (found.sold_kg, found.bought_kg, found.net_kg) == (counted_kg, 0, counted_kg)
    bought = net_sales(BUYER, [trade(**changes)], WINDOW)
    assert (bought.sold_kg, bought.bought_kg, bought.net_kg) == (0, counted_kg, 0)
    assert bool(found.undecided) == (changes.get("payment") is Payment.OWED)


trades = st.lists(
    st.builds(
        Trade,
        block=st.integers(1, 5),
        log_index=st.integers(0, 3),
        number=st.integers(0, 3),
        time=st.integers(990, 2_010),
        session=st.integers(1, 3),
        instrument=st.sampled_from([allowance(y).token_id for y in (2018, 2019, 2024, 2025)]),
        buyer=st.integers(1, 3),
        seller=st.integers(4, 6),
        lots=st.integers(1, 10**6),
        payment=st.sampled_from(Payment),
    ),
    max_size=30,
    unique_by=lambda t: (t.block, t.log_index, t.number),
)


@given(trades, st.randoms(use_true_random=False))
def test_net_sales__any_trades_in_any_order__a_naive_count_and_one_statement(every, random) -> None:
    shuffled = list(every)
    random.shuffle(shuffled)
    total = 0
    for organisation in range(1, 7):
        found = net_sales(organisation, every, WINDOW)
        total += found.sold_kg - found.bought_kg
        sold = bought = 0
        for one in every:
            if one.payment is Payment.DEFAULTED or not 1_000 <= one.time <= 2_000:
                continue
            if one.instrument & 0xFFFF in {2018, 2025}:
                continue
            sold += one.lots * 1_000 * (one.seller == organisation)
            bought += one.lots * 1_000 * (one.buyer == organisation)
        assert found.net_kg == max(0, sold - bought)
        again = net_sales(organisation, shuffled, WINDOW)
        assert again.statement == found.statement
        assert found.document == hashlib.sha256(found.statement.encode()).digest()
        rows = list(csv.DictReader(io.StringIO(found.statement)))
        own = str(organisation)
        told = sum(int(row["tonnes"]) * (1 if row["seller"] == own else -1) for row in rows)
        assert max(0, told) * 1_000 == found.net_kg
    assert total == 0  # what one sells another buys


def test_statement__names_every_column() -> None:
    lines = net_sales(SELLER, [trade()], WINDOW).statement.splitlines()
    assert lines[0] == ",".join(COLUMNS)
    assert lines[1] == f"1,0,0,1500,1,{allowance(2024).token_id},5,4,10"


def test_window_of__shipped_rules__their_days() -> None:
    window = window_of(profile("cn", 2024))
    assert (window.starts_at, window.ends_at) == (1_704_067_200, 1_767_225_599)
    assert (window.first_vintage, window.last_vintage) == (2019, 2024)
    assert {(p.jurisdiction, p.period) for p in shipped_profiles()} >= {("cn", 2024), ("eu", 2024)}


@pytest.mark.parametrize(
    ("recorded", "verdict", "wrong"),
    [
        (None, Verdict.NOT_RECORDED, False),
        ((10_000, True), Verdict.EQUAL, False),
        ((10_000, False), Verdict.OTHER_DOCUMENT, True),
        ((9_999, True), Verdict.DIFFERS, True),
        ((10_001, True), Verdict.DIFFERS, True),
        ((0, True), Verdict.DIFFERS, True),
    ],
)
def test_finding__recorded_beside_computed__the_verdict(recorded, verdict, wrong) -> None:
    computed = net_sales(SELLER, [trade()], WINDOW)
    kept = None
    if recorded is not None:
        figure, same = recorded
        kept = Recorded(figure, computed.document if same else bytes(32))
    finding = Finding(computed, kept)
    assert (finding.verdict, finding.is_wrong) == (verdict, wrong)


def test_finding__nothing_sold_and_nothing_recorded__equal() -> None:
    assert Finding(net_sales(BUYER, [trade()], WINDOW), None).verdict is Verdict.EQUAL

"""Units and money rebuilt from events: each law has an honest history and one that breaks it."""

from dataclasses import dataclass
from itertools import count

import pytest

from tanlian.domain.audit.findings import Findings
from tanlian.domain.audit.money import MoneyBooks
from tanlian.domain.audit.reasons import NOBODY
from tanlian.domain.audit.units import UnitBooks
from tanlian.domain.holder import holder_address

TOKEN = 1 << 48 | 2024
SELLER, BUYER, BANK = 5, 6, 3
MONEY_ADDRESS = "0x" + "aa" * 20


@dataclass(frozen=True)
class Told:
    contract: str
    name: str
    arguments: dict
    block: int = 1
    log_index: int = 0
    tx_hash: str = "0x00"


numbers = count()


def told(name, **arguments):
    return Told("books", name, arguments, log_index=next(numbers))


def moved(giver, taker, amount, token=TOKEN):
    return told(
        "TransferSingle", _operator=NOBODY, _from=giver, _to=taker, _id=token, _value=amount
    )


def issued(organisation, amount, *, first, block, token=TOKEN):
    return [
        moved(NOBODY, holder_address(organisation), amount, token),
        told(
            "UnitsIssued",
            token_id=token,
            organisation=organisation,
            block_id=token << 40 | block,
            first_serial=first,
            amount_kg=amount,
            basis=bytes(32),
            issuer=NOBODY,
        ),
    ]


def retired(organisation, amount, *, first, number, purpose=1):
    return [
        moved(holder_address(organisation), NOBODY, amount),
        told(
            "UnitsRetired",
            token_id=TOKEN,
            organisation=organisation,
            certificate_id=TOKEN << 40 | number,
            first_serial=first,
            amount_kg=amount,
            purpose=purpose,
            reference=bytes(32),
            signer=NOBODY,
        ),
    ]


def units_of(events):
    books = UnitBooks(Findings())
    for event in events:
        books.apply(event)
    books.finish()
    return books


HONEST_UNITS = [
    *issued(SELLER, 5_000, first=1, block=1),
    *issued(BUYER, 3_000, first=5_001, block=2),
    moved(holder_address(SELLER), holder_address(BUYER), 2_000),
    *retired(BUYER, 1_500, first=1, number=1),
    *retired(BUYER, 500, first=1_501, number=2, purpose=2),
]


def test_units__honest_history__balances_and_totals():
    books = units_of(HONEST_UNITS)
    assert books.findings.differences == []
    assert books.balances_kg[TOKEN, holder_address(SELLER)] == 3_000
    assert books.balances_kg[TOKEN, holder_address(BUYER)] == 3_000
    kind = books.kinds[TOKEN]
    assert (kind.issued_kg, kind.surrendered_kg, kind.cancelled_kg) == (8_000, 1_500, 500)


@pytest.mark.parametrize(
    ("events", "words"),
    [
        (issued(SELLER, 5, first=1, block=1)[:1], "a reason"),
        (issued(SELLER, 5, first=1, block=1)[1:], "a transfer"),
        (issued(SELLER, 5, first=2, block=1), "first serial issued"),
        (issued(SELLER, 5, first=1, block=2), "number of the issue"),
        ([moved(holder_address(SELLER), holder_address(BUYER), 1)], "never negative"),
        (
            [*HONEST_UNITS, *retired(BUYER, 1, first=2_002, number=3)],
            "first serial retired",
        ),
        ([*HONEST_UNITS, *retired(BUYER, 1, first=2_001, number=4)], "certificate"),
        ([*HONEST_UNITS, *retired(BUYER, 1, first=2_001, number=3, purpose=9)], "a known purpose"),
        ([*HONEST_UNITS, *retired(BUYER, 1, first=2_001, number=3, purpose=3)], "claw-back"),
    ],
)
def test_units__broken_law__named(events, words):
    found = units_of(events).findings.differences
    assert found
    assert any(words in str(difference) for difference in found)


def test_units__claw_back_with_its_event__accepted():
    event = told(
        "UnitsClawedBack", token_id=TOKEN, organisation=BUYER, certificate_id=TOKEN << 40 | 3,
        amount_kg=1, reason="x", signer=NOBODY,
    )  # fmt: skip
    events = [*HONEST_UNITS, *retired(BUYER, 1, first=2_001, number=3, purpose=3), event]
    assert units_of(events).findings.differences == []


def test_units__freeze_that_shrinks__named():
    event = told(
        "UnitsFrozen", token_id=TOKEN, organisation=BUYER, old_frozen_kg=5, new_frozen_kg=3,
        reason="x", signer=NOBODY,
    )  # fmt: skip
    found = [str(difference) for difference in units_of([event]).findings.differences]
    assert len(found) == 2
    assert "frozen before: expected 0, found 5" in found[0]


def paid(giver, taker, amount):
    return told("Transfer", sender=giver, receiver=taker, value=amount)


def bank_issued(organisation, amount, reference=b"\x01" * 32):
    return [
        paid(NOBODY, holder_address(organisation), amount),
        told(
            "MoneyIssued", bank=BANK, organisation=organisation, payment_reference=reference,
            amount=amount, signer=NOBODY,
        ),
    ]  # fmt: skip


def asked_back(organisation, amount, number=1):
    return [
        paid(holder_address(organisation), MONEY_ADDRESS, amount),
        told(
            "RedemptionRequested", redemption=number, organisation=organisation, bank=BANK,
            amount=amount, payee=bytes(32), signer=NOBODY,
        ),
    ]  # fmt: skip


def paid_out(organisation, amount, number=1, reference=b"\x02" * 32):
    return [
        paid(MONEY_ADDRESS, NOBODY, amount),
        told(
            "RedemptionPaidOut", redemption=number, organisation=organisation, bank=BANK,
            amount=amount, payout_reference=reference, signer=NOBODY,
        ),
    ]  # fmt: skip


def given_back(organisation, amount, number=1):
    return [
        paid(MONEY_ADDRESS, holder_address(organisation), amount),
        told(
            "RedemptionCancelled", redemption=number, organisation=organisation, bank=BANK,
            amount=amount, signer=NOBODY,
        ),
    ]  # fmt: skip


def money_of(events):
    books = MoneyBooks(Findings(), MONEY_ADDRESS.upper().replace("X", "x", 1))
    for event in events:
        books.apply(event)
    books.finish()
    return books


HONEST_MONEY = [
    *bank_issued(BUYER, 100),
    paid(holder_address(BUYER), holder_address(SELLER), 60),
    *asked_back(SELLER, 50),
    *paid_out(SELLER, 50),
    *asked_back(SELLER, 10, 2),
    *given_back(SELLER, 10, 2),
]


def test_money__honest_history__balances_and_totals():
    books = money_of(HONEST_MONEY)
    assert books.findings.differences == []
    assert books.balances[holder_address(SELLER)] == 10
    assert books.total == 50
    bank = books.banks[BANK]
    assert (bank.issued, bank.paid_out, bank.pending) == (100, 50, 0)


@pytest.mark.parametrize(
    ("events", "words"),
    [
        (bank_issued(BUYER, 100)[:1], "a reason"),
        (bank_issued(BUYER, 100)[1:], "a transfer"),
        ([*bank_issued(BUYER, 1), *bank_issued(BUYER, 1)], "used once"),
        ([paid(holder_address(BUYER), holder_address(SELLER), 1)], "never negative"),
        ([*bank_issued(BUYER, 9), *asked_back(BUYER, 9, 2)], "number of the redemption"),
        ([*bank_issued(BUYER, 9), *asked_back(BUYER, 9), *paid_out(BUYER, 8)], "open redemption"),
        ([*HONEST_MONEY, *paid_out(SELLER, 50)], "open redemption"),
        ([*bank_issued(BUYER, 9), paid(holder_address(BUYER), MONEY_ADDRESS, 9)], "a reason"),
    ],
)
def test_money__broken_law__named(events, words):
    found = money_of(events).findings.differences
    assert found
    assert any(words in str(difference) for difference in found)

"""One regression for each hole that was seen in other carbon systems; all of them stay shut here.

Everything is deployed as it will be, nothing mocked.
"""

import boa
import pytest
from eth_utils import keccak

from harness.consortium import CEA24, DOCUMENT, PERIOD, REASON, TONNE, YUAN, key_of
from harness.duties import COIN, DAY, DEADLINE, START_OF_2025, refused_with
from harness.market import LOT
from harness.protocol import Protocol, deploy_protocol
from tanlian.domain.foreign_serials import parse_interval
from tanlian.domain.incentives import Trigger

SURRENDER = 1


@pytest.fixture(scope="module")
def year() -> Protocol:
    """The emitter's accepted emissions are known, the period is open, nothing is surrendered."""
    it = deploy_protocol()
    it.open_period()
    it.verified_year(it.emitter, 100, corrected_to=200)
    it.allocate(it.emitter, 1_000 * TONNE)
    return it


def test_hole__emitter_declares_itself_compliant__only_units_count(year: Protocol) -> None:
    it, own = year, year.emitter.account
    before = it.compliance.duty(it.emitter.org_id, PERIOD)
    with boa.reverts("carbon_ledger: purpose not allowed"):
        it.ledger.retire(it.emitter.org_id, CEA24, TONNE, SURRENDER, DOCUMENT, sender=own)
    with boa.reverts("member_guard: role missing"):
        it.compliance.record_net_sales(it.emitter.org_id, PERIOD, 1, DOCUMENT, sender=own)
    with boa.reverts("member_guard: role missing"):
        it.emissions.accept(it.emitter.org_id, PERIOD, 0, DOCUMENT, sender=own)
    it.ledger.retire(it.emitter.org_id, CEA24, TONNE, 2, DOCUMENT, sender=own)  # a cancellation
    assert it.compliance.duty(it.emitter.org_id, PERIOD) == before
    assert before.outstanding_kg == before.duty_kg > 0
    boa.env.timestamp = DEADLINE + 1
    it.compliance.record_shortfall(it.emitter.org_id, PERIOD, sender=it.outsider())
    assert it.compliance.shortfall_kg(it.emitter.org_id, PERIOD) == before.duty_kg


def test_hole__caller_supplies_already_paid__money_and_units_are_fetched(year: Protocol) -> None:
    it = year
    it.verified_year(it.other_emitter, 10)
    with refused_with("erc1155: burn amount exceeds balance"):
        it.surrender(it.other_emitter, (CEA24, TONNE))
    case = it.penalise(it.emitter, COIN)
    boa.env.timestamp += 16 * DAY
    it.incentives.settle(case)
    it.fund(it.emitter, YUAN)
    with refused_with("erc20: insufficient allowance"):
        it.coin.pay_debt(COIN, sender=it.emitter.account)
    assert it.coins(it.emitter) == (0, COIN, 0)
    assert it.compliance.duty(it.other_emitter.org_id, PERIOD).surrendered_kg == 0


def test_hole__stranger_finalises_a_trade_at_price_zero__is_impossible(year: Protocol) -> None:
    it, contract = year, year.market.contract
    it.ledger.safeTransferFrom(
        it.emitter.holder, contract, CEA24, 10 * LOT, b"", sender=it.emitter.account
    )
    session = it.market.announce()
    with refused_with("carbon_market: price outside the band"):
        contract.place(session, False, 0, LOT, sender=it.emitter.account)
    for sender in (it.outsider(), it.trader.account, it.regulator.account):
        with refused_with("carbon_market: caller is not wired for this"):
            contract.settle_block(
                session, it.trader.org_id, it.emitter.org_id, 0, 10, sender=sender
            )
    assert contract.account(CEA24, it.emitter.org_id).lots_free == 10
    with boa.reverts("one_way_auction: price out of range"):
        terms = (CEA24, 1, 0, 1, 2**33, 2**33 + 1, 2**33 + 2, True, DOCUMENT)
        it.auction.announce(terms, sender=it.regulator.account)


def test_hole__result_of_a_role_check_is_ignored__every_check_stops_the_act(
    year: Protocol,
) -> None:
    """Each guarded act by somebody without the role; the access tables hold all of them."""
    it, own = year, year.trader.account
    case = it.penalise(it.emitter, COIN)
    it.incentives.appeal(case, DOCUMENT, sender=it.emitter.account)
    acts = [
        lambda: it.incentives.decide_appeal(case, False, DOCUMENT, sender=own),
        lambda: it.incentives.open_decision(12, it.trader.org_id, PERIOD, DOCUMENT, 1, sender=own),
        lambda: it.offsets.issue(1, sender=own),
        lambda: it.offsets.attest(1, 1, 2, 5, DOCUMENT, sender=own),
        lambda: it.compliance.open_period(2025, it.compliance.rules(PERIOD), sender=own),
        lambda: it.check.review(1, it.trader.org_id, DOCUMENT, sender=own),
    ]
    for act in acts:
        with boa.reverts("member_guard: role missing"):
            act()
    assert it.incentives.case(case).status == 2


def test_hole__recovery_to_another_identitys_wallet__is_refused(year: Protocol) -> None:
    it = year
    for taken in (it.other_emitter.account, it.regulator.account):
        with boa.reverts("membership: account was used"):
            it.membership.propose_replacement(
                it.emitter.account, taken, True, REASON, sender=it.exchange.account
            )
    assert it.membership.organisation_of(it.other_emitter.account) == it.other_emitter.org_id
    with boa.reverts("membership: a registry account"):
        it.membership.propose_replacement(
            it.emitter.account, it.other_emitter.holder, True, REASON, sender=it.exchange.account
        )


def test_hole__overlapping_serials_under_another_spelling__are_one_key(year: Protocol) -> None:
    it = year
    project = it.approved_project(it.trader)
    first = parse_interval("CCER", "CCER-0101", "0200")
    again = parse_interval(" c-c e_r", "150", "ccer 00150")
    assert again.registry == first.registry
    it.offsets.name_registry(first.registry, DOCUMENT, sender=it.regulator.account)
    args = (first.registry, project, 2023)
    reg = it.regulator.account
    it.offsets.import_credits(*args, first.first, first.last, 0, DOCUMENT, sender=reg)
    for before in (0, first.first):
        with boa.reverts("offset_registry: serials overlap"):
            it.offsets.import_credits(
                *args, again.first, again.last, before, keccak(text="again"), sender=reg
            )
    with boa.reverts("offset_registry: code not canonical"):
        it.offsets.name_registry(int.from_bytes(b"ccer"), DOCUMENT, sender=reg)


def test_hole__credits_after_their_attestation_was_revoked__are_dead(year: Protocol) -> None:
    it = year
    project = it.approved_project(it.trader)
    attestation, token = it.credit(
        project, 10 * TONNE, START_OF_2025 - 100 * DAY, START_OF_2025 - DAY
    )
    it.send(it.trader, it.emitter, token, 10 * TONNE)
    it.offsets.revoke(attestation, "forged meter", DOCUMENT, sender=it.verifier.account)
    with boa.reverts("compliance: offset not usable"):
        it.surrender(it.emitter, (token, TONNE))
    assert it.ledger.holding(it.emitter.org_id, token) == 10 * TONNE


def test_hole__two_applications_for_one_case__pay_once(year: Protocol) -> None:
    it = year
    it.open_case(Trigger.MISREPORT, it.emitter)
    locked = it.coins(it.emitter)[2]
    assert locked > 0
    with boa.reverts("incentives: case exists already"):
        it.open_case(Trigger.MISREPORT, it.emitter)
    with boa.reverts("incentives: trigger does not hold"):
        it.open_case(Trigger.MISREPORT, it.emitter, 1)
    it.give_coins(it.emitter, COIN)
    with boa.reverts("incentives: case exists already"):
        it.incentives.open_decision(
            12, it.emitter.org_id, PERIOD - 1, keccak(text="merit"), COIN,
            sender=it.regulator.account,
        )  # fmt: skip
    boa.env.timestamp = DEADLINE + 1
    number = it.check.open_round(3, PERIOD, 1)
    while not it.check.advance(number, 64):
        pass
    cases = [it.incentives.case(n) for n in range(1, it.incentives.case_count() + 1)]
    keys = [(c.trigger, c.organisation, c.period, c.subject) for c in cases]
    assert len(keys) == len(set(keys))


def test_hole__coin_emptied_before_the_penalty_arrives__stays_or_becomes_debt(
    year: Protocol,
) -> None:
    it = year
    it.give_coins(it.emitter, 5 * COIN)
    case = it.penalise(it.emitter, 9 * COIN)
    for act in (
        lambda: it.coin.redeem(COIN, sender=it.emitter.account),
        lambda: it.coin.transfer(it.other_emitter.account, COIN, sender=it.emitter.account),
    ):
        with boa.reverts("credit_coin: coins locked by a case"):
            act()
    with boa.reverts("credit_coin: balance too small"):
        it.coin.announce_release(5 * COIN + 1, sender=it.emitter.account)
    new = key_of("fresh key").address
    number = it.membership.propose_replacement(
        it.emitter.account, new, True, REASON, sender=it.regulator.account
    )
    it.membership.approve_replacement(number, sender=it.exchange.account)
    boa.env.timestamp += 16 * DAY
    it.incentives.settle(case)
    assert it.coins(it.emitter) == (0, 4 * COIN, 0)

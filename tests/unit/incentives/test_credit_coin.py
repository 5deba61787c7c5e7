"""The credit coin: rewards, debts, locks, notice, redemption."""

import boa
import pytest
from eth_utils import keccak

from harness.consortium import YUAN, key_of
from harness.duties import COIN, DAY, Duties
from tanlian.domain.incentives import RELEASE_SECONDS

WEEK = 7 * DAY


def settle(it: Duties, case: int) -> None:
    boa.env.timestamp += 15 * DAY + 1
    it.incentives.settle(case)


def test_reward__no_debt__is_minted(duties: Duties) -> None:
    it = duties
    it.give_coins(it.emitter, 5 * COIN)
    assert it.coins(it.emitter) == (5 * COIN, 0, 0)
    assert it.coin.totalSupply() == 5 * COIN == it.coin.balanceOf(it.emitter.account)
    assert it.coin.balanceOf(it.emitter.holder) == 5 * COIN
    assert it.coin.balanceOf(it.outsider()) == 0


def test_deduct__more_than_the_balance__stays_as_debt_that_rewards_pay_first(
    duties: Duties,
) -> None:
    it = duties
    it.give_coins(it.emitter, 5 * COIN)
    settle(it, it.penalise(it.emitter, 8 * COIN))
    assert it.coins(it.emitter) == (0, 3 * COIN, 0)
    it.give_coins(it.emitter, 2 * COIN, "second")
    assert it.coins(it.emitter) == (0, COIN, 0)
    it.give_coins(it.emitter, COIN, "third")
    assert it.coins(it.emitter) == (0, 0, 0)
    it.give_coins(it.emitter, COIN, "fourth")
    assert it.coins(it.emitter) == (COIN, 0, 0)


def test_deduct__exact_balance__leaves_nothing_and_no_debt(duties: Duties) -> None:
    it = duties
    it.give_coins(it.emitter, 5 * COIN)
    settle(it, it.penalise(it.emitter, 5 * COIN))
    assert it.coins(it.emitter) == (0, 0, 0)
    assert it.coin.totalSupply() == 0


@pytest.mark.parametrize("act", ["reward", "deduct", "lock", "unlock"])
def test_coin__by_anyone_but_incentives__is_refused(duties: Duties, act: str) -> None:
    it = duties
    args = (it.emitter.org_id, COIN) if "lock" in act else (it.emitter.org_id, COIN, 1)
    for sender in (it.emitter.account, it.regulator.account, it.outsider(), it.deployer):
        with boa.reverts("credit_coin: not the incentives contract"):
            getattr(it.coin, act)(*args, sender=sender)
    assert it.coins(it.emitter) == (0, 0, 0)


def announce(it: Duties, amount: int) -> None:
    it.coin.announce_release(amount, sender=it.emitter.account)


def test_redeem__after_the_notice__pays_from_the_treasury(duties: Duties) -> None:
    it = duties
    it.give_coins(it.emitter, 5 * COIN)
    it.fund(it.regulator, 100 * YUAN)
    it.money.approve(it.coin, 100 * YUAN, sender=it.regulator.account)
    it.coin.fund(100 * YUAN, sender=it.regulator.account)
    with boa.reverts("credit_coin: not announced"):
        it.coin.redeem(COIN, sender=it.emitter.account)
    announce(it, 5 * COIN)
    boa.env.timestamp += WEEK - 1
    with boa.reverts("credit_coin: notice not over"):
        it.coin.redeem(COIN, sender=it.emitter.account)
    boa.env.timestamp += 1
    assert it.coin.redeem(5 * COIN - 1, sender=it.emitter.account) == 50 * YUAN - 10
    assert it.money.balanceOf(it.emitter.account) == 50 * YUAN - 10
    assert it.coin.treasury() == 50 * YUAN + 10
    with boa.reverts("credit_coin: balance too small"):
        it.coin.redeem(2, sender=it.emitter.account)
    with boa.reverts("credit_coin: amount must be positive"):
        it.coin.redeem(0, sender=it.emitter.account)


def test_redeem__empty_treasury__is_refused_and_nothing_burns(duties: Duties) -> None:
    it = duties
    it.give_coins(it.emitter, 5 * COIN)
    announce(it, 5 * COIN)
    boa.env.timestamp += WEEK
    with boa.reverts("credit_coin: treasury too small"):
        it.coin.redeem(COIN, sender=it.emitter.account)
    assert it.coins(it.emitter) == (5 * COIN, 0, 0)


def test_coins__cannot_be_emptied_before_the_penalty_arrives(duties: Duties) -> None:
    """The hole: a member that sees the penalty coming redeems or gives its coins away first."""
    it = duties
    it.give_coins(it.emitter, 5 * COIN)
    to = it.other_emitter.account
    with boa.reverts("credit_coin: not announced"):
        it.coin.transfer(to, 5 * COIN, sender=it.emitter.account)
    announce(it, 5 * COIN)
    boa.env.timestamp += WEEK
    case = it.penalise(it.emitter, 3 * COIN)
    with boa.reverts("credit_coin: coins locked by a case"):
        it.coin.transfer(to, 2 * COIN + 1, sender=it.emitter.account)
    with boa.reverts("credit_coin: coins locked by a case"):
        it.coin.redeem(2 * COIN + 1, sender=it.emitter.account)
    it.coin.transfer(to, 2 * COIN, sender=it.emitter.account)
    settle(it, case)
    assert it.coins(it.emitter) == (0, 0, 0)
    assert it.coins(it.other_emitter) == (2 * COIN, 0, 0)


def test_release__announced_once__is_not_good_for_ever(duties: Duties) -> None:
    """The hole: whoever announces early enough needs no notice when the penalty comes."""
    it, mine = duties, {"sender": duties.emitter.account}
    it.give_coins(it.emitter, 5 * COIN)
    with boa.reverts("credit_coin: balance too small"):
        announce(it, 5 * COIN + 1)  # what it will only earn later
    announce(it, 5 * COIN)
    movable_at = it.coin.coin_account(it.emitter.org_id).movable_at
    boa.env.timestamp = movable_at + RELEASE_SECONDS
    it.coin.transfer(it.other_emitter.account, COIN, **mine)
    boa.env.timestamp += 1
    for leave in (
        lambda: it.coin.transfer(it.other_emitter.account, COIN, **mine),
        lambda: it.coin.redeem(COIN, **mine),
    ):
        with boa.reverts("credit_coin: notice has expired"):
            leave()
    assert it.coins(it.emitter) == (4 * COIN, 0, 0)
    announce(it, 4 * COIN)
    with boa.reverts("credit_coin: notice not over"):
        it.coin.transfer(it.other_emitter.account, COIN, **mine)
    boa.env.timestamp += WEEK
    it.coin.transfer(it.other_emitter.account, 4 * COIN, **mine)
    assert it.coins(it.emitter) == (0, 0, 0)


def test_release_seconds__of_the_contract__are_those_that_people_are_shown(duties: Duties) -> None:
    assert duties.coin.RELEASE_SECONDS() == RELEASE_SECONDS


def test_transfer__with_open_debt__is_refused_and_received_coins_can_be_collected(
    duties: Duties,
) -> None:
    it = duties
    settle(it, it.penalise(it.emitter, 3 * COIN))
    it.give_coins(it.other_emitter, 5 * COIN)
    it.coin.announce_release(5 * COIN, sender=it.other_emitter.account)
    boa.env.timestamp += WEEK
    it.coin.transfer(it.emitter.account, 4 * COIN, sender=it.other_emitter.account)
    announce(it, COIN)
    boa.env.timestamp += WEEK
    with boa.reverts("credit_coin: debt unpaid"):
        it.coin.transfer(it.other_emitter.account, COIN, sender=it.emitter.account)
    it.coin.collect_debt(it.emitter.org_id, sender=it.outsider())
    assert it.coins(it.emitter) == (COIN, 0, 0)
    with boa.reverts("credit_coin: nothing to collect"):
        it.coin.collect_debt(it.emitter.org_id)
    it.coin.transfer(it.other_emitter.account, COIN, sender=it.emitter.account)


def test_transfer__to_who_has_no_coin_account__is_refused(duties: Duties) -> None:
    it = duties
    it.give_coins(it.emitter, 5 * COIN)
    announce(it, 5 * COIN)
    boa.env.timestamp += WEEK
    for to, reason in (
        (it.bank.account, "credit_coin: receiver has no coin account"),
        (it.outsider(), "credit_coin: receiver not an active member"),
        (it.suspended.account, "credit_coin: receiver not an active member"),
        (it.coin.address, "credit_coin: receiver not an active member"),
    ):
        with boa.reverts(reason):
            it.coin.transfer(to, COIN, sender=it.emitter.account)
    assert it.coins(it.emitter) == (5 * COIN, 0, 0)


def test_transfer_from__needs_the_owners_approval(duties: Duties) -> None:
    it = duties
    it.give_coins(it.emitter, 5 * COIN)
    announce(it, 5 * COIN)
    boa.env.timestamp += WEEK
    args = (it.emitter.account, it.verifier.account, COIN)
    with boa.reverts("erc20: insufficient allowance"):
        it.coin.transferFrom(*args, sender=it.trader.account)
    it.coin.approve(it.trader.account, COIN, sender=it.emitter.account)
    it.coin.transferFrom(*args, sender=it.trader.account)
    with boa.reverts("erc20: insufficient allowance"):
        it.coin.transferFrom(*args, sender=it.trader.account)
    assert it.coins(it.verifier)[0] == COIN
    it.suspend(it.emitter)
    with boa.reverts("credit_coin: sender not an active member"):
        it.coin.transferFrom(*args, sender=it.emitter.account)


def test_pay_debt__with_money__rounds_up_for_the_treasury(duties: Duties) -> None:
    it = duties
    settle(it, it.penalise(it.emitter, 3 * COIN))
    it.fund(it.emitter, 100 * YUAN)
    it.money.approve(it.coin, 100 * YUAN, sender=it.emitter.account)
    with boa.reverts("credit_coin: more than the debt"):
        it.coin.pay_debt(3 * COIN + 1, sender=it.emitter.account)
    assert it.coin.pay_debt(1, sender=it.emitter.account) == 10
    it.coin.pay_debt(3 * COIN - 1, sender=it.emitter.account)
    assert it.coins(it.emitter) == (0, 0, 0)
    assert it.coin.treasury() == 30 * YUAN


def test_penalty__key_replaced_suspended_readmitted__follows_the_organisation(
    duties: Duties,
) -> None:
    """Debt, lock and open case belong to the organisation id, whatever happens to its keys."""
    it = duties
    it.give_coins(it.emitter, 2 * COIN)
    case = it.penalise(it.emitter, 5 * COIN)
    new = key_of("new key of emitter")
    number = it.membership.propose_replacement(
        it.emitter.account, new.address, True, "stolen", sender=it.regulator.account
    )
    it.membership.approve_replacement(number, sender=it.exchange.account)
    assert it.coins(it.emitter) == (2 * COIN, 0, 5 * COIN)
    assert it.coin.balanceOf(new.address) == 2 * COIN
    assert it.coin.balanceOf(it.emitter.account) == 0
    with boa.reverts("member_guard: not an active member"):
        it.coin.announce_release(COIN, sender=it.emitter.account)
    it.suspend(it.emitter)
    settle(it, case)
    assert it.coins(it.emitter) == (0, 3 * COIN, 0)
    it.reinstate(it.emitter)
    assert it.coins(it.emitter) == (0, 3 * COIN, 0)
    it.give_coins(it.emitter, 4 * COIN, "later")
    assert it.coins(it.emitter) == (COIN, 0, 0)


def test_penalty__same_identity_admitted_again__is_refused_by_the_register(duties: Duties) -> None:
    """A fresh organisation for an indebted identity would shed the debt; the register refuses it."""
    it = duties
    settle(it, it.penalise(it.emitter, 5 * COIN))
    it.suspend(it.emitter)
    with boa.reverts("membership: identity admitted already"):
        it.membership.admit(
            keccak(text="identity of emitter"),
            "emitter",
            2,
            1,
            21,
            keccak(text="another certificate"),
            key_of("another key").address,
            sender=it.regulator.account,
        )
    assert it.coins(it.emitter) == (0, 5 * COIN, 0)

"""A lost or stolen key: two approvals, a veto, an expiry, and everything stays the organisation's.

propose (first approval) ---- approve (second) ---------------- complete
|<----- 7 days at most ----->|<-- 2 days if lost: the key may veto -->|
                              `- at once if stolen
"""

import boa
import pytest

from harness.access.membership import add_account
from harness.consortium import CEA24, REASON, TONNE, key_of
from tanlian.domain.roles import Role

NEW = key_of("the new key").address
SECOND = key_of("the second key")
DAY = 24 * 60 * 60
OPEN, APPROVED, DONE, VETOED, WITHDRAWN = range(1, 6)


@pytest.fixture
def propose(it):
    def propose(stolen, by, old=None, new=NEW):
        return it.membership.propose_replacement(
            old or it.emitter.account, new, stolen, REASON, sender=by
        )

    return propose


def status(it, replacement):
    return it.membership.replacement(replacement).status


def test_replacement__stolen__takes_effect_at_the_second_approval(it, propose):
    replacement = propose(True, it.exchange.account)
    assert it.membership.standing(NEW) == 0
    before = it.membership.standing(it.emitter.account)
    it.membership.approve_replacement(replacement, sender=it.regulator.account)
    assert it.membership.standing(NEW) == before
    assert it.membership.standing(it.emitter.account) == 0
    assert it.membership.accounts_of(it.emitter.org_id) == [NEW]
    found = it.membership.replacement(replacement)
    assert (found.status, found.proposer, found.approver) == (
        DONE,
        it.exchange.account,
        it.regulator.account,
    )


def test_replacement__any__holdings_freezes_and_money_stay(it, refused, propose):
    it.allocate(it.emitter, 5 * TONNE)
    it.fund(it.emitter, 100)
    it.ledger.freeze(it.emitter.org_id, CEA24, TONNE, REASON, sender=it.regulator.account)
    replacement = propose(True, it.exchange.account)
    it.membership.approve_replacement(replacement, sender=it.regulator.account)
    assert it.ledger.balanceOf(NEW, CEA24) == 5 * TONNE
    assert it.ledger.balanceOf(it.emitter.account, CEA24) == 0
    assert it.money.balanceOf(NEW) == 100
    with refused("freezes: units frozen"):
        it.ledger.safeTransferFrom(NEW, it.trader.account, CEA24, 5 * TONNE, b"", sender=NEW)
    it.ledger.safeTransferFrom(NEW, it.trader.account, CEA24, 4 * TONNE, b"", sender=NEW)
    with refused("custody: sender not an active member"):
        it.money.transfer(it.trader.account, 1, sender=it.emitter.account)


def test_replacement__lost__waits_for_the_veto_period(it, refused, propose):
    replacement = propose(False, it.exchange.account)
    it.membership.approve_replacement(replacement, sender=it.regulator.account)
    assert status(it, replacement) == APPROVED
    boa.env.time_travel(seconds=2 * DAY - 1)
    with refused("membership: veto period runs"):
        it.membership.complete_replacement(replacement, sender=it.outsider())
    boa.env.time_travel(seconds=1)
    it.membership.complete_replacement(replacement, sender=it.outsider())
    assert it.membership.accounts_of(it.emitter.org_id) == [NEW]
    with refused("membership: replacement not approved"):
        it.membership.complete_replacement(replacement, sender=it.outsider())


@pytest.mark.parametrize("approved", [False, True])
def test_veto__by_the_key_said_to_be_lost__ends_it(it, refused, propose, approved):
    replacement = propose(False, it.exchange.account)
    if approved:
        it.membership.approve_replacement(replacement, sender=it.regulator.account)
    it.membership.veto_replacement(replacement, sender=it.emitter.account)
    assert status(it, replacement) == VETOED
    boa.env.time_travel(seconds=3 * DAY)
    with refused("membership: replacement not approved"):
        it.membership.complete_replacement(replacement, sender=it.outsider())
    with refused("membership: replacement not open"):
        it.membership.approve_replacement(replacement, sender=it.regulator.account)
    with refused("membership: replacement not open"):
        it.membership.veto_replacement(replacement, sender=it.emitter.account)


def test_veto__by_a_stolen_key__refused(it, refused, propose):
    replacement = propose(True, it.exchange.account)
    with refused("membership: account reported stolen"):
        it.membership.veto_replacement(replacement, sender=it.emitter.account)


def test_approve__after_seven_days__expired(it, refused, propose):
    replacement = propose(True, it.exchange.account)
    boa.env.time_travel(seconds=7 * DAY - 1)
    with boa.env.anchor():
        it.membership.approve_replacement(replacement, sender=it.regulator.account)
        assert status(it, replacement) == DONE
    boa.env.time_travel(seconds=1)
    with refused("membership: replacement expired"):
        it.membership.approve_replacement(replacement, sender=it.regulator.account)


def test_approve__by_the_same_organisation__refused(it, refused, propose):
    add_account(it, it.regulator, SECOND)
    replacement = propose(True, it.regulator.account)
    for sender in (it.regulator.account, SECOND.address):
        with refused("membership: second organisation must approve"):
            it.membership.approve_replacement(replacement, sender=sender)
    assert status(it, replacement) == OPEN


def test_approve__own_second_account_and_exchange__a_regulator_is_missing(it, refused, propose):
    add_account(it, it.emitter, SECOND)
    replacement = propose(True, SECOND.address)
    with refused("membership: regulator must approve"):
        it.membership.approve_replacement(replacement, sender=it.exchange.account)
    it.membership.approve_replacement(replacement, sender=it.regulator.account)
    assert it.membership.accounts_of(it.emitter.org_id) == [NEW, SECOND.address]


def test_approve__by_the_key_in_question__refused(it, refused, propose):
    replacement = propose(True, it.regulator.account)
    with refused("membership: account cannot replace itself"):
        it.membership.approve_replacement(replacement, sender=it.emitter.account)


def test_approve__by_another_emitter_or_outsider__refused(it, refused, propose):
    replacement = propose(True, it.regulator.account)
    with refused("membership: not an approver"):
        it.membership.approve_replacement(replacement, sender=it.other_emitter.account)
    with refused("membership: not an active member"):
        it.membership.approve_replacement(replacement, sender=it.outsider())


def test_approve__first_approver_suspended_since__refused(it, refused, propose):
    replacement = propose(True, it.exchange.account)
    it.suspend(it.exchange)
    with refused("membership: not an active member"):
        it.membership.approve_replacement(replacement, sender=it.regulator.account)


def test_approve__new_account_taken_since__refused(it, refused, propose):
    replacement = propose(True, it.exchange.account, new=key_of("newcomer").address)
    it.admit("newcomer", Role.TRADER)
    with refused("membership: account was used"):
        it.membership.approve_replacement(replacement, sender=it.regulator.account)


def test_approve__unknown__refused(it, refused):
    with refused("membership: replacement not open"):
        it.membership.approve_replacement(9, sender=it.regulator.account)
    with refused("membership: no such replacement"):
        it.membership.replacement(9)


def test_propose__bad_value__refused(it, refused, propose):
    with refused("membership: account was used"):
        propose(True, it.regulator.account, new=it.bank.account)
    with refused("membership: account missing"):
        propose(True, it.regulator.account, new="0x" + "00" * 20)
    with refused("membership: a registry account"):
        propose(True, it.regulator.account, new=it.bank.holder)
    with refused("membership: not a current account"):
        propose(True, it.regulator.account, old=it.outsider())
    with refused("membership: reason missing"):
        it.membership.propose_replacement(
            it.emitter.account, NEW, True, "", sender=it.regulator.account
        )


def test_regulators_own_key__with_the_exchange__replaced(it, propose):
    add_account(it, it.regulator, SECOND)
    replacement = propose(True, SECOND.address, old=it.regulator.account)
    it.membership.approve_replacement(replacement, sender=it.exchange.account)
    assert it.membership.accounts_of(1) == [NEW, SECOND.address]


def test_suspended_organisation__key_stolen__replaced_and_still_suspended(it, propose):
    replacement = propose(True, it.regulator.account, old=it.suspended.account)
    it.membership.approve_replacement(replacement, sender=it.exchange.account)
    assert it.membership.standing(NEW) >> 72 == 0
    assert it.membership.organisation_of(NEW) == it.suspended.org_id


def test_two_proposals__one_done__the_other_dies(it, refused, propose):
    first = propose(True, it.exchange.account)
    second = propose(True, it.exchange.account, new=key_of("third key").address)
    it.membership.approve_replacement(first, sender=it.regulator.account)
    with refused("membership: not a current account"):
        it.membership.approve_replacement(second, sender=it.regulator.account)


def test_withdraw__by_an_approver__ends_it(it, refused, propose):
    replacement = propose(False, it.exchange.account)
    with refused("membership: not an approver"):
        it.membership.withdraw_replacement(replacement, sender=it.regulator.account)
    it.membership.approve_replacement(replacement, sender=it.regulator.account)
    it.membership.withdraw_replacement(replacement, sender=it.regulator.account)
    assert status(it, replacement) == WITHDRAWN
    with refused("membership: replacement not open"):
        it.membership.withdraw_replacement(replacement, sender=it.exchange.account)

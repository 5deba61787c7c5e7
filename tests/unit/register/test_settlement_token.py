"""Money: issue against a payment, moves, deposits, redemption."""

import boa
import pytest
from eth_utils import keccak

from harness.access.membership import add_account
from harness.consortium import EMPTY, REASON, YUAN, deploy_register, key_of
from harness.events import arguments, event

PAYMENT, OTHER_PAYMENT = keccak(text="payment"), keccak(text="other payment")
PAYOUT, OTHER_PAYOUT = keccak(text="payout"), keccak(text="other payout")
PAYEE = keccak(text="bank account")
REQUESTED, PAID_OUT, REJECTED, CANCELLED = range(1, 5)


@pytest.fixture
def funded(it):
    """The emitter has a thousand yuan."""
    it.fund(it.emitter, 1000 * YUAN)
    return it


@pytest.fixture
def redemption(funded):
    """The emitter asks the bank for all of it."""
    return funded.money.request_redemption(
        funded.bank.org_id, 1000 * YUAN, PAYEE, sender=funded.emitter.account
    )


def issue(it, amount=5, reference=PAYMENT, to=None, bank=None):
    it.money.issue((to or it.emitter).org_id, amount, reference, sender=(bank or it.bank).account)


def test_token__constants__published(it):
    assert (it.money.name(), it.money.symbol(), it.money.decimals()) == (
        "Tanlian Settlement Yuan",
        "TCNY",
        6,
    )
    assert it.money.MICRO_YUAN_PER_YUAN() == YUAN


def test_issue__against_a_payment__booked_to_the_bank(it):
    issue(it, 7 * YUAN)
    assert arguments(event(it.money, "MoneyIssued")) == (
        it.bank.org_id,
        it.emitter.org_id,
        PAYMENT,
        7 * YUAN,
        it.bank.account,
    )
    assert it.money.balanceOf(it.emitter.account) == 7 * YUAN
    assert it.money.balanceOf(it.emitter.holder) == 7 * YUAN
    assert it.money.totalSupply() == 7 * YUAN
    assert tuple(it.money.bank_totals(it.bank.org_id)) == (7 * YUAN, 0, 0)
    assert it.money.is_payment_used(it.bank.org_id, PAYMENT)


def test_issue__same_payment_again__refused(it, refused):
    issue(it)
    with refused("settlement_token: payment used already"):
        issue(it)
    with refused("settlement_token: payment used already"):
        issue(it, 6, to=it.trader)
    issue(it, reference=OTHER_PAYMENT)
    issue(it, bank=it.other_bank)
    assert it.money.balanceOf(it.emitter.account) == 15


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"amount": 0}, "settlement_token: zero amount"),
        ({"reference": EMPTY}, "settlement_token: reference missing"),
    ],
)
def test_issue__bad_value__refused(it, refused, changes, reason):
    with refused(reason):
        issue(it, **changes)


def test_issue__largest_amount__then_one_more_is_refused(it, refused):
    issue(it, 2**256 - 1)
    before = it.money.totalSupply()
    with boa.reverts():
        issue(it, 1, reference=OTHER_PAYMENT)
    assert it.money.totalSupply() == before


def test_issue__to_a_suspended_or_unknown_organisation__refused(it, refused):
    with refused("settlement_token: not an active organisation"):
        issue(it, to=it.suspended)
    with refused("settlement_token: not an active organisation"):
        it.money.issue(999, 5, PAYMENT, sender=it.bank.account)


def test_issue__before_sealing__refused():
    it = deploy_register()
    it.money.wire([], sender=it.deployer)
    with boa.reverts("wiring: not sealed yet"):
        issue(it)


def test_transfer__between_members__moves(funded):
    assert funded.money.transfer(funded.trader.account, YUAN, sender=funded.emitter.account)
    log = event(funded.money, "Transfer")
    assert arguments(log) == (funded.emitter.holder, funded.trader.holder, YUAN)
    assert funded.money.balanceOf(funded.trader.account) == YUAN
    assert funded.money.totalSupply() == 1000 * YUAN


def test_transfer__more_than_held__refused(funded, refused):
    with refused("erc20: transfer amount exceeds balance"):
        funded.money.transfer(funded.trader.account, 1000 * YUAN + 1, sender=funded.emitter.account)


def test_transfer__to_no_active_member__refused(funded, refused):
    with refused("custody: receiver not an active member"):
        funded.money.transfer(funded.suspended.account, 1, sender=funded.emitter.account)
    with refused("custody: receiver not a member"):
        funded.money.transfer(funded.outsider(), 1, sender=funded.emitter.account)


def test_transfer__to_a_facility_without_telling_it__refused(funded, refused):
    with refused("settlement_token: use transferAndCall"):
        funded.money.transfer(funded.facility.address, 1, sender=funded.emitter.account)
    with refused("settlement_token: use transferAndCall"):
        funded.money.transferFrom(
            funded.emitter.account, funded.facility.address, 1, sender=funded.emitter.account
        )


def test_transfer_from__another_account_of_the_organisation__needs_no_allowance(funded):
    second = key_of("second account")
    add_account(funded, funded.emitter, second)
    funded.money.transferFrom(
        funded.emitter.account, funded.trader.account, YUAN, sender=second.address
    )
    assert funded.money.balanceOf(second.address) == 999 * YUAN


def test_transfer_from__facility__within_the_allowance_only(funded, refused):
    money, facility, emitter = funded.money, funded.facility.address, funded.emitter
    with refused("erc20: insufficient allowance"):
        money.transferFrom(emitter.account, facility, 1, sender=facility)
    money.approve(facility, 5, sender=emitter.account)
    assert money.allowance(emitter.holder, facility) == 5
    money.transferFrom(emitter.account, facility, 3, sender=facility)
    assert money.allowance(emitter.account, facility) == 2
    with refused("erc20: insufficient allowance"):
        money.transferFrom(emitter.account, facility, 3, sender=facility)
    assert money.balanceOf(facility) == 3
    funded.suspend(emitter)
    with refused("custody: sender not an active member"):
        money.transferFrom(emitter.account, facility, 1, sender=facility)


def test_approve__member_or_stranger_as_spender__refused(it, refused):
    for spender in (it.trader.account, it.outsider()):
        with refused("settlement_token: spender is no facility"):
            it.money.approve(spender, 1, sender=it.emitter.account)


def test_transfer_and_call__to_a_facility__it_is_told_the_registry_account(funded):
    money, facility, emitter = funded.money, funded.facility, funded.emitter
    money.transferAndCall(facility.address, 7, b"margin", sender=emitter.account)
    assert tuple(facility.last_receipt()) == (emitter.account, emitter.holder, 0, 7, b"margin")
    assert money.balanceOf(facility.address) == 7


def test_transfer_and_call__to_a_member_or_refusing_facility__refused(funded, refused):
    with refused("settlement_token: receiver is no facility"):
        funded.money.transferAndCall(funded.trader.account, 7, b"", sender=funded.emitter.account)
    funded.facility.refuse(True)
    with refused("settlement_token: refused by receiver"):
        funded.money.transferAndCall(funded.facility.address, 7, b"", sender=funded.emitter.account)


def test_transfer__facility_to_a_suspended_organisation__goes_home(funded, refused):
    money, facility, emitter = funded.money, funded.facility.address, funded.emitter
    money.transferAndCall(facility, 7, b"", sender=emitter.account)
    funded.suspend(emitter)
    money.transfer(emitter.holder, 7, sender=facility)
    assert money.balanceOf(emitter.holder) == 1000 * YUAN
    with refused("custody: a facility pays members only"):
        money.transfer(facility, 0, sender=facility)


def test_redemption__requested__out_of_reach_until_decided(funded, redemption, refused):
    assert tuple(funded.money.redemption(redemption)) == (
        funded.emitter.org_id,
        funded.bank.org_id,
        1000 * YUAN,
        PAYEE,
        boa.env.timestamp,
        REQUESTED,
    )
    assert funded.money.balanceOf(funded.emitter.account) == 0
    assert funded.money.balanceOf(funded.money.address) == 1000 * YUAN
    assert funded.money.bank_totals(funded.bank.org_id).pending == 1000 * YUAN
    with refused("erc20: transfer amount exceeds balance"):
        funded.money.transfer(funded.trader.account, 1, sender=funded.emitter.account)


def test_redemption__paid_out__burned_once(funded, redemption, refused):
    funded.money.pay_out(redemption, PAYOUT, sender=funded.bank.account)
    log = event(funded.money, "RedemptionPaidOut")
    assert (log.payout_reference, log.amount) == (PAYOUT, 1000 * YUAN)
    assert funded.money.totalSupply() == 0
    assert tuple(funded.money.bank_totals(funded.bank.org_id)) == (1000 * YUAN, 1000 * YUAN, 0)
    assert funded.money.redemption(redemption).status == PAID_OUT
    for act in (
        lambda: funded.money.pay_out(redemption, OTHER_PAYOUT, sender=funded.bank.account),
        lambda: funded.money.reject_redemption(redemption, REASON, sender=funded.bank.account),
        lambda: funded.money.cancel_redemption(redemption, sender=funded.emitter.account),
    ):
        with refused("settlement_token: redemption not open"):
            act()


def test_pay_out__same_reference_or_none__refused(funded, redemption, refused):
    with refused("settlement_token: reference missing"):
        funded.money.pay_out(redemption, EMPTY, sender=funded.bank.account)
    funded.money.pay_out(redemption, PAYOUT, sender=funded.bank.account)
    assert funded.money.is_payout_used(funded.bank.org_id, PAYOUT)
    funded.fund(funded.emitter, 5)
    second = funded.money.request_redemption(
        funded.bank.org_id, 5, PAYEE, sender=funded.emitter.account
    )
    with refused("settlement_token: payout used already"):
        funded.money.pay_out(second, PAYOUT, sender=funded.bank.account)


def test_redemption__rejected_with_reason__money_is_back(funded, redemption, refused):
    with refused("settlement_token: reason missing"):
        funded.money.reject_redemption(redemption, "", sender=funded.bank.account)
    funded.money.reject_redemption(redemption, REASON, sender=funded.bank.account)
    assert event(funded.money, "RedemptionRejected").reason == REASON
    assert funded.money.redemption(redemption).status == REJECTED
    assert funded.money.balanceOf(funded.emitter.account) == 1000 * YUAN
    assert tuple(funded.money.bank_totals(funded.bank.org_id)) == (1000 * YUAN, 0, 0)


def test_redemption__cancelled_by_a_suspended_member__money_is_back(funded, redemption):
    funded.suspend(funded.emitter)
    funded.money.cancel_redemption(redemption, sender=funded.emitter.account)
    assert funded.money.redemption(redemption).status == CANCELLED
    assert funded.money.balanceOf(funded.emitter.holder) == 1000 * YUAN


def test_request__bad_value__refused(funded, refused):
    def request(bank, amount):
        funded.money.request_redemption(bank, amount, PAYEE, sender=funded.emitter.account)

    with refused("settlement_token: zero amount"):
        request(funded.bank.org_id, 0)
    with refused("erc20: transfer amount exceeds balance"):
        request(funded.bank.org_id, 1000 * YUAN + 1)
    for bank in (funded.trader.org_id, 999):
        with refused("settlement_token: not an active bank"):
            request(bank, 1)
    funded.suspend(funded.bank)
    with refused("settlement_token: not an active bank"):
        request(funded.bank.org_id, 1)


def test_redemption__unknown__refused(it, refused):
    with refused("settlement_token: no such redemption"):
        it.money.redemption(1)
    with refused("settlement_token: redemption not open"):
        it.money.pay_out(1, PAYOUT, sender=it.bank.account)


def test_reentrancy__hostile_receiver__cannot_call_back(funded):
    facility, money = funded.facility, funded.money
    attacks = [
        money.transfer.prepare_calldata(funded.trader.holder, 1),
        money.transferFrom.prepare_calldata(funded.emitter.holder, facility.address, 1),
    ]
    money.approve(facility.address, 10, sender=funded.emitter.account)
    for attack in attacks:
        facility.arm(money.address, attack)
        money.transferAndCall(facility.address, 5, b"", sender=funded.emitter.account)
        assert not facility.has_reentered()
        with boa.env.anchor():
            facility.act(money.address, attack)
    facility.arm(money.address, money.balanceOf.prepare_calldata(facility.address))
    money.transferAndCall(facility.address, 5, b"", sender=funded.emitter.account)
    assert facility.has_reentered()

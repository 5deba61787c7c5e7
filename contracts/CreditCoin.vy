# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title The credit coin 碳交易信用币
@license AGPL-3.0-or-later
@notice Rewards and penalties of emitters and verifiers as an ERC-20 with 6 decimals. Only the
        sealed `Incentives` mints and deducts. A penalty above the balance stays as a debt; later
        rewards pay it first. Balance, debt and locks belong to the organisation, not to a key.
        Coins are redeemed for settlement money at a fixed ratio, as long as the treasury lasts.

        Coins cannot be emptied before a penalty arrives: whatever leaves an account (transfer or
        redemption) is announced first, waits `notice_seconds` and leaves within `RELEASE_SECONDS`
        after them, or is announced anew; nobody announces more than it has. While a case is open
        its amount is locked; while a debt is open nothing leaves.
@custom:kill There is no switch. A suspended organisation moves nothing, but may pay its debt.
"""

from ethereum.ercs import IERC20
from ethereum.ercs import IERC20Detailed
from snekmate.auth import ownable
from snekmate.tokens import erc20

initializes: ownable
initializes: erc20[ownable := ownable]

from .interfaces import ICreditCoin
from .interfaces import ISettlementToken

implements: IERC20
implements: IERC20Detailed
implements: ICreditCoin

from .modules import holder
from .modules import member_guard

initializes: member_guard

from .modules import role
from .modules import standing
from .modules import wiring

initializes: wiring

exports: (
    erc20.name,
    erc20.symbol,
    erc20.decimals,
    erc20.totalSupply,
    erc20.allowance,
    member_guard.membership,
    wiring.seal,
    wiring.is_sealed,
)

DECIMALS: constant(uint8) = 6
ONE_COIN: constant(uint256) = 10**6
# How long announced coins may leave. Without an end one announcement would be good for ever, and
# nobody would be told before the coins are gone.
RELEASE_SECONDS: public(constant(uint256)) = 14 * 86_400

money_per_coin: public(immutable(uint256))  # micro-yuan
notice_seconds: public(immutable(uint256))

incentives: public(address)
money: public(ISettlementToken)
_debt: HashMap[uint256, uint256]
_locked: HashMap[uint256, uint256]
_announced: HashMap[uint256, uint256]
_movable_at: HashMap[uint256, uint256]


@deploy
def __init__(membership: address, money_per_coin_: uint256, notice_seconds_: uint256):
    assert money_per_coin_ != 0, "credit_coin: ratio must be positive"
    ownable.__init__()
    erc20.__init__("Carbon Credit Coin", "CCC", DECIMALS, "Carbon Credit Coin", "1")
    member_guard.__init__(membership)
    wiring.__init__(msg.sender)
    money_per_coin = money_per_coin_
    notice_seconds = notice_seconds_


@external
def wire(incentives: address, money: address):
    wiring._wire(msg.sender)
    self.incentives = incentives
    self.money = ISettlementToken(money)


@external
def reward(org_id: uint256, amount: uint256, case_id: uint256):
    """
    @notice Credit a reward: an open debt is paid first, the rest is minted.
    """
    self._check_incentives()
    old_debt: uint256 = self._debt[org_id]
    to_debt: uint256 = min(old_debt, amount)
    self._debt[org_id] = old_debt - to_debt
    log ICreditCoin.CoinsRewarded(
        organisation=org_id,
        case_id=case_id,
        amount=amount,
        paid_to_debt=to_debt,
        old_debt=old_debt,
        new_debt=old_debt - to_debt,
    )
    if amount != to_debt:
        erc20._mint(holder._holder(org_id), amount - to_debt)


@external
def deduct(org_id: uint256, amount: uint256, case_id: uint256):
    """
    @notice Take a penalty: what the balance does not cover becomes a debt.
    """
    self._check_incentives()
    account: address = holder._holder(org_id)
    taken: uint256 = min(erc20.balanceOf[account], amount)
    old_debt: uint256 = self._debt[org_id]
    new_debt: uint256 = old_debt + amount - taken
    self._debt[org_id] = new_debt
    log ICreditCoin.CoinsDeducted(
        organisation=org_id,
        case_id=case_id,
        amount=amount,
        taken=taken,
        old_debt=old_debt,
        new_debt=new_debt,
    )
    if taken != 0:
        erc20._burn(account, taken)


@external
def lock(org_id: uint256, amount: uint256):
    """
    @notice Hold coins back for an open case; the lock may exceed the balance.
    """
    self._check_incentives()
    self._set_locked(org_id, self._locked[org_id] + amount)


@external
def unlock(org_id: uint256, amount: uint256):
    self._check_incentives()
    self._set_locked(org_id, self._locked[org_id] - amount)


@external
def announce_release(amount: uint256):
    """
    @notice Announce the amount, at most the balance, that may leave the own account after the
            notice. A new announcement replaces the earlier one and starts the notice anew; 0 takes
            it back.
    """
    org_id: uint256 = member_guard._check_member(msg.sender)
    assert amount <= erc20.balanceOf[holder._holder(org_id)], "credit_coin: balance too small"
    old: uint256 = self._announced[org_id]
    self._announced[org_id] = amount
    self._movable_at[org_id] = block.timestamp + notice_seconds
    log ICreditCoin.ReleaseAnnounced(
        organisation=org_id,
        old_announced=old,
        new_announced=amount,
        movable_at=block.timestamp + notice_seconds,
        signer=msg.sender,
    )


@external
def redeem(amount: uint256) -> uint256:
    """
    @notice Exchange announced coins for settlement money of the treasury.
    @return The money paid, floored to the micro-yuan.
    """
    org_id: uint256 = member_guard._check_member(msg.sender)
    assert amount != 0, "credit_coin: amount must be positive"
    self._release(org_id, amount)
    paid: uint256 = amount * money_per_coin // ONE_COIN
    assert paid != 0, "credit_coin: worth less than the unit"
    assert staticcall self.money.balanceOf(self) >= paid, "credit_coin: treasury too small"
    erc20._burn(holder._holder(org_id), amount)
    log ICreditCoin.CoinsRedeemed(organisation=org_id, coins=amount, money=paid, signer=msg.sender)
    assert extcall self.money.transfer(holder._holder(org_id), paid), "credit_coin: payment failed"
    return paid


@external
def pay_debt(amount: uint256) -> uint256:
    """
    @notice Pay own debt with money instead of rewards, at the same ratio, rounded up.
    @return The money taken.
    """
    org_id: uint256 = member_guard._check_account(msg.sender)
    old_debt: uint256 = self._debt[org_id]
    assert amount != 0, "credit_coin: amount must be positive"
    assert amount <= old_debt, "credit_coin: more than the debt"
    due: uint256 = (amount * money_per_coin + ONE_COIN - 1) // ONE_COIN
    self._debt[org_id] = old_debt - amount
    log ICreditCoin.DebtPaid(
        organisation=org_id,
        coins=amount,
        money=due,
        old_debt=old_debt,
        new_debt=old_debt - amount,
        payer=msg.sender,
    )
    assert extcall self.money.transferFrom(
        holder._holder(org_id), self, due
    ), "credit_coin: payment failed"
    return due


@external
def collect_debt(org_id: uint256):
    """
    @notice Pay a debt from coins that reached the account since (by transfer). Anyone may call.
    """
    account: address = holder._holder(org_id)
    old_debt: uint256 = self._debt[org_id]
    taken: uint256 = min(old_debt, erc20.balanceOf[account])
    assert taken != 0, "credit_coin: nothing to collect"
    self._debt[org_id] = old_debt - taken
    log ICreditCoin.DebtPaid(
        organisation=org_id,
        coins=taken,
        money=0,
        old_debt=old_debt,
        new_debt=old_debt - taken,
        payer=msg.sender,
    )
    erc20._burn(account, taken)


@external
def fund(amount: uint256):
    """
    @notice Pay money into the treasury; it leaves only by redemption.
    """
    org_id: uint256 = member_guard._check_member(msg.sender)
    assert amount != 0, "credit_coin: amount must be positive"
    log ICreditCoin.TreasuryFunded(organisation=org_id, amount=amount, signer=msg.sender)
    assert extcall self.money.transferFrom(
        holder._holder(org_id), self, amount
    ), "credit_coin: payment failed"


@external
def transfer(to: address, amount: uint256) -> bool:
    self._move(member_guard._check_member(msg.sender), to, amount)
    return True


@external
def transferFrom(owner: address, to: address, amount: uint256) -> bool:
    word: uint256 = self._word(owner)
    assert standing._is_active(word), "credit_coin: sender not an active member"
    org_id: uint256 = standing._organisation(word)
    spender: uint256 = standing._organisation(member_guard._standing(msg.sender))
    if spender != org_id:
        erc20._spend_allowance(holder._holder(org_id), msg.sender, amount)
    self._move(org_id, to, amount)
    return True


@external
def approve(spender: address, amount: uint256) -> bool:
    """
    @notice Allow an address to move announced coins of the own organisation.
    """
    erc20._approve(holder._holder(member_guard._check_member(msg.sender)), spender, amount)
    return True


@external
@view
def balanceOf(owner: address) -> uint256:
    """
    @notice The coins of the organisation behind an account or registry account.
    """
    org_id: uint256 = standing._organisation(self._word(owner))
    if org_id == 0:
        return 0
    return erc20.balanceOf[holder._holder(org_id)]


@external
@view
def coin_account(org_id: uint256) -> ICreditCoin.CoinAccount:
    return ICreditCoin.CoinAccount(
        balance=erc20.balanceOf[holder._holder(org_id)],
        debt=self._debt[org_id],
        locked=self._locked[org_id],
        announced=self._announced[org_id],
        movable_at=self._movable_at[org_id],
    )


@external
@view
def treasury() -> uint256:
    """
    @notice The money that redemptions can be paid from.
    """
    return staticcall self.money.balanceOf(self)


@internal
@view
def _check_incentives():
    wiring._check_sealed()
    assert msg.sender == self.incentives, "credit_coin: not the incentives contract"


@internal
@view
def _word(account: address) -> uint256:
    org_id: uint256 = holder._organisation(account)
    if org_id != 0:
        return member_guard._standing_of(org_id)
    return member_guard._standing(account)


@internal
def _set_locked(org_id: uint256, new_locked: uint256):
    old_locked: uint256 = self._locked[org_id]
    self._locked[org_id] = new_locked
    log ICreditCoin.CoinsLocked(organisation=org_id, old_locked=old_locked, new_locked=new_locked)


@internal
def _release(org_id: uint256, amount: uint256):
    # Whatever leaves an account passes here.
    assert self._debt[org_id] == 0, "credit_coin: debt unpaid"
    balance: uint256 = erc20.balanceOf[holder._holder(org_id)]
    assert balance >= amount, "credit_coin: balance too small"
    assert balance >= amount + self._locked[org_id], "credit_coin: coins locked by a case"
    announced: uint256 = self._announced[org_id]
    assert announced >= amount, "credit_coin: not announced"
    movable_at: uint256 = self._movable_at[org_id]
    assert block.timestamp >= movable_at, "credit_coin: notice not over"
    assert block.timestamp <= movable_at + RELEASE_SECONDS, "credit_coin: notice has expired"
    self._announced[org_id] = announced - amount


@internal
def _move(org_id: uint256, to: address, amount: uint256):
    word: uint256 = self._word(to)
    assert standing._is_active(word), "credit_coin: receiver not an active member"
    roles: uint256 = standing._roles(word)
    assert roles & (role.EMITTER | role.VERIFIER) != 0, "credit_coin: receiver has no coin account"
    self._release(org_id, amount)
    erc20._transfer(holder._holder(org_id), holder._holder(standing._organisation(word)), amount)

# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Settlement money
@license AGPL-3.0-or-later
@notice ERC-20 with 6 decimals, issued by a bank against yuan received and burned by it against yuan
        paid out, one for one. A bank's payment reference issues once, its payout reference pays
        once. An organisation's money lies under its registry account, and each of its accounts
        stands for it. Money moves only between active members and facilities (market, treasury);
        from a facility back to its organisation it always moves. A member asks a named bank for
        redemption, which takes the money out of its reach; until the bank has recorded the payout
        it may take it back. A bank records the payout first and then sends the yuan.
@custom:kill None.
"""

from ethereum.ercs import IERC20
from snekmate.auth import ownable
from snekmate.tokens import erc20

from .interfaces import IMoneyReceiver
from .interfaces import ISettlementToken

implements: IERC20
implements: ISettlementToken

from .modules import custody
from .modules import holder
from .modules import member_guard
from .modules import role
from .modules import standing
from .modules import wiring

initializes: ownable
initializes: erc20[ownable := ownable]
initializes: member_guard
initializes: custody[member_guard := member_guard]
initializes: wiring

exports: (
    custody.is_facility,
    erc20.decimals,
    erc20.name,
    erc20.symbol,
    erc20.totalSupply,
    member_guard.membership,
    wiring.is_sealed,
    wiring.seal,
)

MICRO_YUAN_PER_YUAN: public(constant(uint256)) = 1_000_000  # the fixed fiat ratio
REQUESTED: constant(uint256) = 1
PAID_OUT: constant(uint256) = 2
REJECTED: constant(uint256) = 3
CANCELLED: constant(uint256) = 4

_RECEIVED: constant(bytes4) = 0x88A7CA5C  # ERC-1363's onTransferReceived

is_payment_used: public(HashMap[uint256, HashMap[bytes32, bool]])  # bank, payment reference
is_payout_used: public(HashMap[uint256, HashMap[bytes32, bool]])  # bank, payout reference
redemption_count: public(uint256)

_bank_totals: HashMap[uint256, ISettlementToken.BankTotals]
_redemptions: HashMap[uint256, ISettlementToken.Redemption]


@deploy
def __init__(membership_: address):
    ownable.__init__()
    erc20.__init__("Tanlian Settlement Yuan", "TCNY", 6, "Tanlian Settlement Yuan", "1")
    member_guard.__init__(membership_)
    wiring.__init__(msg.sender)


@external
def wire(facilities: DynArray[address, 8]):
    wiring._wire(msg.sender)
    for facility: address in facilities:
        custody._register_facility(facility)


@external
def issue(org_id: uint256, amount: uint256, payment_reference: bytes32):
    # By a bank, for yuan that it has received.
    bank: uint256 = member_guard._check_role(role.BANK, msg.sender)
    wiring._check_sealed()
    assert amount != 0, "settlement_token: zero amount"
    assert payment_reference != empty(bytes32), "settlement_token: reference missing"
    assert (
        not self.is_payment_used[bank][payment_reference]
    ), "settlement_token: payment used already"
    word: uint256 = member_guard._standing_of(org_id)
    assert standing._is_active(word), "settlement_token: not an active organisation"
    self.is_payment_used[bank][payment_reference] = True
    self._bank_totals[bank].issued += amount
    erc20._mint(holder._holder(org_id), amount)
    log ISettlementToken.MoneyIssued(
        bank=bank,
        organisation=org_id,
        payment_reference=payment_reference,
        amount=amount,
        signer=msg.sender,
    )


@external
def transfer(to: address, amount: uint256) -> bool:
    self._move(msg.sender, msg.sender, to, amount)
    return True


@external
def transferFrom(owner: address, to: address, amount: uint256) -> bool:
    self._move(owner, msg.sender, to, amount)
    return True


@external
def transferAndCall(to: address, amount: uint256, data: Bytes[1024]) -> bool:
    # To a facility, which books the money in its callback (ERC-1363).
    debited: address = empty(address)
    by_right: bool = False
    debited, by_right = custody._debited(msg.sender, msg.sender)
    assert custody.is_facility[to], "settlement_token: receiver is no facility"
    credited: address = custody._credited(debited, to)
    erc20._transfer(debited, credited, amount)
    answer: bytes4 = extcall IMoneyReceiver(to).onTransferReceived(
        msg.sender, debited, amount, data
    )
    assert answer == _RECEIVED, "settlement_token: refused by receiver"
    return True


@external
def approve(spender: address, amount: uint256) -> bool:
    # Only a facility may be given the right to take money.
    owner: address = custody._member_holding(msg.sender)
    assert custody.is_facility[spender], "settlement_token: spender is no facility"
    erc20._approve(owner, spender, amount)
    return True


@external
def request_redemption(bank: uint256, amount: uint256, payee: bytes32) -> uint256:
    # `payee` is the hash of the bank account to be paid.
    org_id: uint256 = member_guard._check_member(msg.sender)
    assert amount != 0, "settlement_token: zero amount"
    word: uint256 = member_guard._standing_of(bank)
    assert (
        standing._is_active(word) and standing._roles(word) & role.BANK != 0
    ), "settlement_token: not an active bank"
    redemption_id: uint256 = self.redemption_count + 1
    self.redemption_count = redemption_id
    self._redemptions[redemption_id] = ISettlementToken.Redemption(
        organisation=org_id,
        bank=bank,
        amount=amount,
        payee=payee,
        requested_at=block.timestamp,
        status=REQUESTED,
    )
    self._bank_totals[bank].pending += amount
    erc20._transfer(holder._holder(org_id), self, amount)
    log ISettlementToken.RedemptionRequested(
        redemption=redemption_id,
        organisation=org_id,
        bank=bank,
        amount=amount,
        payee=payee,
        signer=msg.sender,
    )
    return redemption_id


@external
def pay_out(redemption_id: uint256, payout_reference: bytes32):
    # By the bank, before it sends the yuan: the record is its debt to the member.
    bank: uint256 = member_guard._check_role(role.BANK, msg.sender)
    request: ISettlementToken.Redemption = self._open(redemption_id)
    assert request.bank == bank, "settlement_token: another bank's redemption"
    assert payout_reference != empty(bytes32), "settlement_token: reference missing"
    assert (
        not self.is_payout_used[bank][payout_reference]
    ), "settlement_token: payout used already"
    self.is_payout_used[bank][payout_reference] = True
    self._redemptions[redemption_id].status = PAID_OUT
    self._bank_totals[bank].pending -= request.amount
    self._bank_totals[bank].paid_out += request.amount
    erc20._burn(self, request.amount)
    log ISettlementToken.RedemptionPaidOut(
        redemption=redemption_id,
        organisation=request.organisation,
        bank=bank,
        amount=request.amount,
        payout_reference=payout_reference,
        signer=msg.sender,
    )


@external
def reject_redemption(redemption_id: uint256, reason: String[160]):
    bank: uint256 = member_guard._check_role(role.BANK, msg.sender)
    request: ISettlementToken.Redemption = self._open(redemption_id)
    assert request.bank == bank, "settlement_token: another bank's redemption"
    assert len(reason) != 0, "settlement_token: reason missing"
    self._give_back(redemption_id, request, REJECTED)
    log ISettlementToken.RedemptionRejected(
        redemption=redemption_id,
        organisation=request.organisation,
        bank=bank,
        amount=request.amount,
        reason=reason,
        signer=msg.sender,
    )


@external
def cancel_redemption(redemption_id: uint256):
    # By the member, also a suspended one: the money goes back to its registry account.
    org_id: uint256 = member_guard._check_account(msg.sender)
    request: ISettlementToken.Redemption = self._open(redemption_id)
    assert request.organisation == org_id, "settlement_token: another member's redemption"
    self._give_back(redemption_id, request, CANCELLED)
    log ISettlementToken.RedemptionCancelled(
        redemption=redemption_id,
        organisation=org_id,
        bank=request.bank,
        amount=request.amount,
        signer=msg.sender,
    )


@external
@view
@reentrant  # a receiver may ask during its callback; balances are final by then
def balanceOf(owner: address) -> uint256:
    return erc20.balanceOf[custody._holding(owner)]


@external
@view
def allowance(owner: address, spender: address) -> uint256:
    return erc20.allowance[custody._holding(owner)][spender]


@external
@view
def redemption(redemption_id: uint256) -> ISettlementToken.Redemption:
    assert self._redemptions[redemption_id].status != 0, "settlement_token: no such redemption"
    return self._redemptions[redemption_id]


@external
@view
def bank_totals(bank: uint256) -> ISettlementToken.BankTotals:
    return self._bank_totals[bank]


@internal
def _move(owner: address, operator: address, to: address, amount: uint256):
    debited: address = empty(address)
    by_right: bool = False
    debited, by_right = custody._debited(owner, operator)
    credited: address = custody._credited(debited, to)
    # Money sent to a facility without its knowledge would belong to nobody.
    assert (
        credited == operator or not custody.is_facility[credited]
    ), "settlement_token: use transferAndCall"
    if not by_right:
        erc20._spend_allowance(debited, operator, amount)
    erc20._transfer(debited, credited, amount)


@internal
def _give_back(redemption_id: uint256, request: ISettlementToken.Redemption, status: uint256):
    self._redemptions[redemption_id].status = status
    self._bank_totals[request.bank].pending -= request.amount
    erc20._transfer(self, holder._holder(request.organisation), request.amount)


@internal
@view
def _open(redemption_id: uint256) -> ISettlementToken.Redemption:
    request: ISettlementToken.Redemption = self._redemptions[redemption_id]
    assert request.status == REQUESTED, "settlement_token: redemption not open"
    return request

# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title The register of units
@license AGPL-3.0-or-later
@notice Allowances by vintage and offset credits by project and vintage, ERC-1155, in kilograms of
        CO2e. An organisation's units lie under its registry account, and each of its accounts
        stands for it. Units move only between active members and facilities (the market); from a
        facility back to their organisation they always move. Frozen units do not leave. Every issue
        and every retirement takes the next serials of its token id, and each retirement is a
        certificate that is found by its id and by every serial in it. Always: issued = held +
        surrendered + cancelled, and what is clawed back counts as cancelled.
@custom:kill None. A regulator freezes or claws back, with a reason, and only as a member.
"""

from snekmate.auth import ownable
from snekmate.tokens import erc1155

from .interfaces import ICarbonLedger

implements: ICarbonLedger

from .modules import custody
from .modules import freezes
from .modules import holder
from .modules import instrument
from .modules import member_guard
from .modules import role
from .modules import serial_book
from .modules import standing
from .modules import wiring

initializes: ownable
initializes: erc1155[ownable := ownable]
initializes: member_guard
initializes: custody[member_guard := member_guard]
initializes: freezes
initializes: serial_book
initializes: wiring

exports: (
    custody.is_facility,
    erc1155.supportsInterface,
    erc1155.uri,
    member_guard.membership,
    wiring.is_sealed,
    wiring.seal,
)

SURRENDER: constant(uint256) = 1  # by Compliance, against a duty
CANCELLATION: constant(uint256) = 2  # voluntary, by the holder
CLAW_BACK: constant(uint256) = 3  # by a regulator or the issuer

_ISSUES: constant(uint256) = 1  # books of serial_book
_RETIREMENTS: constant(uint256) = 2

is_issuer: public(HashMap[uint256, HashMap[address, bool]])  # kind of units
is_retirer: public(HashMap[address, bool])

_surrendered_kg: HashMap[uint256, uint256]


@deploy
def __init__(membership_: address, base_uri: String[80]):
    ownable.__init__()
    erc1155.__init__(base_uri)
    member_guard.__init__(membership_)
    wiring.__init__(msg.sender)


@external
def wire(
    issuers: DynArray[ICarbonLedger.Issuer, 8],
    retirers: DynArray[address, 4],
    facilities: DynArray[address, 8],
):
    wiring._wire(msg.sender)
    for entry: ICarbonLedger.Issuer in issuers:
        self.is_issuer[entry.kind][entry.issuer] = True
    for retirer: address in retirers:
        self.is_retirer[retirer] = True
    for facility: address in facilities:
        custody._register_facility(facility)


@external
def issue(org_id: uint256, token_id: uint256, amount_kg: uint256, basis: bytes32) -> uint256:
    # By the contract registered as issuer of the kind. Returns the first serial.
    wiring._check_sealed()
    instrument._check(token_id)
    assert (
        self.is_issuer[instrument._kind(token_id)][msg.sender]
    ), "carbon_ledger: not an issuer of this kind"
    word: uint256 = member_guard._standing_of(org_id)
    assert standing._is_active(word), "carbon_ledger: not an active organisation"
    block_id: uint256 = 0
    first_serial: uint256 = 0
    block_id, first_serial = serial_book._append(_ISSUES, token_id, org_id, amount_kg, 0, basis)
    erc1155._safe_mint(holder._holder(org_id), token_id, amount_kg, b"")
    log ICarbonLedger.UnitsIssued(
        token_id=token_id,
        organisation=org_id,
        block_id=block_id,
        first_serial=first_serial,
        amount_kg=amount_kg,
        basis=basis,
        issuer=msg.sender,
    )
    return first_serial


@external
def safeTransferFrom(owner: address, to: address, id: uint256, amount: uint256, data: Bytes[1024]):
    debited: address = self._debited(owner, msg.sender)
    credited: address = custody._credited(debited, to)
    self._check_free(debited, id, amount)
    erc1155._safe_transfer_from(debited, credited, id, amount, data)


@external
def safeBatchTransferFrom(
    owner: address,
    to: address,
    ids: DynArray[uint256, 128],
    amounts: DynArray[uint256, 128],
    data: Bytes[1024],
):
    debited: address = self._debited(owner, msg.sender)
    credited: address = custody._credited(debited, to)
    org_id: uint256 = holder._organisation(debited)
    if org_id != 0 and freezes._has_any(org_id):
        assert len(ids) == len(amounts), "carbon_ledger: ids and amounts differ"
        for id: uint256 in ids:  # a repeated id counts all its amounts
            leaving: uint256 = 0
            for other: uint256 in range(len(ids), bound=128):
                if ids[other] == id:
                    leaving += amounts[other]
            self._check_free(debited, id, leaving)
    erc1155._safe_batch_transfer_from(debited, credited, ids, amounts, data)


@external
def setApprovalForAll(operator: address, approved: bool):
    # Only a facility may be given the right to take units.
    owner: address = custody._member_holding(msg.sender)
    assert custody.is_facility[operator], "carbon_ledger: operator is no facility"
    erc1155._set_approval_for_all(owner, operator, approved)


@external
def retire(
    org_id: uint256, token_id: uint256, amount_kg: uint256, purpose: uint8, reference: bytes32
) -> uint256:
    # By a registered retirer for a surrender or a cancellation, by the holder for a cancellation.
    # Returns the certificate's id.
    if self.is_retirer[msg.sender]:
        assert (
            purpose == convert(SURRENDER, uint8) or purpose == convert(CANCELLATION, uint8)
        ), "carbon_ledger: purpose not allowed"
    else:
        assert (member_guard._check_member(msg.sender) == org_id), "carbon_ledger: not the holder"
        assert purpose == convert(CANCELLATION, uint8), "carbon_ledger: purpose not allowed"
    self._check_free(holder._holder(org_id), token_id, amount_kg)
    return self._retire(
        org_id, token_id, amount_kg, convert(purpose, uint256), reference, msg.sender
    )


@external
def claw_back(
    org_id: uint256,
    token_id: uint256,
    amount_kg: uint256,
    reason: String[160],
    document: bytes32,
) -> uint256:
    # By a regulator or an issuer of the kind; reaches frozen units and suspended organisations.
    if not self.is_issuer[instrument._kind(token_id)][msg.sender]:
        member_guard._check_role(role.REGULATOR, msg.sender)
    self._check_reason(reason)
    certificate_id: uint256 = self._retire(
        org_id, token_id, amount_kg, CLAW_BACK, document, msg.sender
    )
    log ICarbonLedger.UnitsClawedBack(
        token_id=token_id,
        organisation=org_id,
        certificate_id=certificate_id,
        amount_kg=amount_kg,
        reason=reason,
        signer=msg.sender,
    )
    return certificate_id


@external
def freeze(org_id: uint256, token_id: uint256, amount_kg: uint256, reason: String[160]):
    member_guard._check_role(role.REGULATOR, msg.sender)
    self._check_organisation(org_id)
    instrument._check(token_id)
    self._check_reason(reason)
    old_frozen_kg: uint256 = freezes._freeze(org_id, token_id, amount_kg)
    log ICarbonLedger.UnitsFrozen(
        token_id=token_id,
        organisation=org_id,
        old_frozen_kg=old_frozen_kg,
        new_frozen_kg=old_frozen_kg + amount_kg,
        reason=reason,
        signer=msg.sender,
    )


@external
def unfreeze(org_id: uint256, token_id: uint256, amount_kg: uint256, reason: String[160]):
    member_guard._check_role(role.REGULATOR, msg.sender)
    self._check_reason(reason)
    old_frozen_kg: uint256 = freezes._unfreeze(org_id, token_id, amount_kg)
    log ICarbonLedger.UnitsUnfrozen(
        token_id=token_id,
        organisation=org_id,
        old_frozen_kg=old_frozen_kg,
        new_frozen_kg=old_frozen_kg - amount_kg,
        reason=reason,
        signer=msg.sender,
    )


@external
def freeze_holder(org_id: uint256, reason: String[160]):
    member_guard._check_role(role.REGULATOR, msg.sender)
    self._check_organisation(org_id)
    self._check_reason(reason)
    freezes._freeze_whole(org_id)
    log ICarbonLedger.HolderFrozen(organisation=org_id, reason=reason, signer=msg.sender)


@external
def unfreeze_holder(org_id: uint256, reason: String[160]):
    member_guard._check_role(role.REGULATOR, msg.sender)
    self._check_reason(reason)
    freezes._unfreeze_whole(org_id)
    log ICarbonLedger.HolderUnfrozen(organisation=org_id, reason=reason, signer=msg.sender)


@external
@view
@reentrant  # a receiver may ask during its callback; balances are final by then
def balanceOf(owner: address, id: uint256) -> uint256:
    return erc1155.balanceOf[custody._holding(owner)][id]


@external
@view
@reentrant  # as `balanceOf`
def balanceOfBatch(
    owners: DynArray[address, 128], ids: DynArray[uint256, 128]
) -> DynArray[uint256, 128]:
    assert len(owners) == len(ids), "carbon_ledger: owners and ids differ"
    balances: DynArray[uint256, 128] = []
    for owner: address in owners:
        balances.append(erc1155.balanceOf[custody._holding(owner)][ids[len(balances)]])
    return balances


@external
@view
def isApprovedForAll(owner: address, operator: address) -> bool:
    return erc1155.isApprovedForAll[custody._holding(owner)][operator]


@external
@view
@reentrant  # as `balanceOf`
def holding(org_id: uint256, token_id: uint256) -> uint256:
    return erc1155.balanceOf[holder._holder(org_id)][token_id]


@external
@view
@reentrant  # as `balanceOf`
def free_holding(org_id: uint256, token_id: uint256) -> uint256:
    # What may leave: the holding without what is frozen.
    return freezes._free(org_id, token_id, erc1155.balanceOf[holder._holder(org_id)][token_id])


@external
@view
def frozen_kg(org_id: uint256, token_id: uint256) -> uint256:
    return freezes._frozen[org_id][token_id]


@external
@view
def is_holder_frozen(org_id: uint256) -> bool:
    return freezes._is_whole(org_id)


@external
@view
def supply(token_id: uint256) -> ICarbonLedger.Supply:
    surrendered_kg: uint256 = self._surrendered_kg[token_id]
    return ICarbonLedger.Supply(
        issued_kg=serial_book._consumed(_ISSUES, token_id),
        held_kg=erc1155.total_supply[token_id],
        surrendered_kg=surrendered_kg,
        cancelled_kg=serial_book._consumed(_RETIREMENTS, token_id) - surrendered_kg,
    )


@external
@view
def certificate(certificate_id: uint256) -> ICarbonLedger.Certificate:
    word: uint256 = serial_book._entry(_RETIREMENTS, certificate_id)
    return ICarbonLedger.Certificate(
        token_id=certificate_id >> 40,
        organisation=serial_book._organisation(word),
        first_serial=serial_book._first(word),
        amount_kg=serial_book._amount(word),
        retired_at=serial_book._time(word),
        purpose=serial_book._tag(word),
        reference=serial_book._documents[_RETIREMENTS][certificate_id],
    )


@external
@view
def certificate_count(token_id: uint256) -> uint256:
    return serial_book._counts[_RETIREMENTS][token_id]


@external
@view
def certificate_of_serial(token_id: uint256, serial: uint256) -> uint256:
    return serial_book._find(_RETIREMENTS, token_id, serial)


@external
@view
def issue_block(block_id: uint256) -> ICarbonLedger.IssueBlock:
    word: uint256 = serial_book._entry(_ISSUES, block_id)
    return ICarbonLedger.IssueBlock(
        token_id=block_id >> 40,
        organisation=serial_book._organisation(word),
        first_serial=serial_book._first(word),
        amount_kg=serial_book._amount(word),
        issued_at=serial_book._time(word),
        basis=serial_book._documents[_ISSUES][block_id],
    )


@external
@view
def issue_block_count(token_id: uint256) -> uint256:
    return serial_book._counts[_ISSUES][token_id]


@external
@view
def issue_block_of_serial(token_id: uint256, serial: uint256) -> uint256:
    return serial_book._find(_ISSUES, token_id, serial)


@internal
def _retire(
    org_id: uint256,
    token_id: uint256,
    amount_kg: uint256,
    purpose: uint256,
    reference: bytes32,
    signer: address,
) -> uint256:
    erc1155._burn(holder._holder(org_id), token_id, amount_kg)
    certificate_id: uint256 = 0
    first_serial: uint256 = 0
    certificate_id, first_serial = serial_book._append(
        _RETIREMENTS, token_id, org_id, amount_kg, purpose, reference
    )
    if purpose == SURRENDER:
        self._surrendered_kg[token_id] += amount_kg
    log ICarbonLedger.UnitsRetired(
        token_id=token_id,
        organisation=org_id,
        certificate_id=certificate_id,
        first_serial=first_serial,
        amount_kg=amount_kg,
        purpose=purpose,
        reference=reference,
        signer=signer,
    )
    return certificate_id


@internal
@view
def _debited(owner: address, operator: address) -> address:
    debited: address = empty(address)
    by_right: bool = False
    debited, by_right = custody._debited(owner, operator)
    assert (by_right or erc1155.isApprovedForAll[debited][operator]), "carbon_ledger: not approved"
    return debited


@internal
@view
def _check_free(owner: address, token_id: uint256, amount_kg: uint256):
    # Freezes bind organisations; a facility's holding is the members' and its own rules bind it.
    org_id: uint256 = holder._organisation(owner)
    if org_id != 0:
        freezes._check_free(org_id, token_id, erc1155.balanceOf[owner][token_id], amount_kg)


@internal
@view
def _check_organisation(org_id: uint256):
    assert member_guard._standing_of(org_id) != 0, "carbon_ledger: no such organisation"


@internal
@pure
def _check_reason(reason: String[160]):
    assert len(reason) != 0, "carbon_ledger: reason missing"

# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Caps of the regions and allocation to emitters
@license AGPL-3.0-or-later
@notice For each region and year a regulator sets the environmental capacity, the cap below it and
        the target. An emitter is pre-allocated once, and once its figures are verified the final
        allocation tops up or claws back the difference; later corrections do the same. What a
        region's emitters are issued, with what is set aside for sale, never exceeds its cap. What
        cannot be clawed back because it was sold, and what Compliance records as shortfall, is owed
        and is withheld from the organisation's next allocations. Every act names its document.
@custom:kill None.
"""

from .interfaces import IAllocation
from .interfaces import ICarbonLedger

implements: IAllocation

from .modules import allocation_word
from .modules import instrument
from .modules import member_guard
from .modules import role
from .modules import standing
from .modules import wiring

initializes: member_guard
initializes: wiring

exports: (
    member_guard.membership,
    wiring.is_sealed,
    wiring.seal,
)

# Acts, in the events and as argument of `refusal`.
PRE_ALLOCATION: constant(uint256) = 1
FINAL_ALLOCATION: constant(uint256) = 2
TOP_UP: constant(uint256) = 3
CLAW_BACK: constant(uint256) = 4

# Stages of an account.
_NONE: constant(uint256) = 0
_PRE_ALLOCATED: constant(uint256) = 1
_FINAL: constant(uint256) = 2

_MAX_KG: constant(uint256) = 2**88 - 1  # see allocation_word
_BATCH: constant(uint256) = 256  # 256 grants cost 31M gas, tests/unit/register/test_allocation.py

ledger: public(immutable(ICarbonLedger))
is_recorder: public(HashMap[address, bool])  # contracts that may reduce the next allocation
owed_kg: public(HashMap[uint256, uint256])

_plans: HashMap[uint256, HashMap[uint256, IAllocation.Plan]]  # region, period
_accounts: HashMap[uint256, HashMap[uint256, uint256]]  # organisation, period


@deploy
def __init__(membership_: address, ledger_: address):
    member_guard.__init__(membership_)
    wiring.__init__(msg.sender)
    ledger = ICarbonLedger(ledger_)


@external
def wire(recorders: DynArray[address, 4]):
    wiring._wire(msg.sender)
    for recorder: address in recorders:
        self.is_recorder[recorder] = True


@external
def set_plan(
    region: uint256,
    period: uint256,
    cap_kg: uint256,
    target_kg: uint256,
    capacity_kg: uint256,
    document: bytes32,
):
    self._check_act(document, msg.sender)
    instrument._check(instrument._allowance(period))
    old: IAllocation.Plan = self._plans[region][period]
    assert cap_kg != 0, "allocation: cap is zero"
    assert cap_kg <= _MAX_KG, "allocation: cap too large"
    assert cap_kg <= capacity_kg, "allocation: cap above capacity"
    assert cap_kg >= old.allocated_kg, "allocation: cap below what is allocated"
    self._plans[region][period] = IAllocation.Plan(
        cap_kg=cap_kg,
        target_kg=target_kg,
        capacity_kg=capacity_kg,
        allocated_kg=old.allocated_kg,
        document=document,
    )
    log IAllocation.PlanSet(
        region=region,
        period=period,
        old_cap_kg=old.cap_kg,
        new_cap_kg=cap_kg,
        target_kg=target_kg,
        capacity_kg=capacity_kg,
        document=document,
        signer=msg.sender,
    )


@external
def pre_allocate(org_id: uint256, period: uint256, amount_kg: uint256, document: bytes32):
    self._check_act(document, msg.sender)
    self._allocate(PRE_ALLOCATION, org_id, period, amount_kg, document, msg.sender)


@external
def finalise(org_id: uint256, period: uint256, amount_kg: uint256, document: bytes32):
    # `amount_kg` is the whole final entitlement; the difference is topped up or clawed back.
    self._check_act(document, msg.sender)
    self._allocate(FINAL_ALLOCATION, org_id, period, amount_kg, document, msg.sender)


@external
def top_up(org_id: uint256, period: uint256, amount_kg: uint256, document: bytes32):
    self._check_act(document, msg.sender)
    self._allocate(TOP_UP, org_id, period, amount_kg, document, msg.sender)


@external
def claw_back(org_id: uint256, period: uint256, amount_kg: uint256, document: bytes32):
    self._check_act(document, msg.sender)
    self._allocate(CLAW_BACK, org_id, period, amount_kg, document, msg.sender)


@external
def pre_allocate_many(
    period: uint256,
    grants: DynArray[IAllocation.Grant, _BATCH],
    atomic: bool,
    document: bytes32,
) -> uint256:
    # Returns how many were allocated. Unless `atomic`, a refused one is logged and left out.
    self._check_act(document, msg.sender)
    return self._allocate_many(PRE_ALLOCATION, period, grants, atomic, document, msg.sender)


@external
def finalise_many(
    period: uint256,
    grants: DynArray[IAllocation.Grant, _BATCH],
    atomic: bool,
    document: bytes32,
) -> uint256:
    # As `pre_allocate_many`.
    self._check_act(document, msg.sender)
    return self._allocate_many(FINAL_ALLOCATION, period, grants, atomic, document, msg.sender)


@external
def set_aside(region: uint256, period: uint256, amount_kg: uint256, document: bytes32):
    # Issues to the regulator's own organisation, for paid allocation, within the region's cap.
    org_id: uint256 = self._check_act(document, msg.sender)
    assert amount_kg != 0, "allocation: zero amount"
    refusal: String[60] = self._cap_refusal(region, period, amount_kg)
    assert len(refusal) == 0, refusal
    self._plans[region][period].allocated_kg += amount_kg
    extcall ledger.issue(org_id, instrument._allowance(period), amount_kg, document)
    log IAllocation.AllowancesSetAside(
        region=region,
        period=period,
        organisation=org_id,
        amount_kg=amount_kg,
        document=document,
        signer=msg.sender,
    )


@external
def reduce_next(org_id: uint256, amount_kg: uint256, case: bytes32):
    # By a wired contract (Compliance, Incentives), which answers for recording a case once.
    wiring._check_sealed()
    assert self.is_recorder[msg.sender], "allocation: not a recorder"
    assert member_guard._standing_of(org_id) != 0, "allocation: no such organisation"
    assert amount_kg != 0, "allocation: zero amount"
    owed: uint256 = self.owed_kg[org_id] + amount_kg
    self.owed_kg[org_id] = owed
    log IAllocation.ReductionRecorded(
        organisation=org_id, amount_kg=amount_kg, owed_kg=owed, case=case, recorder=msg.sender
    )


@external
@view
def plan(region: uint256, period: uint256) -> IAllocation.Plan:
    return self._plans[region][period]


@external
@view
def account(org_id: uint256, period: uint256) -> IAllocation.Account:
    word: uint256 = self._accounts[org_id][period]
    return IAllocation.Account(
        region=allocation_word._region(word),
        entitled_kg=allocation_word._entitled(word),
        issued_kg=allocation_word._issued(word),
        stage=allocation_word._stage(word),
    )


@external
@view
def refusal(act: uint256, org_id: uint256, period: uint256, amount_kg: uint256) -> String[60]:
    # Why an act would be refused now, empty if it would not; a batch is checked by it beforehand.
    return self._refusal(act, org_id, period, amount_kg)


@internal
def _allocate_many(
    act: uint256,
    period: uint256,
    grants: DynArray[IAllocation.Grant, _BATCH],
    atomic: bool,
    document: bytes32,
    signer: address,
) -> uint256:
    allocated: uint256 = 0
    for grant: IAllocation.Grant in grants:
        if not atomic:
            refusal: String[60] = self._refusal(act, grant.organisation, period, grant.amount_kg)
            if len(refusal) != 0:
                log IAllocation.AllocationRefused(
                    organisation=grant.organisation,
                    period=period,
                    amount_kg=grant.amount_kg,
                    reason=refusal,
                    signer=signer,
                )
                continue
        self._allocate(act, grant.organisation, period, grant.amount_kg, document, signer)
        allocated += 1
    return allocated


@internal
def _allocate(
    act: uint256,
    org_id: uint256,
    period: uint256,
    amount_kg: uint256,
    document: bytes32,
    signer: address,
):
    refusal: String[60] = self._refusal(act, org_id, period, amount_kg)
    assert len(refusal) == 0, refusal
    word: uint256 = self._accounts[org_id][period]
    old_kg: uint256 = allocation_word._entitled(word)
    new_kg: uint256 = self._entitlement(act, old_kg, amount_kg)
    if new_kg >= old_kg:
        self._grant(act, org_id, period, old_kg, new_kg, document, signer)
    else:
        self._withdraw(act, org_id, period, old_kg, new_kg, document, signer)


@internal
def _grant(
    act: uint256,
    org_id: uint256,
    period: uint256,
    old_kg: uint256,
    new_kg: uint256,
    document: bytes32,
    signer: address,
):
    word: uint256 = self._accounts[org_id][period]
    region: uint256 = self._region(word, org_id)
    owed: uint256 = self.owed_kg[org_id]
    withheld: uint256 = min(owed, new_kg - old_kg)
    issued: uint256 = new_kg - old_kg - withheld
    self._accounts[org_id][period] = allocation_word._pack(
        region, self._next_stage(act, word), new_kg, allocation_word._issued(word) + issued
    )
    if withheld != 0:
        self.owed_kg[org_id] = owed - withheld
    if issued != 0:
        self._plans[region][period].allocated_kg += issued
        extcall ledger.issue(org_id, instrument._allowance(period), issued, document)
    log IAllocation.AllowancesAllocated(
        organisation=org_id,
        period=period,
        region=region,
        act=act,
        old_entitled_kg=old_kg,
        new_entitled_kg=new_kg,
        issued_kg=issued,
        withheld_kg=withheld,
        document=document,
        signer=signer,
    )


@internal
def _withdraw(
    act: uint256,
    org_id: uint256,
    period: uint256,
    old_kg: uint256,
    new_kg: uint256,
    document: bytes32,
    signer: address,
):
    # Takes what is still held of this vintage and was issued here; the rest is owed.
    word: uint256 = self._accounts[org_id][period]
    region: uint256 = allocation_word._region(word)
    token_id: uint256 = instrument._allowance(period)
    issued: uint256 = allocation_word._issued(word)
    reachable: uint256 = min(issued, staticcall ledger.holding(org_id, token_id))
    taken: uint256 = min(old_kg - new_kg, reachable)
    owed: uint256 = old_kg - new_kg - taken
    self._accounts[org_id][period] = allocation_word._pack(
        region, self._next_stage(act, word), new_kg, issued - taken
    )
    if owed != 0:
        self.owed_kg[org_id] += owed
    if taken != 0:
        self._plans[region][period].allocated_kg -= taken
        extcall ledger.claw_back(
            org_id, token_id, taken, "allocation above the entitlement", document
        )
    log IAllocation.AllowancesWithdrawn(
        organisation=org_id,
        period=period,
        region=region,
        act=act,
        old_entitled_kg=old_kg,
        new_entitled_kg=new_kg,
        clawed_back_kg=taken,
        owed_kg=owed,
        document=document,
        signer=signer,
    )


@internal
@view
def _refusal(act: uint256, org_id: uint256, period: uint256, amount_kg: uint256) -> String[60]:
    standing_word: uint256 = member_guard._standing_of(org_id)
    if standing_word == 0:
        return "allocation: no such organisation"
    if period == 0 or period > 65535:
        return "allocation: no such period"
    if amount_kg > _MAX_KG:
        return "allocation: amount too large"
    if amount_kg == 0 and act != FINAL_ALLOCATION:
        return "allocation: zero amount"
    word: uint256 = self._accounts[org_id][period]
    stage: uint256 = allocation_word._stage(word)
    old_kg: uint256 = allocation_word._entitled(word)
    if act == PRE_ALLOCATION and stage != _NONE:
        return "allocation: allocated already"
    if act == FINAL_ALLOCATION and stage == _FINAL:
        return "allocation: final already"
    if (act == TOP_UP or act == CLAW_BACK) and stage == _NONE:
        return "allocation: nothing to correct"
    if act == CLAW_BACK and amount_kg > old_kg:
        return "allocation: more than it is entitled to"
    new_kg: uint256 = self._entitlement(act, old_kg, amount_kg)
    if new_kg < old_kg:
        return ""  # penalties and debts reach suspended organisations too
    if new_kg > _MAX_KG:
        return "allocation: amount too large"
    if not standing._is_active(standing_word) or standing._roles(standing_word) & role.EMITTER == 0:
        return "allocation: not an active emitter"
    grant_kg: uint256 = new_kg - old_kg
    withheld_kg: uint256 = min(self.owed_kg[org_id], grant_kg)
    return self._cap_refusal(self._region(word, org_id), period, grant_kg - withheld_kg)


@internal
@view
def _cap_refusal(region: uint256, period: uint256, grant_kg: uint256) -> String[60]:
    cap_kg: uint256 = self._plans[region][period].cap_kg
    if cap_kg == 0:
        return "allocation: no cap for region and period"
    if self._plans[region][period].allocated_kg + grant_kg > cap_kg:
        return "allocation: cap exceeded"
    return ""


@internal
@view
def _region(word: uint256, org_id: uint256) -> uint256:
    # The region counts in which the organisation stood at its first allocation of the period.
    if allocation_word._stage(word) != _NONE:
        return allocation_word._region(word)
    return standing._region(member_guard._standing_of(org_id))


@internal
@pure
def _entitlement(act: uint256, old_kg: uint256, amount_kg: uint256) -> uint256:
    if act == TOP_UP:
        return old_kg + amount_kg
    if act == CLAW_BACK:
        return old_kg - amount_kg
    return amount_kg


@internal
@pure
def _next_stage(act: uint256, word: uint256) -> uint256:
    if act == PRE_ALLOCATION:
        return _PRE_ALLOCATED
    if act == FINAL_ALLOCATION:
        return _FINAL
    return allocation_word._stage(word)


@internal
@view
def _check_act(document: bytes32, actor: address) -> uint256:
    # A regulator, on a document, after the wiring.
    org_id: uint256 = member_guard._check_role(role.REGULATOR, actor)
    wiring._check_sealed()
    assert document != empty(bytes32), "allocation: document missing"
    return org_id

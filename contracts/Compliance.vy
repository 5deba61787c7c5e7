# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Duties, surrender, shortfall and carry-over
@license AGPL-3.0-or-later
@notice The duty of a period is the accepted verified emissions; nobody can state it, or declare it
        met. It is met by retiring units: allowances of the period's vintages, and offset credits up
        to a share of the duty. After the deadline anyone may have the shortfall recorded, which
        cuts the next allocation; what is missing and not cut stays due. The rules of a period are
        set once, before its deadline, and never changed.

        in time |------------ surrender ------------| deadline |---- late surrender ---->
                                                      record_shortfall ------------------>
                                                      carry_over --| carry deadline | lapse ->
@custom:kill There is no switch. A suspended organisation may still surrender: it pays a debt.
"""

from .interfaces import IAllocation
from .interfaces import ICarbonLedger
from .interfaces import ICompliance
from .interfaces import IOffsetCredits
from .interfaces import IVerifiedEmissions

implements: ICompliance

from .modules import instrument
from .modules import member_guard

initializes: member_guard

from .modules import role
from .modules import wiring

initializes: wiring

exports: (member_guard.membership, wiring.seal, wiring.is_sealed)

PPM: constant(uint256) = 1_000_000
MAX_ITEMS: constant(uint256) = 32
MAX_NET_SALES: constant(uint256) = 2**127
# Purposes of retirement, as CarbonLedger numbers them.
SURRENDER: constant(uint8) = 1
CANCELLATION: constant(uint8) = 2  # of what is carried over (and issued anew) or lapses

ledger: public(ICarbonLedger)
allocation: public(IAllocation)
emissions: public(IVerifiedEmissions)
offsets: public(IOffsetCredits)

surrender_count: public(uint256)
net_sold_kg: public(HashMap[uint256, HashMap[uint256, uint256]])  # organisation, period
carried_kg: public(HashMap[uint256, HashMap[uint256, uint256]])  # organisation, period
cut_kg: public(HashMap[uint256, HashMap[uint256, uint256]])  # taken from the next allocation
_rules: HashMap[uint256, ICompliance.Rules]  # unit_kg 0 means: not opened
_surrendered_kg: HashMap[uint256, HashMap[uint256, uint256]]
_in_time_kg: HashMap[uint256, HashMap[uint256, uint256]]
_offsets_kg: HashMap[uint256, HashMap[uint256, uint256]]
shortfall_kg: public(
    HashMap[uint256, HashMap[uint256, uint256]]
)  # organisation, period; as recorded
_in_time_when_recorded_kg: HashMap[uint256, HashMap[uint256, uint256]]
_certificates: HashMap[uint256, ICompliance.SurrenderCertificate]
_ledger_certificates: HashMap[uint256, DynArray[uint256, MAX_ITEMS]]


@deploy
def __init__(membership: address):
    member_guard.__init__(membership)
    wiring.__init__(msg.sender)


@external
def wire(ledger: address, allocation: address, emissions: address, offsets: address):
    wiring._wire(msg.sender)
    self.ledger = ICarbonLedger(ledger)
    self.allocation = IAllocation(allocation)
    self.emissions = IVerifiedEmissions(emissions)
    self.offsets = IOffsetCredits(offsets)


@external
def open_period(period: uint256, rules: ICompliance.Rules):
    """
    @notice Set the rules of a period, once, while its deadline lies ahead.
    """
    wiring._check_sealed()
    member_guard._check_role(role.REGULATOR, msg.sender)
    assert self._rules[period].unit_kg == 0, "compliance: period opened already"
    assert rules.rules_hash != empty(bytes32), "compliance: no hash of the rules"
    assert rules.unit_kg != 0, "compliance: unit must be positive"
    assert rules.deadline_at > block.timestamp, "compliance: deadline has passed"
    assert rules.offset_limit_ppm <= PPM, "compliance: share above one"
    assert rules.next_cut_ppm <= PPM, "compliance: share above one"
    assert rules.first_vintage != 0, "compliance: no first vintage"
    assert rules.first_vintage <= rules.last_vintage, "compliance: vintages out of order"
    assert (
        rules.carry_into_vintage > rules.last_vintage
    ), "compliance: carry-over into an old vintage"
    assert (
        rules.carry_deadline_at >= rules.deadline_at
    ), "compliance: carry-over before the deadline"
    self._rules[period] = rules
    log ICompliance.PeriodOpened(
        period=period,
        rules_hash=rules.rules_hash,
        deadline_at=rules.deadline_at,
        signer=msg.sender,
    )


@external
def surrender(period: uint256, items: DynArray[ICompliance.Item, MAX_ITEMS]) -> uint256:
    """
    @notice Retire units against the own duty of a period; also after the deadline, as what is due.
    @return The number of the certificate of surrender.
    """
    wiring._check_sealed()
    org_id: uint256 = member_guard._check_account(msg.sender)
    rules: ICompliance.Rules = self._opened(period)
    assert len(items) != 0, "compliance: nothing to surrender"
    accepted: bool = False
    duty: uint256 = 0
    deadline_at: uint256 = 0
    accepted, duty, deadline_at = self._duty(org_id, period)
    assert accepted, "compliance: no accepted emissions"

    surrender_id: uint256 = self.surrender_count + 1
    self.surrender_count = surrender_id
    total: uint256 = 0
    offsets: uint256 = 0
    for item: ICompliance.Item in items:
        assert item.amount_kg != 0, "compliance: amount must be positive"
        total += item.amount_kg
        offsets += self._check_item(org_id, rules, item)
    old_surrendered: uint256 = self._surrendered_kg[org_id][period]
    new_surrendered: uint256 = old_surrendered + total
    # What was cut from the next allocation is not owed a second time.
    settled: uint256 = new_surrendered + self.cut_kg[org_id][period]
    assert settled <= duty, "compliance: more than the duty"
    self._surrendered_kg[org_id][period] = new_surrendered
    if offsets != 0:
        offsets += self._offsets_kg[org_id][period]
        limit: uint256 = duty * rules.offset_limit_ppm // PPM  # floored: the market gains
        assert offsets <= limit, "compliance: offset share exceeded"
        self._offsets_kg[org_id][period] = offsets
    in_time: bool = block.timestamp <= deadline_at
    if in_time:
        self._in_time_kg[org_id][period] += total
    self._certificates[surrender_id] = ICompliance.SurrenderCertificate(
        organisation=org_id,
        period=period,
        amount_kg=total,
        surrendered_at=block.timestamp,
        in_time=in_time,
    )
    log ICompliance.DutySurrendered(
        surrender_id=surrender_id,
        organisation=org_id,
        period=period,
        amount_kg=total,
        old_surrendered_kg=old_surrendered,
        new_surrendered_kg=new_surrendered,
        duty_kg=duty,
        in_time=in_time,
        signer=msg.sender,
    )

    reference: bytes32 = self._identity(surrender_id)
    for item: ICompliance.Item in items:
        certificate: uint256 = extcall self.ledger.retire(
            org_id, item.token_id, item.amount_kg, SURRENDER, reference
        )
        self._ledger_certificates[surrender_id].append(certificate)
        log ICompliance.UnitsSurrendered(
            organisation=org_id,
            period=period,
            token_id=item.token_id,
            surrender_id=surrender_id,
            ledger_certificate=certificate,
            amount_kg=item.amount_kg,
            signer=msg.sender,
        )
    return surrender_id


@external
def record_shortfall(org_id: uint256, period: uint256):
    """
    @notice Record what was missing at the deadline and cut the next allocation. Anyone may call.
            A duty that a re-examination raises later can be recorded again, for the difference.
    """
    rules: ICompliance.Rules = self._opened(period)
    accepted: bool = False
    duty: uint256 = 0
    deadline_at: uint256 = 0
    accepted, duty, deadline_at = self._duty(org_id, period)
    assert accepted, "compliance: no accepted emissions"
    assert block.timestamp > deadline_at, "compliance: deadline not passed"
    in_time: uint256 = self._in_time_kg[org_id][period]
    assert in_time < duty, "compliance: no shortfall"
    old: uint256 = self.shortfall_kg[org_id][period]
    new: uint256 = duty - in_time
    assert new > old, "compliance: shortfall recorded already"
    self.shortfall_kg[org_id][period] = new
    self._in_time_when_recorded_kg[org_id][period] = in_time
    # The sum of all cuts equals the floored cut of the whole shortfall.
    cut: uint256 = new * rules.next_cut_ppm // PPM - old * rules.next_cut_ppm // PPM
    log ICompliance.ShortfallRecorded(
        organisation=org_id,
        period=period,
        old_shortfall_kg=old,
        new_shortfall_kg=new,
        next_cut_kg=cut,
        recorder=msg.sender,
    )
    if cut != 0:
        self.cut_kg[org_id][period] += cut
        case: bytes32 = keccak256(abi_encode(self, org_id, period, new))
        extcall self.allocation.reduce_next(org_id, cut, case)


@external
def correct_shortfall(org_id: uint256, period: uint256):
    """
    @notice Lower a recorded shortfall after a re-examination lowered the duty. Anyone may call.
            What is paid late never lowers it. A cut already made is restored by the regulator.
    """
    accepted: bool = False
    duty: uint256 = 0
    deadline_at: uint256 = 0
    accepted, duty, deadline_at = self._duty(org_id, period)
    assert accepted, "compliance: no accepted emissions"
    old: uint256 = self.shortfall_kg[org_id][period]
    in_time: uint256 = self._in_time_when_recorded_kg[org_id][period]
    new: uint256 = 0
    if duty > in_time:
        new = duty - in_time
    assert new < old, "compliance: nothing to correct"
    self.shortfall_kg[org_id][period] = new
    log ICompliance.ShortfallCorrected(
        organisation=org_id,
        period=period,
        old_shortfall_kg=old,
        new_shortfall_kg=new,
        recorder=msg.sender,
    )


@external
def record_net_sales(org_id: uint256, period: uint256, net_sold_kg: uint256, document: bytes32):
    """
    @notice Record the net sales that the carry-over formula counts, from the public trades.
    """
    member_guard._check_role(role.REGULATOR, msg.sender)
    self._opened(period)
    assert document != empty(bytes32), "compliance: no document"
    assert net_sold_kg < MAX_NET_SALES, "compliance: net sales too large"
    self.net_sold_kg[org_id][period] = net_sold_kg
    log ICompliance.NetSalesRecorded(
        organisation=org_id,
        period=period,
        net_sold_kg=net_sold_kg,
        document=document,
        signer=msg.sender,
    )


@external
def carry_over(period: uint256, token_id: uint256, amount_kg: uint256) -> uint256:
    """
    @notice Exchange own allowances of the period's vintages for the same amount of the next one.
    @return The first serial of the new allowances.
    """
    org_id: uint256 = member_guard._check_member(msg.sender)
    rules: ICompliance.Rules = self._opened(period)
    assert amount_kg != 0, "compliance: amount must be positive"
    assert block.timestamp > rules.deadline_at, "compliance: deadline not passed"
    assert block.timestamp <= rules.carry_deadline_at, "compliance: carry-over has ended"
    self._check_allowance(rules, token_id)
    accepted: bool = False
    duty: uint256 = 0
    deadline_at: uint256 = 0
    accepted, duty, deadline_at = self._duty(org_id, period)
    if accepted:
        settled: uint256 = self._surrendered_kg[org_id][period] + self.cut_kg[org_id][period]
        assert settled >= duty, "compliance: duty not met"
    old: uint256 = self.carried_kg[org_id][period]
    new: uint256 = old + amount_kg
    if not rules.carry_unlimited:
        assert new <= self._carry_limit(org_id, period, rules), "compliance: carry-over exceeded"
    self.carried_kg[org_id][period] = new

    reference: bytes32 = keccak256(abi_encode(self, org_id, period, new))
    into: uint256 = instrument._allowance(rules.carry_into_vintage)
    certificate: uint256 = extcall self.ledger.retire(
        org_id, token_id, amount_kg, CANCELLATION, reference
    )
    first_serial: uint256 = extcall self.ledger.issue(org_id, into, amount_kg, reference)
    log ICompliance.AllowancesCarriedOver(
        organisation=org_id,
        period=period,
        token_id=token_id,
        into_token_id=into,
        amount_kg=amount_kg,
        old_carried_kg=old,
        new_carried_kg=new,
        ledger_certificate=certificate,
        first_serial=first_serial,
        signer=msg.sender,
    )
    return first_serial


@external
def lapse(org_id: uint256, period: uint256, token_id: uint256):
    """
    @notice Retire what was not carried over in time. Anyone may call, for each holding by itself.
            Units that lie elsewhere (in a trading account) count for no later duty anyway.
    """
    rules: ICompliance.Rules = self._opened(period)
    assert not rules.carry_unlimited, "compliance: allowances do not lapse"
    assert block.timestamp > rules.carry_deadline_at, "compliance: carry-over has not ended"
    self._check_allowance(rules, token_id)
    amount: uint256 = staticcall self.ledger.free_holding(org_id, token_id)
    assert amount != 0, "compliance: nothing to lapse"
    reference: bytes32 = keccak256(abi_encode(self, org_id, period, token_id))
    certificate: uint256 = extcall self.ledger.retire(
        org_id, token_id, amount, CANCELLATION, reference
    )
    log ICompliance.AllowancesLapsed(
        organisation=org_id,
        period=period,
        token_id=token_id,
        amount_kg=amount,
        ledger_certificate=certificate,
        caller=msg.sender,
    )


@external
@view
def rules(period: uint256) -> ICompliance.Rules:
    return self._opened(period)


@external
@view
def duty(org_id: uint256, period: uint256) -> ICompliance.Duty:
    """
    @notice The state of a duty: all facts, none of them stated by the organisation itself.
    """
    self._opened(period)
    accepted: bool = False
    duty: uint256 = 0
    deadline_at: uint256 = 0
    accepted, duty, deadline_at = self._duty(org_id, period)
    surrendered: uint256 = self._surrendered_kg[org_id][period]
    settled: uint256 = surrendered + self.cut_kg[org_id][period]
    outstanding: uint256 = 0
    if duty > settled:
        outstanding = duty - settled
    return ICompliance.Duty(
        accepted=accepted,
        duty_kg=duty,
        surrendered_kg=surrendered,
        in_time_kg=self._in_time_kg[org_id][period],
        offsets_kg=self._offsets_kg[org_id][period],
        outstanding_kg=outstanding,
        deadline_at=deadline_at,
        recorded_shortfall_kg=self.shortfall_kg[org_id][period],
    )


@external
@view
def carry_over_limit(org_id: uint256, period: uint256) -> uint256:
    """
    @notice What the organisation may still carry over, whatever it holds.
    """
    rules: ICompliance.Rules = self._opened(period)
    if rules.carry_unlimited:
        return max_value(uint256)
    limit: uint256 = self._carry_limit(org_id, period, rules)
    # a corrected figure of net sales may lie below what was carried over under the earlier one
    return limit - min(limit, self.carried_kg[org_id][period])


@external
@view
def surrender_certificate(surrender_id: uint256) -> ICompliance.SurrenderCertificate:
    assert surrender_id != 0, "compliance: no such certificate"
    assert surrender_id <= self.surrender_count, "compliance: no such certificate"
    return self._certificates[surrender_id]


@external
@view
def ledger_certificates(surrender_id: uint256) -> DynArray[uint256, MAX_ITEMS]:
    """
    @notice The retirements behind a certificate; each names its serial interval in the ledger.
    """
    return self._ledger_certificates[surrender_id]


@external
@view
def certificate_identity(surrender_id: uint256) -> bytes32:
    """
    @notice The public identity of a certificate: unique over chains and deployments.
    """
    return self._identity(surrender_id)


@internal
@view
def _opened(period: uint256) -> ICompliance.Rules:
    rules: ICompliance.Rules = self._rules[period]
    assert rules.unit_kg != 0, "compliance: period not opened"
    return rules


@internal
@view
def _duty(org_id: uint256, period: uint256) -> (bool, uint256, uint256):
    # Whether emissions are accepted, the duty in kg (half a unit rounds up), and the deadline: late
    # acceptance leaves the grace that the rules give.
    rules: ICompliance.Rules = self._opened(period)
    accepted: bool = False
    amount: uint256 = 0
    accepted, amount = staticcall self.emissions.verified_emissions(org_id, period)
    if not accepted:
        return False, 0, rules.deadline_at
    duty: uint256 = (amount + rules.unit_kg // 2) // rules.unit_kg * rules.unit_kg
    facts: IVerifiedEmissions.ReportFacts = staticcall self.emissions.report_facts(org_id, period)
    return True, duty, max(rules.deadline_at, facts.accepted_at + rules.acceptance_grace_seconds)


@internal
@view
def _check_item(org_id: uint256, rules: ICompliance.Rules, item: ICompliance.Item) -> uint256:
    # How much of the item counts against the offset limit.
    instrument._check(item.token_id)
    if instrument._kind(item.token_id) == instrument.ALLOWANCE:
        self._check_allowance(rules, item.token_id)
        return 0
    vintage: uint256 = instrument._vintage(item.token_id)
    assert vintage >= rules.first_offset_vintage, "compliance: vintage not accepted"
    assert vintage <= rules.last_vintage, "compliance: vintage not accepted"
    assert staticcall self.offsets.is_usable(item.token_id), "compliance: offset not usable"
    if rules.own_offsets_refused:
        owner: uint256 = staticcall self.offsets.project_owner(instrument._project(item.token_id))
        assert owner != org_id, "compliance: offset of an own project"
    return item.amount_kg


@internal
@pure
def _check_allowance(rules: ICompliance.Rules, token_id: uint256):
    instrument._check(token_id)
    assert instrument._kind(token_id) == instrument.ALLOWANCE, "compliance: not an allowance"
    vintage: uint256 = instrument._vintage(token_id)
    assert vintage >= rules.first_vintage, "compliance: vintage not accepted"
    assert vintage <= rules.last_vintage, "compliance: vintage not accepted"


@internal
@view
def _carry_limit(org_id: uint256, period: uint256, rules: ICompliance.Rules) -> uint256:
    # min(base + multiplier x net sales, holding): the ledger enforces the holding. Floored.
    return (
        rules.carry_base_kg + self.net_sold_kg[org_id][period] * rules.carry_multiplier_ppm // PPM
    )


@internal
@view
def _identity(surrender_id: uint256) -> bytes32:
    return keccak256(abi_encode(chain.id, self, surrender_id))

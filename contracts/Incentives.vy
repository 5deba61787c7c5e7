# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Rewards and penalties by sealed rules
@license AGPL-3.0-or-later
@notice A rule has a trigger that this contract checks against facts on the chain, and a formula for
        the amount with a cap per case and per period. Whoever is entitled opens a case; a case
        whose trigger does not hold reverts; the same case is never opened twice. A reward is paid
        at once. A penalty locks the coins, waits for an appeal, and is deducted then; facts that
        were corrected meanwhile end it. A period keeps the rules that were in force when it began;
        new rules need a vote and a delay, and apply to later periods only.

        | trigger                 | organisation | holds when                                       |
        |-------------------------|--------------|--------------------------------------------------|
        | 1 honest report         | emitter      | accepted, in time, declared within the tolerance |
        | 2 misreport             | emitter      | declared departs from accepted beyond tolerance  |
        | 3 late report           | emitter      | submitted after the deadline                     |
        | 4 missing report        | emitter      | nothing submitted `wait_seconds` after it        |
        | 5 below benchmark       | emitter      | accepted under the final allocation              |
        | 6 below last period     | emitter      | accepted under the period before                 |
        | 7 market default        | any          | obligation `subject` of that year defaulted      |
        | 8 shortfall             | emitter      | recorded by Compliance                           |
        | 9 endorsement upheld    | verifier     | its figure for `subject` was accepted            |
        | 10 endorsement overturned | verifier   | its figure for `subject` was overturned          |
        | 11 penalty by decision  | another      | document `subject`, regulator only               |
        | 12 reward by decision   | another      | document `subject`, regulator only               |
@custom:kill There is no switch. Penalties reach a suspended organisation, rewards wait for it.
"""

from .interfaces import IAllocation
from .interfaces import IMarginSettlement
from .interfaces import IMembership
from .interfaces import ICompliance
from .interfaces import ICreditCoin
from .interfaces import IIncentives
from .interfaces import IVerifiedEmissions

implements: IIncentives

from .modules import calendar
from .modules import member_guard
from .modules import role
from .modules import standing
from .modules import wiring

initializes: member_guard
initializes: wiring

exports: (member_guard.membership, wiring.seal, wiring.is_sealed)

HONEST_REPORT: constant(uint256) = 1
MISREPORT: constant(uint256) = 2
LATE_REPORT: constant(uint256) = 3
MISSING_REPORT: constant(uint256) = 4
BELOW_BENCHMARK: constant(uint256) = 5
BELOW_LAST_PERIOD: constant(uint256) = 6
MARKET_DEFAULT: constant(uint256) = 7
SHORTFALL: constant(uint256) = 8
ENDORSEMENT_UPHELD: constant(uint256) = 9
ENDORSEMENT_OVERTURNED: constant(uint256) = 10
PENALTY_DECISION: constant(uint256) = 11
REWARD_DECISION: constant(uint256) = 12
TRIGGERS: constant(uint256) = 12
# One bit per trigger that rewards.
REWARDS: constant(uint256) = (1 << 1) | (1 << 5) | (1 << 6) | (1 << 9) | (1 << 12)

OPEN: constant(uint256) = 1
APPEALED: constant(uint256) = 2
DONE: constant(uint256) = 3
DISMISSED: constant(uint256) = 4

VOTING: constant(uint256) = 1
ENACTED: constant(uint256) = 2

PPM: constant(uint256) = 1_000_000
UNIT: constant(uint256) = 1_000
MAX_AMOUNT: constant(uint256) = 2**96
MAX_VERSIONS: constant(uint256) = 64
FINAL_ALLOCATION: constant(uint256) = 2  # stage of an Allocation account
DEFAULTED: constant(uint256) = 3  # status of a market obligation
VOTERS: constant(uint256) = (
    role.REGULATOR | role.EMITTER | role.VERIFIER | role.EXCHANGE | role.BANK | role.OPERATOR
)

vote_seconds: public(immutable(uint256))
delay_seconds: public(immutable(uint256))
quorum: public(immutable(uint256))  # organisations in favour

coin: public(ICreditCoin)
emissions: public(IVerifiedEmissions)
compliance: public(ICompliance)
allocation: public(IAllocation)
market: public(IMarginSettlement)
checker: public(address)  # PeriodicCheck

case_count: public(uint256)
amendment_count: public(uint256)  # number 0 holds the rules of the deployment
has_voted: public(HashMap[uint256, HashMap[uint256, bool]])  # amendment, organisation
used: public(HashMap[uint256, HashMap[uint256, HashMap[uint256, uint256]]])  # org, period, trigger
_cases: HashMap[uint256, IIncentives.Case]
_case_of: HashMap[bytes32, uint256]
_decided: HashMap[uint256, HashMap[bytes32, bool]]  # organisation, document
_versions: DynArray[uint256, MAX_VERSIONS]
_amendments: HashMap[uint256, IIncentives.Amendment]
_rules: HashMap[uint256, HashMap[uint256, IIncentives.Rule]]  # amendment, trigger


@deploy
def __init__(
    membership: address,
    rules: DynArray[IIncentives.Rule, TRIGGERS],
    rules_hash: bytes32,
    appeal_seconds: uint256,
    vote_seconds_: uint256,
    delay_seconds_: uint256,
    quorum_: uint256,
):
    assert quorum_ != 0, "incentives: quorum must be positive"
    member_guard.__init__(membership)
    wiring.__init__(msg.sender)
    vote_seconds = vote_seconds_
    delay_seconds = delay_seconds_
    quorum = quorum_
    self._store(0, rules, rules_hash, 0, appeal_seconds)
    self._amendments[0].status = ENACTED
    self._versions.append(0)


@external
def wire(
    coin: address,
    emissions: address,
    compliance: address,
    allocation: address,
    market: address,
    checker: address,
):
    wiring._wire(msg.sender)
    self.coin = ICreditCoin(coin)
    self.emissions = IVerifiedEmissions(emissions)
    self.compliance = ICompliance(compliance)
    self.allocation = IAllocation(allocation)
    self.market = IMarginSettlement(market)
    self.checker = checker


@external
def open_case(trigger: uint256, org_id: uint256, period: uint256, subject: uint256) -> uint256:
    """
    @notice Apply for a reward (the organisation itself, the regulator, the periodic check) or a
            penalty (the regulator, the check, the exchange for a market default).
    """
    wiring._check_sealed()
    self._check_applicant(trigger, org_id)
    assert trigger < PENALTY_DECISION, "incentives: a decision names its amount"
    version: uint256 = self._version_of(period)
    triggered: bool = False
    units: uint256 = 0
    triggered, units = self._facts(trigger, org_id, period, subject, self._rules[version][trigger])
    assert triggered, "incentives: trigger does not hold"
    amount: uint256 = self._amount(self._rules[version][trigger], units)
    return self._open(trigger, org_id, period, subject, units, amount, version)


@external
def open_decision(
    trigger: uint256, org_id: uint256, period: uint256, document: bytes32, amount: uint256
) -> uint256:
    """
    @notice Open the case of an administrative decision by the hash of its document: one for each
            organisation it is about, whatever period it is counted to. Nobody decides on itself.
    """
    wiring._check_sealed()
    assert member_guard._check_role(role.REGULATOR, msg.sender) != org_id, "incentives: own case"
    assert (trigger == PENALTY_DECISION or trigger == REWARD_DECISION), "incentives: not a decision"
    assert document != empty(bytes32), "incentives: no document"
    assert amount != 0, "incentives: amount must be positive"
    version: uint256 = self._version_of(period)
    assert amount <= self._rules[version][trigger].per_case, "incentives: above the cap of a case"
    assert not self._decided[org_id][document], "incentives: case exists already"
    self._decided[org_id][document] = True
    return self._open(trigger, org_id, period, convert(document, uint256), 0, amount, version)


@external
def appeal(case_id: uint256, document: bytes32):
    """
    @notice Contest a penalty within the time to appeal; the deduction waits for the decision.
    """
    org_id: uint256 = member_guard._check_account(msg.sender)
    case: IIncentives.Case = self._cases[case_id]
    assert case.organisation == org_id, "incentives: not your case"
    assert case.status == OPEN, "incentives: case not open"
    assert block.timestamp <= case.appeal_until, "incentives: too late to appeal"
    assert document != empty(bytes32), "incentives: no document"
    self._cases[case_id].status = APPEALED
    log IIncentives.CaseAppealed(
        case_id=case_id, organisation=org_id, document=document, signer=msg.sender
    )


@external
def decide_appeal(case_id: uint256, granted: bool, document: bytes32):
    """
    @notice Decide an appeal with a document: dismiss the case or deduct.
    """
    org_id: uint256 = member_guard._check_role(role.REGULATOR, msg.sender)
    case: IIncentives.Case = self._cases[case_id]
    assert case.status == APPEALED, "incentives: no appeal to decide"
    assert case.organisation != org_id, "incentives: own case"
    assert document != empty(bytes32), "incentives: no document"
    if granted:
        self._close(case_id, case, DISMISSED, 0, document)
    else:
        self._close(case_id, case, DONE, case.amount, document)


@external
def settle(case_id: uint256):
    """
    @notice Deduct a penalty that nobody appealed. Anyone may call. Facts that were corrected since
            lower it or end it; they never raise it.
    """
    case: IIncentives.Case = self._cases[case_id]
    assert case.status == OPEN, "incentives: case not open"
    assert block.timestamp > case.appeal_until, "incentives: time to appeal not over"
    amount: uint256 = case.amount
    if case.trigger < PENALTY_DECISION:
        rule: IIncentives.Rule = self._rules[case.version][case.trigger]
        triggered: bool = False
        units: uint256 = 0
        triggered, units = self._facts(
            case.trigger, case.organisation, case.period, case.subject, rule
        )
        if not triggered:
            self._close(case_id, case, DISMISSED, 0, empty(bytes32))
            return
        amount = min(amount, self._amount(rule, units))
    self._close(case_id, case, DONE, amount, empty(bytes32))


@external
def propose_rules(
    from_period: uint256,
    rules: DynArray[IIncentives.Rule, TRIGGERS],
    rules_hash: bytes32,
    appeal_seconds: uint256,
) -> uint256:
    """
    @notice Put new rules to the vote, for periods that have not begun when they are enacted.
    """
    member_guard._check_role(role.REGULATOR, msg.sender)
    ends_at: uint256 = block.timestamp + vote_seconds
    assert (
        ends_at + delay_seconds < calendar._start_of_year(from_period)
    ), "incentives: period begins too soon"
    amendment: uint256 = self.amendment_count + 1
    self.amendment_count = amendment
    self._store(amendment, rules, rules_hash, from_period, appeal_seconds)
    self._amendments[amendment].status = VOTING
    self._amendments[amendment].voting_ends_at = ends_at
    log IIncentives.RulesProposed(
        amendment=amendment,
        from_period=from_period,
        rules_hash=rules_hash,
        appeal_seconds=appeal_seconds,
        voting_ends_at=ends_at,
        signer=msg.sender,
    )
    return amendment


@external
def vote(amendment: uint256, in_favour: bool):
    """
    @notice Vote once per organisation.
    """
    org_id: uint256 = member_guard._check_role(VOTERS, msg.sender)
    proposal: IIncentives.Amendment = self._amendments[amendment]
    assert proposal.status == VOTING, "incentives: nothing to vote on"
    assert block.timestamp <= proposal.voting_ends_at, "incentives: vote has ended"
    assert not self.has_voted[amendment][org_id], "incentives: voted already"
    self.has_voted[amendment][org_id] = True
    if in_favour:
        proposal.yes += 1
    else:
        proposal.no += 1
    self._amendments[amendment] = proposal
    log IIncentives.VoteCast(
        amendment=amendment,
        organisation=org_id,
        in_favour=in_favour,
        yes=proposal.yes,
        no=proposal.no,
        signer=msg.sender,
    )


@external
def enact(amendment: uint256):
    """
    @notice Put adopted rules in force after the delay and before their first period begins. Anyone
            may call.
    """
    proposal: IIncentives.Amendment = self._amendments[amendment]
    assert proposal.status == VOTING, "incentives: nothing to enact"
    assert (block.timestamp > proposal.voting_ends_at + delay_seconds), "incentives: delay not over"
    assert proposal.yes >= quorum, "incentives: quorum missed"
    assert proposal.yes > proposal.no, "incentives: voted down"
    assert (
        block.timestamp < calendar._start_of_year(proposal.from_period)
    ), "incentives: period has begun"
    newest: uint256 = self._versions[len(self._versions) - 1]
    assert (
        proposal.from_period > self._amendments[newest].from_period
    ), "incentives: later rules are in force"
    self._amendments[amendment].status = ENACTED
    self._versions.append(amendment)
    log IIncentives.RulesEnacted(
        amendment=amendment,
        from_period=proposal.from_period,
        rules_hash=proposal.rules_hash,
        caller=msg.sender,
    )


@external
@view
def assess(
    trigger: uint256, org_id: uint256, period: uint256, subject: uint256
) -> IIncentives.Assessment:
    """
    @notice What a case would come to now. A case that was dismissed does not hold any more.
    """
    assert 0 < trigger and trigger < PENALTY_DECISION, "incentives: unknown trigger"
    version: uint256 = self._version_of(period)
    rule: IIncentives.Rule = self._rules[version][trigger]
    triggered: bool = False
    units: uint256 = 0
    triggered, units = self._facts(trigger, org_id, period, subject, rule)
    amount: uint256 = 0
    known: uint256 = self._case_of[self._key(trigger, org_id, period, subject)]
    if known != 0 and self._cases[known].status == DISMISSED:
        triggered = False  # it was decided that it does not hold
    if triggered and known == 0:
        used: uint256 = self.used[org_id][period][trigger]
        amount = min(self._amount(rule, units), rule.per_period - min(used, rule.per_period))
    return IIncentives.Assessment(triggered=triggered, units=units, amount=amount)


@external
@view
def case(case_id: uint256) -> IIncentives.Case:
    assert self._cases[case_id].status != 0, "incentives: no such case"
    return self._cases[case_id]


@external
@view
def case_of(trigger: uint256, org_id: uint256, period: uint256, subject: uint256) -> uint256:
    """
    @notice The number of this case, 0 if it was never opened.
    """
    return self._case_of[self._key(trigger, org_id, period, subject)]


@external
@view
def rule(period: uint256, trigger: uint256) -> IIncentives.Rule:
    """
    @notice The rule that a period is under.
    """
    return self._rules[self._version_of(period)][trigger]


@external
@view
def version_of(period: uint256) -> uint256:
    return self._version_of(period)


@external
@view
def amendment(number: uint256) -> IIncentives.Amendment:
    return self._amendments[number]


@internal
@view
def _check_applicant(trigger: uint256, org_id: uint256):
    assert 0 < trigger and trigger <= TRIGGERS, "incentives: unknown trigger"
    if msg.sender == self.checker:
        return
    acting: uint256 = member_guard._check_member(msg.sender)
    roles: uint256 = standing._roles(member_guard._standing(msg.sender))
    is_regulator: bool = roles & role.REGULATOR != 0
    own_reward: bool = self._is_reward(trigger) and acting == org_id
    exchange_act: bool = trigger == MARKET_DEFAULT and roles & role.EXCHANGE != 0
    assert is_regulator or own_reward or exchange_act, "incentives: not entitled to apply"


@internal
@pure
def _is_reward(trigger: uint256) -> bool:
    return (REWARDS >> trigger) & 1 == 1


@internal
@pure
def _key(trigger: uint256, org_id: uint256, period: uint256, subject: uint256) -> bytes32:
    return keccak256(abi_encode(trigger, org_id, period, subject))


@internal
@view
def _version_of(period: uint256) -> uint256:
    count: uint256 = len(self._versions)
    for back: uint256 in range(count, bound=MAX_VERSIONS):
        amendment: uint256 = self._versions[count - 1 - back]
        if self._amendments[amendment].from_period <= period:
            return amendment
    raise "incentives: no rules for the period"  # never: the first rules count from period 0


@internal
@pure
def _amount(rule: IIncentives.Rule, units: uint256) -> uint256:
    # [1] linear, floored once; [2] capped per case. The cap per period follows in `_open`.
    return min(rule.base + rule.rate_per_unit * units // UNIT, rule.per_case)


@internal
@view
def _facts(
    trigger: uint256, org_id: uint256, period: uint256, subject: uint256, rule: IIncentives.Rule
) -> (bool, uint256):
    # Whether the trigger holds, and the units that the rate counts.
    if rule.per_case == 0:
        return False, 0
    if trigger == MARKET_DEFAULT:
        debt: IMarginSettlement.Obligation = staticcall self.market.obligation(subject)
        holds: bool = (
            debt.status == DEFAULTED
            and debt.buyer == org_id
            and calendar._year(debt.due_at) == period
        )
        return holds, debt.lots * UNIT
    if trigger == SHORTFALL:
        missing: uint256 = staticcall self.compliance.shortfall_kg(org_id, period)
        return subject == 0 and missing != 0, missing
    if trigger == ENDORSEMENT_UPHELD or trigger == ENDORSEMENT_OVERTURNED:
        return self._endorsement_facts(trigger, org_id, period, subject, rule)
    if subject != 0:  # one case per report
        return False, 0
    report: IVerifiedEmissions.ReportFacts = staticcall self.emissions.report_facts(org_id, period)
    if trigger == MISSING_REPORT:
        due_at: uint256 = report.deadline_at
        until: uint256 = due_at + rule.wait_seconds
        if due_at == 0 or block.timestamp <= until:
            return False, 0
        if not self._must_report(org_id, due_at):
            return False, 0
        if self._case_of[self._key(LATE_REPORT, org_id, period, 0)] != 0:
            return False, 0  # the late report was punished already
        return report.submitted_at == 0 or report.submitted_at > until, 0
    if report.submitted_at == 0 or report.deadline_at == 0:
        return False, 0
    if trigger == LATE_REPORT:
        if report.submitted_at <= report.deadline_at:
            return False, 0
        if self._case_of[self._key(MISSING_REPORT, org_id, period, 0)] != 0:
            return False, 0  # the missing report was punished already
        late: uint256 = report.submitted_at - report.deadline_at
        days: uint256 = (late + calendar.DAY - 1) // calendar.DAY  # a day begun counts
        return True, days * UNIT
    if report.accepted_at == 0:
        return False, 0
    accepted: uint256 = report.accepted_kg
    gap: uint256 = max(accepted, report.declared_kg) - min(accepted, report.declared_kg)
    tolerated: uint256 = accepted * rule.tolerance_ppm // PPM
    if trigger == MISREPORT:
        if gap <= tolerated:
            return False, 0
        return True, gap - tolerated
    # What follows are rewards; they wait until objections are over.
    if block.timestamp <= report.accepted_at + rule.wait_seconds:
        return False, 0
    if trigger == HONEST_REPORT:
        return report.submitted_at <= report.deadline_at and gap <= tolerated, accepted
    reference: uint256 = 0
    if trigger == BELOW_BENCHMARK:
        entry: IAllocation.Account = staticcall self.allocation.account(org_id, period)
        if entry.stage != FINAL_ALLOCATION:
            return False, 0
        reference = entry.entitled_kg
    else:
        assert trigger == BELOW_LAST_PERIOD, "incentives: unknown trigger"
        if period == 0:
            return False, 0
        known: bool = False
        known, reference = staticcall self.emissions.verified_emissions(org_id, period - 1)
        if not known:
            return False, 0
    free: uint256 = reference * rule.tolerance_ppm // PPM
    if accepted + free >= reference:
        return False, 0
    return True, reference - free - accepted


@internal
@view
def _must_report(org_id: uint256, due_at: uint256) -> bool:
    if standing._roles(member_guard._standing_of(org_id)) & role.EMITTER == 0:
        return False
    admitted: IMembership.Organisation = staticcall member_guard.membership.organisation(org_id)
    return admitted.admitted_at <= due_at


@internal
@view
def _endorsement_facts(
    trigger: uint256, org_id: uint256, period: uint256, subject: uint256, rule: IIncentives.Rule
) -> (bool, uint256):
    report: IVerifiedEmissions.ReportFacts = staticcall self.emissions.report_facts(subject, period)
    if report.accepted_at == 0 or report.verifier_id != org_id:
        return False, 0
    if trigger == ENDORSEMENT_UPHELD:
        over: bool = block.timestamp > report.accepted_at + rule.wait_seconds
        return over and not report.overturned, 0
    gap: uint256 = (
        max(report.accepted_kg, report.verified_kg) - min(report.accepted_kg, report.verified_kg)
    )
    return report.overturned, gap


@internal
def _open(
    trigger: uint256,
    org_id: uint256,
    period: uint256,
    subject: uint256,
    units: uint256,
    amount_uncapped: uint256,
    version: uint256,
) -> uint256:
    key: bytes32 = self._key(trigger, org_id, period, subject)
    assert self._case_of[key] == 0, "incentives: case exists already"
    word: uint256 = member_guard._standing_of(org_id)
    assert word != 0, "incentives: no such organisation"
    is_reward: bool = self._is_reward(trigger)
    assert not is_reward or standing._is_active(word), "incentives: organisation suspended"
    used: uint256 = self.used[org_id][period][trigger]
    cap: uint256 = self._rules[version][trigger].per_period
    assert used < cap, "incentives: cap of the period reached"
    amount: uint256 = min(amount_uncapped, cap - used)  # [3]
    assert amount != 0, "incentives: nothing to pay"
    self.used[org_id][period][trigger] = used + amount
    case_id: uint256 = self.case_count + 1
    self.case_count = case_id
    self._case_of[key] = case_id
    status: uint256 = OPEN
    appeal_until: uint256 = block.timestamp + self._amendments[version].appeal_seconds
    if is_reward:
        status = DONE
        appeal_until = 0
    self._cases[case_id] = IIncentives.Case(
        organisation=org_id,
        period=period,
        trigger=trigger,
        subject=subject,
        amount=amount,
        version=version,
        status=status,
        opened_at=block.timestamp,
        appeal_until=appeal_until,
    )
    log IIncentives.CaseOpened(
        case_id=case_id,
        organisation=org_id,
        trigger=trigger,
        period=period,
        subject=subject,
        units=units,
        amount=amount,
        version=version,
        appeal_until=appeal_until,
        applicant=msg.sender,
    )
    if is_reward:
        extcall self.coin.reward(org_id, amount, case_id)
    else:
        extcall self.coin.lock(org_id, amount)
    return case_id


@internal
def _close(
    case_id: uint256,
    case: IIncentives.Case,
    new_status: uint256,
    amount: uint256,
    document: bytes32,
):
    self._cases[case_id].status = new_status
    self._cases[case_id].amount = amount
    # What was not deducted does not count towards the cap of the period.
    self.used[case.organisation][case.period][case.trigger] -= case.amount - amount
    log IIncentives.CaseClosed(
        case_id=case_id,
        organisation=case.organisation,
        old_status=case.status,
        new_status=new_status,
        amount=amount,
        document=document,
        signer=msg.sender,
    )
    extcall self.coin.unlock(case.organisation, case.amount)
    if amount != 0:
        extcall self.coin.deduct(case.organisation, amount, case_id)


@internal
def _store(
    amendment: uint256,
    rules: DynArray[IIncentives.Rule, TRIGGERS],
    rules_hash: bytes32,
    from_period: uint256,
    appeal_seconds: uint256,
):
    assert len(rules) == TRIGGERS, "incentives: a rule for each trigger"
    assert rules_hash != empty(bytes32), "incentives: no hash of the rules"
    trigger: uint256 = 0
    for rule: IIncentives.Rule in rules:
        trigger += 1
        assert rule.tolerance_ppm <= PPM, "incentives: share above one"
        assert rule.base < MAX_AMOUNT, "incentives: amount too large"
        assert rule.rate_per_unit < MAX_AMOUNT, "incentives: amount too large"
        assert rule.per_case < MAX_AMOUNT, "incentives: amount too large"
        assert rule.per_period < MAX_AMOUNT, "incentives: amount too large"
        self._rules[amendment][trigger] = rule
    self._amendments[amendment].from_period = from_period
    self._amendments[amendment].rules_hash = rules_hash
    self._amendments[amendment].appeal_seconds = appeal_seconds

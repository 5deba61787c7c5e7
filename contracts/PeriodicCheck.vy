# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title The periodic check of all members, and their credit rating 信用评判
@license AGPL-3.0-or-later
@notice Once a month, quarter or year has passed, anyone opens its check, and anyone pushes it on in
        steps as large as gas allows; it goes on where it stopped. It looks at every emitter, then
        at every verifier: quota, declared, verified and accepted emissions, surrender, shortfall
        and holding. It has shortfalls recorded and opens the cases whose trigger holds. A yearly
        check also publishes a rating of every emitter and verifier, from the same facts by fixed
        weights. Who is rated may contest; the regulator has the facts looked at again, and the
        result follows from them, not from an opinion.

        score = old score + sum of the weights of what held, within 0 and 1,000; everyone starts at
        `START_SCORE`. A verifier counts each endorsement, upheld ones up to `MAX_UPHELD` a year.
@custom:kill There is no switch; a check only reads, and applies rules that are sealed elsewhere.
"""

from .interfaces import IAllocation
from .interfaces import ICarbonLedger
from .interfaces import ICompliance
from .interfaces import IIncentives
from .interfaces import IMarginSettlement
from .interfaces import IPeriodicCheck
from .interfaces import IVerifiedEmissions

from .modules import calendar
from .modules import instrument
from .modules import member_guard
from .modules import role
from .modules import standing
from .modules import wiring

initializes: member_guard
initializes: wiring

exports: (member_guard.membership, wiring.seal, wiring.is_sealed)

MONTH: constant(uint256) = 1
QUARTER: constant(uint256) = 2
YEAR: constant(uint256) = 3

SHORTFALL: constant(uint256) = 8
UPHELD: constant(uint256) = 9
OVERTURNED: constant(uint256) = 10
REWARDS: constant(uint256) = (1 << 1) | (1 << 5) | (1 << 6) | (1 << 9)
MARKET_DEFAULT: constant(uint256) = 7
OWED: constant(uint256) = 1
DEFAULTED: constant(uint256) = 3
DUTY_MET: constant(uint256) = 1  # bit 0

WEIGHTS: constant(uint256) = 13  # the duty met, and triggers 1 to 12
MAX_STEP: constant(uint256) = 64
START_SCORE: constant(uint256) = 600
TOP_SCORE: constant(uint256) = 1_000
MAX_UPHELD: constant(uint256) = 10

PUBLISHED: constant(uint256) = 1
CONTESTED: constant(uint256) = 2
REVIEWED: constant(uint256) = 3

contest_seconds: public(immutable(uint256))
rules_hash: public(immutable(bytes32))

incentives: public(IIncentives)
emissions: public(IVerifiedEmissions)
compliance: public(ICompliance)
allocation: public(IAllocation)
ledger: public(ICarbonLedger)
market: public(IMarginSettlement)

weights: public(int256[WEIGHTS])
masks: public(uint256[4])  # triggers that a check of each kind looks at
round_count: public(uint256)
obligations_checked: public(uint256)
round_of: public(HashMap[uint256, HashMap[uint256, HashMap[uint256, uint256]]])  # kind, year, index
_rounds: HashMap[uint256, IPeriodicCheck.Round]
_ratings: HashMap[uint256, HashMap[uint256, IPeriodicCheck.Rating]]  # round, organisation
_scores: HashMap[uint256, uint256]  # + 1; 0 means: never rated
_upheld: HashMap[uint256, HashMap[uint256, uint256]]  # round, verifier
_overturned: HashMap[uint256, HashMap[uint256, uint256]]


@deploy
def __init__(
    membership: address,
    weights: int256[WEIGHTS],
    masks: uint256[4],
    contest_seconds_: uint256,
    rules_hash_: bytes32,
):
    member_guard.__init__(membership)
    wiring.__init__(msg.sender)
    for weight: int256 in weights:
        assert abs(weight) <= convert(TOP_SCORE, int256), "periodic_check: weight too large"
    self.weights = weights
    self.masks = masks
    contest_seconds = contest_seconds_
    rules_hash = rules_hash_


@external
def wire(
    incentives: address,
    emissions: address,
    compliance: address,
    allocation: address,
    ledger: address,
    market: address,
):
    wiring._wire(msg.sender)
    self.incentives = IIncentives(incentives)
    self.emissions = IVerifiedEmissions(emissions)
    self.compliance = ICompliance(compliance)
    self.allocation = IAllocation(allocation)
    self.ledger = ICarbonLedger(ledger)
    self.market = IMarginSettlement(market)


@external
def open_round(kind: uint256, year: uint256, index: uint256) -> uint256:
    """
    @notice Open the check of a month (index 1-12), a quarter (1-4) or a compliance year (1), once it
            is over: a compliance year with its deadline for surrender. Anyone may call, once.
    """
    wiring._check_sealed()
    assert MONTH <= kind and kind <= YEAR, "periodic_check: unknown kind"
    assert self.round_of[kind][year][index] == 0, "periodic_check: opened already"
    assert index != 0, "periodic_check: no such part of the year"
    period: uint256 = year
    ends_at: uint256 = 0
    if kind == YEAR:
        assert index == 1, "periodic_check: no such part of the year"
        rules: ICompliance.Rules = staticcall self.compliance.rules(year)
        ends_at = rules.deadline_at + 1
    else:
        # During a year the reports of the year before are due.
        months: uint256 = 1
        if kind == QUARTER:
            months = 3
        assert index * months <= 12, "periodic_check: no such part of the year"
        ends_at = calendar._start_of_month(year, index * months + 1)
        period = year - 1
    assert block.timestamp >= ends_at, "periodic_check: not over yet"
    round_id: uint256 = self.round_count + 1
    self.round_count = round_id
    self.round_of[kind][year][index] = round_id
    count: uint256 = staticcall member_guard.membership.organisation_count()
    self._rounds[round_id] = IPeriodicCheck.Round(
        kind=kind,
        year=year,
        index=index,
        period=period,
        member_count=count,
        cursor=0,
        on_verifiers=False,
        cases=0,
        opened_at=block.timestamp,
        finished_at=0,
        digest=empty(bytes32),
    )
    log IPeriodicCheck.RoundOpened(
        round=round_id,
        kind=kind,
        period=period,
        year=year,
        index=index,
        member_count=count,
        caller=msg.sender,
    )
    return round_id


@external
def advance(round_id: uint256, max_members: uint256) -> bool:
    """
    @notice Look at the next members, at most `max_members` and `MAX_STEP`. Anyone may call.
    @return Whether the check is finished.
    """
    state: IPeriodicCheck.Round = self._rounds[round_id]
    assert state.kind != 0, "periodic_check: no such round"
    assert state.finished_at == 0, "periodic_check: finished already"
    assert max_members != 0, "periodic_check: nothing to do"
    for _: uint256 in range(min(max_members, MAX_STEP), bound=MAX_STEP):
        if state.cursor == state.member_count:
            if state.on_verifiers:
                break
            state.on_verifiers = True
            state.cursor = 0
        state.cursor += 1
        word: uint256 = member_guard._standing_of(state.cursor)
        roles: uint256 = standing._roles(word)
        if state.on_verifiers:
            if state.kind == YEAR and roles & role.VERIFIER != 0:
                self._rate_verifier(round_id, state.cursor, roles)
        elif roles & role.EMITTER != 0:
            facts: IPeriodicCheck.MemberFacts = empty(IPeriodicCheck.MemberFacts)
            cases: uint256 = 0
            facts, cases = self._check_emitter(round_id, state, state.cursor, word)
            state.cases += cases
            state.digest = keccak256(abi_encode(state.digest, state.cursor, facts))
            log IPeriodicCheck.MemberChecked(
                round=round_id, organisation=state.cursor, facts=facts, cases=cases
            )
    done: bool = state.on_verifiers and state.cursor == state.member_count
    if done:
        state.finished_at = block.timestamp
        log IPeriodicCheck.RoundFinished(round=round_id, digest=state.digest, cases=state.cases)
    self._rounds[round_id] = state
    return done


@external
def check_obligations(max_obligations: uint256) -> uint256:
    """
    @notice Open the cases of defaulted obligations, in their order, as far as they are decided.
            Anyone may call.
    @return The number of the last obligation looked at.
    """
    assert max_obligations != 0, "periodic_check: nothing to do"
    first: uint256 = self.obligations_checked + 1
    number: uint256 = self.obligations_checked
    count: uint256 = staticcall self.market.obligation_count()
    cases: uint256 = 0
    for _: uint256 in range(min(max_obligations, MAX_STEP), bound=MAX_STEP):
        if number == count:
            break
        debt: IMarginSettlement.Obligation = staticcall self.market.obligation(number + 1)
        if debt.status == OWED:
            break  # it is called first, by anyone, once its time is over
        number += 1
        if debt.status == DEFAULTED:
            period: uint256 = calendar._year(debt.due_at)
            cases += self._open(MARKET_DEFAULT, debt.buyer, period, number)
    assert number >= first, "periodic_check: nothing to do"
    self.obligations_checked = number
    log IPeriodicCheck.DefaultsChecked(first_obligation=first, last_obligation=number, cases=cases)
    return number


@external
def contest(round_id: uint256, document: bytes32):
    """
    @notice Contest the own rating of a round within the time for it.
    """
    org_id: uint256 = member_guard._check_account(msg.sender)
    assert (
        self._ratings[round_id][org_id].status == PUBLISHED
    ), "periodic_check: no rating to contest"
    until: uint256 = self._rounds[round_id].opened_at + contest_seconds
    assert block.timestamp <= until, "periodic_check: too late to contest"
    assert document != empty(bytes32), "periodic_check: no document"
    self._ratings[round_id][org_id].status = CONTESTED
    log IPeriodicCheck.RatingContested(
        round=round_id, organisation=org_id, document=document, signer=msg.sender
    )


@external
def review(round_id: uint256, org_id: uint256, document: bytes32):
    """
    @notice Rate anew what was contested, from the facts as they stand now (a case dismissed on
            appeal or a figure re-examined meanwhile counts). Later ratings move by the same difference.
    """
    member_guard._check_role(role.REGULATOR, msg.sender)
    rating: IPeriodicCheck.Rating = self._ratings[round_id][org_id]
    assert rating.status == CONTESTED, "periodic_check: nothing contested"
    assert document != empty(bytes32), "periodic_check: no document"
    state: IPeriodicCheck.Round = self._rounds[round_id]
    assert state.finished_at != 0, "periodic_check: not finished yet"
    flags: uint256 = rating.flags
    roles: uint256 = standing._roles(member_guard._standing_of(org_id))
    if roles & role.EMITTER != 0:
        flags = self._own_flags(self._facts(org_id, state.period, self.masks[YEAR]).flags)
    new_score: uint256 = self._scored(rating.old_score, flags, rating.upheld, rating.overturned)
    moved: int256 = convert(new_score, int256) - convert(rating.new_score, int256)
    current: int256 = convert(self._scores[org_id] - 1, int256) + moved
    self._scores[org_id] = self._clamped(current) + 1
    self._ratings[round_id][org_id].flags = flags
    self._ratings[round_id][org_id].new_score = new_score
    self._ratings[round_id][org_id].status = REVIEWED
    log IPeriodicCheck.RatingReviewed(
        round=round_id,
        organisation=org_id,
        old_score=rating.new_score,
        new_score=new_score,
        old_flags=rating.flags,
        new_flags=flags,
        document=document,
        signer=msg.sender,
    )


@external
@view
def score(org_id: uint256) -> uint256:
    """
    @notice The score in force; who was never rated stands at the start.
    """
    return self._score(org_id)


@external
@view
def rating(round_id: uint256, org_id: uint256) -> IPeriodicCheck.Rating:
    return self._ratings[round_id][org_id]


@external
@view
def round(round_id: uint256) -> IPeriodicCheck.Round:
    assert self._rounds[round_id].kind != 0, "periodic_check: no such round"
    return self._rounds[round_id]


@external
@view
def facts(org_id: uint256, period: uint256) -> IPeriodicCheck.MemberFacts:
    """
    @notice What a yearly check would find now.
    """
    return self._facts(org_id, period, self.masks[YEAR])


@internal
@view
def _score(org_id: uint256) -> uint256:
    if self._scores[org_id] == 0:
        return START_SCORE
    return self._scores[org_id] - 1


@internal
@pure
def _clamped(raw: int256) -> uint256:
    return convert(min(max(raw, 0), convert(TOP_SCORE, int256)), uint256)


@internal
@view
def _scored(old_score: uint256, flags: uint256, upheld: uint256, overturned: uint256) -> uint256:
    total: int256 = convert(old_score, int256)
    for bit: uint256 in range(WEIGHTS):
        if (flags >> bit) & 1 == 1:
            total += self.weights[bit]
    total += self.weights[UPHELD] * convert(min(upheld, MAX_UPHELD), int256)
    total += self.weights[OVERTURNED] * convert(overturned, int256)
    return self._clamped(total)


@internal
def _publish(
    round_id: uint256, org_id: uint256, flags: uint256, upheld: uint256, overturned: uint256
):
    old_score: uint256 = self._score(org_id)
    new_score: uint256 = self._scored(old_score, flags, upheld, overturned)
    self._scores[org_id] = new_score + 1
    self._ratings[round_id][org_id] = IPeriodicCheck.Rating(
        old_score=old_score,
        new_score=new_score,
        flags=flags,
        upheld=upheld,
        overturned=overturned,
        status=PUBLISHED,
    )
    log IPeriodicCheck.RatingPublished(
        round=round_id,
        organisation=org_id,
        old_score=old_score,
        new_score=new_score,
        flags=flags,
        upheld=upheld,
        overturned=overturned,
    )


@internal
def _check_emitter(
    round_id: uint256, state: IPeriodicCheck.Round, org_id: uint256, word: uint256
) -> (IPeriodicCheck.MemberFacts, uint256):
    mask: uint256 = self.masks[state.kind]
    if (mask >> SHORTFALL) & 1 == 1:
        self._record_shortfall(org_id, state.period)
    facts: IPeriodicCheck.MemberFacts = self._facts(org_id, state.period, mask)
    cases: uint256 = 0
    for trigger: uint256 in range(1, SHORTFALL + 1):
        if (facts.flags >> trigger) & 1 == 1:
            is_reward: bool = (REWARDS >> trigger) & 1 == 1
            if standing._is_active(word) or not is_reward:
                cases += self._open(trigger, org_id, state.period, 0)
    verifier: uint256 = facts.verifier_id
    if verifier != 0:
        if (facts.flags >> UPHELD) & 1 == 1:
            self._upheld[round_id][verifier] += 1
            if standing._is_active(member_guard._standing_of(verifier)):
                cases += self._open(UPHELD, verifier, state.period, org_id)
        if (facts.flags >> OVERTURNED) & 1 == 1:
            self._overturned[round_id][verifier] += 1
            cases += self._open(OVERTURNED, verifier, state.period, org_id)
    if state.kind == YEAR and not self._is_also_verifier(word):
        self._publish(round_id, org_id, self._own_flags(facts.flags), 0, 0)
    return facts, cases


@internal
def _rate_verifier(round_id: uint256, org_id: uint256, roles: uint256):
    flags: uint256 = 0
    if roles & role.EMITTER != 0:  # rated once, for both roles
        flags = self._own_flags(
            self._facts(org_id, self._rounds[round_id].period, self.masks[YEAR]).flags
        )
    self._publish(
        round_id, org_id, flags, self._upheld[round_id][org_id], self._overturned[round_id][org_id]
    )


@internal
@pure
def _is_also_verifier(word: uint256) -> bool:
    return standing._roles(word) & role.VERIFIER != 0


@internal
@pure
def _own_flags(flags: uint256) -> uint256:
    # Without those of the verifier of its report.
    return flags & ((1 << UPHELD) - 1)


@internal
def _open(trigger: uint256, org_id: uint256, period: uint256, subject: uint256) -> uint256:
    # 1 if a case was opened, 0 if it exists already or the cap is reached.
    found: IIncentives.Assessment = staticcall self.incentives.assess(
        trigger, org_id, period, subject
    )
    if not found.triggered or found.amount == 0:
        return 0
    extcall self.incentives.open_case(trigger, org_id, period, subject)
    return 1


@internal
def _record_shortfall(org_id: uint256, period: uint256):
    duty: ICompliance.Duty = staticcall self.compliance.duty(org_id, period)
    if not duty.accepted or block.timestamp <= duty.deadline_at:
        return
    if duty.duty_kg > duty.in_time_kg + duty.recorded_shortfall_kg:
        extcall self.compliance.record_shortfall(org_id, period)


@internal
@view
def _facts(org_id: uint256, period: uint256, mask: uint256) -> IPeriodicCheck.MemberFacts:
    report: IVerifiedEmissions.ReportFacts = staticcall self.emissions.report_facts(org_id, period)
    entry: IAllocation.Account = staticcall self.allocation.account(org_id, period)
    facts: IPeriodicCheck.MemberFacts = IPeriodicCheck.MemberFacts(
        entitled_kg=entry.entitled_kg,
        declared_kg=report.declared_kg,
        verified_kg=report.verified_kg,
        accepted_kg=report.accepted_kg,
        duty_kg=0,
        surrendered_kg=0,
        in_time_kg=0,
        shortfall_kg=0,
        holding_kg=staticcall self.ledger.holding(org_id, instrument._allowance(period)),
        verifier_id=report.verifier_id,
        flags=0,
    )
    if (mask >> SHORTFALL) & 1 == 1:
        duty: ICompliance.Duty = staticcall self.compliance.duty(org_id, period)
        facts.duty_kg = duty.duty_kg
        facts.surrendered_kg = duty.surrendered_kg
        facts.in_time_kg = duty.in_time_kg
        facts.shortfall_kg = duty.recorded_shortfall_kg
        if duty.accepted and duty.in_time_kg >= duty.duty_kg:
            facts.flags = DUTY_MET
    for trigger: uint256 in range(1, OVERTURNED + 1):
        if (mask >> trigger) & 1 == 0 or trigger == MARKET_DEFAULT:
            continue
        subject: uint256 = 0
        who: uint256 = org_id
        if trigger > SHORTFALL:
            who = report.verifier_id
            subject = org_id
        if who == 0:
            continue
        found: IIncentives.Assessment = staticcall self.incentives.assess(
            trigger, who, period, subject
        )
        if found.triggered:
            facts.flags |= 1 << trigger
    return facts

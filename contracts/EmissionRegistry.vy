# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Reports of emissions, their verification and acceptance
@license AGPL-3.0-or-later
@notice An emitter reports activity data; the figure is calculated here, by the year's factor sets.
        A verifier, assigned by the regulator, without conflict and not for too many years running,
        endorses, corrects or rejects it. The emitter agrees, corrects or objects in time; what stays
        uncorrected is estimated, never below what was declared or measured. A figure becomes final
        by the regulator's acceptance and by nothing else, and stays so unless a re-examination is
        opened on the record. Suspended emitters still report: it is a duty.

            NONE -> SUBMITTED -> ASSIGNED -> ENDORSED ------------------------> ACCEPTED
                        ^           |--> CORRECTED -> agreed, or time over ---->   |
                        |           |--> REJECTED  -> amended: ASSIGNED            |
                        |           |        `-----> time over: ESTIMATED ------>  |
                        |           `--> time over: ESTIMATED                      |
                        |--- objection upheld <- OBJECTED <- CORRECTED, ESTIMATED  |
                        `--- re-examination <--------------------------------------'
            Nobody reported in time: NONE -> ESTIMATED.

        Each record has one commitment slot, the hash of the whole record, for readers on other
        chains: storage `_commitments[organisation][year]`.
@custom:kill No switch. A verifier that loses its role or is suspended cannot act any more, and the
        regulator assigns another one.
"""
from .interfaces import IEmissionMethods
from .interfaces import IEmissionRegistry
from .interfaces import IMonitoringRegistry
from .interfaces import IVerifiedEmissions
from .modules import member_guard
from .modules import role
from .modules import standing

implements: IVerifiedEmissions

initializes: member_guard

exports: member_guard.membership

MAX_LINES: constant(uint256) = 64  # as EmissionMethods
MOST_YEARS: constant(uint256) = 10  # that a calendar may let one verifier stay

NONE_YET: constant(uint256) = 0
SUBMITTED: constant(uint256) = 1
ASSIGNED: constant(uint256) = 2
REJECTED: constant(uint256) = 3
CORRECTED: constant(uint256) = 4
ENDORSED: constant(uint256) = 5  # endorsed, or another figure that the emitter agreed to
OBJECTED: constant(uint256) = 6
ESTIMATED: constant(uint256) = 7
ACCEPTED: constant(uint256) = 8

_GRAMS_PER_KG: constant(uint256) = 1000

methods: public(immutable(IEmissionMethods))
monitoring: public(immutable(IMonitoringRegistry))

_calendars: HashMap[uint256, IEmissionRegistry.Calendar]
_records: HashMap[uint256, HashMap[uint256, IEmissionRegistry.Record]]
_commitments: HashMap[uint256, HashMap[uint256, bytes32]]
_conflicts: HashMap[uint256, HashMap[uint256, bool]]
_verifier_in: HashMap[uint256, HashMap[uint256, uint256]]  # who last worked on a record
# by organisation, year and verifier: whose figure was objected to or opened again
_excluded: HashMap[uint256, HashMap[uint256, HashMap[uint256, bool]]]


@deploy
def __init__(membership_: address, methods_: address, monitoring_: address):
    member_guard.__init__(membership_)
    assert methods_ != empty(address), "emission_registry: no methods"
    assert monitoring_ != empty(address), "emission_registry: no monitoring"
    methods = IEmissionMethods(methods_)
    monitoring = IMonitoringRegistry(monitoring_)


@external
def open_year(year: uint256, calendar: IEmissionRegistry.Calendar):
    """
    @notice Fixes the deadlines and factor sets of a reporting year; only the regulator, once.
    """
    member_guard._check_role(role.REGULATOR, msg.sender)
    assert self._calendars[year].report_by == 0, "emission_registry: year opened before"
    span: IMonitoringRegistry.Year = staticcall monitoring.year_of(year)
    assert span.starts_at != 0, "emission_registry: no such year"
    assert calendar.report_by >= span.ends_at, "emission_registry: report due too early"
    assert calendar.verify_seconds != 0, "emission_registry: no time to verify"
    assert calendar.correction_seconds != 0, "emission_registry: no time to correct"
    assert calendar.objection_seconds != 0, "emission_registry: no time to object"
    sensible: bool = calendar.most_years != 0 and calendar.most_years <= MOST_YEARS
    assert sensible, "emission_registry: years out of range"
    assert staticcall methods.is_usable(calendar.factor_set), "emission_registry: no factor set"
    assert staticcall methods.is_usable(calendar.gas_set), "emission_registry: no gas set"
    self._calendars[year] = calendar
    log IEmissionRegistry.YearOpened(year=year, calendar=calendar, signer=msg.sender)


@external
def declare_conflict(verifier: uint256, emitter: uint256, reason: String[160]):
    """
    @notice States that a verifier may not verify an emitter. The regulator, or either of the two.
    """
    org_id: uint256 = member_guard._check_member(msg.sender)
    if org_id != verifier and org_id != emitter:
        member_guard._check_role(role.REGULATOR, msg.sender)
    assert len(reason) != 0, "emission_registry: no reason"
    assert not self._conflicts[verifier][emitter], "emission_registry: conflict known"
    self._conflicts[verifier][emitter] = True
    log IEmissionRegistry.ConflictDeclared(
        verifier=verifier, emitter=emitter, reason=reason, signer=msg.sender
    )


@external
def lift_conflict(verifier: uint256, emitter: uint256, reason: String[160]):
    """
    @notice Takes a stated conflict back; only the regulator.
    """
    member_guard._check_role(role.REGULATOR, msg.sender)
    assert len(reason) != 0, "emission_registry: no reason"
    assert self._conflicts[verifier][emitter], "emission_registry: no such conflict"
    self._conflicts[verifier][emitter] = False
    log IEmissionRegistry.ConflictLifted(
        verifier=verifier, emitter=emitter, reason=reason, signer=msg.sender
    )


@external
def report(
    year: uint256, lines: DynArray[IEmissionMethods.ActivityLine, MAX_LINES], document: bytes32
) -> uint256:
    """
    @notice Reports a year after its end, or replaces the report until the deadline as long as no
            verifier is assigned. Returns the figure in kg. `document` is the hash of the encrypted
            report. A late report is taken, and recorded as late.
    """
    org_id: uint256 = self._emitter(msg.sender)
    calendar: IEmissionRegistry.Calendar = self._calendar(year)
    span: IMonitoringRegistry.Year = staticcall monitoring.year_of(year)
    assert block.timestamp >= span.ends_at, "emission_registry: year not over"
    record: IEmissionRegistry.Record = self._records[org_id][year]
    if record.status == SUBMITTED:
        assert record.acceptances == 0, "emission_registry: under re-examination"
        assert block.timestamp <= calendar.report_by, "emission_registry: too late to replace"
    else:
        assert record.status == NONE_YET, "emission_registry: report already taken up"
        record.submitted_at = block.timestamp
    record.status = SUBMITTED
    record = self._submitted(record, org_id, year, lines, document)
    if record.version == 1:
        record.declared_kg = record.reported_kg
    self._store(org_id, year, record)
    return record.reported_kg


@external
def assign(org_id: uint256, year: uint256, verifier: uint256):
    """
    @notice Assigns a verifier to a report, or another one while the first is at work; only the
            regulator. Never the emitter itself, one with a stated conflict, one whose figure was
            handed back in this case before, or one that has verified this emitter for the most
            years running.
    """
    regulator: uint256 = self._regulator(org_id, msg.sender)
    calendar: IEmissionRegistry.Calendar = self._calendar(year)
    record: IEmissionRegistry.Record = self._records[org_id][year]
    open_: bool = record.status == SUBMITTED or record.status == ASSIGNED
    assert open_, "emission_registry: nothing to assign"
    word: uint256 = member_guard._standing_of(verifier)
    able: bool = standing._is_active(word) and standing._roles(word) & role.VERIFIER != 0
    assert able, "emission_registry: not an active verifier"
    assert verifier != org_id, "emission_registry: own report"
    assert verifier != regulator, "emission_registry: regulator cannot verify"
    assert not self._conflicts[verifier][org_id], "emission_registry: conflict of interest"
    assert not self._excluded[org_id][year][verifier], "emission_registry: verifier excluded"
    assert verifier != record.assigned_to, "emission_registry: already assigned"
    self._check_rotation(org_id, year, verifier, calendar.most_years)
    previous: uint256 = record.assigned_to
    record.status = ASSIGNED
    record.assigned_to = verifier
    record.respond_by = block.timestamp + calendar.verify_seconds
    self._verifier_in[org_id][year] = verifier
    self._store(org_id, year, record)
    log IEmissionRegistry.VerifierAssigned(
        organisation=org_id,
        year=year,
        verifier=verifier,
        previous=previous,
        respond_by=record.respond_by,
        signer=msg.sender,
    )


@external
def endorse(org_id: uint256, year: uint256, version: uint256, evidence: bytes32):
    """
    @notice The verifier confirms the reported figure of this version.
    """
    record: IEmissionRegistry.Record = self._at_work(org_id, year, version, msg.sender)
    assert evidence != empty(bytes32), "emission_registry: no evidence"
    record.status = ENDORSED
    record.verified_kg = record.reported_kg
    record.verifier_id = record.assigned_to
    record.estimated = False
    record.evidence = evidence
    record.respond_by = 0
    self._store(org_id, year, record)
    log IEmissionRegistry.ReportEndorsed(
        organisation=org_id,
        year=year,
        verifier=record.verifier_id,
        version=version,
        verified_kg=record.verified_kg,
        evidence=evidence,
        signer=msg.sender,
    )


@external
def correct(
    org_id: uint256,
    year: uint256,
    version: uint256,
    lines: DynArray[IEmissionMethods.ActivityLine, MAX_LINES],
    reason: String[160],
    evidence: bytes32,
) -> uint256:
    """
    @notice The verifier states other activity data, with a reason; the figure is calculated here.
            The emitter may agree or object until the deadline. Returns the figure in kg.
    """
    record: IEmissionRegistry.Record = self._at_work(org_id, year, version, msg.sender)
    assert len(reason) != 0, "emission_registry: no reason"
    assert evidence != empty(bytes32), "emission_registry: no evidence"
    calendar: IEmissionRegistry.Calendar = self._calendars[year]
    record.status = CORRECTED
    record.verified_kg = self._total_kg(calendar, lines)
    record.verifier_id = record.assigned_to
    record.estimated = False
    record.evidence = evidence
    record.respond_by = block.timestamp + calendar.objection_seconds
    self._store(org_id, year, record)
    log IEmissionRegistry.ReportCorrected(
        organisation=org_id,
        year=year,
        verifier=record.verifier_id,
        version=version,
        reported_kg=record.reported_kg,
        verified_kg=record.verified_kg,
        lines=keccak256(abi_encode(lines)),
        reason=reason,
        evidence=evidence,
        respond_by=record.respond_by,
        signer=msg.sender,
    )
    return record.verified_kg


@external
def reject(
    org_id: uint256, year: uint256, version: uint256, reason: String[160], evidence: bytes32
):
    """
    @notice The verifier returns the report with a reason; the emitter has until the deadline to
            amend it.
    """
    record: IEmissionRegistry.Record = self._at_work(org_id, year, version, msg.sender)
    assert len(reason) != 0, "emission_registry: no reason"
    assert evidence != empty(bytes32), "emission_registry: no evidence"
    record.status = REJECTED
    record.evidence = evidence
    record.respond_by = block.timestamp + self._calendars[year].correction_seconds
    self._store(org_id, year, record)
    log IEmissionRegistry.ReportRejected(
        organisation=org_id,
        year=year,
        verifier=record.assigned_to,
        version=version,
        reason=reason,
        evidence=evidence,
        respond_by=record.respond_by,
        signer=msg.sender,
    )


@external
def amend(
    year: uint256, lines: DynArray[IEmissionMethods.ActivityLine, MAX_LINES], document: bytes32
) -> uint256:
    """
    @notice The emitter corrects a rejected report in time; it goes back to the same verifier.
            Returns the figure in kg.
    """
    org_id: uint256 = self._emitter(msg.sender)
    record: IEmissionRegistry.Record = self._records[org_id][year]
    assert record.status == REJECTED, "emission_registry: nothing to amend"
    assert block.timestamp <= record.respond_by, "emission_registry: time is over"
    record.status = ASSIGNED
    record.respond_by = block.timestamp + self._calendars[year].verify_seconds
    record = self._submitted(record, org_id, year, lines, document)
    self._store(org_id, year, record)
    return record.reported_kg


@external
def agree(year: uint256):
    """
    @notice The emitter agrees to a corrected or estimated figure before the time is over.
    """
    org_id: uint256 = self._emitter(msg.sender)
    record: IEmissionRegistry.Record = self._records[org_id][year]
    other: bool = record.status == CORRECTED or record.status == ESTIMATED
    assert other, "emission_registry: no figure to agree to"
    record.status = ENDORSED
    record.respond_by = 0
    self._store(org_id, year, record)
    log IEmissionRegistry.FigureAgreed(
        organisation=org_id, year=year, verified_kg=record.verified_kg, signer=msg.sender
    )


@external
def object_to_figure(year: uint256, reason: String[160], document: bytes32):
    """
    @notice The emitter objects to a corrected or estimated figure in time; the regulator decides.
    """
    org_id: uint256 = self._emitter(msg.sender)
    record: IEmissionRegistry.Record = self._records[org_id][year]
    other: bool = record.status == CORRECTED or record.status == ESTIMATED
    assert other, "emission_registry: no figure to object to"
    assert block.timestamp <= record.respond_by, "emission_registry: time is over"
    assert len(reason) != 0, "emission_registry: no reason"
    record.status = OBJECTED
    record.respond_by = 0
    self._store(org_id, year, record)
    log IEmissionRegistry.ObjectionRaised(
        organisation=org_id,
        year=year,
        verified_kg=record.verified_kg,
        reason=reason,
        document=document,
        signer=msg.sender,
    )


@external
def decide_objection(
    org_id: uint256, year: uint256, upheld: bool, reason: String[160], document: bytes32
):
    """
    @notice The regulator decides. Upheld: the report goes to another verifier, or, where nothing
            was reported, the emitter may report. Dismissed: the figure stands and can be accepted.
    """
    regulator: uint256 = self._regulator(org_id, msg.sender)
    record: IEmissionRegistry.Record = self._records[org_id][year]
    assert record.status == OBJECTED, "emission_registry: no objection"
    assert regulator != record.verifier_id, "emission_registry: own verification"
    assert len(reason) != 0, "emission_registry: no reason"
    if upheld:
        record = self._handed_back(record, org_id, year)
    else:
        record.status = ENDORSED
    record.evidence = document
    self._store(org_id, year, record)
    log IEmissionRegistry.ObjectionDecided(
        organisation=org_id,
        year=year,
        upheld=upheld,
        reason=reason,
        document=document,
        signer=msg.sender,
    )


@external
def estimate(
    org_id: uint256, year: uint256, amount_kg: uint256, reason: String[160], evidence: bytes32
):
    """
    @notice States a conservative figure where the emitter did not report or amend in time (the
            assigned verifier or the regulator), or where the verifier did not answer in time (the
            regulator). It is never below what was declared, reported or measured.
    """
    record: IEmissionRegistry.Record = self._records[org_id][year]
    calendar: IEmissionRegistry.Calendar = self._calendar(year)
    estimator: uint256 = member_guard._check_role(role.REGULATOR | role.VERIFIER, msg.sender)
    assert estimator != org_id, "emission_registry: own report"
    if record.status == REJECTED and estimator == record.assigned_to:
        assert block.timestamp > record.respond_by, "emission_registry: time not over"
        record.verifier_id = estimator
    else:
        member_guard._check_role(role.REGULATOR, msg.sender)
        if record.status == NONE_YET:
            active: uint256 = member_guard._standing_of(org_id)
            emitting: bool = standing._roles(active) & role.EMITTER != 0
            assert emitting, "emission_registry: not an emitter"
            assert block.timestamp > calendar.report_by, "emission_registry: time not over"
        else:
            stuck: bool = record.status == REJECTED or record.status == ASSIGNED
            assert stuck, "emission_registry: nothing to estimate"
            assert block.timestamp > record.respond_by, "emission_registry: time not over"
        record.verifier_id = 0
    assert len(reason) != 0, "emission_registry: no reason"
    assert evidence != empty(bytes32), "emission_registry: no evidence"
    measured: IMonitoringRegistry.Measured = staticcall monitoring.measured(org_id, year)
    least_kg: uint256 = max(record.declared_kg, record.reported_kg)
    least_kg = max(least_kg, (measured.mass_g + _GRAMS_PER_KG - 1) // _GRAMS_PER_KG)
    assert amount_kg >= least_kg, "emission_registry: estimate not conservative"
    record.status = ESTIMATED
    record.verified_kg = amount_kg
    record.estimated = True
    record.evidence = evidence
    record.respond_by = block.timestamp + calendar.objection_seconds
    self._store(org_id, year, record)
    log IEmissionRegistry.EmissionsEstimated(
        organisation=org_id,
        year=year,
        verifier=record.verifier_id,
        verified_kg=amount_kg,
        least_kg=least_kg,
        reason=reason,
        evidence=evidence,
        respond_by=record.respond_by,
        signer=msg.sender,
    )


@external
def accept(org_id: uint256, year: uint256, amount_kg: uint256, document: bytes32):
    """
    @notice The regulator makes the verified figure final. `amount_kg` states it once more, so that
            nobody accepts another figure than the one that was read; never by the organisation that
            verified it.
    """
    regulator: uint256 = self._regulator(org_id, msg.sender)
    record: IEmissionRegistry.Record = self._records[org_id][year]
    if record.status == CORRECTED or record.status == ESTIMATED:
        assert block.timestamp > record.respond_by, "emission_registry: emitter may still object"
    else:
        assert record.status == ENDORSED, "emission_registry: no verified figure"
    assert regulator != record.verifier_id, "emission_registry: own verification"
    assert amount_kg == record.verified_kg, "emission_registry: another figure"
    assert document != empty(bytes32), "emission_registry: no document"
    old_kg: uint256 = record.accepted_kg
    if record.acceptances != 0 and old_kg != amount_kg:
        record.overturned = True
        record.undone_kg = old_kg
        record.undone_verifier = record.accepted_verifier
    record.accepted_verifier = record.verifier_id
    record.status = ACCEPTED
    record.accepted_kg = amount_kg
    record.accepted_at = block.timestamp
    record.acceptances += 1
    record.respond_by = 0
    record.assigned_to = 0
    record.evidence = document
    self._store(org_id, year, record)
    log IEmissionRegistry.EmissionsAccepted(
        organisation=org_id,
        year=year,
        verifier=record.verifier_id,
        old_kg=old_kg,
        accepted_kg=amount_kg,
        declared_kg=record.declared_kg,
        acceptances=record.acceptances,
        document=document,
        signer=msg.sender,
    )


@external
def reexamine(org_id: uint256, year: uint256, reason: String[160], document: bytes32):
    """
    @notice The regulator opens an accepted figure again, on the record. The figure stays in force
            until another is accepted; the verifier that gave it never gets the case again.
    """
    self._regulator(org_id, msg.sender)
    record: IEmissionRegistry.Record = self._records[org_id][year]
    assert record.status == ACCEPTED, "emission_registry: nothing accepted"
    assert len(reason) != 0, "emission_registry: no reason"
    assert document != empty(bytes32), "emission_registry: no document"
    record = self._handed_back(record, org_id, year)
    record.evidence = document
    self._store(org_id, year, record)
    log IEmissionRegistry.ReexaminationOpened(
        organisation=org_id,
        year=year,
        accepted_kg=record.accepted_kg,
        reason=reason,
        document=document,
        signer=msg.sender,
    )


@view
@external
def verified_emissions(org_id: uint256, period: uint256) -> (bool, uint256):
    """
    @notice Whether a figure is accepted, and the figure in kg.
    """
    record: IEmissionRegistry.Record = self._records[org_id][period]
    return record.acceptances != 0, record.accepted_kg


@view
@external
def report_facts(org_id: uint256, period: uint256) -> IVerifiedEmissions.ReportFacts:
    record: IEmissionRegistry.Record = self._records[org_id][period]
    facts: IVerifiedEmissions.ReportFacts = IVerifiedEmissions.ReportFacts(
        declared_kg=record.declared_kg,
        verified_kg=record.verified_kg,
        accepted_kg=record.accepted_kg,
        submitted_at=record.submitted_at,
        deadline_at=self._calendars[period].report_by,
        accepted_at=record.accepted_at,
        verifier_id=record.verifier_id,
        overturned=record.overturned,
    )
    if record.overturned:  # the figure that was undone, and whose it was
        facts.verified_kg = record.undone_kg
        facts.verifier_id = record.undone_verifier
    return facts


@view
@external
def record_of(org_id: uint256, year: uint256) -> IEmissionRegistry.Record:
    return self._records[org_id][year]


@view
@external
def commitment_of(org_id: uint256, year: uint256) -> bytes32:
    """
    @notice Hash of the whole record with its organisation and year; 0 without a record.
    """
    return self._commitments[org_id][year]


@view
@external
def calendar_of(year: uint256) -> IEmissionRegistry.Calendar:
    return self._calendars[year]


@view
@external
def has_conflict(verifier: uint256, emitter: uint256) -> bool:
    return self._conflicts[verifier][emitter]


@internal
def _submitted(
    record: IEmissionRegistry.Record,
    org_id: uint256,
    year: uint256,
    lines: DynArray[IEmissionMethods.ActivityLine, MAX_LINES],
    document: bytes32,
) -> IEmissionRegistry.Record:
    """
    @dev The record with a new submission in it, calculated and tied to the readings of today.
    """
    calendar: IEmissionRegistry.Calendar = self._calendar(year)
    assert len(lines) != 0, "emission_registry: no activity data"
    assert document != empty(bytes32), "emission_registry: no document"
    measured: IMonitoringRegistry.Measured = staticcall monitoring.measured(org_id, year)
    new: IEmissionRegistry.Record = record
    new.version += 1
    new.reported_kg = self._total_kg(calendar, lines)
    new.measured_g = measured.mass_g
    new.readings = measured.commitment
    new.lines = keccak256(abi_encode(lines))
    new.document = document
    log IEmissionRegistry.ReportSubmitted(
        organisation=org_id,
        year=year,
        version=new.version,
        reported_kg=new.reported_kg,
        measured_g=new.measured_g,
        document=document,
        lines=new.lines,
        readings=new.readings,
        late=block.timestamp > calendar.report_by,
        signer=msg.sender,
    )
    return new


@internal
def _handed_back(
    record: IEmissionRegistry.Record, org_id: uint256, year: uint256
) -> IEmissionRegistry.Record:
    """
    @dev The record ready for another verifier than the one that gave the figure.
    """
    new: IEmissionRegistry.Record = record
    new.status = SUBMITTED
    if record.version == 0:
        new.status = NONE_YET  # nobody reported: there is nothing that a verifier could endorse
    new.excluded = record.verifier_id
    if record.verifier_id != 0:
        self._excluded[org_id][year][record.verifier_id] = True
    new.assigned_to = 0
    new.respond_by = 0
    return new


@internal
def _store(org_id: uint256, year: uint256, record: IEmissionRegistry.Record):
    self._records[org_id][year] = record
    self._commitments[org_id][year] = keccak256(abi_encode(org_id, year, record))


@internal
@view
def _total_kg(
    calendar: IEmissionRegistry.Calendar,
    lines: DynArray[IEmissionMethods.ActivityLine, MAX_LINES],
) -> uint256:
    return staticcall methods.total_kg(calendar.factor_set, calendar.gas_set, lines)


@internal
@view
def _check_rotation(org_id: uint256, year: uint256, verifier: uint256, most_years: uint256):
    """
    @dev Counts the years before this one in which the same verifier worked for the emitter.
    """
    running: uint256 = 0
    for back: uint256 in range(1, MOST_YEARS + 1):
        if back > year or self._verifier_in[org_id][year - back] != verifier:
            break
        running += 1
    assert running < most_years, "emission_registry: too many years running"


@internal
@view
def _at_work(
    org_id: uint256, year: uint256, version: uint256, actor: address
) -> IEmissionRegistry.Record:
    """
    @dev The record of a report that the actor's organisation may verify now.
    """
    verifier: uint256 = member_guard._check_role(role.VERIFIER, actor)
    record: IEmissionRegistry.Record = self._records[org_id][year]
    assert record.status == ASSIGNED, "emission_registry: nothing to verify"
    assert verifier == record.assigned_to, "emission_registry: not the assigned verifier"
    assert not self._conflicts[verifier][org_id], "emission_registry: conflict of interest"
    assert block.timestamp <= record.respond_by, "emission_registry: time is over"
    assert version == record.version, "emission_registry: another version"
    return record


@internal
@view
def _emitter(actor: address) -> uint256:
    """
    @dev A suspended emitter still has the duty to report, hence only the role is asked.
    """
    org_id: uint256 = member_guard._check_account(actor)
    roles: uint256 = standing._roles(member_guard._standing_of(org_id))
    assert roles & role.EMITTER != 0, "emission_registry: not an emitter"
    return org_id


@internal
@view
def _regulator(org_id: uint256, actor: address) -> uint256:
    """
    @dev A regulator, never for its own organisation.
    """
    regulator: uint256 = member_guard._check_role(role.REGULATOR, actor)
    assert regulator != org_id, "emission_registry: own report"
    return regulator


@internal
@view
def _calendar(year: uint256) -> IEmissionRegistry.Calendar:
    calendar: IEmissionRegistry.Calendar = self._calendars[year]
    assert calendar.report_by != 0, "emission_registry: year not open"
    return calendar

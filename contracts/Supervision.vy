# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Collaborative supervision 协同监督: granted views, and complaints followed to their end
@license AGPL-3.0-or-later
@notice A regulator lets another organisation see certain kinds of data of certain organisations and
        years until a stated moment; `may_view` answers everybody. Any active member complains about
        another organisation; a regulator takes the complaint up by naming what was opened for it,
        and resolves it once that is over. What is named is looked up where it stands, not trusted:

        | route         | reference | counts if                                | is over once         |
        |---------------|-----------|------------------------------------------|----------------------|
        | 1 check       | round     | covers subject and period, not over when | it is finished       |
        |               |           | the complaint was filed                  |                      |
        | 2 case        | case      | of subject and period, open or opened    | deducted, paid or    |
        |               |           | since the complaint was filed            | dismissed            |
        | 3 examination | emitter   | its figure is open, and the subject is   | a figure is accepted |
        |               |           | its emitter or verifier                  |                      |
        | 4 inspection  | document  | never zero: no contract knows of it      | a regulator says so  |

        Nothing here reaches units, money or figures: the other contracts know nothing of this one.
@custom:kill There is no switch.
"""

from .interfaces import IEmissionRegistry
from .interfaces import IIncentives
from .interfaces import IPeriodicCheck
from .interfaces import ISupervision

from .modules import calendar
from .modules import member_guard
from .modules import role
from .modules import standing

initializes: member_guard

exports: member_guard.membership

ALL_KINDS: constant(uint256) = 127
EVERYONE: constant(uint256) = 1
REGION: constant(uint256) = 2
SECTOR: constant(uint256) = 3
SECTOR_OF_REGION: constant(uint256) = 4
ORGANISATION: constant(uint256) = 5
LAST_YEAR: constant(uint256) = 9999
MAX_LIVE: constant(uint256) = 32  # grants of one organisation at a time

COMPLAINT_KINDS: constant(uint256) = 6
FILED: constant(uint256) = 1
TAKEN_UP: constant(uint256) = 2
UPHELD: constant(uint256) = 3
DISMISSED: constant(uint256) = 4
WITHDRAWN: constant(uint256) = 5

CHECK: constant(uint256) = 1
CASE: constant(uint256) = 2
EXAMINATION: constant(uint256) = 3
INSPECTION: constant(uint256) = 4

CASE_DONE: constant(uint256) = 3  # and above: dismissed
FIGURE_ACCEPTED: constant(uint256) = 8  # status of a record of EmissionRegistry

periodic_check: public(immutable(IPeriodicCheck))
incentives: public(immutable(IIncentives))
emissions: public(immutable(IEmissionRegistry))
take_up_seconds: public(immutable(uint256))
resolve_seconds: public(immutable(uint256))
longest_grant_seconds: public(immutable(uint256))
rules_hash: public(immutable(bytes32))

grant_count: public(uint256)
complaint_count: public(uint256)
_grants: HashMap[uint256, ISupervision.Grant]
_live: HashMap[uint256, DynArray[uint256, MAX_LIVE]]  # by grantee; may hold expired ones
_complaints: HashMap[uint256, ISupervision.Complaint]
_open: HashMap[bytes32, uint256]


@deploy
def __init__(
    membership: address,
    periodic_check_: address,
    incentives_: address,
    emissions_: address,
    take_up_seconds_: uint256,
    resolve_seconds_: uint256,
    longest_grant_seconds_: uint256,
    rules_hash_: bytes32,
):
    member_guard.__init__(membership)
    assert periodic_check_ != empty(address), "supervision: no periodic check"
    assert incentives_ != empty(address), "supervision: no incentives"
    assert emissions_ != empty(address), "supervision: no emission registry"
    assert take_up_seconds_ != 0, "supervision: no time to take up"
    assert resolve_seconds_ != 0, "supervision: no time to resolve"
    assert longest_grant_seconds_ != 0, "supervision: no time for a grant"
    periodic_check = IPeriodicCheck(periodic_check_)
    incentives = IIncentives(incentives_)
    emissions = IEmissionRegistry(emissions_)
    take_up_seconds = take_up_seconds_
    resolve_seconds = resolve_seconds_
    longest_grant_seconds = longest_grant_seconds_
    rules_hash = rules_hash_


@external
def grant_view(
    grantee: uint256, extent: ISupervision.Extent, expires_at: uint256, document: bytes32
) -> uint256:
    """
    @notice Let an active organisation see what `extent` says, until `expires_at` inclusive. A grant
            is never altered: revoke it and give another.
    @return The number of the grant.
    """
    regulator: uint256 = member_guard._check_role(role.REGULATOR, msg.sender)
    assert grantee != regulator, "supervision: own organisation"
    assert standing._is_active(
        member_guard._standing_of(grantee)
    ), "supervision: not an active organisation"
    self._check_extent(extent)
    assert expires_at > block.timestamp, "supervision: expires in the past"
    assert (
        expires_at - block.timestamp <= longest_grant_seconds
    ), "supervision: longer than a grant may last"
    assert document != empty(bytes32), "supervision: no document"
    self._sweep(grantee)
    assert len(self._live[grantee]) < MAX_LIVE, "supervision: too many grants at a time"
    number: uint256 = self.grant_count + 1
    self.grant_count = number
    self._live[grantee].append(number)
    self._grants[number] = ISupervision.Grant(
        grantee=grantee,
        extent=extent,
        granted_at=block.timestamp,
        expires_at=expires_at,
        revoked_at=0,
        document=document,
    )
    log ISupervision.ViewGranted(
        grant=number,
        grantee=grantee,
        extent=extent,
        expires_at=expires_at,
        document=document,
        signer=msg.sender,
    )
    return number


@external
def revoke_view(grant_id: uint256, reason: String[160]):
    """
    @notice End a grant before its time.
    """
    member_guard._check_role(role.REGULATOR, msg.sender)
    grant: ISupervision.Grant = self._grants[grant_id]
    assert grant.grantee != 0, "supervision: no such grant"
    assert grant.revoked_at == 0, "supervision: revoked already"
    assert grant.expires_at >= block.timestamp, "supervision: expired already"
    assert len(reason) != 0, "supervision: no reason"
    self._grants[grant_id].revoked_at = block.timestamp
    self._sweep(grant.grantee)
    log ISupervision.ViewRevoked(
        grant=grant_id, grantee=grant.grantee, reason=reason, signer=msg.sender
    )


@external
def file_complaint(
    subject: uint256, kind: uint256, period: uint256, evidence: bytes32, statement: String[160]
) -> uint256:
    """
    @notice Complain about another organisation, also a suspended one. `evidence` is the hash of what
            is laid before the regulator. One open complaint at a time per complainant, subject,
            kind and period.
    @return The number of the complaint.
    """
    complainant: uint256 = member_guard._check_member(msg.sender)
    assert subject != complainant, "supervision: own organisation"
    assert member_guard._standing_of(subject) != 0, "supervision: no such organisation"
    assert 0 < kind and kind <= COMPLAINT_KINDS, "supervision: unknown kind of complaint"
    assert period != 0, "supervision: no period"
    assert period <= calendar._year(block.timestamp), "supervision: period has not begun"
    assert evidence != empty(bytes32), "supervision: no evidence"
    assert len(statement) != 0, "supervision: no statement"
    key: bytes32 = self._key(complainant, subject, kind, period)
    assert self._open[key] == 0, "supervision: complaint is open already"
    number: uint256 = self.complaint_count + 1
    self.complaint_count = number
    self._open[key] = number
    act_by: uint256 = block.timestamp + take_up_seconds
    self._complaints[number] = ISupervision.Complaint(
        complainant=complainant,
        subject=subject,
        kind=kind,
        period=period,
        evidence=evidence,
        status=FILED,
        filed_at=block.timestamp,
        act_by=act_by,
        escalated=False,
        route=0,
        reference=0,
        acceptances=0,
        regulator=0,
        document=empty(bytes32),
    )
    log ISupervision.ComplaintFiled(
        complaint=number,
        complainant=complainant,
        subject=subject,
        kind=kind,
        period=period,
        evidence=evidence,
        statement=statement,
        act_by=act_by,
        signer=msg.sender,
    )
    return number


@external
def take_up(complaint_id: uint256, route: uint256, reference: uint256, document: bytes32):
    """
    @notice Take a complaint up, naming what was opened for it. Also after the deadline, which stays
            on record as overdue.
    """
    complaint: ISupervision.Complaint = self._complaints[complaint_id]
    regulator: uint256 = self._check_judge(complaint, msg.sender)
    assert complaint.status == FILED, "supervision: not waiting to be taken up"
    assert document != empty(bytes32), "supervision: no document"
    complaint.acceptances = self._check_route(complaint, route, reference)
    complaint.status = TAKEN_UP
    complaint.act_by = block.timestamp + resolve_seconds
    complaint.escalated = False
    complaint.route = route
    complaint.reference = reference
    complaint.regulator = regulator
    complaint.document = document
    self._complaints[complaint_id] = complaint
    log ISupervision.ComplaintTakenUp(
        complaint=complaint_id,
        regulator=regulator,
        route=route,
        reference=reference,
        act_by=complaint.act_by,
        document=document,
        signer=msg.sender,
    )


@external
def pursue(complaint_id: uint256, route: uint256, reference: uint256, document: bytes32):
    """
    @notice Name what was opened next (a case after an inspection, say), once what was named before
            is over. The deadline stays.
    """
    complaint: ISupervision.Complaint = self._complaints[complaint_id]
    regulator: uint256 = self._check_judge(complaint, msg.sender)
    assert complaint.status == TAKEN_UP, "supervision: not taken up"
    assert self._is_over(complaint), "supervision: what was opened is not over"
    assert document != empty(bytes32), "supervision: no document"
    old_route: uint256 = complaint.route
    old_reference: uint256 = complaint.reference
    # The same emitter's figure may be opened once more: the last examination of it is over.
    another: bool = route != old_route or reference != old_reference or route == EXAMINATION
    assert another, "supervision: named already"
    complaint.acceptances = self._check_route(complaint, route, reference)
    complaint.route = route
    complaint.reference = reference
    complaint.regulator = regulator
    complaint.document = document
    self._complaints[complaint_id] = complaint
    log ISupervision.ComplaintPursued(
        complaint=complaint_id,
        regulator=regulator,
        old_route=old_route,
        old_reference=old_reference,
        new_route=route,
        new_reference=reference,
        document=document,
        signer=msg.sender,
    )


@external
def resolve(complaint_id: uint256, upheld: bool, reason: String[160], document: bytes32):
    """
    @notice Uphold or dismiss a complaint once what was opened for it is over.
    """
    complaint: ISupervision.Complaint = self._complaints[complaint_id]
    regulator: uint256 = self._check_judge(complaint, msg.sender)
    assert complaint.status == TAKEN_UP, "supervision: not taken up"
    assert self._is_over(complaint), "supervision: what was opened is not over"
    assert len(reason) != 0, "supervision: no reason"
    assert document != empty(bytes32), "supervision: no document"
    complaint.regulator = regulator
    complaint.document = document
    status: uint256 = DISMISSED
    if upheld:
        status = UPHELD
    self._close(complaint_id, complaint, status)
    log ISupervision.ComplaintResolved(
        complaint=complaint_id,
        regulator=regulator,
        upheld=upheld,
        reason=reason,
        document=document,
        signer=msg.sender,
    )


@external
def withdraw(complaint_id: uint256, reason: String[160]):
    """
    @notice Take an own open complaint back, also while suspended. What was opened for it goes on.
    """
    complainant: uint256 = member_guard._check_account(msg.sender)
    complaint: ISupervision.Complaint = self._complaints[complaint_id]
    assert complaint.status != 0, "supervision: no such complaint"
    assert complaint.complainant == complainant, "supervision: not your complaint"
    assert complaint.status <= TAKEN_UP, "supervision: closed already"
    assert len(reason) != 0, "supervision: no reason"
    old_status: uint256 = complaint.status
    self._close(complaint_id, complaint, WITHDRAWN)
    log ISupervision.ComplaintWithdrawn(
        complaint=complaint_id,
        complainant=complainant,
        old_status=old_status,
        reason=reason,
        signer=msg.sender,
    )


@external
def escalate(complaint_id: uint256):
    """
    @notice Put on record that a regulator let a deadline pass; once per deadline. Anyone may call.
    """
    complaint: ISupervision.Complaint = self._complaints[complaint_id]
    assert complaint.status != 0, "supervision: no such complaint"
    assert complaint.status <= TAKEN_UP, "supervision: closed already"
    assert block.timestamp > complaint.act_by, "supervision: not overdue"
    assert not complaint.escalated, "supervision: escalated already"
    self._complaints[complaint_id].escalated = True
    log ISupervision.ComplaintEscalated(
        complaint=complaint_id,
        subject=complaint.subject,
        status=complaint.status,
        overdue_since=complaint.act_by,
        caller=msg.sender,
    )


@external
@view
def may_view(org_id: uint256, kind: uint256, subject: uint256, year: uint256, at: uint256) -> bool:
    """
    @notice Whether an organisation may see one kind of data (one bit) of another for a year: its
            own always, a regulator all of them, others by a grant in force. A suspended one sees
            nothing but its own.
    @param at The block time asked about. Grants count as they stand now: one that was revoked in
           the meantime counts for no earlier moment either.
    """
    assert self._is_one_kind(kind), "supervision: name one kind of data"
    about: uint256 = member_guard._standing_of(subject)
    if about == 0:
        return False
    if org_id == subject:
        return True
    viewer: uint256 = member_guard._standing_of(org_id)
    if not standing._is_active(viewer):
        return False
    if standing._roles(viewer) & role.REGULATOR != 0:
        return True
    for number: uint256 in self._live[org_id]:
        if self._allows(self._grants[number], kind, subject, about, year, at):
            return True
    return False


@external
@view
def grant(grant_id: uint256) -> ISupervision.Grant:
    assert self._grants[grant_id].grantee != 0, "supervision: no such grant"
    return self._grants[grant_id]


@external
@view
def live_grants(grantee: uint256) -> DynArray[uint256, MAX_LIVE]:
    """
    @notice The numbers of an organisation's grants that are neither revoked nor expired.
    """
    found: DynArray[uint256, MAX_LIVE] = []
    for number: uint256 in self._live[grantee]:
        if self._is_live(number):
            found.append(number)
    return found


@external
@view
def complaint(complaint_id: uint256) -> ISupervision.Complaint:
    assert self._complaints[complaint_id].status != 0, "supervision: no such complaint"
    return self._complaints[complaint_id]


@external
@view
def open_complaint(
    complainant: uint256, subject: uint256, kind: uint256, period: uint256
) -> uint256:
    """
    @notice The number of the complaint that is open on this, 0 without one.
    """
    return self._open[self._key(complainant, subject, kind, period)]


@external
@view
def is_overdue(complaint_id: uint256) -> bool:
    complaint: ISupervision.Complaint = self._complaints[complaint_id]
    assert complaint.status != 0, "supervision: no such complaint"
    return complaint.status <= TAKEN_UP and block.timestamp > complaint.act_by


@external
@view
def is_over(complaint_id: uint256) -> bool:
    """
    @notice Whether what was opened for a complaint has come to its end, so that it can be resolved.
    """
    complaint: ISupervision.Complaint = self._complaints[complaint_id]
    assert complaint.status != 0, "supervision: no such complaint"
    return self._is_over(complaint)


@internal
@pure
def _key(complainant: uint256, subject: uint256, kind: uint256, period: uint256) -> bytes32:
    return keccak256(abi_encode(complainant, subject, kind, period))


@internal
@pure
def _is_one_kind(kind: uint256) -> bool:
    return kind != 0 and kind <= ALL_KINDS and kind & (kind - 1) == 0


@internal
@view
def _check_extent(extent: ISupervision.Extent):
    """
    @dev Every field that the scope uses is sensible, every other one is zero.
    """
    assert extent.kinds != 0, "supervision: no kind of data"
    assert extent.kinds <= ALL_KINDS, "supervision: unknown kind of data"
    assert EVERYONE <= extent.scope and extent.scope <= ORGANISATION, "supervision: unknown scope"
    by_region: bool = extent.scope == REGION or extent.scope == SECTOR_OF_REGION
    by_sector: bool = extent.scope == SECTOR or extent.scope == SECTOR_OF_REGION
    assert by_region or extent.region == 0, "supervision: region is not in the scope"
    assert by_sector or extent.sector == 0, "supervision: sector is not in the scope"
    assert extent.region <= standing.MAX_FIELD, "supervision: region too large"
    assert extent.sector <= standing.MAX_FIELD, "supervision: sector too large"
    if extent.scope == ORGANISATION:
        assert member_guard._standing_of(extent.subject) != 0, "supervision: no such organisation"
    else:
        assert extent.subject == 0, "supervision: organisation is not in the scope"
    assert extent.first_year != 0, "supervision: no first year"
    assert extent.first_year <= extent.last_year, "supervision: years out of order"
    assert extent.last_year <= LAST_YEAR, "supervision: year too large"


@internal
@view
def _is_live(number: uint256) -> bool:
    return (
        self._grants[number].revoked_at == 0 and self._grants[number].expires_at >= block.timestamp
    )


@internal
def _sweep(grantee: uint256):
    """
    @dev Drops what has ended, so that the list never grows beyond what is in force.
    """
    kept: DynArray[uint256, MAX_LIVE] = []
    for number: uint256 in self._live[grantee]:
        if self._is_live(number):
            kept.append(number)
    self._live[grantee] = kept


@internal
@pure
def _allows(
    grant: ISupervision.Grant,
    kind: uint256,
    subject: uint256,
    about: uint256,
    year: uint256,
    at: uint256,
) -> bool:
    if grant.revoked_at != 0 or at < grant.granted_at or at > grant.expires_at:
        return False
    extent: ISupervision.Extent = grant.extent
    if extent.kinds & kind == 0 or year < extent.first_year or year > extent.last_year:
        return False
    if extent.scope == ORGANISATION:
        return extent.subject == subject
    if extent.scope == REGION:
        return extent.region == standing._region(about)
    if extent.scope == SECTOR:
        return extent.sector == standing._sector(about)
    if extent.scope == SECTOR_OF_REGION:
        return extent.region == standing._region(about) and extent.sector == standing._sector(about)
    return extent.scope == EVERYONE


@internal
@view
def _check_judge(complaint: ISupervision.Complaint, actor: address) -> uint256:
    """
    @dev A regulator that is neither side of an existing complaint.
    """
    regulator: uint256 = member_guard._check_role(role.REGULATOR, actor)
    assert complaint.status != 0, "supervision: no such complaint"
    assert regulator != complaint.subject, "supervision: complaint against yourself"
    assert regulator != complaint.complainant, "supervision: complaint of your own"
    return regulator


@internal
@view
def _check_route(complaint: ISupervision.Complaint, route: uint256, reference: uint256) -> uint256:
    """
    @dev What is named exists, is about the same, and was not over before the complaint. Returns how
         often the figure under examination was accepted so far, 0 on another route.
    """
    if route == CHECK:
        found: IPeriodicCheck.Round = staticcall periodic_check.round(reference)
        same: bool = found.period == complaint.period or found.year == complaint.period
        assert same, "supervision: check of another period"
        assert complaint.subject <= found.member_count, "supervision: check does not cover it"
        ended: bool = found.finished_at != 0 and found.finished_at < complaint.filed_at
        assert not ended, "supervision: over before the complaint"
        return 0
    if route == CASE:
        case: IIncentives.Case = staticcall incentives.case(reference)
        assert case.organisation == complaint.subject, "supervision: case of another"
        assert case.period == complaint.period, "supervision: case of another period"
        ended: bool = case.status >= CASE_DONE and case.opened_at < complaint.filed_at
        assert not ended, "supervision: over before the complaint"
        return 0
    if route == EXAMINATION:
        record: IEmissionRegistry.Record = staticcall emissions.record_of(
            reference, complaint.period
        )
        assert record.version != 0 or record.acceptances != 0, "supervision: no figure to examine"
        assert record.status != FIGURE_ACCEPTED, "supervision: figure is not under examination"
        involved: bool = (
            reference == complaint.subject
            or record.assigned_to == complaint.subject
            or record.verifier_id == complaint.subject
            or record.accepted_verifier == complaint.subject
        )
        assert involved, "supervision: figure of another"
        return record.acceptances
    assert route == INSPECTION, "supervision: unknown route"
    assert reference != 0, "supervision: no order of inspection"
    return 0


@internal
@view
def _is_over(complaint: ISupervision.Complaint) -> bool:
    if complaint.route == CHECK:
        found: IPeriodicCheck.Round = staticcall periodic_check.round(complaint.reference)
        return found.finished_at != 0
    if complaint.route == CASE:
        case: IIncentives.Case = staticcall incentives.case(complaint.reference)
        return case.status >= CASE_DONE
    if complaint.route == EXAMINATION:
        record: IEmissionRegistry.Record = staticcall emissions.record_of(
            complaint.reference, complaint.period
        )
        return record.acceptances > complaint.acceptances
    return complaint.route == INSPECTION


@internal
def _close(complaint_id: uint256, complaint: ISupervision.Complaint, status: uint256):
    closed: ISupervision.Complaint = complaint
    closed.status = status
    closed.act_by = 0
    self._complaints[complaint_id] = closed
    self._open[
        self._key(complaint.complainant, complaint.subject, complaint.kind, complaint.period)
    ] = 0

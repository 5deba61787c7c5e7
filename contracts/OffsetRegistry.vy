# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Voluntary-reduction projects and their credits
@license AGPL-3.0-or-later
@notice A project is registered by its owner, reviewed and approved or rejected by the regulator. A
        verifier attests the reduction of one monitoring period; the regulator issues the credits of
        an attestation, once. Monitoring periods of a project never overlap. When an attestation is
        revoked, the credits of its project and vintage cease to be usable until what was issued on
        it has been made good. Credits of other registries enter with their serial interval, which
        may not touch any interval imported before.
@custom:kill The regulator withdraws a project: none of its credits is usable from then on.
"""

from .interfaces import ICarbonLedger
from .interfaces import IOffsetCredits
from .interfaces import IOffsetRegistry

implements: IOffsetCredits
implements: IOffsetRegistry

from .modules import calendar
from .modules import instrument
from .modules import member_guard

initializes: member_guard

from .modules import role
from .modules import wiring

initializes: wiring

exports: (member_guard.membership, wiring.seal, wiring.is_sealed)

REGISTERED: constant(uint256) = 1
UNDER_REVIEW: constant(uint256) = 2
APPROVED: constant(uint256) = 3
REJECTED: constant(uint256) = 4
WITHDRAWN: constant(uint256) = 5

ATTESTED: constant(uint256) = 1
ISSUED: constant(uint256) = 2
REVOKED_UNISSUED: constant(uint256) = 3
REVOKED: constant(uint256) = 4
MADE_GOOD: constant(uint256) = 5

KG_PER_CREDIT: constant(uint256) = 1_000  # one foreign credit is one tonne
MAX_SERIAL: constant(uint256) = 2**64 - 1
MAX_AMOUNT_KG: constant(uint256) = 2**64
MAX_CODE_LENGTH: constant(uint256) = 8

ledger: public(ICarbonLedger)
project_count: public(uint256)
attestation_count: public(uint256)
is_registry: public(HashMap[uint256, bool])
issued_attestations: public(HashMap[uint256, uint256])  # token -> attestations with credits
revoked_attestations: public(HashMap[uint256, uint256])  # token -> of these, revoked and open
# Imported intervals of a registry as a sorted list: first serial -> last serial, next first serial.
last_serial: public(HashMap[uint256, HashMap[uint256, uint256]])  # 0 means: no such interval
next_first_serial: public(HashMap[uint256, HashMap[uint256, uint256]])  # of 0: the lowest one
_projects: HashMap[uint256, IOffsetRegistry.Project]
_attestations: HashMap[uint256, IOffsetRegistry.Attestation]
_monitoring_documents: HashMap[bytes32, bool]


@deploy
def __init__(membership: address):
    member_guard.__init__(membership)
    wiring.__init__(msg.sender)


@external
def wire(ledger: address):
    wiring._wire(msg.sender)
    self.ledger = ICarbonLedger(ledger)


@external
def register(
    name: String[96],
    methodology: bytes32,
    document: bytes32,
    crediting_start: uint256,
    crediting_end: uint256,
) -> uint256:
    """
    @notice Register an own project by the hash of its design document.
    """
    wiring._check_sealed()
    owner: uint256 = member_guard._check_member(msg.sender)
    assert len(name) != 0, "offset_registry: name is empty"
    assert document != empty(bytes32), "offset_registry: no document"
    assert crediting_start < crediting_end, "offset_registry: empty crediting time"
    project_id: uint256 = self.project_count + 1
    self.project_count = project_id
    self._projects[project_id] = IOffsetRegistry.Project(
        owner=owner,
        status=REGISTERED,
        name=name,
        methodology=methodology,
        document=document,
        crediting_start=crediting_start,
        crediting_end=crediting_end,
        monitored_until=crediting_start,
    )
    log IOffsetRegistry.ProjectRegistered(
        project=project_id,
        owner=owner,
        name=name,
        methodology=methodology,
        document=document,
        crediting_start=crediting_start,
        crediting_end=crediting_end,
        signer=msg.sender,
    )
    return project_id


@external
def open_review(project_id: uint256):
    member_guard._check_role(role.REGULATOR, msg.sender)
    self._check_status(project_id, REGISTERED)
    self._change_status(project_id, UNDER_REVIEW, empty(bytes32), "")


@external
def approve(project_id: uint256, document: bytes32, reason: String[160]):
    """
    @notice Approve a project under review; the owner does not review its own.
    """
    org_id: uint256 = member_guard._check_role(role.REGULATOR, msg.sender)
    self._check_decision(project_id, org_id, document, reason)
    self._change_status(project_id, APPROVED, document, reason)


@external
def reject(project_id: uint256, document: bytes32, reason: String[160]):
    org_id: uint256 = member_guard._check_role(role.REGULATOR, msg.sender)
    self._check_decision(project_id, org_id, document, reason)
    self._change_status(project_id, REJECTED, document, reason)


@external
def resubmit(project_id: uint256, document: bytes32):
    """
    @notice Hand in a rejected project again, with a new document.
    """
    owner: uint256 = member_guard._check_member(msg.sender)
    self._check_status(project_id, REJECTED)
    assert self._projects[project_id].owner == owner, "offset_registry: not the owner"
    assert document != empty(bytes32), "offset_registry: no document"
    assert document != self._projects[project_id].document, "offset_registry: document unchanged"
    self._projects[project_id].document = document
    self._change_status(project_id, REGISTERED, document, "")


@external
def withdraw_project(project_id: uint256, document: bytes32, reason: String[160]):
    """
    @notice End an approved project: none of its credits is usable any more.
    """
    member_guard._check_role(role.REGULATOR, msg.sender)
    self._check_status(project_id, APPROVED)
    assert len(reason) != 0, "offset_registry: no reason"
    self._change_status(project_id, WITHDRAWN, document, reason)


@external
def attest(
    project_id: uint256,
    monitoring_start: uint256,
    monitoring_end: uint256,
    amount_kg: uint256,
    document: bytes32,
) -> uint256:
    """
    @notice State, as verifier, the reduction of one monitoring period by a report's hash.
    """
    verifier: uint256 = member_guard._check_role(role.VERIFIER, msg.sender)
    self._check_status(project_id, APPROVED)
    assert verifier != self._projects[project_id].owner, "offset_registry: owner cannot attest"
    assert document != empty(bytes32), "offset_registry: no document"
    assert 0 < amount_kg and amount_kg < MAX_AMOUNT_KG, "offset_registry: amount out of range"
    assert monitoring_start < monitoring_end, "offset_registry: empty monitoring period"
    assert (
        monitoring_start >= self._projects[project_id].crediting_start
    ), "offset_registry: outside crediting time"
    assert (
        monitoring_end <= self._projects[project_id].crediting_end
    ), "offset_registry: outside crediting time"
    assert monitoring_end <= block.timestamp, "offset_registry: period has not ended"
    assert (
        monitoring_start >= self._projects[project_id].monitored_until
    ), "offset_registry: period already credited"
    return self._record(
        IOffsetRegistry.Attestation(
            project=project_id,
            token_id=instrument._offset(project_id, calendar._year(monitoring_end - 1)),
            amount_kg=amount_kg,
            monitoring_start=monitoring_start,
            monitoring_end=monitoring_end,
            verifier=verifier,
            document=document,
            status=ATTESTED,
        )
    )


@external
def issue(attestation_id: uint256) -> uint256:
    """
    @notice Issue the credits of an attestation to the project's owner, once per monitoring period.
    """
    wiring._check_sealed()
    member_guard._check_role(role.REGULATOR, msg.sender)
    attestation: IOffsetRegistry.Attestation = self._attestations[attestation_id]
    assert attestation.status == ATTESTED, "offset_registry: not open for issue"
    self._check_status(attestation.project, APPROVED)
    assert (
        attestation.monitoring_start >= self._projects[attestation.project].monitored_until
    ), "offset_registry: period already credited"
    self._projects[attestation.project].monitored_until = attestation.monitoring_end
    return self._issue(attestation_id, attestation, self._projects[attestation.project].owner)


@external
def revoke(attestation_id: uint256, reason: String[160], document: bytes32):
    """
    @notice Take an attestation back: its verifier or the regulator. Credits of the same project and
            vintage cease to be usable at once. The monitoring period is not credited again.
    """
    word: uint256 = member_guard._check_member(msg.sender)
    attestation: IOffsetRegistry.Attestation = self._attestations[attestation_id]
    if word != attestation.verifier:
        member_guard._check_role(role.REGULATOR, msg.sender)
    assert len(reason) != 0, "offset_registry: no reason"
    issued: bool = attestation.status == ISSUED
    assert issued or attestation.status == ATTESTED, "offset_registry: attestation does not stand"
    if issued:
        self._attestations[attestation_id].status = REVOKED
        self.revoked_attestations[attestation.token_id] += 1
    else:
        self._attestations[attestation_id].status = REVOKED_UNISSUED
    log IOffsetRegistry.AttestationRevoked(
        attestation=attestation_id,
        token_id=attestation.token_id,
        issued=issued,
        reason=reason,
        document=document,
        signer=msg.sender,
    )


@external
def close_reversal(attestation_id: uint256, document: bytes32):
    """
    @notice State that units for the revoked credits have been cancelled; the rest is usable again.
    """
    member_guard._check_role(role.REGULATOR, msg.sender)
    attestation: IOffsetRegistry.Attestation = self._attestations[attestation_id]
    assert attestation.status == REVOKED, "offset_registry: no open reversal"
    assert document != empty(bytes32), "offset_registry: no document"
    self._attestations[attestation_id].status = MADE_GOOD
    self.revoked_attestations[attestation.token_id] -= 1
    log IOffsetRegistry.ReversalMadeGood(
        attestation=attestation_id,
        token_id=attestation.token_id,
        amount_kg=attestation.amount_kg,
        document=document,
        signer=msg.sender,
    )


@external
def name_registry(registry: uint256, document: bytes32):
    """
    @notice Admit another registry under its code: capital letters and digits as ASCII bytes in the
            low end of the number, so that every code has exactly one spelling.
    """
    member_guard._check_role(role.REGULATOR, msg.sender)
    self._check_code(registry)
    assert not self.is_registry[registry], "offset_registry: registry named already"
    self.is_registry[registry] = True
    log IOffsetRegistry.RegistryNamed(registry=registry, document=document, signer=msg.sender)


@external
def import_credits(
    registry: uint256,
    project_id: uint256,
    vintage: uint256,
    first_foreign_serial: uint256,
    last_foreign_serial: uint256,
    previous_first_serial: uint256,
    document: bytes32,
) -> uint256:
    """
    @notice Bring in credits that their own registry has cancelled for this purpose.
    @param previous_first_serial The first serial of the interval before this one, 0 for none: the
           place in the sorted list, which the contract checks on both sides.
    """
    wiring._check_sealed()
    member_guard._check_role(role.REGULATOR, msg.sender)
    assert self.is_registry[registry], "offset_registry: unknown registry"
    self._check_status(project_id, APPROVED)
    assert document != empty(bytes32), "offset_registry: no document"
    self._insert_interval(
        registry, first_foreign_serial, last_foreign_serial, previous_first_serial
    )
    attestation_id: uint256 = self._record(
        IOffsetRegistry.Attestation(
            project=project_id,
            token_id=instrument._offset(project_id, vintage),
            amount_kg=(last_foreign_serial - first_foreign_serial + 1) * KG_PER_CREDIT,
            monitoring_start=0,
            monitoring_end=0,
            verifier=0,
            document=document,
            status=ATTESTED,
        )
    )
    log IOffsetRegistry.SerialsImported(
        registry=registry,
        attestation=attestation_id,
        first_foreign_serial=first_foreign_serial,
        last_foreign_serial=last_foreign_serial,
        document=document,
        signer=msg.sender,
    )
    self._issue(
        attestation_id, self._attestations[attestation_id], self._projects[project_id].owner
    )
    return attestation_id


@external
@view
def is_usable(token_id: uint256) -> bool:
    """
    @notice Whether credits of this token may be surrendered.
    """
    return (
        self.issued_attestations[token_id] != 0
        and self.revoked_attestations[token_id] == 0
        and self._projects[instrument._project(token_id)].status == APPROVED
    )


@external
@view
def project_owner(project: uint256) -> uint256:
    return self._projects[project].owner


@external
@view
def project(project_id: uint256) -> IOffsetRegistry.Project:
    assert self._projects[project_id].status != 0, "offset_registry: no such project"
    return self._projects[project_id]


@external
@view
def attestation(attestation_id: uint256) -> IOffsetRegistry.Attestation:
    assert self._attestations[attestation_id].status != 0, "offset_registry: no such attestation"
    return self._attestations[attestation_id]


@internal
@view
def _check_status(project_id: uint256, status: uint256):
    assert self._projects[project_id].status != 0, "offset_registry: no such project"
    assert self._projects[project_id].status == status, "offset_registry: wrong project status"


@internal
@view
def _check_decision(project_id: uint256, org_id: uint256, document: bytes32, reason: String[160]):
    self._check_status(project_id, UNDER_REVIEW)
    assert self._projects[project_id].owner != org_id, "offset_registry: owner cannot review"
    assert document != empty(bytes32), "offset_registry: no document"
    assert len(reason) != 0, "offset_registry: no reason"


@internal
def _change_status(
    project_id: uint256, new_status: uint256, document: bytes32, reason: String[160]
):
    old_status: uint256 = self._projects[project_id].status
    self._projects[project_id].status = new_status
    log IOffsetRegistry.ProjectStatusChanged(
        project=project_id,
        old_status=old_status,
        new_status=new_status,
        document=document,
        reason=reason,
        signer=msg.sender,
    )


@internal
def _record(attestation: IOffsetRegistry.Attestation) -> uint256:
    # One document is the basis of one attestation only.
    assert not self._monitoring_documents[attestation.document], "offset_registry: document used"
    self._monitoring_documents[attestation.document] = True
    attestation_id: uint256 = self.attestation_count + 1
    self.attestation_count = attestation_id
    self._attestations[attestation_id] = attestation
    log IOffsetRegistry.ReductionAttested(
        attestation=attestation_id,
        project=attestation.project,
        verifier=attestation.verifier,
        monitoring_start=attestation.monitoring_start,
        monitoring_end=attestation.monitoring_end,
        amount_kg=attestation.amount_kg,
        document=attestation.document,
        signer=msg.sender,
    )
    return attestation_id


@internal
def _issue(
    attestation_id: uint256, attestation: IOffsetRegistry.Attestation, owner: uint256
) -> uint256:
    self._attestations[attestation_id].status = ISSUED
    self.issued_attestations[attestation.token_id] += 1
    first_serial: uint256 = extcall self.ledger.issue(
        owner, attestation.token_id, attestation.amount_kg, attestation.document
    )
    log IOffsetRegistry.CreditsIssued(
        attestation=attestation_id,
        project=attestation.project,
        token_id=attestation.token_id,
        organisation=owner,
        amount_kg=attestation.amount_kg,
        first_serial=first_serial,
        signer=msg.sender,
    )
    return first_serial


@internal
def _insert_interval(registry: uint256, first: uint256, last: uint256, previous_first: uint256):
    # The list is sorted and free of overlaps; with the neighbours apart, it stays so.
    assert 0 < first and first <= last, "offset_registry: serials out of order"
    assert last <= MAX_SERIAL, "offset_registry: serial too large"
    if previous_first != 0:
        previous_last: uint256 = self.last_serial[registry][previous_first]
        assert previous_last != 0, "offset_registry: wrong predecessor"
        assert previous_first <= first, "offset_registry: wrong predecessor"
        assert previous_last < first, "offset_registry: serials overlap"
    following: uint256 = self.next_first_serial[registry][previous_first]
    if following != 0:
        # A predecessor too early in the list meets the interval that lies between.
        assert last < following, "offset_registry: serials overlap"
    self.last_serial[registry][first] = last
    self.next_first_serial[registry][first] = following
    self.next_first_serial[registry][previous_first] = first


@internal
@pure
def _check_code(registry: uint256):
    assert registry != 0, "offset_registry: code is empty"
    rest: uint256 = registry
    for _: uint256 in range(MAX_CODE_LENGTH):
        if rest == 0:
            break
        letter: uint256 = rest & 255
        is_digit: bool = 48 <= letter and letter <= 57
        is_capital: bool = 65 <= letter and letter <= 90
        assert is_digit or is_capital, "offset_registry: code not canonical"
        rest >>= 8
    assert rest == 0, "offset_registry: code too long"

"""Voluntary-reduction projects, their credits, and serials brought in from other registries."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.engine import Connection, RowMapping

from tanlian.domain.errors import NotFound
from tanlian.domain.instrument import Instrument
from tanlian.domain.offset_states import AttestationState, ProjectState
from tanlian.readmodel.queries.making import made
from tanlian.readmodel.queries.signers import organisations_of
from tanlian.readmodel.tables.offsets import (
    attestations,
    foreign_registries,
    foreign_serials,
    project_steps,
    projects,
)


@dataclass(frozen=True, slots=True)
class Project:
    id: int
    owner: int
    name: str
    methodology: str
    document: str
    state: ProjectState
    crediting_start: int
    crediting_end: int
    credited_until: int
    registered_at: int
    changed_at: int


@dataclass(frozen=True, slots=True)
class ProjectStep:
    """A change of a project's state; `signed_for` is the organisation of the key."""

    state: ProjectState  # afterwards
    document: str
    reason: str
    signer: str
    signed_for: int | None
    time: int
    tx_hash: str


@dataclass(frozen=True, slots=True)
class Attestation:
    """A verifier's statement of a reduction; one without verifier was brought in from elsewhere."""

    id: int
    project: int
    verifier: int | None
    instrument: Instrument | None  # of the credits, once there are any
    amount_kg: int
    monitoring_start: int
    monitoring_end: int
    document: str
    state: AttestationState
    attested_at: int
    issued_at: int | None
    first_serial: int | None
    revoked_at: int | None
    revoke_reason: str | None
    made_good_at: int | None
    tx_hash: str


@dataclass(frozen=True, slots=True)
class ForeignSerials:
    """Serials of another registry, both included, one a tonne, that became credits here."""

    registry: str
    first_serial: int
    last_serial: int
    attestation: int
    document: str
    time: int
    tx_hash: str


def project(db: Connection, number: int) -> Project:
    """Return one project.

    Raises:
        NotFound: none has that number.
    """
    row = db.execute(select(projects).where(projects.c.id == number)).mappings().one_or_none()
    if row is None:
        raise NotFound(f"There is no project {number}.", number=number)
    return _project(row)


def projects_of(
    db: Connection,
    *,
    owner: int | None = None,
    state: ProjectState | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Project]:
    """Return projects, newest first, below `before`."""
    query = select(projects)
    if owner is not None:
        query = query.where(projects.c.owner == owner)
    if state is not None:
        query = query.where(projects.c.status == state)
    if before is not None:
        query = query.where(projects.c.id < before)
    query = query.order_by(projects.c.id.desc()).limit(limit)
    return [_project(row) for row in db.execute(query).mappings()]


def steps(db: Connection, number: int) -> list[ProjectStep]:
    """Return how a project came to its state, oldest first."""
    query = (
        select(project_steps)
        .where(project_steps.c.project == number)
        .order_by(project_steps.c.block, project_steps.c.log_index)
    )
    rows = db.execute(query).mappings().all()
    signed = organisations_of(db, (row["signer"] for row in rows))
    return [
        ProjectStep(
            ProjectState(row["status"]),
            row["document"],
            row["reason"],
            row["signer"],
            signed.get(row["signer"]),
            row["time"],
            row["tx_hash"],
        )
        for row in rows
    ]


def attestations_of(
    db: Connection,
    *,
    number: int | None = None,
    verifier: int | None = None,
    state: AttestationState | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Attestation]:
    """Return attestations, newest first, below `before`; `number` is the project's."""
    query = select(attestations)
    if number is not None:
        query = query.where(attestations.c.project == number)
    if verifier is not None:
        query = query.where(attestations.c.verifier == verifier)
    if state is not None:
        query = query.where(attestations.c.status == state)
    if before is not None:
        query = query.where(attestations.c.id < before)
    query = query.order_by(attestations.c.id.desc()).limit(limit)
    return [_attestation(row) for row in db.execute(query).mappings()]


def registries(db: Connection) -> list[str]:
    """Return the codes of the registries from which credits may come."""
    query = select(foreign_registries.c.code).order_by(foreign_registries.c.code)
    return list(db.scalars(query))


def foreign_credits(db: Connection, *, limit: int = 50) -> list[ForeignSerials]:
    """Return what came from other registries, by registry and serial."""
    place = (foreign_serials.c.registry, foreign_serials.c.first_serial)
    query = select(foreign_serials).order_by(*place).limit(limit)
    return [made(ForeignSerials, row) for row in db.execute(query).mappings()]


def _project(row: RowMapping) -> Project:
    return Project(
        row["id"],
        row["owner"],
        row["name"],
        row["methodology"],
        row["document"],
        ProjectState(row["status"]),
        row["crediting_start"],
        row["crediting_end"],
        row["monitored_until"],
        row["registered_at"],
        row["changed_at"],
    )


def _attestation(row: RowMapping) -> Attestation:
    token = row["token_id"]
    return Attestation(
        row["id"],
        row["project"],
        row["verifier"] or None,
        None if token is None else Instrument.from_token_id(token),
        row["amount_kg"],
        row["monitoring_start"],
        row["monitoring_end"],
        row["document"],
        AttestationState(row["status"]),
        row["attested_at"],
        row["issued_at"],
        row["first_serial"],
        row["revoked_at"],
        row["revoke_reason"],
        row["made_good_at"],
        row["tx_hash"],
    )

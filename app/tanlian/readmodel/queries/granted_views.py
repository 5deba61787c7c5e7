"""Who may see what of whom, decided from the tables as the contract decides."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, or_, select, true
from sqlalchemy.engine import Connection, RowMapping

from tanlian.domain.errors import NotFound
from tanlian.domain.moments import year_of
from tanlian.domain.roles import Role
from tanlian.domain.supervision import Extent, GrantedView, Party, Scope, ViewKind, may_view
from tanlian.readmodel.checkpoints import position
from tanlian.readmodel.tables import organisations
from tanlian.readmodel.tables.supervision import view_grants


@dataclass(frozen=True, slots=True)
class Grant:
    """A granted view with how it came and went. `revoked_for` is None where it was not revoked."""

    view: GrantedView
    document: str
    signer: str
    tx_hash: str
    revoked_for: str | None
    revoked_by: str | None

    @property
    def number(self) -> int:
        return self.view.number

    def state(self, now: int) -> str:
        """In one word: `revoked`, `expired` or `in force`."""
        if self.view.revoked_at:
            return "revoked"
        return "in force" if self.view.is_in_force(now) else "expired"


def grant(db: Connection, number: int) -> Grant:
    """Return one grant.

    Raises:
        NotFound: there is none of that number.
    """
    query = select(view_grants).where(view_grants.c.id == number)
    row = db.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFound(f"There is no grant {number}.", number=number)
    return _grant(row)


def grants(
    db: Connection, *, grantee: int | None = None, before: int | None = None, limit: int = 50
) -> list[Grant]:
    """Return grants to one organisation or to all, newest first."""
    query = select(view_grants).order_by(view_grants.c.id.desc()).limit(limit)
    if grantee is not None:
        query = query.where(view_grants.c.grantee == grantee)
    if before is not None:
        query = query.where(view_grants.c.id < before)
    return [_grant(row) for row in db.execute(query).mappings()]


def live_grants(db: Connection, grantee: int, now: int) -> list[GrantedView]:
    """Return an organisation's grants that are in force, in the order in which they were given."""
    query = (
        select(view_grants)
        .where(
            view_grants.c.grantee == grantee,
            view_grants.c.revoked_at == 0,
            view_grants.c.expires_at >= now,
        )
        .order_by(view_grants.c.id)
    )
    return [_view(row) for row in db.execute(query).mappings()]


def grants_about(db: Connection, subject: int, now: int) -> list[Grant]:
    """Return the grants in force by which others may see something of an organisation."""
    about = _party(db, subject)
    if about is None:
        return []
    query = (
        select(view_grants)
        .where(view_grants.c.revoked_at == 0, view_grants.c.expires_at >= now)
        .order_by(view_grants.c.id)
    )
    found = [_grant(row) for row in db.execute(query).mappings()]
    return [one for one in found if one.view.extent.covers(about) and one.view.grantee != subject]


class Sight:
    """What one organisation may see as of the last block of the tables, which is of `year`."""

    def __init__(self, db: Connection, viewer: int) -> None:
        here = position(db)
        self._db = db
        self._now = now = here.time if here is not None else 0
        self.viewer = viewer
        self.year = year_of(now)
        self._known: dict[int, Party | None] = {}
        self._party = self._about(viewer)
        self.grants = live_grants(db, viewer, now)

    def of(self, kind: ViewKind, subject: int, year: int) -> bool:
        """Whether it may see one kind of data of an organisation for a year."""
        about = self._about(subject)
        return self._of(kind, about, year) if about is not None else False

    def span(self, kind: ViewKind) -> range:
        """Return the years from the first to the last one that grants name for a kind of data."""
        extents = [grant.extent for grant in self.grants if grant.extent.kinds & kind]
        if not extents:
            return range(0)
        return range(min(e.first_year for e in extents), max(e.last_year for e in extents) + 1)

    def subjects(self, kind: ViewKind, *, after: int = 0, limit: int = 50) -> list[Party]:
        """Return the other organisations of which grants show one kind of data, by number."""
        extents = [grant.extent for grant in self.grants if grant.extent.kinds & kind]
        if not extents or self._party is None or not self._party.active:
            return []
        query = (
            select(organisations)
            .where(
                organisations.c.id > after,
                organisations.c.id != self._party.org_id,
                or_(*(_within(extent) for extent in extents)),
            )
            .order_by(organisations.c.id)
            .limit(limit)
        )
        found = [_party_of(row) for row in self._db.execute(query).mappings()]
        self._known |= {party.org_id: party for party in found}
        return found

    def _about(self, number: int) -> Party | None:
        if number not in self._known:
            self._known[number] = _party(self._db, number)
        return self._known[number]

    def _of(self, kind: ViewKind, about: Party, year: int) -> bool:
        viewer = self._party
        if viewer is None:
            return False
        return may_view(viewer, self.grants, kind, about, year=year, at=self._now)


def _within(extent: Extent) -> ColumnElement[bool]:
    columns = organisations.c
    if extent.scope is Scope.REGION:
        return columns.region == extent.region
    if extent.scope is Scope.SECTOR:
        return columns.sector == extent.sector
    if extent.scope is Scope.SECTOR_OF_REGION:
        return and_(columns.region == extent.region, columns.sector == extent.sector)
    if extent.scope is Scope.ORGANISATION:
        return columns.id == extent.subject
    return true()


def _party(db: Connection, number: int) -> Party | None:
    query = select(organisations).where(organisations.c.id == number)
    row = db.execute(query).mappings().one_or_none()
    return None if row is None else _party_of(row)


def _party_of(row: RowMapping) -> Party:
    return Party(row["id"], Role(row["roles"]), row["region"], row["sector"], row["active"])


def _grant(row: RowMapping) -> Grant:
    return Grant(
        _view(row),
        row["document"],
        row["signer"],
        row["tx_hash"],
        row["revoked_for"],
        row["revoked_by"],
    )


def _view(row: RowMapping) -> GrantedView:
    return GrantedView(
        row["id"],
        row["grantee"],
        Extent(
            ViewKind(row["kinds"]),
            Scope(row["scope"]),
            row["first_year"],
            row["last_year"],
            row["region"],
            row["sector"],
            row["subject"],
        ),
        row["granted_at"],
        row["expires_at"],
        row["revoked_at"],
    )

"""Who takes part, and with which rights."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.engine import Connection, RowMapping

from tanlian.domain.errors import NotFound
from tanlian.domain.roles import Role
from tanlian.readmodel.tables import organisations


@dataclass(frozen=True, slots=True)
class Member:
    """An organisation as everybody may know it."""

    id: int
    name: str
    roles: Role
    sector: int
    region: int
    active: bool
    admitted_at: int


def members(db: Connection, *, after: int = 0, limit: int = 50) -> list[Member]:
    """Return organisations by number, those above `after`."""
    query = select(organisations).where(organisations.c.id > after).order_by(organisations.c.id)
    return [_member(row) for row in db.execute(query.limit(limit)).mappings()]


def member(db: Connection, number: int) -> Member:
    """Return one organisation.

    Raises:
        NotFound: no organisation has that number.
    """
    query = select(organisations).where(organisations.c.id == number)
    row = db.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFound(f"There is no organisation {number}.", number=number)
    return _member(row)


def roles_of(db: Connection, number: int) -> Role:
    """Return the roles an organisation may use now: none while it is suspended or unknown."""
    query = select(organisations.c.roles).where(
        organisations.c.id == number, organisations.c.active
    )
    return Role(db.scalar(query) or 0)


def names(db: Connection) -> dict[int, str]:
    return {row[0]: row[1] for row in db.execute(select(organisations.c.id, organisations.c.name))}


def member_count(db: Connection) -> int:
    return int(db.scalar(select(func.count()).select_from(organisations)) or 0)


def _member(row: RowMapping) -> Member:
    return Member(
        row["id"],
        row["name"],
        Role(row["roles"]),
        row["sector"],
        row["region"],
        row["active"],
        row["admitted_at"],
    )

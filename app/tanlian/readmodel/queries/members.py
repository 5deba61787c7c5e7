"""Who takes part, and with which rights."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.engine import Connection, RowMapping

from tanlian.domain.errors import NotFound
from tanlian.domain.identity import identity_of
from tanlian.domain.roles import Role
from tanlian.readmodel.tables import accounts, organisations


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


def number_called(db: Connection, words: str) -> int:
    """Return the number of the organisation that a person names: number, account, name, identifier.

    Raises:
        NotFound: nobody, or several, are called so.
    """
    words = words.strip()
    columns, known = organisations.c, select(organisations.c.id)
    if words.isascii() and words.isdigit():
        found = db.scalar(known.where(columns.id == int(words[:18])))
    elif words.lower().startswith("0x"):
        found = db.scalar(
            select(accounts.c.organisation).where(accounts.c.address == words.lower())
        )
    else:
        exact = or_(columns.identity == "0x" + identity_of(words).hex(), columns.name == words)
        found = _only(db, known.where(exact), words)
        if found is None:
            alike = func.lower(columns.name).contains(words.lower(), autoescape=True)
            found = _only(db, known.where(alike), words)
    if found is None:
        raise NotFound(f"No organisation is called {words!r}.", value=words)
    return int(found)


def _only(db: Connection, query: "Select[Any]", words: str) -> int | None:
    found = list(db.scalars(query.limit(2)))
    if len(found) > 1:
        raise NotFound(f"Several organisations are called {words!r}; give the number.", value=words)
    return found[0] if found else None


def accounts_of(db: Connection, number: int) -> list[str]:
    """Return the addresses that act for an organisation now."""
    query = select(accounts.c.address).where(accounts.c.organisation == number, accounts.c.current)
    return sorted(db.scalars(query))


def roles_of(db: Connection, number: int) -> Role:
    """Return the roles an organisation may use now: none while it is suspended or unknown."""
    query = select(organisations.c.roles).where(
        organisations.c.id == number, organisations.c.active
    )
    return Role(db.scalar(query) or 0)


def names(db: Connection, of: Collection[int] | None = None) -> dict[int, str]:
    """Return the names of some organisations by number, or of all."""
    query = select(organisations.c.id, organisations.c.name)
    if of is not None:
        query = query.where(organisations.c.id.in_(of))
    return {row[0]: row[1] for row in db.execute(query)}


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

"""Trusted payees: money is redeemed only to accounts that were named some time before."""

from dataclasses import dataclass

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection

from tanlian.accounts import audit_log
from tanlian.accounts.audit_log import Origin
from tanlian.accounts.errors import PayeeNotTrusted
from tanlian.accounts.people import Person
from tanlian.accounts.tables import trusted_payees
from tanlian.domain.errors import InvalidInput, NotFound

DELAY_SECONDS = 24 * 60 * 60  # time to notice a payee that a thief added


@dataclass(frozen=True, slots=True)
class Payee:
    id: int
    payee: str
    label: str
    usable_at: int


def add(db: Connection, origin: Origin, by: Person, *, payee: str, label: str) -> Payee:
    """Name a payee; it can be used after a day.

    Raises:
        InvalidInput: the payee is on the list already.
    """
    if any(known.payee == payee for known in payees_of(db, by.organisation)):
        raise InvalidInput("This payee is on your list already.", payee=payee)
    usable_at = origin.now + DELAY_SECONDS
    number: int = db.execute(
        insert(trusted_payees)
        .values(
            organisation=by.organisation,
            payee=payee,
            label=label,
            added_by=by.id,
            usable_at=usable_at,
        )
        .returning(trusted_payees.c.id)
    ).scalar_one()
    audit_log.record(db, origin, "payee added", label, by=by)
    return Payee(number, payee, label, usable_at)


def remove(db: Connection, origin: Origin, by: Person, number: int) -> None:
    """Take a payee off the list, at once.

    Raises:
        NotFound: it is not on the organisation's list.
    """
    listed = (
        (trusted_payees.c.id == number)
        & (trusted_payees.c.organisation == by.organisation)
        & (trusted_payees.c.removed_at.is_(None))
    )
    change = update(trusted_payees).where(listed).values(removed_at=origin.now)
    label = db.execute(change.returning(trusted_payees.c.label)).scalar_one_or_none()
    if label is None:
        raise NotFound(f"Your list has no payee {number}.", number=number)
    audit_log.record(db, origin, "payee removed", label, by=by)


def payees_of(db: Connection, organisation: int) -> list[Payee]:
    listed = (trusted_payees.c.organisation == organisation) & (
        trusted_payees.c.removed_at.is_(None)
    )
    query = select(trusted_payees).where(listed).order_by(trusted_payees.c.id)
    return [
        Payee(r["id"], r["payee"], r["label"], r["usable_at"]) for r in db.execute(query).mappings()
    ]


def check(db: Connection, organisation: int, payee: str, now: int) -> Payee:
    """Return the payee if money may go to it now.

    Raises:
        PayeeNotTrusted: not on the list, or added less than a day ago.
    """
    for known in payees_of(db, organisation):
        if known.payee == payee:
            if now < known.usable_at:
                raise PayeeNotTrusted(
                    f"{known.label} was added less than a day ago and can be used later.",
                    usable_at=known.usable_at,
                )
            return known
    raise PayeeNotTrusted("Add the payee to your list first; it can be used a day later.")

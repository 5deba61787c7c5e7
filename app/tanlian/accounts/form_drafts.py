"""Forms of acts that somebody has begun to fill in: kept for the organisation, encrypted."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.engine import Connection, RowMapping

from tanlian.accounts import audit_log
from tanlian.accounts.audit_log import Origin
from tanlian.accounts.errors import DraftChanged
from tanlian.accounts.people import Person
from tanlian.accounts.sealing import opened, sealed
from tanlian.accounts.tables import form_drafts as drafts
from tanlian.domain.errors import InvalidInput, NotFound

MOST = 200  # of one organisation
_ID_BYTES = 12  # 16 characters that nobody guesses


@dataclass(frozen=True, slots=True)
class FormDraft:
    """A form as it was saved last; `version` counts how often."""

    id: str
    act: str
    version: int
    saved_by: int
    saved_at: int


def save(
    db: Connection,
    origin: Origin,
    by: Person,
    *,
    act: str,
    given: Mapping[str, Any],
    over: tuple[str, int] | None = None,
) -> FormDraft:
    """Keep what was filled in, anew or over the version of a draft that the form was opened with.

    Raises:
        DraftChanged: another person has saved or removed it since.
        InvalidInput: the organisation has too many.
    """
    values = {
        "given": sealed(db, given),
        "saved_by": by.id,
        "saved_at": origin.now,
    }
    if over is not None:
        number, version = over
        this = (drafts.c.id == number) & (drafts.c.organisation == by.organisation)
        change = update(drafts).where(this, drafts.c.act == act, drafts.c.version == version)
        if db.execute(change.values(version=drafts.c.version + 1, **values)).rowcount == 0:
            raise DraftChanged(
                "Another person of your organisation has saved or removed this draft since you "
                "opened it. Open it again to see what changed; what you filled in is still here, "
                "and can be saved as a new draft."
            )
        return draft(db, by.organisation, number)
    mine = select(func.count()).where(drafts.c.organisation == by.organisation)
    if db.execute(mine).scalar_one() >= MOST:
        raise InvalidInput(f"Your organisation has {MOST} drafts; send or remove some first.")
    number = secrets.token_urlsafe(_ID_BYTES)
    db.execute(
        insert(drafts).values(id=number, organisation=by.organisation, act=act, version=1, **values)
    )
    audit_log.record(db, origin, "form saved", f"{number}: {act}", by=by)
    return draft(db, by.organisation, number)


def drafts_of(db: Connection, organisation: int) -> list[FormDraft]:
    """Return an organisation's drafts, newest first."""
    query = select(drafts).where(drafts.c.organisation == organisation)
    rows = db.execute(query.order_by(drafts.c.saved_at.desc(), drafts.c.id)).mappings()
    return [_shown(row) for row in rows]


def draft(db: Connection, organisation: int, number: str) -> FormDraft:
    """Return one draft.

    Raises:
        NotFound: the organisation has none with this id.
    """
    return _shown(_row(db, organisation, number))


def given(db: Connection, organisation: int, number: str) -> dict[str, Any]:
    """Return what was filled in.

    Raises:
        NotFound: the organisation has none with this id.
        SecretUnreadable: what is stored was altered, or is of another installation.
    """
    found: dict[str, Any] = opened(db, _row(db, organisation, number)["given"])
    return found


def remove(db: Connection, origin: Origin, by: Person, number: str) -> None:
    """Forget a draft, because it was sent or is not wanted any more.

    Raises:
        NotFound: the organisation has none with this id.
    """
    row = _row(db, by.organisation, number)
    db.execute(delete(drafts).where(drafts.c.id == number))
    audit_log.record(db, origin, "form removed", f"{number}: {row['act']}", by=by)


def _row(db: Connection, organisation: int, number: str) -> RowMapping:
    this = (drafts.c.id == number) & (drafts.c.organisation == organisation)
    row = db.execute(select(drafts).where(this)).mappings().one_or_none()
    if row is None:
        raise NotFound(f"Your organisation has no draft {number}.", draft=number)
    return row


def _shown(row: RowMapping) -> FormDraft:
    return FormDraft(row["id"], row["act"], row["version"], row["saved_by"], row["saved_at"])

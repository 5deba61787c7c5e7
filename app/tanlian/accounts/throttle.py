"""Slowing down whoever fails: each failure doubles the wait, a success clears it."""

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from tanlian.accounts.errors import TooManyAttempts
from tanlian.accounts.tables import attempts

FREE_FAILURES = 4  # typing errors of an honest person
LONGEST_WAIT_SECONDS = 15 * 60


def check(db: Connection, subject: str, now: int) -> None:
    """Refuse while `subject` has to wait.

    Raises:
        TooManyAttempts: with `retry_at`, UTC seconds.
    """
    retry_at = db.scalar(select(attempts.c.retry_at).where(attempts.c.subject == subject))
    if retry_at is not None and now < retry_at:
        raise TooManyAttempts(
            f"Too many failed attempts; try again in {retry_at - now} seconds.", retry_at=retry_at
        )


def failed(db: Connection, subject: str, now: int) -> None:
    """Count a failure; from the fifth on the subject waits 2, 4, 8 ... seconds."""
    dialect = postgresql if db.dialect.name == "postgresql" else sqlite
    row = dialect.insert(attempts).values(subject=subject, failures=1, retry_at=now)
    grown = row.on_conflict_do_update(
        index_elements=[attempts.c.subject], set_={"failures": attempts.c.failures + 1}
    ).returning(attempts.c.failures)
    failures = db.execute(grown).scalar_one()
    if failures > FREE_FAILURES:
        wait = min(2 ** (failures - FREE_FAILURES), LONGEST_WAIT_SECONDS)
        waiting = update(attempts).where(attempts.c.subject == subject)
        db.execute(waiting.values(retry_at=now + wait))


def succeeded(db: Connection, subject: str) -> None:
    db.execute(delete(attempts).where(attempts.c.subject == subject))

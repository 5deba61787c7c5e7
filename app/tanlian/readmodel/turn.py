"""Whose turn it is to do what one process does for all; the others wait to take over.

PostgreSQL lends a lock for as long as a connection lives; beside a SQLite file lies a file for the
system's lock. Both end with the process that held them, however it ended; with its machine within
half a minute.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

PROJECTING = "projecting"
DELIVERING = "delivering"
CALLING = "calling"  # of webhooks
LOCKS = {PROJECTING: 0x7461_6E6D, DELIVERING: 0x7461_6E6E, CALLING: 0x7461_6E6F}
WORKS = tuple(LOCKS)
# a machine that lost its power says no goodbye: the server looks after it, not in two hours
_LOOK_AFTER = """
SELECT set_config('tcp_keepalives_idle', '10', false),
       set_config('tcp_keepalives_interval', '5', false),
       set_config('tcp_keepalives_count', '3', false)
"""


class Turn:
    """The right to do one work over one database."""

    def __init__(self, held: Connection | None) -> None:
        self._held = held

    def is_mine(self) -> bool:
        """Whether the lock still holds: a database that restarts forgets it."""
        if self._held is None:
            return True
        try:
            self._held.execute(text("SELECT 1"))
        except SQLAlchemyError:
            return False
        return True


@contextmanager
def turn(engine: Engine, work: str = PROJECTING) -> Iterator[Turn | None]:
    """Yield the turn, or None while another process has it. It is given back at the end."""
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as held:
            held.execute(text(_LOOK_AFTER))
            mine = held.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": LOCKS[work]})
            try:
                yield Turn(held) if mine else None
            finally:
                held.invalidate()  # ends the connection, and the lock with it
        return
    database = engine.url.database
    if database in {None, "", ":memory:"}:
        yield Turn(None)
        return
    with Path(f"{database}.{work}").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
        else:
            yield Turn(None)

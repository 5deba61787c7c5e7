"""Databases of the application: SQLite by default, PostgreSQL for many users."""

import fcntl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import DisconnectionError

JOURNALS = ("-wal", "-shm", "-journal")  # what SQLite keeps beside a file
MAKING = ".making"  # held while a file is made
CHANGING = ".changing"  # held while its tables are changed
_BUSY_SECONDS = 10
_CONNECTIONS = 20  # held by threads that ask at this moment; an open page holds none
_MIGRATING = 0x7461_6E6C  # number of the lock that one process holds while it changes the tables


def sqlite_file(url: str | URL) -> Path | None:
    """Return the file of a SQLite database; None for any other."""
    target = make_url(url)
    is_file = target.get_backend_name() == "sqlite" and target.database not in {
        None,
        "",
        ":memory:",
    }
    return Path(str(target.database)) if is_file else None


def open_database(
    url: str,
    migrations: Path,
    revision: str = "head",
    *,
    follows_file: bool = False,
    carried: Mapping[str, Any] | None = None,
) -> Engine:
    """Connect, and run the migrations that the database lacks, up to `revision`.

    Every connection carries what is `carried` in its `info`.

    With `follows_file` a SQLite file that was deleted or replaced is noticed at the next question;
    an open connection would go on with the deleted one.
    """
    target, file = make_url(url), sqlite_file(url)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
    if target.drivername == "postgresql":
        target = target.set(drivername="postgresql+psycopg")
    # an error that quotes a statement must not quote the password hash in it
    engine = create_engine(target, pool_pre_ping=True, pool_size=_CONNECTIONS, hide_parameters=True)
    event.listen(engine, "connect", lambda _, record: record.info.update(carried or {}))
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        if file is not None:
            event.listen(engine, "do_connect", lambda *_: _begin_anew(file))
            if follows_file:
                _follow_file(engine, file)
    migrate(engine, migrations, revision)
    return engine


def migrate(engine: Engine, migrations: Path, revision: str = "head") -> None:
    """Run the migrations that a database lacks, up to `revision`."""
    with changing(engine) as db:
        before = _revision(db)
        upgrade(db, migrations, revision)
        is_changed = _revision(db) != before
    if is_changed and engine.dialect.name == "sqlite":
        with engine.connect() as db:  # what the tables held before is to lie in no journal
            db.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def upgrade(db: Connection, migrations: Path, revision: str = "head") -> None:
    """Run the migrations that a database lacks, within a transaction of `changing`."""
    config = Config()
    config.set_main_option("script_location", str(migrations))
    config.attributes["connection"] = db
    command.upgrade(config, revision)


@contextmanager
def changing(engine: Engine) -> Iterator[Connection]:
    """Change the tables alone and at once: processes that start together wait for the first, and
    one that is killed on the way leaves nothing half made.
    """
    if engine.dialect.name == "postgresql":
        with engine.begin() as db:
            db.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATING})
            yield db
        return
    with _alone(engine), engine.connect() as db:
        # SQLite alters a table by copying it: dropping the old one would count as deleting the rows
        db.exec_driver_sql("PRAGMA foreign_keys=OFF")
        db.commit()
        try:
            with db.begin():
                db.exec_driver_sql("BEGIN IMMEDIATE")  # the driver begins nothing for a CREATE
                yield db
                broken = db.exec_driver_sql("PRAGMA foreign_key_check").all()
                assert not broken, f"rows without what they refer to: {broken[:5]}"
        finally:
            db.exec_driver_sql("PRAGMA foreign_keys=ON")


def _revision(db: Connection) -> str | None:
    return MigrationContext.configure(db).get_current_revision()


@contextmanager
def _alone(engine: Engine) -> Iterator[None]:
    """Hold the system's lock beside a SQLite file; its own cannot be waited for at the first use,
    when the file takes its journal.
    """
    file = sqlite_file(engine.url)
    if file is None:
        yield
        return
    with Path(f"{file}{CHANGING}").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """Read as of one moment, whatever others write meanwhile."""
    with engine.connect() as db:
        if engine.dialect.name == "postgresql":
            yield db.execution_options(isolation_level="REPEATABLE READ")
        else:
            db.exec_driver_sql("BEGIN")  # the driver begins nothing for a SELECT
            yield db


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={_BUSY_SECONDS * 1000}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_anew(file: Path) -> None:
    """Where the file of a database is gone, let its journal not be taken for the new one's."""
    if file.exists():
        return
    with Path(f"{file}{MAKING}").open("w") as lock:  # others may be at it
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            for rest in JOURNALS:
                Path(f"{file}{rest}").unlink(missing_ok=True)
            file.touch()


def _follow_file(engine: Engine, file: Path) -> None:
    """Give up connections to a file that is no longer at its place."""

    @event.listens_for(engine, "connect")
    def remember(_connection: Any, record: Any) -> None:
        record.info["file"] = _identity(file)

    @event.listens_for(engine, "checkout")
    def compare(_connection: Any, record: Any, _proxy: Any) -> None:
        if record.info.get("file") != _identity(file):
            raise DisconnectionError("The file of the database was deleted or replaced.")


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino

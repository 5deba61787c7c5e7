"""Programs that start at the same moment on databases that are not there, or not whole."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text

from harness.boxes import open_accounts
from harness.postgres import server
from tanlian.accounts import tables as accounts
from tanlian.readmodel.store import open_read_model
from tanlian.readmodel.tables import metadata as read_model

TOGETHER = 4
TESTS = str(Path(__file__).parents[1])
OPENED = {
    "accounts": (open_accounts, accounts.metadata),
    "read_model": (open_read_model, read_model),
}
STARTING = """
import sys
sys.path.insert(0, {tests!r})
from {module} import {name}
print("here", flush=True)
sys.stdin.readline()
engine = {name}(sys.argv[1])
with engine.connect() as db:
    print(db.exec_driver_sql("SELECT count(*) FROM alembic_version").scalar(), flush=True)
"""
DYING = """
import os, sys
sys.path.insert(0, {tests!r})
from sqlalchemy import event
from sqlalchemy.engine import Engine
from {module} import {name}
left = int(sys.argv[2])

@event.listens_for(Engine, "after_cursor_execute")
def count(_connection, _cursor, statement, *_):
    global left
    left -= statement.lstrip().upper().startswith(("CREATE", "ALTER", "DROP", "INSERT", "DELETE"))
    if not left:
        os.kill(os.getpid(), 9)

{name}(sys.argv[1])
"""


@pytest.fixture(scope="module")
def postgres():
    with server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path) -> str:
    """A database that nobody has opened yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'fresh' / 'new.sqlite'}"
    postgres, name = request.getfixturevalue("postgres"), f"new_{abs(hash(tmp_path))}"
    with create_engine(postgres, isolation_level="AUTOCOMMIT").connect() as db:
        db.execute(text(f"CREATE DATABASE {name}"))
    return postgres.replace("/postgres?", f"/{name}?")


def program(code: str, opened) -> str:
    return code.format(tests=TESTS, module=opened.__module__, name=opened.__name__)


def start_together(code: str, url: str) -> list[tuple[int, str]]:
    """Let processes open a database at one moment; returns how each ended and what it said."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(TOGETHER)
    ]
    for one in processes:
        assert one.stdout.readline() == "here\n", one.communicate()
    for one in processes:
        one.stdin.write("\n")
        one.stdin.flush()
    ends = []
    for one in processes:
        said, complained = one.communicate(timeout=60)
        ends.append((one.returncode, said.strip() + complained[-2000:]))
    return ends


def assert_whole(engine, metadata) -> None:
    assert metadata.tables.keys() <= set(inspect(engine).get_table_names())
    with engine.connect() as db:
        assert db.scalar(text("SELECT count(*) FROM alembic_version")) == 1
        for table in metadata.tables:
            assert db.scalar(text(f'SELECT count(*) FROM "{table}"')) == 0
    engine.dispose()


@pytest.mark.parametrize("kind", OPENED)
def test_open__several_processes_at_once_on_nothing__all_open_one_whole_database(url, kind) -> None:
    opened, metadata = OPENED[kind]
    ends = start_together(program(STARTING, opened), url)
    assert ends == [(0, "1")] * TOGETHER
    assert_whole(opened(url), metadata)


def test_open__several_processes_at_once_on_tables_that_lack_one__made_anew_once(url) -> None:
    opened, metadata = OPENED["read_model"]
    engine = opened(url)
    with engine.begin() as db:
        db.execute(text("DROP TABLE checkpoint"))
    engine.dispose()
    ends = start_together(program(STARTING, opened), url)
    assert ends == [(0, "1")] * TOGETHER
    assert_whole(opened(url), metadata)


@pytest.mark.parametrize("kind", OPENED)
@pytest.mark.parametrize("statements", [4, 20])
def test_open__killed_while_it_makes_the_tables__the_next_one_makes_them(
    url, kind, statements
) -> None:
    opened, metadata = OPENED[kind]
    code = program(DYING, opened)
    died = subprocess.run(
        [sys.executable, "-c", code, url, str(statements)], check=False, capture_output=True
    )
    assert died.returncode == -9, died.stderr
    assert_whole(opened(url), metadata)

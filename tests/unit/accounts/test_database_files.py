"""A database whose file is gone begins anew, whatever is left beside it."""

import subprocess
import sys

from sqlalchemy import select

from tanlian.accounts.store import open_store
from tanlian.accounts.tables import users

CRASHING = """
import os, sys
from tanlian.accounts.store import open_store
engine = open_store(sys.argv[1])
db = engine.connect()
db.exec_driver_sql("CREATE TABLE leftover (id INTEGER)")
db.commit()
os.kill(os.getpid(), 9)
"""


def test_open__file_deleted_after_a_power_cut_and_its_journal_left__begins_anew(tmp_path) -> None:
    file = tmp_path / "accounts.sqlite"
    url = f"sqlite:///{file}"
    subprocess.run([sys.executable, "-c", CRASHING, url], check=False)
    left = {path.name for path in tmp_path.iterdir()}
    assert {"accounts.sqlite", "accounts.sqlite-wal", "accounts.sqlite-shm"} <= left
    file.unlink()
    engine = open_store(url)
    with engine.connect() as db:
        assert db.execute(select(users)).all() == []
        assert db.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        tables = db.exec_driver_sql("SELECT name FROM sqlite_master WHERE name = 'leftover'")
        assert tables.all() == []
    engine.dispose()

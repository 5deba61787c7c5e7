"""A database whose file is gone begins anew, whatever is left beside it."""

import subprocess
import sys
from pathlib import Path

from sqlalchemy import select

from harness.boxes import open_accounts
from tanlian.accounts.tables import users

TESTS = str(Path(__file__).parents[2])
CRASHING = """
import os, sys
sys.path.insert(0, sys.argv[2])
from harness.boxes import open_accounts
engine = open_accounts(sys.argv[1])
db = engine.connect()
db.exec_driver_sql("CREATE TABLE leftover (id INTEGER)")
db.commit()
os.kill(os.getpid(), 9)
"""


def test_open__file_deleted_after_a_power_cut_and_its_journal_left__begins_anew(tmp_path) -> None:
    file = tmp_path / "accounts.sqlite"
    url = f"sqlite:///{file}"
    subprocess.run([sys.executable, "-c", CRASHING, url, TESTS], check=False)
    left = {path.name for path in tmp_path.iterdir()}
    assert {"accounts.sqlite", "accounts.sqlite-wal", "accounts.sqlite-shm"} <= left
    file.unlink()
    engine = open_accounts(url)
    with engine.connect() as db:
        assert db.execute(select(users)).all() == []
        assert db.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        tables = db.exec_driver_sql("SELECT name FROM sqlite_master WHERE name = 'leftover'")
        assert tables.all() == []
    engine.dispose()

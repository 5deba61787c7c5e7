"""A PostgreSQL server of the tests' own: a fresh cluster on a socket, gone afterwards."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SPEED = "fsync=off full_page_writes=off synchronous_commit=off max_connections=50"


def binaries() -> Path | None:
    """The newest server that Debian installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


@contextmanager
def server() -> Iterator[str]:
    """Yield the URL of an empty database; a machine that must run everything fails without one."""
    programs = binaries()
    if programs is None:
        missing = "PostgreSQL's server is missing: apt-get install postgresql"
        if os.environ.get("TANLIAN_REQUIRE_ALL"):
            pytest.fail(missing)
        pytest.skip(missing)
    folder = Path(tempfile.mkdtemp(prefix="tanlian-pg-"))
    user = {}
    if os.geteuid() == 0:  # the server refuses to run as root
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        user = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}

    def run(program: str, *arguments: str) -> None:
        environment = {"PATH": f"{programs}:/usr/bin:/bin", "LC_ALL": "C"}
        subprocess.run(
            [str(programs / program), "-D", str(folder / "data"), *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd=folder,
            env=environment,
            **user,
        )

    options = " ".join(f"-c {setting}" for setting in SPEED.split())
    try:
        run("initdb", "-U", "test", "-A", "trust", "-E", "UTF8", "--no-locale", "-N")
        listen = f"{options} -c listen_addresses='' -c unix_socket_directories={folder}"
        run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", listen, "start")
        yield f"postgresql+psycopg://test@/postgres?host={folder}"
        run("pg_ctl", "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)

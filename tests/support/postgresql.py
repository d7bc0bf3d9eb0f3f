"""A PostgreSQL of our own for tests: made in a folder, reached over a socket in it, gone
afterwards.

Needs Debian's package `postgresql`. PostgreSQL refuses to run as root; then it runs as the
package's user.
"""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FAST = "-c fsync=off -c full_page_writes=off -c synchronous_commit=off -c listen_addresses=''"


def found() -> Path | None:
    """Return the folder with PostgreSQL's programs, None where it is not installed."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    program = shutil.which("initdb")
    return debian[-1].parent if debian else Path(program).parent if program else None


@contextmanager
def running(programs: Path) -> Iterator[str]:
    """Run a server, and give the URL of a database in it whose user has the password `secret-word`."""
    with tempfile.TemporaryDirectory(prefix="pg") as name:  # short: a socket's path may not be long
        folder = Path(name)
        user = "postgres" if os.geteuid() == 0 else getpass.getuser()
        if os.geteuid() == 0:
            shutil.chown(folder, user)
        data, socket = folder / "data", folder
        _run(
            programs / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "--auth=trust",
            "--no-sync",
            "-E",
            "UTF8",
        )
        options = f"-k {socket} {_FAST}"
        _run(programs / "pg_ctl", "-D", data, "-o", options, "-l", folder / "log", "-w", "start")
        try:
            yield f"postgresql://postgres:secret-word@/postgres?host={socket}"
        finally:
            _run(programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")


def _run(*command: str | Path) -> None:
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    subprocess.run(
        [*as_user, *map(str, command)],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
    )

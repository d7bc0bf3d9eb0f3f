"""Our files through the program: a full disk, rights, copies, and a state that cannot be used."""

from __future__ import annotations

import os
import resource
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from notion_pm.emulator import LocalWorkspace
from tests.support.program import Finished, Program

LIMIT = 1_024
"""How large a file may become on the full disk of these tests."""


def on_a_full_disk(program: Program, *arguments: str, limit: int = LIMIT) -> Finished:
    """Run the program where no file may grow beyond a limit.

    Python would cut the files in which it caches modules, too, and could not read them afterwards.
    """
    done = subprocess.run(
        [sys.executable, "-m", "notion_pm", *arguments],
        cwd=program.folder,
        env={**program.environment, "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    return Finished(done.returncode, done.stdout, done.stderr)


def modes(folder: Path) -> set[int]:
    return {stat.S_IMODE(each.stat().st_mode) for each in folder.rglob("*") if each.is_file()}


def test_a_full_disk_cuts_no_settings_and_the_next_try_works(
    program: Program, workspace: LocalWorkspace, url: str
) -> None:
    subprocess.run(["git", "init", "-q", str(program.folder)], check=True)
    config = program.folder / "notion-pm.toml"
    entry = f'[workspaces.client{{}}]\nparent_page = "{workspace.root_page_id}"\ntoken_env = "CLIENT_NOTION_TOKEN"\n\n'
    before = "".join(entry.format(number) for number in range(14))
    config.write_text(before)
    program.environment |= {"NOTION_PM_BASE_URL": url, "NEW_NOTION_TOKEN": workspace.token}
    arguments = ["-w", "new", "init", "--parent-page", workspace.root_page_id]
    full = on_a_full_disk(program, *arguments)
    assert full.code == 1 and "notion-pm.toml" in full.err and "Traceback" not in full.err
    assert config.read_text() == before
    done = program(*arguments)
    assert done.code == 0, done.err
    assert config.read_text().startswith(before)
    assert {stat.S_IMODE(each.stat().st_mode) for each in (config, program.folder / ".env")} == {
        0o600
    }
    assert "Added .env to .gitignore" in full.out
    ignored = subprocess.run(
        ["git", "-C", str(program.folder), "check-ignore", ".env"], check=False
    )
    assert ignored.returncode == 0


def test_the_memory_is_private_and_a_copy_has_its_own(program: Program) -> None:
    del program.environment["NOTION_PM_STATE"]
    os.umask(0o022)
    assert program("--local", "w.sqlite", "apply", "product", "--yes").code == 0
    assert program("--local", "w.sqlite", "sync").code == 0
    (home,) = (program.folder / ".notion-pm").iterdir()
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert modes(home) == {0o600}
    assert program("local", "copy", "w.sqlite", "copy.sqlite").code == 0
    with closing(sqlite3.connect(home / "sync.lock", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert program("--local", "w.sqlite", "sync").code == 5, "another run holds the original"
        assert program("--local", "copy.sqlite", "sync").code == 0
    assert len(list((program.folder / ".notion-pm").iterdir())) == 2
    with closing(sqlite3.connect(home / "sync.sqlite")) as state:
        state.execute("UPDATE baseline SET held = '{\"cut'")
        state.commit()
    damaged = program("--local", "w.sqlite", "sync")
    assert damaged.code == 1 and "Traceback" not in damaged.err
    assert "sync.sqlite" in damaged.err and "ove it away" in damaged.err
    with closing(sqlite3.connect(home / "sync.sqlite")) as state:
        state.execute("PRAGMA user_version = 99")
    newer = program("--local", "w.sqlite", "sync")
    assert newer.code == 1 and "newer version" in newer.err
    (home / "sync.sqlite").unlink()
    assert program("--local", "w.sqlite", "sync").code == 0


def test_a_password_in_a_state_of_an_unknown_kind_is_not_shown_and_becomes_no_folder(
    program: Program,
) -> None:
    program.environment["NOTION_PM_STATE"] = "mysql://anna:secret-word@host/db"
    program.environment["NOTION_PM_LOCAL"] = "w.sqlite"
    refused = program("sync")
    assert refused.code == 1 and "mysql:" in refused.err and "Traceback" not in refused.err
    assert "secret-word" not in refused.err + refused.out
    assert not [each for each in program.folder.iterdir() if "mysql" in each.name]

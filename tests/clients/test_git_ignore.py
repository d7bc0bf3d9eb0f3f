"""`init` keeps the file with the token out of Git."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from notion_pm.clients.git_ignore import ignore_in_git
from notion_pm.errors import FileUnusable


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    return tmp_path


def is_ignored(file: Path) -> bool:
    command = ["git", "-C", str(file.parent), "check-ignore", "-q", file.name]
    return subprocess.run(command, check=False).returncode == 0


@pytest.mark.parametrize(
    ("before", "changes"),
    [
        (None, True),
        ("", True),
        ("*.pyc", True),
        ("*.pyc\n", True),
        ("# .env\n", True),
        (".envrc\n", True),
        (".env\n!.env\n", True),
        ("/sub/.env\n", True),
        (".env\n", False),
        ("/.env\r\n", False),
        (".env*\n", False),
        ("**/.env\n", False),
        ("*\n", False),
    ],
)
def test_the_file_is_ignored_afterwards_and_other_lines_stay(
    repository: Path, before: str | None, *, changes: bool
) -> None:
    ignore = repository / ".gitignore"
    if before is not None:
        ignore.write_bytes(before.encode())
    changed = ignore_in_git(repository / ".env")
    assert changed == (ignore if changes else None)
    assert is_ignored(repository / ".env")
    assert (before or "") in ignore.read_bytes().decode()
    assert ignore_in_git(repository / ".env") is None


def test_folders_below_a_repository_and_other_names(repository: Path) -> None:
    (repository / "client").mkdir()
    assert ignore_in_git(repository / "client" / "new.env") == repository / "client" / ".gitignore"
    assert is_ignored(repository / "client" / "new.env")
    (repository / ".gitignore").write_text("*.env\n")
    assert ignore_in_git(repository / "client" / "other.env") is None


def test_outside_of_a_repository_nothing_is_written(tmp_path: Path) -> None:
    assert ignore_in_git(tmp_path / ".env") is None
    assert not list(tmp_path.iterdir())


def test_a_gitignore_that_is_a_named_pipe_is_refused_and_not_waited_for(repository: Path) -> None:
    os.mkfifo(repository / ".gitignore")
    with pytest.raises(FileUnusable, match="named pipe"):
        ignore_in_git(repository / ".env")


def test_a_gitignore_that_is_no_text_stays(repository: Path) -> None:
    (repository / ".gitignore").write_bytes(b"\xff\xfe")
    with pytest.raises(FileUnusable, match="gitignore"):
        ignore_in_git(repository / ".env")
    assert (repository / ".gitignore").read_bytes() == b"\xff\xfe"

"""Files of this program: whole or not at all, and private where they hold secrets or customers'
words.
"""

from __future__ import annotations

import os
import resource
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from notion_pm.errors import FileUnusable
from notion_pm.files.writing import (
    PrivateLog,
    atomic_path,
    create_shared,
    make_private_folder,
    prepare_private_database,
    write_private,
    write_shared,
)

LIMIT = 1_000
"""How large a file may become on the full disk of these tests."""


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def full_disk() -> Iterator[None]:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.fixture(params=[0o000, 0o022, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def test_a_private_file_and_its_new_folders_are_for_the_owner_alone(
    tmp_path: Path, umask: int
) -> None:
    file = tmp_path / "a" / "b" / "secret"
    write_private(file, "1")
    assert (mode(file), mode(file.parent), mode(tmp_path / "a")) == (0o600, 0o700, 0o700)


def test_a_shared_file_gets_the_rights_of_the_umask(tmp_path: Path, umask: int) -> None:
    write_shared(tmp_path / "written", "1")
    create_shared(tmp_path / "created", "1")
    assert {mode(tmp_path / "written"), mode(tmp_path / "created")} == {0o666 & ~umask}


def test_a_replaced_file_keeps_its_rights_unless_it_is_private(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("old")
    file.chmod(0o640)
    write_shared(file, "new")
    assert mode(file) == 0o640
    write_private(file, "newer")
    assert (mode(file), file.read_text()) == (0o600, "newer")


def test_the_folder_of_a_person_keeps_its_rights(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    write_private(tmp_path / ".env", "1")
    assert mode(tmp_path) == 0o755


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_private(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


@pytest.mark.usefixtures("full_disk")
@pytest.mark.parametrize("write", [write_private, write_shared])
def test_a_full_disk_leaves_the_old_file_and_names_it(
    tmp_path: Path, write: Callable[[Path, str], None]
) -> None:
    file = tmp_path / "file"
    write(file, "old")
    with pytest.raises(FileUnusable) as refused:
        write(file, "x" * (LIMIT + 1))
    assert str(file) in str(refused.value)
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_creates_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileUnusable, match="new"):
        create_shared(tmp_path / "new", "x" * (LIMIT + 1))
    assert not list(tmp_path.iterdir())


def test_errors_of_the_system_name_the_file_that_a_person_knows(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space") as refused, atomic_path(tmp_path / "file"):
        raise OSError(28, "No space left on device")
    assert refused.value.filename == str(tmp_path / "file")


def test_what_is_in_the_way_of_a_new_file_stays(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(FileExistsError):
        create_shared(tmp_path / "mine", "theirs")
    assert (tmp_path / "mine").read_text() == "mine"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    "act", [make_private_folder, lambda path: write_private(path / "file", "")]
)
def test_a_file_where_a_folder_is_needed_is_named(
    tmp_path: Path, act: Callable[[Path], None]
) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(FileUnusable, match="taken"):
        act(tmp_path / "taken")


def test_loose_rights_of_a_folder_and_a_database_are_taken_away(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    files = [folder / name for name in ("a.sqlite", "a.sqlite-wal", "a.sqlite-shm")]
    for file in files:
        file.touch()
        file.chmod(0o666)
    folder.chmod(0o777)
    prepare_private_database(files[0])
    assert [mode(each) for each in (folder, *files)] == [0o700, 0o600, 0o600, 0o600]


def test_the_files_beside_a_new_database_are_private(tmp_path: Path, umask: int) -> None:
    file = tmp_path / "state" / "a.sqlite"
    prepare_private_database(file)
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE words (word)")
        made = list(file.parent.iterdir())
        assert len(made) == 3
        assert {mode(each) for each in made} == {0o600}


def test_a_lock_on_a_database_outlives_that_another_prepares_it(tmp_path: Path) -> None:
    """A descriptor that is closed takes the locks of the whole process with it."""
    file = tmp_path / "state" / "lock"
    prepare_private_database(file)
    with closing(sqlite3.connect(file, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        prepare_private_database(file)
        attempt = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('BEGIN EXCLUSIVE')"
        other = subprocess.run(
            [sys.executable, "-c", attempt, str(file)], capture_output=True, text=True, check=False
        )
    assert "locked" in other.stderr


def test_a_log_grows_by_whole_lines(tmp_path: Path) -> None:
    file = tmp_path / "logs" / "log"
    for line in ("one", "zwö"):
        with PrivateLog(file) as log:
            log.append(line)
    assert file.read_text("utf-8") == "one\nzwö\n"
    assert (mode(file), mode(file.parent)) == (0o600, 0o700)


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_cuts_no_line_of_a_log(tmp_path: Path) -> None:
    file = tmp_path / "log"
    with PrivateLog(file) as log:
        log.append("x" * (LIMIT - 100))
        with pytest.raises(FileUnusable, match="log"):
            log.append("y" * 200)
        log.append("z")
    assert file.read_text() == "x" * (LIMIT - 100) + "\nz\n"

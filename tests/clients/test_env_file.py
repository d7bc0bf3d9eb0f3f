"""`.env` is rewritten line by line."""

from __future__ import annotations

import os
import stat
from io import StringIO
from pathlib import Path

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from notion_pm.clients.env_file import updated_lines, write_env
from notion_pm.errors import FileUnusable

NAMES = st.sampled_from(["NOTION_TOKEN", "NOTION_PM_PARENT_PAGE", "OTHER"])
VALUES = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_characters="\x7f\x85"), max_size=30
)


@given(before=st.dictionaries(NAMES, VALUES), after=st.dictionaries(NAMES, VALUES))
def test_what_was_written_is_read_and_the_rest_is_kept(
    before: dict[str, str], after: dict[str, str]
) -> None:
    lines = updated_lines(updated_lines(["# mine", ""], before), after)
    assert lines[:2] == ["# mine", ""]
    assert dotenv_values(stream=StringIO("\n".join(lines)), interpolate=False) == {
        **before,
        **after,
    }


def test_a_link_stays_one_and_other_lines_stay_as_they_are(tmp_path: Path) -> None:
    real, link = tmp_path / "config" / ".env", tmp_path / ".env"
    real.parent.mkdir()
    real.write_bytes("# mine\r\nOTHER='a\u2028b'\r\nNOTION_TOKEN=old\r\n".encode())
    link.symlink_to(real)
    write_env(link, {"NOTION_TOKEN": "new"})
    assert link.is_symlink()
    assert real.read_text("utf-8").split("\n") == [
        "# mine",
        "OTHER='a\u2028b'",
        "NOTION_TOKEN=new",
        "",
    ]
    assert stat.S_IMODE(real.stat().st_mode) == 0o600


def test_a_file_that_is_no_text_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(FileUnusable, match="not UTF-8 text"):
        write_env(file, {"NOTION_TOKEN": "new"})
    assert file.read_bytes() == b"\xff\xfe"


@pytest.mark.parametrize("content", ["export A=1\nif true; then\n", "ssh-ed25519 AAAA anna@host\n"])
def test_a_link_to_a_file_of_another_kind_is_not_written_through(
    tmp_path: Path, content: str
) -> None:
    real, link = tmp_path / "config" / ".env", tmp_path / ".env"
    real.parent.mkdir()
    real.write_text(content)
    link.symlink_to(real)
    with pytest.raises(FileUnusable, match="not a settings file"):
        write_env(link, {"NOTION_TOKEN": "new"})
    assert real.read_text() == content


@pytest.mark.parametrize("target", ["public/notes.md", ".env", "public/.env"])
def test_a_link_that_leads_nowhere_is_not_written_through(tmp_path: Path, target: str) -> None:
    (tmp_path / "public").mkdir()
    link = tmp_path / ".env"
    link.symlink_to(target)
    with pytest.raises(FileUnusable, match="does not exist"):
        write_env(link, {"NOTION_TOKEN": "new"})
    assert link.is_symlink()
    assert not list((tmp_path / "public").iterdir())


@pytest.mark.parametrize("target", ["repository/notes.md", "other/.env"])
def test_a_link_to_another_folder_or_name_is_not_written_through(
    tmp_path: Path, target: str
) -> None:
    for folder in ("repository", "other"):
        (tmp_path / folder).mkdir()
    real, link = tmp_path / target, tmp_path / "repository" / ".env"
    real.write_text("# Notes\n")
    link.symlink_to(real)
    with pytest.raises(FileUnusable, match="it is a link to"):
        write_env(link, {"NOTION_TOKEN": "new"})
    assert real.read_text() == "# Notes\n"


def test_a_named_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".env")
    with pytest.raises(FileUnusable, match="named pipe"):
        write_env(tmp_path / ".env", {"NOTION_TOKEN": "new"})

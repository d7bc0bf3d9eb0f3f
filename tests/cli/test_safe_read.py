"""Files of others are read with care."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from notion_pm.clients.config_file import add_workspace
from notion_pm.errors import FileUnusable
from notion_pm.files.safe_read import read_bytes


@pytest.mark.parametrize(("kind", "told"), [("folder", "a folder"), ("pipe", "a named pipe")])
def test_what_is_no_file_is_refused_and_not_left_open(tmp_path: Path, kind: str, told: str) -> None:
    path = tmp_path / kind
    if kind == "folder":
        path.mkdir()
    else:
        os.mkfifo(path)
    with pytest.raises(FileUnusable, match=told):
        read_bytes(path, limit=10)
    is_open = [
        each.readlink() == path for each in Path("/proc/self/fd").iterdir() if each.is_symlink()
    ]
    assert not any(is_open)


def test_settings_that_are_a_named_pipe_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "notion-pm.toml")
    with pytest.raises(FileUnusable, match="named pipe"):
        add_workspace(tmp_path / "notion-pm.toml", "acme", {"local": "acme.sqlite"})

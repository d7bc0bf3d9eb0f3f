"""Files are written in one module, so that each is whole, and private where it has to be."""

from __future__ import annotations

import re
from pathlib import Path

import notion_pm

_SOURCES = Path(notion_pm.__file__).parent
_WRITES = re.compile(
    r"os\.(replace|rename|mkdir|makedirs)\(|\.(rename|write_text|write_bytes|mkdir)\(|NamedTemporaryFile|mkstemp"
    r"|open\([^)]*[\"'][wax]b?\+?[\"']|O_CREAT"
)
_MAY_WRITE = {
    "files": "it is that package",
    "emulator": "another program, which imports none of this one",
    "exporting": "writers fill the file or folder that files/writing.py, or a stage, put beside the target",
    "importing/files/rejects.py": "writes into the part of a file that files/writing.py installs",
    "notion/files.py": "attached files go into a temporary folder first",
    "cli/demo.py": "makes the folder of the demo",
}


def test_no_other_module_writes_files() -> None:
    found = {
        path.relative_to(_SOURCES).as_posix()
        for path in _SOURCES.rglob("*.py")
        if _WRITES.search(path.read_text(encoding="utf-8"))
    }
    others = {
        path
        for path in found
        if not any(path == each or path.startswith(f"{each}/") for each in _MAY_WRITE)
    }
    assert not others

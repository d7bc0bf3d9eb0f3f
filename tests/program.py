"""The program as its users run it: a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Finished:
    """How a run of the program ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)


class Program:
    """Runs `notion-pm` in a folder, with nothing in the environment but what is given."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "NOTION_PM_LOCAL_RECORD") if name in os.environ}
        self.environment = {**kept, "NOTION_PM_STATE": str(folder / "state"), **environment}

    def __call__(self, *arguments: str, stdin: str = "") -> Finished:
        done = subprocess.run(
            [sys.executable, "-m", "notion_pm", *arguments],
            cwd=self.folder,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        return Finished(done.returncode, done.stdout, done.stderr)

"""The program as its users run it: a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.forked_program import Streams, start_program

_LONGEST_RUN = 300
"""Seconds."""


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
        passed_on = ("PATH", "HOME", "NOTION_PM_LOCAL_RECORD")
        kept = {name: os.environ[name] for name in passed_on if name in os.environ}
        self.environment = {**kept, "NOTION_PM_STATE": str(folder / "state"), **environment}

    def __call__(self, *arguments: str, stdin: str = "") -> Finished:
        """Run it to its end."""
        if any(name.startswith("PYTHON") for name in self.environment):
            return self.run_anew(*arguments, stdin=stdin)
        with tempfile.TemporaryDirectory(prefix="run-") as name:
            streams = Streams(*(Path(name, each) for each in ("stdin", "stdout", "stderr")))
            streams.stdin.write_text(stdin, encoding="utf-8")
            process = start_program(arguments, self.folder, self._environment(arguments), streams)
            process.join(_LONGEST_RUN)
            if process.exitcode is None:
                process.kill()
                raise AssertionError(f"{arguments} does not end")
            out, err = (_text_of(each) for each in (streams.stdout, streams.stderr))
            return Finished(process.exitcode, out, err)

    def _environment(self, arguments: tuple[str, ...]) -> dict[str, str]:
        """Return the environment, without a record of what the probe sends.

        The probe also sends what Notion must refuse. That is no evidence of how the program talks.
        """
        if "--probe" not in arguments:
            return self.environment
        return {
            name: value
            for name, value in self.environment.items()
            if name != "NOTION_PM_LOCAL_RECORD"
        }

    def run_anew(self, *arguments: str, stdin: str = "") -> Finished:
        """Run it in a new interpreter, which imports everything itself."""
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


def _text_of(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.exists() else ""

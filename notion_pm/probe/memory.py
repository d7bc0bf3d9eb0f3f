"""Remember an unfinished probe, so that it can be resumed after an interruption."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from notion_pm.files.writing import write_private
from notion_pm.probe.statement import Finding, Verdict

_FILE = "probe.json"


@dataclass(slots=True)
class Memory:
    """The scratch page of an unfinished probe, and its findings so far.

    `title`: of the scratch page, which is found by it when its id is not known yet.
    """

    path: Path
    title: str = ""
    scratch: str = ""
    spent: int = 0
    findings: dict[str, Finding] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Return the memory of an interrupted probe in a folder, an empty one if there is none."""
        path = folder / _FILE
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            findings = {id: _finding(stored) for id, stored in data["findings"].items()}
            return cls(path, str(data["title"]), str(data["scratch"]), int(data["spent"]), findings)
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            return cls(path)  # missing or damaged: start again

    @property
    def is_resumed(self) -> bool:
        """Whether an earlier run has begun this probe."""
        return bool(self.title)

    def save(self) -> None:
        """Write the memory to its file. Raises FileUnusable."""
        # Private: it has the id of a page, which a report never has.
        data = {
            "title": self.title,
            "scratch": self.scratch,
            "spent": self.spent,
            "findings": {id: asdict(finding) for id, finding in self.findings.items()},
        }
        write_private(self.path, json.dumps(data, ensure_ascii=False, indent=1))

    def forget(self) -> None:
        """Delete the file: the probe is finished."""
        self.path.unlink(missing_ok=True)


def _finding(stored: dict[str, Any]) -> Finding:
    return Finding(**{**stored, "verdict": Verdict(stored["verdict"])})

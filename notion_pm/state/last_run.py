"""How the last sync went, from one run to the next: so that people are told of a change, not of every run.

It is no memory that a sync depends on: lost or damaged it costs a message that was told before.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from notion_pm.files.writing import write_private
from notion_pm.model.ids import NotionId

FILE = "last-run.json"


class LastRun(BaseModel):
    """How it went. `problem` is empty when all was well; `told_in` is the block that shows it in the workspace."""

    model_config = ConfigDict(frozen=True)

    problem: str = ""
    told_in: NotionId | None = None


_FORMAT = TypeAdapter(dict[str, LastRun])


def recall(directory: Path, template: str | None) -> LastRun:
    """Return how the last sync with this choice of a template went; that all was well when nothing is known."""
    return _all(directory).get(template or "", LastRun())


def remember(directory: Path, template: str | None, last: LastRun) -> None:
    """Remember how a sync went. Raises FileUnusable."""
    everything = _all(directory)
    if everything.get(template or "", LastRun()) == last:
        return
    write_private(directory / FILE, _FORMAT.dump_json({**everything, template or "": last}))


def _all(directory: Path) -> dict[str, LastRun]:
    try:
        return _FORMAT.validate_json((directory / FILE).read_bytes())
    except (FileNotFoundError, ValidationError):
        return {}

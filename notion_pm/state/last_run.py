"""How the last sync went, so that people are notified of a change and not of every run.

No sync depends on it: when it is lost or damaged, a message is sent that was sent before.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from notion_pm.files.writing import write_private
from notion_pm.model.ids import NotionId

FILE = "last-run.json"


class LastRun(BaseModel):
    """How the last sync went.

    `problem`: the kind of its error, empty when it succeeded. `told_in`: the block of the record
    page that shows it. The names are those of the file.
    """

    model_config = ConfigDict(frozen=True)

    problem: str = ""
    told_in: NotionId | None = None


_FORMAT = TypeAdapter(dict[str, LastRun])


def read_last_run(directory: Path, template: str | None) -> LastRun:
    """Return how the last sync with this --template went; a success when nothing is known."""
    return _read_all(directory).get(template or "", LastRun())


def save_last_run(directory: Path, template: str | None, last: LastRun) -> None:
    """Keep how a sync went. Raises FileUnusable."""
    runs = _read_all(directory)
    if runs.get(template or "", LastRun()) == last:
        return
    write_private(directory / FILE, _FORMAT.dump_json({**runs, template or "": last}))


def _read_all(directory: Path) -> dict[str, LastRun]:
    try:
        return _FORMAT.validate_json((directory / FILE).read_bytes())
    except (FileNotFoundError, ValidationError):
        return {}

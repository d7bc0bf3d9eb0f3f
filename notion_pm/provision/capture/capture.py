"""The story of `capture`: read a page with databases whole, restate it as a template, write the files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from notion_pm.errors import UsageError
from notion_pm.files.writing import write_shared
from notion_pm.model.ids import NotionId
from notion_pm.notion.client import NotionClient
from notion_pm.provision.capture import document
from notion_pm.provision.capture.live import Captured
from notion_pm.provision.capture.reading import Reader
from notion_pm.template.template_text import rows_text, template_text
from notion_pm.workspace.progress import Progress, no_progress

_DEFAULT_FOLDER = "captured"
_HEADING = (
    "The order of options is their rank: rules that only move forward move down the list.",
    "No page tells rules (`sync`), the `weight` of options, and which properties are `stamped` or `lock`: add them.",
)


def capture(
    gateway: NotionClient,
    page_id: NotionId,
    *,
    name: str | None = None,
    file: Path | None = None,
    with_rows: bool = False,
    jobs: int = 4,
    progress: Progress = no_progress,
) -> Captured:
    """Restate a live page, or a single database, as a template; bodies and rows go to a folder beside `file`.

    Raises UsageError when there is no database in it, or a NotionError.
    """
    found = Reader(gateway, with_rows=with_rows, jobs=jobs, progress=progress).read(page_id, name)
    if not found.live.databases:
        raise UsageError(
            f"There is no database in the page {found.live.title!r} that the connection can read.",
            "Name the page that holds the databases; what lives in pages below it is captured by naming those.",
        )
    return document.capture(found.live, file.stem if file else _DEFAULT_FOLDER, found.keys)


def texts(captured: Captured, file: Path) -> dict[Path, str]:
    """Return what the files of a captured template are to hold."""
    databases = captured.template.databases
    found = {file: as_yaml(captured)}
    found |= {
        file.parent / (databases[key].body or ""): body for key, body in captured.bodies.items()
    }
    return found | {
        file.parent / (databases[key].rows or ""): rows_text(rows)
        for key, rows in captured.rows.items()
    }


def as_yaml(captured: Captured) -> str:
    """Return a captured template as a person would write it, with what it does not say as comments."""
    remarks = [
        (each.address, f"Not kept: {_told(each.address, each.message)}") for each in captured.losses
    ]
    remarks += [(each.address, f"Guessed: {each.message}") for each in captured.guesses]
    heading = (f"Captured from {captured.template.title!r}.", *_HEADING)
    return template_text(captured.template, remarks, heading=heading)


def write(files: Mapping[Path, str], *, replace: bool) -> None:
    """Write the files, all or none of which may be there already.

    Raises UsageError when one is there and may not be replaced, FileUnusable when the disk refuses.
    """
    there = [str(path) for path in files if path.exists()]
    if there and not replace:
        raise UsageError(
            f"There is something at {', '.join(there)} already.",
            "Name another file, or add --force.",
        )
    for path, text in files.items():
        write_shared(path, text)


def _told(address: str, message: str) -> str:
    """Name what a remark is about: where it is left out, its own place is not there."""
    return f"{address}: {message}" if address else message

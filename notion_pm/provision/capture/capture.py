"""Capture a page: read it with its databases, convert it to a template, and write the files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from notion_pm.errors import UsageError
from notion_pm.files.writing import write_shared
from notion_pm.model.ids import NotionId
from notion_pm.notion.client import NotionClient
from notion_pm.provision.capture.document import capture_page
from notion_pm.provision.capture.live import CapturedTemplate
from notion_pm.provision.capture.reading import PageReader
from notion_pm.template.template_text import rows_text, template_text
from notion_pm.workspace.progress import Progress, no_progress

_DEFAULT_FOLDER = "captured"
_HEADING = (
    "The order of options is their rank: rules that only move forward move down the list.",
    "A page does not have rules (`sync`), the `weight` of options, or which properties are "
    "`stamped` or `lock`: add them here.",
)


def capture(
    client: NotionClient,
    page_id: NotionId,
    *,
    name: str | None = None,
    file: Path | None = None,
    with_rows: bool = False,
    jobs: int = 4,
    progress: Progress = no_progress,
) -> CapturedTemplate:
    """Convert a live page, or a single database, to a template. Only reads.

    `file`: where the template will be written; page bodies and rows get a folder next to it.

    Raises UsageError when there is no database in it, or a NotionError.
    """
    reader = PageReader(client, with_rows=with_rows, jobs=jobs, progress=progress)
    content = reader.read(page_id, name)
    if not content.page.databases:
        raise UsageError(
            f"There is no database in the page {content.page.title!r} that the connection can "
            "read.",
            "Give the page that contains the databases. Pages below it must be captured one by "
            "one.",
        )
    folder = file.stem if file else _DEFAULT_FOLDER
    return capture_page(content.page, folder, content.keys)


def file_contents(captured: CapturedTemplate, file: Path) -> dict[Path, str]:
    """Return the contents of the template's file, and of the files for page bodies and rows."""
    databases = captured.template.databases
    contents = {file: to_yaml(captured)}
    for key, body in captured.bodies.items():
        contents[file.parent / (databases[key].body or "")] = body
    for key, rows in captured.rows.items():
        contents[file.parent / (databases[key].rows or "")] = rows_text(rows)
    return contents


def to_yaml(captured: CapturedTemplate) -> str:
    """Return a captured template as YAML, with what it does not keep as comments."""
    remarks = []
    for loss in captured.losses:
        # The comment may be at what contained the lost thing, so it has the whole address.
        remarks.append((loss.address, f"Not kept: {loss}"))
    for guess in captured.guesses:
        remarks.append((guess.address, f"Guessed: {guess.message}"))
    heading = (f"Captured from {captured.template.title!r}.", *_HEADING)
    return template_text(captured.template, remarks, heading=heading)


def write(contents: Mapping[Path, str], *, replace: bool) -> None:
    """Write the files. `replace`: whether existing files may be replaced.

    Raises UsageError when a file exists and may not be replaced, before anything is written;
    FileUnusable.
    """
    existing = [str(path) for path in contents if path.exists()]
    if existing and not replace:
        raise UsageError(
            f"These files already exist: {', '.join(existing)}.",
            "Choose another name, or add --force to replace them.",
        )
    for path, text in contents.items():
        write_shared(path, text)

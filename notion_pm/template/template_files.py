"""Find template files: shipped with the package, or anywhere on the disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from notion_pm.errors import UsageError
from notion_pm.text import suggest

_PACKAGE = Path(__file__).parents[1]

# Characters of a reference that are quoted in an error.
_MOST_QUOTED = 80


def shipped_folder() -> Path:
    """Return the folder of the shipped templates: in the package, or next to it in a checkout."""
    installed = _PACKAGE / "templates"
    return installed if installed.is_dir() else _PACKAGE.parent / "templates"


def shipped_templates() -> dict[str, Path]:
    """Return the files of the shipped templates by name."""
    return dict(sorted(_templates_in(shipped_folder())))


def find_template(reference: str) -> Path:
    """Return the file of a template. `reference`: its shipped name, its file or its folder.

    Raises UsageError when there is none.
    """
    shipped = shipped_templates()
    if reference in shipped:
        return shipped[reference]
    path = Path(reference)
    try:
        if path.is_dir() and (path / "template.yaml").exists():
            return path / "template.yaml"
        # Not is_file(): for a pipe or a device, reading reports what it is.
        if path.exists() and not path.is_dir():
            return path
    except (OSError, ValueError):  # too long for a path, or a character that paths cannot have
        if len(reference) > _MOST_QUOTED:
            reference = f"{reference[:_MOST_QUOTED]}..."
    raise UsageError(
        f"There is no template {reference!r}.",
        f"{suggest(reference, shipped)} Or give the path of a template file.",
    )


def _templates_in(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in folder.glob("*.yaml"):
        yield path.stem, path
    for path in folder.glob("*/template.yaml"):
        yield path.parent.name, path

"""Where template files are: shipped with the package, or anywhere on the disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from notion_pm.errors import UsageError
from notion_pm.text import suggest

_PACKAGE = Path(__file__).parents[1]


def shipped_folder() -> Path:
    """Return the folder of the templates that ship with notion-pm: in the package, or beside it in a checkout."""
    installed = _PACKAGE / "templates"
    return installed if installed.is_dir() else _PACKAGE.parent / "templates"


def shipped() -> dict[str, Path]:
    """Return the shipped templates by name."""
    return dict(sorted(_templates_in(shipped_folder())))


def find(reference: str) -> Path:
    """Return the file of a template that is named by its shipped name, its file or its folder.

    Raises UsageError when there is none.
    """
    if reference in shipped():
        return shipped()[reference]
    path = Path(reference)
    try:
        if path.is_dir() and (path / "template.yaml").exists():
            return path / "template.yaml"
        if (
            path.exists() and not path.is_dir()
        ):  # reading it says what it is when it is no regular file
            return path
    except (OSError, ValueError):  # too long for a path, or with a character that no path has
        reference = f"{reference[:80]}..." if len(reference) > 80 else reference
    raise UsageError(
        f"There is no template {reference!r}.",
        f"{suggest(reference, shipped())} Or give the path of a template file.",
    )


def _templates_in(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in folder.glob("*.yaml"):
        yield path.stem, path
    for path in folder.glob("*/template.yaml"):
        yield path.parent.name, path

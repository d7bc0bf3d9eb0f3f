"""The template of a command without a TEMPLATE argument: the template that was applied."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from notion_pm.errors import UsageError
from notion_pm.model.schema import ChildBlock
from notion_pm.template import template_files
from notion_pm.workspace.record import record_blocks
from notion_pm.workspace.record_text import template_of


def recorded_templates(children: Iterable[ChildBlock]) -> tuple[str, ...]:
    """Return the names of the templates that were applied under a page, from its blocks."""
    names = {template_of(page.title) for page in record_blocks(tuple(children))}
    return tuple(sorted(name for name in names if name))


def default_template(recorded: Sequence[str], first: str | None) -> str:
    """Return the recorded template, or `first` where none is recorded.

    Raises UsageError when there are several or none, or when the recorded one does not ship with
    notion-pm, so that only its author has the file.
    """
    if not recorded:
        if first is None:
            raise UsageError(
                "No template was applied to this workspace yet.",
                "Run  notion-pm apply product  first.",
            )
        return first
    if len(recorded) > 1:
        raise UsageError(
            f"Several templates were applied here: {', '.join(recorded)}.",
            f"Name one, for example:  notion-pm plan {recorded[0]}",
        )
    name = recorded[0]
    if name not in template_files.shipped_templates():
        raise UsageError(
            f"The template {name!r} was applied here, and it does not ship with notion-pm.",
            f"Give its file:  notion-pm plan PATH/{name}.yaml , "
            "or set `template` in notion-pm.toml.",
        )
    return name

"""Change the text of a page's Markdown in the four ways of ``PATCH /v1/pages/{id}/markdown``.

Source: https://developers.notion.com/reference/update-page-markdown. The blocks are then changed to
match the resulting text (`reconcile`).
"""

from __future__ import annotations

from collections.abc import Callable

from notion_pm.notion_markdown.syntax import Json

_ELLIPSIS = "..."


class EditError(Exception):
    """An edit that does not fit the page's Markdown; the message is for the API's caller."""


def edit(markdown: str, command: Json) -> str:
    """Return the page's Markdown after a command of type insert_content, replace_content and so on.

    Raises EditError when a selection or an ``old_str`` is not found, or found too often.
    """
    kind = command["type"]
    return _EDITS[kind](markdown, command[kind])


def _insert(markdown: str, content: Json) -> str:
    new: str = content["content"]
    if content.get("after"):
        _, end = _selection(markdown, content["after"])
        return _insert_after_line(markdown, end, new)
    is_at_start = (content.get("position") or {}).get("type") == "start"
    parts = [new, markdown] if is_at_start else [markdown, new]
    return "\n".join(part for part in parts if part)


def _insert_after_line(markdown: str, at: int, new: str) -> str:
    """Insert after the block that contains position `at`, at its depth, and after its children."""
    lines = markdown.split("\n")
    index = markdown.count("\n", 0, at)
    margin = _margin(lines[index])
    end = index + 1
    # The children of a block are the deeper lines after it; the new lines come behind them.
    while end < len(lines) and len(_margin(lines[end])) > len(margin):
        end += 1
    inserted = [margin + line if line else line for line in new.split("\n")]
    return "\n".join(lines[:end] + inserted + lines[end:])


def _margin(line: str) -> str:
    return line[: len(line) - len(line.lstrip("\t"))]


def _replace_range(markdown: str, content: Json) -> str:
    start, end = _selection(markdown, content["content_range"])
    replaced: str = markdown[:start] + content["content"] + markdown[end:]
    return replaced


def _replace(markdown: str, content: Json) -> str:
    new: str = content["new_str"]
    return new


def _search_and_replace(markdown: str, content: Json) -> str:
    # Each update sees the text that the one before it left. If one fails, none is applied here; the
    # real service was measured to apply such a list in part (notion-measured.md 9).
    for update in content["content_updates"]:
        markdown = _replace_text(markdown, update)
    return markdown


def _replace_text(markdown: str, update: Json) -> str:
    old, new = update["old_str"], update["new_str"]
    # Python counts an empty text between all characters, so that case comes first.
    matches = markdown.count(old) if old else 0
    if not matches:
        raise EditError(f"Could not find old_str in the page content: {_quote(old)}")
    if matches > 1 and not update.get("replace_all_matches"):
        raise EditError(
            f"old_str matches {matches} locations in the page content; set replace_all_matches to "
            f"replace all of them: {_quote(old)}"
        )
    return markdown.replace(old, new)


def _selection(markdown: str, selection: str) -> tuple[int, int]:
    """Return where ``start text...end text`` is: start and end position.

    The start text is found at its first occurrence, the end text at the first one after it. One of
    the two may be missing: ``...end text`` begins at the start of the page.
    """
    first, ellipsis, last = selection.partition(_ELLIPSIS)
    not_found = EditError(
        f"The selection does not match any content in the page: {_quote(selection)}"
    )
    # "..." alone, or an empty selection.
    if not first and not last:
        raise not_found
    start = markdown.find(first)
    if start < 0:
        raise not_found
    end = start + len(first)
    if ellipsis:
        last_start = markdown.find(last, end)
        if last_start < 0:
            raise not_found
        end = last_start + len(last)
    return start, end


def _quote(text: str) -> str:
    short = text if len(text) <= 100 else text[:100] + _ELLIPSIS
    return f'"{short}"'


_EDITS: dict[str, Callable[[str, Json], str]] = {
    "insert_content": _insert,
    "replace_content_range": _replace_range,
    "replace_content": _replace,
    "update_content": _search_and_replace,
}

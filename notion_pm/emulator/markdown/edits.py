"""The four ways of changing a page's Markdown, as changes of its text.

The commands are those of ``PATCH /v1/pages/{id}/markdown``
(https://developers.notion.com/reference/update-page-markdown). What is stored follows from the text that results.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from notion_pm.notion_markdown.syntax import Json

_ELLIPSIS = "..."


class EditError(Exception):
    """An edit that does not fit the page's Markdown; the message is for the API's caller."""


def edit(markdown: str, command: Json) -> str:
    """Return the page's Markdown after a command of type insert_content, replace_content and so on.

    Raises EditError when a selection or an ``old_str`` is not found, or found more often than it may be.
    """
    kind = command["type"]
    return _EDITS[kind](markdown, command[kind])


def _insert(markdown: str, content: Json) -> str:
    new: str = content["content"]
    if content.get("after"):
        _, end = _selection(markdown, content["after"])
        return _insert_after_line(markdown, end, new)
    at_start = (content.get("position") or {}).get("type") == "start"
    return _joined([new, markdown] if at_start else [markdown, new])


def _insert_after_line(markdown: str, at: int, new: str) -> str:
    """Inserts below the block whose line ends behind `at`, as deep as it, and below its children."""
    lines = markdown.split("\n")
    index = markdown.count("\n", 0, at)
    margin = _margin(lines[index])
    end = index + 1
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
    for update in content["content_updates"]:
        markdown = _replace_text(markdown, update)
    return markdown


def _replace_text(markdown: str, update: Json) -> str:
    old, new = update["old_str"], update["new_str"]
    found = markdown.count(old) if old else 0
    if not found:
        raise EditError(f"Could not find old_str in the page content: {_quoted(old)}")
    if found > 1 and not update.get("replace_all_matches"):
        raise EditError(
            f"old_str matches {found} locations in the page content; set replace_all_matches to replace all of them: "
            f"{_quoted(old)}"
        )
    return markdown.replace(old, new)


def _selection(markdown: str, selection: str) -> tuple[int, int]:
    """Find ``start text...end text``: from the first occurrence of the start to the end text behind it."""
    first, ellipsis, last = selection.partition(_ELLIPSIS)
    start = markdown.find(first) if first else 0 if last else -1
    end = start + len(first)
    if ellipsis and start >= 0:
        behind = markdown.find(last, end)
        end = behind + len(last) if behind >= 0 else -1
    if start < 0 or end < 0:
        raise EditError(
            f"The selection does not match any content in the page: {_quoted(selection)}"
        )
    return start, end


def _joined(parts: Sequence[str]) -> str:
    return "\n".join(part for part in parts if part)


def _quoted(text: str) -> str:
    return f'"{text if len(text) <= 100 else text[:100] + _ELLIPSIS}"'


_EDITS: dict[str, Callable[[str, Json], str]] = {
    "insert_content": _insert,
    "replace_content_range": _replace_range,
    "replace_content": _replace,
    "update_content": _search_and_replace,
}

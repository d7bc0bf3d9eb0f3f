"""A trace as a Mermaid flowchart (https://mermaid.js.org/syntax/flowchart.html).

GitHub, GitLab and Notion draw it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import SnapshotPage
from notion_pm.model.template import Role
from notion_pm.text import UNTITLED
from notion_pm.thread.branches import Branch, Trace, branches_in
from notion_pm.thread.graph import Related, Thread, UnsharedPage

_LONGEST_TEXT = 100
"""Characters of a title or name: with more, boxes are too large to read."""

_SHAPES: dict[Role | None, tuple[str, str]] = {
    "vision": ("([", "])"),
    "objectives": ("[[", "]]"),
    "key_results": ("[", "]"),
    "opportunities": ("(", ")"),
    "features": ("[", "]"),
    "insights": (">", "]"),
    "customers": ("((", "))"),
    None: ("{{", "}}"),
}


def flowchart(thread: Thread, trace: Trace) -> str:
    """Return the flowchart from the vision down, with one box for each page."""
    pages: dict[NotionId, Related] = {trace.page.id: trace.page}
    for branch in branches_in((*trace.above, *trace.below)):
        pages[branch.page.id] = branch.page
    names = {page_id: f"n{index}" for index, page_id in enumerate(pages)}

    # Arrows point down the thread, also above the page: there a branch is the upper end.
    edges = [(lower, upper) for upper, lower in _edges(trace.page, trace.above)]
    edges += _edges(trace.page, trace.below)
    lines = ["flowchart TD"]
    lines += [f"  {_box(thread, page, names[page.id])}" for page in pages.values()]
    # A page with several parents is in several branches: its edges must not be drawn twice.
    lines += dict.fromkeys(f"  {names[upper.id]} --> {names[lower.id]}" for upper, lower in edges)
    for page in pages.values():
        if isinstance(page, SnapshotPage) and page.url.startswith("https://"):
            lines.append(f'  click {names[page.id]} href "{_escape_url(page.url)}"')
    lines.append(f"  style {names[trace.page.id]} stroke-width:4px")
    return "\n".join([*lines, ""])


def _edges(page: Related, branches: Sequence[Branch]) -> Iterator[tuple[Related, Related]]:
    """Yield each page with each page one step on."""
    for branch in branches:
        yield page, branch.page
        yield from _edges(branch.page, branch.branches)


def _box(thread: Thread, page: Related, name: str) -> str:
    if isinstance(page, UnsharedPage):
        return f'{name}["not shared"]'
    opening, closing = _SHAPES[thread.role(page)]
    return f'{name}{opening}"{_escape(_label(thread, page))}"{closing}'


def _label(thread: Thread, page: SnapshotPage) -> str:
    title = f"{thread.unique_id(page)} {page.title or UNTITLED}".lstrip()
    parts = [_shorten(title), thread.status(page)]
    if thread.role(page) == "insights":
        parts.append(_shorten(", ".join(thread.customers_of(page))))
    return " – ".join(filter(None, parts))


def _escape(text: str) -> str:
    """Return text that Mermaid and HTML show as it is: any special character by its code."""
    escaped = []
    for sign in text:
        is_plain = sign.isalnum() or sign in " .,:()/-–"
        escaped.append(sign if is_plain else f"#{ord(sign)};")
    return "".join(escaped)


def _escape_url(url: str) -> str:
    # A quotation mark would end the link within the chart.
    return url.replace('"', "%22").replace("\\", "%5C").replace("\n", "")


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_TEXT else line[: _LONGEST_TEXT - 1].rstrip() + "…"

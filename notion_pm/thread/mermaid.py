"""A trace as a Mermaid flowchart (https://mermaid.js.org/syntax/flowchart.html): GitHub, GitLab and Notion draw it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from notion_pm.model.template import Role
from notion_pm.text import UNTITLED
from notion_pm.thread.branches import Branch, Trace, branches_in
from notion_pm.thread.graph import Related, Thread, Unseen

_LONGEST = 100
"""Characters of a label: more makes boxes that nobody reads."""

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
    """Return the flowchart, from the vision at the top down; each page is one box, however often it is shared."""
    return "\n".join(["flowchart TD", *_Chart(thread, trace).lines(), ""])


class _Chart:
    def __init__(self, thread: Thread, trace: Trace) -> None:
        self._thread = thread
        self._trace = trace
        pages = [trace.page, *(each.page for each in branches_in((*trace.above, *trace.below)))]
        self._pages = {each.id: each for each in pages}
        self._names = {page_id: f"n{place}" for place, page_id in enumerate(self._pages)}

    def lines(self) -> Iterator[str]:
        for page in self._pages.values():
            yield f"  {self._box(page)}"
        start = self._trace.page
        edges = [*self._upward(start, self._trace.above), *self._downward(start, self._trace.below)]
        yield from dict.fromkeys(
            f"  {self._names[one.id]} --> {self._names[other.id]}" for one, other in edges
        )
        for page in self._pages.values():
            if not isinstance(page, Unseen) and page.url.startswith("https://"):
                yield f'  click {self._names[page.id]} href "{_address(page.url)}"'
        yield f"  style {self._names[start.id]} stroke-width:4px"

    def _box(self, page: Related) -> str:
        name = self._names[page.id]
        if isinstance(page, Unseen):
            return f'{name}["not shared"]'
        opening, closing = _SHAPES[self._thread.role(page)]
        return f'{name}{opening}"{_escaped(self._label(page))}"{closing}'

    def _label(self, page: Related) -> str:
        assert not isinstance(page, Unseen)
        said_by = (
            ", ".join(self._thread.customers_of(page))
            if self._thread.role(page) == "insights"
            else ""
        )
        title = " ".join(filter(None, (self._thread.number_of(page), page.title or UNTITLED)))
        return " – ".join(filter(None, (_cut(title), self._thread.status(page), _cut(said_by))))

    def _upward(
        self, page: Related, branches: Sequence[Branch]
    ) -> Iterator[tuple[Related, Related]]:
        for each in branches:
            yield each.page, page
            yield from self._upward(each.page, each.branches)

    def _downward(
        self, page: Related, branches: Sequence[Branch]
    ) -> Iterator[tuple[Related, Related]]:
        for each in branches:
            yield page, each.page
            yield from self._downward(each.page, each.branches)


def _escaped(text: str) -> str:
    """Text as Mermaid shows it and nothing else: what it or HTML could take for a sign goes by its code."""
    return "".join(
        each if each.isalnum() or each in " .,:()/-–" else f"#{ord(each)};" for each in text
    )


def _address(url: str) -> str:
    return url.replace('"', "%22").replace("\\", "%5C").replace("\n", "")


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1].rstrip() + "…"

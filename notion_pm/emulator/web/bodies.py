"""The body of a page for templates: its blocks as nodes. Neighbouring list items form one list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from notion_pm.emulator.pages import page_markdown
from notion_pm.emulator.store.records import DATABASES, PAGES
from notion_pm.emulator.store.session import Session
from notion_pm.emulator.web import outline
from notion_pm.emulator.web.addresses import Addresses
from notion_pm.emulator.web.cells import Link, emoji, page_link
from notion_pm.emulator.web.texts import Span, spans

Json = Mapping[str, Any]

_LISTS = {
    "bulleted_list_item": "bulleted_list",
    "numbered_list_item": "numbered_list",
    "to_do": "to_do_list",
}
_CHILDREN = {"child_page": "page_id", "child_database": "database_id"}


@dataclass(frozen=True, slots=True)
class Node:
    """One block, or one list of neighbouring items, with what it shows."""

    kind: str
    text: tuple[Span, ...] = ()
    color: str = "default"
    children: tuple[Node, ...] = ()
    icon: str | None = None
    link: Link | None = None
    is_checked: bool = False
    is_toggle: bool = False
    cells: tuple[tuple[Span, ...], ...] = ()
    heads: tuple[bool, bool] = (False, False)  # of a table: its first row, its first column
    source: str = ""
    level: int = 0  # of a heading, in HTML


def body(session: Session, page_id: str, addresses: Addresses) -> tuple[Node, ...]:
    """Return the content of a page.

    Its largest headings become `h2`, below the title of the page, whatever their size.
    """
    blocks = page_markdown.trees(session, page_id)
    largest_heading = min(_heading_sizes(blocks), default=1)
    return _NodeBuilder(session, addresses, largest_heading).nodes(blocks)


def _heading_sizes(blocks: Sequence[Json]) -> Iterator[int]:
    for block in blocks:
        if block["type"].startswith("heading_"):
            yield int(block["type"][-1])
        yield from _heading_sizes(block[block["type"]].get("children") or ())


@dataclass(frozen=True, slots=True)
class _NodeBuilder:
    session: Session
    addresses: Addresses
    largest_heading: int

    def nodes(self, blocks: Sequence[Json]) -> tuple[Node, ...]:
        nodes: list[Node] = []
        # In Notion a list is only neighbouring items; HTML needs an element around them.
        for list_kind, run in groupby(blocks, key=lambda block: _LISTS.get(block["type"])):
            items = tuple(map(self._node, run))
            if list_kind:
                nodes.append(Node(list_kind, children=items))
            else:
                nodes += items
        return tuple(nodes)

    def _node(self, block: Json) -> Node:
        kind, content = block["type"], block[block["type"]]
        level = 0
        if kind.startswith("heading_"):
            level = int(kind[-1]) - self.largest_heading + 2
        return Node(
            kind=kind,
            text=spans(content.get("rich_text") or content.get("caption") or (), self.addresses),
            color=content.get("color") or "default",
            children=self.nodes(content.get("children") or ()),
            icon=emoji(content.get("icon")),
            link=self._link(block["id"], kind, content),
            is_checked=bool(content.get("checked")),
            is_toggle=kind == "toggle" or bool(content.get("is_toggleable")),
            cells=tuple(spans(cell, self.addresses) for cell in content.get("cells") or ()),
            heads=(bool(content.get("has_column_header")), bool(content.get("has_row_header"))),
            source=self._source(kind, content),
            level=level,
        )

    def _link(self, block_id: str, kind: str, content: Json) -> Link | None:
        if kind in _CHILDREN:
            return self._link_to_object(_CHILDREN[kind], block_id)
        if kind == "link_to_page":
            return self._link_to_object(content["type"], content[content["type"]])
        url = content.get("url") or _file_url(content)
        return Link(content.get("name") or str(url), self.addresses.link(url)) if url else None

    def _link_to_object(self, kind: str, notion_id: str) -> Link | None:
        if kind == "page_id":
            page = PAGES.find(self.session.db, notion_id)
            return page_link(page) if page else None
        database = DATABASES.find(self.session.db, notion_id)
        return outline.database_link(database) if database else None

    def _source(self, kind: str, content: Json) -> str:
        """Return what a block shows besides text: a language, an equation, or an image URL."""
        if kind == "image":
            return self.addresses.image(_file_url(content)) or ""
        return str(content.get("language") or content.get("expression") or content.get("alt") or "")


def _file_url(content: Json) -> str | None:
    """Return the URL of a file, None if the block has none."""
    location = content.get("file") or content.get("external") or {}
    return str(location["url"]) if "url" in location else None

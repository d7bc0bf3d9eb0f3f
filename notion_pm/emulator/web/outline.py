"""The tree of pages and databases, and the path from the top to one of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from notion_pm.emulator.store.records import BLOCKS, DATABASES, PAGES, Block, Database, Page
from notion_pm.emulator.store.session import Session
from notion_pm.emulator.values.richtext import plain_text
from notion_pm.emulator.web.addresses import database_path
from notion_pm.emulator.web.cells import UNTITLED, Link, emoji, page_link

_MOST_SHOWN = 500
_HOLDERS = ("child_page", "child_database")
# Searched from the top, page by page: most blocks are on rows of databases, which are not in the
# tree.
_CHILDREN_IN_TREE = f"""
WHERE type IN {_HOLDERS} AND id IN (
    WITH RECURSIVE below (id) AS (
        SELECT id FROM pages WHERE parent_id IS NULL AND in_trash = 0
        UNION SELECT b.id FROM blocks b JOIN below ON b.parent_id = below.id WHERE b.in_trash = 0
    )
    SELECT id FROM below
) ORDER BY position, seq LIMIT {_MOST_SHOWN}
"""


@dataclass(frozen=True, slots=True)
class Node:
    """A page or database in the tree, with what is on it."""

    id: str
    link: Link
    is_database: bool
    children: tuple[Node, ...] = ()

    def holds(self, notion_id: str | None) -> bool:
        """Return whether something is this node or below it."""
        return self.id == notion_id or any(child.holds(notion_id) for child in self.children)


def tree(session: Session) -> tuple[Node, ...]:
    """Return the workspace's pages and databases as a tree, without rows."""
    children: dict[str, list[Block]] = defaultdict(list)
    for block in BLOCKS.select(session.db, _CHILDREN_IN_TREE):
        children[_page_of(session, block)].append(block)
    tops = PAGES.select(session.db, "WHERE parent_id IS NULL AND in_trash = 0 ORDER BY seq")
    return tuple(
        Node(top.id, page_link(top), is_database=False, children=_nodes(session, top.id, children))
        for top in tops
    )


def _nodes(
    session: Session, page_id: str, children: Mapping[str, Sequence[Block]]
) -> tuple[Node, ...]:
    nodes = []
    for block in children.get(page_id, ()):
        node = _node(session, block, children)
        if node is not None:
            nodes.append(node)
    return tuple(nodes)


def _node(session: Session, block: Block, children: Mapping[str, Sequence[Block]]) -> Node | None:
    if block.type == "child_database":
        database = DATABASES.find(session.db, block.id)
        if database is None:
            return None
        return Node(block.id, database_link(database), is_database=True)
    page = PAGES.find(session.db, block.id)
    if page is None:
        return None
    nodes = _nodes(session, block.id, children)
    return Node(block.id, page_link(page), is_database=False, children=nodes)


def _page_of(session: Session, block: Block) -> str:
    """Return the page that a child page or database is on, even inside a toggle or a column."""
    parent_id, parent_type = block.parent_id, block.parent_type
    # Blocks inside a toggle or column have that block as parent.
    while parent_type == "block_id":
        above = BLOCKS.find(session.db, parent_id)
        if above is None or above.type in _HOLDERS:
            break
        parent_id, parent_type = above.parent_id, above.parent_type
    return parent_id


def way_to(session: Session, thing: Page | Database) -> list[Link]:
    """Return the links to the ancestors of a page or database, from the top."""
    way: list[Link] = []
    above = _holder(session, thing)
    while above is not None:
        way.insert(0, page_link(above) if isinstance(above, Page) else database_link(above))
        above = _holder(session, above)
    return way


def _holder(session: Session, thing: Page | Database) -> Page | Database | None:
    """Return the page or database that something is on, or a row of."""
    if thing.parent_id is None:
        return None
    if thing.parent_type == "data_source_id":
        return session.database(session.data_source(thing.parent_id).database_id)
    if thing.parent_type == "page_id":
        return PAGES.find(session.db, thing.parent_id)
    block = BLOCKS.find(session.db, thing.parent_id)
    return PAGES.find(session.db, _page_of(session, block)) if block else None


def database_link(database: Database) -> Link:
    """Return a link to a database, with its title."""
    return Link(
        plain_text(database.title) or UNTITLED, database_path(database.id), emoji(database.icon)
    )

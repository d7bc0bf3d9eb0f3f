"""Read and change a page's content as Notion-flavoured Markdown (notion-api.md 2.3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from notion_pm.emulator import markdown
from notion_pm.emulator.blocks.block_writing import touch
from notion_pm.emulator.blocks.blocks import children_holder, find, refuse_archived
from notion_pm.emulator.http import checks
from notion_pm.emulator.http.errors import validation_error, wrong_kind
from notion_pm.emulator.pages.async_tasks import enqueue
from notion_pm.emulator.pages.markdown_changes import apply_changes, trash_blocks
from notion_pm.emulator.store.records import BLOCKS, DATABASES, PAGES, Block
from notion_pm.emulator.store.session import Session
from notion_pm.emulator.values.signed_files import as_stored

Json = dict[str, Any]

# "approximately 20,000 records" (developers.notion.com/reference/retrieve-page-markdown)
MOST_BLOCKS = 20_000
# The required and the optional keys of each command.
_COMMANDS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "insert_content": (frozenset(("content",)), frozenset(("after", "position"))),
    "replace_content_range": (
        frozenset(("content", "content_range")),
        frozenset(("allow_deleting_content",)),
    ),
    "update_content": (frozenset(("content_updates",)), frozenset(("allow_deleting_content",))),
    "replace_content": (frozenset(("new_str",)), frozenset(("allow_deleting_content",))),
}
_OPERATION = "PATCH /v1/pages/:page_id/markdown"
_HAS_OWN_CONTENT = ("child_page", "child_database")
# All blocks of a page at any depth, but not those of its child pages and databases.
_BELOW = """
WHERE in_trash = 0 AND id IN (
    WITH RECURSIVE below (id, type) AS (
        SELECT id, type FROM blocks WHERE parent_id = ?
        UNION SELECT b.id, b.type FROM blocks b JOIN below ON b.parent_id = below.id
        WHERE below.type NOT IN ('child_page', 'child_database')
    )
    SELECT id FROM below
) ORDER BY position, seq
"""


def retrieve(session: Session, page_id: str) -> Json:
    """Return a page as Markdown, or a block that was left out of its page's Markdown."""
    block = _page_or_block(session, page_id)
    return _serialize(page_id, _load(session, block))


def update(session: Session, page_id: str, body: Mapping[str, Any]) -> tuple[Json, int]:
    """Change a page's Markdown with one of four commands.

    Return the new Markdown with the status 200, or if the request allows it, a task with 202.
    """
    command = _read_command(as_stored(body))
    page = find(session, session.page(page_id).id)
    refuse_archived(session, page)
    # The command edits the text that the client saw, not the blocks.
    before = _load(session, page)
    try:
        text = markdown.edit(markdown.render(before.blocks), command)
    except markdown.EditError as error:
        raise validation_error(str(error)) from None
    may_delete = command[command["type"]].get("allow_deleting_content") is True
    _replace(session, page, before, text, may_delete=may_delete)
    answer = _serialize(page_id, _load(session, page))
    if checks.flag(body, "allow_async", default=False):
        return enqueue(session, _OPERATION, answer), 202
    return answer, 200


def write(session: Session, page_id: str, text: str) -> None:
    """Write Markdown to a page without content."""
    _replace(session, find(session, page_id), _LoadedBlocks(), text, may_delete=False)


def _page_or_block(session: Session, page_id: str) -> Block:
    exists = PAGES.find(session.db, page_id) or BLOCKS.find(session.db, page_id)
    if not exists or not session.sees(page_id):
        raise session.not_found("page", page_id)
    block = find(session, page_id)
    if block.type == "child_database":
        raise wrong_kind(page_id, "database", "page")
    return block


def _read_command(body: Mapping[str, Any]) -> Json:
    kind = checks.one_of(checks.require(body, "type"), _COMMANDS, "body.type")
    checks.check_keys(body, ("type", "allow_async", kind))
    required, optional = _COMMANDS[kind]
    path = f"body.{kind}"
    content = checks.an_object(checks.require(body, kind), path)
    checks.check_keys(content, required | optional, path)
    for key in required:
        checks.require(content, key, path)
    for key in ("content", "content_range", "new_str", "after"):
        if key in content:
            checks.a_string(content[key], f"{path}.{key}")
    _check_updates(content.get("content_updates", []), f"{path}.content_updates")
    return {"type": kind, kind: content}


def _check_updates(value: Any, path: str) -> None:
    for index, item in enumerate(checks.an_array(value, path)):
        item_path = f"{path}[{index}]"
        sent = checks.an_object(item, item_path)
        checks.check_keys(sent, ("old_str", "new_str", "replace_all_matches"), item_path)
        for key in ("old_str", "new_str"):
            checks.a_string(checks.require(sent, key, item_path), f"{item_path}.{key}")


def _replace(
    session: Session, page: Block, before: _LoadedBlocks, text: str, *, may_delete: bool
) -> None:
    """Replace a page's blocks by those of a text. Unchanged blocks are kept."""
    # Blocks with the same text keep their ids, and so their comments and their author.
    placed = markdown.reconcile(before.blocks, markdown.parse(text))
    present = markdown.present_ids(placed, before.blocks)
    removed = [block for block in before.records if block.id not in present]
    lost = [block for block in removed if block.type in _HAS_OWN_CONTENT]
    # Without the flag, Notion protects child pages and databases (notion-api.md 2.3).
    if lost and not may_delete:
        names = ", ".join(f'"{block.content["title"]}" ({block.id})' for block in lost)
        raise validation_error(
            f"This operation would delete child pages or databases: {names}. "
            "Set allow_deleting_content to true to allow it."
        )
    trash_blocks(session, removed)
    apply_changes(session, page, page, placed)
    touch(session, page)


def _serialize(page_id: str, loaded: _LoadedBlocks) -> Json:
    return {
        "object": "page_markdown",
        "id": page_id,
        "markdown": markdown.render(loaded.blocks),
        "truncated": bool(loaded.unknown),
        "unknown_block_ids": loaded.unknown,
    }


def trees(session: Session, page_id: str) -> list[Json]:
    """Return a page's blocks as trees, with their `children`, to show the page as a whole."""
    return _load(session, find(session, page_id)).blocks


@dataclass(slots=True)
class _LoadedBlocks:
    """The blocks of a page: as trees, from which Markdown is rendered, and as records.

    `unknown`: the ids of the blocks above MOST_BLOCKS.
    """

    blocks: list[Json] = field(default_factory=list)
    records: list[Block] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def _load(session: Session, page: Block) -> _LoadedBlocks:
    loaded = _LoadedBlocks(records=BLOCKS.select(session.db, _BELOW, (page.id,)))
    by_parent: dict[str, list[Block]] = defaultdict(list)
    for block in loaded.records:
        by_parent[block.parent_id].append(block)
    loader = _Loader(session, by_parent, loaded.unknown, MOST_BLOCKS)
    loaded.blocks = loader.trees(by_parent[page.id])
    return loaded


@dataclass(slots=True)
class _Loader:
    """Builds the trees. `left`: how many more blocks may be loaded."""

    session: Session
    by_parent: Mapping[str, list[Block]]
    unknown: list[str]
    left: int

    def trees(self, blocks: Iterable[Block]) -> list[Json]:
        return [self._tree(block) for block in blocks]

    def _tree(self, block: Block) -> Json:
        # Notion shows the blocks above the limit as `<unknown>` tags (notion-api.md 2.3).
        if self.left == 0:
            self.unknown.append(block.id)
            return {"type": "unknown", "unknown": {"alt": block.type}, "id": block.id}
        self.left -= 1
        content = {**block.content}
        if block.type == "child_database":
            database = DATABASES.find(self.session.db, block.id)
            if database is not None:
                content["is_inline"] = database.is_inline
        children = self._children(block)
        if children:
            content["children"] = self.trees(children)
        return {"type": block.type, block.type: content, "id": block.id}

    def _children(self, block: Block) -> list[Block]:
        """Return the children of a block. A synced copy has those of its original."""
        holder = children_holder(block)
        if block.type in _HAS_OWN_CONTENT:
            return []
        if holder == block.id or holder in self.by_parent:
            return self.by_parent.get(holder, [])
        # The original of a synced copy is on another page.
        original = BLOCKS.find(self.session.db, holder)
        if original is None:
            return []
        return _load_below(self.session, original, self.by_parent)


def _load_below(
    session: Session, block: Block, by_parent: Mapping[str, list[Block]]
) -> list[Block]:
    for found in BLOCKS.select(session.db, _BELOW, (block.id,)):
        by_parent[found.parent_id].append(found)
    return by_parent[block.id]

"""Decide whether a record belongs to the page that it was found on.

Notion's *Duplicate* copies the text of a record page as it is, and gives the copied databases new
ids. So a copied record names the databases of the original. A command that used it would export,
change or delete another client's data.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from notion_pm.errors import NotShared, RecordCopied, RecordMoved
from notion_pm.model.ids import NotionId, page_url
from notion_pm.model.manifest import Manifest
from notion_pm.model.schema import ChildBlock
from notion_pm.notion.client import NotionClient

_MOST_LEVELS = 20
"""How many parents of a database are followed. People nest columns in toggles, but less deep."""

_LATER = timedelta(days=1)
"""How much later than the apply that it records a page may have been created.

A record page is created when its first apply begins. The rest allows for a question that waits for
an answer, and for a wrong clock.
"""


def check_ownership(
    notion: NotionClient,
    manifest: Manifest,
    block: ChildBlock,
    parent_id: NotionId,
    siblings: Sequence[ChildBlock],
) -> None:
    """Raise an error for a record that does not belong under this parent page.

    `block`: the record page in the list of its parent. `siblings`: all blocks of that list. Records
    name their own page and the parent page, so the check needs no request. Records of format 1 do
    not; for them too no request is needed if one of their databases is on the parent page.

    Raises RecordCopied, RecordMoved or a NotionError.
    """
    # Duplicate copies the text of the record, so the copy still names the original page.
    if manifest.page_id is not None and manifest.page_id != block.id:
        raise record_copied_error(manifest, block)

    if manifest.parent_id is not None and manifest.parent_id != parent_id:
        # A record that names this page, but another parent, was moved and not copied. If its
        # databases were moved too, the client now works on this page.
        if manifest.page_id is None:
            raise record_copied_error(manifest, block)
        if not is_any_listed(manifest, siblings):
            raise RecordMoved(title=block.title, origin=page_url(manifest.parent_id))

    if manifest.parent_id is None and _looks_copied(notion, manifest, block, parent_id, siblings):
        raise record_copied_error(manifest, block)


def record_copied_error(manifest: Manifest, block: ChildBlock) -> RecordCopied:
    """Return the error for a record that is a copy."""
    return RecordCopied(
        title=block.title,
        template=manifest.template,
        page_id=block.id,
        url=page_url(block.id),
        original=page_url(manifest.parent_id) if manifest.parent_id else "",
    )


def _looks_copied(
    notion: NotionClient,
    manifest: Manifest,
    block: ChildBlock,
    parent_id: NotionId,
    siblings: Sequence[ChildBlock],
) -> bool:
    """Judge a record of format 1, which names neither its page nor its parent, by its databases.

    The template's databases were created under the parent page. Adopted ones can be anywhere.
    """
    if is_any_listed(manifest, siblings):
        return False

    # One database below the parent page is enough to trust the record: people move single
    # databases elsewhere. A database that cannot be read proves nothing.
    is_elsewhere = False
    for entry in manifest.made.values():
        is_below = _is_below(notion, entry.database_id, parent_id)
        if is_below is True:
            return False
        if is_below is False:
            is_elsewhere = True
    if is_elsewhere:
        return True

    # No database can be read. Two signs of a copy are left: databases with the same titles and
    # other ids beside the record, and a page that is younger than the apply that it records.
    titles = {entry.title for entry in manifest.databases.values()}
    ids = {entry.database_id for entry in manifest.databases.values()}
    has_twins = any(
        database.title in titles and database.id not in ids for database in _databases(siblings)
    )
    return has_twins or _is_created_later(block.created_time, manifest.started)


def is_any_listed(manifest: Manifest, siblings: Sequence[ChildBlock]) -> bool:
    """Return whether a database of the record is directly under the parent page."""
    listed = {block.id for block in siblings if block.type == "child_database"}
    return any(entry.database_id in listed for entry in manifest.owned.values())


def _is_below(notion: NotionClient, database_id: NotionId, parent_id: NotionId) -> bool | None:
    """Return whether a database is under a page, at any depth; None when it cannot be read.

    People put databases into columns and sub-pages.
    """
    current = database_id
    for _ in range(_MOST_LEVELS):
        try:
            above = notion.get_parent_id(current)
        except NotShared:
            # Our parent page is shared. So if a page above the database is not shared, the database
            # is elsewhere. If the database itself is not found, it may be deleted: unknown.
            return None if current == database_id else False
        if above is None or above == parent_id:
            return above == parent_id
        current = above
    return False


def _databases(siblings: Iterable[ChildBlock]) -> Iterable[ChildBlock]:
    return (block for block in siblings if block.type == "child_database" and not block.in_trash)


def _is_created_later(created: datetime | None, started: datetime) -> bool:
    return created is not None and created > started + _LATER

"""The page that has the databases: list its blocks, and explain why it cannot be used."""

from __future__ import annotations

from notion_pm.errors import NotionError, NotShared, RequestRefused, UsageError
from notion_pm.model.ids import NotionId
from notion_pm.model.page import Page
from notion_pm.model.schema import ChildBlock
from notion_pm.notion.client import NotionClient

_CHOOSE_ANOTHER = "choose another page:  notion-pm init"


def list_parent_page(notion: NotionClient, parent_id: NotionId) -> tuple[ChildBlock, ...]:
    """Return the blocks of the parent page.

    Raises UsageError when the page is in the trash: Notion then answers as if it were not shared
    (404). Raises NotionError when it cannot be read.
    """
    try:
        return notion.list_children(parent_id)
    except NotShared:
        check_parent(notion, parent_id)
        raise


def check_parent(notion: NotionClient, parent_id: NotionId) -> None:
    """Check in one request that databases can be created on a page.

    Raises UsageError when it is in the trash, or is a database: people copy its link, which looks
    the same. Raises NotionError when it cannot be read.
    """
    try:
        page = notion.get_page(parent_id)
    except (NotShared, RequestRefused) as error:
        raise _error_for_database(notion, parent_id) or error from error
    check_alive(page)


def check_alive(page: Page) -> None:
    """Raise UsageError when a page is in the trash, by itself or with a page around it."""
    if page.in_trash:
        raise UsageError(
            f"The page {page.title!r} is in the trash.",
            "Restore it in Notion (Trash in the sidebar), with the pages around it if they are "
            f"in the trash too. Or {_CHOOSE_ANOTHER}",
        )


def _error_for_database(notion: NotionClient, parent_id: NotionId) -> UsageError | None:
    try:
        database = notion.get_database(parent_id)
    except NotionError:
        return None
    return UsageError(
        f"The parent page {database.title!r} is a database, not a page.",
        f"Give the page around it, or {_CHOOSE_ANOTHER}",
    )

"""The page under which everything is made: Notion lists the blocks of a database or of a trashed page just as well."""

from __future__ import annotations

from notion_pm.errors import NotionError, NotShared, RequestRefused, UsageError
from notion_pm.gateway.notion import Gateway
from notion_pm.model.ids import NotionId

_CHOOSE = "choose another page:  notion-pm init"


def check_parent(gateway: Gateway, parent_id: NotionId) -> None:
    """Make sure that things can be made there, in one request.

    Raises UsageError when it is in the trash, or a database: people copy its link, which looks the same. Raises a
    NotionError when it cannot be read.
    """
    try:
        page = gateway.get_page(parent_id)
    except (NotShared, RequestRefused) as error:
        raise _as_database(gateway, parent_id) or error from error
    if page.in_trash:
        advice = f"Restore it in Notion (Trash in the sidebar), or {_CHOOSE}"
        raise UsageError(f"The parent page {page.title!r} is in the trash.", advice)


def _as_database(gateway: Gateway, parent_id: NotionId) -> UsageError | None:
    try:
        database = gateway.get_database(parent_id)
    except NotionError:
        return None
    advice = f"Name the page around it, or {_CHOOSE}"
    return UsageError(f"The parent page {database.title!r} is a database, not a page.", advice)

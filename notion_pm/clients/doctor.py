"""Check what a connection can do, for `doctor`. Each failed check names the next step."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from notion_pm.clients.check import Check
from notion_pm.clients.doctor_templates import examine_templates
from notion_pm.errors import (
    CapabilityMissing,
    NotionError,
    NotionPmError,
    NotShared,
    RequestRefused,
)
from notion_pm.model.ids import NotionId, compact
from notion_pm.model.schema import User
from notion_pm.model.state_home import StateHome
from notion_pm.notion.client import NotionClient
from notion_pm.notion.connection import NOTION_VERSION


def examine(
    notion: NotionClient,
    parent_page: NotionId | None,
    home: Callable[[], StateHome],
    *,
    budget: int | None,
    write: bool,
) -> Iterator[Check]:
    """Yield the checks in order. A failed check ends them when later ones depend on it.

    `home` returns the place of the state. With `write` a page is created under the parent page and
    trashed: Notion has no other way to prove the capabilities to insert and update content.
    """
    try:
        bot = notion.me()
    except NotionError as error:
        yield Check("token", ok=False, detail=str(error), advice=error.advice)
        return
    where = f" in workspace {bot.workspace_name!r}" if bot.workspace_name else ""
    yield Check("token", ok=True, detail=f"belongs to connection {bot.name!r}{where}")
    # The request above had this version in its header, and Notion refuses a version that it does
    # not know (notion-api.md 1.1).
    yield Check("version", ok=True, detail=f"Notion-Version {NOTION_VERSION} is accepted")
    yield _limits(budget)
    if parent_page is None:
        yield Check(
            "parent page",
            ok=False,
            detail="none is set",
            advice="Run  notion-pm init  to choose one.",
        )
        return
    sharing = _examine_sharing(notion, parent_page, bot)
    yield sharing
    if not sharing.ok:
        return
    yield from _examine_content(notion, parent_page, home)
    if write:
        yield _examine_writing(notion, parent_page)


def _limits(budget: int | None) -> Check:
    if budget:
        detail = f"{budget} requests a minute"
    else:
        detail = "no limit on requests until the server asks to wait"
    return Check("limits", ok=True, detail=detail)


def _examine_sharing(notion: NotionClient, parent_page: NotionId, bot: User) -> Check:
    try:
        page = notion.get_page(parent_page)
    except (NotShared, RequestRefused) as error:
        return _explain_missing_page(notion, parent_page, bot, error)
    except NotionError as error:
        return Check("parent page", ok=False, detail=str(error), advice=error.advice)
    # A page in the trash can still be read by its id (notion-api.md 6, item 3), so reading proves
    # nothing.
    if page.in_trash:
        advice = (
            "Restore it in Notion (Trash in the sidebar), "
            "or choose another page with  notion-pm init."
        )
        detail = f"{page.title!r} is in the trash"
        return Check("parent page", ok=False, detail=detail, advice=advice)
    return Check("parent page", ok=True, detail=f"{page.title!r} is shared with the connection")


def _explain_missing_page(
    notion: NotionClient, parent_page: NotionId, bot: User, error: NotionError
) -> Check:
    # People often copy the link of a database: it looks like the link of a page.
    try:
        database = notion.get_database(parent_page)
    except NotShared:
        detail = f"{parent_page} does not exist, or is not shared"
        return Check(
            "parent page", ok=False, detail=detail, advice=sharing_advice(parent_page, bot)
        )
    except NotionError:
        return Check("parent page", ok=False, detail=str(error), advice=error.advice)
    advice = "Choose the page that contains it, or another one:  notion-pm init"
    return Check(
        "parent page",
        ok=False,
        detail=f"{database.title!r} is a database, not a page",
        advice=advice,
    )


def sharing_advice(page: NotionId, bot: User) -> str:
    """Return the clicks that share a page with the connection."""
    return (
        f"Share page https://app.notion.com/p/{compact(page)} with connection {bot.name!r}: "
        f"open it in Notion, ••• (top right) > Connections > {bot.name}. "
        "If the page does not open for you either, its id is wrong."
    )


def _examine_content(
    notion: NotionClient, parent_page: NotionId, home: Callable[[], StateHome]
) -> Iterator[Check]:
    try:
        children = notion.list_children(parent_page)
    except CapabilityMissing as error:
        yield Check("read content", ok=False, detail=str(error), advice=error.advice)
        return
    yield Check("read content", ok=True, detail=f"{len(children)} blocks under the parent page")
    try:
        yield from examine_templates(notion, parent_page, children, home())
    except NotionPmError as error:
        yield Check("local state", ok=False, detail=str(error), advice=error.advice)


def _examine_writing(notion: NotionClient, parent_page: NotionId) -> Check:
    try:
        # Nothing to look up: a second scratch page after a lost answer does no harm.
        page = notion.create_page(
            parent_page, "notion-pm doctor (may be deleted)", look_up=lambda: None
        )
        notion.trash_page(page.id)
    except NotionError as error:
        return Check("write content", ok=False, detail=str(error), advice=error.advice)
    return Check("write content", ok=True, detail="a page was created and moved to the trash")

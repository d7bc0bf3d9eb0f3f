"""Finding the page that a person means: by link, id, its own number (FEAT-12), or its title."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from notion_pm.errors import InvalidNotionId, UsageError
from notion_pm.model.ids import NotionId, parse_notion_id
from notion_pm.model.snapshot import SnapshotPage
from notion_pm.text import UNTITLED, did_you_mean
from notion_pm.thread.graph import Thread

_NAMED = 8


def find(thread: Thread, words: str) -> SnapshotPage | None:
    """Return the page that words name: its id or link, its number, its title, or a part of that which no other has.

    None when there is none. Raises UsageError, which lists them, when several are meant.
    """
    if page_id := _as_id(words):
        return thread.page(page_id)
    wanted = words.strip().casefold()
    if not wanted:
        return None
    pages = list(_everything(thread))
    for fits in (
        lambda page: thread.number_of(page).casefold() == wanted,
        lambda page: page.title.strip().casefold() == wanted,
        lambda page: wanted in page.title.casefold(),
    ):
        if found := [page for page in pages if fits(page)]:
            return _only(found, words)
    return None


def unfound(thread: Thread, words: str) -> UsageError:
    """Return the error that no page is meant, with the nearest title."""
    where = ", ".join(thread.snapshot.databases)
    advice = "Give the page's link (••• > Copy link in Notion), its number (FEAT-12), or a part of its title."
    if _as_id(words):
        return UsageError(f"This page is in none of the template's databases: {where}.", advice)
    hint = did_you_mean(words, [page.title for page in _everything(thread)])
    return UsageError(f"There is no page {words!r} in {where}.", f"{hint} {advice}".lstrip())


def _only(found: Sequence[SnapshotPage], words: str) -> SnapshotPage:
    if len(found) == 1:
        return found[0]
    shown = [f"  {each.title or UNTITLED} ({each.database})  {each.url}" for each in found[:_NAMED]]
    more = [f"  and {len(found) - _NAMED} more"] if len(found) > _NAMED else []
    told = "\n".join([f"{words!r} may be any of {len(found)} pages:", *shown, *more])
    raise UsageError(told, "Give the link of one of them.")


def _everything(thread: Thread) -> Iterator[SnapshotPage]:
    for pages in thread.snapshot.databases.values():
        yield from pages.values()


def _as_id(words: str) -> NotionId | None:
    try:
        return parse_notion_id(words)
    except InvalidNotionId:
        return None

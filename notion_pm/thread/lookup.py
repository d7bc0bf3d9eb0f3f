"""Find the page that a person means: by link, id, its own number (FEAT-12) or title."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from notion_pm.errors import InvalidNotionId, UsageError
from notion_pm.model.ids import NotionId, parse_notion_id
from notion_pm.model.snapshot import SnapshotPage
from notion_pm.text import UNTITLED, did_you_mean
from notion_pm.thread.graph import Thread

_MOST_CANDIDATES = 8


def find_page(thread: Thread, words: str) -> SnapshotPage | None:
    """Return the page that words name, None if no page matches.

    In this order: an id or link, a page's own number, a whole title, a part of one title. Raises
    UsageError with a list of candidates when several pages match.
    """
    page_id = _parse_id(words)
    if page_id:
        return thread.page(page_id)
    wanted = words.strip().casefold()
    if not wanted:
        return None

    matchers: tuple[Callable[[SnapshotPage], bool], ...] = (
        lambda page: thread.unique_id(page).casefold() == wanted,
        lambda page: page.title.strip().casefold() == wanted,
        lambda page: wanted in page.title.casefold(),
    )
    # The most exact match wins: the title "Vision" is meant rather than "Vision of the app".
    pages = list(_all_pages(thread))
    for is_match in matchers:
        matching = [page for page in pages if is_match(page)]
        if matching:
            return _require_one(matching, words)
    return None


def page_not_found(thread: Thread, words: str) -> UsageError:
    """Return the error for words that match no page, with the most similar title."""
    databases = ", ".join(thread.snapshot.databases)
    advice = (
        "Give the page's link (••• > Copy link in Notion), its number (FEAT-12), "
        "or a part of its title."
    )
    if _parse_id(words):
        return UsageError(f"This page is in none of the template's databases: {databases}.", advice)
    hint = did_you_mean(words, [page.title for page in _all_pages(thread)])
    return UsageError(f"There is no page {words!r} in {databases}.", f"{hint} {advice}".lstrip())


def _require_one(pages: Sequence[SnapshotPage], words: str) -> SnapshotPage:
    if len(pages) == 1:
        return pages[0]
    lines = [f"{words!r} matches {len(pages)} pages:"]
    for page in pages[:_MOST_CANDIDATES]:
        lines.append(f"  {page.title or UNTITLED} ({page.database})  {page.url}")
    if len(pages) > _MOST_CANDIDATES:
        lines.append(f"  and {len(pages) - _MOST_CANDIDATES} more")
    raise UsageError("\n".join(lines), "Give the link of one of them.")


def _all_pages(thread: Thread) -> Iterator[SnapshotPage]:
    for pages in thread.snapshot.databases.values():
        yield from pages.values()


def _parse_id(words: str) -> NotionId | None:
    try:
        return parse_notion_id(words)
    except InvalidNotionId:
        return None

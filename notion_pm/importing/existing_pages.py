"""What is there already: the pages of the rows that an import brings, by their keys."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from notion_pm.concurrency import map_concurrently
from notion_pm.importing.compare import value_on_page
from notion_pm.importing.identity import identity
from notion_pm.importing.target import Field, Target
from notion_pm.model.ids import NotionId
from notion_pm.model.page import Page
from notion_pm.notion.client import NotionClient
from notion_pm.workspace.fresh_updates import OVERLAP, created_range
from notion_pm.workspace.progress import Progress

AT_ONCE = 100
"""Keys that one filter may list (notion-api.md 4.2: any array has 100 elements at most)."""
_EXACT = frozenset({"rich_text"})
"""Types of property whose texts are compared as they are, so that Notion can look for them."""


def find_existing_pages(
    gateway: NotionClient,
    target: Target,
    by: Field,
    keys: Sequence[str],
    fields: Iterable[Field],
    *,
    jobs: int,
    progress: Progress,
) -> dict[str, list[Page]]:
    """Return the pages with one of these keys, by what identifies them; a request for each 100 keys, or 100 pages.

    Only what the import compares is read. Raises IncompleteRead when Notion gives only a part.
    """
    ids = _compared_ids(target, by, fields)
    wanted = {identity(by, each) for each in keys}
    found: defaultdict[str, list[Page]] = defaultdict(list)
    for page in _rows(gateway, target, by, keys, ids, jobs=jobs, progress=progress):
        if (key := identity(by, str(value_on_page(page, by)))) in wanted:
            found[key].append(page)
    return found


def read_edited_pages(
    gateway: NotionClient,
    target: Target,
    by: Field,
    fields: Iterable[Field],
    batch: Sequence[Page],
    since: datetime,
) -> tuple[dict[NotionId, Page], int]:
    """Return those of some pages that were edited since a moment, by id, and how many rows Notion returned.

    One request where it returns at most 100.
    """
    rows = list(
        gateway.edited_since(
            target.data_source_id,
            since - OVERLAP,
            property_ids=_compared_ids(target, by, fields),
            created=created_range(page.created_time for page in batch),
        )
    )
    ids = {page.id for page in batch}
    return {row.id: row for row in rows if row.id in ids}, len(rows)


def _compared_ids(target: Target, by: Field, fields: Iterable[Field]) -> list[str]:
    return list(dict.fromkeys(["title", by.id, *(each.id for each in fields), *_lock(target)]))


def _lock(target: Target) -> list[str]:
    return [target.fields[target.lock].id] if target.lock and target.lock in target.fields else []


def _rows(
    gateway: NotionClient,
    target: Target,
    by: Field,
    keys: Sequence[str],
    property_ids: list[str],
    *,
    jobs: int,
    progress: Progress,
) -> Iterator[Page]:
    if by.type not in _EXACT:
        yield from gateway.query(target.data_source_id, property_ids=property_ids)
        return
    chunks = [keys[start : start + AT_ONCE] for start in range(0, len(keys), AT_ONCE)]

    def ask(chunk: Sequence[str]) -> list[Page]:
        return list(
            gateway.query(
                target.data_source_id, filter=key_filter(by, chunk), property_ids=property_ids
            )
        )

    for done, pages in enumerate(map_concurrently(ask, chunks, jobs), start=1):
        progress("Reading", done, len(chunks))
        yield from pages


def key_filter(by: Field, keys: Iterable[str]) -> Mapping[str, Any]:
    """Return the API's filter for rows with one of these keys."""
    return {"or": [{"property": by.id, by.type: {"equals": each}} for each in keys]}

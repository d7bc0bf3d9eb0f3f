"""Read the pages of the rows that an import brings, by their keys."""

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
"""Keys in one filter (notion-api.md 4.2: any array has 100 elements at most)."""

_FILTERED_BY_KEY = frozenset({"rich_text"})
"""Types whose keys are compared exactly, so that a filter finds them. Titles, links and mail
addresses are compared without case, which filters cannot do: all pages are read for them."""


def find_existing_pages(
    notion: NotionClient,
    target: Target,
    by: Field,
    keys: Sequence[str],
    fields: Iterable[Field],
    *,
    jobs: int,
    progress: Progress,
) -> dict[str, list[Page]]:
    """Return the pages with one of these keys, by identity.

    Sends one request for each 100 keys, or for each 100 pages. Reads only the properties that the
    import compares. Raises IncompleteRead when Notion returns only a part.
    """
    property_ids = _compared_property_ids(target, by, fields)
    if by.type in _FILTERED_BY_KEY:
        pages = _read_by_key(notion, target, by, keys, property_ids, jobs=jobs, progress=progress)
    else:
        pages = notion.query(target.data_source_id, property_ids=property_ids)

    # For titles, links and mail addresses all pages were read: those of other rows are left out
    # here.
    wanted = {identity(by, key) for key in keys}
    found: defaultdict[str, list[Page]] = defaultdict(list)
    for page in pages:
        key = identity(by, str(value_on_page(page, by)))
        if key in wanted:
            found[key].append(page)
    return found


def _read_by_key(
    notion: NotionClient,
    target: Target,
    by: Field,
    keys: Sequence[str],
    property_ids: list[str],
    *,
    jobs: int,
    progress: Progress,
) -> Iterator[Page]:
    chunks = [keys[start : start + AT_ONCE] for start in range(0, len(keys), AT_ONCE)]

    def read_chunk(chunk: Sequence[str]) -> list[Page]:
        pages = notion.query(
            target.data_source_id, filter=key_filter(by, chunk), property_ids=property_ids
        )
        return list(pages)

    for done, pages in enumerate(map_concurrently(read_chunk, chunks, jobs), start=1):
        progress("Reading", done, len(chunks))
        yield from pages


def read_edited_pages(
    notion: NotionClient,
    target: Target,
    by: Field,
    fields: Iterable[Field],
    batch: Sequence[Page],
    since: datetime,
) -> tuple[dict[NotionId, Page], int]:
    """Return the pages of a batch that were edited since a moment, by id, and the rows returned.

    Sends one request for each 100 rows that Notion returns.
    """
    rows = list(
        notion.edited_since(
            target.data_source_id,
            since - OVERLAP,
            property_ids=_compared_property_ids(target, by, fields),
            created=created_range(page.created_time for page in batch),
        )
    )
    ids = {page.id for page in batch}
    return {row.id: row for row in rows if row.id in ids}, len(rows)


def _compared_property_ids(target: Target, by: Field, fields: Iterable[Field]) -> list[str]:
    ids = ["title", by.id, *(field.id for field in fields)]
    if target.lock is not None and target.lock in target.fields:
        ids.append(target.fields[target.lock].id)
    # Each id once: the key is often one of the compared fields too.
    return list(dict.fromkeys(ids))


def key_filter(by: Field, keys: Iterable[str]) -> Mapping[str, Any]:
    """Return the API's filter for pages with one of these keys."""
    return {"or": [{"property": by.id, by.type: {"equals": key}} for key in keys]}

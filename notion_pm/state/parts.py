"""What a full read has got that has not come to its end: the next run goes on from there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import SnapshotPage
from notion_pm.state.cache import put_pages, read_pages
from notion_pm.state.plain_json import moment_from
from notion_pm.state.rows import Rows
from notion_pm.state.tables import PART_PAGES, PARTS


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of a database that were read, oldest first: all that were created before `created_until`.

    `scope`: how they were understood. `began`: when the first of them were read, by Notion's clock; what was edited
    since is to be read again.
    """

    scope: str
    began: datetime
    created_until: datetime
    pages: Mapping[NotionId, SnapshotPage] = field(default_factory=dict)


def read_parts(rows: Rows) -> dict[str, Part]:
    """Return what was read, by database."""
    pages = read_pages(rows, PART_PAGES)
    return {
        database: Part(scope, moment_from(began), moment_from(until), pages.get(database, {}))
        for database, scope, began, until in rows.all(PARTS, "database scope began created_until")
    }


def put_part(rows: Rows, database: str, part: Part) -> None:
    """Remember that a database was read so far. The pages of `part` come beside those that are remembered."""
    put_pages(rows, PART_PAGES, part.pages.values())
    rows.put(
        PARTS, [(database, part.scope, part.began.isoformat(), part.created_until.isoformat())]
    )


def drop_parts(rows: Rows) -> None:
    """Forget all of it: the read has come to its end, or begins anew."""
    rows.drop(PART_PAGES)
    rows.drop(PARTS)

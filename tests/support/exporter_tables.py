"""Tables for the tests of exporters: every type of cell once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

from notion_pm.exporting.table import Cell, Column, Reference, Row, Table
from notion_pm.model.ids import NotionId, compact
from notion_pm.model.page import (
    DateValue,
    FileValue,
    OptionValue,
    PersonValue,
    UniqueIdValue,
    UnknownValue,
)

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)


def page_id(number: int) -> NotionId:
    return NotionId(str(UUID(int=0xFEED << 64 | number)))


COLUMNS = (
    Column("title", "Feature", "title", "name"),
    Column(
        "s", "Status", "status", "status", options=("Idea", "Spec"), description="Where it stands"
    ),
    Column("t", "Tags", "multi_select", "tags", options=("api", "ux")),
    Column("r", "Reach", "number", "reach"),
    Column("c", "Budget", "number", "budget", number_format="euro"),
    Column("d", "Target", "date", "target", has_end=True),
    Column("e", "Edited", "last_edited_time", "edited", has_time=True),
    Column("k", "Spec ready", "checkbox", "ready"),
    Column("u", "Tracker", "url", "tracker"),
    Column("p", "Owner", "people", "owner"),
    Column("f", "Files", "files", "files"),
    Column("i", "Insights", "relation", "insights", target="Customer insights"),
    Column("n", "ID", "unique_id", "id"),
    Column("x", "Place", "place"),
)
CELLS: tuple[Cell, ...] = (
    "Provision",
    OptionValue("o1", "Spec"),
    (OptionValue("o2", "api"), OptionValue("o3", "ux")),
    8,
    1234.5,
    DateValue("2026-03-01", "2026-03-14"),
    DateValue("2026-07-04T09:08:00.000+02:00"),
    True,
    "https://example.com/t/1",
    (PersonValue(page_id(90), "Ada"), PersonValue(page_id(91))),
    (FileValue("plan.pdf", "https://example.com/plan.pdf", True),),
    (Reference(page_id(7), "Retry; please"), Reference(page_id(8)), Reference(page_id(9), "")),
    UniqueIdValue(12, "FEAT"),
    UnknownValue("sparkline"),
)
EMPTY: tuple[Cell, ...] = (
    "",
    None,
    (),
    None,
    None,
    None,
    None,
    False,
    None,
    (),
    (),
    (),
    None,
    None,
)


def row(
    number: int,
    cells: tuple[Cell, ...] = CELLS,
    *,
    title: str | None = None,
    markdown: str | None = None,
) -> Row:
    name = str(cells[0]) if title is None else title
    filled = (name, *cells[1:])
    url = f"https://app.notion.com/p/{compact(page_id(number))}"
    return Row(page_id(number), url, name, NOW, NOW, filled, markdown)


def table(
    rows: Iterable[Row],
    columns: tuple[Column, ...] = COLUMNS,
    *,
    name: str = "features",
    title: str = "Feature specs",
) -> Table:
    kept = list(rows)
    return Table(name, title, columns, kept, len(kept))


def titles_only(*titles: str, name: str = "features", title: str = "Feature specs") -> Table:
    """A table whose only column is the title."""
    return table(
        [row(n, (t,)) for n, t in enumerate(titles, start=1)], COLUMNS[:1], name=name, title=title
    )

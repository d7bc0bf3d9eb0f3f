"""Create the pages, databases, rows and blocks that statements check, all below the scratch
page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from notion_pm.probe.lab import Answer, Json, Lab, experiment


@dataclass(frozen=True, slots=True)
class Database:
    """A database with one data source."""

    id: str
    source: str
    created: Answer


def text(content: str) -> list[Json]:
    """Return rich text of one plain item."""
    return [{"text": {"content": content}}]


def plain(rich_text: list[Json]) -> str:
    """Return the characters of rich text."""
    return "".join(item["plain_text"] for item in rich_text)


def paragraph(content: str) -> Json:
    """Return a paragraph as requests take it."""
    return {"paragraph": {"rich_text": text(content)}}


def make_page(lab: Lab, title: str, parent: str | None = None, **more: Any) -> Answer:
    """Create a page, on the scratch page if no other parent is named."""
    return lab.post(
        "pages",
        parent={"type": "page_id", "page_id": parent or lab.scratch},
        properties={"title": {"title": text(title)}},
        **more,
    )


def make_database(lab: Lab, title: str, **properties: Json) -> Database:
    """Create a database with a title property `Name` and other properties."""
    return make_database_below(lab, lab.scratch, title, **properties)


def make_database_below(lab: Lab, parent_page: str, title: str, **properties: Json) -> Database:
    """Create a database on another page than the scratch page."""
    created = lab.post(
        "databases",
        parent={"type": "page_id", "page_id": parent_page},
        title=text(title),
        # `properties` beside `title` would be ignored without an error (notion-measured.md 5).
        initial_data_source={"properties": {"Name": {"title": {}}, **properties}},
    )
    return Database(created["id"], created["data_sources"][0]["id"], created)


def make_row(lab: Lab, database: Database, name: str, **properties: Json) -> Answer:
    """Create a row."""
    return lab.post(
        "pages",
        # A `database_id` would do only while the database has one data source (notion-api.md 2.3).
        parent={"type": "data_source_id", "data_source_id": database.source},
        properties={"Name": {"title": text(name)}, **properties},
    )


def append(lab: Lab, block_id: str, *blocks: Json, **more: Any) -> Answer:
    """Append blocks to a page or block."""
    return lab.patch(f"blocks/{block_id}/children", children=list(blocks), **more)


def change_schema(lab: Lab, database: Database, **properties: Any) -> Answer:
    """Change properties of a database, by their names."""
    return lab.patch(f"data_sources/{database.source}", properties=properties)


def schema_of(lab: Lab, database: Database) -> Json:
    """Read the properties of a database."""
    properties: Json = lab.get(f"data_sources/{database.source}")["properties"]
    return properties


def values_of(page: Answer) -> Json:
    """Return the bare values of a page, by property name."""
    return {name: value[value["type"]] for name, value in page["properties"].items()}


def row_names(found: Answer) -> list[str]:
    """Return the names of the rows that a query found, sorted."""
    return sorted(plain(row["properties"]["Name"]["title"]) for row in found["results"])


# --- shared by several subjects, so that the whole probe stays within its number of requests


@experiment
def records(lab: Lab) -> Database:
    """Make a database with properties of several types."""
    return make_database(
        lab,
        "Records",
        Text={"rich_text": {}},
        Size={"number": {}},
        Kind={"select": {"options": [{"name": "A"}, {"name": "B"}, {"name": "C"}]}},
        # No row sets it: `queries.default-status` asks what a filter then finds.
        Stage={"status": {}},
        Link={"url": {}},
        Due={"date": {}},
        Sum={"formula": {"expression": "1 + 1"}},
    )


@experiment
def rows(lab: Lab) -> dict[str, Answer]:
    """Make three rows of that database: `A` and `B` with values, `blank` without."""
    made = {}
    for name in "AB":
        made[name] = make_row(
            lab,
            records(lab),
            name,
            Text={"rich_text": text("Some Words")},
            Kind={"select": {"name": name}},
            Link={"url": "any text"},
            # With a time zone the time is local, without an offset (notion-api.md 3.5).
            Due={"date": {"start": "2026-01-15T10:00:00", "time_zone": "Europe/Berlin"}},
        )
    made["blank"] = make_row(lab, records(lab), "blank")
    return made

"""What several subjects look at, so that the whole probe stays within its number of requests."""

from __future__ import annotations

from notion_pm.probe.lab import Answer, Lab, experiment
from notion_pm.probe.objects import Database, make_database, make_row, text


@experiment
def records(lab: Lab) -> Database:
    """Make a database with properties of several types."""
    return make_database(
        lab,
        "Records",
        Text={"rich_text": {}},
        Size={"number": {}},
        Kind={"select": {"options": [{"name": "A"}, {"name": "B"}, {"name": "C"}]}},
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
            Due={"date": {"start": "2026-01-15T10:00:00", "time_zone": "Europe/Berlin"}},
        )
    made["blank"] = make_row(lab, records(lab), "blank")
    return made

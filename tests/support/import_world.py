"""A database and records for tests of imports, without Notion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from notion_pm.importing.files.records import Record, Records
from notion_pm.importing.target import Choice, Field, Target
from notion_pm.model.ids import NotionId

IMPORTANCE = (
    Choice("i0", "0 Not important", "none", 0),
    Choice("i1", "1 Nice to have", "nice", 1),
    Choice("i2", "2 Important", "important", 2),
    Choice("i3", "3 Critical", "critical", 3),
)
STATUS = (Choice("s1", "New", "new"), Choice("s2", "Won't do", "wont_do"))
KIND = (
    Choice("k1", "Request", "request"),
    Choice("k2", "Problem", "problem"),
    Choice("k3", "Question", "question"),
)

FIELDS = (
    Field("name", "Insight", "title", "title"),
    Field("quote", "Quote", "q", "rich_text"),
    Field("customer", "Customer", "c", "rich_text"),
    Field("importance", "Importance", "i", "select", IMPORTANCE),
    Field("kind", "Kind", "k", "select", KIND),
    Field("status", "Status", "s", "status", STATUS),
    Field("tags", "Tags", "t", "multi_select", (Choice("t1", "api", None),), open=True),
    Field("source_id", "Source id", "sid", "rich_text"),
    Field("source_url", "Source URL", "u", "url"),
    Field("observed_on", "Observed on", "o", "date"),
    Field("arr", "ARR", "a", "number"),
    Field("checked", "Checked", "x", "checkbox"),
    Field("features", "Features", "f", "relation", related=NotionId("features-source")),
    Field("loop", "Loop", "l", "select", stamped=True),
    Field("created", "Created", "ct", "created_time"),
)
TARGET = Target(
    "insights",
    "Customer insights",
    NotionId("insights-source"),
    {each.key: each for each in FIELDS},
    ("source_id",),
)


def records(*rows: Mapping[str, str | Sequence[str]]) -> Records:
    """Return records of these rows; the first row is line 2, as in a CSV file."""
    found = []
    for line, row in enumerate(rows, start=2):
        pairs = [
            (name, [texts] if isinstance(texts, str) else texts) for name, texts in row.items()
        ]
        found.append(
            Record(line, tuple((name, text) for name, texts in pairs for text in texts if text))
        )
    return Records(tuple(dict.fromkeys(name for row in rows for name in row)), tuple(found))

"""The tables of the state, as queries see them. `migrations.py` creates them; a test compares both.

All but the first begin with the template that a row belongs to: several templates may be applied to
one workspace.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Double, Integer, MetaData, Table, Text

METADATA = MetaData()


def _table(name: str, keys: str, values: str, numbers: str = "") -> Table:
    """Return a table of a template's rows: columns of text, then columns of whole numbers.

    Names are separated by spaces. `keys` are the primary key, beside the template.
    """
    key_names = ["template", *keys.split()]
    number_names = numbers.split()
    text_names = [column for column in (*key_names, *values.split()) if column not in number_names]
    columns: list[Column[Any]] = [
        Column(column, Text, primary_key=column in key_names) for column in text_names
    ]
    columns += [Column(column, Integer, primary_key=column in key_names) for column in number_names]
    return Table(name, METADATA, *columns)


TEMPLATES = Table(
    "templates",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("source", Text),
    Column("manifest", Text),
    Column("scope", Text),
    Column("read_in_full", Text),
    Column("ahead", Double),
)
MARKS = _table("marks", "database", "read_at")
PAGES = _table("pages", "page", "database title url last_edited held created")
ABSENT = _table("absent", "page", "reason")
PARTS = _table("parts", "database", "scope began created_until")
PART_PAGES = _table("part_pages", "page", "database title url last_edited held created")
OPTION_NAMES = _table("option_names", "option", "name")
BASELINE = _table("baseline", "page property", "held derived", "starter")
RUNS = _table("runs", "run", "kind started finished outcome told")
HISTORY = _table(
    "history",
    "number",
    "run at page database title url property before after actor edited rules because",
    "number",
)
HOLDS = _table("holds", "page property", "held derived reason runs", "told")
SIGHTINGS = _table("sightings", "page at", "database title url held")
IMPORTED = _table("imported", "source key", "page said")
IMPORT_WRITES = _table("import_writes", "run entry", "at written")
INTENTS = _table("intents", "page property", "held derived before", "starter")

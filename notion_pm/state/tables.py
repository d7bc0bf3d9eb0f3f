"""The tables of the state, as queries see them. `state_migrations` makes them; a test holds the two together.

All but the first begin with the template that a row belongs to: a workspace may be synced by several.
"""

from __future__ import annotations

from sqlalchemy import Column, Double, Integer, MetaData, Table, Text

METADATA = MetaData()


def _table(name: str, keys: str, values: str, numbers: str = "") -> Table:
    """A table of a template's rows: its primary key, then columns of text, then of whole numbers."""
    key = {"template", *keys.split()}
    texts = [
        each for each in ("template", *keys.split(), *values.split()) if each not in numbers.split()
    ]
    columns = [*((each, Text) for each in texts), *((each, Integer) for each in numbers.split())]
    return Table(
        name, METADATA, *(Column(each, kind, primary_key=each in key) for each, kind in columns)
    )


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

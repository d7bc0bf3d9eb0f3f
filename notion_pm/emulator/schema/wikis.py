"""Wikis: people turn a database into one in Notion's app, and its pages can then be verified."""

from __future__ import annotations

from dataclasses import replace

from notion_pm.emulator.blocks import tree
from notion_pm.emulator.schema.properties import as_json, unique_name
from notion_pm.emulator.store.records import Property
from notion_pm.emulator.store.session import Session

_ADDED = (
    ("verification", "Verification", "verification"),
    ("verification_owner", "Owner", "people"),
)


def turn_into_wiki(session: Session, data_source_id: str) -> None:
    """Give a data source the two properties of a wiki, whose ids are the same in each (recorded). Raise 404."""
    source = session.data_source(data_source_id)
    schema = source.schema()
    for property_id, name, kind in _ADDED:
        if property_id not in schema:
            schema[property_id] = Property(property_id, unique_name(schema, name), kind)
    session.save_data_source(replace(source, properties=as_json(schema), **tree.edited(session)))

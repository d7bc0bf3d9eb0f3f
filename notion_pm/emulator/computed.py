"""Configs of properties that are computed from others: rollups and formulas (notion-api.md 3.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import checks
from .errors import body_error, validation_error
from .options import Config
from .properties import Schema, find_property
from .records import Property
from .session import Session

ROLLUP_FUNCTIONS = [
    "count",
    "count_values",
    "empty",
    "not_empty",
    "unique",
    "show_unique",
    "percent_empty",
    "percent_not_empty",
    "sum",
    "average",
    "median",
    "min",
    "max",
    "range",
    "earliest_date",
    "latest_date",
    "date_range",
    "checked",
    "unchecked",
    "percent_checked",
    "percent_unchecked",
    "count_per_group",
    "percent_per_group",
    "show_original",
]


def rollup_config(
    session: Session, schema: Schema, sent: Mapping[str, Any], existing: Config | None, path: str
) -> Config:
    """Returns the config of a rollup, whose relation must be in the schema and whose property in the relation's target."""
    former = existing or {}
    relation = _named(schema, sent, "relation_property", former, path)
    if relation.type != "relation":
        raise validation_error(f"{relation.name} is expected to be relation.")
    target = session.data_source(relation.config["data_source_id"]).schema()
    rolled = _named(target, sent, "rollup_property", former, path)
    function = sent.get("function") or former.get("function")
    if function is None:
        raise body_error(f"{path}.function", "defined")
    checks.one_of(function, ROLLUP_FUNCTIONS, f"{path}.function")
    return {"relation_property_id": relation.id, "rollup_property_id": rolled.id, "function": function}


def formula_config(session: Session, data_source_id: str, schema: Schema, sent: Mapping[str, Any], path: str) -> Config:
    """Returns the config of a formula."""
    return {"expression": checks.a_string(checks.required(sent, "expression", path), f"{path}.expression")}


def rollup_path(session: Session, schema: Schema, rollup: Property) -> tuple[Property | None, Property | None]:
    """Returns the relation that a rollup follows and the property it rolls up, where they still exist."""
    relation = schema.get(rollup.config["relation_property_id"])
    if relation is None or relation.type != "relation":
        return None, None
    target = session.find_data_source(relation.config["data_source_id"])
    return relation, target.schema().get(rollup.config["rollup_property_id"]) if target else None


def _named(schema: Schema, sent: Mapping[str, Any], role: str, former: Mapping[str, Any], path: str) -> Property:
    key = sent.get(f"{role}_id") or sent.get(f"{role}_name") or former.get(f"{role}_id")
    if key is None:
        raise body_error(f"{path}.{role}_name", "defined")
    found = find_property(schema, checks.a_string(key, f"{path}.{role}_name"))
    if found is None:
        raise validation_error(f"Could not find property with name or id: {key}")
    return found

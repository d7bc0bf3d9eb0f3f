"""Configs of properties that are computed from others: rollups and formulas (notion-api.md 3.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from notion_pm.emulator import formulas
from notion_pm.emulator.formulas import FormulaError, FormulaType, PropertyInfo
from notion_pm.emulator.http import checks
from notion_pm.emulator.http.errors import ApiError, body_error, validation_error
from notion_pm.emulator.schema.options import Config
from notion_pm.emulator.schema.properties import Schema, find_property
from notion_pm.emulator.store import ids
from notion_pm.emulator.store.records import Property
from notion_pm.emulator.store.session import Session

ROLLUP_FUNCTIONS = (
    *(
        "count",
        "count_values",
        "empty",
        "not_empty",
        "unique",
        "show_unique",
        "percent_empty",
        "percent_not_empty",
    ),
    *(
        "sum",
        "average",
        "median",
        "min",
        "max",
        "range",
        "earliest_date",
        "latest_date",
        "date_range",
    ),
    *("checked", "unchecked", "percent_checked", "percent_unchecked"),
    *("count_per_group", "percent_per_group", "show_original"),
)
_LISTING = ("show_original", "show_unique")
_DATING = ("earliest_date", "latest_date", "date_range")


def rollup_config(
    session: Session, schema: Schema, sent: Mapping[str, Any], existing: Config | None, path: str
) -> Config:
    """Return the config of a rollup: a relation of this schema, and a property of the relation's target."""
    former = existing or {}
    relation = _named(schema, sent, "relation_property", former, path)
    if relation.type != "relation":
        raise validation_error(f"{relation.name} is expected to be relation.")
    target = session.known_data_source(relation.config["data_source_id"]).schema()
    rolled = _named(target, sent, "rollup_property", former, path)
    function = sent.get("function") or former.get("function")
    if function is None:
        raise body_error(f"{path}.function", "defined")
    checks.one_of(function, ROLLUP_FUNCTIONS, f"{path}.function")
    return {
        "relation_property_id": relation.id,
        "rollup_property_id": rolled.id,
        "function": function,
    }


def rollup_path(
    session: Session, schema: Schema, rollup: Property
) -> tuple[Property | None, Property | None]:
    """Return the relation that a rollup follows and the property it rolls up, where they still exist."""
    relation = schema.get(rollup.config["relation_property_id"])
    if relation is None or relation.type != "relation":
        return None, None
    target = session.find_data_source(relation.config["data_source_id"])
    return relation, target.schema().get(rollup.config["rollup_property_id"]) if target else None


def formula_config(
    session: Session,
    data_source_id: str,
    schema: Schema,
    wanted: Property,
    sent: Mapping[str, Any],
    path: str,
) -> Config:
    """Return the config of a formula, which names properties by id; raises 400 for what cannot be computed.

    Notion's app also saves a formula with a mistake in it, which then has no value (recorded).
    """
    expression = checks.a_string(checks.required(sent, "expression", path), f"{path}.expression")
    known = {prop.name: ids.encoded(prop.id) for prop in schema.values()}
    workspace_id = session.settings.workspace_id
    stored = expression
    try:
        stored = formulas.to_stored(expression, known.get, data_source_id, workspace_id)
        _refuse_cycle(schema, wanted.id, stored)
        formulas.check(stored, property_infos(session, schema))
    except FormulaError as error:
        if not session.settings.is_person:
            raise _formula_refused(error) from None
    return {"expression": stored}


def formula_type(session: Session, schema: Schema, formula: Property) -> FormulaType:
    """Return the type of a formula's value; one that no longer holds together may be anything."""
    try:
        return formulas.check(formula.config["expression"], property_infos(session, schema))
    except FormulaError:
        return formulas.ANY


def property_infos(session: Session, schema: Schema) -> dict[str, PropertyInfo]:
    """Return what formulas may know of the properties of a schema, by id."""
    return {prop.id: _info(session, schema, prop) for prop in schema.values()}


def _info(session: Session, schema: Schema, prop: Property) -> PropertyInfo:
    if prop.type == "relation":
        target = session.find_data_source(prop.config["data_source_id"])
        return PropertyInfo(
            prop.id,
            prop.name,
            prop.type,
            target=lambda: property_infos(session, target.schema()) if target else {},
        )
    return PropertyInfo(
        prop.id, prop.name, prop.type, result=lambda: _result(session, schema, prop)
    )


def _result(session: Session, schema: Schema, prop: Property) -> FormulaType:
    if prop.type == "formula":
        return formula_type(session, schema, prop)
    function = prop.config["function"]
    if function in _DATING:
        return formulas.DATE
    return formulas.list_of(formulas.ANY) if function in _LISTING else formulas.NUMBER


def _refuse_cycle(schema: Schema, formula_id: str, expression: str) -> None:
    """Refuse a formula that would need its own value."""
    pending, seen = set(formulas.property_ids(expression)), set[str]()
    while pending:
        property_id = pending.pop()
        if property_id == formula_id:
            raise FormulaError("A formula cannot refer to itself.")
        prop = schema.get(property_id)
        if prop and prop.type == "formula" and property_id not in seen:
            seen.add(property_id)
            pending |= formulas.property_ids(prop.config["expression"])


def _formula_refused(error: FormulaError) -> ApiError:
    return validation_error(f"Invalid formula: {error}")


def _named(
    schema: Schema, sent: Mapping[str, Any], role: str, former: Mapping[str, Any], path: str
) -> Property:
    key = sent.get(f"{role}_id") or sent.get(f"{role}_name")
    if key is None and former.get(f"{role}_id") in schema:
        return schema[former[f"{role}_id"]]
    if key is None:
        raise body_error(f"{path}.{role}_name", "defined")
    found = find_property(schema, checks.a_string(key, f"{path}.{role}_name"), in_schema=True)
    if found is None:
        raise validation_error(f"Could not find property with name or id: {key}")
    return found

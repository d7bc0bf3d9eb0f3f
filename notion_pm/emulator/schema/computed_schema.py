"""Configs of rollups and formulas, which are computed from other properties (notion-api.md 3.3)."""

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
)
_LIST_FUNCTIONS = ("show_original", "show_unique")
_DATE_FUNCTIONS = ("earliest_date", "latest_date", "date_range")


def rollup_config(
    session: Session, schema: Schema, sent: Mapping[str, Any], existing: Config | None, path: str
) -> Config:
    """Return the config of a rollup.

    It names a relation of this schema and a property of the data source that this points at.
    """
    former = existing or {}
    relation = _find_referenced(schema, sent, "relation_property", former, path)
    # The same message as for a value of the wrong type.
    if relation.type != "relation":
        raise validation_error(f"{relation.name} is expected to be relation.")
    target = session.known_data_source(relation.config["data_source_id"]).schema()
    rolled_up = _find_referenced(target, sent, "rollup_property", former, path)
    function = sent.get("function") or former.get("function")
    if function is None:
        raise body_error(f"{path}.function", "defined")
    checks.one_of(function, ROLLUP_FUNCTIONS, f"{path}.function")
    return {
        "relation_property_id": relation.id,
        "rollup_property_id": rolled_up.id,
        "function": function,
    }


def rollup_path(
    session: Session, schema: Schema, rollup: Property
) -> tuple[Property | None, Property | None]:
    """Return the relation that a rollup follows, and the property that it rolls up.

    Each is None if it does not exist any more.
    """
    relation = schema.get(rollup.config["relation_property_id"])
    if relation is None or relation.type != "relation":
        return None, None
    target = session.find_data_source(relation.config["data_source_id"])
    if target is None:
        return relation, None
    return relation, target.schema().get(rollup.config["rollup_property_id"])


def formula_config(
    session: Session,
    data_source_id: str,
    schema: Schema,
    wanted: Property,
    sent: Mapping[str, Any],
    path: str,
) -> Config:
    """Return the config of a formula. Its stored expression has property ids.

    Raises 400 for a formula with an error. Notion's app saves such a formula too, and it has no
    value (recorded).
    """
    expression = checks.a_string(checks.require(sent, "expression", path), f"{path}.expression")
    known = {prop.name: ids.encode_property_id(prop.id) for prop in schema.values()}
    workspace_id = session.settings.workspace_id
    stored = expression
    try:
        stored = formulas.to_stored(expression, known.get, data_source_id, workspace_id)
        _refuse_cycle(schema, wanted.id, stored)
        formulas.check(stored, property_infos(session, schema))
    except FormulaError as error:
        if not session.settings.is_person:
            raise _invalid_formula(error) from None
    return {"expression": stored}


def formula_type(session: Session, schema: Schema, formula: Property) -> FormulaType:
    """Return the type of a formula's value. It is ANY for a formula with an error."""
    try:
        return formulas.check(formula.config["expression"], property_infos(session, schema))
    except FormulaError:
        return formulas.ANY


def property_infos(session: Session, schema: Schema) -> dict[str, PropertyInfo]:
    """Return what formulas need to know of the properties of a schema, by id."""
    return {prop.id: _info(session, schema, prop) for prop in schema.values()}


def _info(session: Session, schema: Schema, prop: Property) -> PropertyInfo:
    # Types and related schemas are looked up only when a formula needs them: formulas may refer to
    # each other, and relations may lead back to this data source.
    if prop.type != "relation":
        return PropertyInfo(
            prop.id, prop.name, prop.type, result=lambda: _result_type(session, schema, prop)
        )

    target = session.find_data_source(prop.config["data_source_id"])

    def target_properties() -> dict[str, PropertyInfo]:
        return property_infos(session, target.schema()) if target else {}

    return PropertyInfo(prop.id, prop.name, prop.type, target=target_properties)


def _result_type(session: Session, schema: Schema, prop: Property) -> FormulaType:
    if prop.type == "formula":
        return formula_type(session, schema, prop)
    function = prop.config["function"]
    if function in _DATE_FUNCTIONS:
        return formulas.DATE
    if function in _LIST_FUNCTIONS:
        return formulas.list_of(formulas.ANY)
    return formulas.NUMBER


def _refuse_cycle(schema: Schema, formula_id: str, expression: str) -> None:
    """Refuse a formula that needs its own value, directly or through other formulas."""
    # Follows formulas only: a rollup reads other pages, so it makes no cycle of formulas.
    pending, seen = set(formulas.property_ids(expression)), set[str]()
    while pending:
        property_id = pending.pop()
        if property_id == formula_id:
            raise FormulaError("A formula cannot refer to itself.")
        prop = schema.get(property_id)
        if prop and prop.type == "formula" and property_id not in seen:
            seen.add(property_id)
            pending |= formulas.property_ids(prop.config["expression"])


def _invalid_formula(error: FormulaError) -> ApiError:
    return validation_error(f"Invalid formula: {error}")


def _find_referenced(
    schema: Schema, sent: Mapping[str, Any], role: str, former: Mapping[str, Any], path: str
) -> Property:
    """Return the property that `<role>_id` or `<role>_name` names, or else the former one."""
    key = sent.get(f"{role}_id") or sent.get(f"{role}_name")
    if key is None:
        former_id = former.get(f"{role}_id")
        if former_id in schema:
            return schema[former_id]
        raise body_error(f"{path}.{role}_name", "defined")
    found = find_property(schema, checks.a_string(key, f"{path}.{role}_name"), in_schema=True)
    if found is None:
        raise validation_error(f"Could not find property with name or id: {key}")
    return found

"""The JSON Schema of the template format, and the keys that it allows at a place in a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from notion_pm.errors import YamlPath
from notion_pm.model.template import Template

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NO_OTHER_KEYS = {"additionalProperties": False}

# Models that also take short forms: one value for a list of one.
_WITH_SHORT_FORMS = frozenset({"Condition", "Rule"})


@cache
def template_schema() -> dict[str, Any]:
    """Return the JSON Schema of a template file, for editors.

    A file that extends others lists only what it adds or changes, so nothing in it is required.
    """
    complete = complete_schema()
    partial = {key: _make_partial(value) for key, value in complete.items()}
    definitions = dict(complete["$defs"])
    for name, definition in complete["$defs"].items():
        definitions[f"Partial{name}"] = _make_partial(definition)
    return {
        "$schema": _DIALECT,
        "title": "notion-pm template",
        "description": complete["description"],
        "type": "object",
        "if": {"required": ["extends"]},
        "then": {
            "properties": partial["properties"],
            "required": ["template", "version"],
            **_NO_OTHER_KEYS,
        },
        "else": {
            "properties": complete["properties"],
            "required": complete["required"],
            **_NO_OTHER_KEYS,
        },
        "$defs": definitions,
    }


@cache
def complete_schema() -> dict[str, Any]:
    """Return the JSON Schema of a template that extends no other."""
    schema = Template.model_json_schema(by_alias=True)
    return {**schema, "$defs": _with_short_forms(schema["$defs"])}


def _make_partial(node: Any) -> Any:
    """Return a schema with nothing required and everything removable (null).

    References become references to the partial definitions.
    """
    if isinstance(node, list):
        return [_make_partial(item) for item in node]
    if not isinstance(node, dict):
        return node
    removed = {"type": "null"}
    if "discriminator" in node:
        return {"anyOf": [*_make_partial(node["oneOf"]), removed]}
    if "$ref" in node:
        reference = node["$ref"].replace("#/$defs/", "#/$defs/Partial")
        return {"anyOf": [{"$ref": reference}, removed]}

    partial = {}
    for key, value in node.items():
        # A property of the format could be named `required`; then the value is not a list.
        is_list_of_required = key == "required" and isinstance(value, list)
        if not is_list_of_required:
            partial[key] = _make_partial(value)
    return partial


def _with_short_forms(definitions: Mapping[str, Any]) -> dict[str, Any]:
    """Allow the short forms that the models accept.

    They are: one value instead of a list of one, and a plain value instead of a condition.
    """
    result = dict(definitions)
    for name in _WITH_SHORT_FORMS & definitions.keys():
        definition = definitions[name]
        properties = {
            key: _allow_single_value(schema) for key, schema in definition["properties"].items()
        }
        result[name] = {**definition, "properties": properties}
    plain_value = {"type": ["string", "number", "boolean", "array"]}
    result["Condition"] = {"anyOf": [result["Condition"], plain_value]}
    return result


def _allow_single_value(schema: dict[str, Any]) -> dict[str, Any]:
    options = schema.get("anyOf", [schema])
    items = [option["items"] for option in options if option.get("type") == "array"]
    if not items:
        return schema
    other_keys = {key: value for key, value in schema.items() if key not in {"type", "items"}}
    return {**other_keys, "anyOf": [*options, *items]}


# --- the keys at a place


def allowed_keys(path: YamlPath, data: Any) -> tuple[str, ...]:
    """Return the keys that a mapping at `path` may have.

    `data`: the whole file, because the `type` of a property decides which keys it may have.
    """
    schemas = list(_resolve(complete_schema(), data))
    for step in path:
        data = _item(data, step)
        children: list[Mapping[str, Any]] = []
        for schema in schemas:
            for child in _children(schema, step):
                children += _resolve(child, data)
        schemas = children
    keys: list[str] = []
    for schema in schemas:
        keys += schema.get("properties", ())
    return tuple(dict.fromkeys(keys))


def _item(data: Any, step: str | int) -> Any:
    try:
        return data[step]
    except (KeyError, IndexError, TypeError):
        return None


def _children(schema: Mapping[str, Any], step: str | int) -> list[dict[str, Any]]:
    """Return the schemas that may describe the value at a step."""
    if isinstance(step, int):
        return [schema["items"]] if "items" in schema else []
    if step in schema.get("properties", {}):
        return [schema["properties"][step]]
    if isinstance(schema.get("additionalProperties"), dict):
        return [schema["additionalProperties"]]
    return list(schema.get("patternProperties", {}).values())


def _resolve(schema: Mapping[str, Any], data: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the schemas behind a reference, an optional value or a union."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        yield from _resolve(complete_schema()["$defs"][name], data)
    elif "discriminator" in schema:
        discriminator = schema["discriminator"]
        value = _item(data, discriminator["propertyName"])
        reference = discriminator["mapping"].get(value)
        if reference:
            yield from _resolve({"$ref": reference}, data)
    elif "anyOf" in schema:
        for option in schema["anyOf"]:
            yield from _resolve(option, data)
    else:
        yield schema

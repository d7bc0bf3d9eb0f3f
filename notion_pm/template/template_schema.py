"""The JSON Schema of the template format, and what it allows at a place in a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from notion_pm.model.template import Template
from notion_pm.template.yaml_lines import YamlPath

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_CLOSED = {"additionalProperties": False}
_SHORT = frozenset({"Condition", "Rule"})


@cache
def template_schema() -> dict[str, Any]:
    """Return the JSON Schema of a template file, for editors.

    A file that extends others states only what it adds or changes, and so nothing in it is required.
    """
    whole = whole_schema()
    partial = {key: _partial(value) for key, value in whole.items()}
    definitions = {
        **whole["$defs"],
        **{f"Partial{name}": _partial(each) for name, each in whole["$defs"].items()},
    }
    return {
        "$schema": _DIALECT,
        "title": "notion-pm template",
        "description": whole["description"],
        "type": "object",
        "if": {"required": ["extends"]},
        "then": {
            "properties": partial["properties"],
            "required": ["template", "version"],
            **_CLOSED,
        },
        "else": {"properties": whole["properties"], "required": whole["required"], **_CLOSED},
        "$defs": definitions,
    }


@cache
def whole_schema() -> dict[str, Any]:
    """Return the schema of a template that extends no other."""
    schema = Template.model_json_schema(by_alias=True)
    return {**schema, "$defs": _with_short_forms(schema["$defs"])}


def _partial(node: Any) -> Any:
    """Return a schema with nothing required and anything removable, which refers to definitions of that kind."""
    if isinstance(node, list):
        return [_partial(each) for each in node]
    if not isinstance(node, dict):
        return node
    if "discriminator" in node:
        return {"anyOf": [*_partial(node["oneOf"]), {"type": "null"}]}
    if "$ref" in node:
        return {
            "anyOf": [
                {"$ref": node["$ref"].replace("#/$defs/", "#/$defs/Partial")},
                {"type": "null"},
            ]
        }
    kept = {
        key: value
        for key, value in node.items()
        if key != "required" or not isinstance(value, list)
    }
    return {key: _partial(value) for key, value in kept.items()}


def _with_short_forms(definitions: dict[str, Any]) -> dict[str, Any]:
    """Allow what the models take beside the long form: one value for a list of one, and a condition that is a value."""
    short: dict[str, Any] = {
        name: _single_for_list(each) for name, each in definitions.items() if name in _SHORT
    }
    condition = short.pop("Condition")
    plain = {"type": ["string", "number", "boolean", "array"]}
    return {**definitions, **short, "Condition": {"anyOf": [condition, plain]}}


def _single_for_list(definition: dict[str, Any]) -> dict[str, Any]:
    return {
        **definition,
        "properties": {key: _loosened(each) for key, each in definition["properties"].items()},
    }


def _loosened(schema: dict[str, Any]) -> dict[str, Any]:
    options = schema.get("anyOf", [schema])
    items = [option["items"] for option in options if option.get("type") == "array"]
    return (
        {
            **{k: v for k, v in schema.items() if k not in {"type", "items"}},
            "anyOf": [*options, *items],
        }
        if items
        else schema
    )


def allowed_keys(path: YamlPath, data: Any) -> tuple[str, ...]:
    """Return the keys that a mapping at `path` may have. `data` is the whole file: a property's `type` decides."""
    nodes = [whole_schema()]
    for step in path:
        nodes = [
            child
            for node in nodes
            for each in _resolved(node, data)
            for child in _children(each, step)
        ]
        data = _inside(data, step)
    found = [each for node in nodes for each in _resolved(node, data)]
    return tuple(dict.fromkeys(key for each in found for key in each.get("properties", ())))


def _inside(data: Any, step: str | int) -> Any:
    try:
        return data[step]
    except (KeyError, IndexError, TypeError):
        return None


def _children(node: Mapping[str, Any], step: str | int) -> Iterator[dict[str, Any]]:
    if isinstance(step, int):
        yield from [node["items"]] if "items" in node else []
        return
    if step in node.get("properties", {}):
        yield node["properties"][step]
    elif isinstance(node.get("additionalProperties"), dict):
        yield node["additionalProperties"]
    else:
        yield from node.get("patternProperties", {}).values()


def _resolved(node: Mapping[str, Any], data: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the schemas that a reference, an optional or a union stands for."""
    if "$ref" in node:
        yield from _resolved(whole_schema()["$defs"][node["$ref"].rpartition("/")[2]], data)
    elif "discriminator" in node:
        chosen = node["discriminator"]["mapping"].get(
            _inside(data, node["discriminator"]["propertyName"])
        )
        yield from _resolved({"$ref": chosen}, data) if chosen else ()
    elif "anyOf" in node:
        for option in node["anyOf"]:
            yield from _resolved(option, data)
    else:
        yield node

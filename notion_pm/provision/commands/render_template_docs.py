"""Reference pages in Markdown: of the template format, and of one template."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from notion_pm.model.template import (
    LoadedTemplate,
    OptionsProperty,
    PropertySpec,
    RelationProperty,
    Template,
)
from notion_pm.template.json_schema import complete_schema

Node = Mapping[str, Any]

# JSON Schema's names of types, as people call them.
_TYPE_NAMES = {"string": "text", "integer": "whole number"}
# All of them together are called "value".
_SCALARS = {"boolean", "whole number", "number", "text"}


# --- the template format


def format_page() -> Iterator[str]:
    """Yield the reference of the format: every key of every part."""
    schema = complete_schema()
    parts = {"Template": schema, **schema["$defs"]}
    for name, part in parts.items():
        part = _long_form(part)
        yield f"## {name}"
        yield ""
        summary = part.get("description", "").partition("\n\n")[0].replace("\n", " ")
        if summary:
            yield summary
            yield ""
        yield from _key_table(part)


def _long_form(part: Node) -> Node:
    """Return the form of a part that has keys; a condition can also be a plain value."""
    for form in part.get("anyOf", ()):
        if "properties" in form:
            return form  # type: ignore[no-any-return]
    return part


def _key_table(part: Node) -> Iterator[str]:
    required = part.get("required", ())
    rows = []
    for key, node in part.get("properties", {}).items():
        name = f"`{key}` (required)" if key in required else f"`{key}`"
        rows.append((name, _describe_values(node), node.get("description", "")))
    yield from _table(("key", "takes", ""), rows)
    yield ""


def _describe_values(node: Node) -> str:
    """Return which values a key takes."""
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "const" in node:
        return f"`{node['const']}`"
    if "enum" in node:
        return ", ".join(f"`{value}`" for value in node["enum"])
    for union in ("anyOf", "oneOf"):
        if union in node:
            members = [member for member in node[union] if member.get("type") != "null"]
            descriptions = dict.fromkeys(map(_describe_values, members))
            return "value" if descriptions.keys() == _SCALARS else " or ".join(descriptions)
    if node.get("type") == "array":
        return f"list of {_describe_values(node.get('items', {}))}"

    inside = [*node.get("patternProperties", {}).values(), node.get("additionalProperties")]
    if isinstance(inside[0], Mapping):
        return f"key: {_describe_values(inside[0])}"
    json_type = node.get("type", "anything")
    if not isinstance(json_type, str):  # a list of types: the plain values of a condition
        return "value, list"
    return _TYPE_NAMES.get(json_type, json_type)


# --- one template


def template_page(loaded: LoadedTemplate) -> Iterator[str]:
    """Yield a template's page: databases with properties, options and views; rules; exports."""
    template = loaded.template
    yield from (f"# {template.title}", "", template.description, "")
    for key in template.databases:
        yield from _database_section(template, key)

    rules = [(name, rule.mode, rule.set, rule.why) for name, rule in template.sync.items()]
    if rules:
        yield from ("## Rules", "", *_table(("rule", "does", "sets", "why"), rules), "")

    exports = []
    for name, export in template.exports.items():
        exports.append((name, template.databases[export.database].title, export.format))
    if exports:
        yield from ("## Exports", "", *_table(("export", "of", "format"), exports), "")


def _database_section(template: Template, key: str) -> Iterator[str]:
    database = template.databases[key]
    heading = f"{database.icon} {database.title}" if database.icon else database.title
    yield from (f"## {heading}", "", database.description, "")

    rows = []
    for property_key, spec in database.properties.items():
        rows.append((f"`{property_key}`", *_describe_property(template, spec)))
    for far_key, (near, relation, side) in template.far_sides(key).items():
        target = template.databases[near].title
        about = f"the other side of {near}.{relation}"
        rows.append((f"`{far_key}`", side.title, f"relation to {target}", about))
    yield from _table(("key", "property", "type", ""), rows)

    views = [(view.title, view.type) for view in database.views.values()]
    yield from ("", *_table(("view", "type"), views), "")


def _describe_property(template: Template, spec: PropertySpec) -> tuple[str, str, str]:
    """Return title, type and description of a property."""
    kind = spec.type.replace("_", " ")
    sentences = [spec.description] if spec.description else []
    if isinstance(spec, RelationProperty):
        kind = f"relation to {template.databases[spec.to].title}"
    if isinstance(spec, OptionsProperty) and spec.options:
        names = ", ".join(option.name for option in spec.options)
        sentences.append(f"Options: {names}.")
    if spec.stamped:
        sentences.append("Written by notion-pm.")
    return spec.title, kind, " ".join(sentences)


def _table(heading: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(heading)} |"
    yield f"|{'---|' * len(heading)}"
    for row in rows:
        cells = [cell.replace("|", "&#124;").replace("\n", " ") for cell in row]
        yield f"| {' | '.join(cells)} |"

"""Reference pages in Markdown: of the template format, and of one template for the people who work with it."""

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
_SCALARS = {"boolean", "whole number", "number", "text"}


def format_page() -> Iterator[str]:
    """Yield the lines of the reference of the format: every key of every part, from the models."""
    schema = complete_schema()
    parts = {"Template": schema, **schema["$defs"]}
    for name, part in parts.items():
        long_form = next((each for each in part.get("anyOf", ()) if "properties" in each), part)
        about = long_form.get("description", "").partition("\n\n")[0].replace("\n", " ")
        yield from (f"## {name}", "", *([about, ""] if about else []), *_keys(long_form))


def _keys(part: Node) -> Iterator[str]:
    required = part.get("required", ())
    rows = [
        (
            f"`{key}`{' (required)' if key in required else ''}",
            _takes(node),
            node.get("description", ""),
        )
        for key, node in part.get("properties", {}).items()
    ]
    yield from _table(("key", "takes", ""), rows)
    yield ""


def _takes(node: Node) -> str:
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "const" in node or "enum" in node:
        return ", ".join(f"`{each}`" for each in node.get("enum", [node.get("const")]))
    for union in ("anyOf", "oneOf"):
        if union in node:
            options = dict.fromkeys(
                _takes(each) for each in node[union] if each.get("type") != "null"
            )
            return "value" if options.keys() == _SCALARS else " or ".join(options)
    if node.get("type") == "array":
        return f"list of {_takes(node.get('items', {}))}"
    inside = next(
        iter(node.get("patternProperties", {}).values()), node.get("additionalProperties")
    )
    if isinstance(inside, Mapping):
        return f"key: {_takes(inside)}"
    kinds = node.get("type", "anything")
    return (
        {"string": "text", "integer": "whole number"}.get(kinds, kinds)
        if isinstance(kinds, str)
        else "value, list"
    )


def template_page(loaded: LoadedTemplate) -> Iterator[str]:
    """Yield the lines of a template's own page: databases with their properties, options and views; rules; exports."""
    template = loaded.template
    yield from (f"# {template.title}", "", template.description, "")
    for key, database in template.databases.items():
        yield from (
            f"## {f'{database.icon or str()} {database.title}'.strip()}",
            "",
            database.description,
            "",
        )
        own = [(each, *_property(template, spec)) for each, spec in database.properties.items()]
        far = [
            (
                each,
                side.title,
                f"relation to {template.databases[near].title}",
                f"the other side of {near}.{relation}",
            )
            for each, (near, relation, side) in template.far_sides(key).items()
        ]
        yield from _table(
            ("key", "property", "type", ""), ((f"`{each[0]}`", *each[1:]) for each in (*own, *far))
        )
        views = [(view.title, view.type) for view in database.views.values()]
        yield from ("", *_table(("view", "type"), views), "")
    rules = [(name, rule.mode, rule.set, rule.why) for name, rule in template.sync.items()]
    if rules:
        yield from ("## Rules", "", *_table(("rule", "does", "sets", "why"), rules), "")
    exports = [
        (name, template.databases[each.database].title, each.format)
        for name, each in template.exports.items()
    ]
    if exports:
        yield from ("## Exports", "", *_table(("export", "of", "format"), exports), "")


def _property(template: Template, spec: PropertySpec) -> tuple[str, str, str]:
    kind = spec.type.replace("_", " ")
    said = [spec.description] if spec.description else []
    if isinstance(spec, RelationProperty):
        kind = f"relation to {template.databases[spec.to].title}"
    if isinstance(spec, OptionsProperty) and spec.options:
        said.append(f"Options: {', '.join(each.name for each in spec.options)}.")
    if spec.stamped:
        said.append("Written by notion-pm.")
    return spec.title, kind, " ".join(said)


def _table(heading: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(heading)} |"
    yield f"|{'---|' * len(heading)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', '&#124;').replace(chr(10), ' ') for cell in row)} |"

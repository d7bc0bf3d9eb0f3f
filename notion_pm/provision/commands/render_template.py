"""Show a template, and the differences between two, as text or as data."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from notion_pm.model.template import LoadedTemplate, OptionsProperty, PropertySpec, RelationProperty
from notion_pm.template.template_diff import Action, Difference
from notion_pm.text import quantity

_MARKS: dict[Action, str] = {"added": "+", "changed": "~", "removed": "-"}

# Characters of a value in a difference.
_MOST_SHOWN = 60


def template_lines(loaded: LoadedTemplate) -> Iterator[str]:
    """Yield what a template makes, database by database."""
    template = loaded.template
    yield f"{template.template}, version {template.version}: {template.title}"
    if template.description:
        yield template.description
    for key in template.databases:
        yield ""
        yield from _database_lines(loaded, key)
    variables = {key: variable.prompt for key, variable in template.variables.items()}
    yield from _section("Variables", variables)
    yield from _section("Rules", {key: rule.why for key, rule in template.sync.items()})
    exports = {
        key: f"{export.database} as {export.format}" for key, export in template.exports.items()
    }
    yield from _section("Exports", exports)


def _database_lines(loaded: LoadedTemplate, key: str) -> Iterator[str]:
    database = loaded.template.databases[key]
    heading = f"{database.icon or ''} {database.title} ({key})".strip()
    if key in loaded.rows:
        heading += f", {quantity(len(loaded.rows[key]), 'starter row')}"
    yield heading
    for property_key, spec in database.properties.items():
        by_rules = " (written by rules)" if spec.stamped else ""
        yield f"  {property_key:18} {spec.title:18} {_describe_type(spec)}{by_rules}"
    for far_key, (near, relation, side) in loaded.template.far_sides(key).items():
        yield f"  {far_key:18} {side.title:18} other side of {near}.{relation}"
    for view_key, view in database.views.items():
        yield f"  {'views.' + view_key:18} {view.title:18} {view.type}"


def _describe_type(spec: PropertySpec) -> str:
    match spec:
        case OptionsProperty():
            names = [option.name for option in spec.options]
            return f"{spec.type}: {', '.join(names)}".rstrip()
        case RelationProperty():
            return f"relation to {spec.to}"
    return spec.type


def _section(heading: str, texts: Mapping[str, str]) -> Iterator[str]:
    if texts:
        yield ""
        yield heading
        for key, text in texts.items():
            yield f"  {key:18} {text}"


def difference_lines(differences: Sequence[Difference]) -> Iterator[str]:
    """Yield each difference with its details, and last the counts."""
    for difference in differences:
        yield f"{_MARKS[difference.action]} {difference.address}"
        for field, (before, after) in difference.details.items():
            yield f"    {field}: {_shorten(before)} -> {_shorten(after)}"
    if not differences:
        yield "No differences."
        return
    counts = Counter(difference.action for difference in differences)
    parts = [f"{counts[action]} {action}" for action in _MARKS if counts[action]]
    yield f"{', '.join(parts)}."


def _shorten(value: Any) -> str:
    text = "nothing" if value is None else json.dumps(value, ensure_ascii=False)
    return f"{text[:_MOST_SHOWN]}..." if len(text) > _MOST_SHOWN else text


def as_data(loaded: LoadedTemplate) -> dict[str, Any]:
    """Return a template as JSON data, with its file and the number of starter rows per database."""
    return {
        **loaded.template.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        "source": loaded.source,
        "starter_rows": {key: len(rows) for key, rows in loaded.rows.items()},
    }

"""A template as text and as data: what it makes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from notion_pm.model.template import LoadedTemplate, OptionsProperty, PropertySpec, RelationProperty
from notion_pm.template.template_diff import Action, Difference

_MARKS: dict[Action, str] = {"added": "+", "changed": "~", "removed": "-"}
_MOST_SHOWN = 60


def template_lines(loaded: LoadedTemplate) -> Iterator[str]:
    """Yield what a template makes, database by database."""
    template = loaded.template
    yield f"{template.template}, version {template.version}: {template.title}"
    if template.description:
        yield template.description
    for key, database in template.databases.items():
        yield ""
        rows = f", {len(loaded.rows[key])} starter rows" if key in loaded.rows else ""
        yield f"{database.icon or ''} {database.title} ({key}){rows}".strip()
        for each, spec in database.properties.items():
            yield f"  {each:18} {spec.title:18} {_type(spec)}{_by(spec)}".rstrip()
        for each, (near, relation, side) in template.far_sides(key).items():
            yield f"  {each:18} {side.title:18} mirror of {near}.{relation}"
        for each, view in database.views.items():
            yield f"  {'views.' + each:18} {view.title:18} {view.type}"
    yield from _named("Variables", {key: each.prompt for key, each in template.variables.items()})
    yield from _named("Rules", {key: rule.why for key, rule in template.sync.items()})
    yield from _named(
        "Exports",
        {key: f"{each.database} as {each.format}" for key, each in template.exports.items()},
    )


def difference_lines(differences: Sequence[Difference]) -> Iterator[str]:
    """Yield one line a difference, what differs below it, and the count."""
    for each in differences:
        yield f"{_MARKS[each.action]} {each.address}"
        for field, (before, after) in each.details.items():
            yield f"    {field}: {_shortened(before)} becomes {_shortened(after)}"
    counts = Counter(each.action for each in differences)
    told = ", ".join(f"{counts[action]} {action}" for action in _MARKS if counts[action])
    yield f"{told}." if told else "No differences."


def _shortened(value: Any) -> str:
    text = "nothing" if value is None else json.dumps(value, ensure_ascii=False)
    return f"{text[:_MOST_SHOWN]}..." if len(text) > _MOST_SHOWN else text


def _named(heading: str, things: dict[str, str]) -> Iterator[str]:
    if things:
        yield ""
        yield heading
        yield from (f"  {key:18} {text}" for key, text in things.items())


def _type(spec: PropertySpec) -> str:
    if isinstance(spec, OptionsProperty):
        return f"{spec.type}: {', '.join(each.name for each in spec.options)}"
    return f"relation to {spec.to}" if isinstance(spec, RelationProperty) else spec.type


def _by(spec: PropertySpec) -> str:
    return " (written by rules)" if spec.stamped else ""


def as_data(loaded: LoadedTemplate) -> dict[str, Any]:
    """Return a template as JSON data: the file itself, and how many starter rows each database has."""
    return {
        **loaded.template.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        "source": loaded.source,
        "starter_rows": {key: len(rows) for key, rows in loaded.rows.items()},
    }

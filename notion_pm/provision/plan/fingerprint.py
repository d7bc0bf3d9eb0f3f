"""Fingerprints: short marks of what a template said, kept in the manifest.

Notion does not give back everything as it was sent (formulas, view settings), and people may change it since. Whether
the *template* changed is seen by comparing its fingerprint with the one of the last apply.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from notion_pm.conditions.notion_filters import as_filter, as_quick_filters
from notion_pm.model.template import DatabaseSpec, FormulaProperty, PropertySpec, Template

_LENGTH = 16


def fingerprint(data: Any) -> str:
    """Return a mark that changes when the JSON data does."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:_LENGTH]


def of_view(template: Template, database: str, key: str) -> str:
    """Return the fingerprint of what a template says of a view; which options a category means is part of it.

    Where the widgets of a dashboard stand is not: no update moves them.
    """
    view = template.databases[database].views[key]
    keys = {each: each for each in (*view.where, *view.quick)}
    shown = as_filter(template, database, view.where, keys, lambda _, option: option)
    quick = as_quick_filters(template, database, view.quick, keys, lambda _, option: option)
    settings = view.model_dump(
        mode="json", exclude={"where", "quick", "widgets"}, exclude_defaults=True
    )
    return fingerprint([settings, shown, *([quick] if quick else [])])


def of_property(spec: PropertySpec) -> str:
    """Return the fingerprint of what is not compared with Notion: description and formula."""
    expression = spec.expression if isinstance(spec, FormulaProperty) else None
    return fingerprint([spec.description, expression])


def of_database(spec: DatabaseSpec) -> str:
    """Return the fingerprint of a database's icon and description."""
    return of_look(spec.icon, spec.description)


def of_look(icon: str | None, description: str | None) -> str:
    """Return the fingerprint of an icon and a description."""
    return fingerprint([icon, description])

"""Fingerprints: short marks of what a template said, kept in the manifest.

Notion does not give back everything as it was sent (formulas, view settings), and people may change it since. Whether
the *template* changed is seen by comparing its fingerprint with the one of the last apply.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from notion_pm.model.template import DatabaseSpec, FormulaProperty, PropertySpec, Template
from notion_pm.planning.where import as_filter

_LENGTH = 16


def fingerprint(data: Any) -> str:
    """Return a mark that changes when the JSON data does."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:_LENGTH]


def of_view(template: Template, database: str, key: str) -> str:
    """Return the fingerprint of what a template says of a view; which options a category means is part of it."""
    view = template.databases[database].views[key]
    keys = {each: each for each in view.where}
    shown = as_filter(template, database, view.where, keys, lambda _, option: option)
    return fingerprint([view.model_dump(mode="json", exclude={"where"}, exclude_defaults=True), shown])


def of_property(spec: PropertySpec) -> str:
    """Return the fingerprint of what is not compared with Notion: description and formula."""
    expression = spec.expression if isinstance(spec, FormulaProperty) else None
    return fingerprint([spec.description, expression])


def of_database(spec: DatabaseSpec) -> str:
    """Return the fingerprint of a database's icon and description."""
    return fingerprint([spec.icon, spec.description])

"""Fingerprints: short marks of what a template said, kept in the record.

Notion does not return everything as it was sent (formulas, view settings), and people may change
it. Whether the *template* changed is seen by comparing its fingerprint with that of the last apply.
Records of earlier applies hold these fingerprints: never change how one is computed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pydantic_core import to_jsonable_python

from notion_pm.conditions.template_filters import as_filter, as_quick_filters
from notion_pm.model.existing import Existing
from notion_pm.model.template import (
    DatabaseSpec,
    FormulaProperty,
    LoadedTemplate,
    PropertySpec,
    Template,
)

_LENGTH = 16


def fingerprint(data: Any) -> str:
    """Return a mark that changes when the JSON data does."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:_LENGTH]


def of_view(template: Template, database: str, key: str) -> str:
    """Return the fingerprint of what a template says about a view.

    It includes the options that a category in a filter means. It does not include the positions of
    the widgets of a dashboard, because no update can move them.
    """
    view = template.databases[database].views[key]
    property_names = {name: name for name in (*view.where, *view.quick)}

    # Options appear in the fingerprint by key: a renamed option leaves it as it is.
    def option_key(_property: str, option: str) -> str:
        return option

    shown = as_filter(template, database, view.where, property_names, option_key)
    quick = as_quick_filters(template, database, view.quick, property_names, option_key)
    settings = view.model_dump(
        mode="json", exclude={"where", "quick", "widgets"}, exclude_defaults=True
    )
    content: list[Any] = [settings, shown]
    if quick:  # views without quick filters keep the fingerprints of earlier versions
        content.append(quick)
    return fingerprint(content)


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


def of_plan_input(desired: LoadedTemplate, existing: Existing, options: Mapping[str, Any]) -> str:
    """Return the fingerprint of everything a plan is made from: the template with its variables and
    files, the plan options, and what exists in the workspace."""
    # The same template in another folder is the same input.
    template = desired.model_dump(mode="json", exclude={"source"})
    found = [existing.manifest, existing.databases, sorted(existing.lost), existing.bound]
    return fingerprint([template, to_jsonable_python(found), dict(options)])

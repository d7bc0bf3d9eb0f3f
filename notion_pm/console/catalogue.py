"""The catalogue of a command's workspace: what `export` and `import` find databases in."""

from __future__ import annotations

from collections.abc import Mapping

from notion_pm.console.context import Context
from notion_pm.model.template import Template
from notion_pm.workspace.catalogue import Catalogue


def catalogue_of(context: Context, template: str | None) -> Catalogue:
    """Return the catalogue of a workspace, by the template that is named or the one that was applied."""
    return Catalogue(
        context.gateway, lambda: context.parent_page, _load, template, lambda: context.state_home
    )


def _load(reference: str, variables: Mapping[str, str] | None) -> Template:
    from notion_pm.template import (
        templates,  # rules, Jinja and YAML: only where a template is needed
    )

    return templates.load(reference, variables).template

"""The catalogue of a workspace, in which `export` and `import` find databases by name."""

from __future__ import annotations

from collections.abc import Mapping

from notion_pm.console.context import Context
from notion_pm.model.template import Template
from notion_pm.workspace.catalogue import Catalogue


def catalogue_of(context: Context, template: str | None) -> Catalogue:
    """Return the catalogue of a workspace for the named template, or the applied one."""
    return Catalogue(
        context.notion, lambda: context.parent_page, _load, template, lambda: context.state_home
    )


def _load(reference: str, variables: Mapping[str, str] | None) -> Template:
    # Rules, Jinja and YAML are loaded only when a template is needed.
    from notion_pm.template import templates

    return templates.load(reference, variables).template

"""Provisioning for tests: apply templates to a local workspace, and look at what is there
afterwards.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from notion_pm.emulator import LocalWorkspace
from notion_pm.model.ids import NotionId
from notion_pm.model.page import Page, RelationValue
from notion_pm.model.template import LoadedTemplate
from notion_pm.notion.client import NotionClient
from notion_pm.provision import provision
from notion_pm.provision.plan.plan import Plan
from notion_pm.provision.provision import ApplyResult
from notion_pm.workspace.lock import Claimant

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def plan_for(notion: NotionClient, workspace: LocalWorkspace, loaded: LoadedTemplate) -> Plan:
    """Return the plan of a template for what exists."""
    return provision.plan(provision.read_for(notion, NotionId(workspace.root_page_id), loaded))


def apply_to(
    notion: NotionClient,
    workspace: LocalWorkspace,
    loaded: LoadedTemplate,
    *,
    now: datetime = NOW,
    **options: Any,
) -> ApplyResult:
    """Plan a template and carry it out."""
    reading = provision.read_for(notion, NotionId(workspace.root_page_id), loaded)
    options.setdefault("claimant", claimant_of(workspace))
    return provision.apply(
        notion, provision.plan(reading), reading, provision.ApplySettings(now, **options)
    )


def claimant_of(workspace: LocalWorkspace) -> Claimant:
    """Return how a test takes the lock: as one machine, which knows when a run of its own is dead."""
    return Claimant("notion-pm apply", "tester@here", marks=workspace.path.parent / "claims")


@dataclass(frozen=True)
class Table:
    """What a database in the workspace holds, by names: people see nothing else."""

    properties: tuple[tuple[str, str], ...]
    views: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, tuple[tuple[str, tuple[str, ...]], ...]], ...]


def tables(notion: NotionClient, workspace: LocalWorkspace) -> dict[str, list[Table]]:
    """Return all databases under the root page by title; more than one of a title is a duplicate."""
    found: dict[str, list[Table]] = {}
    blocks = notion.list_children(workspace.root_page_id)
    databases = [notion.get_database(each.id) for each in blocks if each.type == "child_database"]
    pages = {each.id: list(notion.query(each.data_source_ids[0])) for each in databases}
    titles = {page.id: page.title for each in pages.values() for page in each}
    for each in databases:
        source = notion.get_data_source(each.data_source_ids[0])
        views = [notion.get_view(view_id) for view_id in notion.list_view_ids(each.id)]
        table = Table(
            properties=tuple(sorted((prop.name, prop.type) for prop in source.properties.values())),
            views=tuple((view.name, view.type) for view in views),
            rows=tuple(sorted((page.title, _links(page, titles)) for page in pages[each.id])),
        )
        found.setdefault(each.title, []).append(table)
    return found


def manifest_pages(notion: NotionClient, workspace: LocalWorkspace) -> Counter[str]:
    """Count the pages under the root page by title."""
    blocks = notion.list_children(workspace.root_page_id)
    return Counter(each.title for each in blocks if each.type == "child_page")


def _links(page: Page, titles: dict[NotionId, str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The relations of a page as titles, by property id order: ids differ between two applies,
    titles do not.
    """
    values = [
        each.value for each in page.properties.values() if isinstance(each.value, RelationValue)
    ]
    return tuple(
        sorted(("relation", tuple(sorted(titles[each] for each in value.ids))) for value in values)
    )

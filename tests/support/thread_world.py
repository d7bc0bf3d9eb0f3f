"""The thread of a small world of pages (see `rules_world`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

from notion_pm.model.ids import NotionId
from notion_pm.model.manifest import DatabaseEntry, Manifest
from notion_pm.model.template import Template
from notion_pm.model.template_schema import TemplateSchema
from notion_pm.rules.wording import Wording
from notion_pm.template import templates
from notion_pm.thread import Chain, Thread
from tests.support.rules_world import EDITED, TODAY, World

NOWHERE = NotionId("00000000-0000-0000-0000-000000000000")


@cache
def discovery() -> Template:
    """The discovery template as it ships."""
    return templates.load("discovery").template


def chain_of(template: Template) -> Chain:
    """The thread of a template, in a workspace that has all of it."""
    vocabulary = TemplateSchema(template)
    return Chain(vocabulary, {key: vocabulary.keys(key) for key in template.databases})


def thread_of(world: World, created: Mapping[str, datetime] | None = None) -> Thread:
    """The thread of a world; pages were made on the day of their last edit unless told otherwise."""
    entries = {
        key: DatabaseEntry(database_id=NOWHERE, data_source_id=NOWHERE)
        for key in world.template.databases
    }
    manifest = Manifest(
        template=world.template.template,
        version=1,
        state="applied",
        started=EDITED,
        databases=entries,
    )
    chain = chain_of(world.template)
    made = {page.id: (created or {}).get(name, EDITED) for name, page in world.pages.items()}
    return Thread(chain, world.snapshot, made, Wording(chain.schema, manifest, {}), TODAY)


def ago(days: int) -> datetime:
    """A moment so many days before today."""
    return datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=UTC) - timedelta(days=days)


def edited(world: World, name: str, days: int) -> None:
    """Let a page be last edited so many days ago."""
    world.pages[name] = replace(world.pages[name], last_edited=ago(days))


def titles(pages: object) -> list[str]:
    """The titles of pages, in order."""
    assert isinstance(pages, list | tuple)
    return [each.title for each in pages]

"""A product workspace for tests of sync: applied once, then a copy for each test; people edit it
through a gateway.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from notion_pm.emulator import LocalWorkspace, ManualClock, open_workspace
from notion_pm.model.ids import NotionId
from notion_pm.model.manifest import Manifest
from notion_pm.model.page import DateValue, OptionValue, Page, PropertyValue, RelationValue, Value
from notion_pm.model.template_schema import TemplateSchema
from notion_pm.notion.client import NotionClient
from notion_pm.provision import provision
from notion_pm.rules.evaluation import Evaluation
from notion_pm.sync.sync import SyncOptions, SyncResult, sync
from notion_pm.template import templates
from notion_pm.workspace.record import read_manifest
from notion_pm.workspace.sync_context import SyncContext
from tests.support.faults import FaultyTransport
from tests.support.notion_clients import notion_client_for

FILE = "workspace.sqlite"
READ_AGAIN = "READ AGAIN"


def apply_product(folder: Path) -> Path:
    """Apply the product template, without its starter rows, to a new local workspace; return its
    file.
    """
    return apply_template(folder, "product")


def apply_template(folder: Path, name: str) -> Path:
    """Apply a template, without its starter rows, to a new local workspace; return its file."""
    workspace = open_workspace(folder / FILE, clock=ManualClock())
    notion, _ = notion_client_for(workspace)
    reading = provision.read(notion, NotionId(workspace.root_page_id), name, {}, jobs=4)
    plan = provision.plan(reading, provision.PlanOptions(with_rows=False))
    provision.apply(notion, plan, reading, provision.ApplySettings(ManualClock().now))
    notion.close()
    workspace.close()
    return folder / FILE


@dataclass
class Product:
    """The workspace, its clock, what people do in it, and the sync."""

    workspace: LocalWorkspace
    clock: ManualClock
    notion: NotionClient
    transport: FaultyTransport
    manifest: Manifest
    state: Path
    vocabulary: TemplateSchema = field(
        default_factory=lambda: TemplateSchema(templates.load("product").template)
    )

    @classmethod
    def copied(cls, applied: Path, folder: Path, now: datetime | None = None) -> Product:
        """Return a copy of an applied workspace, an hour after the apply unless told what time it
        is.
        """
        for each in applied.parent.glob(f"{FILE}*"):
            shutil.copy(each, folder / each.name)
        clock = ManualClock(now or ManualClock().now + timedelta(hours=1))
        workspace = open_workspace(folder / FILE, clock=clock)
        notion, transport = notion_client_for(workspace)
        _, manifest = read_manifest(notion, workspace.root_page_id)
        return cls(workspace, clock, notion, transport, manifest, folder / "state")

    def close(self) -> None:
        self.notion.close()
        self.workspace.close()

    # --- what people do

    def add(self, database: str, title: str, **values: Any) -> NotionId:
        """Create a page; options by key, relations as lists of ids."""
        entry = self.manifest.databases[database]
        key = self.vocabulary.title_key(database)
        held = [
            self._value(database, key, title),
            *(self._value(database, k, v) for k, v in values.items()),
        ]
        return self.notion.create_row(entry.data_source_id, held, look_up=lambda: None).id

    def set(self, database: str, page_id: NotionId, **values: Any) -> None:
        """Edit a page."""
        self.notion.update_page(
            page_id, [self._value(database, key, each) for key, each in values.items()]
        )

    def get(self, database: str, page_id: NotionId, key: str) -> Value:
        """Return what a page shows: an option's name, a date's day, the rest as it is."""
        held = (
            self.page(page_id).properties[self.manifest.databases[database].properties[key]].value
        )
        match held:
            case OptionValue(name=name):
                return name
            case DateValue(start=start):
                return start
        return held

    def page(self, page_id: NotionId) -> Page:
        return self.notion.get_page(page_id)

    def later(self, **delta: float) -> None:
        """Let time pass: an hour, unless told otherwise."""
        self.clock.advance(**(delta or {"hours": 1}))

    # --- sync

    def place(self, notion: NotionClient | None = None) -> SyncContext:
        """Where a sync works at this moment."""
        parent = NotionId(self.workspace.root_page_id)
        return SyncContext(notion or self.notion, parent, self.state, self.clock.now, jobs=2)

    def sync(self, notion: NotionClient | None = None, **options: Any) -> SyncResult:
        return sync(self.place(notion), SyncOptions(**options))

    def requests_of_sync(self, **options: Any) -> tuple[SyncResult, list[str]]:
        """Sync, and return the requests that it sent."""
        before = len(self.transport.seen)
        result = self.sync(**options)
        return result, [_named(each) for each in self.transport.seen[before:]]

    def _value(self, database: str, key: str, value: Any) -> PropertyValue:
        entry = self.manifest.databases[database]
        kind = self.vocabulary.type(database, key) or ""
        if kind in {"status", "select"} and value is not None:
            value = OptionValue(entry.options.get(f"{key}.{value}", ""), value)
        elif kind == "relation":
            value = RelationValue(tuple(value))
        elif kind == "date" and value is not None:
            value = DateValue(value)
        return PropertyValue(entry.properties[key], kind, value)


def _named(request: httpx.Request) -> str:
    """`POST query`, `PATCH pages`, `GET blocks`: what a request is, without its ids.

    `READ AGAIN` is the query for what people edited, before pages are written.
    """
    if is_read_again(request):
        return READ_AGAIN
    parts = [each for each in request.url.path.split("/") if each and len(each) < 30]
    return f"{request.method} {parts[-1]}"


def is_read_again(request: httpx.Request) -> bool:
    """Tell whether a request reads pages again before they are written."""
    return "query" in request.url.path and b"on_or_before" in request.content


def changed(evaluation: Evaluation) -> dict[str, Any]:
    """What a sync changed: `title.property` -> value."""
    return {
        f"{update.page.title}.{change.property}": change.after
        for update in evaluation.updates
        for change in update.changes
    }

"""Sync while queries lag behind: they show pages as they were up to 20 seconds ago, also before its
own writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from notion_pm.emulator import LocalWorkspace, ManualClock
from notion_pm.emulator.behaviour import Behaviour
from notion_pm.emulator.faults import Faults
from notion_pm.model.ids import NotionId
from notion_pm.model.manifest import DatabaseEntry
from notion_pm.model.page import PropertyValue
from notion_pm.notion.client import NotionClient
from notion_pm.sync.sync import SyncOptions, SyncResult, sync
from notion_pm.template import templates
from notion_pm.workspace.record import read_manifest
from notion_pm.workspace.sync_context import SyncContext
from tests.support.notion_clients import notion_client_for
from tests.support.provisioned import apply_to

_TEMPLATE = """\
template: small
version: 1
title: Small
databases:
  features:
    title: Features
    properties:
      name: {type: title, title: Name}
      done: {type: checkbox, title: Done}
      ready: {type: checkbox, title: Ready}
sync:
  ready: {why: It is done., set: features.ready, to: true, when: {done: true}}
"""
_LAG = 20


@pytest.fixture
def notion(workspace: LocalWorkspace) -> Iterator[NotionClient]:
    opened, _ = notion_client_for(workspace)
    yield opened
    opened.close()


class Scene:
    """A feature that a sync knows as not done, and queries that lag from now on."""

    def __init__(
        self, notion: NotionClient, workspace: LocalWorkspace, clock: ManualClock, folder: Path
    ) -> None:
        self.notion, self.clock = notion, clock
        template = folder / "small.yaml"
        template.write_text(_TEMPLATE, encoding="utf-8")
        apply_to(notion, workspace, templates.load(str(template)), now=clock.now)
        _, manifest = read_manifest(notion, workspace.root_page_id)
        self.entry: DatabaseEntry = manifest.databases["features"]
        name = PropertyValue("title", "title", "Wings")
        self.page_id = notion.create_row(self.entry.data_source_id, [name], look_up=lambda: None).id
        root = NotionId(workspace.root_page_id)
        self.sync: Callable[[bool], SyncResult] = lambda full: sync(
            SyncContext(notion, root, folder / "state", clock.now),
            SyncOptions(str(template), full=full),
        )
        self.sync(False)
        clock.advance(minutes=5)
        workspace.faults.change(Faults(behaviour=Behaviour(query_lag=_LAG)))

    def tick(self, key: str, value: bool) -> None:
        self.notion.update_page(
            self.page_id, [PropertyValue(self.entry.properties[key], "checkbox", value)]
        )

    def is_ticked(self, key: str) -> bool:
        return bool(self.notion.get_page(self.page_id).properties[self.entry.properties[key]].value)


@pytest.fixture
def scene(
    notion: NotionClient, workspace: LocalWorkspace, clock: ManualClock, tmp_path: Path
) -> Scene:
    return Scene(notion, workspace, clock, tmp_path)


@pytest.mark.parametrize("full", [False, True])
def test_recent_writes_of_sync_are_not_taken_for_edits_of_people(scene: Scene, full: bool) -> None:
    scene.tick("done", True)
    scene.clock.advance(seconds=_LAG + 1)
    assert scene.sync(False).written == 1
    for seconds in (0, 5, 30):
        scene.clock.advance(seconds=seconds)
        again = scene.sync(full)
        assert (again.written, again.evaluation.conflicts) == (0, ())
    assert scene.is_ticked("ready")


def test_a_persons_edit_is_seen_once_queries_show_it(scene: Scene) -> None:
    scene.tick("done", True)
    scene.clock.advance(seconds=_LAG + 1)
    scene.sync(False)
    scene.clock.advance(minutes=3)
    scene.tick("ready", False)
    assert scene.sync(False).evaluation.conflicts == ()
    scene.clock.advance(seconds=_LAG + 1)
    assert len(scene.sync(False).evaluation.conflicts) == 1
    assert not scene.is_ticked("ready")

"""People edit before any request of an upgrade with lossy and slow changes: every loss is
reported."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from notion_pm.emulator import LocalWorkspace, open_workspace
from notion_pm.errors import NotionError, UnsafeChange
from notion_pm.model.ids import NotionId
from notion_pm.model.manifest import DatabaseEntry
from notion_pm.model.page import OptionValue, PropertyValue
from notion_pm.model.schema import PropertyPatch
from notion_pm.model.template import LoadedTemplate
from notion_pm.notion.client import NotionClient
from notion_pm.provision import provision
from notion_pm.provision.affected_page_counts import with_affected_page_counts
from notion_pm.provision.plan.plan import Plan
from notion_pm.provision.provision import PlanChanged
from notion_pm.provision.reading import Reading
from notion_pm.workspace.record import read_manifest
from tests.support.notion_clients import notion_client_for
from tests.support.provisioned import NOW, apply_to
from tests.support.template_worlds import load

_ROWS = {
    "features": [
        {"key": key, "name": key.upper(), "size": "3", "stage": "open"} for key in ("a", "b", "c")
    ]
}


def _template(version: int) -> LoadedTemplate:
    """A template; its second version converts a property, replaces an option, and renames
    everything."""
    is_new = version == 2
    options = [
        {"key": "open", "name": "Doing" if is_new else "Open"},
        {"key": "closed", "name": "Closed"},
    ]
    features = {
        "title": "Feature specs" if is_new else "Features",
        "icon": "🎯" if is_new else "🧩",
        "properties": {
            "name": {"type": "title", "title": "Name"},
            "size": {"type": "number" if is_new else "rich_text", "title": "Size"},
            "stage": {"type": "select", "title": "Stage", "options": options},
            "note": {"type": "rich_text", "title": "Remark" if is_new else "Note"},
        },
        "views": {
            "all": {"title": "All", "type": "table"},
            "open": {
                "title": "Still open" if is_new else "Open",
                "type": "table",
                "sort": [{"note": "ascending"}],
            },
        },
    }
    return load({"version": version, "databases": {"features": features}}, _ROWS)


@dataclass
class Person:
    """What a person can do, and whether it is still there."""

    workspace: LocalWorkspace
    notion: NotionClient = field(init=False)
    entry: DatabaseEntry = field(init=False)

    def __post_init__(self) -> None:
        self.notion, _ = notion_client_for(self.workspace)
        _, manifest = read_manifest(self.notion, self.workspace.root_page_id)
        self.entry = manifest.databases["features"]

    def _set(self, row: str, key: str, kind: str, value: Any) -> None:
        self.notion.update_page(
            self.entry.rows[row], [PropertyValue(self.entry.properties[key], kind, value)]
        )

    def _value(self, row: str, key: str) -> Any:
        value = (
            self.notion.get_page(self.entry.rows[row]).properties[self.entry.properties[key]].value
        )
        return value.name if isinstance(value, OptionValue) else value

    def edits(self) -> dict[str, tuple[Callable[[], object], Callable[[], bool]]]:
        """Return each edit by name, with the question whether nothing of it is lost."""
        notion, entry = self.notion, self.entry
        note_id, database_id = entry.properties["note"], entry.database_id
        view_id = entry.views["open"].id
        by_name = [{"property": "title", "direction": "descending"}]
        return {
            "a value": (
                lambda: self._set("a", "size", "rich_text", "very large"),
                lambda: self._value("a", "size") == "very large",
            ),
            "an option": (
                lambda: self._set(
                    "b", "stage", "select", OptionValue(entry.options["stage.closed"], "Closed")
                ),
                lambda: self._value("b", "stage") == "Closed",
            ),
            "a property's title": (
                lambda: notion.update_data_source(
                    entry.data_source_id, {note_id: PropertyPatch(name="Ours")}
                ),
                lambda: (
                    notion.get_data_source(entry.data_source_id).properties[note_id].name == "Ours"
                ),
            ),
            "a database's title": (
                lambda: notion.update_database(database_id, title="Our features"),
                lambda: notion.get_database(database_id).title == "Our features",
            ),
            "a database's icon": (
                lambda: notion.update_database(database_id, icon="🍀"),
                lambda: notion.get_database(database_id).icon == "🍀",
            ),
            "a view's title": (
                lambda: notion.update_view(view_id, name="Our board"),
                lambda: notion.get_view(view_id).name == "Our board",
            ),
            "a view's sorts": (
                lambda: notion.update_view(view_id, sorts=by_name),
                lambda: (
                    notion.get_view(view_id).sorts != ()
                    and "descending" in str(notion.get_view(view_id).sorts)
                ),
            ),
        }


def _plan(notion: NotionClient, root: NotionId) -> tuple[Reading, Plan]:
    reading = provision.read_for(notion, root, _template(2))
    return reading, with_affected_page_counts(notion, provision.plan(reading), reading)


@dataclass
class Outcome:
    """What an upgrade came to. `stopped`: the error that says so; `made`: whether the edit could be
    made.

    `planned`: how many requests were sent when the plan was made that a person agrees to.
    """

    requests: list[httpx.Request]
    planned: int = 0
    stopped: Exception | None = None
    made: bool = False
    is_kept: bool = True


def _upgrade(applied: Path, folder: Path, edit: str, moment: int) -> Outcome:
    """Upgrade a copy of a workspace, with a person's edit right before a request of it."""
    folder.mkdir()
    for file in applied.glob("w.sqlite*"):
        shutil.copy(file, folder / file.name)
    workspace = open_workspace(folder / "w.sqlite")
    person = Person(workspace)
    make, is_kept = person.edits()[edit]

    def weather(number: int, _: httpx.Request) -> None:
        if number == moment:
            with suppress(NotionError):
                make()
                outcome.made = True

    notion, transport = notion_client_for(workspace, weather=weather)
    outcome = Outcome(transport.seen)
    root = NotionId(workspace.root_page_id)
    try:
        reading, plan = _plan(notion, root)
        outcome.planned = len(transport.seen)
        provision.apply(
            notion,
            plan,
            reading,
            provision.ApplySettings(NOW, jobs=1, plan_again=lambda: _plan(notion, root)),
        )
    except (UnsafeChange, PlanChanged) as stopped:
        outcome.stopped = stopped
    outcome.is_kept = not outcome.made or is_kept()
    for each in (notion, person.notion, workspace):
        each.close()
    return outcome


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a workspace in which the first version is applied."""
    folder = tmp_path_factory.mktemp("applied")
    workspace = open_workspace(folder / "w.sqlite")
    notion, _ = notion_client_for(workspace)
    apply_to(notion, workspace, _template(1))
    notion.close()
    workspace.close()
    return folder


_EDITS = [
    "a value",
    "an option",
    "a property's title",
    "a database's title",
    "a database's icon",
    "a view's title",
    "a view's sorts",
]


_OVERWRITTEN_AS_PLANNED = {"a database's icon", "a view's title", "a view's sorts"}
"""What the template changed is set as a whole, whatever it was when the plan was made."""


def _is_blind(calm: Outcome, moment: int, edit: str) -> bool:
    """Return whether the edit comes after the last reading and before the write.

    Notion has no conditional write that could refuse it. Between the reading of a data source and
    its change there is one more request, which counts the values that would be lost.
    """
    request = calm.requests[moment - 1]
    if request.method == "PATCH":
        return True
    is_counting = request.url.path.endswith("/query") and calm.requests[moment].method == "PATCH"
    return is_counting and edit == "a property's title"


def _moments(calm: Outcome, edit: str) -> list[int]:
    """Return the requests before which a person edits: after the plan was made each one, before it
    some."""
    before = range(1, calm.planned + 1, 4) if edit not in _OVERWRITTEN_AS_PLANNED else ()
    after = range(calm.planned + 1, len(calm.requests) + 1)
    return [moment for moment in (*before, *after) if not _is_blind(calm, moment, edit)]


@pytest.mark.parametrize("edit", _EDITS)
def test_what_a_person_sets_before_any_request_is_kept_or_reported(
    applied: Path, tmp_path: Path, edit: str
) -> None:
    calm = _upgrade(applied, tmp_path / "calm", edit, 0)
    assert calm.stopped is None
    outcomes: Counter[str] = Counter()
    for moment in _moments(calm, edit):
        outcome = _upgrade(applied, tmp_path / str(moment), edit, moment)
        request = calm.requests[moment - 1]
        assert outcome.is_kept, f"{edit}, before request {moment}: {request.method} {request.url}"
        if isinstance(outcome.stopped, UnsafeChange):
            assert outcome.stopped.exit_code == 3
        outcomes["stopped" if outcome.stopped else "went on"] += 1
    assert outcomes["went on"]
    # Another option of the property, or another title of it, stays beside what the upgrade changes.
    assert outcomes["stopped"] or edit in {"an option", "a property's title"}

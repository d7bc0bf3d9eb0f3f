"""Options that the template renames and recolours: pages move to new ones, also after
interruptions.

By default a few requests of each upgrade are interrupted, others every day; all of them with
NOTION_PM_MATRIX=all.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from notion_pm.emulator import LocalWorkspace, open_workspace
from notion_pm.errors import OptionStillUsed
from notion_pm.model.ids import NotionId
from notion_pm.model.page import OptionValue, PropertyValue
from notion_pm.model.schema import Option, OptionsConfig, Property, PropertyPatch
from notion_pm.model.template import LoadedTemplate
from notion_pm.notion.client import NotionClient
from notion_pm.notion.retry import Patience
from notion_pm.provision import provision
from notion_pm.provision.affected_page_counts import with_affected_page_counts
from notion_pm.provision.plan.operation import OperationKind
from notion_pm.provision.plan.plan import Plan
from notion_pm.provision.plan.plan_options import DEFAULT_PLAN_OPTIONS, PlanOptions
from notion_pm.provision.provision import ApplyResult
from notion_pm.workspace.record import read_manifest
from tests.support.faults import Fault, Killed, Weather, killed
from tests.support.notion_clients import calm, notion_client_for
from tests.support.people import edit_option
from tests.support.provisioned import NOW, claimant_of
from tests.support.template_worlds import load

_SAMPLE = 3
_NAME = {"type": "title", "title": "Name"}
_LIVELY = {
    "title": "Lively",
    "type": "table",
    "where": {"status": {"is": ["idea", "done"]}, "tags": "x"},
}


def _template(*, version: int = 1, **changed: dict[str, Any]) -> LoadedTemplate:
    """Return a template; `changed` are fields of its options by their keys."""

    def options(**stated: dict[str, Any]) -> list[dict[str, Any]]:
        return [{"key": key, **each, **changed.get(key, {})} for key, each in stated.items()]

    status = options(
        idea={"name": "Idea", "color": "blue"},
        doing={"name": "Doing", "color": "yellow", "group": "in_progress"},
        done={"name": "Done", "color": "green", "group": "complete"},
    )
    properties = {
        "name": _NAME,
        "status": {"type": "status", "title": "Status", "options": status},
        "kind": {
            "type": "select",
            "title": "Kind",
            "options": options(a={"name": "A"}, b={"name": "B"}),
        },
        "tags": {
            "type": "multi_select",
            "title": "Tags",
            "options": options(x={"name": "X"}, y={"name": "Y"}),
        },
    }
    features = {"title": "Features", "properties": properties, "views": {"lively": _LIVELY}}
    rows = [
        {"key": "r1", "name": "R1", "status": "idea", "kind": "a", "tags": "x;y"},
        {"key": "r2", "name": "R2", "status": "idea", "kind": "b", "tags": "y"},
        {"key": "r3", "name": "R3", "status": "done", "kind": "a", "tags": "x"},
        {"key": "r4", "name": "R4", "status": "doing"},
    ]
    return load({"version": version, "databases": {"features": features}}, {"features": rows})


_RENAMED = {
    "idea": {"name": "Concept"},
    "a": {"name": "Alpha", "color": "red"},
    "x": {"name": "Ex"},
}
_RECOLOURED = {"idea": {"color": "pink"}, "a": {"color": "red"}, "x": {"color": "brown"}}
_BOTH = {
    "idea": {"color": "pink"},
    "a": {"name": "Alpha"},
    "x": {"name": "x"},
    "y": {"name": "Why"},
}
_EXCHANGED = {"a": {"name": "B"}, "b": {"name": "A"}, "x": {"name": "Y"}, "y": {"name": "Z"}}
_CASES = {
    "renamed": _RENAMED,
    "recoloured": _RECOLOURED,
    "some of both": _BOTH,
    "exchanged": _EXCHANGED,
}


@pytest.fixture
def notion(workspace: LocalWorkspace) -> Iterator[NotionClient]:
    opened, _ = notion_client_for(workspace)
    yield opened
    opened.close()


def _look(
    notion: NotionClient,
    workspace: LocalWorkspace,
    loaded: LoadedTemplate,
    options: PlanOptions = DEFAULT_PLAN_OPTIONS,
) -> tuple[provision.Reading, Plan]:
    reading = provision.read_for(notion, NotionId(workspace.root_page_id), loaded)
    return reading, with_affected_page_counts(notion, provision.plan(reading, options), reading)


def _apply(
    notion: NotionClient,
    workspace: LocalWorkspace,
    loaded: LoadedTemplate,
    options: PlanOptions = DEFAULT_PLAN_OPTIONS,
) -> ApplyResult:
    reading, plan = _look(notion, workspace, loaded, options)
    return provision.apply(
        notion, plan, reading, provision.ApplySettings(NOW, claimant=claimant_of(workspace))
    )


def _property(
    notion: NotionClient, workspace: LocalWorkspace, key: str
) -> tuple[NotionId, Property]:
    entry = read_manifest(notion, workspace.root_page_id)[1].databases["features"]
    return entry.data_source_id, notion.get_data_source(entry.data_source_id).properties[
        entry.properties[key]
    ]


def _options(prop: Property) -> tuple[Option, ...]:
    assert isinstance(prop.config, OptionsConfig)
    return prop.config.options


def _seen(notion: NotionClient, workspace: LocalWorkspace) -> list[Any]:
    """Return options, rows and filters as people see them."""
    entry = read_manifest(notion, workspace.root_page_id)[1].databases["features"]
    source = notion.get_data_source(entry.data_source_id)
    keys = {each: key for key, each in entry.properties.items()}
    properties = [
        each for each in source.properties.values() if isinstance(each.config, OptionsConfig)
    ]
    options = {
        keys[each.id]: [(one.name, one.color, one.group) for one in _options(each)]
        for each in properties
    }
    rows = sorted(
        (page.title, {keys[each.id]: _names(page.properties[each.id].value) for each in properties})
        for page in notion.query(source.id)
    )
    return [options, rows, str(notion.get_view(entry.views["lively"].id).filter)]


def _names(value: Any) -> list[str]:
    return [
        each.name
        for each in (value if isinstance(value, tuple) else [value])
        if isinstance(each, OptionValue)
    ]


def test_pages_of_a_renamed_option_move_with_it(
    notion: NotionClient, workspace: LocalWorkspace
) -> None:
    _apply(notion, workspace, _template())
    _, plan = _look(notion, workspace, _template(version=2, **_RENAMED))
    found = {
        each.address: (each.change_class, each.pages)
        for each in plan.changes
        if each.kind == "option"
    }
    assert found == {
        "features.status.idea": ("slow", 2),
        "features.kind.a": ("slow", 2),
        "features.tags.x": ("slow", 2),
    }
    assert [each.key for each in plan.operations if each.kind is OperationKind.UPDATE_VIEW] == [
        "lively"
    ]
    before = notion.requests.logical
    result = _apply(notion, workspace, _template(version=2, **_RENAMED))
    assert result.planned == result.sent == notion.requests.logical - before
    options, rows, shown = _seen(notion, workspace)
    assert options == {
        "status": [
            ("Concept", "blue", "To-do"),
            ("Doing", "yellow", "In progress"),
            ("Done", "green", "Complete"),
        ],
        "kind": [("Alpha", "red", None), ("B", "default", None)],
        "tags": [("Ex", "default", None), ("Y", "default", None)],
    }
    assert dict(rows)["R1"] == {"status": ["Concept"], "kind": ["Alpha"], "tags": ["Ex", "Y"]}
    assert dict(rows)["R3"] == {"status": ["Done"], "kind": ["Alpha"], "tags": ["Ex"]}
    assert "Concept" in shown and "Ex" in shown and "Idea" not in shown
    assert _look(notion, workspace, _template(version=2, **_RENAMED))[1].changes == ()


def test_pages_of_a_recoloured_option_wait_on_a_placeholder(
    notion: NotionClient, workspace: LocalWorkspace
) -> None:
    _apply(notion, workspace, _template())
    again = _template(version=2, **_RECOLOURED)
    before = notion.requests.logical
    result = _apply(notion, workspace, again)
    assert result.planned == result.sent == notion.requests.logical - before
    options, rows, _ = _seen(notion, workspace)
    assert [(name, color) for name, color, _ in options["status"]] == [
        ("Idea", "pink"),
        ("Doing", "yellow"),
        ("Done", "green"),
    ]
    assert dict(rows)["R1"] == {"status": ["Idea"], "kind": ["A"], "tags": ["X", "Y"]}
    assert dict(rows)["R4"] == {"status": ["Doing"], "kind": [], "tags": []}
    assert _look(notion, workspace, again)[1].changes == ()


def test_a_title_can_pass_from_one_property_to_another(
    notion: NotionClient, workspace: LocalWorkspace
) -> None:
    _apply(notion, workspace, _template())
    again = _template(version=2, **_EXCHANGED)
    result = _apply(notion, workspace, again)
    assert result.planned == result.sent
    options, rows, _ = _seen(notion, workspace)
    assert [name for name, _, _ in options["kind"]] == ["B", "A"]
    assert [name for name, _, _ in options["tags"]] == ["Y", "Z"]
    assert {row: values["kind"] for row, values in rows} == {
        "R1": ["B"],
        "R2": ["A"],
        "R3": ["B"],
        "R4": [],
    }
    assert {row: values["tags"] for row, values in rows} == {
        "R1": ["Y", "Z"],
        "R2": ["Z"],
        "R3": ["Y"],
        "R4": [],
    }
    assert _look(notion, workspace, again)[1].changes == ()


def test_what_people_renamed_and_recoloured_is_respected(
    notion: NotionClient, workspace: LocalWorkspace
) -> None:
    _apply(notion, workspace, _template())
    _people_edit(notion, workspace, "Idea", "Einfall", "orange")
    for version in (2, 3):
        plan = _look(notion, workspace, _template(version=version))[1]
        assert [each.address for each in plan.changes] == ["manifest"]
        assert [each.message for each in plan.notes] == [
            "is called 'Einfall' in Notion (template: 'Idea'); respected",
            "is orange in Notion (template: blue); respected",
        ]
        _apply(notion, workspace, _template(version=version))
    renamed = _template(version=4, idea={"name": "Concept"})
    assert [each.address for each in _look(notion, workspace, renamed)[1].changes] == ["manifest"]
    _apply(notion, workspace, renamed, PlanOptions(reset_titles=True))
    options, rows, _ = _seen(notion, workspace)
    assert options["status"][0] == ("Concept", "blue", "To-do")
    assert dict(rows)["R2"]["status"] == ["Concept"]


def _people_edit(
    notion: NotionClient, workspace: LocalWorkspace, option: str, name: str, color: str
) -> None:
    """Rename and recolour an option of the status."""
    found = next(
        each for each in _options(_property(notion, workspace, "status")[1]) if each.name == option
    )
    edit_option(workspace, found.id or "", name=name, color=color)


def test_a_name_that_the_client_gave_stays_when_the_template_changes_the_colour(
    notion: NotionClient, workspace: LocalWorkspace
) -> None:
    _apply(notion, workspace, _template())
    _people_edit(notion, workspace, "Idea", "Einfall", "blue")
    again = _template(version=2, idea={"color": "pink"})
    _apply(notion, workspace, again)
    options, rows, _ = _seen(notion, workspace)
    assert options["status"][0] == ("Einfall", "pink", "To-do")
    assert dict(rows)["R1"]["status"] == ["Einfall"]
    assert _look(notion, workspace, again)[1].changes == ()


def test_group_and_description_change_in_place(
    notion: NotionClient, workspace: LocalWorkspace
) -> None:
    _apply(notion, workspace, _template())
    _, before = _property(notion, workspace, "status")
    again = _template(version=2, doing={"group": "complete", "description": "As good as done"})
    plan = _look(notion, workspace, again)[1]
    assert [
        (each.address, each.change_class, each.details)
        for each in plan.changes
        if each.kind == "option"
    ] == [("features.status.doing", "safe", ("description", "group: Complete"))]
    _apply(notion, workspace, again)
    _, after = _property(notion, workspace, "status")
    assert [each.id for each in _options(after)] == [each.id for each in _options(before)]
    assert (_options(after)[1].group, _options(after)[1].description) == (
        "Complete",
        "As good as done",
    )
    assert _look(notion, workspace, again)[1].changes == ()


def test_a_new_option_takes_its_place_in_the_order_of_the_template(
    notion: NotionClient, workspace: LocalWorkspace
) -> None:
    loaded = _template()
    _apply(notion, workspace, loaded)
    data = loaded.template.model_dump(mode="json", by_alias=True, exclude_none=True)
    data["databases"]["features"]["properties"]["status"]["options"].insert(
        1, {"key": "spec", "name": "Spec"}
    )
    _apply(notion, workspace, load({"databases": data["databases"]}))
    assert [each.name for each in _options(_property(notion, workspace, "status")[1])] == [
        "Idea",
        "Spec",
        "Doing",
        "Done",
    ]


def test_a_choice_that_people_make_during_the_move_is_kept(workspace: LocalWorkspace) -> None:
    """While the pages move, somebody sets the old option on another page, and somebody adds one of
    their own."""
    calmly, _ = notion_client_for(workspace)
    _apply(calmly, workspace, _template())
    source_id, status = _property(calmly, workspace, "status")
    old = next(each for each in _options(status) if each.name == "Idea")
    row = next(page for page in calmly.query(source_id) if page.title == "R3")

    def weather(number: int, request: httpx.Request) -> Fault | None:
        if request.method == "PATCH" and "/pages/" in request.url.path and not met:
            met.append(number)
            value = PropertyValue(status.id, "status", OptionValue(old.id or "", old.name))
            calmly.update_page(row.id, [value])
            now = _options(_property(calmly, workspace, "status")[1])
            theirs = OptionsConfig((*now, Option("Theirs", group="To-do")))
            calmly.update_data_source(
                source_id, {status.id: PropertyPatch(type="status", config=theirs)}
            )
        return None

    met: list[int] = []
    notion, _ = notion_client_for(workspace, weather=weather)
    again = _template(version=2, idea={"name": "Concept"})
    with pytest.raises(OptionStillUsed, match="R3"):
        _apply(notion, workspace, again)
    _apply(notion, workspace, again)
    options, rows, _ = _seen(notion, workspace)
    assert [name for name, _, _ in options["status"]] == ["Concept", "Doing", "Done", "Theirs"]
    assert [dict(rows)[each]["status"] for each in ("R1", "R2", "R3")] == [["Concept"]] * 3
    notion.close()
    calmly.close()


_TROUBLE: dict[str, Callable[[int], Weather]] = {
    "killed before": lambda moment: killed(moment, after=False),
    "killed after": lambda moment: killed(moment, after=True),
    "answer lost": lambda moment: (
        lambda number, _: Fault(lost=True, after=True) if number == moment else None
    ),
    "503 saved": lambda moment: lambda number, _: Fault(after=True) if number == moment else None,
}


def _upgraded(
    folder: Path, upgrade: LoadedTemplate, weather: Weather = calm
) -> tuple[int, list[Any]]:
    """Apply the first version, the next in this weather, and the next once more; return what is
    there."""
    workspace = open_workspace(folder / "workspace.sqlite")
    notion, _ = notion_client_for(workspace)
    _apply(notion, workspace, _template())
    struck, transport = notion_client_for(workspace, weather=weather, patience=Patience(attempts=3))
    with suppress(Killed):
        _apply(struck, workspace, upgrade)
    requests = len(transport.seen)
    struck.close()
    _apply(notion, workspace, upgrade)
    found = _seen(notion, workspace)
    assert _look(notion, workspace, upgrade)[1].changes == ()
    notion.close()
    workspace.close()
    return requests, found


@pytest.mark.parametrize("trouble", sorted(_TROUBLE))
@pytest.mark.parametrize("case", sorted(_CASES))
def test_every_request_of_an_upgrade_survives(tmp_path: Path, case: str, trouble: str) -> None:
    upgrade = _template(version=2, **_CASES[case])
    requests, undisturbed = _upgraded(_folder(tmp_path, 0), upgrade)
    moments: Sequence[int] = range(1, requests + 1)
    if os.environ.get("NOTION_PM_MATRIX") != "all":
        moments = sorted(
            random.Random(f"{case} {trouble} {datetime.now(UTC).date()}").sample(moments, _SAMPLE)
        )
    for moment in moments:
        _, found = _upgraded(_folder(tmp_path, moment), upgrade, _TROUBLE[trouble](moment))
        assert found == undisturbed, f"request {moment}"


def _folder(parent: Path, number: int) -> Path:
    folder = parent / str(number)
    folder.mkdir()
    return folder


def test_an_option_keeps_its_pages_when_the_template_renames_it(
    notion: NotionClient, workspace: LocalWorkspace
) -> None:
    _apply(notion, workspace, _template())
    before = {each.name: each.id for each in _options(_property(notion, workspace, "kind")[1])}
    data = _template(version=2).template.model_dump(mode="json", by_alias=True, exclude_unset=True)
    kind = data["databases"]["features"]["properties"]["kind"]
    kind["options"][0] |= {"key": "first", "was": "a"}
    _, plan = _look(notion, workspace, load(data))
    assert [(each.address, each.reason) for each in plan.changes if each.kind == "option"] == [
        ("features.kind.first", "its key was 'a'")
    ]
    _apply(notion, workspace, load(data))
    entry = read_manifest(notion, workspace.root_page_id)[1].databases["features"]
    assert entry.options["kind.first"] == before["A"]
    assert "kind.a" not in entry.options
    assert not _look(notion, workspace, load(data))[1].changes

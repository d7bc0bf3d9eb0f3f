"""`undo apply`: it undoes the last apply and keeps what people did since."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from textwrap import dedent
from typing import Any

import httpx
import pytest

from notion_pm.emulator import LocalWorkspace, ManualClock, open_workspace
from notion_pm.errors import NotionError, UsageError
from notion_pm.model.ids import NotionId
from notion_pm.model.manifest import DatabaseEntry, Manifest
from notion_pm.model.page import OptionValue, PropertyValue, RelationValue
from notion_pm.model.schema import Option, PropertyPatch, options_of
from notion_pm.model.template import LoadedTemplate
from notion_pm.notion.client import NotionClient
from notion_pm.provision import provision
from notion_pm.provision.affected_page_counts import with_affected_page_counts
from notion_pm.provision.apply.recording import apply_recorded
from notion_pm.provision.provision import PlanOptions
from notion_pm.provision.undo.steps import UndoPlan
from notion_pm.provision.undo.undo import UndoChanged, prepare_undo, undo
from notion_pm.workspace import fresh_updates
from notion_pm.workspace.record import read_manifest
from tests.conftest import client_of
from tests.support.faults import Fault, Killed, LastBreath, killed
from tests.support.notion_clients import notion_client_for
from tests.support.program import Program
from tests.support.provisioned import NOW, plan_for
from tests.support.template_worlds import load
from tests.support.terminal import at_a_terminal

_NAME = {"type": "title", "title": "Name"}


def _options(*names: str) -> list[dict[str, str]]:
    return [{"key": each.lower(), "name": each} for each in names]


def _first() -> LoadedTemplate:
    """A template with two related databases, views and rows."""
    status = {"type": "select", "title": "Stage", "options": _options("Open", "Closed")}
    relation = {
        "type": "relation",
        "title": "Asks",
        "to": "asks",
        "two_way": {"key": "features", "title": "Features"},
    }
    data = {
        "databases": {
            "features": {
                "title": "Features",
                "icon": "🧩",
                "description": "What",
                "properties": {
                    "name": _NAME,
                    "stage": status,
                    "effort": {"type": "number", "title": "Effort"},
                    "double": {
                        "type": "formula",
                        "title": "Double",
                        "expression": 'prop("Effort") * 2',
                    },
                    "asks": relation,
                },
                "views": {
                    "all": {"title": "All", "type": "table"},
                    "open": {"title": "Open", "type": "table", "where": {"stage": "open"}},
                },
            },
            "asks": {"title": "Asks", "properties": {"name": _NAME}, "views": {}},
        }
    }
    return load(
        data,
        {"features": [{"key": "a", "name": "A", "asks": "x"}], "asks": [{"key": "x", "name": "X"}]},
    )


def _second(*without: str) -> LoadedTemplate:
    """Its next version: everything renamed or changed, and one more thing of each kind.

    `without`: keys of properties or views to leave out.
    """
    status = {"type": "select", "title": "State", "options": _options("Open", "Closed", "Parked")}
    relation = {
        "type": "relation",
        "title": "Heard",
        "to": "asks",
        "two_way": {"key": "features", "title": "Features"},
    }
    releases = {
        "type": "relation",
        "title": "Release",
        "to": "releases",
        "two_way": {"key": "of", "title": "Of"},
    }
    data = {
        "version": 2,
        "databases": {
            "features": {
                "title": "Feature specs",
                "icon": "🎯",
                "description": "The what",
                "properties": {
                    "name": _NAME,
                    "stage": status,
                    "effort": {
                        "type": "number",
                        "title": "Effort",
                        "format": "percent",
                        "description": "In weeks",
                    },
                    "double": {
                        "type": "formula",
                        "title": "Double",
                        "expression": 'prop("Effort") * 3',
                    },
                    "asks": relation,
                    "risk": {"type": "rich_text", "title": "Risk"},
                    "release": releases,
                },
                "views": {
                    "all": {"title": "All", "type": "table"},
                    "open": {
                        "title": "Not closed",
                        "type": "table",
                        "sort": [{"effort": "descending"}],
                    },
                    "board": {"title": "Board", "type": "board", "group_by": "stage"},
                },
            },
            "asks": {"title": "Asks", "properties": {"name": _NAME}, "views": {}},
            "releases": {"title": "Releases", "properties": {"name": _NAME}, "views": {}},
        },
    }
    features: Any = data["databases"]["features"]  # type: ignore[index]
    for each in without:
        features["properties"].pop(each, None) or features["views"].pop(each)
    return load(
        data,
        {
            "features": [
                {"key": "a", "name": "A", "asks": "x"},
                {"key": "b", "name": "B", "release": "r"},
            ],
            "asks": [{"key": "x", "name": "X"}],
            "releases": [{"key": "r", "name": "R"}],
        },
    )


class Client:
    """A workspace with a database of the client's, and the machine that applies to it."""

    def __init__(self, folder: Path, now: datetime = NOW) -> None:
        self.clock = ManualClock(now)
        is_new = not (folder / "workspace.sqlite").exists()
        self.workspace: LocalWorkspace = open_workspace(
            folder / "workspace.sqlite", clock=self.clock
        )
        self.notion, _ = notion_client_for(self.workspace)
        self.state = folder / "state"
        self.root = NotionId(self.workspace.root_page_id)
        if is_new:
            self._add_something()

    def _add_something(self) -> None:
        theirs = self.notion.create_database(
            self.root,
            "Features of old",
            {"Name": PropertyPatch(type="title")},
            look_up=lambda: None,
        )
        self.notion.create_row(
            theirs.data_source_ids[0],
            [PropertyValue("title", "title", "Theirs")],
            look_up=lambda: None,
        )

    def close(self) -> None:
        self.notion.close()
        self.workspace.close()

    def apply(
        self, loaded: LoadedTemplate, *, notion: NotionClient | None = None, **options: Any
    ) -> None:
        """Apply a template, a day after the last time."""
        self.clock.advance(days=1)
        door = notion or self.notion
        reading = provision.read_for(door, self.root, loaded)
        plan = with_affected_page_counts(
            door, provision.plan(reading, PlanOptions(**options)), reading
        )
        result = apply_recorded(
            door,
            plan,
            reading,
            provision.ApplySettings(self.clock.now, force=True, allow_lossy=True),
            state_directory=self.state,
            state_home=self.state,
        )
        assert result.planned == result.sent or notion

    def undo(self, notion: NotionClient | None = None) -> UndoPlan:
        door = notion or self.notion
        prepared = prepare_undo(door, self.root, self.state, jobs=1)
        undo(door, prepared, self.state, now=self.clock.now, jobs=1)
        return prepared.plan

    def entry(self, database: str) -> DatabaseEntry:
        return read_manifest(self.notion, self.root)[1].databases[database]

    def set(self, database: str, row: str, *values: PropertyValue) -> None:
        self.notion.update_page(self.entry(database).rows[row], values)

    def everything(self) -> list[Any]:
        """All there is under the parent page, as Notion tells it, but for the times of edits."""
        with client_of(self.workspace) as api:
            blocks = _get(api, f"blocks/{self.root}/children")["results"]
            return [self._whole(api, each) for each in blocks]

    def _whole(self, api: httpx.Client, block: dict[str, Any]) -> Any:
        if block["type"] != "child_database":
            return block["type"], block[block["type"]], block["id"]
        database = _get(api, f"databases/{block['id']}")
        source_id = database["data_sources"][0]["id"]
        views = [
            _get(api, f"views/{each['id']}")
            for each in _get(api, f"views?database_id={block['id']}")["results"]
        ]
        rows = api.post(f"data_sources/{source_id}/query", json={}).json()["results"]
        return _timeless([database, _get(api, f"data_sources/{source_id}"), views, rows])


def _get(api: httpx.Client, path: str) -> dict[str, Any]:
    answer: dict[str, Any] = api.get(path).json()
    return answer


def _timeless(json: Any) -> Any:
    if isinstance(json, list):
        return [_timeless(each) for each in json]
    if isinstance(json, dict):
        return {
            key: _timeless(each)
            for key, each in json.items()
            if key not in {"last_edited_time", "request_id"}
        }
    return json


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    made = Client(tmp_path)
    yield made
    made.close()


def _left(plan: UndoPlan) -> dict[str, str]:
    return {each.address: each.reason for each in plan.kept}


def test_undoing_a_first_apply_restores_the_workspace(client: Client) -> None:
    before = client.everything()
    client.apply(_first())
    plan = client.undo()
    assert [(each.action, each.address) for each in plan.changes] == [
        ("delete", "asks"),
        ("delete", "features"),
    ]
    assert plan.kept == ()
    assert client.everything() == before
    with pytest.raises(UsageError, match="no apply to undo"):
        client.undo()


def test_undoing_an_upgrade_restores_the_workspace(client: Client) -> None:
    client.apply(_first())
    before, planned = (
        client.everything(),
        plan_for(client.notion, client.workspace, _second()).changes,
    )
    client.apply(_second())
    plan = client.undo()
    assert plan.kept == ()
    assert client.everything() == before
    assert plan_for(client.notion, client.workspace, _first()).changes == ()
    assert plan_for(client.notion, client.workspace, _second()).changes == planned
    client.undo()  # and the one before it
    assert [each[0] for each in client.everything() if isinstance(each, tuple)] == []


def test_undo_keeps_what_people_filled_in_or_changed_since(client: Client) -> None:
    client.apply(_first())
    client.apply(_second())
    entry, notion = client.entry("features"), client.notion
    parked = OptionValue(entry.options["stage.parked"], "Parked")
    text = PropertyValue(entry.properties["risk"], "rich_text", "High")
    client.set("features", "a", text, PropertyValue(entry.properties["stage"], "select", parked))
    notion.update_view(entry.views["board"].id, name="Our board")
    notion.update_data_source(
        entry.data_source_id, {entry.properties["asks"]: PropertyPatch(name="Voices")}
    )
    row = client.notion.create_row(
        client.entry("releases").data_source_id,
        [PropertyValue("title", "title", "1.0")],
        look_up=lambda: None,
    )
    plan = client.undo()
    assert _left(plan) == {
        "features.asks": "people changed it since",
        "features.release": "links to releases, which is kept",
        "features.risk": "1 page holds it",
        "features.stage.parked": "1 page holds it",
        "features.views.board": "people changed it since",
        "releases": "1 page added by people",
    }
    assert notion.get_page(row.id).in_trash is False
    source = notion.get_data_source(entry.data_source_id)
    assert {each.name for each in source.properties.values()} == {
        "Name", "Stage", "Effort", "Double", "Voices", "Risk", "Release",
    }  # fmt: skip
    again = plan_for(notion, client.workspace, _second())
    assert {str(each.address) for each in again.changes} == {
        "features", "features.double", "features.effort", "features.rows.b", "features.stage", "features.views.open",
        "manifest",
    }  # fmt: skip


def test_undo_keeps_a_database_in_use_and_the_databases_it_links_to(client: Client) -> None:
    client.apply(_first())
    entry = client.entry("features")
    client.set("features", "a", PropertyValue(entry.properties["effort"], "number", 3))
    before = client.everything()
    plan = prepare_undo(client.notion, client.root, client.state).plan
    assert plan.requests == ()
    assert _left(plan) == {
        "asks": "features, which is kept, links to it",
        "features": "1 row edited by people ('A')",
    }
    assert client.everything() == before


def test_undo_keeps_rows_that_people_linked(client: Client) -> None:
    client.apply(_first(), with_rows=False)
    client.apply(_first(), with_rows=True)
    features, asks = client.entry("features"), client.entry("asks")
    link = PropertyValue(features.properties["asks"], "relation", RelationValue((asks.rows["x"],)))
    title = PropertyValue("title", "title", "Own")
    client.notion.create_row(features.data_source_id, [title, link], look_up=lambda: None)
    plan = client.undo()
    assert _left(plan) == {"asks.rows.x": "people linked it since"}
    assert [str(each.address) for each in plan.changes] == ["features.rows.a"]


def test_undo_lists_pruned_properties_and_makes_pruned_views_again(client: Client) -> None:
    client.apply(_second())
    client.apply(_second("risk", "board"), prune=True)
    plan = client.undo()
    assert set(_left(plan)) == {"features.risk"}
    assert "cannot restore" in _left(plan)["features.risk"]
    views = client.entry("features").views
    assert client.notion.get_view(views["board"].id).name == "Board"


def test_undo_keeps_a_replaced_option_that_pages_hold(client: Client) -> None:
    client.apply(_first())
    entry = client.entry("features")
    closed = OptionValue(entry.options["stage.closed"], "Closed")
    client.set("features", "a", PropertyValue(entry.properties["stage"], "select", closed))
    renamed = _first().model_dump(mode="json", by_alias=True)
    renamed["template"]["databases"]["features"]["properties"]["stage"]["options"][1]["name"] = (
        "Shut"
    )
    client.apply(LoadedTemplate.model_validate(renamed))
    plan = client.undo()
    assert _left(plan) == {
        "features.stage": "was removed or replaced; Notion cannot restore it",
        "features.stage.closed": "1 page holds it",
    }
    row = (
        client.notion.get_page(client.entry("features").rows["a"])
        .properties[entry.properties["stage"]]
        .value
    )
    assert isinstance(row, OptionValue)
    assert row.name == "Shut"


@pytest.mark.parametrize("name", ["Shut", "CLOSED"])
@pytest.mark.parametrize("is_interrupted", [False, True])
def test_undo_restores_the_name_of_an_option_that_no_page_holds(
    client: Client, name: str, is_interrupted: bool
) -> None:
    client.apply(_first())
    before = _stages(client)
    renamed = _first().model_dump(mode="json", by_alias=True)
    features = renamed["template"]["databases"]["features"]
    features["properties"]["stage"]["options"][1]["name"] = name
    features["views"]["open"]["where"] = {"stage": "closed"}
    client.apply(LoadedTemplate.model_validate(renamed))
    assert _stages(client) == [before[0], name]
    if is_interrupted:
        notion, _ = notion_client_for(client.workspace, weather=_killed_when_the_old_option_is_back)
        with pytest.raises(Killed):
            client.undo(notion)
        notion.close()
        client.clock.advance(hours=1)  # so that the claim of the killed run has expired
    plan = client.undo()
    assert _left(plan) == {}
    assert _stages(client) == before
    assert client.entry("features").options["stage.closed"] in _stage_ids(client)
    reading = provision.read_for(client.notion, client.root, _first())
    assert provision.plan(reading).changes == ()


def _killed_when_the_old_option_is_back(_: int, request: httpx.Request) -> Fault | None:
    is_sent = (
        request.method == "PATCH"
        and "/data_sources/" in request.url.path
        and b'"Closed"' in request.content
    )
    return LastBreath(after=True) if is_sent else None


def _stages(client: Client) -> list[str]:
    return [option.name for option in _stage_options(client)]


def _stage_ids(client: Client) -> set[str | None]:
    return {option.id for option in _stage_options(client)}


def _stage_options(client: Client) -> tuple[Option, ...]:
    entry = client.entry("features")
    source = client.notion.get_data_source(entry.data_source_id)
    return options_of(source.properties[entry.properties["stage"]])


def _cut_short(client: Client, moment: int, *, after: bool, work: Any) -> bool:
    """Do something until the process is killed at a request. Return whether it was killed."""
    notion, _ = notion_client_for(client.workspace, weather=killed(moment, after=after))
    try:
        work(notion)
    except Killed:
        return True
    finally:
        notion.close()
    return False


@pytest.mark.parametrize("after", [False, True], ids=["before", "after the work"])
def test_an_undo_killed_at_any_request_can_be_continued(tmp_path: Path, after: bool) -> None:
    moment, killed = int(after), True
    while killed:
        moment += 3
        folder = tmp_path / str(moment)
        folder.mkdir()
        client = Client(folder)
        client.apply(_first())
        before = client.everything()
        client.apply(_second())
        killed = _cut_short(client, moment, after=after, work=client.undo)
        client.clock.advance(hours=1)  # so that the claim of the killed run has expired
        if killed and read_manifest(client.notion, client.root)[1].version == 2:
            client.undo()
        assert client.everything() == before, f"killed at request {moment}"
        client.close()
    assert moment > 20


@pytest.mark.parametrize("after", [False, True], ids=["before", "after the work"])
def test_an_apply_killed_at_any_request_can_be_undone(tmp_path: Path, after: bool) -> None:
    moment, killed = int(after), True
    while killed:
        moment += 3
        folder = tmp_path / str(moment)
        folder.mkdir()
        client = Client(folder)
        client.apply(_first())
        before = client.everything()
        killed = _cut_short(
            client,
            moment,
            after=after,
            work=lambda door, of=client: of.apply(_second(), notion=door),
        )
        applied = client.clock.now
        client.clock.advance(hours=1)  # so that the claim of the killed run has expired
        if read_manifest(client.notion, client.root)[1].started >= applied:
            client.undo()
        assert client.everything() == before, f"killed at request {moment}"
        client.close()
    assert moment > 20


class Person:
    """A person who edits what an upgrade made: a value, an option, a row, a view, a page."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._features, self._releases = client.entry("features"), client.entry("releases")
        self.edits: dict[str, Callable[[], object]] = {
            "a value": self._fill_in,
            "an option": self._choose,
            "a row": self._edit_row,
            "a view": lambda: client.notion.update_view(
                self._features.views["board"].id, name="Our board"
            ),
            "a page": self._add_page,
        }
        self.stays: dict[str, Callable[[], bool]] = {
            "a value": lambda: self._holds("risk", "High"),
            "an option": lambda: self._holds("stage", "Parked"),
            "a row": lambda: not client.notion.get_page(self._features.rows["b"]).in_trash,
            "a view": self._has_view,
            "a page": lambda: not client.notion.get_database(self._releases.database_id).in_trash,
        }

    def do_all(self) -> set[str]:
        """Make every edit that is still possible; return which."""
        made = set()
        for name, edit in self.edits.items():
            with suppress(NotionError, KeyError):
                edit()
                made.add(name)
        return made

    def _set(self, row: str, key: str, kind: str, value: Any) -> None:
        values = [PropertyValue(self._features.properties[key], kind, value)]
        self._client.notion.update_page(self._features.rows[row], values)

    def _fill_in(self) -> None:
        self._set("a", "risk", "rich_text", "High")

    def _choose(self) -> None:
        self._set(
            "a", "stage", "select", OptionValue(self._features.options["stage.parked"], "Parked")
        )

    def _edit_row(self) -> None:
        self._set("b", "effort", "number", 3)

    def _add_page(self) -> None:
        title = PropertyValue("title", "title", "1.0")
        self._client.notion.create_row(self._releases.data_source_id, [title], look_up=lambda: None)

    def _holds(self, key: str, text: str) -> bool:
        page = self._client.notion.get_page(self._features.rows["a"])
        found = page.properties.get(self._features.properties[key])
        value = found.value if found else None
        return text in {value, getattr(value, "name", None)}

    def _has_view(self) -> bool:
        view_id = self._features.views["board"].id
        return view_id in self._client.notion.list_view_ids(self._features.database_id)


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a client's workspace in which an upgrade can be undone."""
    folder = tmp_path_factory.mktemp("upgraded")
    client = Client(folder)
    client.apply(_first())
    client.apply(_second())
    client.close()
    return folder


def _undo_with_edits(
    upgraded: Path, folder: Path, moment: int
) -> tuple[list[httpx.Request], set[str], set[str], Any]:
    """Let people edit right before a request of an undo.

    Return the requests, which edits could be made, which are lost, and what stays after all.
    """
    shutil.copytree(upgraded, folder)
    client = Client(folder, NOW + timedelta(days=3))
    person, made = Person(client), set()

    def weather(number: int, _: httpx.Request) -> None:
        if number == moment:
            made.update(person.do_all())

    notion, transport = notion_client_for(client.workspace, weather=weather)
    prepared = prepare_undo(notion, client.root, client.state, jobs=1)
    left = undo(notion, prepared, client.state, now=client.clock.now, jobs=1)
    lost = {name for name in made if not person.stays[name]()}
    notion.close()
    client.close()
    return transport.seen, made, lost, left


def test_undo_keeps_what_people_do_while_it_runs(upgraded: Path, tmp_path: Path) -> None:
    requests, _, _, left = _undo_with_edits(upgraded, tmp_path / "calm", 0)
    assert left == ()
    writes = [
        number
        for number, request in enumerate(requests, 1)
        if request.method in {"PATCH", "DELETE"}
    ]
    # The first write is the claim. Then all is planned again, the rows are read, and the lock is
    # checked.
    first = writes[1] - 2
    seen: Counter[str] = Counter()
    for number in range(first, len(requests) + 1):
        is_check_of_lock = number + 1 in writes and "/children" in str(requests[number - 1].url)
        if number in writes or is_check_of_lock:
            continue  # Notion has no conditional write: what is set right before it is not seen
        _, made, lost, left = _undo_with_edits(upgraded, tmp_path / str(number), number)
        assert not lost, f"before request {number}: {requests[number - 1].url}"
        seen.update(made)
        assert not made or number > writes[-3] or left
    assert set(seen) == {"a value", "an option", "a row", "a view", "a page"}


def test_rows_are_read_again_when_trashing_them_takes_long(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fresh_updates, "FRESH_SECONDS", 0.15)
    data = {"databases": {"asks": {"title": "Asks", "properties": {"name": _NAME}}}}
    client.apply(load(data, {"asks": [{"key": "first", "name": "First"}]}))
    keys = ["first", *(f"row{number}" for number in range(12))]
    client.apply(
        load({**data, "version": 2}, {"asks": [{"key": key, "name": key} for key in keys]})
    )
    rows = client.entry("asks").rows
    edited: list[NotionId] = []

    def slow(_: int, request: httpx.Request) -> None:
        if request.method != "PATCH" or b"in_trash" not in request.content:
            return
        if not edited:
            edited.append(rows["row11"] if rows["row11"] not in request.url.path else rows["row0"])
            client.clock.advance(minutes=5)
            client.notion.update_page(edited[0], [PropertyValue("title", "title", "Mine")])
        time.sleep(0.05)

    notion, _ = notion_client_for(client.workspace, weather=slow)
    client.undo(notion)
    notion.close()
    kept = {key for key, page_id in rows.items() if not client.notion.get_page(page_id).in_trash}
    assert kept == {"first", *(key for key, page_id in rows.items() if page_id == edited[0])}


def test_undo_writes_nothing_if_people_edited_after_the_confirmation(
    client: Client,
) -> None:
    client.apply(_first())
    client.apply(_second())
    prepared = prepare_undo(client.notion, client.root, client.state)
    Person(client).do_all()
    before = client.everything()
    with pytest.raises(UndoChanged) as changed:
        undo(client.notion, prepared, client.state, now=client.clock.now)
    assert client.everything() == before
    assert len(changed.value.prepared.plan.kept) >= 5


def test_an_apply_on_another_machine_is_reported(client: Client, tmp_path: Path) -> None:
    client.apply(_first())
    with pytest.raises(UsageError, match="another machine"):
        prepare_undo(client.notion, client.root, tmp_path / "another")


def test_the_command_shows_the_plan_asks_and_undoes(tmp_path: Path) -> None:
    program = Program(tmp_path, NOTION_PM_LOCAL="w.sqlite")
    assert program("undo").code == 1
    assert program("apply", "product", "--yes", "--no-rows").code == 0
    shown = program("undo", "apply", "--dry-run")
    assert shown.code == 0
    assert (
        "  - features                         made by the apply: Feature specs; 0 rows" in shown.out
    )
    silent = program("undo")
    assert (silent.code, "undo --yes" in silent.err) == (1, True)
    done = program("undo", "--yes", "--json")
    assert (done.code, done.json["done"], done.json["left"], len(done.json["changes"])) == (
        0,
        True,
        [],
        3,
    )
    assert program("plan", "product", "--exit-code").code == 2
    assert program("apply", "product", "--yes", "--no-rows").code == 0


_ONE_DATABASE = """
    template: small
    version: 1
    title: Small
    databases:
      features:
        title: Features
        properties:
          name: {type: title, title: Name}
"""


def test_an_undo_with_nothing_left_to_do_writes_nothing(tmp_path: Path) -> None:
    program = Program(tmp_path, NOTION_PM_LOCAL="w.sqlite")
    (tmp_path / "small.yaml").write_text(dedent(_ONE_DATABASE), encoding="utf-8")
    assert program("apply", "small.yaml", "--yes").code == 0
    records: list[Manifest] = []

    def yes_after_people_filled_it() -> str:
        workspace = open_workspace(tmp_path / "w.sqlite")
        notion, _ = notion_client_for(
            workspace, token=workspace.connect("a person", shared=[workspace.root_page_id])
        )
        records.append(read_manifest(notion, workspace.root_page_id)[1])
        name = PropertyValue("title", "title", "Theirs")
        notion.create_row(
            records[0].databases["features"].data_source_id, [name], look_up=lambda: None
        )
        notion.close()
        workspace.close()
        return "y"

    # A second question would wait for an answer that does not come.
    done = at_a_terminal(program, ["undo"], [("Undo these changes?", yes_after_people_filled_it)])
    assert done.code == 0
    assert "There is nothing to undo." in done.out
    workspace = open_workspace(tmp_path / "w.sqlite")
    notion, _ = notion_client_for(workspace)
    assert read_manifest(notion, workspace.root_page_id)[1] == records[0]
    notion.close()
    workspace.close()
    journals = [path.read_text(encoding="utf-8") for path in (tmp_path / "state").rglob("*.jsonl")]
    assert journals
    assert not any('"undone"' in each for each in journals)

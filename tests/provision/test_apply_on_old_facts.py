"""People edit a workspace while apply asks and while it works: outdated decisions are made
again."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

import pytest

from notion_pm.emulator import LocalWorkspace, open_workspace
from notion_pm.errors import ChangedDuringRun
from notion_pm.model.ids import NotionId
from notion_pm.model.page import PropertyValue
from notion_pm.model.schema import Database
from notion_pm.provision.destroy import destroy, plan_destroy
from notion_pm.workspace.record import read_manifest
from tests.support.notion_clients import notion_client_for
from tests.support.program import Program
from tests.support.provisioned import apply_to
from tests.support.template_worlds import load
from tests.support.terminal import at_a_terminal

_NAME = {"type": "title", "title": "Name"}
_TEMPLATE = """\
    template: small
    version: {version}
    title: Small
    databases:
      features:
        title: Features
        properties:
          name: {{type: title, title: Name}}
          size: {{type: {size}, title: Size}}
        rows: rows.csv
"""


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """The program, in a folder with a small template that is applied."""
    program = Program(tmp_path, NOTION_PM_LOCAL="w.sqlite")
    (tmp_path / "rows.csv").write_text("key,name\na,A\nb,B\n", encoding="utf-8")
    _write(program)
    applied = program("apply", "small.yaml", "--yes")
    assert applied.code == 0, applied.err
    return program


def _write(program: Program, version: int = 1, size: str = "rich_text") -> None:
    text = dedent(_TEMPLATE).format(version=version, size=size)
    (program.folder / "small.yaml").write_text(text, encoding="utf-8")


def _a_person_sets_size(program: Program, title: str, size: str) -> None:
    workspace = open_workspace(program.folder / "w.sqlite")
    notion, _ = notion_client_for(
        workspace, token=workspace.connect("a person", shared=[workspace.root_page_id])
    )
    _, manifest = read_manifest(notion, workspace.root_page_id)
    entry = manifest.databases["features"]
    (page,) = (each for each in notion.query(entry.data_source_id) if each.title == title)
    notion.update_page(page.id, [PropertyValue(entry.properties["size"], "rich_text", size)])
    notion.close()
    workspace.close()


def _types_and_sizes(program: Program) -> tuple[str, list[str]]:
    workspace = open_workspace(program.folder / "w.sqlite")
    notion, _ = notion_client_for(workspace)
    _, manifest = read_manifest(notion, workspace.root_page_id)
    entry = manifest.databases["features"]
    pages = list(notion.query(entry.data_source_id))
    kind = notion.get_data_source(entry.data_source_id).properties[entry.properties["size"]].type
    notion.close()
    workspace.close()
    # Rows created within the same instant come in any order: by title.
    pages.sort(key=lambda page: page.title)
    return kind, [str(page.properties[entry.properties["size"]].value or "") for page in pages]


def test_a_value_that_is_set_while_apply_asks_is_not_lost(program: Program) -> None:
    _write(program, version=2, size="number")

    def yes_after_an_edit() -> str:
        _a_person_sets_size(program, "A", "very large")
        return "y"

    done = at_a_terminal(
        program, ["apply", "small.yaml"], [("Apply these changes?", yes_after_an_edit)]
    )
    assert done.code == 3, done.out
    assert _types_and_sizes(program) == ("rich_text", ["very large", ""])


def test_a_plan_that_changed_at_the_prompt_is_shown_again_with_a_new_question(
    program: Program,
) -> None:
    _write(program, version=2, size="number")
    _a_person_sets_size(program, "A", "very large")

    def yes_after_an_edit() -> str:
        _a_person_sets_size(program, "B", "small")
        return "y"

    done = at_a_terminal(
        program,
        ["apply", "small.yaml", "--allow-lossy"],
        [("Apply these changes?", yes_after_an_edit), ("Apply these changes?", "n")],
    )
    assert done.code == 1
    assert "lossy, 1 page\x1b" in done.out
    assert "lossy, 2 pages" in done.out
    assert _types_and_sizes(program) == ("rich_text", ["very large", "small"])

    agreed = at_a_terminal(
        program, ["apply", "small.yaml", "--allow-lossy"], [("Apply these changes?", "y")]
    )
    assert agreed.code == 0, agreed.out
    assert _types_and_sizes(program)[0] == "number"
    assert re.search(r"Done and verified \(\d+ requests, as planned\)\.", agreed.out)


def test_a_command_without_a_template_uses_the_applied_one(program: Program) -> None:
    other = Program(program.folder, NOTION_PM_LOCAL="other.sqlite")
    assert other("apply", "okrs", "--yes", "--no-rows").code == 0
    for command in (
        ("plan", "--json"),
        ("apply", "--yes", "--json"),
        ("plan", "-o", "plan.json", "--json"),
    ):
        done = other(*command)
        assert done.code == 0, done.err
        assert (done.json["template"], done.json["changes"]) == ("okrs", [])
    assert other("apply", "plan.json").code == 0
    no_such_file = program("plan")
    assert no_such_file.code == 1
    assert "small" in no_such_file.err


def test_without_a_template_several_records_are_an_error(tmp_path: Path) -> None:
    program = Program(tmp_path, NOTION_PM_LOCAL="w.sqlite")
    assert "product" in program("plan").out
    for template in ("okrs", "discovery"):
        assert program("apply", template, "--yes", "--no-rows").code == 0
    done = program("apply", "--yes")
    assert done.code == 1
    assert "discovery, okrs" in done.err


def test_settings_that_name_another_template_than_the_record_are_noted(program: Program) -> None:
    text = '[workspaces.acme]\nlocal = "w.sqlite"\ntemplate = "okrs"\n'
    (program.folder / "notion-pm.toml").write_text(text, encoding="utf-8")
    del program.environment["NOTION_PM_LOCAL"]
    planned = program("-w", "acme", "plan", "--json").json
    assert planned["template"] == "okrs"
    assert [note["address"] for note in planned["notes"] if "'small'" in note["message"]] == [
        "manifest"
    ]


def test_an_older_version_of_a_template_needs_a_flag(program: Program) -> None:
    _write(program, version=3)
    assert program("apply", "small.yaml", "--yes").code == 0
    _write(program, version=2)
    planned = program("plan", "small.yaml")
    assert planned.code == 3
    assert "Of these: 1 blocked." in planned.out
    assert "--downgrade" in planned.err
    assert program("apply", "small.yaml", "--yes").code == 3
    assert (
        "version 3"
        in program("destroy", "small", "--confirm", "no").out + program("plan", "small.yaml").out
    )

    written = program("plan", "small.yaml", "--downgrade", "-o", "plan.json")
    assert written.code == 0, written.err
    assert program("apply", "plan.json").code == 0
    assert program("plan", "small.yaml", "--exit-code").code == 0


def test_the_flag_in_a_plan_file_is_under_its_checksum(program: Program) -> None:
    _write(program, version=3)
    assert program("apply", "small.yaml", "--yes").code == 0
    _write(program, version=2)
    assert program("plan", "small.yaml", "-o", "plan.json").code == 3
    path = program.folder / "plan.json"
    path.write_text(
        path.read_text(encoding="utf-8").replace('"downgrade": false', '"downgrade": true'), "utf-8"
    )
    assert program("apply", "plan.json").code in {1, 3}
    _write(program, version=3)
    assert program("plan", "small.yaml", "--exit-code").code == 0


def test_destroy_stops_when_people_added_a_page_since_it_counted(workspace: LocalWorkspace) -> None:
    loaded = load(
        {"databases": {"features": {"title": "Features", "properties": {"name": _NAME}}}}, {}
    )
    notion, _ = notion_client_for(workspace)
    apply_to(notion, workspace, loaded)
    doomed = plan_destroy(notion, NotionId(workspace.root_page_id))
    (database,) = doomed.databases
    name = PropertyValue("title", "title", "New")
    notion.create_row(database.data_source_id, [name], look_up=lambda: None)
    with pytest.raises(ChangedDuringRun) as stopped:
        destroy(notion, doomed)
    assert stopped.value.exit_code == 3
    assert not notion.get_database(database.database_id).in_trash
    notion.close()


def _write_look(program: Program, version: int, look: str) -> None:
    text = (
        dedent(_TEMPLATE)
        .format(version=version, size="rich_text")
        .replace("title: Features", look, 1)
    )
    (program.folder / "small.yaml").write_text(text, encoding="utf-8")


def _features(
    program: Program,
    title: str | None = None,
    icon: str | None = None,
    description: str | None = None,
) -> Database:
    """Return the database as it is, after a person has set what is given."""
    workspace = open_workspace(program.folder / "w.sqlite")
    notion, _ = notion_client_for(workspace)
    entry = read_manifest(notion, workspace.root_page_id)[1].databases["features"]
    if title or icon or description:
        notion.update_database(entry.database_id, title=title, icon=icon, description=description)
    database = notion.get_database(entry.database_id)
    notion.close()
    workspace.close()
    return database


@pytest.mark.parametrize(
    "by_people", [{"icon": "🔥"}, {"description": "Ours"}, {"title": "Funktionen"}, {}], ids=str
)
def test_a_title_and_an_icon_that_people_changed_before_the_plan_stay(
    program: Program, by_people: dict[str, str]
) -> None:
    _write_look(program, 2, "title: Features\n    icon: 🧩\n    description: What")
    assert program("apply", "small.yaml", "--yes").code == 0
    before = _features(program, **by_people)

    _write_look(program, 3, "title: Specs\n    icon: 🎯\n    description: The what")
    applied = program("apply", "small.yaml", "--yes", "--json")

    assert applied.code == 0, applied.err
    requests = applied.json["requests"]
    assert requests["planned"] == requests["sent"]
    now = _features(program)
    look_is_theirs = bool({"icon", "description"} & by_people.keys())
    assert (now.icon, now.description) == (
        (before.icon, before.description) if look_is_theirs else ("🎯", "The what")
    )
    assert now.title == by_people.get("title", "Specs")
    assert program("plan", "small.yaml", "--exit-code").code == 0


def test_a_plan_notes_an_icon_that_people_changed(program: Program) -> None:
    _features(program, icon="🔥")
    _write_look(program, 2, "title: Features\n    icon: 🎯")
    assert "respected" in program("plan", "small.yaml", "--details").out
    requests = program("apply", "small.yaml", "--yes", "--json").json["requests"]
    assert requests["planned"] == requests["sent"]
    assert _features(program).icon == "🔥"
    assert program("plan", "small.yaml", "--exit-code").code == 0

"""Page templates: made by people, listed by the API, applied a moment after the request."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from notion_pm.cli import main
from notion_pm.emulator import LocalWorkspace, ManualClock

from .conftest import Notion, text

Json = dict[str, Any]
NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def source(notion: Notion) -> str:
    return notion.database()


@pytest.fixture
def bug(workspace: LocalWorkspace, source: str) -> str:
    return workspace.add_template(source, "Bug", "# Steps\n\nSeen @today.", is_default=True)


def new_page(notion: Notion, source: str, template: Json, **body: Any) -> str:
    parent = {"type": "data_source_id", "data_source_id": source}
    return str(notion.post("/pages", parent=parent, template=template, **body)["id"])


def markdown(notion: Notion, page_id: str) -> str:
    return str(notion.get(f"/pages/{page_id}/markdown")["markdown"])


def title(notion: Notion, page_id: str) -> str:
    return "".join(each["plain_text"] for each in notion.values(page_id)["Name"])


def test_templates_are_listed_by_name_and_paged(
    workspace: LocalWorkspace, notion: Notion, source: str
) -> None:
    made = [workspace.add_template(source, name, "") for name in ("Bug", "Idea", "Big bug")]
    path = f"/data_sources/{source}/templates"
    answer = notion.get(path, name="BUG", page_size=1)
    assert answer["templates"] == [{"id": made[0], "name": "Bug", "is_default": False}]
    assert answer["has_more"]
    rest = notion.get(path, name="bug", start_cursor=answer["next_cursor"])
    assert ([each["id"] for each in rest["templates"]], rest["has_more"], rest["next_cursor"]) == (
        [made[2]],
        False,
        None,
    )


def test_a_data_source_has_one_default(
    workspace: LocalWorkspace, notion: Notion, source: str, bug: str
) -> None:
    idea = workspace.add_template(source, "Idea", "", is_default=True)
    listed = notion.get(f"/data_sources/{source}/templates")["templates"]
    assert {each["id"]: each["is_default"] for each in listed} == {bug: False, idea: True}


@pytest.mark.usefixtures("bug")
def test_a_page_is_blank_until_its_template_is_applied(
    notion: Notion, source: str, clock: ManualClock
) -> None:
    page_id = new_page(notion, source, {"type": "default"})
    assert (markdown(notion, page_id), title(notion, page_id)) == ("", "")
    clock.advance(seconds=1)
    assert markdown(notion, page_id).splitlines() == [
        "# Steps",
        'Seen <mention-date start="2026-07-01"/>.',
    ]
    assert title(notion, page_id) == "Bug"


def test_the_request_overrides_the_template(
    notion: Notion, source: str, bug: str, clock: ManualClock
) -> None:
    template = {"type": "template_id", "template_id": bug, "timezone": "Pacific/Kiritimati"}
    clock.advance(hours=3)  # noon in London, the day after on Kiritimati
    page_id = new_page(notion, source, template, properties={"Name": {"title": text("Crash")}})
    clock.advance(seconds=1)
    assert 'start="2026-07-02"' in markdown(notion, page_id)
    assert title(notion, page_id) == "Crash"


def test_a_template_is_no_row(
    workspace: LocalWorkspace, notion: Notion, source: str, bug: str
) -> None:
    assert notion.post(f"/data_sources/{source}/query")["results"] == []
    assert notion.post("/search", query="Bug")["results"] == []
    assert workspace.counts()["rows"] == 0
    assert notion.refused("GET", f"/pages/{bug}")["status"] == 404


@pytest.mark.parametrize(("erase", "kept"), [(True, []), (False, ["Old"])])
def test_a_page_that_is_there_gets_a_template_too(
    notion: Notion, source: str, bug: str, clock: ManualClock, *, erase: bool, kept: list[str]
) -> None:
    parent = {"data_source_id": source}
    page_id = notion.post("/pages", parent=parent, markdown="Old")["id"]
    notion.patch(
        f"/pages/{page_id}",
        template={"type": "template_id", "template_id": bug},
        erase_content=erase,
    )
    assert markdown(notion, page_id).splitlines() == kept
    clock.advance(seconds=1)
    assert markdown(notion, page_id).splitlines()[:-1] == [*kept, "# Steps"]


@pytest.mark.usefixtures("bug")
def test_a_page_in_the_trash_gets_no_template(
    notion: Notion, source: str, clock: ManualClock
) -> None:
    page_id = new_page(notion, source, {"type": "default"})
    notion.patch(f"/pages/{page_id}", in_trash=True)
    clock.advance(seconds=1)
    notion.patch(f"/pages/{page_id}", in_trash=False)
    assert markdown(notion, page_id) == ""


@pytest.mark.usefixtures("bug")
@pytest.mark.parametrize(
    ("template", "more", "message"),
    [
        ({}, {}, "body.template.type should be"),
        ({"type": "some"}, {}, "body.template.type should be"),
        ({"type": "template_id"}, {}, "body.template.template_id should be defined"),
        (
            {"type": "template_id", "template_id": NOBODY},
            {},
            f"Could not find page with ID: {NOBODY}",
        ),
        (
            {"type": "default", "template_id": NOBODY},
            {},
            "body.template.template_id should be not present",
        ),
        (
            {"type": "default", "timezone": "Mars/Base"},
            {},
            "body.template.timezone should be a valid IANA timezone",
        ),
        ({"type": "default"}, {"children": []}, "body.children should be not present"),
        ({"type": "default"}, {"markdown": "x"}, "body.markdown should be not present"),
    ],
)
def test_wrong_templates_are_refused(
    notion: Notion, source: str, template: Json, more: Json, message: str
) -> None:
    body = {"parent": {"data_source_id": source}, "template": template, **more}
    assert message in notion.refused("POST", "/pages", **body)["message"]
    assert notion.post(f"/data_sources/{source}/query")["results"] == []


def test_the_kind_none_is_only_for_new_pages(notion: Notion, source: str) -> None:
    page_id = new_page(notion, source, {"type": "none"}, markdown="Mine")
    assert markdown(notion, page_id) == "Mine"
    assert (
        "body.template.type"
        in notion.refused("PATCH", f"/pages/{page_id}", template={"type": "none"})["message"]
    )
    error = notion.refused("PATCH", f"/pages/{page_id}", template={"type": "default"})
    assert error["message"] == "This data source has no default template."


def test_the_command_makes_one(
    workspace: LocalWorkspace, notion: Notion, source: str, tmp_path: Path
) -> None:
    body = tmp_path / "bug.md"
    body.write_text("# Steps\n")
    arguments = ["local", "template", str(workspace.path), "--data-source", source, "--name", "Bug"]
    done = CliRunner().invoke(main, [*arguments, "--markdown", str(body), "--default"])
    assert done.exit_code == 0, done.output
    listed = notion.get(f"/data_sources/{source}/templates")["templates"]
    assert listed == [{"id": done.output.strip(), "name": "Bug", "is_default": True}]

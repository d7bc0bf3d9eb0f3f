"""The shipped templates, applied to an empty local workspace."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from notion_pm.cli import main
from notion_pm.emulator import LocalWorkspace
from notion_pm.model.schema import OptionsConfig
from tests.support.notion_clients import notion_client_for
from tests.support.provisioned import apply_to, plan_for
from tests.support.template_worlds import load

_NAME = {"type": "title", "title": "Name"}


def run(*arguments: str) -> Any:
    result = CliRunner().invoke(main, ["--local", "w.sqlite", *arguments, "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.parametrize(
    ("template", "requests", "databases"),  # requests: at most
    [("okrs", 63, 5), ("discovery", 74, 6), ("full", 96, 9)],
)
def test_applying_a_shipped_template_again_changes_nothing(
    template: str, requests: int, databases: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NOTION_PM_STATE", str(tmp_path / "state"))
    planned = run("plan", template, "--no-rows")
    assert planned["notes"] == []
    assert {each["class"] for each in planned["changes"]} == {"safe"}
    applied = run("apply", template, "--no-rows", "--yes")
    assert applied["requests"] == {"planned": planned["requests"], "sent": planned["requests"]}
    assert planned["requests"] <= requests
    again = run("plan", template)
    dashboards = 1  # Notion lists widgets nowhere but on their dashboard
    assert (again["changes"], again["notes"], again["requests"]) == (
        [],
        [],
        2 + 2 * databases + dashboards,
    )


def test_sync_of_the_full_template_converges_on_its_starter_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NOTION_PM_STATE", str(tmp_path / "state"))
    applied = run("apply", "full", "--yes")
    assert applied["requests"]["planned"] == applied["requests"]["sent"]
    first = run("sync")
    assert (first["conflicts"], first["notes"]) == ([], [])
    assert {each["address"] for each in first["updates"]} >= {
        "customers.open_asks",
        "objectives.progress",
        "vision.health",
    }
    assert run("sync")["updates"] == []
    assert run("plan", "full")["changes"] == []


def test_rows_add_the_options_of_an_open_property(workspace: LocalWorkspace) -> None:
    listed = [{"key": "pm", "name": "PM"}]
    loaded = load(
        {
            "databases": {
                "notes": {
                    "title": "Notes",
                    "properties": {
                        "name": _NAME,
                        "tags": {"type": "multi_select", "title": "Tags", "open": True},
                        "from": {
                            "type": "select",
                            "title": "From",
                            "options": listed,
                            "open": True,
                        },
                    },
                }
            }
        },
        {
            "notes": [
                {"key": "a", "name": "A", "tags": "csv;api", "from": "Sales"},
                {"key": "b", "name": "B", "from": "pm"},
            ]
        },
    )
    notion, transport = notion_client_for(workspace)
    result = apply_to(notion, workspace, loaded)
    assert result.planned == result.sent == len(transport.seen)
    assert result.manifest is not None
    entry = result.manifest.databases["notes"]
    source = notion.get_data_source(entry.data_source_id)
    assert _names(source.properties[entry.properties["tags"]].config) == {"csv", "api"}
    assert _names(source.properties[entry.properties["from"]].config) == {"PM", "Sales"}
    again = plan_for(notion, workspace, loaded)
    assert (again.changes, again.notes) == ((), ())
    notion.close()


def _names(config: object) -> set[str]:
    assert isinstance(config, OptionsConfig)
    return {each.name for each in config.options}


def test_a_client_is_upgraded_to_the_next_version(workspace: LocalWorkspace) -> None:
    """Version 2 renames a key and a title, and adds an option, property, view and database."""
    status = {"type": "status", "title": "Status", "options": [{"key": "idea", "name": "Idea"}]}
    first = load(
        {
            "databases": {
                "features": {"title": "Features", "properties": {"name": _NAME, "status": status}}
            }
        }
    )
    stage = {
        **status,
        "title": "Stage",
        "was": "status",
        "options": [*status["options"], {"key": "shipped", "name": "Shipped", "group": "complete"}],
    }
    properties = {
        "name": _NAME,
        "stage": stage,
        "notes": {"type": "relation", "title": "Notes", "to": "notes"},
    }
    views = {"board": {"title": "Board", "type": "board", "group_by": "stage"}}
    second = load(
        {
            "version": 2,
            "databases": {
                "features": {"title": "Features", "properties": properties, "views": views},
                "notes": {"title": "Notes", "properties": {"name": _NAME}},
            },
        }
    )
    notion, _ = notion_client_for(workspace)
    made = apply_to(notion, workspace, first).manifest
    assert made is not None
    plan = plan_for(notion, workspace, second)
    assert {each.change_class for each in plan.changes} == {"safe"}
    result = apply_to(notion, workspace, second)
    assert result.planned == result.sent
    assert result.manifest is not None
    entry = result.manifest.databases["features"]
    assert result.manifest.version == 2
    assert entry.properties["stage"] == made.databases["features"].properties["status"], (
        "the same property, renamed"
    )
    source = notion.get_data_source(entry.data_source_id)
    found = source.properties[entry.properties["stage"]]
    assert (found.name, _names(found.config)) == ("Stage", {"Idea", "Shipped"})
    assert plan_for(notion, workspace, second).changes == ()
    notion.close()

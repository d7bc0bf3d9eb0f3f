"""The first sync after an apply knows what apply wrote."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from notion_pm.cli import main
from notion_pm.emulator import open_workspace
from notion_pm.model.page import OptionValue, PropertyValue
from notion_pm.workspace.record import read_manifest
from tests.support.notion_clients import notion_client_for


def run(*arguments: str) -> str:
    result = CliRunner().invoke(main, ["--local", "w.sqlite", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_feature_that_ships_before_the_first_sync_has_entered_shipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NOTION_PM_STATE", str(tmp_path / "state"))
    run("apply", "product", "--yes")
    ship(tmp_path / "w.sqlite", "rate-budget")
    today = datetime.now(UTC).date()
    first = json.loads(run("sync", "--json"))
    assert first["conflicts"] == []
    stamped = [
        (each["rule"], each["to"])
        for each in first["updates"]
        if each["address"] == "features.shipped_on"
    ]
    assert [rule for rule, _ in stamped] == ["F5-ship-date"]
    assert abs((datetime.fromisoformat(stamped[0][1]).date() - today).days) <= 1
    assert {each["to"] for each in first["updates"] if each["address"] == "insights.status"} == {
        "Shipped"
    }
    second = json.loads(run("sync", "--json"))
    assert (second["updates"], second["conflicts"]) == ([], [])


def ship(file: Path, row: str) -> None:
    workspace = open_workspace(file)
    notion, _ = notion_client_for(workspace)
    _, manifest = read_manifest(notion, workspace.root_page_id)
    entry = manifest.databases["features"]
    shipped = OptionValue(entry.options["status.shipped"], "")
    notion.update_page(
        entry.rows[row], [PropertyValue(entry.properties["status"], "status", shipped)]
    )
    notion.close()
    workspace.close()

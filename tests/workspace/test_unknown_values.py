"""Values that Notion did not compute, and types that came after this was written: unknown, never
written as JSON.
"""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from notion_pm.emulator import LocalWorkspace
from notion_pm.emulator.behaviour import Behaviour
from notion_pm.emulator.faults import Faults
from tests.support.program import Program

_TEMPLATE = """\
template: small
version: 1
title: Small
databases:
  features:
    title: Features
    properties:
      name: {type: title, title: Name}
      needs: {type: relation, title: Needs, to: features}
      count: {type: rollup, title: Count, relation: needs, property: name, function: count}
      twice: {type: formula, title: Twice, expression: '1 + 1'}
      ready: {type: checkbox, title: Ready}
      free: {type: checkbox, title: Free}
"""


@pytest.fixture
def client(program: Program, workspace: LocalWorkspace, api: httpx.Client, url: str) -> Program:
    """The program with a small template, applied, and one feature."""
    (program.folder / "small.yaml").write_text(_TEMPLATE, encoding="utf-8")
    program.environment |= {
        "NOTION_TOKEN": workspace.token,
        "NOTION_PM_BASE_URL": url,
        "NOTION_PM_PARENT_PAGE": workspace.root_page_id,
    }
    assert program("apply", "small.yaml", "--yes").code == 0
    parent = {"type": "data_source_id", "data_source_id": _source(api)}
    api.post(
        "pages",
        json={
            "parent": parent,
            "properties": {"Name": {"title": [{"text": {"content": "Wings"}}]}},
        },
    )
    return program


def _source(api: httpx.Client) -> str:
    found = api.post(
        "search", json={"filter": {"property": "object", "value": "data_source"}}
    ).json()["results"]
    return str(found[0]["id"])


def test_no_export_shows_json_of_unknown_values(client: Program, workspace: LocalWorkspace) -> None:
    places = {"features.csv": "incomplete", "features.json": "unsupported", "specs/": "unsupported"}
    for place, computed in {**places, "features.html": "incomplete"}.items():
        behaviour = Behaviour.model_validate(
            {"computed_values": computed, "new_property_type": True}
        )
        workspace.faults.change(Faults(behaviour=behaviour))
        done = client("export", "features", "-o", place)
        assert done.code == 0, done
        for name in ("Sparkline", "Count", "Twice"):
            assert done.err.count(f"'{name}' is unknown on some pages") == 1, done
        text = _texts(client.folder / place)
        assert "Wings" in text
        assert computed not in text
        assert "points" not in text


def _texts(place: Path) -> str:
    files = (
        [place] if place.is_file() else sorted(each for each in place.rglob("*") if each.is_file())
    )
    return "".join(each.read_text(encoding="utf-8-sig") for each in files)


def test_properties_of_new_types_are_left_alone(client: Program, workspace: LocalWorkspace) -> None:
    workspace.faults.change(Faults(behaviour=Behaviour(new_property_type=True)))
    (client.folder / "rows.csv").write_text("Name,Sparkline\nHorns,1\n")
    imported = client("import", "rows.csv", "--into", "features", "--map", "ours.yaml", "--yes")
    assert imported.code == 0, imported
    assert client("import", "rows.csv", "--map", "ours.yaml", "--yes").code == 0
    assert client("capture", "-o", "captured.yaml").code == 0
    assert client("plan", "small.yaml", "--exit-code").code == 0

"""Differences between two templates, and the pages that are generated from the models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from hypothesis import given, settings

from notion_pm.cli import main
from notion_pm.model.template import LoadedTemplate, Template
from notion_pm.template.json_schema import template_schema
from notion_pm.template.template_diff import template_diff
from tests.support.template_worlds import load, templates

_ROOT = Path(__file__).resolve().parents[2]
_NAME = {"type": "title", "title": "Name"}


def _features(**properties: Any) -> LoadedTemplate:
    return load(
        {
            "databases": {
                "features": {"title": "Features", "properties": {"name": _NAME, **properties}}
            }
        }
    )


def _status(*keys: str) -> dict[str, Any]:
    return {
        "type": "status",
        "title": "Status",
        "options": [{"key": each, "name": each.title()} for each in keys],
    }


@settings(max_examples=30, deadline=None)
@given(templates())
def test_a_template_does_not_differ_from_itself(loaded: LoadedTemplate) -> None:
    assert template_diff(loaded, loaded) == ()


def test_each_difference_is_listed_once_by_its_address() -> None:
    size = {"type": "number", "title": "Size"}
    before = _features(status=_status("idea", "done"), size=size)
    after = _features(
        status=_status("idea", "spec", "done"),
        tags=_status("a", "b"),
        size={**size, "title": "Weeks"},
    )
    found = [
        (each.address, each.action, dict(each.details)) for each in template_diff(before, after)
    ]
    assert found == [
        ("features.size", "changed", {"title": ("Size", "Weeks")}),
        ("features.status", "changed", {"order": (["idea", "done"], ["idea", "spec", "done"])}),
        ("features.status.spec", "added", {}),
        ("features.tags", "added", {}),
    ]


def test_a_renamed_key_is_the_same_property() -> None:
    before = _features(size={"type": "number", "title": "Size"}, status=_status("idea"))
    after = _features(
        effort={"type": "number", "title": "Size", "was": "size"},
        state={**_status("idea"), "was": "status"},
    )
    assert template_diff(before, after) == ()


def test_parts_of_an_added_database_are_not_listed() -> None:
    (one,) = template_diff(load({"databases": {}}), _features(status=_status("idea")))
    assert (one.address, one.action) == ("features", "added")


def run(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(main, ["templates", *arguments])
    assert result.exit_code == code, result.output
    return result.stdout


def test_the_command_counts_and_can_exit_with_2() -> None:
    assert run("diff", "product", "product", "--exit-code") == "No differences.\n"
    shown = run("diff", "discovery", "full", "--exit-code", code=2)
    assert "+ releases\n" in shown
    assert "+ features.release\n" in shown
    assert "+ sync.R1-scope\n" in shown
    data = json.loads(run("diff", "discovery", "full", "--json"))
    assert {"address": "releases", "action": "added"} in data


def test_a_template_has_its_own_page() -> None:
    page = run("docs", "full")
    assert page.startswith("# Full product workspace\n")
    assert "| `release` | Release | relation to Releases |" in page
    assert (
        "| `features` | Features | relation to Feature specs | the other side of features.release |"
        in page
    )
    assert "| R1-scope | stamp | releases.scope | What the release is to bring. |" in page


def test_the_reference_of_the_format_names_every_key() -> None:
    page = run("docs")
    for key in Template.model_json_schema(by_alias=True)["properties"]:
        assert f"| `{key}`" in page
    assert page.strip() in (_ROOT / "docs" / "template-format.md").read_text(encoding="utf-8"), (
        "run `make docs`"
    )


def test_the_published_schema_matches_the_models() -> None:
    published = json.loads((_ROOT / "docs" / "template.schema.json").read_text(encoding="utf-8"))
    assert published == template_schema(), "run `make docs`"

"""No two properties of a database have the same title, not even for a moment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.program import Program

_TEMPLATE = """\
template: small
version: {version}
title: Small
databases:
  features:
    title: Features
    properties:
      name: {{type: title, title: Name}}
{properties}
"""
Properties = Mapping[str, tuple[str, str]]
"""Type and title of each property."""


@pytest.fixture
def local(program: Program) -> Program:
    """The program on a local workspace that records what it is asked."""
    program.environment["NOTION_PM_LOCAL_RECORD"] = str(program.folder / "traffic.jsonl")
    return program


def _template(program: Program, version: int, properties: Properties) -> None:
    lines = [
        f"      {key}: {{type: {kind}, title: {title}}}"
        for key, (kind, title) in properties.items()
    ]
    text = _TEMPLATE.format(version=version, properties="\n".join(lines))
    (program.folder / "small.yaml").write_text(text, encoding="utf-8")


def _run(program: Program, *arguments: str) -> int:
    return program("--local", "w.sqlite", *arguments).code


def _names_at_each_moment(traffic: Path) -> list[list[str]]:
    """Return the names of the properties in each answer that shows a schema."""
    exchanges = [json.loads(line) for line in traffic.read_text(encoding="utf-8").splitlines()]
    answers = [
        each["response"] for each in exchanges if each["response"].get("object") == "data_source"
    ]
    return [[prop["name"] for prop in each["properties"].values()] for each in answers]


def test_a_title_is_given_as_soon_as_it_is_free(local: Program) -> None:
    _template(local, 1, {"effort": ("number", "Effort"), "done": ("checkbox", "Done")})
    assert _run(local, "apply", "small.yaml", "--yes") == 0
    # Effort becomes Size, Done becomes Effort, and a new property is called Done: each name waits
    # for the one before.
    _template(
        local,
        2,
        {"effort": ("number", "Size"), "done": ("checkbox", "Effort"), "flag": ("number", "Done")},
    )
    assert _run(local, "apply", "small.yaml", "--yes") == 0

    planned = local("--local", "w.sqlite", "plan", "small.yaml", "--exit-code")
    assert planned.code == 0
    assert "is called" not in planned.out
    moments = _names_at_each_moment(local.folder / "traffic.jsonl")
    assert sorted(moments[-1]) == ["Done", "Effort", "Name", "Size"]
    sent = [
        json.loads(line)
        for line in (local.folder / "traffic.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    patches = [
        each["request"]["properties"]
        for each in sent
        if each["method"] == "PATCH" and "data_so" in each["path"]
    ]
    assert len(patches) == 3


def test_titles_that_change_places_are_refused_with_an_explanation(local: Program) -> None:
    _template(local, 1, {"effort": ("number", "Effort"), "size": ("number", "Size")})
    assert _run(local, "apply", "small.yaml", "--yes") == 0
    _template(local, 2, {"effort": ("number", "Size"), "size": ("number", "Effort")})

    refused = local("--local", "w.sqlite", "apply", "small.yaml", "--yes")

    assert refused.code == 3, refused
    assert "Give one of these properties a third title first" in refused.err


def test_a_rename_to_a_name_that_people_use_is_refused(local: Program) -> None:
    _template(local, 1, {"effort": ("number", "Effort"), "size": ("number", "Size")})
    assert _run(local, "apply", "small.yaml", "--yes") == 0
    _template(
        local, 2, {"effort": ("number", "Size")}
    )  # Size is left where it is, for it is not pruned

    refused = local("--local", "w.sqlite", "apply", "small.yaml", "--yes")

    assert refused.code == 3, refused
    assert "'Size'" in refused.err
    assert _run(local, "apply", "small.yaml", "--yes", "--prune", "--allow-lossy") == 0
    assert _run(local, "plan", "small.yaml", "--exit-code") == 0

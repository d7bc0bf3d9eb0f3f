"""Plans that are reviewed first and applied later: as a file, by checksum, in a pull request."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent

import pytest

from tests.support.program import Program

_TEMPLATE = """\
    template: small
    version: 1
    title: "{{ client }} space"
    variables:
      client: {prompt: Client name, default: Acme}
    databases:
      features:
        title: "{{ client }} features"
        properties:
          name: {type: title, title: Name}
          size: {type: rich_text, title: Size}
          kind: {type: select, title: Kind, options: [{key: a, name: A}, {key: b, name: B}]}
        views:
          all: {title: All, type: table}
          old: {title: Old, type: list}
        rows: rows.csv
"""


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """The program, in a folder with a small template and a local workspace."""
    (tmp_path / "small.yaml").write_text(dedent(_TEMPLATE), encoding="utf-8")
    (tmp_path / "rows.csv").write_text(
        "key,name,size,kind\na,One,10,a\nb,Two,,b\n", encoding="utf-8"
    )
    return Program(tmp_path, NOTION_PM_LOCAL="w.sqlite")


def _edit(program: Program, old: str, new: str) -> None:
    path = program.folder / "small.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def _make_size_a_checkbox(program: Program) -> None:
    """Change a type so that the one page that holds a text loses it."""
    _edit(program, "size: {type: rich_text, title: Size}", "size: {type: checkbox, title: Size}")
    rows = program.folder / "rows.csv"
    rows.write_text(rows.read_text(encoding="utf-8").replace(",10,", ",,"), encoding="utf-8")


def test_a_plan_file_is_applied_once_and_without_a_question(program: Program) -> None:
    planned = program(
        "plan", "small.yaml", "--set", "client=Globex", "--no-rows", "-o", "plan.json", "--json"
    )
    assert planned.code == 0, planned.err
    written = json.loads((program.folder / "plan.json").read_text(encoding="utf-8"))
    assert written["plan"]["checksum"] == written["checksum"] == planned.json["checksum"]
    applied = program("apply", "plan.json", "--json")
    assert applied.code == 0, applied.err
    assert applied.json["changes"] == planned.json["changes"]
    assert applied.json["requests"] == {
        "planned": planned.json["requests"],
        "sent": planned.json["requests"],
    }
    assert program("plan", "small.yaml", "--exit-code").code == 0
    again = program("apply", "plan.json")
    assert again.code == 3
    assert "The plan is out of date" in again.err
    assert "notion-pm plan small.yaml -o plan.json" in again.err


@pytest.mark.parametrize("moved", ["template", "rows", "workspace"])
def test_a_plan_is_refused_when_its_input_has_changed(program: Program, moved: str) -> None:
    assert program("apply", "small.yaml", "--yes").code == 0
    _edit(program, "title: Size", "title: Effort")
    assert program("plan", "small.yaml", "-o", "plan.json").code == 0
    if moved == "template":
        _edit(program, "title: Effort", "title: Weight")
    elif moved == "rows":
        (program.folder / "rows.csv").write_text(
            "key,name\na,One\nb,Two\nc,Three\n", encoding="utf-8"
        )
    else:
        assert program("apply", "small.yaml", "--yes", "--no-rows").code == 0
    assert program("apply", "plan.json").code == 3


def test_an_edited_plan_file_is_refused(program: Program) -> None:
    assert program("apply", "small.yaml", "--yes").code == 0
    _make_size_a_checkbox(program)
    assert program("plan", "small.yaml", "-o", "plan.json").code == 3
    path = program.folder / "plan.json"
    written = json.loads(path.read_text(encoding="utf-8"))
    edits = {
        "permission": written | {"allow_lossy": True},
        "both permissions": written | {"allow_lossy": True, "force": True},
        "what is shown": written | {"plan": written["plan"] | {"notes": [], "changes": []}},
        "no seal": {
            key: value for key, value in (written | {"allow_lossy": True}).items() if key != "seal"
        },
    }
    for what, edited in edits.items():
        path.write_text(json.dumps(edited), encoding="utf-8")
        refused = program(
            "apply", "plan.json", "--allow-lossy" if what == "what is shown" else "--yes"
        )
        assert refused.code == 3, what
        assert "The plan file was edited" in refused.err, what
    path.write_text(json.dumps(written, indent=7), encoding="utf-8")
    allowed = program("apply", "plan.json", "--allow-lossy")
    assert allowed.code == 0, "the same file, only laid out differently: " + allowed.err


def test_a_plan_can_be_applied_by_its_checksum(program: Program) -> None:
    checksum = program("plan", "small.yaml", "--json").json["checksum"]
    assert program("apply", "small.yaml", "--checksum", "0" * 64).code == 3
    assert program("apply", "small.yaml", "--checksum", checksum).code == 0
    assert program("plan", "small.yaml", "--exit-code").code == 0


def test_a_file_that_is_not_a_plan_is_refused(program: Program) -> None:
    (program.folder / "other.json").write_text("{}", encoding="utf-8")
    refused = program("apply", "other.json")
    assert refused.code == 1
    assert "other.json is not a plan" in refused.err
    missing = program("apply", "missing.json")
    assert (missing.code, "Traceback" in missing.err) == (1, False)
    unwritable = program("plan", "small.yaml", "-o", "no/such/folder/plan.json")
    assert (unwritable.code, "Traceback" in unwritable.err) == (1, False)


def test_a_plan_for_a_pull_request(program: Program) -> None:
    fresh = program("plan", "small.yaml", "--format", "markdown").out
    assert (
        "| create | `features` | safe |  | new in the template: Acme features; with 3 properties"
        in fresh
    )
    assert program("apply", "small.yaml", "--yes").code == 0
    _edit(
        program,
        "      kind: {type: select, title: Kind, options: [{key: a, name: A}, {key: b, name: "
        "B}]}\n",
        "",
    )
    (program.folder / "rows.csv").write_text("key,name\na,One\nb,Two\n", encoding="utf-8")
    pruned = program(
        "plan", "small.yaml", "--prune", "--allow-lossy", "--format", "markdown"
    ).out.splitlines()
    assert (
        "| delete | `features.kind` | lossy | 2 | is no longer in the template: Kind (select) |"
        in pruned
    )
    assert pruned.index("**Review these:**") > pruned.index("|---|---|---|---:|---|")
    assert pruned[-1].startswith("Checksum: `")


def test_a_lossy_change_is_marked_explained_and_counted(program: Program) -> None:
    assert program("apply", "small.yaml", "--yes").code == 0
    _make_size_a_checkbox(program)
    planned = program("plan", "small.yaml")
    assert planned.code == 3
    lines = [line.strip() for line in planned.out.splitlines()]
    (dangerous,) = (line for line in lines if line.endswith("lossy, 1 page"))
    assert dangerous.startswith("~ Size: type rich_text -> checkbox ")
    explanation = lines[lines.index(dangerous) + 1]
    assert explanation == "Notion unticks every page, whatever its value."
    assert lines[-3:-1] == ["1 property to update.", "Of these: 1 lossy."]
    assert any(line.startswith("lossy ") and "--allow-lossy" in line for line in lines)
    assert "--allow-lossy" in planned.err
    refused = program("apply", "small.yaml", "--yes")
    assert refused.code == 3
    assert program("plan", "small.yaml", "--allow-lossy", "-o", "plan.json").code == 0
    applied = program("apply", "plan.json")
    assert applied.code == 0
    assert "plan.json was made with --allow-lossy" in applied.err
    assert program("plan", "small.yaml", "--exit-code").code == 0

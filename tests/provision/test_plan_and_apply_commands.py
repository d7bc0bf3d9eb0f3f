"""`plan`, `apply` and `templates` as a consultant and a scheduled job use them."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from notion_pm.state.lock import hold_run_lock
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
          status: {type: status, title: Status, options: [{key: open, name: Open}, {key: done, name: Done}]}
        views:
          all: {title: All, type: table, show: [name, status]}
        rows: rows.csv
"""


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """The program, in a folder with a small template and a local workspace."""
    (tmp_path / "small.yaml").write_text(dedent(_TEMPLATE), encoding="utf-8")
    (tmp_path / "rows.csv").write_text("key,name,status\na,A,open\nb,B,done\n", encoding="utf-8")
    return Program(tmp_path, NOTION_PM_LOCAL="w.sqlite")


def test_a_plan_shows_new_databases_in_one_line_and_the_counts_last(program: Program) -> None:
    done = program("plan", "small.yaml")
    assert done.code == 0, done.err
    assert [line.rstrip() for line in done.out.splitlines()] == [
        'Plan for "w.sqlite" (template small, version 1)',
        "",
        "  + Acme features: new database with 2 properties, 1 view and 2 rows",
        "",
        "1 database, 2 properties, 1 view and 2 rows to create.",
        "21 requests, about 1 minute at Notion's 180 a minute.",
    ]


def test_details_have_a_line_for_everything(program: Program) -> None:
    lines = [line.strip() for line in program("plan", "small.yaml", "--details").out.splitlines()]
    status, row = lines.index("+ Status: new property (status)"), lines.index("+ B: starter row")
    assert lines[status + 1] == "features.status: new in the template"
    assert lines[row + 1] == "features.rows.b: starter row"


def test_a_job_plans_applies_and_watches_for_drift(program: Program) -> None:
    planned = program("plan", "small.yaml", "--json", "--exit-code")
    assert planned.code == 2
    assert {"changes", "requests", "checksum"} <= planned.json.keys()
    assert {"address", "action", "class", "reason"} <= planned.json["changes"][0].keys()
    applied = program("apply", "small.yaml", "--yes", "--json")
    assert applied.code == 0, applied.err
    assert applied.json["changes"] == planned.json["changes"]
    assert applied.json["requests"] == {
        "planned": planned.json["requests"],
        "sent": planned.json["requests"],
    }
    assert program("plan", "small.yaml", "--exit-code").code == 0
    again = program("apply", "small.yaml", "--yes", "--json").json
    assert (again["changes"], again["requests"]) == ([], {"planned": 4, "sent": 4})


def test_apply_ends_with_where_to_look_and_the_next_step(program: Program) -> None:
    first = program("apply", "small.yaml", "--yes").out
    assert "Done and verified (21 requests, as planned)." in first
    assert "See it in a browser:  notion-pm local serve " in first
    assert first.rstrip().splitlines()[-1].startswith("Next:  notion-pm import FILE")
    changed = program("--local", "w.sqlite", "apply", "small.yaml", "--yes", "--set", "client=Big")
    assert "Next:  notion-pm --local w.sqlite sync" in changed.out
    unchanged = program("apply", "small.yaml", "--yes").out
    assert "Done" not in unchanged and "Next:" not in unchanged


def test_apply_without_a_terminal_changes_nothing(program: Program) -> None:
    refused = program("apply", "small.yaml")
    assert refused.code == 1
    assert "Confirmation needed for 6 changes, but there is no terminal." in refused.err
    assert "apply --yes" in refused.err
    assert program("plan", "small.yaml", "--exit-code").code == 2


def test_variables_are_remembered_in_the_workspace(program: Program) -> None:
    assert program("apply", "small.yaml", "--yes", "--set", "client=Globex").code == 0
    assert program("plan", "small.yaml", "--exit-code").code == 0
    changed = program("plan", "small.yaml", "--set", "client=Initech", "--json").json
    assert [each["address"] for each in changed["changes"]] == ["features", "manifest"]
    wrong = program("plan", "small.yaml", "--set", "client")
    assert wrong.code == 1
    assert "'client' is not of the form NAME=VALUE" in wrong.err


def test_a_variable_without_default_is_asked_for_once(program: Program, tmp_path: Path) -> None:
    text = dedent(_TEMPLATE).replace(", default: Acme", "")
    (tmp_path / "small.yaml").write_text(text, encoding="utf-8")
    missing = program("apply", "small.yaml", "--yes")
    assert missing.code == 1
    assert "the variable `client` has no value. Set it with --set client=VALUE" in missing.err
    assert program("apply", "small.yaml", "--yes", "--set", "client=Globex").code == 0
    assert program("plan", "small.yaml", "--exit-code").code == 0


def test_unsafe_changes_stop_plan_and_apply_with_their_exit_code(
    program: Program, tmp_path: Path
) -> None:
    assert program("apply", "small.yaml", "--yes").code == 0
    text = dedent(_TEMPLATE).replace(
        "type: status, title: Status, options: [{key: open, name: Open}, {key: done, name: Done}]",
        "type: files, title: Status",
    )
    (tmp_path / "small.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "rows.csv").write_text("key,name\na,A\nb,B\n", encoding="utf-8")
    for command in (("plan", "small.yaml"), ("apply", "small.yaml", "--yes")):
        stopped = program(*command)
        assert stopped.code == 3
        assert (
            "1 change cannot be made:\n  features.status: is status, the template wants files"
            in stopped.err
        )
        assert "Traceback" not in stopped.err


def test_a_broken_template_is_reported_with_its_lines(program: Program, tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(
        dedent(_TEMPLATE).replace("title: Name", "titel: Name"), encoding="utf-8"
    )
    validated = program("templates", "validate", "small.yaml", "product")
    assert validated.code == 1
    assert "small.yaml:10: unknown key `titel`. Did you mean `title`?" in validated.out
    assert "product is valid." in validated.out
    as_data = program("templates", "validate", "small.yaml", "--json").json
    assert as_data["valid"] is False
    assert {"file", "line", "message", "advice"} == as_data["problems"][0].keys()
    planned = program("plan", "small.yaml")
    assert planned.code == 1
    assert "small.yaml has 2 problems" in planned.err


def test_shipped_templates_are_listed_and_shown(program: Program) -> None:
    assert "product      Product workspace: " in program("templates", "list").out
    assert "product" in [each["template"] for each in program("templates", "list", "--json").json]
    shown = program("templates", "show", "product")
    assert "🧩 Feature specs (features), 30 starter rows" in shown.out
    assert program("templates", "show", "product", "--json").json["starter_rows"]["insights"] == 248


def test_the_schema_is_json_schema_for_editors(program: Program) -> None:
    schema = program("templates", "schema").json
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert "databases" in schema["then"]["properties"] | schema.get("properties", {})


def test_an_unknown_template_names_the_nearest(program: Program) -> None:
    done = program("plan", "prodct")
    assert done.code == 1
    assert "Did you mean `product`?" in done.err


def test_two_applies_never_overlap(program: Program) -> None:
    program("apply", "small.yaml")  # nobody says yes, but the folder of the workspace is made
    (folder,) = (each for each in (program.folder / "state").iterdir() if each.is_dir())
    with hold_run_lock(folder):
        refused = program("apply", "small.yaml", "--yes")
    assert refused.code == 5
    assert "Another sync or apply of this workspace is running." in refused.err
    assert program("apply", "small.yaml", "--yes").code == 0

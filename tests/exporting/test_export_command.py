"""The command `notion-pm export` on a workspace with the product template."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import httpx
import pytest
from click.testing import CliRunner, Result
from openpyxl import load_workbook

from notion_pm.cli import main
from notion_pm.emulator import open_workspace
from notion_pm.model.schema import PropertyPatch
from notion_pm.workspace.record import read_manifest
from tests.support.notion_clients import notion_client_for

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A local workspace with the product template and its starter rows; tests only read it."""
    file = tmp_path_factory.mktemp("applied") / "workspace.sqlite"
    done = CliRunner().invoke(main, ["--local", str(file), "apply", "product", "--yes"])
    assert done.exit_code == 0, done.output
    return file


@pytest.fixture
def run(applied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `notion-pm export` in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(
        main, ["--local", str(applied), "export", *arguments]
    )


def rows_of(path: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(Path(path).read_bytes().decode(), newline="")))


def test_a_database_by_key_or_by_title(run: Run) -> None:
    by_key, by_title = run("features", "-o", "a.csv"), run("Feature specs", "-o", "b.csv")
    assert by_key.output == "a.csv: features (30 rows)\n"
    assert by_title.exit_code == 0
    assert Path("a.csv").read_text() == Path("b.csv").read_text()
    found = rows_of("a.csv")
    assert list(found[0])[:3] == ["Feature", "ID", "Problem"]
    assert len(found) == 30
    assert all(
        len(each["Insights"].split("; ")) == len(each["Insights (id)"].split("; "))
        for each in found
    )


def test_json_lists_the_files_and_the_number_of_requests(run: Run) -> None:
    found = json.loads(run("features", "-o", "features.json", "--json").stdout)
    assert found["files"] == [
        {"path": "features.json", "database": "features", "rows": 30, "format": "json"}
    ]
    # children of the parent, the manifest, the schema; a query of features, three of insights, one
    # of vision
    assert found["requests"] == 8
    (first, *_) = json.loads(Path("features.json").read_text())
    assert {"id", "title"} == set(first["properties"]["Insights"][0])


def test_properties_and_databases_of_people_are_exported(applied: Path, tmp_path: Path) -> None:
    file = tmp_path / "workspace.sqlite"
    for each in applied.parent.glob("workspace.sqlite*"):
        shutil.copy(each, tmp_path / each.name)
    workspace = open_workspace(file)
    notion, _ = notion_client_for(workspace)
    _, manifest = read_manifest(notion, workspace.root_page_id)
    notion.close()
    people = httpx.Client(
        transport=httpx.WSGITransport(app=workspace.app),
        base_url="http://notion.test/v1/",
        headers={"Authorization": f"Bearer {workspace.token}", "Notion-Version": "2026-03-11"},
    )
    with people:
        parent = {"type": "database_id", "database_id": manifest.databases["vision"].database_id}
        title = [{"type": "text", "text": {"content": "Old visions"}}]
        body = {"parent": parent, "title": title, "properties": {"Name": {"title": {}}}}
        assert people.post("data_sources", json=body).status_code == 200
        gone = manifest.databases["insights"].database_id
        assert people.patch(f"databases/{gone}", json={"in_trash": True}).status_code == 200
    workspace.close()
    done = CliRunner().invoke(
        main, ["--local", str(file), "export", "-o", str(tmp_path / "all.xlsx")]
    )
    assert "vision (13 rows), Old visions (0 rows), " in done.stdout
    assert "Note: Customer insights is in the trash." in done.stderr


def test_all_databases_are_one_workbook_by_default(run: Run) -> None:
    done = run()
    assert (
        done.output == "product.xlsx: vision (13 rows), insights (248 rows), features (30 rows)\n"
    )
    book = load_workbook("product.xlsx")
    assert book.sheetnames == ["Vision", "Customer insights", "Feature specs", "Data dictionary"]
    assert book["Customer insights"].max_row == 249
    formulas = [
        cell
        for sheet in book
        for line in sheet.iter_rows()
        for cell in line
        if cell.data_type == "f"
    ]
    assert formulas == []


def test_all_databases_as_csv_are_a_file_each(run: Run) -> None:
    run("-o", "data/", "--format", "csv")
    assert {each.name for each in Path("data").iterdir()} == {
        "vision.csv",
        "insights.csv",
        "features.csv",
    }


def test_links_in_markdown_of_all_databases_work(run: Run) -> None:
    assert run("--format", "markdown", "-o", "all/").exit_code == 0
    files = list(Path("all").rglob("*.md"))
    assert len(files) == 291 + 3
    links = [
        (each, unquote(target))
        for each in files
        for target in re.findall(r"\]\(([^)]+\.md)\)", each.read_text())
    ]
    assert len(links) > 500
    assert [target for each, target in links if not (each.parent / target).exists()] == []


@pytest.mark.parametrize("name", ["url", "id"])
def test_one_spec_by_link_with_its_body(run: Run, name: str) -> None:
    run("features", "-o", "features.csv")
    page = rows_of("features.csv")[0]
    run(page["Page URL" if name == "url" else "Page id"], "-o", "spec.md")
    document = Path("spec.md").read_text()
    assert f"\n# {page['Feature']}\n\n## Problem\n\n{page['Problem']}\n" in document
    assert (
        document.index("\nStatus:") < document.index("\nPriority:") < document.index("\nReach:")
    )  # the template's order


def test_a_named_export_has_its_own_columns_rows_order_and_format(run: Run) -> None:
    assert run("roadmap").output.startswith("roadmap.xlsx: roadmap (")
    lines = list(load_workbook("roadmap.xlsx")["roadmap"].iter_rows(values_only=True))
    assert lines[0][:3] == ("Feature", "Status", "Priority")
    assert [line[2] for line in lines[1:]] == sorted(str(line[2]) for line in lines[1:])
    assert {line[1] for line in lines[1:]}.isdisjoint({"Shipped", "Measured", "Parked", "Dropped"})


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("status=spec,idea", lambda row: row["Status"] in {"Spec", "Idea"}),
        ("Status!=Spec,Idea", lambda row: row["Status"] not in {"Spec", "Idea"}),
        ("reach>=8", lambda row: float(row["Reach"]) >= 8),
        ("target=", lambda row: row["Target"] == ""),
        ("target!=", lambda row: row["Target"] != ""),
        ("name~import", lambda row: "import" in row["Feature"].lower()),
        ("name!~import", lambda row: "import" not in row["Feature"].lower()),
        ("vision~evidence", lambda row: "evidence" in row["Vision"].lower()),
        ("vision=", lambda row: row["Vision"] == ""),
        ("insights_live>5", lambda row: float(row["Insights (live)"]) > 5),
        ("last_heard>=2026-08-01", lambda row: row["Last heard"] >= "2026-08-01"),
        ("rice_live>4", lambda row: float(row["RICE (live)"]) > 4),
        ("spec_ready=no", lambda row: row["Spec ready"] == "false"),
        ("owner=", lambda row: row["Owner"] == ""),
    ],
)
def test_rows_that_satisfy_a_condition(
    run: Run, condition: str, holds: Callable[[dict[str, str]], bool]
) -> None:
    assert run("features", "-o", "all.csv").exit_code == 0
    done = run("features", "--where", condition, "-o", "some.csv")
    assert done.exit_code == 0, done.output
    assert rows_of("some.csv") == [each for each in rows_of("all.csv") if holds(each)]


def test_notion_evaluates_conditions_so_that_fewer_pages_are_read(run: Run) -> None:
    every = json.loads(run("insights", "--columns", "name", "-o", "a.csv", "--json").stdout)[
        "requests"
    ]
    some = json.loads(
        run("insights", "--columns", "name", "-o", "b.csv", "--where", "name~sso", "--json").stdout
    )
    assert some["requests"] == every - 2  # one page of results instead of three


def test_rows_in_the_requested_order(run: Run) -> None:
    run("features", "--sort", "-reach,Feature", "--columns", "name", "-o", "names.csv")
    run("features", "-o", "all.csv")
    expected = sorted(
        rows_of("all.csv"), key=lambda row: (-float(row["Reach"]), row["Feature"].casefold())
    )
    assert [each["Feature"] for each in rows_of("names.csv")] == [
        each["Feature"] for each in expected
    ]


def test_rows_edited_since_a_date(run: Run) -> None:
    assert (
        run("features", "--since", "today", "-o", "a.csv").output == "a.csv: features (30 rows)\n"
    )
    done = run("features", "--since", "2100-01-01T10:00", "-o", "b.csv")
    assert (done.exit_code, Path("b.csv").exists()) == (1, False)
    assert "in the future" in done.stderr


def test_row_options_are_refused_for_one_page(run: Run) -> None:
    run("features", "-o", "features.csv")
    done = run(rows_of("features.csv")[0]["Page id"], "--where", "status=idea")
    assert "is a page, not a database" in done.stderr


def test_columns_and_headers_by_key(run: Run) -> None:
    run(
        "features",
        "-o",
        "out.csv",
        "--columns",
        "status,name",
        "--columns",
        "Reach",
        "--headers",
        "keys",
    )
    assert list(rows_of("out.csv")[0]) == ["status", "name", "reach", "Page id", "Page URL"]


def test_a_pipe_contains_only_the_data(run: Run) -> None:
    done = run("vision", "-o", "-", "--format", "jsonl")
    assert len([json.loads(line) for line in done.stdout.splitlines()]) == 13


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["feetures"], "Did you mean `features`?"),
        (["features", "--columns", "statsu"], "Did you mean `status`?"),
        (["-o", "all.csv"], "Choose a folder (-o data/)"),
        (["features", "-o", "features.pdf"], "Unknown file extension '.pdf'."),
        (["features", "-o", "-", "--json"], "cannot both go to stdout"),
        (["features", "--where", "status"], "is not a condition"),
        (["features", "--where", "reach>"], "has no value to compare with"),
        (["features", "--where", "status=shiped"], "Did you mean `Shipped`?"),
        (["features", "--where", "statsu=idea"], "Did you mean `status`?"),
        (
            ["features", "--where", "reach>many"],
            "Reach is a number and cannot be compared with 'many'",
        ),
        (
            ["features", "--where", "target<soon"],
            "Target is a date and cannot be compared with 'soon'",
        ),
        (["features", "--where", "name>a"], "is a title and cannot be compared with >"),
        (["features", "--where", "spec_ready=maybe"], "neither yes nor no"),
        (["features", "--where", "insights=No such words"], "no page matches"),
        (["features", "--where", "insights>3"], "related pages cannot be compared by size"),
        (["features", "--sort", "reach:down"], "is not an order"),
        (["features", "--since", "lately"], "is not a date"),
    ],
)
def test_mistakes_get_advice(run: Run, tmp_path: Path, arguments: list[str], message: str) -> None:
    done = run(*arguments)
    assert done.exit_code == 1
    assert message in done.stderr
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_keys_still_work_after_people_rename_databases(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = CliRunner().invoke
    assert (
        run(main, ["--local", "ws.sqlite", "apply", "product", "--yes", "--no-rows"]).exit_code == 0
    )
    workspace = open_workspace(tmp_path / "ws.sqlite")
    notion, _ = notion_client_for(workspace)
    _, manifest = read_manifest(notion, workspace.root_page_id)
    features = manifest.databases["features"]
    notion.update_database(features.database_id, title="Funktionen")
    notion.update_data_source(
        features.data_source_id, {features.properties["status"]: PropertyPatch(name="Stand")}
    )
    name = {"Name": PropertyPatch(type="title")}
    notion.create_database(workspace.root_page_id, "Team notes", name, look_up=lambda: None)
    workspace.close()

    run(main, ["--local", "ws.sqlite", "export", "-o", "all.xlsx"])
    assert load_workbook("all.xlsx").sheetnames == [
        "Vision",
        "Customer insights",
        "Funktionen",
        "Team notes",
        "Data dictionary",
    ]
    for number, database in enumerate(("features", "funktionen")):
        run(
            main,
            [
                "--local",
                "ws.sqlite",
                "export",
                database,
                "--columns",
                "status",
                "-o",
                f"{number}.csv",
            ],
        )
        assert Path(f"{number}.csv").read_text().startswith("Stand,Page id,")


def test_an_empty_workspace_gets_advice(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["--local", str(tmp_path / "new.sqlite"), "export"])
    assert done.exit_code == 1
    assert "notion-pm apply product" in done.stderr


@pytest.mark.parametrize("ending", ["csv", "html", "xlsx", "sqlite", "parquet"])
def test_a_full_disk_keeps_the_old_file_and_prints_one_error(
    applied: Path, tmp_path: Path, ending: str
) -> None:
    target = tmp_path / f"out.{ending}"
    target.write_text("from last week")
    program = [
        sys.executable,
        "-m",
        "notion_pm",
        "--local",
        str(applied),
        "export",
        "insights",
        "-o",
        str(target),
    ]
    limited = [
        "sh",
        "-c",
        'ulimit -f 70; exec "$@"',
        "sh",
        *program,
    ]  # 35 KB: no file may grow beyond that
    environment = {
        key: each for key, each in os.environ.items() if key != "NOTION_PM_LOCAL_RECORD"
    }  # a file as well
    done = subprocess.run(limited, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: {target} cannot be written: ")
    assert len(done.stderr.splitlines()) == 2
    assert target.read_text() == "from last week"
    assert [each.name for each in tmp_path.iterdir()] == [target.name]


@pytest.mark.parametrize(
    ("output", "code", "said"), [("-", 1, "There is no stdout"), ("out.csv", 0, "")]
)
def test_without_a_stdout(applied: Path, tmp_path: Path, output: str, code: int, said: str) -> None:
    program = [
        sys.executable,
        "-m",
        "notion_pm",
        "--local",
        str(applied),
        "export",
        "features",
        "-o",
        output,
    ]
    closed = ["sh", "-c", 'exec "$@" >&-', "sh", *program]
    done = subprocess.run(closed, stderr=subprocess.PIPE, text=True, check=False, cwd=tmp_path)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_export_killed_while_writing_leaves_no_files(
    applied: Path, tmp_path: Path, how: signal.Signals
) -> None:
    target = tmp_path / "out.xlsx"
    target.write_text("from last week")
    program = [
        sys.executable,
        "-m",
        "notion_pm",
        "--local",
        str(applied),
        "export",
        "insights",
        "-o",
        str(target),
    ]
    with subprocess.Popen(program, stderr=subprocess.PIPE, text=True) as running:
        while running.poll() is None and not list(tmp_path.glob(".*.part")):
            time.sleep(0.001)
        running.send_signal(how)
        _, said = running.communicate(timeout=30)
    assert running.returncode == 1
    assert said.strip().endswith("Aborted!")
    assert target.read_text() == "from last week"
    assert [each.name for each in tmp_path.iterdir()] == [target.name]

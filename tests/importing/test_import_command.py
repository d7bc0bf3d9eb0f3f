"""Run `notion-pm import` as people do, on a local workspace with a shipped template."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from notion_pm.cli import main
from notion_pm.emulator import open_workspace
from notion_pm.model.ids import NotionId
from notion_pm.model.page import OptionValue, Page, PropertyValue
from notion_pm.notion.client import NotionClient
from notion_pm.workspace.record import read_manifest
from tests.conftest import client_of
from tests.support.notion_clients import notion_client_for
from tests.support.program import Program
from tests.support.terminal import at_a_terminal

JIRA = """\
Summary,Issue key,Issue Type,Priority,Created,Labels,Labels,Description
Export stops at ten rows,SHOP-1,Bug,Highest,03/Sep/26 9:05 AM,export,api,"{quote}It *stops* and nobody says why.{quote}"
Charts in the report,SHOP-2,Story,Medium,21/Sep/26 11:40 PM,report,,We draw them by hand before every board meeting.
"""
FEEDBACK = """\
id;Betreff;Kunde;Beschreibung;Prio;Datum;Labels
1;Export bricht ab;Acme GmbH;Seit gestern bricht er ab, und niemand weiss warum.;3 hoch;27.11.2026;export
2;Mehr Diagramme;acme gmbh;Wir zeichnen sie vor jeder Sitzung von Hand.;1 niedrig;28.11.2026;report
3;Wie teile ich?;Beta AG;Der Knopf zum Teilen ist nirgends zu finden.;2 mittel;bald;sharing
"""


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Local workspaces with the product and discovery templates, without starter rows."""
    files = {}
    for template in ("product", "discovery"):
        files[template] = tmp_path_factory.mktemp(template) / "workspace.sqlite"
        run = ["--local", str(files[template]), "apply", template, "--yes", "--no-rows"]
        done = CliRunner().invoke(main, run)
        assert done.exit_code == 0, done.output
    return files


class Imports:
    """A workspace, a folder to run in, and the command."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __call__(self, *arguments: str, input: str | bytes | None = None) -> Result:
        return CliRunner().invoke(
            main, ["--local", str(self.file), "import", *arguments], input=input
        )

    def data(self, *arguments: str) -> Any:
        done = self(*arguments, "--json")
        assert done.exit_code in {0, 1}, done.output
        return json.loads(done.stdout)

    def rows(self, database: str = "insights") -> list[dict[str, Any]]:
        """Return the rows of a database as people see them."""
        out = CliRunner().invoke(
            main, ["--local", str(self.file), "export", database, "-o", "-", "--format", "json"]
        )
        assert out.exit_code == 0, out.output
        found: list[dict[str, Any]] = json.loads(out.stdout)
        return sorted(
            (each["properties"] for each in found), key=lambda each: str(each.get("Insight") or "")
        )

    def edit(
        self, change: Callable[[NotionClient, Page, dict[str, str]], None], title: str
    ) -> None:
        """Change a page through Notion's API, as a person would."""
        workspace = open_workspace(self.file)
        notion, _ = notion_client_for(workspace)
        _, manifest = read_manifest(notion, NotionId(workspace.root_page_id))
        entry = manifest.databases["insights"]
        (page,) = [each for each in notion.query(entry.data_source_id) if each.title == title]
        change(notion, page, entry.properties)
        notion.close()
        workspace.close()


@pytest.fixture
def product(applied: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Imports:
    return _copy(applied["product"], tmp_path, monkeypatch)


@pytest.fixture
def discovery(applied: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Imports:
    return _copy(applied["discovery"], tmp_path, monkeypatch)


def _copy(applied: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Imports:
    for each in applied.parent.glob("workspace.sqlite*"):
        shutil.copy(each, folder / each.name)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("NOTION_PM_STATE", str(folder / "state"))
    Path("jira.csv").write_text(JIRA)
    Path("feedback.csv").write_text(FEEDBACK)
    return Imports(folder / "workspace.sqlite")


def day(start: str) -> dict[str, str | None]:
    return {"start": start, "end": None}


def test_file_of_a_known_tool_is_recognised_and_imported_once(product: Imports) -> None:
    done = product("jira.csv", "--yes")
    assert done.exit_code == 0, done.output
    assert (
        "Recognised as Jira (by its documentation; no real export has been imported with this map "
        "yet)." in done.output
    )
    charts, export = product.rows()
    assert export["Insight"] == "Export stops at ten rows"
    assert export["Quote"] == "It stops and nobody says why."
    assert (export["Kind"], export["Importance"], export["Observed on"]) == (
        "Problem",
        "3 Critical",
        day("2026-09-03"),
    )
    assert (export["Tags"], export["Source id"]) == (["export", "api"], "jira:SHOP-1")
    assert (charts["Kind"], charts["Tags"]) == ("Request", ["report"])

    again = product("jira.csv", "--yes")
    assert "2 rows up to date" in again.output
    assert product.rows() == [charts, export]


def test_dry_run_reports_everything_and_writes_nothing(product: Imports) -> None:
    before = product.rows()
    told = product.data("jira.csv", "--dry-run")
    assert [each["key"] for each in told["created"]] == ["jira:SHOP-1", "jira:SHOP-2"]
    assert told["dry_run"] is True
    assert (
        told["requests"] == 4
    )  # the parent page, the manifest, the database, which rows are there
    assert product.rows() == before
    shown = product("jira.csv", "--dry-run", "--details").output
    assert "+ 2 rows to create\n      Export stops at ten rows\n      Charts in the report" in shown
    assert "2 requests to write it" in shown


def test_second_import_updates_changed_cells_and_keeps_edits_of_people(
    product: Imports,
) -> None:
    product("jira.csv", "--yes")

    def rewrite(notion: NotionClient, page: Page, ids: dict[str, str]) -> None:
        notion.update_page(
            page.id,
            [
                PropertyValue(ids["quote"], "rich_text", "In the customer's own words."),
                PropertyValue(
                    ids["tags"],
                    "multi_select",
                    (OptionValue("", "api"), OptionValue("", "by hand")),
                ),
            ],
        )

    product.edit(rewrite, "Export stops at ten rows")
    newer = (
        JIRA.replace("Highest", "Low")
        .replace("nobody says", "no one says")
        .replace(",export,api", ",export,board")
    )
    Path("jira.csv").write_text(newer)
    told = product.data("jira.csv", "--yes")
    (update,) = told["updated"]
    assert {each["property"]: each["after"] for each in update["changes"]} == {
        "importance": "1 Nice to have",
        "tags": ["by hand", "export", "board"],  # people's own stays, what the file dropped goes
    }
    ((kept),) = told["kept"]
    assert (kept["property"], kept["reason"]) == ("quote", "changed")
    _, export = product.rows()
    assert export["Quote"] == "In the customer's own words."
    assert export["Importance"] == "1 Nice to have"

    again = product.data("jira.csv", "--yes")  # told once
    assert (again["updated"], again["kept"], again["unchanged"]) == ([], [], 2)
    forced = product.data("jira.csv", "--yes", "--overwrite")
    assert [each["after"] for each in forced["updated"][0]["changes"]] == [
        "It stops and no one says why."
    ]


def test_values_that_people_removed_stay_removed(product: Imports) -> None:
    product("jira.csv", "--yes")
    product.edit(lambda notion, page, _: notion.trash_page(page.id), "Charts in the report")
    told = product.data("jira.csv", "--yes")
    assert told["left_alone"] == [{"key": "jira:SHOP-2", "reason": "trashed"}]
    assert len(product.rows()) == 1
    product("jira.csv", "--yes", "--overwrite")
    assert len(product.rows()) == 2


def test_locked_pages_are_not_changed(product: Imports) -> None:
    product("jira.csv", "--yes")

    def lock(notion: NotionClient, page: Page, ids: dict[str, str]) -> None:
        notion.update_page(page.id, [PropertyValue(ids["sync_lock"], "checkbox", True)])

    product.edit(lock, "Charts in the report")
    Path("jira.csv").write_text(JIRA.replace("Charts in", "Graphs in"))
    assert product.data("jira.csv", "--yes")["left_alone"] == [
        {"key": "jira:SHOP-2", "reason": "locked"}
    ]
    assert product.rows()[0]["Insight"] == "Charts in the report"


def test_without_state_edits_of_people_are_kept(product: Imports, tmp_path: Path) -> None:
    product("jira.csv", "--yes")
    shutil.rmtree(tmp_path / "state")
    Path("jira.csv").write_text(JIRA.replace("Charts in", "Graphs in"))
    told = product.data("jira.csv", "--yes")
    assert (told["updated"], told["created"]) == ([], [])
    assert [(each["held"], each["reason"]) for each in told["kept"]] == [
        ("Charts in the report", "not remembered")
    ]


def test_proposed_map_needs_a_person(product: Imports) -> None:
    refused = product("feedback.csv", "--yes")
    assert refused.exit_code == 1
    assert "the proposed map is not confirmed" in refused.output
    assert product.rows() == []

    proposed = product("feedback.csv", "--map", "ours.yaml")
    assert proposed.exit_code == 0, proposed.output
    assert "Nothing was imported. Check ours.yaml" in proposed.output
    assert product.rows() == []
    written = Path("ours.yaml").read_text()
    assert "customer: Kunde" in written

    done = product("feedback.csv", "--map", "ours.yaml", "--yes")
    assert done.exit_code == 1  # one row is refused: the others are in
    assert "2 rows created" in done.output
    assert "line 4: Observed on: `bald` is not a date (%d.%m.%Y)" in done.output
    assert [each["Customer"] for each in product.rows()] == ["Acme GmbH", "acme gmbh"]


def test_rejected_rows_are_corrected_in_the_file_of_rejects(product: Imports) -> None:
    product("feedback.csv", "--map", "ours.yaml")
    done = product("feedback.csv", "--map", "ours.yaml", "--yes")
    assert "feedback.rejects.csv lists them" in done.output
    rejects = list(csv.DictReader(io.StringIO(Path("feedback.rejects.csv").read_text())))
    assert [(each["_line"], each["Datum"]) for each in rejects] == [("4", "bald")]
    Path("feedback.rejects.csv").write_text(
        Path("feedback.rejects.csv").read_text().replace(",bald,", ",29.11.2026,")
    )
    fixed = product("feedback.rejects.csv", "--map", "ours.yaml", "--yes")
    assert fixed.exit_code == 0, fixed.output
    assert len(product.rows()) == 3

    product("feedback.csv", "--map", "ours.yaml", "--yes")
    assert Path("feedback.rejects-2.csv").exists()  # nobody's corrections are written over


def test_file_of_rejects_is_updated_and_known_rows_are_not_an_error(product: Imports) -> None:
    product("feedback.csv", "--map", "ours.yaml")
    assert product("feedback.csv", "--map", "ours.yaml", "--yes").exit_code == 1
    again = product("feedback.csv", "--map", "ours.yaml", "--yes")
    assert again.exit_code == 0, again.output
    assert "feedback.rejects.csv" in again.output
    Path("feedback.csv").write_text(
        FEEDBACK + "4;Noch eins;Acme GmbH;Es fehlt.;3 hoch;morgen;export\n"
    )
    assert product("feedback.csv", "--map", "ours.yaml", "--yes").exit_code == 1
    assert [each.name for each in Path().glob("feedback.rejects*")] == ["feedback.rejects.csv"]
    rejects = list(csv.DictReader(io.StringIO(Path("feedback.rejects.csv").read_text())))
    assert [each["Datum"] for each in rejects] == ["bald", "morgen"]


def test_rejected_rows_can_be_written_to_a_pipe(product: Imports) -> None:
    product("feedback.csv", "--map", "ours.yaml")
    os.mkfifo("pipe")
    with ThreadPoolExecutor() as reader:
        told = reader.submit(Path("pipe").read_text, "utf-8")
        done = product("feedback.csv", "--map", "ours.yaml", "--yes", "--rejects", "pipe")
    assert done.exit_code == 1, done.output
    assert [each["Datum"] for each in csv.DictReader(io.StringIO(told.result()))] == ["bald"]


def test_pipe_with_the_name_of_the_rejects_is_not_written_to(product: Imports) -> None:
    product("feedback.csv", "--map", "ours.yaml")
    os.mkfifo("feedback.rejects.csv")
    assert product("feedback.csv", "--map", "ours.yaml", "--yes").exit_code == 1
    assert Path("feedback.rejects-2.csv").is_file()


def test_page_that_is_locked_in_notion_is_not_changed(product: Imports) -> None:
    product("feedback.csv", "--map", "ours.yaml")
    product("feedback.csv", "--map", "ours.yaml", "--yes")
    workspace = open_workspace(product.file)
    notion, _ = notion_client_for(workspace)
    _, manifest = read_manifest(notion, NotionId(workspace.root_page_id))
    source = manifest.databases["insights"].data_source_id
    locked = next(page.id for page in notion.query(source) if page.title == "Mehr Diagramme")
    with client_of(workspace) as api:
        api.patch(f"/pages/{locked}", json={"is_locked": True}).raise_for_status()
    notion.close()
    workspace.close()
    Path("feedback.csv").write_text(
        FEEDBACK.replace("1 niedrig", "3 hoch").replace("1;Export", "1;Ein Export")
    )
    told = product.data("feedback.csv", "--map", "ours.yaml", "--yes", "--overwrite")
    assert [each["reason"] for each in told["left_alone"]] == ["locked"]
    held = {each["Insight"]: each["Importance"] for each in product.rows()}
    assert held["Mehr Diagramme"] == "1 Nice to have"


def test_all_problems_of_a_map_are_reported_with_their_lines(product: Imports) -> None:
    product("feedback.csv", "--map", "ours.yaml")
    broken = (
        Path("ours.yaml")
        .read_text()
        .replace("name: Betreff", "nme: Betreff")
        .replace("customer: Kunde", "loop: Kude")
    )
    Path("ours.yaml").write_text(broken)
    done = product("feedback.csv", "--map", "ours.yaml", "--yes")
    assert done.exit_code == 1
    assert "ours.yaml has 3 problems" in done.output
    assert "unknown property of Customer insights `nme`. Did you mean `name`?" in done.output
    assert "`loop` is written by rules, not by people." in done.output
    assert "the file has no column `Kude`. Did you mean `Kunde`?" in done.output
    line = next(
        number for number, text in enumerate(broken.splitlines(), start=1) if "nme:" in text
    )
    assert f"ours.yaml:{line}: " in done.output


def test_customers_are_found_or_created_once(discovery: Imports) -> None:
    Path("accounts.csv").write_text(
        'Company,Website,Yearly revenue\nAcme GmbH,https://www.acme.example/,"12,000"\n'
    )
    accounts = discovery("accounts.csv", "--into", "customers", "--map", "accounts.yaml")
    assert accounts.exit_code == 0, accounts.output
    accounts = discovery("accounts.csv", "--map", "accounts.yaml", "--yes")
    assert accounts.exit_code == 0, accounts.output
    (acme,) = discovery.rows("customers")
    assert (acme["Customer"], acme["Domain"], acme["ARR"]) == (
        "Acme GmbH",
        "https://www.acme.example/",
        12000,
    )

    good = FEEDBACK.replace("bald", "26.11.2026").replace("acme gmbh", "acme.example")
    Path("feedback.csv").write_text(good)
    discovery("feedback.csv", "--map", "ours.yaml")
    done = discovery("feedback.csv", "--map", "ours.yaml", "--yes")
    assert done.exit_code == 0, done.output
    assert '+ 1 page in Customers: "Beta AG"' in done.output
    asked = Counter(link["title"] for each in discovery.rows() for link in each["Customer"])
    assert asked == {"Acme GmbH": 2, "Beta AG": 1}
    assert len(discovery.rows("customers")) == 2
    assert discovery.data("feedback.csv", "--map", "ours.yaml", "--yes")["unchanged"] == 3


def test_customers_are_found_by_their_domain(discovery: Imports) -> None:
    Path("a.csv").write_text("Company,Website\nAcme,acme.example\nBeta,https://beta.example\n")
    discovery("a.csv", "--into", "customers", "--map", "a.yaml")
    assert discovery("a.csv", "--map", "a.yaml", "--yes").exit_code == 0
    Path("a.csv").write_text("Company,Website\nAcme Inc.,http://www.acme.example/\n")
    told = discovery.data("a.csv", "--map", "a.yaml", "--yes")
    assert [each["changes"][0]["after"] for each in told["updated"]] == ["Acme Inc."]
    assert len(discovery.rows("customers")) == 2


def test_github_issues_are_imported_from_a_pipe(product: Imports) -> None:
    issues = [
        {
            "number": 7,
            "title": "=cmd()",  # text, whatever a spreadsheet would make of it
            "body": None if n else "Fails **always**.\n\n- [ ] one",
            "url": f"https://github.com/acme/shop/issues/{7 + n}",
            "createdAt": "2026-11-03T22:15:00Z",
            "labels": [{"name": "area: api"}, {"name": "bug"}],
            "state": "OPEN",
        }
        for n in range(2)
    ]
    done = product("-", "--format", "json", "--yes", input=json.dumps(issues))
    assert done.exit_code == 0, done.output
    first, _ = sorted(product.rows(), key=lambda each: str(each["Source id"]))
    assert (first["Insight"], first["Customer"], first["Kind"]) == (
        "=cmd()",
        "acme/shop",
        "Problem",
    )
    assert first["Source id"] == "acme/shop/issues/7"
    assert set(first["Tags"]) == {"area: api", "bug"}
    markdown = CliRunner().invoke(
        main,
        ["--local", str(product.file), "export", "insights", "-o", "out/", "--format", "markdown"],
    )
    assert markdown.exit_code == 0, markdown.output
    assert any("Fails **always**." in each.read_text() for each in Path("out").glob("*.md"))


def test_only_one_message_of_each_conversation_is_imported(product: Imports) -> None:
    Path("intercom.csv").write_text(
        "message_id,message_body,message_author_type,message_author_companies,conversation_id,message_created_at\n"
        'm1,"Hello, I am a bot",bot,,c1,2017-11-14 21:45:08\n'
        'm2,"<p>Where is my <b>invoice</b>?</p>",user,"Acme, Acme Holding",c1,2017-11-14 21:46:08\n'
        "m3,Found it,user,Acme,c1,2017-11-14 21:47:08\n"
    )
    done = product("intercom.csv", "--yes")
    assert done.exit_code == 0, done.output
    (row,) = product.rows()
    assert (row["Insight"], row["Customer"], row["Source"]) == (
        "Where is my invoice?",
        "Acme",
        "Support",
    )


def test_ambiguous_dates_need_a_pattern(product: Imports) -> None:
    Path("a.csv").write_text("ID,Title,Date\n1,A,02/03/2026\n")
    done = product("a.csv", "--map", "a.yaml")
    assert done.exit_code == 0, done.output
    Path("a.yaml").write_text(Path("a.yaml").read_text().replace("date: '%m/%d/%Y'\n", ""))
    done = product("a.csv", "--map", "a.yaml", "--yes")
    assert done.exit_code == 1
    assert "--dates" in done.output
    assert product.rows() == []
    done = product("a.csv", "--map", "a.yaml", "--yes", "--dates", "day-first")
    assert done.exit_code == 0, done.output
    assert [each["Observed on"]["start"] for each in product.rows()] == ["2026-03-02"]


def test_database_without_template_can_be_filled(product: Imports) -> None:
    workspace = open_workspace(product.file)
    notion, _ = notion_client_for(workspace)
    source = workspace.fill(None, 1)
    link = notion.get_data_source(source).url
    notion.close()
    workspace.close()
    Path("a.csv").write_text("Name,Number\nOne,7\n")
    assert product("a.csv", "--into", link, "--map", "a.yaml").exit_code == 0
    done = product("a.csv", "--map", "a.yaml", "--yes")
    assert done.exit_code == 0, done.output
    told = product.data("a.csv", "--map", "a.yaml", "--yes")
    assert (told["created"], told["unchanged"]) == ([], 1)


def test_features_are_identified_by_their_titles(product: Imports, tmp_path: Path) -> None:
    Path("features.csv").write_text(
        "key,title,problem,reach\nf1,Faster export,It takes all night.,8\nf2,Charts,,3\n"
    )
    assert product("features.csv", "--into", "features", "--map", "f.yaml").exit_code == 0
    assert product("features.csv", "--map", "f.yaml", "--yes").exit_code == 0
    reach = {each["Feature"]: each["Reach"] for each in product.rows("features")}
    assert reach == {"Faster export": 8, "Charts": 3}
    shutil.rmtree(tmp_path / "state")
    told = product.data("features.csv", "--map", "f.yaml", "--yes")
    assert (told["created"], told["unchanged"]) == ([], 2)


def test_database_without_property_for_keys_cannot_take_the_file_of_a_tool(
    product: Imports,
) -> None:
    done = product("jira.csv", "--into", "features", "--yes")
    assert done.exit_code == 1
    assert "Cannot import into 'Feature specs': rows are known by Issue key" in done.output
    assert "a text property called 'Source id' is used by default" in done.output


def test_two_pages_with_one_key_are_reported(product: Imports) -> None:
    product("jira.csv", "--yes")

    def copy_key(notion: NotionClient, page: Page, ids: dict[str, str]) -> None:
        notion.update_page(page.id, [PropertyValue(ids["source_id"], "rich_text", "jira:SHOP-1")])

    product.edit(copy_key, "Charts in the report")
    told = product.data("jira.csv", "--yes")
    assert [each["problem"] for each in told["rejected"]] == [
        "2 pages have Source id `jira:SHOP-1`: merge them, or give the others another value"
    ]


def test_printed_preset_can_be_used_as_a_map(product: Imports) -> None:
    Path("ours.yaml").write_text(product("--show-preset", "jira").stdout)
    own = (
        Path("ours.yaml")
        .read_text()
        .replace("  name: Summary", "  name: Summary\n  customer: {value: Acme}")
    )
    Path("ours.yaml").write_text(own)
    done = product("jira.csv", "--map", "ours.yaml", "--yes")
    assert done.exit_code == 0, done.output
    assert {each["Customer"] for each in product.rows()} == {"Acme"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "No file given."),
        (("nowhere.csv",), "nowhere.csv cannot be used"),
        (("jira.csv", "--into", "insihgts"), "Did you mean `insights`?"),
        (("jira.csv", "--preset", "jra"), "Did you mean `jira`?"),
        (("feedback.csv", "--preset", "jira"), "This does not look like a Jira export"),
        (("jira.csv",), "no terminal to ask on"),
    ],
)
def test_wrong_arguments_are_reported(
    product: Imports, arguments: tuple[str, ...], told: str
) -> None:
    done = product(*arguments)
    assert done.exit_code == 1
    assert told in done.output
    assert "Traceback" not in done.output


def test_map_confirmed_at_a_terminal_is_used_again(product: Imports, tmp_path: Path) -> None:
    program = Program(tmp_path, NOTION_PM_LOCAL=str(product.file))
    good = FEEDBACK.replace("bald", "26.11.2026")
    Path("feedback.csv").write_text(good)
    done = at_a_terminal(program, ["import", "feedback.csv"], [("Import by this map?", "y")])
    assert done.code == 0, done.out
    assert len(product.rows()) == 3
    Path("feedback-2026-12.csv").write_text(
        good.replace("1;Export", "4;Import").replace("Labels", "Labels;Region", 1)
    )
    next_time = program("import", "feedback-2026-12.csv", "--yes")
    assert next_time.code == 0, next_time.err
    assert len(product.rows()) == 4


def test_ids_of_another_source_need_confirmation(product: Imports, tmp_path: Path) -> None:
    program = Program(tmp_path, NOTION_PM_LOCAL=str(product.file))
    Path("phone.csv").write_text("id,title\n1,A\n2,B\n")
    Path("shop.csv").write_text("id,title,region\n1,C\n3,D\n")
    assert at_a_terminal(program, ["import", "phone.csv"], [("Import by this map?", "y")]).code == 0
    assert program("import", "shop.csv", "--yes").code == 1
    assert len(product.rows()) == 2
    answers = [("same source", "n"), ("Import by this map?", "y")]
    assert at_a_terminal(program, ["import", "shop.csv"], answers).code == 0
    assert sorted(each["Insight"] for each in product.rows()) == ["A", "B", "C", "D"]
    Path("calls.csv").write_text("id,title\n2,B again\n4,E\n")
    assert (
        at_a_terminal(
            program, ["import", "calls.csv"], [("same source", "y"), ("Import?", "y")]
        ).code
        == 0
    )
    assert sorted(each["Insight"] for each in product.rows()) == ["A", "B again", "C", "D", "E"]
    Path("calls-2.csv").write_text("id,title\n5,F\n")
    done = program("import", "calls-2.csv", "--yes")
    assert done.code == 0, done.err
    assert [each["Source id"] for each in product.rows()][-1] == "phone:5"


def test_rejects_have_the_source_of_their_file(product: Imports, tmp_path: Path) -> None:
    program = Program(tmp_path, NOTION_PM_LOCAL=str(product.file))
    Path("calls.csv").write_text(
        "id,title,date,company\n1,A,2026-01-01,\n2,B,soon,\n2,C,2026-01-01,\n,D,2026-01-01,\n"
    )
    done = at_a_terminal(
        program, ["import", "calls.csv", "--source", "Phone"], [("Import by this map?", "y")]
    )
    assert done.code == 1
    rejects = Path("calls.rejects.csv").read_text().splitlines()
    assert [line.split(",")[3] for line in rejects[1:]] == ["B", "C", "D"]
    Path("calls.rejects.csv").write_text(
        rejects[0] + "\n" + rejects[1].replace("soon", "2026-01-02") + "\n"
    )
    done_again = program("import", "calls.rejects.csv", "--yes")
    assert done_again.code == 0, done_again.err
    assert [each["Source id"] for each in product.rows()] == ["phone:1", "phone:2"]


def test_renamed_customer_stays_the_same(discovery: Imports) -> None:
    Path("m.yaml").write_text(
        "source: s\ninto: insights\nkey: {from: id}\nfill: {name: title, customer: firm}\n"
    )
    Path("a.csv").write_text("id,title,firm\n1,A,Acme\n")
    assert discovery("a.csv", "--map", "m.yaml", "--yes").exit_code == 0
    discovery.edit(rename_customer, "A")
    Path("a.csv").write_text("id,title,firm\n1,A,Acme\n2,B, ACME\n")
    done = discovery.data("a.csv", "--map", "m.yaml", "--yes")
    assert (len(done["created"]), done["updated"], done["related_pages"]) == (1, [], [])
    assert [each["Customer"] for each in discovery.rows("customers")] == ["Acme GmbH"]


def rename_customer(notion: NotionClient, page: Page, properties: dict[str, str]) -> None:
    (customer,) = page.properties[properties["customer"]].value.ids  # type: ignore[union-attr]
    notion.update_page(customer, [PropertyValue("title", "title", "Acme GmbH")])


TREE = """\
Title,Parent,Description
Links that end,Share by link,A link should end after a week.
Share boards,,People outside the team need to see a board.
Share by link,Share boards,Without an account.
"""


def test_tree_can_be_imported_in_any_order_of_rows(product: Imports, tmp_path: Path) -> None:
    program = Program(tmp_path, NOTION_PM_LOCAL=str(product.file))
    Path("tree.csv").write_text(TREE)
    done = at_a_terminal(
        program, ["import", "tree.csv", "--into", "features"], [("Import by this map?", "y")]
    )
    assert done.code == 0, done.out

    def parents() -> dict[str, list[str]]:
        rows = product.rows("features")
        return {
            each["Feature"]: [parent["title"] for parent in each["Parent"] or []] for each in rows
        }

    tree = {
        "Share boards": [],
        "Share by link": ["Share boards"],
        "Links that end": ["Share by link"],
    }
    assert parents() == tree
    again = product.data("tree.csv", "--into", "features", "--yes")
    assert (again["created"], again["updated"], again["rejected"]) == ([], [], [])
    Path("tree.csv").write_text(TREE + "Boards,,All of it.\nA,B,In a circle.\nB,A,In a circle.\n")
    Path("tree.csv").write_text(
        Path("tree.csv").read_text().replace("Share boards,,", "Share boards,Boards,")
    )
    third = product.data("tree.csv", "--into", "features", "--yes")
    assert (len(third["created"]), len(third["updated"]), len(third["rejected"])) == (1, 1, 2)
    assert parents() == {**tree, "Share boards": ["Boards"], "Boards": []}


def test_file_without_rows_is_not_an_error(product: Imports) -> None:
    Path("quiet.json").write_text("[]")
    done = product("quiet.json", "--yes")
    assert (done.exit_code, product.rows()) == (0, [])
    assert product.data("quiet.json")["created"] == []


def test_field_missing_from_json_is_empty(product: Imports) -> None:
    Path("m.yaml").write_text(
        "source: s\ninto: insights\nkey: {from: id}\nfill: {name: title, quote: text}\n"
    )
    Path("a.json").write_text('[{"id": "1", "title": "A"}]')
    done = product("a.json", "--map", "m.yaml", "--yes")
    assert done.exit_code == 0, done.output
    assert [each["Insight"] for each in product.rows()] == ["A"]


def test_too_long_text_is_rejected_not_cut(product: Imports) -> None:
    Path("m.yaml").write_text(
        "source: s\ninto: insights\nkey: {from: id}\nfill: {name: title, quote: text}\n"
    )
    Path("a.json").write_text(json.dumps([{"id": "1", "title": "A", "text": "word " * 21_000}]))
    done = product("a.json", "--map", "m.yaml", "--yes")
    assert (done.exit_code, product.rows()) == (1, [])


def test_edits_made_while_the_question_waits_are_kept(product: Imports, tmp_path: Path) -> None:
    """Another machine imports the same file before the answer, and a person edits one of its rows."""
    ours = Program(tmp_path, NOTION_PM_LOCAL=str(product.file))
    theirs = Program(
        tmp_path, NOTION_PM_LOCAL=str(product.file), NOTION_PM_STATE=str(tmp_path / "theirs")
    )

    def colleagues() -> str:
        assert theirs("import", "jira.csv", "--yes").code == 0

        def edit(notion: NotionClient, page: Page, ids: dict[str, str]) -> None:
            notion.update_page(
                page.id, [PropertyValue(ids["kind"], "select", OptionValue("", "Question"))]
            )

        product.edit(edit, "Charts in the report")
        return "y"

    done = at_a_terminal(ours, ["import", "jira.csv", "--overwrite"], [("Import?", colleagues)])
    assert done.code == 0, done.out
    assert "Left alone: Charts in the report" in done.out
    assert "Left alone: Export stops" not in done.out
    charts, export = product.rows()
    assert (charts["Kind"], export["Kind"]) == ("Question", "Problem")
    seen = product.data("jira.csv", "--overwrite", "--dry-run")
    assert len(seen["updated"]) == 1

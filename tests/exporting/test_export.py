"""Export on a local workspace without a template: relations, pages, formats, requests."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

import httpx
import pytest
from openpyxl import load_workbook

from notion_pm.emulator import LocalWorkspace
from notion_pm.errors import IncompleteRead, NotShared, Unavailable, UsageError
from notion_pm.exporting.export import ExportReport, ExportRequest, export
from notion_pm.exporting.folders import CannotWrite
from notion_pm.exporting.selection import Selection
from notion_pm.exporting.table import ExportContext
from notion_pm.model.ids import NotionId
from notion_pm.model.page import DateValue, OptionValue, Page, PropertyValue, RelationValue
from notion_pm.model.schema import (
    DataSource,
    NoConfig,
    NumberConfig,
    Option,
    OptionsConfig,
    PropertyPatch,
    RelationConfig,
    RollupConfig,
)
from notion_pm.notion.client import NotionClient
from notion_pm.template import templates
from notion_pm.workspace.catalogue import Catalogue
from notion_pm.workspace.progress import no_progress
from tests.support.faults import Fault
from tests.support.notion_clients import notion_client_for

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
LOST_RECORD = 2
"""Requests that search for a lost record, in the workspace and in its trash.

These databases have no record page. A page whose record is there never needs them.
"""
STATUS = OptionsConfig((Option("Idea", group="To-do"), Option("Shipped", group="Complete")))


def nothing() -> None:
    """A look-up that finds nothing."""


def relation(ids: Iterable[NotionId], property_id: str) -> PropertyValue:
    return PropertyValue(property_id, "relation", RelationValue(tuple(ids)))


@dataclass
class Product:
    """Two related databases: 30 insights, two features; the first feature has all insights."""

    notion: NotionClient
    root: NotionId
    insights: DataSource
    features: DataSource
    insight_pages: list[Page]
    limits: Page
    plan: Page

    def export(self, *names: str, out: io.BytesIO | None = None, **request: object) -> ExportReport:
        catalogue = Catalogue(
            self.notion,
            lambda: self.root,
            lambda name, values: templates.load(name, values).template,
        )
        surroundings = ExportContext(NOW, UTC, out or io.BytesIO())
        asked = ExportRequest(names, **request)  # type: ignore[arg-type]
        return export(self.notion, catalogue, asked, surroundings, jobs=2, progress=no_progress)


@pytest.fixture
def product(workspace: LocalWorkspace) -> Product:
    notion, _ = notion_client_for(workspace)
    root = NotionId(workspace.root_page_id)
    insights = make_table(notion, root, "Customer insights")
    features = make_table(
        notion,
        root,
        "Feature specs",
        Status=PropertyPatch(type="status", config=STATUS),
        Effort=PropertyPatch(type="number", config=NumberConfig("percent")),
        Target=PropertyPatch(type="date"),
        Parent=PropertyPatch(type="relation", config=RelationConfig(NotionId("self"))),
        Insights=PropertyPatch(
            type="relation",
            config=RelationConfig(insights.id, two_way=True, synced_property_name="Features"),
        ),
    )
    pages = [row(notion, insights, f"Insight {number:02}") for number in range(30)]
    first = f"See [the first]({pages[0].url}).\n"
    limits = row(
        notion,
        features,
        "=Limits",
        relation([each.id for each in pages], "Insights"),
        markdown=first,
    )
    values = [
        PropertyValue("Status", "status", OptionValue("", "Shipped")),
        PropertyValue("Effort", "number", 0.5),
        PropertyValue("Target", "date", DateValue("2026-03-01", "2026-03-14")),
    ]
    plan = row(
        notion, features, "Plan: first/apply", *values, markdown="## Problem\n\nNobody sees it.\n"
    )
    return Product(notion, root, insights, features, pages, limits, plan)


def make_table(
    notion: NotionClient, root: NotionId, title: str, **extra: PropertyPatch
) -> DataSource:
    own = extra.pop("Parent", None)
    database = notion.create_database(
        root, title, {"Name": PropertyPatch(type="title"), **extra}, look_up=nothing
    )
    data_source_id = database.data_source_ids[0]
    if own:
        notion.update_data_source(
            data_source_id,
            {"Parent": PropertyPatch(type="relation", config=RelationConfig(data_source_id))},
        )
    return notion.get_data_source(data_source_id)


def row(
    notion: NotionClient,
    table: DataSource,
    name: str,
    *values: PropertyValue,
    markdown: str | None = None,
) -> Page:
    title = PropertyValue("title", "title", name)
    return notion.create_row(table.id, [title, *values], markdown=markdown, look_up=nothing)


def read_csv(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode(), newline="")))


def test_a_database_by_its_title_as_csv(product: Product, tmp_path: Path) -> None:
    report = product.export("feature specs", output=str(tmp_path / "features.csv"))
    limits, plan = read_csv(tmp_path / "features.csv")
    assert list(limits) == [
        "Name", "Effort", "Insights", "Parent", "Status", "Target", "Target (end)",
        "Page id", "Page URL", "Insights (id)", "Parent (id)",
    ]  # fmt: skip
    assert limits["Name"] == "'=Limits"
    assert limits["Insights"] == "; ".join(f"Insight {number:02}" for number in range(30))
    assert limits["Insights (id)"] == "; ".join(each.id for each in product.insight_pages)
    assert (plan["Status"], plan["Effort"], plan["Target"], plan["Target (end)"]) == (
        "Shipped",
        "0.5",
        "2026-03-01",
        "2026-03-14",
    )
    assert (plan["Page id"], plan["Page URL"]) == (product.plan.id, product.plan.url)
    assert [(each.database, each.rows, each.format) for each in report.files] == [
        ("Feature specs", 2, "csv")
    ]
    assert report.notes == ()


def test_relations_cost_one_query_per_database(product: Product, tmp_path: Path) -> None:
    before = product.notion.requests.logical
    product.export("Feature specs", output=str(tmp_path / "features.json"))
    # children of the root, database, data source; query of features, rest of 30 relations; query of
    # insights
    assert product.notion.requests.logical - before <= 7 + LOST_RECORD


def test_without_titles_no_other_database_is_read(product: Product, tmp_path: Path) -> None:
    before = product.notion.requests.logical
    report = product.export(product.features.id, output=str(tmp_path / "f.csv"), with_titles=False)
    # its id, twice; the parent page; rows; relations beyond 25
    assert product.notion.requests.logical - before == 5 + LOST_RECORD
    limits, _ = read_csv(tmp_path / "f.csv")
    assert (
        limits["Insights"]
        == limits["Insights (id)"]
        == "; ".join(each.id for each in product.insight_pages)
    )
    assert report.notes == ()


def test_markdown_without_bodies_has_only_properties(product: Product, tmp_path: Path) -> None:
    before = product.notion.requests.logical
    product.export(
        product.features.id,
        output=f"{tmp_path}/",
        format="markdown",
        with_bodies=False,
        with_titles=False,
    )
    assert product.notion.requests.logical - before == 5 + LOST_RECORD
    written = (tmp_path / "plan-first-apply.md").read_text(encoding="utf-8")
    assert "Status: Shipped" in written
    assert "Nobody sees it." not in written


def test_an_export_of_everything_reads_each_data_source_once(
    product: Product, tmp_path: Path
) -> None:
    report = product.export(output=str(tmp_path / "all.xlsx"))
    book = load_workbook(tmp_path / "all.xlsx")
    assert book.sheetnames == ["Customer insights", "Feature specs", "Data dictionary"]
    assert [each.rows for each in report.files] == [30, 2]
    sheet = book["Feature specs"]
    headers = [str(cell.value) for cell in next(sheet.iter_rows())]
    plan = dict(zip(headers, [cell.value for cell in list(sheet.iter_rows())[2]], strict=True))
    assert plan["Effort"] == 0.5
    assert plan["Target"] == datetime(2026, 3, 1)  # noqa: DTZ001 - Excel's own have no zone
    insights = [str(cell.value) for cell in list(book["Customer insights"].iter_rows())[1]]
    assert insights[1] == "=Limits"


def test_json_has_titles_and_ids(product: Product, tmp_path: Path) -> None:
    product.export("Feature specs", output=str(tmp_path / "features.json"))
    limits, _ = json.loads((tmp_path / "features.json").read_text())
    assert limits["properties"]["Insights"][29] == {
        "id": product.insight_pages[29].id,
        "title": "Insight 29",
    }


@pytest.mark.parametrize(
    ("named_by", "to_find_it"),
    [("id", 2), ("url", 2), ("data source", 2), ("data source's url", 1)],
)
def test_a_database_by_id_or_url(
    product: Product, tmp_path: Path, named_by: str, to_find_it: int
) -> None:
    database_id = product.features.database_id
    names = {
        "id": database_id,
        "url": f"https://app.notion.com/p/{database_id.replace('-', '')}?v=1",
        "data source": product.features.id,
        "data source's url": f"collection://{product.features.id}",
    }
    before = product.notion.requests.logical
    product.export(names[named_by], output=str(tmp_path / "out.csv"), with_titles=False)
    assert len(read_csv(tmp_path / "out.csv")) == 2
    rows, relation_beyond_25, looking_for_a_template = 1, 1, 1
    others = rows + relation_beyond_25 + looking_for_a_template + LOST_RECORD
    assert product.notion.requests.logical - before == to_find_it + others


def test_a_page_by_its_url_as_markdown(product: Product, tmp_path: Path) -> None:
    product.export(product.plan.url, output=str(tmp_path / "spec.md"))
    document = (tmp_path / "spec.md").read_text()
    assert document.startswith("---\ntitle: 'Plan: first/apply'\n")
    assert "Status: Shipped\n" in document
    assert "# Plan: first/apply\n\n## Problem\n\nNobody sees it.\n" in document


def test_a_page_without_output_file_is_named_by_its_title(
    product: Product, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    report = product.export(product.plan.id)
    assert [each.path for each in report.files] == ["plan-first-apply.md"]
    assert (tmp_path / "plan-first-apply.md").exists()


def test_several_pages_are_written_to_one_folder(product: Product, tmp_path: Path) -> None:
    product.export(
        product.plan.url,
        product.insight_pages[3].url,
        output=f"{tmp_path}/specs/",
        format="markdown",
    )
    assert {each.name for each in (tmp_path / "specs").glob("*")} == {
        "plan-first-apply.md",
        "insight-03.md",
        "index.md",
        ".notion-pm-export.json",
    }


def test_a_page_outside_of_databases(product: Product, tmp_path: Path) -> None:
    page = product.notion.create_page(product.root, "Notes", look_up=nothing)
    product.export(page.id, output=str(tmp_path / "notes.md"))
    assert "# Notes" in (tmp_path / "notes.md").read_text()


def test_links_in_a_folder_of_specs_work(product: Product, tmp_path: Path) -> None:
    product.export(output=f"{tmp_path}/", format="markdown")
    limits = tmp_path / "feature-specs" / "limits.md"
    targets = [unquote(each) for each in re.findall(r"\]\(([^)]+)\)", limits.read_text())]
    assert len(targets) == 31
    assert all((limits.parent / each).exists() for each in targets)


def test_columns_in_the_requested_order(product: Product, tmp_path: Path) -> None:
    product.export(
        "Feature specs", output=str(tmp_path / "out.csv"), selection=Selection(("status", "Name"))
    )
    _, plan = read_csv(tmp_path / "out.csv")
    assert list(plan.items())[:2] == [("Status", "Shipped"), ("Name", "Plan: first/apply")]


def test_an_unknown_column_suggests_the_most_similar_one(product: Product) -> None:
    with pytest.raises(UsageError, match="no column 'Stauts' in Feature specs") as error:
        product.export("Feature specs", selection=Selection(("Stauts",)))
    assert "Did you mean `Status`?" in error.value.advice


def test_an_unknown_name_lists_the_known_names(product: Product) -> None:
    with pytest.raises(UsageError, match="no database and no named export 'Featur specs'") as error:
        product.export("Featur specs")
    assert "Did you mean `Feature specs`?" in error.value.advice
    assert "Customer insights" in error.value.advice


def test_an_ambiguous_name_is_refused(product: Product) -> None:
    twin = product.notion.create_database(
        product.root,
        "customer INSIGHTS",
        {"Name": PropertyPatch(type="title", config=NoConfig())},
        look_up=nothing,
    )
    with pytest.raises(UsageError, match="There are 2 databases") as failure:
        product.export("Customer insights")
    assert twin.id in failure.value.advice


def test_an_unknown_id_is_reported_as_not_shared(product: Product) -> None:
    with pytest.raises(NotShared):
        product.export("0123456789ab4def8123456789abcdef")


def test_related_pages_that_are_not_shared_are_ids_and_counted(
    workspace: LocalWorkspace, product: Product, tmp_path: Path
) -> None:
    def not_shared(number: int, request: httpx.Request) -> Fault | None:
        hidden = request.url.path.endswith(f"{product.insights.id}/query")
        return Fault(404, "object_not_found") if hidden else None

    limited = replace(product, notion=notion_client_for(workspace, weather=not_shared)[0])
    report = limited.export("Feature specs", output=str(tmp_path / "out.json"))
    limits, _ = json.loads((tmp_path / "out.json").read_text())
    assert limits["properties"]["Insights"][0] == {"id": product.insight_pages[0].id, "title": None}
    assert report.notes[0].startswith("30 related pages could not be read")


def test_pages_in_the_trash_are_left_out(
    product: Product, tmp_path: Path, api: httpx.Client
) -> None:
    gone = product.insight_pages[0].id
    assert api.patch(f"pages/{gone}", json={"in_trash": True}).status_code == 200
    report = product.export(output=str(tmp_path / "out.json"))
    assert [each.rows for each in report.files] == [29, 2]
    assert gone not in [
        each["id"] for each in json.loads((tmp_path / "out.json").read_text())["Customer insights"]
    ]


def test_stdout_contains_only_the_data(product: Product) -> None:
    out = io.BytesIO()
    product.export("Feature specs", output="-", format="jsonl", out=out)
    assert [json.loads(line)["title"] for line in out.getvalue().splitlines()] == [
        "=Limits",
        "Plan: first/apply",
    ]


def test_a_workbook_can_be_written_to_stdout(product: Product) -> None:
    out = io.BytesIO()
    product.export("Feature specs", output="-", format="xlsx", out=out)
    assert load_workbook(out).sheetnames == ["Feature specs", "Data dictionary"]


def test_blocks_without_markdown_are_counted(
    product: Product, tmp_path: Path, api: httpx.Client
) -> None:
    bookmark = {"type": "bookmark", "bookmark": {"url": "https://example.com"}}
    assert (
        api.patch(f"blocks/{product.plan.id}/children", json={"children": [bookmark]}).status_code
        == 200
    )
    report = product.export(product.plan.id, output=str(tmp_path / "spec.md"))
    assert "[bookmark, in Notion](https://app.notion.com/p/" in (tmp_path / "spec.md").read_text()
    assert report.notes == (
        "1 block (bookmarks, embeds, ...) cannot be written as Markdown: the export has links to "
        "them instead.",
    )


def test_nothing_is_written_when_a_read_fails(
    workspace: LocalWorkspace, product: Product, tmp_path: Path
) -> None:
    target = tmp_path / "features.csv"
    target.write_text("from last week")

    def insights_are_down(number: int, request: httpx.Request) -> Fault | None:
        return Fault(503) if request.url.path.endswith(f"{product.insights.id}/query") else None

    broken = replace(product, notion=notion_client_for(workspace, weather=insights_are_down)[0])
    with pytest.raises(Unavailable):
        broken.export("Feature specs", output=str(target))
    assert target.read_text() == "from last week"
    assert list(tmp_path.glob("*.part")) == []


def test_a_cut_value_is_refused_unless_its_column_is_left_out(
    product: Product, tmp_path: Path
) -> None:
    relation_id = next(
        each.id for each in product.features.properties.values() if each.name == "Insights"
    )
    names = RollupConfig(relation_id, "title", "show_original")
    product.notion.update_data_source(
        product.features.id, {"Asked for": PropertyPatch(type="rollup", config=names)}
    )
    target = tmp_path / "features.csv"
    with pytest.raises(
        IncompleteRead, match="only a part of 'Asked for' of the page '=Limits'"
    ) as error:
        product.export("Feature specs", output=str(target))
    assert "--columns" in error.value.advice
    assert not target.exists()
    product.export("Feature specs", output=str(target), selection=Selection(("Name", "Status")))
    assert target.exists()


def test_rows_edited_since_a_minute(product: Product, tmp_path: Path) -> None:
    edited = [page.last_edited_time for page in product.notion.query(product.features.id)]
    # Notion floors the time of an edit to the minute: the seconds of --since must not hide a row.
    within_the_minute = min(edited) + timedelta(seconds=30)
    a_minute_later = max(edited) + timedelta(minutes=1)
    for since, rows in ((min(edited), 2), (within_the_minute, 2), (a_minute_later, 0)):
        report = product.export(
            "Feature specs", output=str(tmp_path / "out.csv"), selection=Selection(since=since)
        )
        assert [each.rows for each in report.files] == [rows]


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_folder_without_write_permission(product: Product, tmp_path: Path, ending: str) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(CannotWrite, match="cannot be written"):
        product.export("Feature specs", output=str(tmp_path / "file" / f"out.{ending}"))


def test_a_database_with_more_rows_than_a_query_returns_is_exported_completely(
    workspace: LocalWorkspace, product: Product, tmp_path: Path
) -> None:
    notes = make_table(product.notion, product.root, "Notes")
    workspace.fill(notes.id, 10_050)
    report = product.export("Notes", output=str(tmp_path / "notes.csv"))
    assert [each.rows for each in report.files] == [10_050]
    assert len({each["Page id"] for each in read_csv(tmp_path / "notes.csv")}) == 10_050

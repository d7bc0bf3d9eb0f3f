"""`notion-pm report` as it is run: what it writes, what it costs, and what has changed since a
date.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from notion_pm.cli import main
from notion_pm.model.ids import NotionId
from notion_pm.model.page import PersonValue
from tests.support.product_workspace import Product, apply_product

MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return apply_product(tmp_path_factory.mktemp("applied"))


@pytest.fixture
def product(applied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Product]:
    monkeypatch.setenv("NOTION_PM_STATE", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    opened = Product.copied(applied, tmp_path, datetime.now(UTC))
    aim = opened.add("vision", "Aim", kind="objective", status="active", health="on_track")
    wings = opened.add("features", "Wings", status="in_progress", vision=[aim], effort=1)
    opened.add(
        "insights",
        "Ask",
        features=[wings],
        customer="Acme",
        quote="We want to fly.",
        importance="critical",
    )
    yield opened
    opened.close()


def run(product: Product, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--local", str(product.workspace.path), *arguments])


def written(product: Product, *arguments: str) -> str:
    result = run(product, "report", *arguments)
    assert result.exit_code == 0, result.stderr
    return Path("report.html").read_text(encoding="utf-8")


def test_it_writes_one_file_and_tells_what_is_in_it(product: Product) -> None:
    run(product, "sync")
    result = run(product, "report", "-o", "q4.html")
    assert re.match(
        r"q4\.html: 1 objective, 1 live feature, 0 gaps, \d+ kB\. 3 requests\.\n", result.stdout
    )
    page = Path("q4.html").read_text(encoding="utf-8")
    assert "“We want to fly.”" in page
    assert list(Path().glob("*.part")) == []


def test_before_the_first_sync_a_note_says_that_there_is_no_history(product: Product) -> None:
    result = run(product, "report")
    assert "Note: There is no history of this workspace yet" in result.stderr
    assert "Changes</h2>" in Path("report.html").read_text(encoding="utf-8")


def test_it_tells_what_has_changed_between_syncs(product: Product) -> None:
    run(product, "sync")
    product.set("features", only_page(product, "features"), status="shipped")
    run(product, "sync", "--force")
    page = written(product)
    assert re.search(r"Wings</a>\s*: In progress → Shipped", page)
    assert '+100<span class="vh"> points' in page
    assert "<b>1</b> features shipped since" in page


def test_what_no_rule_reads_is_remembered_from_report_to_report(product: Product) -> None:
    written(product)
    product.set("vision", only_page(product, "vision"), health="at_risk")
    for _ in range(2):  # the second report sees nothing new, and still knows what was
        page = written(product)
        assert re.search(r"Aim</a>\s*: On track → At risk", page)
        assert "was On track" in page
    product.set("vision", only_page(product, "vision"), health="on_track")
    assert "was On track" not in written(product)


def only_page(product: Product, database: str) -> NotionId:
    (page,) = product.notion.query(product.manifest.databases[database].data_source_id)
    return page.id


def test_for_a_program_it_tells_figures(product: Product) -> None:
    run(product, "sync")
    told = json.loads(run(product, "report", "--json").stdout)
    assert told["file"] == "report.html"
    assert told["bytes"] == Path("report.html").stat().st_size
    assert (told["objectives"], told["features"], told["signal"], told["waiting"]) == (1, 1, 1, 1)


def test_it_goes_to_a_pipe(product: Product) -> None:
    page = run(product, "report", "-o", "-").stdout
    assert page.startswith("<!doctype html>")
    assert page.endswith("</html>\n")
    assert not Path("report.html").exists()


@pytest.mark.parametrize("option", ["--json", "--open"])
def test_stdout_has_only_the_page(product: Product, option: str) -> None:
    result = run(product, "report", "-o", "-", option)
    assert result.exit_code == 1
    assert "needs a file" in result.stderr


def test_a_date_that_lies_ahead_ends_with_advice(product: Product) -> None:
    result = run(product, "report", "--since", "2999-01-01")
    assert result.exit_code == 1
    assert "in the future" in result.stderr


def test_a_date_that_is_none_ends_with_advice(product: Product) -> None:
    result = run(product, "report", "--since", "soon")
    assert result.exit_code == 1
    assert "'soon' is not a date." in result.stderr


def test_on_the_starter_data_it_stays_under_a_megabyte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTION_PM_STATE", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    for arguments in (("apply", "full", "--yes"), ("report",)):
        result = CliRunner().invoke(main, ["--local", "full.sqlite", *arguments])
        assert result.exit_code == 0, result.stderr
    page = Path("report.html").read_text(encoding="utf-8")
    assert 300_000 < len(page.encode()) < MEGABYTE
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)
    assert len(set(re.findall(r'id="t-\w+"', page))) > 240


def counted(product: Product, *arguments: str) -> str:
    """The number of features that shipped, as the first screen shows it."""
    found = re.search(r"<b>(\d+)</b> features shipped", written(product, *arguments))
    assert found
    return found[1]


def test_what_shipped_between_two_days_goes_by_the_ship_date(product: Product) -> None:
    for name, day in (
        ("Before", "2026-03-31"),
        ("First", "2026-04-01"),
        ("Last", "2026-06-30"),
        ("After", "2026-07-01"),
    ):
        product.add("features", name, status="shipped", shipped_on=day)
    period = ("--since", "2026-04-01", "--until", "2026-06-30")
    assert counted(product, *period) == "2"
    run(product, "sync", "--force")
    assert counted(product, *period) == "2"
    assert counted(product, "--since", "2026-04-01", "--until", "2026-07-01") == "3"


def test_a_change_after_the_end_does_not_count(product: Product) -> None:
    written(product)
    aim = only_page(product, "vision")
    product.set("vision", aim, health="at_risk")
    written(product)
    middle = datetime.now(UTC).isoformat()
    product.set("vision", aim, health="off_track")
    page = written(product, "--since", "1d", "--until", middle)
    assert re.search(r"Aim</a>\s*: On track → At risk", page)
    assert "→ Off track" not in page
    assert re.search(r"Aim</a>\s*: On track → Off track", written(product, "--since", "1d"))


def test_an_end_before_the_beginning_ends_with_advice(product: Product) -> None:
    result = run(product, "report", "--since", "2026-04-02", "--until", "2026-04-01")
    assert result.exit_code == 1
    assert not Path("report.html").exists()


def test_an_owner_appears_by_name_and_can_be_filtered_by(product: Product) -> None:
    with closing(sqlite3.connect(product.workspace.path)) as database:
        query = "SELECT id, json_extract(body, '$.name') FROM users WHERE json_extract(body, '$.type') = 'person'"
        person, name = database.execute(query).fetchone()
    product.set("vision", only_page(product, "vision"), owner=(PersonValue(NotionId(person)),))
    page = written(product)
    assert f"Owner: {name}" in page
    assert re.search(
        rf'<select id="owner".*?<option value="w0">{re.escape(name)}</option>', page, re.DOTALL
    )
    assert person not in page

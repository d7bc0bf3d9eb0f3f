"""`trace`, `audit` and `loop` as they are run, on a product workspace that people edit."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from notion_pm.cli import main
from notion_pm.thread.run_loop import open_loops
from tests.support.product_workspace import Product, apply_product
from tests.sync.test_sync import rename


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return apply_product(tmp_path_factory.mktemp("applied"))


@pytest.fixture
def product(applied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Product]:
    monkeypatch.setenv("NOTION_PM_STATE", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    opened = Product.copied(applied, tmp_path, datetime.now(UTC))
    aim = opened.add("vision", "Aim", kind="objective", status="active", health="on_track")
    wings = opened.add("features", "Wings [v2] *now*", status="in_progress", vision=[aim])
    opened.add("features", "Fins")
    said = {"quote": "We want to fly.", "importance": "critical", "contact": "Ann"}
    opened.add("insights", "Ask", features=[wings], customer="Acme", **said)
    yield opened
    opened.close()


def run(product: Product, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--local", str(product.workspace.path), *arguments])


def data_of(product: Product, *arguments: str) -> Any:
    result = run(product, *arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def ship(product: Product) -> str:
    page = data_of(product, "trace", "Wings")["page"]
    product.set("features", page["id"], status="shipped")
    return str(data_of(product, "trace", "Ask")["page"]["id"])


# --- trace


def test_a_trace_shows_both_ways_and_the_words(product: Product) -> None:
    out = run(product, "trace", "wings").stdout
    assert "What it serves\n└── Aim" in out
    assert "FEAT-1 Wings [v2] *now*  In progress  1 insight, 1 customer, importance 3" in out
    assert "└── Ask  Acme · 3 Critical\n    “We want to fly.”" in out
    assert out.endswith("\n5 requests.\n")
    assert "We want to fly" not in run(product, "trace", "FEAT-1", "--no-quotes").stdout


def test_a_trace_reads_each_database_once(product: Product) -> None:
    run(product, "sync")
    assert data_of(product, "trace", "FEAT-1")["requests"] == 3


def test_a_trace_as_data(product: Product) -> None:
    data = data_of(product, "trace", "FEAT-1")
    assert [each["title"] for each in data["above"]] == ["Aim"]
    (ask,) = data["below"]
    assert {key: ask[key] for key in ("title", "quote", "customers", "importance", "below")} == {
        "title": "Ask",
        "quote": "We want to fly.",
        "customers": ["Acme"],
        "importance": 3,
        "below": [],
    }
    assert data["page"]["evidence"] == {"insights": 1, "customers": 1, "importance": 3, "arr": None}


def test_a_page_is_found_by_its_link(product: Product) -> None:
    page = data_of(product, "trace", "FEAT-1")["page"]
    assert data_of(product, "trace", page["url"])["page"]["id"] == page["id"]
    assert data_of(product, "trace", page["id"].replace("-", ""))["page"]["id"] == page["id"]


def test_a_trace_as_a_flowchart(product: Product) -> None:
    out = run(product, "trace", "FEAT-1", "--mermaid").stdout
    assert out.startswith(
        'flowchart TD\n  n0["FEAT-1 Wings #91;v2#93; #42;now#42; – In progress"]\n'
    )
    assert "\n  n1 --> n0\n" in out


def test_an_unknown_title_ends_with_advice(product: Product) -> None:
    result = run(product, "trace", "Wigns")
    assert result.exit_code == 1
    assert "There is no page 'Wigns'" in result.stderr
    assert "number (FEAT-12)" in result.stderr
    other = run(product, "trace", "0" * 32)
    assert "This page is in none of the template's databases" in other.stderr


def test_a_trace_says_that_a_feature_is_not_linked(product: Product) -> None:
    out = run(product, "trace", "Fins").stdout
    assert (
        "It serves no page above it. The thread ends here: no evidence or feature below it." in out
    )


def test_renamed_options_have_their_new_names(product: Product) -> None:
    rename(product, "3 Critical", "Dringend")
    product.add("insights", "Sage", customer="Acme", importance="critical")
    assert "Sage  Acme · Dringend" in run(product, "trace", "Sage").stdout


def test_a_deleted_relation_is_refused_and_a_deleted_text_is_not(product: Product) -> None:
    run(product, "sync")
    entry = product.manifest.databases["insights"]
    product.notion.update_data_source(entry.data_source_id, {entry.properties["tags"]: None})
    assert run(product, "trace", "FEAT-1").exit_code == 0
    product.notion.update_data_source(entry.data_source_id, {entry.properties["features"]: None})
    result = run(product, "trace", "FEAT-1")
    assert result.exit_code == 1
    assert "insights.features was deleted" in result.stderr
    assert "notion-pm apply" in result.stderr


# --- audit


def test_an_audit_names_pages_and_what_to_do(product: Product) -> None:
    out = run(product, "audit").stdout
    assert "Features without evidence: 1\n  Link the insights that ask for it" in out
    assert "  - Fins (Idea)\n    https://" in out
    assert (
        "50% signal: 1 of 2 live features, 1 noise.\nA live feature (not parked or dropped) is "
        "signal" in out
    )
    assert out.endswith("2 findings. 5 requests.\n")


def test_an_audit_has_an_exit_code_for_jobs(product: Product) -> None:
    assert run(product, "audit", "--exit-code").exit_code == 2
    assert run(product, "audit").exit_code == 0
    assert run(product, "audit", "--exit-code", "--only", "overdue").exit_code == 0


def test_an_audit_as_data(product: Product) -> None:
    data = data_of(product, "audit")
    assert data["signal"]["share"] == 0.5
    assert data["checks"]["no-evidence"] == 1
    assert [(each["check"], each["title"]) for each in data["findings"]] == [
        ("no-evidence", "Fins"),
        ("no-objective", "Fins"),
    ]
    assert data["left_out"] == []


def test_an_audit_as_markdown_escapes_titles(product: Product) -> None:
    product.add("features", "<b>x</b> [y](z)")
    out = run(product, "audit", "--format", "markdown").stdout
    assert "- [\\<b\\>x\\</b\\> \\[y\\](z)](https://" in out


# --- loop


def test_the_loop_lists_who_to_tell_with_a_message(product: Product) -> None:
    assert run(product, "loop").stdout == "No customers to tell. 5 requests.\n"
    ship(product)
    out = run(product, "loop").stdout
    assert "Acme: 1 ask\n  Ask ← FEAT-1 Wings [v2] *now*\n  https://" in out
    assert "    Hello Ann,\n" in out
    assert "1 customer to tell about 1 insight." in out


@pytest.mark.parametrize("words", ["acme", "Ask"])
def test_insight_is_stamped_once_and_closed_by_sync(product: Product, words: str) -> None:
    ask = ship(product)
    dry = run(product, "loop", "--told", words, "--dry-run")
    assert "1 insight would be stamped as told." in dry.stdout
    assert product.get("insights", ask, "told_on") is None  # type: ignore[arg-type]
    told = data_of(product, "loop", "--told", words)
    assert told["told"] == [{"page": ask, "title": "Ask", "problem": None}]
    day = product.get("insights", ask, "told_on")  # type: ignore[arg-type]
    assert isinstance(day, str)
    assert "told on" in data_of(product, "loop", "--told", "Ask")["told"][0]["problem"]
    again = run(product, "loop", "--told", "ACME")
    assert again.stdout.startswith("Nothing to stamp")
    assert again.exit_code == 0
    run(product, "sync")
    assert product.get("insights", ask, "status") == "Closed"  # type: ignore[arg-type]
    assert data_of(product, "loop")["customers"] == []


def test_an_insight_stamped_after_it_was_read_keeps_its_day(product: Product) -> None:
    """The page is read again right before it is stamped."""
    ask = ship(product)
    loop = open_loops(product.place())
    product.set("insights", ask, told_on="2020-01-01")  # type: ignore[arg-type]
    (told,) = loop.stamp(loop.all_asks())
    assert "told on 2020-01-01" in told.problem
    assert product.get("insights", ask, "told_on") == "2020-01-01"  # type: ignore[arg-type]


def test_all_are_stamped_only_after_confirmation(product: Product) -> None:
    ask = ship(product)
    refused = run(product, "loop", "--told-all")
    assert refused.exit_code == 1
    assert "run it again with --yes" in refused.stderr
    assert product.get("insights", ask, "told_on") is None  # type: ignore[arg-type]
    assert run(product, "loop", "--told-all", "--yes").exit_code == 0
    assert product.get("insights", ask, "told_on")  # type: ignore[arg-type]


def test_what_has_not_shipped_or_is_locked_is_not_stamped(product: Product) -> None:
    early = data_of(product, "loop", "--told", "Ask")["told"][0]["problem"]
    assert early.startswith("nothing that it asks for has shipped")
    ask = ship(product)
    product.set("insights", ask, sync_lock=True)  # type: ignore[arg-type]
    assert data_of(product, "loop", "--told", "Ask")["told"][0]["problem"] == "locked"
    assert run(product, "loop", "--told", "FEAT-1").exit_code == 1


def test_drafts_as_files(product: Product, tmp_path: Path) -> None:
    ship(product)
    ours = tmp_path / "ours.txt"
    ours.write_text("=Hallo {{ customer }} ```", encoding="utf-8")
    assert run(product, "loop", "-o", "drafts.csv", "--message", "ours.txt").exit_code == 0
    (row,) = csv.DictReader(io.StringIO((tmp_path / "drafts.csv").read_text(encoding="utf-8")))
    assert (row["customer"], row["contact"], row["message"]) == ("Acme", "Ann", "'=Hallo Acme ```")
    run(product, "loop", "-o", "drafts.md", "--message", "ours.txt")
    document = (tmp_path / "drafts.md").read_text(encoding="utf-8")
    assert "## Acme" in document
    assert "\n````text\n=Hallo Acme ```\n````\n" in document
    assert run(product, "loop", "-o", "drafts.doc").exit_code == 1


def test_the_default_message_can_start_a_custom_one(product: Product, tmp_path: Path) -> None:
    ship(product)
    (tmp_path / "ours.txt").write_text(
        run(product, "loop", "--show-message").stdout, encoding="utf-8"
    )
    assert run(product, "loop", "--message", "ours.txt").stdout == run(product, "loop").stdout

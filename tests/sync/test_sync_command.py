"""`notion-pm sync` as it is run: documents, exit codes, and what people read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from notion_pm.cli import main
from tests.support.product_workspace import Product, apply_product


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return apply_product(tmp_path_factory.mktemp("applied"))


@pytest.fixture
def product(applied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Product]:
    monkeypatch.setenv("NOTION_PM_STATE", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    opened = Product.copied(applied, tmp_path, datetime.now(UTC))
    yield opened
    opened.close()


def run(product: Product, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--local", str(product.workspace.path), "sync", *arguments])


@pytest.fixture
def wings(product: Product) -> str:
    wings = product.add("features", "Wings", status="in_progress")
    product.add("insights", "Ask", features=[wings])
    return wings


def test_one_json_document_with_stable_keys(product: Product, wings: str) -> None:
    result = run(product, "--json")
    data = json.loads(result.stdout)
    assert result.exit_code == 0
    update = next(each for each in data["updates"] if each["address"] == "insights.status")
    assert {key: update[key] for key in ("title", "property", "from", "to", "rule")} == {
        "title": "Ask",
        "property": "Status",
        "from": "New",
        "to": "Planned",
        "rule": "I2-plan",
    }
    assert update["url"].startswith("https://")
    assert [each["title"] for each in update["because"]] == ["Wings"]
    assert (data["conflicts"], data["proposals"], data["notes"]) == ([], [], [])
    # Three databases are read, two of them again before their pages are written; the rest is
    # the record, its paragraph of the last sync, and the two pages.
    assert data["requests"] == 10
    stamped = next(each for each in data["updates"] if each["address"] == "features.evidence_count")
    assert (stamped["from"], stamped["to"]) == (None, 1)


def test_a_table_and_counts_for_people(product: Product, wings: str) -> None:
    first, second = run(product), run(product)
    assert "Status: New → Planned" in first.stdout
    assert "I2-plan" in first.stdout
    assert (
        "2 pages changed (1 in Customer insights, 1 in Feature specs). 10 requests." in first.stdout
    )
    assert second.stdout == "Nothing to do. 3 requests.\n"


def test_explain_names_rule_and_cause(product: Product, wings: str) -> None:
    out = run(product, "--explain", "--dry-run").stdout
    assert "I2-plan: A feature that is being built plans the insights behind it." in out
    assert "Because of: Wings" in out
    assert "2 pages would change" in out


def test_conflicts_are_reported_and_may_fail_the_run(product: Product, wings: str) -> None:
    run(product)
    product.set("features", wings, evidence_count=9)  # type: ignore[arg-type]
    first, second = run(product, "--fail-on-conflict"), run(product)
    assert first.exit_code == 4
    assert "Conflict: Wings, Evidence count: it is 9, F1-evidence says 1" in first.output
    assert "1 conflict reported before" in second.stdout
    assert second.exit_code == 0
    assert run(product, "--on-conflict", "rule").exit_code == 0
    assert product.get("features", wings, "evidence_count") == 1  # type: ignore[arg-type]


def test_too_much_at_once_is_exit_code_3(product: Product, wings: str) -> None:
    for number in range(20):
        product.add("insights", f"Ask {number}", status="triaged", features=[wings])
    result = run(product)
    assert result.exit_code == 3
    assert "--force" in result.output
    dry = run(product, "--dry-run")
    assert dry.exit_code == 3
    assert "Ask 19" in dry.stdout and "22 pages would change" in dry.stdout, (
        "it shows what it would be"
    )
    assert "20 of 21 pages of insights would be changed" in dry.stderr
    data = json.loads(run(product, "--dry-run", "--json").stdout)
    assert (data["outcome"], data["error"]["kind"], data["error"]["exit_code"]) == (
        "failed",
        "UnsafeChange",
        3,
    )
    assert len({each["page"] for each in data["updates"]}) == 22
    assert run(product, "--force").exit_code == 0


def test_proposals_and_notes_are_shown(product: Product) -> None:
    entry = product.add("features", "Idea")
    for number in range(5):
        product.add("insights", f"Ask {number}", customer=f"Customer {number}", features=[entry])
    product.add(
        "features",
        "Locked",
        status="spec",
        reach=1,
        impact=1,
        confidence=1,
        effort=1,
        sync_lock=True,
    )
    out = run(product).stdout
    assert (
        "Proposal: Idea, Status: Discovery? Three customers asked for it. (F2-pull-customers)"
        in out
    )
    assert "Note: 1 page is locked: rules left it alone." in out


def test_a_template_of_ones_own_is_remembered_by_its_path(product: Product, tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(
        "template: product\nversion: 1\ntitle: Own\ndatabases: {features: {title: F, properties: "
        "{name: {type: title, title: N}, priority: {type: select, title: P, options: [{key: p0, "
        "name: P0}]}}}}\n"
        "sync: {urgent: {why: All is urgent., set: features.priority, to: p0}}\n"
    )
    wings = product.add("features", "Wings")
    assert run(product, "--template", str(own)).exit_code == 0
    assert product.get("features", wings, "priority") == "P0"
    assert run(product).stdout.startswith("Nothing to do.")

"""`history`, `why` and `undo sync` as they are run, on a product workspace that people edit."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from notion_pm.cli import main
from notion_pm.model.ids import NotionId
from tests.support.product_workspace import Product, apply_product

EPOCH = "2000-01-01"


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
    return CliRunner().invoke(main, ["--local", str(product.workspace.path), *arguments])


def shown(product: Product, *arguments: str) -> str:
    result = run(product, *arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def data_of(product: Product, *arguments: str) -> Any:
    return json.loads(shown(product, *arguments, "--json"))


@pytest.fixture
def ask(product: Product) -> NotionId:
    """An insight."""
    return product.add("insights", "Ask")


@pytest.fixture
def wings(product: Product, ask: NotionId) -> NotionId:
    """The feature that it asks for, which is being built; nothing is synced yet."""
    return product.add("features", "Wings", status="in_progress", insights=[ask])


@pytest.fixture
def shipped(product: Product, wings: NotionId) -> Product:
    """A sync has planned the insight; then the feature shipped, and another sync has told it."""
    shown(product, "sync")
    product.set("features", wings, status="shipped")
    shown(product, "sync")
    return product


class TestHistory:
    def test_where_nothing_ran_it_says_so(self, product: Product) -> None:
        assert shown(product, "history").startswith("No runs yet.")
        assert data_of(product, "history") == {"runs": [], "changes": []}

    def test_runs_are_a_table_and_changes_say_who(self, shipped: Product) -> None:
        runs = shown(shipped, "history")
        assert [line.split()[1] for line in runs.splitlines()] == ["Kind", "sync", "sync"]
        assert "updates 2, conflicts 0, proposals 0, requests " in runs
        changes = shown(shipped, "history", "--since", EPOCH)
        assert "Wings, Status: In progress → Shipped  (person)" in changes
        assert "Ask, Status: Planned → Shipped  (I3-ship)" in changes

    def test_since_may_be_a_number_of_days(self, shipped: Product) -> None:
        by_days = shown(shipped, "history", "--since", "7d")
        assert "Wings, Status: In progress → Shipped  (person)" in by_days
        assert by_days == shown(shipped, "history", "--since", EPOCH)

    def test_since_must_be_a_date_in_the_past(self, product: Product) -> None:
        in_two_days = f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%d}"
        for word in (in_two_days, "soon"):
            result = run(product, "history", "--since", word)
            assert result.exit_code == 1
            assert word in result.output

    def test_as_data(self, shipped: Product, ask: NotionId) -> None:
        data = data_of(shipped, "history", "--since", EPOCH)
        last = data["runs"][-1]
        assert (last["kind"], last["outcome"], last["updates"]) == ("sync", "changed", 2)
        (change,) = (
            each for each in data["changes"] if each["page"] == ask and each["to"] == "Shipped"
        )
        assert {key: change[key] for key in ("address", "from", "by", "rules", "run")} == {
            "address": "insights.status",
            "from": "Planned",
            "by": "rule",
            "rules": ["I3-ship"],
            "run": last["run"],
        }


class TestWhy:
    def test_before_the_first_sync_it_says_what_that_would_do(
        self, product: Product, ask: NotionId, wings: NotionId
    ) -> None:
        out = shown(product, "why", "Ask", "Status")
        assert "Status: New\n  Set by: unknown: no change since the history begins\n" in out
        assert "I1-link says Linked" in out and "I2-plan says Planned" in out
        assert "Next: The next sync sets it to Planned." in out, (
            "what they say together, not what the first says"
        )
        assert product.get("insights", ask, "status") == "New", "it only reads"

    def test_what_a_rule_set_names_the_rule_and_the_page_behind_it(self, shipped: Product) -> None:
        out = shown(shipped, "why", "ask")
        assert re.search(r"Status: Shipped\n  Set by: I3-ship, \d{4}-\d\d-\d\d", out)
        assert re.search(r"I3-ship says Shipped: .*\n    because of Wings  https://", out)
        assert "Loop: Tell customer" in out
        assert out.count("Next: It follows the pages it depends on.") == 2

    def test_a_page_by_its_number_and_a_property_by_its_title(self, shipped: Product) -> None:
        (answer,) = data_of(shipped, "why", "FEAT-1", "evidence COUNT")["properties"]
        assert (answer["address"], answer["value"], answer["set_by"]) == (
            "features.evidence_count",
            1,
            "rule",
        )

    def test_a_persons_value_is_told_as_theirs_with_the_way_back(
        self, shipped: Product, ask: NotionId
    ) -> None:
        shipped.set("insights", ask, status="linked")
        assert "Set by: a person, after the last sync" in shown(shipped, "why", "Ask", "status")
        shown(shipped, "sync")
        (answer,) = data_of(shipped, "why", "Ask", "status")["properties"]
        assert (answer["set_by"], answer["state"]) == ("person", "conflict")
        assert (
            answer["next"]
            == "The person's value stays. To give it back to the rule, empty it or set it to Shipped."
        )

    def test_rules_that_could_disagree_are_refused_with_what_would_settle_it(
        self, product: Product, tmp_path: Path
    ) -> None:
        (tmp_path / "own.yaml").write_text(
            "template: product\nversion: 1\ntitle: Own\ndatabases: {features: {title: F, "
            "properties: "
            "{name: {type: title, title: N}, priority: {type: select, title: Priority, "
            "options: [{key: p0, name: P0}, {key: p1, name: P1}]}}}}\n"
            "sync: {one: {why: All is urgent., set: features.priority, to: p0}, "
            "two: {why: Nothing is., set: features.priority, to: p1}}\n"
        )
        product.add("features", "Wings")
        refused = run(product, "sync", "--template", "own.yaml")
        assert refused.exit_code == 1
        assert "own.yaml:5: one and two could set features.priority" in refused.stderr
        assert "`priority`" in refused.stderr

    def test_a_sum_lists_the_amounts_that_make_it(self, product: Product) -> None:
        said: dict[str, Any] = {"customer": "Acme", "observed_on": "2026-11-01"}
        small = product.add("insights", "Small", customer="Beta", arr=10_000)
        big = product.add("insights", "Big", arr=1_000_000, **said)
        nobody = product.add("insights", "Nobody", arr=5)
        product.add("features", "Tail", insights=[small, big, nobody])
        shown(product, "sync")
        out = shown(product, "why", "Tail", "ARR weight")
        assert "ARR weight: $1,010,000" in out
        assert "    $1,000,000  Acme, through Big\n    $10,000  Beta, through Small\n" in out
        (rule,) = data_of(product, "why", "Tail", "ARR weight")["properties"][0]["rules"]
        assert [(each["of"], each["amount"]) for each in rule["amounts"]] == [
            ("Acme", 1_000_000),
            ("Beta", 10_000),
        ]

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (["Ask", "Quote"], "Rules set these: Status, Loop, Sync note."),
            (["Nothing like it"], "There is no page 'Nothing like it'"),
            (["i"], "'i' matches 2 pages:"),
        ],
    )
    def test_what_cannot_be_told_is_said_with_what_can(
        self, product: Product, words: list[str], told: str
    ) -> None:
        product.add("features", "First")
        product.add("features", "Fifth")
        product.add("insights", "Ask")
        result = run(product, "why", *words)
        assert result.exit_code == 1
        assert told in result.stderr


class TestUndo:
    def test_a_dry_run_shows_what_would_become_and_changes_nothing(
        self, shipped: Product, ask: NotionId
    ) -> None:
        out = shown(shipped, "undo", "sync", "--dry-run")
        assert "Status: Shipped → Planned; Loop: Tell customer → –" in out
        assert "2 pages to undo, 0 values cannot be." in out
        assert shipped.get("insights", ask, "status") == "Shipped"

    def test_without_a_terminal_it_wants_a_yes(self, shipped: Product, ask: NotionId) -> None:
        for arguments in ((), ("--json",)):
            result = run(shipped, "undo", "sync", *arguments)
            assert result.exit_code == 1
            assert "notion-pm undo sync --yes" in result.stderr
        assert shipped.get("insights", ask, "status") == "Shipped"

    def test_what_is_set_back_stays_until_the_rules_side_is_taken(
        self, shipped: Product, ask: NotionId
    ) -> None:
        done = data_of(shipped, "undo", "sync", "--yes")
        assert (done["done"], len(done["updates"])) == (True, 3)
        assert shipped.get("insights", ask, "status") == "Planned"
        assert "Nothing to undo." in shown(shipped, "undo", "sync", "--yes")
        assert "an undo of what I3-ship wrote" in shown(shipped, "why", "Ask", "Status")
        assert "Conflict: Ask, Status: it is Planned, I3-ship says Shipped" in shown(
            shipped, "sync"
        )
        assert shipped.get("insights", ask, "status") == "Planned"
        shown(shipped, "sync", "--on-conflict", "rule")
        assert shipped.get("insights", ask, "status") == "Shipped"
        kinds = [(each["kind"], each["outcome"]) for each in data_of(shipped, "history")["runs"]]
        assert kinds == [("sync", "changed")] * 2 + [
            ("undo", "changed"),
            ("sync", "unchanged"),
            ("sync", "changed"),
        ]

    def test_what_people_changed_since_is_left_and_named(
        self, shipped: Product, ask: NotionId
    ) -> None:
        shipped.set("insights", ask, status="triaged")
        out = shown(shipped, "undo", "sync", "--yes")
        assert "Not undone: Ask, Status: it was changed since." in out
        assert shipped.get("insights", ask, "status") == "Triaged"
        assert shipped.get("insights", ask, "loop") is None

    def test_there_is_nothing_to_undo_where_nothing_ran(self, product: Product) -> None:
        result = run(product, "undo", "sync", "--yes")
        assert result.exit_code == 1
        assert "nothing to undo" in result.stderr

"""The independent account: what sync stamps and what the report shows, against plain SQL over our
own export.

NOTION_PM_ACCOUNTS says how many random workspaces are checked (default 4). A failure prints the
seed.
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner

from notion_pm.cli import main
from notion_pm.model.rule import Rule
from notion_pm.model.template_schema import TemplateSchema
from notion_pm.report.compose import Report
from notion_pm.report.page_values import Weight
from notion_pm.report.run_report import make_report
from notion_pm.report.strategy import Objective
from notion_pm.template import templates
from tests.report.account import REPORT, Account, alike
from tests.support.product_workspace import Product, apply_template
from tests.support.random_workspaces import fill

WORKSPACES = int(os.environ.get("NOTION_PM_ACCOUNTS", "4"))


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return apply_template(tmp_path_factory.mktemp("applied"), "full")


def opened(applied: Path, folder: Path, seed: int) -> Product:
    """Return a random workspace, which was never synced."""
    folder.mkdir()
    now = datetime.now(UTC)
    product = Product.copied(applied, folder, now)
    product = replace(product, vocabulary=TemplateSchema(templates.load("full").template))
    fill(product, Random(seed), now.date())
    return product


def run(product: Product, *arguments: str) -> None:
    result = CliRunner().invoke(main, ["--local", str(product.workspace.path), *arguments])
    assert result.exit_code == 0, result.output


def account_of(product: Product, folder: Path) -> Account:
    """Sync and export as a user does, and return the account of what was exported."""
    run(product, "sync", "--force")
    run(product, "export", "-o", str(folder / "tables.sqlite"))
    return Account(folder / "tables.sqlite", datetime.now(UTC).date())


@pytest.mark.parametrize("half", [0, 1])
def test_every_number_is_what_an_independent_account_says(
    half: int, applied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(half, WORKSPACES, 2):
        folder = tmp_path / str(seed)
        monkeypatch.setenv("NOTION_PM_STATE", str(folder / "state"))
        product = opened(applied, folder, seed)
        account = account_of(product, folder)
        found = make_report(product.place(), datetime.now(UTC), quotes=1).report
        wrong = [*account.differences(), *report_differences(account, found)]
        account.close()
        product.close()
        assert not wrong, f"seed {seed}: " + "\n".join(wrong)


def test_it_finds_an_amount_that_is_counted_twice(
    applied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sum what insights carry, as a template once did: each insight shared by two customers counts
    both amounts.
    """
    shipped = templates.load("full")
    faulty = {
        "C1-arr": {"set": "insights.arr", "value": {"sum": "customer.arr"}},
        "F1-arr": {
            "set": "features.arr_weight",
            "value": {"sum": "insights.arr", "once_per": "customer"},
        },
    }
    rules = {name: Rule.model_validate({"why": "w", **rule}) for name, rule in faulty.items()}
    template = shipped.template.model_copy(update={"sync": {**shipped.template.sync, **rules}})
    shipped_as = shipped.model_copy(update={"template": template})
    monkeypatch.setattr(templates, "load", lambda *_, **__: shipped_as)
    found: list[str] = []
    for seed in range(3):
        folder = tmp_path / str(seed)
        monkeypatch.setenv("NOTION_PM_STATE", str(folder / "state"))
        product = opened(applied, folder, seed)
        account = account_of(product, folder)
        found += account.differences()
        account.close()
        product.close()
    assert any(each.startswith("features.arr_weight") for each in found)
    assert any(each.startswith("insights.arr") for each in found)


# --- the report


def report_differences(account: Account, found: Report) -> list[str]:
    """Return the figures of a report that are not what the account says."""
    said = figures_of(found)
    wrong = []
    for name, query in REPORT.items():
        expected = account.rows(query)
        if len(expected) != len(said[name]) or not all(map(same_row, expected, said[name])):
            wrong.append(f"report, {name}: {said[name]}, and should be {expected}")
    tiles = [each.number for each in found.figures]
    live = account.rows(
        "SELECT count(*), sum(fresh IN ('At risk', 'Off track')) FROM live_objectives"
    )[0]
    waiting = account.rows("SELECT count(*) FROM waiting")[0][0]
    if (tiles[0], tiles[-1]) != (str(live[0]), str(waiting)) or (
        live[0] and tiles[1] != str(live[1])
    ):
        wrong.append(f"report, tiles: {tiles}, and should be {live} and {waiting}")
    return wrong


def same_row(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """Whether two rows are the same; percent are whole in the report."""
    return len(one) == len(other) and all(
        alike(a, b) or (isinstance(a, float) and isinstance(b, int) and abs(a - b) <= 0.51)
        for a, b in zip(one, other, strict=True)
    )


def figures_of(found: Report) -> dict[str, list[tuple[Any, ...]]]:
    """Return the report's own figures as rows like those of the account, sorted by name."""
    waits = found.waiting
    return {
        "objectives": sorted(
            (
                each.page.title,
                each.health and each.health.name,
                each.progress,
                each.base,
                each.done,
                *_weight(each.weight),
            )
            for each in found.strategy.objectives
        ),
        "evidence": sorted((each.page.title, *_weight(each.weight)) for each in found.evidence),
        "waiting": sorted((each.name, each.amount, len(each.asks)) for each in waits.customers),
        "apart": sorted((each.name,) for each in waits.others),
        "open asks": [(waits.asks - waits.unnamed, waits.unnamed)],
        "needs": sorted((each.page.title, each.amount) for each in waits.needs),
        "messages": sorted(_reader(each.name) for each in waits.to_tell),
        "signal": [(found.audit.live, found.audit.signal)],
        "shipped today": [(len(found.changelog.of("shipped")),)],
    }


def _objective(each: Objective) -> tuple[Any, ...]:
    name = each.health.name if each.health else ""
    return each.page.title, name, each.progress, each.base, each.done, *_weight(each.weight)


def _weight(weight: Weight) -> tuple[Any, ...]:
    return (
        weight.insights,
        weight.customers,
        weight.importance,
        _amount(weight.arr),
        _amount(weight.arr_apart),
    )


def _amount(shown: str) -> int:
    """Return the number of an amount as people read it, such as $1,010,000."""
    return int(shown.replace("$", "").replace(",", "") or 0)


def _reader(name: str) -> tuple[str, str]:
    """Return customer and contact of a message's reader, as the report names it: `Ann (Acme)`."""
    if name.startswith("Customer"):
        return name, ""
    contact, _, customer = name.removesuffix(")").partition(" (")
    return customer, contact

"""Formulas that were made to stop the program: each ends soon, with a value or a FormulaError."""

from __future__ import annotations

import time

import pytest

from notion_pm.emulator import formulas
from notion_pm.emulator.formulas import FormulaError
from tests.emulator.conftest import Json, Notion
from tests.emulator.test_formulas_robust import NOW, PROPERTIES, Page

_LETTERS = f'"{"a" * 60}b"'
_DOUBLED = ", ".join(f"v{n}, v{n - 1} + v{n - 1}" for n in range(1, 60))
_LISTED = ", ".join(f"v{n}, [v{n - 1}, v{n - 1}, v{n - 1}]" for n in range(1, 40))
_TWENTY = "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]"
_NESTED = f"{_TWENTY}.map(" * 12 + "current" + ")" * 12

BOMBS = [
    f'test({_LETTERS}, "((a|aa)+)+$")',
    f'match({_LETTERS}, "((a|aa)+)+$")',
    f'replace({_LETTERS}, "((a|aa)+)+$", "x")',
    f'replaceAll({_LETTERS}, "((a|aa)+)+$", "x")',
    f'test("{"a " * 2000}!", "(\\\\w+\\\\s?)*$")',
    f'{_TWENTY}.map({_TWENTY}.map(test({_LETTERS}, "((a|aa)+)+$")))',
    f'lets(v0, "a", {_DOUBLED}, v59)',
    f"lets(v0, 1, {_LISTED}, format(v39))",
    f"lets(v0, 1, {_LISTED}, v39 == v39)",
    _NESTED,
    'repeat("a", 100000).split("").unique()',
    'repeat("a,", 9000).split(",").map(repeat("a,", 9000).split(","))',
    'repeat("a", 1000000000)',
    'replaceAll(repeat("a", 90000), "a", repeat("b", 90000))',
    'replaceAll(repeat("a", 90000), "(.*)", "$1$1$1$1")',
    'repeat("a", 9000).split("").join(repeat("b", 90000))',
    "round(1.5, 1000000000)",
    "round(1.5, -1000000000)",
    "9 ^ 9 ^ 9 ^ 9 ^ 9",
    "formatNumber(1, \"commas\", 1000000000)",
    f'test("a", "{"(a" * 300}{")" * 300}")',
    f'test("a", "{"a{1,60000}" * 20}")',
    'replace("a", "(a)", "$7")',
    "1" + "+1" * 200_000,
    "(" * 5_000 + "1" + ")" * 5_000,
    "/*" * 20_000,
    f"{'9' * 6000} + 1",
]  # fmt: skip


@pytest.mark.parametrize("expression", BOMBS, ids=range(len(BOMBS)))
def test_a_formula_ends_soon(expression: str) -> None:
    began = time.process_time()
    for act in (
        lambda: formulas.check(expression, PROPERTIES),
        lambda: formulas.evaluate(expression, Page(empty=False), NOW),
    ):
        try:
            act()
        except FormulaError as error:
            assert len(str(error)) < 1_000
    assert time.process_time() - began < 2


def test_a_formula_that_is_too_slow_costs_a_table_little() -> None:
    began = time.process_time()
    for _ in range(200):
        with pytest.raises(FormulaError):
            formulas.evaluate(f'test("x{"a" * 60}b", "((a|aa)+)+$")', Page(empty=False), NOW)
    assert time.process_time() - began < 4


def test_work_is_counted_across_formulas(notion: Notion) -> None:
    """Thirty formulas, each of which reads the one before twice, would be computed a billion times."""
    schema: Json = {"Name": {"title": {}}, "F0": {"formula": {"expression": "1"}}}
    for n in range(1, 31):
        schema[f"F{n}"] = {"formula": {"expression": f'prop("F{n - 1}") + prop("F{n - 1}")'}}
    parent = {"type": "page_id", "page_id": notion.root}
    error = notion.refused(
        "POST", "/databases", parent=parent, initial_data_source={"properties": schema}
    )
    assert "takes too long" in error["message"]

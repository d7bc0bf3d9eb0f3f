"""Formulas with random content give a value or a FormulaError."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notion_pm.emulator import formulas
from notion_pm.emulator.formulas import ANY, FormulaError, PropertyInfo, Row

NOW = datetime(2026, 7, 15, 14, 30, tzinfo=UTC)
PROPERTIES: dict[str, PropertyInfo] = {
    "Name": PropertyInfo("title", "Name", "title"),
    "Weight": PropertyInfo("w", "Weight", "number"),
    "Due": PropertyInfo("d", "Due", "date"),
    "Tags": PropertyInfo("t", "Tags", "multi_select"),
    "Who": PropertyInfo("p", "Who", "people"),
    "Next": PropertyInfo("r", "Next", "relation", target=lambda: PROPERTIES),
}


class Page:
    """A page that is related to itself, with or without values."""

    id = "bbbbbbbb-0000-4000-8000-000000000001"

    def __init__(self, *, empty: bool) -> None:
        self._empty = empty

    def value(self, key: str) -> dict[str, Any]:
        info = next(info for info in PROPERTIES.values() if key in (info.id, info.name))
        filled = {
            "title": [{"plain_text": "Sign in"}],
            "number": 2.5,
            "date": {"start": "2026-07-20", "end": None},
            "multi_select": [{"name": "web"}],
            "people": [{"id": "ann", "name": "Ann"}],
        }
        return {"type": info.type, info.type: None if self._empty else filled.get(info.type)}

    def pages(self, key: str) -> Sequence[Row]:
        return [] if self._empty else [self]


ATOMS = st.sampled_from(
    [*("1", "0", "2.5", '"a"', '""', "true", "false", "[]", "[1, 2]", "now()", "today()", "current", "pi()"),
     *(f'prop("{name}")' for name in PROPERTIES)]
)  # fmt: skip
OPERATORS = st.sampled_from(["+", "-", "*", "/", "%", "^", "==", "!=", ">", "<=", "and", "or"])
NAMES = st.sampled_from(sorted(formulas.SUPPORTED - {"prop", "not", "let", "lets"}))


def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({} {} {})".format, inner, OPERATORS, inner),
        st.builds("{}({})".format, NAMES, st.lists(inner, max_size=3).map(", ".join)),
        st.builds("({}).{}({})".format, inner, NAMES, st.lists(inner, max_size=2).map(", ".join)),
        st.builds("not {}".format, inner),
        st.builds("({} ? {} : {})".format, inner, inner, inner),
        st.builds("let(current, {}, {})".format, inner, inner),
        st.builds('({}).prop("Weight")'.format, inner),
    )


EXPRESSIONS = st.recursive(ATOMS, grown, max_leaves=8)


@settings(max_examples=500, deadline=None)
@given(EXPRESSIONS, st.booleans())
def test_a_checked_formula_gives_a_value_of_its_type_or_an_error(
    expression: str, empty: bool
) -> None:
    with contextlib.suppress(FormulaError):
        expected = formulas.check(expression, PROPERTIES)
        content = formulas.evaluate(expression, Page(empty=empty), NOW, expected)
        shown = {"text": "string", "list": "string", "page": "string", "person": "string"}
        kind = shown.get(expected.kind, expected.kind)
        assert kind in (content["type"], "any")
        assert set(content) == {"type", content["type"]}


@given(
    st.text(alphabet='prop("Name").length()+-*/%^<>=!?:[]{},& |and1.5\\\n', max_size=40)
    | st.text(max_size=20)
)
def test_any_text_is_a_formula_or_is_refused(expression: str) -> None:
    with contextlib.suppress(FormulaError):
        formulas.check(expression, PROPERTIES)


@given(
    st.recursive(
        st.integers(-9, 9).map(str),
        lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from("+-*"), inner),
        max_leaves=12,
    )
)
def test_arithmetic_is_that_of_python(expression: str) -> None:
    content = formulas.evaluate(expression, Page(empty=True), NOW)
    assert math.isclose(content["number"], eval(expression))


@pytest.mark.parametrize(
    "expression", ["(" * 3000 + "1" + ")" * 3000, "-" * 5000 + "1", "1" + " + 1" * 5000]
)
def test_deep_nesting_is_refused_or_computed(expression: str) -> None:
    with contextlib.suppress(FormulaError):
        formulas.evaluate(expression, Page(empty=True), NOW, ANY)

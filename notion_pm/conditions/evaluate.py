"""Evaluate conditions in memory: on pages as rules see them, and on rows that an export reads.

Comparisons follow Notion where Notion could answer the same question (notion-api.md 3.6): text is
compared without regard to case, and a date by its day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from math import isclose
from typing import Any, Protocol

from notion_pm.conditions.text_form import FALSE, TRUE, ColumnCondition
from notion_pm.model.condition import Comparison, Operator, Scalar, Where, day_of
from notion_pm.model.property_types import DATE_TYPES
from notion_pm.model.snapshot import (
    BaseValue,
    RelatedPages,
    RuleValue,
    SnapshotPage,
    UnknownOption,
)
from notion_pm.model.template_schema import TemplateSchema

KnownItem = bool | int | float | str | date
Item = KnownItem | UnknownOption
"""One item of a property's value. An unknown option equals nothing that a template names."""

Verdict = bool | None
"""Whether a condition holds; None where it cannot be known."""

_ORDER = frozenset({"<", "<=", ">", ">="})


def holds(comparison: Comparison, items: Sequence[Item], today: date) -> bool:
    """Return whether a property with these items satisfies a comparison.

    An empty property has no items. It satisfies `!=` and `!~`, and no order.
    """
    match comparison.operator:
        case "empty":
            return not items
        case "not_empty":
            return bool(items)
        case "!=":
            return not _any_fits(items, "=", comparison.values, today)
        case "!~":
            return not _any_fits(items, "~", comparison.values, today)
        case operator:
            return _any_fits(items, operator, comparison.values, today)


def _any_fits(
    items: Sequence[Item], operator: Operator, values: Sequence[Scalar], today: date
) -> bool:
    for item in items:
        if isinstance(item, UnknownOption):
            continue
        if any(_fits(item, operator, value, today) for value in values):
            return True
    return False


def _fits(item: KnownItem, operator: Operator, value: Scalar, today: date) -> bool:
    if operator == "~":
        return str(value).casefold() in str(item).casefold()
    operands = _operands(item, value, today)
    if operands is None:
        return False
    left, right = operands
    match operator:
        case "=":
            return _equal(left, right)
        case "<=":
            return _equal(left, right) or bool(left < right)
        case ">=":
            return _equal(left, right) or bool(left > right)
        case "<":
            return bool(left < right)
        case ">":
            return bool(left > right)
        case _:
            raise ValueError(f"{operator} does not compare two values")


def _operands(item: KnownItem, value: Scalar, today: date) -> tuple[Any, Any] | None:
    """Return two operands of one type, None where item and value have nothing in common.

    A value of a template has its own type: the number 1 is not the checkbox `true`. A value that a
    person typed on a command line is text, and means what fits the item. Where it fits nothing of
    the kind, both are compared as text: `score<ten`.
    """
    if not isinstance(value, str):
        if isinstance(item, bool) or isinstance(value, bool):
            return (item, value) if isinstance(item, bool) and isinstance(value, bool) else None
        return (item, value) if isinstance(item, int | float) else None
    try:
        if isinstance(item, bool) and value.casefold() in TRUE | FALSE:
            return item, value.casefold() in TRUE
        if isinstance(item, int | float) and not isinstance(item, bool):
            return item, float(value)
        if isinstance(item, date):
            return item, date.fromisoformat(day_of(value, today))
    except ValueError:
        pass
    return str(item).casefold(), value.casefold()


def _equal(left: Any, right: Any) -> bool:
    """Numbers are equal within the precision of Notion's JSON: a formula yields 0.1 + 0.2."""
    if isinstance(left, float) or isinstance(right, float):
        return isclose(left, right, rel_tol=1e-9, abs_tol=1e-9)
    return bool(left == right)


@dataclass(frozen=True, slots=True)
class RowTest:
    """A condition on the rows of a table, evaluated here because Notion cannot evaluate it."""

    condition: ColumnCondition
    today: date

    @property
    def column(self) -> str:
        """The column that the condition is about, as a person named it."""
        return self.condition.column

    def passes(self, items: Sequence[Item]) -> bool:
        """Return whether the items of a cell of that column satisfy the condition."""
        return holds(self.condition.comparison, items, self.today)


class PageReader(Protocol):
    """What conditions need to know of the pages that they are evaluated on."""

    @property
    def schema(self) -> TemplateSchema:
        """The properties and options of the template."""

    @property
    def today(self) -> date:
        """The day that `today` is."""

    def value(self, page: SnapshotPage, key: str) -> RuleValue:
        """Return a property's value of this moment."""

    def before(self, page: SnapshotPage, key: str) -> BaseValue | None:
        """Return what is remembered of a property from the last sync."""

    def number(self, page: SnapshotPage, key: str) -> float | UnknownOption | None:
        """Return a property's value as a number: a number itself, or the weight of an option."""


Test = Callable[[PageReader, SnapshotPage], Verdict]
"""A compiled condition: evaluates page after page."""


def all_hold(verdicts: Iterable[Verdict]) -> Verdict:
    """Return whether all hold: one False decides, otherwise one unknown makes it unknown."""
    is_unknown = False
    for verdict in verdicts:
        if verdict is False:
            return False
        is_unknown = is_unknown or verdict is None
    return None if is_unknown else True


def compile_where(where: Where) -> Test:
    """Return a test of whether a page satisfies all conditions of a `where`."""
    tests = []
    for key, condition in where.items():
        for comparison in condition.comparisons:
            tests.append(_compile(key, comparison))
    if len(tests) == 1:
        return tests[0]
    return lambda reader, page: all_hold(test(reader, page) for test in tests)


def _compile(key: str, comparison: Comparison) -> Test:
    """Return a test of one comparison."""

    def test(reader: PageReader, page: SnapshotPage) -> Verdict:
        value = reader.value(page, key)
        return _judge(reader, page, key, value, comparison)

    if comparison.operator != "=":
        return test

    # By far the most frequent condition: an option equals one of some keys. Most pages that satisfy
    # it are found by one look-up.
    texts = frozenset(value for value in comparison.values if isinstance(value, str))

    def test_text_first(reader: PageReader, page: SnapshotPage) -> Verdict:
        value = reader.value(page, key)
        if type(value) is str and value and value in texts:
            return True
        return _judge(reader, page, key, value, comparison)

    return test_text_first


def _judge(
    reader: PageReader, page: SnapshotPage, key: str, value: RuleValue, comparison: Comparison
) -> Verdict:
    """Return whether a page satisfies a comparison. The cases that need more than its items come
    first; None where the value could not be read or understood."""
    operator = comparison.operator
    if operator == "category":
        if isinstance(value, UnknownOption):
            return None
        option = reader.schema.option(page.database, key, value)
        return option is not None and option.meaning in comparison.values

    if operator == "entered":
        # Without a memory of the last sync a page has not entered anything: rules must not act on
        # every page of a workspace that is synced for the first time.
        before = reader.before(page, key)
        if before is None:
            return False
        is_now = Comparison("=", comparison.values)
        items_before = items_of(reader.schema, page.database, key, before.value)
        items = items_of(reader.schema, page.database, key, value)
        was_before = holds(is_now, items_before, reader.today)
        return holds(is_now, items, reader.today) and not was_before

    if operator in _ORDER:
        if isinstance(value, UnknownOption):
            return None
        if not isinstance(comparison.values[0], str):
            number = reader.number(page, key)
            if number is None:
                return False
            if isinstance(number, UnknownOption):
                return None
            return holds(comparison, (number,), reader.today)

    # A relation that was cut off before its first page: nothing says that it is empty.
    if operator in ("empty", "not_empty") and value == RelatedPages(complete=False):
        return None
    return holds(comparison, items_of(reader.schema, page.database, key, value), reader.today)


def items_of(schema: TemplateSchema, database: str, key: str, value: RuleValue) -> Sequence[Item]:
    """Return the items of a property's value: none when it is empty; a date as its day."""
    if isinstance(value, RelatedPages):
        return value.ids
    if isinstance(value, tuple):
        return value
    if value is None or value == "":
        return ()
    if isinstance(value, str) and schema.type(database, key) in DATE_TYPES:
        return (date.fromisoformat(value[:10]),)
    return (value,)

"""Numbers and dates computed from related pages, and the amounts behind a sum.

Notion's rollups cannot count once per customer, weigh, or follow several relations; rules can.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import assert_never

from notion_pm.conditions.evaluate import Test, compile_where
from notion_pm.model.ids import NotionId
from notion_pm.model.rule import ValueOf
from notion_pm.model.snapshot import (
    UNKNOWN,
    NoResult,
    RelatedPages,
    RuleValue,
    SnapshotPage,
    UnknownOption,
    is_empty,
)
from notion_pm.rules import arithmetic
from notion_pm.rules.paths import Path
from notion_pm.rules.ruleset import CompiledValue
from notion_pm.rules.view import View, identities

DIGITS = 4
"""Decimal places of results: a share is then exact to the hundredth of a percent."""


@dataclass(frozen=True, slots=True)
class ComputedValue:
    """A computed value and the pages it was computed from."""

    value: RuleValue | NoResult
    causes: tuple[NotionId, ...] = ()


def compute_value(view: View, page: SnapshotPage, value: CompiledValue) -> ComputedValue:
    """Return the result of a `value` for a page. UNKNOWN: something it needs could not be read."""
    if value.path is None:
        return ComputedValue(_calculate_formula(view, page, value.spec.expression))
    pages = _pages_looked_at(view, page, value.path, value.of)
    if pages is None:
        return ComputedValue(UNKNOWN)
    return aggregate_pages(view, pages, value.spec, value.path.key or "")


def aggregate_pages(
    view: View, pages: Sequence[SnapshotPage], value: ValueOf, key: str
) -> ComputedValue:
    """Return the result of a `value` over given pages. `key`: the property at the end of its
    path.
    """
    causes = tuple(page.id for page in pages)
    match value.way:
        case "count":
            return ComputedValue(len(pages), causes)
        case "share":
            return ComputedValue(_share(view, pages, value), causes)
        case "distinct":
            return ComputedValue(_count_distinct(view, pages, key), causes)
        case "sum":
            return ComputedValue(_sum(view, pages, value, key), causes)
        case "only":
            return ComputedValue(_only_number(view, pages, key), causes)
        case "max":
            return ComputedValue(_extreme(view, pages, key, largest=True), causes)
        case "min":
            return ComputedValue(_extreme(view, pages, key, largest=False), causes)
        case "formula":
            # compute_value() answers formulas before it follows a path.
            raise AssertionError("a formula has no pages to aggregate")
        case _:
            assert_never(value.way)


def _pages_looked_at(
    view: View, page: SnapshotPage, path: Path, of: Test
) -> list[SnapshotPage] | None:
    """Return the related pages that satisfy `of`, None when this is not known of all."""
    reached = view.reach(page, path)
    if not reached.complete:
        return None
    looked_at = []
    for related in reached.pages:
        verdict = of(view, related)
        if verdict is None:
            return None
        if verdict:
            looked_at.append(related)
    return looked_at


def _calculate_formula(view: View, page: SnapshotPage, expression: str) -> RuleValue | NoResult:
    numbers: dict[str, float | None] = {}
    for name in arithmetic.property_names(expression):
        number = view.number(page, name)
        if isinstance(number, UnknownOption):
            return UNKNOWN
        numbers[name] = number
    return _round(arithmetic.calculate(expression, numbers))


def _share(view: View, pages: Sequence[SnapshotPage], value: ValueOf) -> RuleValue | NoResult:
    """Return the weighted share of pages that satisfy `where`; None where there are no pages."""
    weights = _weights(view, pages, value.weight)
    if weights is None:
        return UNKNOWN
    satisfies = compile_where(value.where)
    total = satisfied = 0.0
    for page, weight in zip(pages, weights, strict=True):
        verdict = satisfies(view, page)
        if verdict is None:
            return UNKNOWN
        total += weight
        if verdict:
            satisfied += weight
    return _round(satisfied / total) if total else None


def _weights(view: View, pages: Sequence[SnapshotPage], key: str | None) -> list[float] | None:
    """Return the weight of each page; None when one of them is unknown.

    A page without a weight weighs as much as the mean of the others. If no page has a weight above
    zero, the pages are counted. Example: weights 1, 3 and empty become 1, 3 and 2.
    """
    if key is None:
        return [1.0] * len(pages)
    stated: list[float | None] = []
    for page in pages:
        number = view.number(page, key)
        if isinstance(number, UnknownOption):
            return None
        stated.append(number)

    known = [weight for weight in stated if weight is not None]
    if not any(known):
        return [1.0] * len(pages)
    mean = sum(known) / len(known)
    return [mean if weight is None else weight for weight in stated]


def _count_distinct(view: View, pages: Iterable[SnapshotPage], key: str) -> RuleValue | NoResult:
    found: set[object] = set()
    for page in pages:
        value = view.value(page, key)
        if isinstance(value, RelatedPages) and not value.complete:
            return UNKNOWN
        found.update(identities(value))
    return len(found)


def _only_number(view: View, pages: Sequence[SnapshotPage], key: str) -> RuleValue | NoResult:
    """Return the number of a single page; None where there are several, as it would fit none."""
    if len(pages) != 1:
        return None
    number = view.number(pages[0], key)
    if isinstance(number, UnknownOption):
        return UNKNOWN
    return _round(number)


def _extreme(
    view: View, pages: Sequence[SnapshotPage], key: str, *, largest: bool
) -> RuleValue | NoResult:
    """Return the largest or smallest number or date; None where no page has one."""
    pick = max if largest else min
    numbers = []
    for page in pages:
        number = view.number(page, key)
        if isinstance(number, UnknownOption):
            return UNKNOWN
        if number is not None:
            numbers.append(number)
    if numbers:
        return _round(pick(numbers))
    if not pages or view.schema.type(pages[0].database, key) != "date":
        return None

    dates = []
    for page in pages:
        value = view.value(page, key)
        if isinstance(value, str) and not is_empty(value):
            dates.append(value)
    return pick(dates) if dates else None


def _round(number: float | None) -> float | int | None:
    """Return a number as it is written to Notion: 4 decimal places, whole numbers as integers.

    None for infinity and NaN: JSON has neither.
    """
    if number is None or not isfinite(number):
        return None
    rounded = round(number, DIGITS)
    return int(rounded) if rounded == int(rounded) else rounded


def _sum(
    view: View, pages: Sequence[SnapshotPage], value: ValueOf, key: str
) -> RuleValue | NoResult:
    amounts = amounts_of(view, pages, value, key)
    if amounts is None:
        return UNKNOWN
    if not amounts:
        return None  # no page has a number: that is not zero
    return _round(sum(amount.number for amount in amounts))


@dataclass(frozen=True, slots=True)
class Amount:
    """One number of a sum, and the page that states it.

    `identity`: with `once_per`, the customer that the number belongs to.
    """

    page: SnapshotPage
    number: float
    identity: object = None


def amounts_of(
    view: View, pages: Sequence[SnapshotPage], value: ValueOf, key: str
) -> list[Amount] | None:
    """Return the numbers that a sum adds up, None when one of them is unknown."""
    once_per = value.once_per
    if once_per is None:
        return _stated_amounts(view, pages, key)

    wanted: set[object] = set()
    for page in pages:
        wanted.update(identities(view.value(page, once_per)))
    # `across_all`: what a customer pays may be stated on an insight that is not related to this
    # page. The customer counts because of a related insight, with the number found anywhere.
    if value.across_all and pages:
        pages = view.pages_naming(pages[0].database, once_per, wanted)
    stated = _stated_amounts(view, pages, key)
    if stated is None:
        return None
    return _one_amount_per_identity(view, stated, value, wanted)


def _stated_amounts(view: View, pages: Iterable[SnapshotPage], key: str) -> list[Amount] | None:
    """Return the numbers of the pages that have one, None when one of them is unknown."""
    amounts = []
    for page in pages:
        number = view.number(page, key)
        if isinstance(number, UnknownOption):
            return None
        if number is not None:
            amounts.append(Amount(page, number))
    return amounts


def _one_amount_per_identity(
    view: View, stated: Iterable[Amount], value: ValueOf, wanted: set[object]
) -> list[Amount]:
    """Return one amount for each customer: the latest, or the largest of the latest day.

    A page without a customer adds nothing. A page with two customers counts for both.
    """
    assert value.once_per is not None
    chosen: dict[object, tuple[str, Amount]] = {}
    for amount in stated:
        day = ""
        if value.latest_by is not None:
            day = str(view.value(amount.page, value.latest_by) or "")
        for identity in identities(view.value(amount.page, value.once_per)):
            if identity not in wanted:
                continue
            if identity in chosen:
                best_day, best = chosen[identity]
                if (day, amount.number) <= (best_day, best.number):
                    continue
            chosen[identity] = (day, Amount(amount.page, amount.number, identity))
    return [amount for _, amount in chosen.values()]


@dataclass(frozen=True, slots=True)
class Summand:
    """One amount of a sum, for a person to check.

    `page` states it; `through` are the pages on the way to it, such as insights.
    """

    name: str
    page: SnapshotPage
    number: float
    through: tuple[SnapshotPage, ...]


def summands(view: View, page: SnapshotPage, value: CompiledValue) -> tuple[Summand, ...]:
    """Return the amounts that a `sum` adds up for a page, the largest first.

    Empty for any other kind of value.
    """
    path = value.path
    if value.spec.way != "sum" or path is None or path.key is None:
        return ()
    reached = view.reach(page, path)
    pages = [related for related in reached.pages if value.of(view, related)]
    pages_before_end = _pages_before_end(view, page, path)

    found = []
    for amount in amounts_of(view, pages, value.spec, path.key) or []:
        if value.spec.once_per is None:
            through = pages_before_end.get(amount.page.id, ())
            found.append(Summand(amount.page.title, amount.page, amount.number, through))
        else:
            name = _customer_name(view, amount, value.spec.once_per)
            found.append(Summand(name, amount.page, amount.number, (amount.page,)))
    found.sort(key=lambda summand: (-summand.number, summand.name.casefold()))
    return tuple(found)


def _customer_name(view: View, amount: Amount, once_per: str) -> str:
    """Return the name of the customer that an amount belongs to, as the page writes it."""
    held = view.value(amount.page, once_per)
    if isinstance(held, RelatedPages):
        return _title_of(view, amount.identity).strip()
    names = held if isinstance(held, tuple) else (held,)
    for name in names:
        if str(name).strip().casefold() == amount.identity:
            return str(name).strip()
    return ""


def _pages_before_end(
    view: View, page: SnapshotPage, path: Path
) -> dict[NotionId, tuple[SnapshotPage, ...]]:
    """Return, for each page at the end of a path, the pages one hop before it.

    Example: for `insights.customer` these are the insights through which a customer is reached.
    Routes of a single hop have no such pages.
    """
    before_end: dict[NotionId, tuple[SnapshotPage, ...]] = {}
    for route in path.routes:
        if len(route) < 2:
            continue
        for before in view.follow(page, route[:-1]).pages:
            for end in view.follow(before, route[-1:]).pages:
                known = before_end.get(end.id, ())
                if before not in known:
                    before_end[end.id] = (*known, before)
    return before_end


def _title_of(view: View, page_id: object) -> str:
    for pages in view.snapshot.databases.values():
        for page in pages.values():
            if page.id == page_id:
                return page.title
    return ""

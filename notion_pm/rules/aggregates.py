"""Numbers and dates from related pages: what Notion's rollups cannot say (once per customer, weights, several hops)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import compress
from math import isfinite

from notion_pm.conditions.evaluate import Test, test_of
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
from notion_pm.rules.view import View

DIGITS = 4
"""Results are rounded: a share is then exact to the hundredth of a percent."""


@dataclass(frozen=True, slots=True)
class Result:
    """A computed value and the pages that it stands on."""

    value: RuleValue | NoResult
    because: tuple[NotionId, ...] = ()


def compute(view: View, page: SnapshotPage, value: CompiledValue) -> Result:
    """Return what a `value` comes to for a page; UNKNOWN when something it needs could not be read."""
    path = value.path
    if path is None:
        return Result(_formula(view, page, value.spec.expression))
    pages = _looked_at(view, page, path, value.of)
    if pages is None:
        return Result(UNKNOWN)
    return over(view, pages, value.spec, path.key or "")


def over(view: View, pages: Sequence[SnapshotPage], value: ValueOf, key: str) -> Result:
    """Return what a `value` comes to over pages that are found; `key` is the property at the end of its path."""
    because = tuple(each.id for each in pages)
    match value.way:
        case "count":
            return Result(len(pages), because)
        case "share":
            return Result(_share(view, pages, value), because)
        case "distinct":
            return Result(_distinct(view, pages, key), because)
        case "sum":
            return Result(_sum(view, pages, value, key), because)
        case "only":
            return Result(_only(view, pages, key), because)
        case way:
            return Result(_extreme(view, pages, key, largest=way == "max"), because)


def _looked_at(
    view: View, page: SnapshotPage, path: Path, of: Test
) -> tuple[SnapshotPage, ...] | None:
    """Return the related pages that satisfy `of`, None when that is not known of all."""
    found = view.reach(page, path)
    verdicts = [of(view, each) for each in found.pages]
    if not found.complete or None in verdicts:
        return None
    return tuple(compress(found.pages, verdicts))


def _formula(view: View, page: SnapshotPage, expression: str) -> RuleValue | NoResult:
    numbers = {name: view.number(page, name) for name in arithmetic.names(expression)}
    known = {
        name: number for name, number in numbers.items() if not isinstance(number, UnknownOption)
    }
    if len(known) < len(numbers):
        return UNKNOWN
    return _rounded(arithmetic.calculate(expression, known))


def _share(view: View, pages: Sequence[SnapshotPage], value: ValueOf) -> RuleValue | NoResult:
    counts = test_of(value.where)
    verdicts = [counts(view, each) for each in pages]
    weights = _weights(view, pages, value.weight)
    if any(verdict is None for verdict in verdicts) or any(weight is None for weight in weights):
        return UNKNOWN
    total = sum(weight or 0 for weight in weights)
    yes = sum(weight or 0 for weight, verdict in zip(weights, verdicts, strict=True) if verdict)
    return _rounded(yes / total) if total else None


def _weights(view: View, pages: Sequence[SnapshotPage], key: str | None) -> list[float | None]:
    """What each page weighs; None where it is unknown.

    Pages without a weight weigh as the mean of the others. Where nothing weighs anything the pages are counted.
    """
    if key is None:
        return [1.0] * len(pages)
    found = [view.number(each, key) for each in pages]
    known = [each for each in found if each is not None and not isinstance(each, UnknownOption)]
    if not any(known):
        known, found = [], [each if isinstance(each, UnknownOption) else None for each in found]
    mean = sum(known) / len(known) if known else 1.0
    return [
        None if isinstance(each, UnknownOption) else mean if each is None else each
        for each in found
    ]


def _distinct(view: View, pages: Iterable[SnapshotPage], key: str) -> RuleValue | NoResult:
    found: set[object] = set()
    for page in pages:
        value = view.value(page, key)
        if isinstance(value, RelatedPages) and not value.complete:
            return UNKNOWN
        found.update(identities(value))
    return len(found)


def identities(value: RuleValue) -> Iterable[object]:
    """Return what a value counts as: names of customers are the same whatever their case and outer blanks."""
    if isinstance(value, RelatedPages):
        return value.ids
    items = value if isinstance(value, tuple) else (value,)
    folded = (each.strip().casefold() if isinstance(each, str) else each for each in items)
    return [each for each in folded if each is not None and each != ""]


def _only(view: View, pages: Sequence[SnapshotPage], key: str) -> RuleValue | NoResult:
    """Return the number of a single page; None where there are several, for it would be none of theirs."""
    if len(pages) != 1:
        return None
    number = view.number(pages[0], key)
    return UNKNOWN if isinstance(number, UnknownOption) else _rounded(number)


def _sum(
    view: View, pages: Sequence[SnapshotPage], value: ValueOf, key: str
) -> RuleValue | NoResult:
    amounts = amounts_of(view, pages, value, key)
    if amounts is None:
        return UNKNOWN
    if not amounts:
        return None  # nobody has stated a number: that is not zero
    return _rounded(sum(each.number for each in amounts))


@dataclass(frozen=True, slots=True)
class Amount:
    """One number of a sum, and the page that states it. `identity`: with `once_per`, whose number it is."""

    page: SnapshotPage
    number: float
    identity: object = None


def amounts_of(
    view: View, pages: Sequence[SnapshotPage], value: ValueOf, key: str
) -> list[Amount] | None:
    """Return the numbers that a sum adds up, None when one of them is unknown."""
    if value.once_per is None:
        return _stated(view, pages, key)
    once_per = value.once_per
    wanted = {identity for page in pages for identity in identities(view.value(page, once_per))}
    if value.across_all and pages:
        pages = tuple(view.snapshot.databases.get(pages[0].database, {}).values())
        pages = [
            page for page in pages if wanted.intersection(identities(view.value(page, once_per)))
        ]
    stated = _stated(view, pages, key)
    return None if stated is None else _one_per_identity(view, stated, value, wanted)


def _stated(view: View, pages: Iterable[SnapshotPage], key: str) -> list[Amount] | None:
    """Return the numbers of pages that have one, None when one of them is unknown."""
    found = []
    for page in pages:
        number = view.number(page, key)
        if isinstance(number, UnknownOption):
            return None
        if number is not None:
            found.append(Amount(page, number))
    return found


def _one_per_identity(
    view: View, stated: Iterable[Amount], value: ValueOf, wanted: set[object]
) -> list[Amount]:
    """Return one amount for each customer: its latest, or the largest of that day.

    A page that names no customer is evidence, but nobody's amount. A page that names two counts for both.
    """
    chosen: dict[object, tuple[str, Amount]] = {}
    for each in stated:
        when = str(view.value(each.page, value.latest_by) or "") if value.latest_by else ""
        for identity in identities(view.value(each.page, value.once_per or "")):
            known = chosen.get(identity)
            is_better = known is None or (when, each.number) > (known[0], known[1].number)
            if identity in wanted and is_better:
                chosen[identity] = (when, Amount(each.page, each.number, identity))
    return [amount for _, amount in chosen.values()]


def _extreme(
    view: View, pages: Sequence[SnapshotPage], key: str, *, largest: bool
) -> RuleValue | NoResult:
    pick = max if largest else min
    numbers = [view.number(each, key) for each in pages]
    if any(isinstance(number, UnknownOption) for number in numbers):
        return UNKNOWN
    known = [
        number for number in numbers if number is not None and not isinstance(number, UnknownOption)
    ]
    if known:
        return _rounded(pick(known))
    if not pages or view.schema.type(pages[0].database, key) != "date":
        return None
    dates = [
        value
        for each in pages
        if isinstance(value := view.value(each, key), str) and not is_empty(value)
    ]
    return pick(dates) if dates else None


def _rounded(number: float | None) -> float | int | None:
    if number is None or not isfinite(number):
        return None
    rounded = round(number, DIGITS)
    return int(rounded) if rounded == int(rounded) else rounded

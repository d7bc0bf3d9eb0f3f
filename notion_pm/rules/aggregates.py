"""Numbers and dates from related pages: what Notion's rollups cannot say (once per customer, weights, several hops)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import compress
from math import isfinite

from notion_pm.model.ids import NotionId
from notion_pm.model.rule import ValueOf
from notion_pm.rules import arithmetic
from notion_pm.rules.conditions import Test, test_of
from notion_pm.rules.paths import Path
from notion_pm.rules.ruleset import ReadyValue
from notion_pm.rules.values import UNKNOWN, ForeignOption, Links, Opinion, Plain, SnapshotPage, is_empty
from notion_pm.rules.view import View

DIGITS = 4
"""Results are rounded: a share is then exact to the hundredth of a percent."""


@dataclass(frozen=True, slots=True)
class Result:
    """A computed value and the pages that it stands on."""

    value: Plain | Opinion
    because: tuple[NotionId, ...] = ()


def compute(view: View, page: SnapshotPage, value: ReadyValue) -> Result:
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
        case way:
            return Result(_extreme(view, pages, key, largest=way == "max"), because)


def _looked_at(view: View, page: SnapshotPage, path: Path, of: Test) -> tuple[SnapshotPage, ...] | None:
    """Return the related pages that satisfy `of`, None when that is not known of all."""
    found = view.follow(page, path.hops)
    verdicts = [of(view, each) for each in found.pages]
    if not found.complete or None in verdicts:
        return None
    return tuple(compress(found.pages, verdicts))


def _formula(view: View, page: SnapshotPage, expression: str) -> Plain | Opinion:
    numbers = {name: view.number(page, name) for name in arithmetic.names(expression)}
    known = {name: number for name, number in numbers.items() if not isinstance(number, ForeignOption)}
    if len(known) < len(numbers):
        return UNKNOWN
    return _rounded(arithmetic.calculate(expression, known))


def _share(view: View, pages: Sequence[SnapshotPage], value: ValueOf) -> Plain | Opinion:
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
    known = [each for each in found if each is not None and not isinstance(each, ForeignOption)]
    if not any(known):
        known, found = [], [each if isinstance(each, ForeignOption) else None for each in found]
    mean = sum(known) / len(known) if known else 1.0
    return [None if isinstance(each, ForeignOption) else mean if each is None else each for each in found]


def _distinct(view: View, pages: Iterable[SnapshotPage], key: str) -> Plain | Opinion:
    found: set[object] = set()
    for page in pages:
        value = view.value(page, key)
        if isinstance(value, Links) and not value.complete:
            return UNKNOWN
        found.update(identities(value))
    return len(found)


def identities(value: Plain) -> Iterable[object]:
    """Return what a value counts as: names of customers are the same whatever their case and outer blanks."""
    if isinstance(value, Links):
        return value.ids
    items = value if isinstance(value, tuple) else (value,)
    folded = (each.strip().casefold() if isinstance(each, str) else each for each in items)
    return [each for each in folded if each is not None and each != ""]


def _sum(view: View, pages: Sequence[SnapshotPage], value: ValueOf, key: str) -> Plain | Opinion:
    numbers = [(each, view.number(each, key)) for each in pages]
    known = [(each, number) for each, number in numbers if number is not None and not isinstance(number, ForeignOption)]
    if any(isinstance(number, ForeignOption) for _, number in numbers):
        return UNKNOWN
    if not known:
        return None  # nobody has said a number: that is not zero
    if value.once_per is None:
        return _rounded(sum(number for _, number in known))
    return _rounded(_sum_once(view, known, value.once_per, value.latest_by))


def _sum_once(view: View, numbers: Iterable[tuple[SnapshotPage, float]], once_per: str, latest_by: str | None) -> float:
    """Each customer counts once: with the latest value, or the largest; a page without a customer counts itself."""
    chosen: dict[object, tuple[str, float]] = {}
    for page, number in numbers:
        when = str(view.value(page, latest_by) or "") if latest_by else ""
        for identity in tuple(identities(view.value(page, once_per))) or (page.id,):
            chosen[identity] = max(chosen.get(identity, ("", number)), (when, number))
    return sum(number for _, number in chosen.values())


def _extreme(view: View, pages: Sequence[SnapshotPage], key: str, *, largest: bool) -> Plain | Opinion:
    pick = max if largest else min
    numbers = [view.number(each, key) for each in pages]
    if any(isinstance(number, ForeignOption) for number in numbers):
        return UNKNOWN
    known = [number for number in numbers if number is not None and not isinstance(number, ForeignOption)]
    if known:
        return _rounded(pick(known))
    if not pages or view.vocabulary.type(pages[0].database, key) != "date":
        return None
    dates = [value for each in pages if isinstance(value := view.value(each, key), str) and not is_empty(value)]
    return pick(dates) if dates else None


def _rounded(number: float | None) -> float | int | None:
    if number is None or not isfinite(number):
        return None
    rounded = round(number, DIGITS)
    return int(rounded) if rounded == int(rounded) else rounded

"""Whether a page satisfies a condition: yes, no, or unknown (None) where it could not be read or understood."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from notion_pm.model.condition import Condition, Scalar, Where
from notion_pm.rules.values import ForeignOption, Links, Plain, SnapshotPage, is_empty, same
from notion_pm.rules.view import View

Verdict = bool | None


def every(verdicts: Iterable[Verdict]) -> Verdict:
    """Return whether all hold: one no settles it, otherwise one unknown does."""
    unknown = False
    for verdict in verdicts:
        if verdict is False:
            return False
        unknown = unknown or verdict is None
    return None if unknown else True


def satisfies(view: View, page: SnapshotPage, where: Where) -> Verdict:
    """Tell whether a page satisfies all conditions of a `where`."""
    return every(_holds(view, page, key, condition) for key, condition in where.items())


def _holds(view: View, page: SnapshotPage, key: str, condition: Condition) -> Verdict:
    value = view.value(page, key)
    return every(
        (
            *_equality(value, condition),
            *_history(view, page, key, condition),
            *_meaning(view, page, key, condition),
            *_size(view, page, key, condition),
            *_text_and_time(value, condition, view.today),
        )
    )


def _equality(value: Plain, condition: Condition) -> Iterator[Verdict]:
    if condition.is_ is not None:
        yield _among(value, condition.is_)
    if condition.not_ is not None:
        yield not _among(value, condition.not_)
    if condition.empty is not None:
        yield None if value == Links(complete=False) else is_empty(value) is condition.empty


def _history(view: View, page: SnapshotPage, key: str, condition: Condition) -> Iterator[Verdict]:
    if condition.entered is not None:
        before = view.before(page, key)
        now = _among(view.value(page, key), condition.entered)
        yield before is not None and now and not _among(before.value, condition.entered)


def _meaning(view: View, page: SnapshotPage, key: str, condition: Condition) -> Iterator[Verdict]:
    if condition.category is not None:
        value = view.value(page, key)
        option = view.vocabulary.option(page.database, key, value)
        yield None if isinstance(value, ForeignOption) else bool(option and option.meaning in condition.category)


def _size(view: View, page: SnapshotPage, key: str, condition: Condition) -> Iterator[Verdict]:
    bounds = (condition.at_least, condition.at_most, condition.more_than, condition.less_than)
    if all(bound is None for bound in bounds):
        return
    number = view.number(page, key)
    if number is None or isinstance(number, ForeignOption):
        yield False if number is None else None
        return
    at_least, at_most, more_than, less_than = bounds
    yield at_least is None or number >= at_least
    yield at_most is None or number <= at_most
    yield more_than is None or number > more_than
    yield less_than is None or number < less_than


def _text_and_time(value: Plain, condition: Condition, today: date) -> Iterator[Verdict]:
    if condition.contains is not None:
        yield isinstance(value, str) and condition.contains.casefold() in value.casefold()
    if condition.before is not None:
        yield isinstance(value, str) and bool(value) and value[:10] < _day(condition.before, today)
    if condition.after is not None:
        yield isinstance(value, str) and bool(value) and value[:10] > _day(condition.after, today)


def _day(text: str, today: date) -> str:
    return today.isoformat() if text == "today" else text[:10]


def _among(value: Plain, wanted: tuple[Scalar, ...]) -> bool:
    held = value if isinstance(value, tuple) else (value,)
    return any(same(each, one) for each in held for one in wanted)

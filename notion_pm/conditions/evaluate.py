"""Whether a page satisfies a condition: yes, no, or unknown (None) where it could not be read or understood."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from notion_pm.model.condition import Condition, Scalar, Where, day_of
from notion_pm.model.snapshot import (
    RelatedPages,
    RuleValue,
    SnapshotPage,
    UnknownOption,
    is_empty,
    same_value,
)
from notion_pm.rules.view import View

Verdict = bool | None
Test = Callable[[View, SnapshotPage], Verdict]
"""A condition made ready: it judges one page after another."""


def all_hold(verdicts: Iterable[Verdict]) -> Verdict:
    """Return whether all hold: one no settles it, otherwise one unknown does."""
    unknown = False
    for verdict in verdicts:
        if verdict is False:
            return False
        unknown = unknown or verdict is None
    return None if unknown else True


def compile_where(where: Where) -> Test:
    """Return the test of whether a page satisfies all conditions of a `where`."""
    tests = [
        _is_one_of(key, each.is_) if _says_only_is(each) else _test(key, each)
        for key, each in where.items()
    ]
    if len(tests) == 1:
        return tests[0]
    return lambda view, page: all_hold(test(view, page) for test in tests)


def _says_only_is(condition: Condition) -> bool:
    return condition.stated == {"is_"}


def _is_one_of(key: str, wanted: tuple[Scalar, ...] | None) -> Test:
    """The most frequent condition by far, and mostly about options: their keys are looked up."""
    wanted = wanted or ()
    texts = frozenset(each for each in wanted if type(each) is str and each)

    def test(view: View, page: SnapshotPage) -> Verdict:
        value = view.value(page, key)
        return value in texts if type(value) is str and value else _among(value, wanted)

    return test


def _test(key: str, condition: Condition) -> Test:
    checks = [_CHECKS[name] for name in condition.stated]
    if len(checks) == 1:
        check = checks[0]
        return lambda view, page: all_hold(check(view, page, key, condition))
    return lambda view, page: all_hold(
        verdict for check in checks for verdict in check(view, page, key, condition)
    )


def _equality(view: View, page: SnapshotPage, key: str, condition: Condition) -> Iterator[Verdict]:
    value = view.value(page, key)
    if condition.is_ is not None:
        yield _among(value, condition.is_)
    if condition.not_ is not None:
        yield not _among(value, condition.not_)


def _emptiness(view: View, page: SnapshotPage, key: str, condition: Condition) -> Iterator[Verdict]:
    value = view.value(page, key)
    yield None if value == RelatedPages(complete=False) else is_empty(value) is condition.empty


def _history(view: View, page: SnapshotPage, key: str, condition: Condition) -> Iterator[Verdict]:
    before, entered = view.before(page, key), condition.entered or ()
    yield (
        before is not None
        and _among(view.value(page, key), entered)
        and not _among(before.value, entered)
    )


def _meaning(view: View, page: SnapshotPage, key: str, condition: Condition) -> Iterator[Verdict]:
    value = view.value(page, key)
    option = view.schema.option(page.database, key, value)
    known = option is not None and option.meaning in (condition.category or ())
    yield None if isinstance(value, UnknownOption) else known


def _size(view: View, page: SnapshotPage, key: str, condition: Condition) -> Iterator[Verdict]:
    number = view.number(page, key)
    if number is None or isinstance(number, UnknownOption):
        yield False if number is None else None
        return
    yield condition.at_least is None or number >= condition.at_least
    yield condition.at_most is None or number <= condition.at_most
    yield condition.more_than is None or number > condition.more_than
    yield condition.less_than is None or number < condition.less_than


def _text(view: View, page: SnapshotPage, key: str, condition: Condition) -> Iterator[Verdict]:
    value = view.value(page, key)
    yield isinstance(value, str) and (condition.contains or "").casefold() in value.casefold()


def _time(view: View, page: SnapshotPage, key: str, condition: Condition) -> Iterator[Verdict]:
    value = view.value(page, key)
    if not isinstance(value, str) or not value:
        yield False
        return
    yield condition.before is None or value[:10] < day_of(condition.before, view.today)
    yield condition.after is None or value[:10] > day_of(condition.after, view.today)


def _among(value: RuleValue, wanted: tuple[Scalar, ...]) -> bool:
    held = value if isinstance(value, tuple) else (value,)
    return any(same_value(each, one) for each in held for one in wanted)


_CHECKS: dict[str, Callable[[View, SnapshotPage, str, Condition], Iterator[Verdict]]] = {
    "is_": _equality,
    "not_": _equality,
    "empty": _emptiness,
    "entered": _history,
    "category": _meaning,
    "at_least": _size,
    "at_most": _size,
    "more_than": _size,
    "less_than": _size,
    "contains": _text,
    "before": _time,
    "after": _time,
}
"""What judges each thing that a condition may state."""

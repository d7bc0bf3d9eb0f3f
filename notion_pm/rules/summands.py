"""The amounts that make a sum, so that a person can check it: whose they are, how much, and through which pages."""

from __future__ import annotations

from dataclasses import dataclass

from notion_pm.model.snapshot import RelatedPages, SnapshotPage
from notion_pm.rules.aggregates import Amount, amounts_of
from notion_pm.rules.ruleset import CompiledValue
from notion_pm.rules.view import View


@dataclass(frozen=True, slots=True)
class Summand:
    """One amount of a sum. `page` states it; `through` are the pages that lead to it, such as insights."""

    name: str
    page: SnapshotPage
    number: float
    through: tuple[SnapshotPage, ...]


def summands(view: View, page: SnapshotPage, value: CompiledValue) -> tuple[Summand, ...]:
    """Return the amounts that a `sum` adds up for a page, the largest first; none for any other value."""
    path = value.path
    if value.spec.way != "sum" or path is None or path.key is None:
        return ()
    found = view.reach(page, path)
    looked_at = [each for each in found.pages if value.of(view, each)]
    amounts = amounts_of(view, looked_at, value.spec, path.key) or []
    paths = _ways_to(view, page, value)
    summed = [_summand(view, each, value, paths.get(each.page.id, ())) for each in amounts]
    return tuple(sorted(summed, key=lambda each: (-each.number, each.name.casefold())))


def _summand(
    view: View, amount: Amount, value: CompiledValue, through: tuple[SnapshotPage, ...]
) -> Summand:
    """Name an amount: by the customer that counts once, else by the page that states it."""
    once_per = value.spec.once_per
    if once_per is None:
        return Summand(amount.page.title, amount.page, amount.number, through)
    held = view.value(amount.page, once_per)
    if isinstance(held, RelatedPages):
        name = _title(view, amount.identity)
    else:
        names = held if isinstance(held, tuple) else (held,)
        name = next(
            (str(each) for each in names if str(each).strip().casefold() == amount.identity), ""
        )
    return Summand(name.strip(), amount.page, amount.number, (amount.page,))


def _ways_to(
    view: View, page: SnapshotPage, value: CompiledValue
) -> dict[str, tuple[SnapshotPage, ...]]:
    """Return for each page at the end of a path the pages from which its last hop leads there."""
    assert value.path is not None
    ways: dict[str, tuple[SnapshotPage, ...]] = {}
    for route in value.path.routes:
        if len(route) < 2:
            continue
        for before in view.follow(page, route[:-1]).pages:
            for end in view.follow(before, route[-1:]).pages:
                known = ways.get(end.id, ())
                ways[end.id] = known if before in known else (*known, before)
    return ways


def _title(view: View, page_id: object) -> str:
    for pages in view.snapshot.databases.values():
        for page in pages.values():
            if page.id == page_id:
                return page.title
    return ""

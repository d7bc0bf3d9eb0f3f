"""How an import is shown: what would become of the rows, and what became of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from notion_pm.importing.compare import (
    OVERTAKEN,
    CreateRow,
    FieldChange,
    KeptValue,
    SkippedRow,
    UpdateRow,
)
from notion_pm.importing.interpret import RejectedRow
from notion_pm.importing.mapping.choose import ChosenMap
from notion_pm.importing.plan import ImportPlan
from notion_pm.importing.target import Field, Target
from notion_pm.importing.values.texts import different_parts, shorten
from notion_pm.importing.writing import ImportResult
from notion_pm.model.import_write import Item
from notion_pm.text import one_line, quantity
from notion_pm.workspace.claims import LOCK_REQUESTS

_SHOWN = 5
"""Rows, values or words that are named before the rest is only counted."""
_WIDTH = 48


def preview_lines(prepared: ImportPlan, *, budget: int, details: bool) -> Iterator[str]:
    """Yield what would become of the rows; with `details` every one of them. `budget`: requests a minute."""
    shown = 10**9 if details else _SHOWN
    yield f"  + {quantity(len(prepared.creates), 'row')} to create"
    if details:
        yield from (f"      {_title(each, prepared.target)}" for each in prepared.creates)
    yield from _update_lines(prepared, shown)
    yield from _kept_lines(prepared, shown)
    yield from _left_lines(prepared, shown)
    yield from _reject_lines(prepared.rejects, shown)
    yield from _side_lines(prepared, shown)
    yield ""
    yield _summary(prepared, budget)


def _update_lines(prepared: ImportPlan, shown: int) -> Iterator[str]:
    updates = prepared.updates
    same = sum(isinstance(each, UpdateRow) and not each.changes for each in prepared.decisions)
    if updates:
        fields = Counter(change.field.name for each in updates for change in each.changes)
        yield f"  ~ {quantity(len(updates), 'row')} to update: {', '.join(f'{name} {n}' for name, n in fields.items())}"
        for each in updates[:shown]:
            yield f"      {_title(each, prepared.target)}"
            for change in each.changes:
                before, after = _shown_apart(change.before, change.after, change.field, prepared)
                yield f"        {change.field.name}: {before} -> {after}"
        yield from _more(len(updates), shown)
    if same:
        yield f"  = {quantity(same, 'row')} as the file says"


def _kept_lines(prepared: ImportPlan, shown: int) -> Iterator[str]:
    kept = [
        (each, one)
        for each in prepared.decisions
        if isinstance(each, UpdateRow)
        for one in each.kept
    ]
    if kept:
        yield f"  ! {quantity(len(kept), 'value')} left as people have them (--overwrite takes the file's)"
        for update, one in kept[:shown]:
            yield f"      {_title(update, prepared.target)}"
            yield f"        {_kept(one, prepared)}"
        yield from _more(len(kept), shown)


_REASONS = {
    "changed": "somebody changed it",
    "cleared": "somebody emptied it",
    "not remembered": "no earlier import of it is remembered here",
}


def _kept(kept: KeptValue, prepared: ImportPlan) -> str:
    held, said = _shown_apart(kept.current, kept.in_file, kept.field, prepared)
    return f"{kept.field.name}: {held}, the file says {said}; {_REASONS[kept.reason]}"


_LEFT = {
    "locked": "people have locked their pages",
    "trashed": "their pages are in the trash",
    "archived": "their pages are archived",
    "moved": "their pages were moved elsewhere",
    "unshared": "their pages are no longer shared with the connection",
}


def _left_lines(prepared: ImportPlan, shown: int) -> Iterator[str]:
    left = [each for each in prepared.decisions if isinstance(each, SkippedRow)]
    for reason, number in Counter(each.reason for each in left).items():
        yield f"  - {quantity(number, 'row')} left alone: {_LEFT.get(reason, reason)}"
        titles = [_title(each, prepared.target) for each in left if each.reason == reason]
        yield from (f"      {each}" for each in titles[:shown])
        yield from _more(number, shown)


def _reject_lines(rejects: Sequence[RejectedRow], shown: int) -> Iterator[str]:
    if rejects:
        yield f"  x {quantity(len(rejects), 'row')} that cannot be imported"
        yield from (
            f"      line {each.record.line}: {one_line(each.problem)}" for each in rejects[:shown]
        )
        yield from _more(len(rejects), shown)


def _side_lines(prepared: ImportPlan, shown: int) -> Iterator[str]:
    told, target = prepared.interpreted, prepared.target
    for title, number in Counter(each.related.title for each in prepared.new).items():
        # Quoted, so that "Acme, Inc." is seen to be one customer.
        names = [
            f'"{one_line(page.title)}"' for page in prepared.new if page.related.title == title
        ]
        more = f" and {number - shown:,} more" if number > shown else ""
        yield f"  + {quantity(number, 'page')} in {title}: {', '.join(names[:shown])}{more}"
    for key in dict.fromkeys(key for key, _ in told.unlisted):
        words = [
            f"{one_line(word)!r} ({n})"
            for (of, word), n in told.unlisted.most_common()
            if of == key
        ]
        more = f" and {len(words) - shown} more" if len(words) > shown else ""
        told_words = f"{', '.join(words[:shown])}{more}"
        yield f"  ? {target.fields[key].name} is left empty for words that are no option: {told_words}"
    for number, what in (
        (told.left_out, "left out, as the map says"),
        (told.repeated, "whose key an earlier row has: the first counts"),
        (told.untitled, "without a title: called by the beginning of its text"),
    ):
        if number:
            yield f"  . {quantity(number, 'row')} {what}"


def _more(number: int, shown: int) -> Iterator[str]:
    if number > shown:
        yield f"      ... and {number - shown:,} more; --details shows all"


def _summary(prepared: ImportPlan, budget: int) -> str:
    if not prepared.writes:
        return "Nothing to do."
    minutes = max(1, -(-prepared.writes // budget))
    lock = f", and {LOCK_REQUESTS} for the lock" if prepared.destination.record_page else ""
    time = f"(about {quantity(minutes, 'minute')} at {budget} a minute)"
    return f"{quantity(prepared.writes, 'request')} to write it {time}{lock}."


def _title(decision: CreateRow | UpdateRow | SkippedRow, target: Target) -> str:
    return one_line(str(decision.row.values.get(target.title_field.key, decision.row.key)))


def _shown(item: Item, field: Field, prepared: ImportPlan) -> str:
    """Return a value as people read it; related pages are counted."""
    if field.type == "relation" and isinstance(item, tuple):
        titles = {each.placeholder: each.title for each in prepared.new}
        new = [titles[each] for each in item if each in titles]
        return f"{quantity(len(item), 'page')}" + (f" (new: {', '.join(new)})" if new else "")
    text = ", ".join(item) if isinstance(item, tuple) else str(item)
    return repr(shorten(one_line(text), _WIDTH)) if text else "empty"


def _shown_apart(before: Item, after: Item, field: Field, prepared: ImportPlan) -> tuple[str, str]:
    """Return two values as people read them, each cut to the place where they differ."""
    if field.type == "relation" and isinstance(before, tuple) and isinstance(after, tuple):
        return _names(before, after, prepared), _names(after, before, prepared)
    if isinstance(before, str) and isinstance(after, str) and before and after:
        one, other = different_parts(one_line(before), one_line(after), _WIDTH)
        return repr(one), repr(other)
    return _shown(before, field, prepared), _shown(after, field, prepared)


def _names(ids: tuple[str, ...], others: tuple[str, ...], prepared: ImportPlan) -> str:
    """Related pages by name. Those on both sides of a long list are only counted."""
    names = {**prepared.related_titles, **{page.placeholder: page.title for page in prepared.new}}
    shown = [item for item in ids if item not in others] if len(ids) > _SHOWN else list(ids)
    quoted = [
        f'"{one_line(names[item])}"' if item in names else "1 page" for item in shown[:_SHOWN]
    ]
    rest = len(ids) - len(quoted)
    if rest:
        quoted.append(f"{quantity(rest, 'page')} more" if quoted else quantity(rest, "page"))
    return ", ".join(quoted) or "empty"


def overtaken_lines(done: ImportResult, prepared: ImportPlan) -> Iterator[str]:
    """Yield the rows of which something stays because people changed it after the preview."""
    shown = prepared.target
    for each in prepared.decisions:
        if isinstance(each, SkippedRow) and each.reason == OVERTAKEN:
            yield f"Left alone: {_title(each, shown)}: somebody made, changed or removed its page after the preview."
    for again in done.overtaken.values():
        if isinstance(again, SkippedRow):
            yield f"Left alone: {_title(again, shown)}: somebody locked its page."
        else:
            yield from (
                f"Left: {_title(again, shown)}: {_kept(one, prepared)}" for one in again.kept
            )


def done_line(done: ImportResult) -> str:
    """Return what an import did, in a line."""
    made = f", {quantity(len(done.made), 'related page')} made" if done.made else ""
    return f"{quantity(len(done.created), 'row')} created, {len(done.updated):,} updated{made}."


def as_data(
    chosen: ChosenMap, prepared: ImportPlan, done: ImportResult | None, requests: int
) -> dict[str, Any]:
    """Return what an import does or would do, as JSON data with stable keys. `done` is None in a dry run."""
    target = prepared.target
    rejects = [*prepared.rejects, *(done.rejects if done else ())]
    pages = {row.key: page.id for row, page in done.created} if done else {}
    overtaken = {again.row.key: again for again in done.overtaken.values()} if done else {}
    decisions = [overtaken.get(each.row.key, each) for each in prepared.decisions]
    return {
        "into": target.name,
        "source": chosen.map.source,
        "map": chosen.how,
        "dry_run": done is None,
        "created": [
            {"key": each.row.key, "line": each.row.record.line, "page": pages.get(each.row.key)}
            for each in prepared.creates
            if done is None or each.row.key in pages
        ],
        "updated": [
            {
                "key": each.row.key,
                "page": each.page.id,
                "changes": [_change(one) for one in each.changes],
            }
            for each in (prepared.updates if done is None else done.updated)
        ],
        "kept": [
            {"key": each.row.key, "page": each.page.id, **_kept_data(one)}
            for each in decisions
            if isinstance(each, UpdateRow)
            for one in each.kept
        ],
        "left_alone": [
            {"key": each.row.key, "reason": each.reason}
            for each in decisions
            if isinstance(each, SkippedRow)
        ],
        "unchanged": sum(
            isinstance(each, UpdateRow) and not each.changes for each in prepared.decisions
        ),
        "rejected": [{"line": each.record.line, "problem": each.problem} for each in rejects],
        "related_pages": [
            {"database": each.related.title, "title": each.title} for each in prepared.new
        ],
        "requests": requests,
    }


def nothing_as_data() -> dict[str, Any]:
    """Return what an import of a file without rows does, as JSON data: nothing."""
    lists = ("created", "updated", "kept", "left_alone", "rejected", "related_pages")
    return {**{name: [] for name in lists}, "unchanged": 0, "requests": 0}


def _kept_data(kept: KeptValue) -> dict[str, Any]:
    return {
        "property": kept.field.key,
        "held": kept.current,
        "said": kept.in_file,
        "reason": kept.reason,
    }


def _change(change: FieldChange) -> dict[str, Any]:
    return {"property": change.field.key, "before": change.before, "after": change.after}

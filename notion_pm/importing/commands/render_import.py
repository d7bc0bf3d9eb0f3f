"""Render an import: the preview, the result, and both as JSON."""

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
from notion_pm.importing.interpret import ImportRow, RejectedRow
from notion_pm.importing.mapping.choose import ChosenMap
from notion_pm.importing.plan import ImportPlan
from notion_pm.importing.target import Field, Target
from notion_pm.importing.values.texts import different_parts, shorten
from notion_pm.importing.writing import ImportResult
from notion_pm.model.import_write import Item
from notion_pm.text import one_line, quantity
from notion_pm.workspace.claims import LOCK_REQUESTS

_MOST_SHOWN = 5
"""Rows, values or words that are listed before the rest is only counted."""
_WIDTH = 48

_KEPT_REASONS = {
    "changed": "a person changed it",
    "cleared": "a person emptied it",
    "not remembered": "no earlier import of it is remembered here",
}
_SKIP_REASONS = {
    "locked": "people have locked their pages",
    "trashed": "their pages are in the trash",
    "archived": "their pages are archived",
    "moved": "their pages were moved elsewhere",
    "unshared": "their pages are no longer shared with the connection",
}


def preview_lines(plan: ImportPlan, *, budget: int, details: bool) -> Iterator[str]:
    """Yield what an import would do; with `details` every row. `budget`: requests per minute."""
    # A number that no file reaches: 500,000 lines are the limit of a file.
    limit = 10**9 if details else _MOST_SHOWN
    yield f"  + {quantity(len(plan.creates), 'row')} to create"
    if details:
        for create in plan.creates:
            yield f"      {_title(create.row, plan.target)}"
    yield from _update_lines(plan, limit)
    yield from _kept_lines(plan, limit)
    yield from _skipped_lines(plan, limit)
    yield from _reject_lines(plan.rejects, limit)
    yield from _new_page_lines(plan, limit)
    yield from _unknown_option_lines(plan, limit)
    yield from _row_note_lines(plan)
    yield ""
    yield _cost_line(plan, budget)


def _update_lines(plan: ImportPlan, limit: int) -> Iterator[str]:
    updates = plan.updates
    if updates:
        counts: Counter[str] = Counter()
        for update in updates:
            counts.update(change.field.name for change in update.changes)
        fields = ", ".join(f"{name} {number}" for name, number in counts.items())
        yield f"  ~ {quantity(len(updates), 'row')} to update: {fields}"
        for update in updates[:limit]:
            yield f"      {_title(update.row, plan.target)}"
            for change in update.changes:
                before, after = _readable_pair(change.before, change.after, change.field, plan)
                yield f"        {change.field.name}: {before} -> {after}"
        yield from _more_line(len(updates), limit)
    unchanged = len(plan.compared) - len(updates)
    if unchanged:
        yield f"  = {quantity(unchanged, 'row')} up to date"


def _kept_lines(plan: ImportPlan, limit: int) -> Iterator[str]:
    kept_values = []
    for update in plan.compared:
        kept_values += [(update.row, kept) for kept in update.kept]
    if not kept_values:
        return
    values = quantity(len(kept_values), "value")
    yield f"  ! {values} kept as people set them (--overwrite takes the file's)"
    for row, kept in kept_values[:limit]:
        yield f"      {_title(row, plan.target)}"
        yield f"        {_kept_text(kept, plan)}"
    yield from _more_line(len(kept_values), limit)


def _kept_text(kept: KeptValue, plan: ImportPlan) -> str:
    current, in_file = _readable_pair(kept.current, kept.in_file, kept.field, plan)
    reason = _KEPT_REASONS[kept.reason]
    return f"{kept.field.name}: {current}, the file says {in_file}; {reason}"


def _skipped_lines(plan: ImportPlan, limit: int) -> Iterator[str]:
    rows_by_reason: dict[str, list[ImportRow]] = {}
    for skipped in plan.skipped:
        rows_by_reason.setdefault(skipped.reason, []).append(skipped.row)
    for reason, rows in rows_by_reason.items():
        yield f"  - {quantity(len(rows), 'row')} left alone: {_SKIP_REASONS.get(reason, reason)}"
        for row in rows[:limit]:
            yield f"      {_title(row, plan.target)}"
        yield from _more_line(len(rows), limit)


def _reject_lines(rejects: Sequence[RejectedRow], limit: int) -> Iterator[str]:
    if rejects:
        yield f"  x {quantity(len(rejects), 'row')} that cannot be imported"
        for reject in rejects[:limit]:
            yield f"      line {reject.record.line}: {one_line(reject.problem)}"
        yield from _more_line(len(rejects), limit)


def _new_page_lines(plan: ImportPlan, limit: int) -> Iterator[str]:
    titles_by_database: dict[str, list[str]] = {}
    for page in plan.new_pages:
        # Quoted, so that "Acme, Inc." is seen to be one customer.
        title = f'"{one_line(page.title)}"'
        titles_by_database.setdefault(page.related.title, []).append(title)
    for database, titles in titles_by_database.items():
        pages = quantity(len(titles), "page")
        yield f"  + {pages} in {database}: {_some_of(titles, limit)}"


def _unknown_option_lines(plan: ImportPlan, limit: int) -> Iterator[str]:
    words_by_field: dict[str, list[str]] = {}
    for (key, word), number in plan.file.unknown_options.most_common():
        words_by_field.setdefault(key, []).append(f"{one_line(word)!r} ({number})")
    for key, words in words_by_field.items():
        name = plan.target.fields[key].name
        yield f"  ? {name} stays empty for words that are not an option: {_some_of(words, limit)}"


def _row_note_lines(plan: ImportPlan) -> Iterator[str]:
    notes = (
        (plan.file.left_out, "left out by the map"),
        (plan.file.repeated, "with the key of an earlier row: only the first is imported"),
        (plan.file.untitled, "without a title: the beginning of the text is used"),
    )
    for number, what in notes:
        if number:
            yield f"  . {quantity(number, 'row')} {what}"


def _some_of(texts: Sequence[str], limit: int) -> str:
    hidden = len(texts) - limit
    more = f" and {hidden:,} more" if hidden > 0 else ""
    return f"{', '.join(texts[:limit])}{more}"


def _more_line(number: int, limit: int) -> Iterator[str]:
    if number > limit:
        yield f"      ... and {number - limit:,} more; --details shows all"


def _cost_line(plan: ImportPlan, budget: int) -> str:
    if not plan.writes:
        return "Nothing to do."
    # Rounded up: -(-a // b) is the next whole number.
    minutes = max(1, -(-plan.writes // budget))
    lock = f", and {LOCK_REQUESTS} for the lock" if plan.destination.record_page else ""
    time = f"(about {quantity(minutes, 'minute')} at {budget} a minute)"
    return f"{quantity(plan.writes, 'request')} to write it {time}{lock}."


def _title(row: ImportRow, target: Target) -> str:
    return one_line(str(row.values.get(target.title_field.key, row.key)))


def _readable_pair(before: Item, after: Item, field: Field, plan: ImportPlan) -> tuple[str, str]:
    """Return two values for people; long texts are cut around the place where they differ."""
    if field.type == "relation" and isinstance(before, tuple) and isinstance(after, tuple):
        return _page_names(before, after, plan), _page_names(after, before, plan)
    if isinstance(before, str) and isinstance(after, str) and before and after:
        one, other = different_parts(one_line(before), one_line(after), _WIDTH)
        return repr(one), repr(other)
    return _readable(before, field, plan), _readable(after, field, plan)


def _readable(item: Item, field: Field, plan: ImportPlan) -> str:
    """Return a value for people. Related pages are counted, and new ones are named."""
    if field.type == "relation" and isinstance(item, tuple):
        new = [page.title for page in plan.new_pages if page.placeholder in item]
        names = f" (new: {', '.join(new)})" if new else ""
        return f"{quantity(len(item), 'page')}{names}"
    text = ", ".join(item) if isinstance(item, tuple) else str(item)
    return repr(shorten(one_line(text), _WIDTH)) if text else "empty"


def _page_names(ids: tuple[str, ...], others: tuple[str, ...], plan: ImportPlan) -> str:
    """Return related pages by name. In a long list, pages on both sides are only counted."""
    names = dict(plan.related_titles)
    for page in plan.new_pages:
        names[page.placeholder] = page.title

    to_name = list(ids)
    # Example: one customer is added to a list of 40. Only the new one is named, and the 40 are
    # counted.
    if len(ids) > _MOST_SHOWN:
        to_name = [page_id for page_id in ids if page_id not in others]
    parts = []
    for page_id in to_name[:_MOST_SHOWN]:
        parts.append(f'"{one_line(names[page_id])}"' if page_id in names else "1 page")
    hidden = len(ids) - len(parts)
    if hidden:
        more = " more" if parts else ""
        parts.append(f"{quantity(hidden, 'page')}{more}")
    return ", ".join(parts) or "empty"


def overtaken_lines(result: ImportResult, plan: ImportPlan) -> Iterator[str]:
    """Yield the rows that were not written in full because people edited after the preview."""
    for skipped in plan.skipped:
        if skipped.reason == OVERTAKEN:
            title = _title(skipped.row, plan.target)
            yield (
                f"Left alone: {title}: a person created, changed or deleted its page after the "
                "preview."
            )
    for decision in result.overtaken.values():
        title = _title(decision.row, plan.target)
        if isinstance(decision, SkippedRow):
            yield f"Left alone: {title}: a person locked its page."
        else:
            for kept in decision.kept:
                yield f"Kept: {title}: {_kept_text(kept, plan)}"


def result_line(result: ImportResult) -> str:
    """Return what an import did, in one line."""
    pages = quantity(len(result.new_pages), "related page")
    related = f", {pages} created" if result.new_pages else ""
    created = quantity(len(result.created), "row")
    return f"{created} created, {len(result.updated):,} updated{related}."


def import_as_data(
    chosen: ChosenMap, plan: ImportPlan, result: ImportResult | None, requests: int
) -> dict[str, Any]:
    """Return what an import does or would do, as JSON data with stable keys.

    `result` is None in a dry run.
    """
    decisions = list(plan.decisions)
    creates, updates = plan.creates, plan.updates
    rejects = list(plan.rejects)
    page_ids: dict[str, str] = {}
    if result is not None:
        # What really happened replaces the plan: people edited these pages after the preview.
        overtaken = {decision.row.key: decision for decision in result.overtaken.values()}
        decisions = [overtaken.get(decision.row.key, decision) for decision in decisions]
        page_ids = {row.key: page.id for row, page in result.created}
        creates = [create for create in creates if create.row.key in page_ids]
        updates = result.updated
        rejects += result.rejects
    return {
        "into": plan.target.name,
        "source": chosen.map.source,
        "map": chosen.origin,
        "dry_run": result is None,
        "created": [_create_data(create, page_ids) for create in creates],
        "updated": [_update_data(update) for update in updates],
        "kept": [
            _kept_data(decision, kept)
            for decision in decisions
            if isinstance(decision, UpdateRow)
            for kept in decision.kept
        ],
        "left_alone": [
            {"key": decision.row.key, "reason": decision.reason}
            for decision in decisions
            if isinstance(decision, SkippedRow)
        ],
        "unchanged": len(plan.compared) - len(plan.updates),
        "rejected": [{"line": reject.record.line, "problem": reject.problem} for reject in rejects],
        "related_pages": [
            {"database": page.related.title, "title": page.title} for page in plan.new_pages
        ],
        "requests": requests,
    }


def empty_file_as_data() -> dict[str, Any]:
    """Return the import of a file without rows, as JSON data."""
    lists = ("created", "updated", "kept", "left_alone", "rejected", "related_pages")
    return {**{name: [] for name in lists}, "unchanged": 0, "requests": 0}


def _create_data(create: CreateRow, page_ids: dict[str, str]) -> dict[str, Any]:
    row = create.row
    return {"key": row.key, "line": row.record.line, "page": page_ids.get(row.key)}


def _update_data(update: UpdateRow) -> dict[str, Any]:
    changes = [_change_data(change) for change in update.changes]
    return {"key": update.row.key, "page": update.page.id, "changes": changes}


def _change_data(change: FieldChange) -> dict[str, Any]:
    return {"property": change.field.key, "before": change.before, "after": change.after}


def _kept_data(update: UpdateRow, kept: KeptValue) -> dict[str, Any]:
    return {
        "key": update.row.key,
        "page": update.page.id,
        "property": kept.field.key,
        "held": kept.current,
        "said": kept.in_file,
        "reason": kept.reason,
    }

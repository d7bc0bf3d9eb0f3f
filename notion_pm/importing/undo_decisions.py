"""Decide what to do with each page when an import is undone. What people edited since stays."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from notion_pm.model.ids import NotionId
from notion_pm.model.import_write import ImportWrite, Json, TypedValue
from notion_pm.model.page import DateValue, OptionValue, Page, PropertyValue, RelationValue
from notion_pm.model.property_types import TYPES_FILLED_FROM_TEXT

CHANGED = "it was changed since"
EDITED = "people edited it since"
LINKED = "other pages link to it"
LOCKED = "the page is locked"
GONE = "the page was deleted"


@dataclass(frozen=True, slots=True)
class TrashPage:
    """A page that the import created; it is moved to the trash."""

    write: ImportWrite
    page: Page


@dataclass(frozen=True, slots=True)
class RestoreValues:
    """A page that gets back its values from before the import. `now`: the values it has."""

    write: ImportWrite
    page: Page
    values: tuple[PropertyValue, ...]
    now: tuple[PropertyValue, ...]


@dataclass(frozen=True, slots=True)
class LeftInPlace:
    """A page, or one of its properties, that stays as it is, and why."""

    write: ImportWrite
    reason: str
    page: Page | None = None
    property_id: str = ""


Step = TrashPage | RestoreValues | LeftInPlace


@dataclass(frozen=True, slots=True)
class UndoContext:
    """What the decisions on pages depend on.

    `losing_links`: pages whose links to other pages end, because they go to the trash or get old
    links back.
    `ignored`: by data source, the properties that rules fill in; a change there is not an edit.
    `locks`: by data source, the checkbox that locks a page.
    `linked_one_way`: pages to which a page that stays links by a one-way relation. Such a link
    does not show on the page itself.
    """

    losing_links: frozenset[str]
    ignored: Mapping[str, Collection[str]]
    locks: Mapping[str, str]
    linked_one_way: frozenset[str] = frozenset()


def to_json(value: PropertyValue) -> Json:
    """Return the value of a property that an import writes, as JSON."""
    match value.value:
        case OptionValue(id=option, name=name):
            return [option, name]
        case DateValue(start=start, end=end, time_zone=zone):
            return [start, end, zone]
        case RelationValue(ids=ids):
            return list(ids)
        case tuple() as values:
            return [[value.id, value.name] for value in values if isinstance(value, OptionValue)]
        case plain:
            return plain


def from_json(property_id: str, kind: str, json: Json) -> PropertyValue:
    """Return the value of a property that was recorded as JSON."""
    value: object = json
    match kind:
        case "relation":
            value = RelationValue(tuple(NotionId(page_id) for page_id in json or ()))
        case "multi_select":
            value = tuple(OptionValue(*option) for option in json or ())
        case "select" | "status" if json:
            value = OptionValue(*json)
        case "date" if json:
            value = DateValue(*json)
    return PropertyValue(property_id, kind, value)  # type: ignore[arg-type]


def writable_content(page: Page) -> dict[str, TypedValue]:
    """Return the values of a page, by property id, of the types that an import writes."""
    return {
        value.id: (value.type, to_json(value))
        for value in page.properties.values()
        if value.type in TYPES_FILLED_FROM_TEXT
    }


def merge_runs(runs: Iterable[Sequence[ImportWrite]]) -> list[ImportWrite]:
    """Return the writes of several runs, the earliest run first, as if one run had sent them all.

    An import that was killed and started again is two runs. The second run may have updated pages
    that the first one created.
    """
    merged: dict[tuple[str, str], ImportWrite] = {}
    for writes in runs:
        for write in writes:
            key = (write.data_source_id, write.page or write.entry)
            earlier = merged.get(key)
            if earlier is None:
                merged[key] = write
                continue
            after = {**earlier.after, **write.after}
            before = earlier.before
            if before is not None:
                # The earliest value wins: that is how the page was before the whole import.
                before = {**(write.before or {}), **before}
            merged[key] = replace(earlier, after=after, before=before, title=write.title)
    return list(merged.values())


def with_created_page(write: ImportWrite, pages: Iterable[Page], since: datetime) -> ImportWrite:
    """Return a write with the page that it created, if Notion's answer was lost.

    It is the only page with that key or title that was created since the import began.
    """
    property_id, text = write.found_by
    found = [
        page for page in pages if page.created_time >= since and _text(page, property_id) == text
    ]
    return replace(write, page=found[0].id) if len(found) == 1 else write


def _text(page: Page, property_id: str) -> str:
    held = page.properties.get(property_id)
    if held is not None:
        return str(held.value)
    return page.title if property_id == "title" else ""


def decide_undo(write: ImportWrite, page: Page | None, context: UndoContext) -> Iterator[Step]:
    """Yield what to do with a page; nothing if it is already as it was before the import.

    `page` is None if it was deleted.
    """
    if page is None:
        if not write.is_created:
            yield LeftInPlace(write, GONE)
        return

    lock = page.properties.get(context.locks.get(write.data_source_id, ""))
    is_locked = page.is_locked or (lock is not None and lock.value is True)
    if not write.is_created:
        yield from _restore_values(write, page, is_locked=is_locked)
        return
    reason = LOCKED if is_locked else _reason_to_keep(write, page, context)
    yield LeftInPlace(write, reason, page) if reason else TrashPage(write, page)


def _reason_to_keep(write: ImportWrite, page: Page, context: UndoContext) -> str:
    """Return why a page that the import created stays; an empty text if it is moved to the
    trash.
    """
    # The connection itself created the page. Any other last editor is a person, or another tool.
    if page.created_by is not None and page.last_edited_by not in {None, page.created_by}:
        return EDITED
    if page.id in context.linked_one_way:
        return LINKED
    ignored = context.ignored.get(write.data_source_id, ())
    for property_id, (kind, current) in writable_content(page).items():
        written = write.after.get(property_id)
        if kind == "relation":
            # A relation also shows pages that people linked from its other side.
            links_of_import = set(written[1]) if written else set()
            if set(current) - context.losing_links - links_of_import:
                return LINKED
        # `written` is missing for a property that was added to the database after the import.
        elif written and property_id not in ignored and not _is_same(kind, current, written[1]):
            return CHANGED
    return ""


def _restore_values(write: ImportWrite, page: Page, *, is_locked: bool) -> Iterator[Step]:
    """Yield the values to restore on a page, and the properties that stay as they are."""
    content = writable_content(page)
    values: list[PropertyValue] = []
    now: list[PropertyValue] = []
    for property_id, (kind, before) in (write.before or {}).items():
        if property_id not in content:
            yield LeftInPlace(write, "the property was deleted", page, property_id)
            continue
        current_kind, current = content[property_id]
        written = write.after[property_id][1]
        if _is_same(kind, current, before):
            continue
        if is_locked:
            yield LeftInPlace(write, LOCKED, page, property_id)
        elif current_kind != kind or not _is_same(kind, current, written):
            yield LeftInPlace(write, CHANGED, page, property_id)
        else:
            values.append(from_json(property_id, kind, before))
            now.append(page.properties[property_id])
    if values:
        yield RestoreValues(write, page, tuple(values), tuple(now))


def _is_same(kind: str, one: Json, other: Json) -> bool:
    """Whether two values are the same. Options are compared by name: new ones had no id yet."""
    match kind:
        case "relation":
            return set(one or ()) == set(other or ())
        case "multi_select":
            return _option_names(one) == _option_names(other)
        case "select" | "status":
            return _option_names([one] if one else ()) == _option_names([other] if other else ())
        case "checkbox":
            return bool(one) == bool(other)
        case "number":
            return bool(one == other)
    return bool((one or None) == (other or None))


def _option_names(options: Json) -> list[str]:
    return sorted(str(name) for _, name in options or ())

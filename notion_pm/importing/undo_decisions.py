"""What becomes of each page when an import is undone. A page that people edited since is left as it is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from notion_pm.model.ids import NotionId
from notion_pm.model.import_write import ImportWrite, Json
from notion_pm.model.page import DateValue, OptionValue, Page, PropertyValue, RelationValue
from notion_pm.model.property_types import TYPES_FILLED_FROM_TEXT

CHANGED = "it was changed since"
EDITED = "people edited it since"
LINKED = "other pages are linked with it"
LOCKED = "the page is locked"
GONE = "the page is no longer there"


@dataclass(frozen=True, slots=True)
class TrashPage:
    """A page that the import made and that goes to the trash."""

    write: ImportWrite
    page: Page


@dataclass(frozen=True, slots=True)
class RestoreValues:
    """A page that gets back the values which it had before the import. `now`: what it holds."""

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
    """What a page is judged by.

    `going`: pages whose links to others end, because they go to the trash or get old links back.
    `ignored`: by database, the properties that rules fill in; they are nobody's work.
    `locks`: by database, the checkbox that locks a page.
    `linked_one_way`: pages that are linked from pages which stay, where the link shows only there.
    """

    going: frozenset[str]
    ignored: Mapping[str, Collection[str]]
    locks: Mapping[str, str]
    linked_one_way: frozenset[str] = frozenset()


def to_json(value: PropertyValue) -> Json:
    """Return the value of a property of a type that an import writes, as JSON."""
    match value.value:
        case OptionValue(id=option, name=name):
            return [option, name]
        case DateValue(start=start, end=end, time_zone=zone):
            return [start, end, zone]
        case RelationValue(ids=ids):
            return list(ids)
        case tuple() as several:
            return [[each.id, each.name] for each in several if isinstance(each, OptionValue)]
        case plain:
            return plain


def from_json(property_id: str, kind: str, json: Json) -> PropertyValue:
    """Return the value of a property that was kept as JSON."""
    value: object = json
    match kind:
        case "relation":
            value = RelationValue(tuple(NotionId(each) for each in json or ()))
        case "multi_select":
            value = tuple(OptionValue(*each) for each in json or ())
        case "select" | "status" if json:
            value = OptionValue(*json)
        case "date" if json:
            value = DateValue(*json)
    return PropertyValue(property_id, kind, value)  # type: ignore[arg-type]


def writable_content(page: Page) -> dict[str, tuple[str, Json]]:
    """Return what a page holds in the properties of types that an import writes."""
    return {
        value.id: (value.type, to_json(value))
        for value in page.properties.values()
        if value.type in TYPES_FILLED_FROM_TEXT
    }


def merge_runs(runs: Iterable[Sequence[ImportWrite]]) -> list[ImportWrite]:
    """Return the writes of several runs, the earliest run first, as if one run had written all.

    An import that was killed and run again is two runs. The second may have updated what the first made.
    """
    found: dict[tuple[str, str], ImportWrite] = {}
    for writes in runs:
        for write in writes:
            key = (write.data_source_id, write.page or write.entry)
            earlier = found.get(key)
            if earlier is None:
                found[key] = write
                continue
            after = {**earlier.after, **write.after}
            before = None if earlier.before is None else {**(write.before or {}), **earlier.before}
            found[key] = replace(earlier, after=after, before=before, title=write.title)
    return list(found.values())


def with_created_page(write: ImportWrite, pages: Iterable[Page], since: datetime) -> ImportWrite:
    """Return a write with the page that it made, where Notion's answer was lost.

    That is a page of that key or title that was created since the import began.
    """
    property_id, text = write.found_by
    found = [
        page for page in pages if page.created_time >= since and _text(page, property_id) == text
    ]
    return replace(write, page=found[0].id) if len(found) == 1 else write


def _text(page: Page, property_id: str) -> str:
    held = page.properties.get(property_id)
    return str(held.value) if held is not None else page.title if property_id == "title" else ""


def decide_undo(write: ImportWrite, page: Page | None, around: UndoContext) -> Iterator[Step]:
    """Yield what becomes of a page; nothing where it is already as it was before the import."""
    if page is None:
        if not write.is_made:
            yield LeftInPlace(write, GONE)
        return
    lock = page.properties.get(around.locks.get(write.data_source_id, ""))
    is_locked = page.is_locked or (lock is not None and lock.value is True)
    if write.is_made:
        reason = LOCKED if is_locked else _reason_to_keep(write, page, around)
        yield LeftInPlace(write, reason, page) if reason else TrashPage(write, page)
        return
    yield from _values_back(write, page, is_locked=is_locked)


def _reason_to_keep(write: ImportWrite, page: Page, around: UndoContext) -> str:
    """Return why a page that the import made stays; an empty text where it goes."""
    if page.created_by is not None and page.last_edited_by not in {None, page.created_by}:
        return EDITED
    if page.id in around.linked_one_way:
        return LINKED
    ignored = around.ignored.get(write.data_source_id, ())
    for property_id, (kind, now) in writable_content(page).items():
        written = write.after.get(property_id)
        if kind == "relation":
            # The other side of a relation shows pages that people linked with this one.
            if set(now) - around.going - set(written[1] if written else ()):
                return LINKED
        elif written and property_id not in ignored and not _is_same(kind, now, written[1]):
            return CHANGED
    return ""


def _values_back(write: ImportWrite, page: Page, *, is_locked: bool) -> Iterator[Step]:
    held = writable_content(page)
    back: list[PropertyValue] = []
    now: list[PropertyValue] = []
    for property_id, (kind, before) in (write.before or {}).items():
        if property_id not in held:
            yield LeftInPlace(write, "the property is no longer there", page, property_id)
            continue
        current, written = held[property_id][1], write.after[property_id][1]
        if _is_same(kind, current, before):
            continue
        if is_locked:
            yield LeftInPlace(write, LOCKED, page, property_id)
        elif held[property_id][0] != kind or not _is_same(kind, current, written):
            yield LeftInPlace(write, CHANGED, page, property_id)
        else:
            back.append(from_json(property_id, kind, before))
            now.append(page.properties[property_id])
    if back:
        yield RestoreValues(write, page, tuple(back), tuple(now))


def _is_same(kind: str, one: Json, other: Json) -> bool:
    """Compare two values. New options were written by name, before they had an id."""
    match kind:
        case "relation":
            return set(one or ()) == set(other or ())
        case "multi_select":
            names = [sorted(str(option[1]) for option in value or ()) for value in (one, other)]
            return names[0] == names[1]
        case "select" | "status":
            return bool((one or [None, None])[1] == (other or [None, None])[1])
        case "checkbox":
            return bool(one) == bool(other)
        case "number":
            return bool(one == other)
    return bool((one or None) == (other or None))

"""A value is taken from the file unless a person changed it since the last import."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notion_pm.importing.compare import (
    FieldChange,
    KeptValue,
    SkippedRow,
    UpdateRow,
    compare_row,
    compare_value,
    property_value,
    value_on_page,
)
from notion_pm.importing.files.records import Record
from notion_pm.importing.interpret import ImportRow
from notion_pm.model.ids import NotionId
from notion_pm.model.import_write import Item
from notion_pm.model.page import Page, PropertyValue
from tests.support.import_world import FIELDS, TARGET

QUOTE, TAGS = TARGET.fields["quote"], TARGET.fields["tags"]
NOW = datetime(2026, 11, 28, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "said", "before", "becomes"),
    [
        # held, the file says, the last import said -> written, or why it is kept; None: nothing to
        # do
        ("a", "a", None, None),
        ("", "a", None, "a"),  # a row that a person made: what is empty is filled
        ("x", "a", None, "not remembered"),  # missing memory is a conflict, not a licence
        ("a", "b", "a", "b"),  # the file went on, nobody else did
        ("x", "a", "a", None),  # a person went on, the file did not
        ("x", "b", "a", "changed"),  # both did
        ("", "b", "a", "cleared"),
        ("", "a", "a", None),
        ("b", "b", "a", None),  # both came to the same
    ],
)
def test_value_is_decided_from_page_file_and_last_import(
    now: Item, said: Item, before: Item | None, becomes: str | None
) -> None:
    match compare_value(QUOTE, now, said, before, overwrite=False):
        case None:
            assert becomes is None
        case FieldChange(after=after):
            assert after == becomes
        case KeptValue(reason=reason):
            assert reason == becomes


def test_overwrite_takes_the_value_of_the_file() -> None:
    for before in (None, "a", "b"):
        assert compare_value(QUOTE, "x", "b", before, overwrite=True) == FieldChange(
            QUOTE, "x", "b"
        )


@pytest.mark.parametrize(
    ("now", "said", "before", "becomes"),
    [
        ((), ("a",), None, ("a",)),
        (("own",), ("a",), None, ("own", "a")),
        (
            ("own", "a", "b"),
            ("b", "c"),
            ("a", "b"),
            ("own", "b", "c"),
        ),  # the file dropped a: it was the file's
        (("own", "b"), ("b",), ("a", "b"), None),
        (("b",), ("a", "b"), ("a", "b"), ("b", "a")),
    ],
)
def test_lists_keep_what_people_added(
    now: tuple[str, ...],
    said: tuple[str, ...],
    before: tuple[str, ...] | None,
    becomes: tuple[str, ...] | None,
) -> None:
    judged = compare_value(TAGS, now, said, before, overwrite=False)
    assert (judged.after if isinstance(judged, FieldChange) else judged) == becomes


WORDS = st.sampled_from(["", "a", "b", "c"])
LISTS = st.lists(st.sampled_from("abcd"), unique=True).map(tuple)


@given(WORDS, WORDS.filter(bool), st.none() | WORDS, st.booleans())
def test_second_import_changes_no_value(
    now: str, said: str, before: str | None, overwrite: bool
) -> None:
    judged = compare_value(QUOTE, now, said, before, overwrite=overwrite)
    after = judged.after if isinstance(judged, FieldChange) else now
    assert compare_value(QUOTE, after, said, said, overwrite=False) is None


@given(LISTS, LISTS.filter(bool), st.none() | LISTS)
def test_second_import_changes_no_list(
    now: tuple[str, ...], said: tuple[str, ...], before: tuple[str, ...] | None
) -> None:
    judged = compare_value(TAGS, now, said, before, overwrite=False)
    after = judged.after if isinstance(judged, FieldChange) else now
    assert isinstance(after, tuple)
    assert set(said) <= set(after)
    assert set(now) - set(before or ()) <= set(after)
    assert compare_value(TAGS, after, said, said, overwrite=False) is None


def page(*values: PropertyValue) -> Page:
    return Page(NotionId("p"), "", "A", NOW, NOW, properties={each.id: each for each in values})


ITEMS: dict[str, Item] = {
    "title": "A", "rich_text": "text", "select": "3 Critical", "status": "New", "multi_select": ("api", "new"),
    "url": "https://x.y", "date": "2026-11-28", "number": 3.5, "checkbox": True, "relation": ("one", "two"),
}  # fmt: skip


def test_written_values_are_read_back_unchanged() -> None:
    for field in (each for each in FIELDS if each.is_fillable):
        item = ITEMS[field.type] if field.key not in {"kind"} else "Problem"
        assert value_on_page(page(property_value(field, item)), field) == item


def test_locked_page_is_not_changed() -> None:
    target = replace(TARGET, lock="checked")
    row = ImportRow(Record(2, ()), "k", {"name": "B"})
    locked = page(PropertyValue("x", "checkbox", True), PropertyValue("title", "title", "A"))
    assert isinstance(compare_row(target, row, locked, None, overwrite=True), SkippedRow)
    free = page(PropertyValue("x", "checkbox", False), PropertyValue("title", "title", "A"))
    decision = compare_row(target, row, free, {"name": "A"}, overwrite=False)
    assert isinstance(decision, UpdateRow)
    assert [(each.before, each.after) for each in decision.changes] == [("A", "B")]

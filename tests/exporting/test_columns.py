"""Properties to columns, pages to rows, sorting."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from notion_pm.conditions.text_form import Order
from notion_pm.errors import IncompleteRead, UsageError
from notion_pm.exporting.columns import (
    ColumnFacts,
    columns_of,
    row_of,
    select_columns,
    sorted_positions,
)
from notion_pm.exporting.table import Cell, Column, Reference
from notion_pm.model.ids import NotionId
from notion_pm.model.page import (
    DateValue,
    OptionValue,
    Page,
    PropertyValue,
    RelationValue,
    UniqueIdValue,
    Value,
)
from notion_pm.model.schema import (
    DataSource,
    NumberConfig,
    Option,
    OptionsConfig,
    Property,
    RelationConfig,
)

NOW = datetime(2026, 11, 22, tzinfo=UTC)
OTHER = NotionId("00000000-0000-4000-8000-000000000009")
SCHEMA = DataSource(
    NotionId("00000000-0000-4000-8000-000000000001"),
    NotionId("00000000-0000-4000-8000-000000000002"),
    "Features",
    {
        each.id: each
        for each in (
            Property("z", "Zeal", "number", NumberConfig("percent")),
            Property("a", "apples", "rich_text", description="Fruit"),
            Property("s", "Status", "status", OptionsConfig((Option("Spec"), Option("Idea")))),
            Property("i", "Insights", "relation", RelationConfig(OTHER)),
            Property("b", "Run", "button"),
            Property("title", "Name", "title"),
        )
    },
)


def page(*values: PropertyValue) -> Page:
    return Page(
        OTHER,
        "https://app.notion.com/p/9",
        "A",
        NOW,
        NOW,
        properties={each.id: each for each in values},
    )


def cell(type_: str, value: Value, *, complete: bool = True) -> Cell:
    found = row_of(page(PropertyValue("p", type_, value, complete)), (Column("p", "P", type_),))
    return found.cells[0]


def test_columns_are_in_template_order_then_by_name() -> None:
    found = columns_of(SCHEMA, {"s": "status", "z": "zeal"}, {OTHER: "Customer insights"})
    assert [each.title for each in found] == ["Name", "Status", "Zeal", "apples", "Insights"]
    by_title = {each.title: each for each in found}
    assert by_title["Status"].options == ("Spec", "Idea")
    assert by_title["Zeal"].number_format == "percent"
    assert by_title["Insights"].target == "Customer insights"
    assert (by_title["Status"].key, by_title["apples"].key) == ("status", None)


def test_columns_are_selected_by_key_or_title_in_any_case() -> None:
    columns = columns_of(SCHEMA, {"s": "state"}, {})
    assert [
        each.title for each in select_columns(columns, ("APPLES", "state", "Name", "state"))
    ] == [
        "apples",
        "Status",
        "Name",
    ]
    assert select_columns(columns, ()) == columns
    with pytest.raises(UsageError) as error:
        select_columns(columns, ("stat",))
    assert "Did you mean `state`?" in error.value.advice


def test_cells_are_typed() -> None:
    assert cell("created_time", "2026-07-04T09:08:00.000Z") == DateValue("2026-07-04T09:08:00.000Z")
    assert cell("relation", RelationValue((OTHER,))) == (Reference(OTHER),)
    assert cell("unique_id", UniqueIdValue(None, "F")) is None
    assert cell("rollup", (RelationValue((OTHER,)), ("x", None), "", 3)) == (
        Reference(OTHER),
        "x",
        3,
    )
    assert cell("number", 0) == 0


def test_a_missing_property_is_an_empty_cell() -> None:
    assert row_of(page(), (Column("p", "P", "number"),)).cells == (None,)


@pytest.mark.parametrize("value", [RelationValue((OTHER,), complete=False), ("x",)])
def test_a_cut_value_is_refused(value: Value) -> None:
    with pytest.raises(IncompleteRead):
        cell("rollup", value, complete=False)


def test_ranges_and_times_are_detected() -> None:
    columns = (Column("d", "D", "date"), Column("t", "T", "date"))
    facts = ColumnFacts()
    for start, end in (("2026-01-01", None), ("2026-01-01", "2026-02-01")):
        values = (
            PropertyValue("d", "date", DateValue(start, end)),
            PropertyValue("t", "date", None),
        )
        facts.learn(row_of(page(*values), columns), columns)
    facts.learn(
        row_of(page(PropertyValue("t", "date", DateValue("2026-01-01T10:00:00Z"))), columns),
        columns,
    )
    assert [(each.has_end, each.has_time) for each in facts.apply_to(columns)] == [
        (True, False),
        (False, True),
    ]


def test_rows_are_sorted_by_option_order_and_number_with_empty_cells_last() -> None:
    columns = (Column("s", "S", "status", options=("Spec", "Idea")), Column("n", "N", "number"))

    def row(status: str | None, number: float | None) -> Page:
        option = OptionValue("", status) if status else None
        return page(PropertyValue("s", "status", option), PropertyValue("n", "number", number))

    rows = [
        row_of(each, columns)
        for each in (
            row("Idea", 1),
            row(None, 2),
            row("Spec", None),
            row("Spec", 9),
            row("Spec", 10),
        )
    ]
    assert sorted_positions(
        rows, columns, (Order("S", descends=False), Order("N", descends=True))
    ) == [
        4,
        3,
        2,
        0,
        1,
    ]
    assert sorted_positions(rows, columns, ()) == [0, 1, 2, 3, 4]

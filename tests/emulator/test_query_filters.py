"""Filters of a query: what each operator selects, and how wrong ones are refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from notion_pm.emulator import query
from notion_pm.emulator.behaviour import Behaviour, behaving
from notion_pm.emulator.http.errors import ApiError
from notion_pm.emulator.store.records import Property as SchemaProperty

NOW = datetime(2026, 7, 15, 12, 30, tzinfo=UTC)  # a Wednesday
ME = "11111111-1111-4111-8111-111111111111"
OTHER = "22222222-2222-4222-8222-222222222222"


def choices(*names: str, **config: Any) -> dict[str, Any]:
    return {
        "options": [{"id": f"id-{name}", "name": name, "color": "default"} for name in names],
        **config,
    }


STAGES = choices(
    "Idea",
    "Doing",
    "Shipped",
    groups=[
        {"id": "g1", "name": "To-do", "color": "gray", "option_ids": ["id-Idea"]},
        {"id": "g2", "name": "Complete", "color": "green", "option_ids": ["id-Shipped"]},
    ],
)
SCHEMA = query.Properties.of_schema(
    [
        SchemaProperty("title", "Name", "title"),
        SchemaProperty("aaaa", "Note", "rich_text"),
        SchemaProperty("bbbb", "Weight", "number"),
        SchemaProperty("cccc", "Done", "checkbox"),
        SchemaProperty("dddd", "Kind", "select", choices("Pain", "Wish")),
        SchemaProperty("eeee", "Tags", "multi_select", choices("x", "y")),
        SchemaProperty("ffff", "Stage", "status", STAGES),
        SchemaProperty("gggg", "Due", "date"),
        SchemaProperty("hhhh", "Who", "people"),
        SchemaProperty("iiii", "Links", "relation"),
        SchemaProperty("jjjj", "Files", "files"),
        SchemaProperty("kkkk", "Score", "formula"),
        SchemaProperty("l;l;", "Sum", "rollup"),
        SchemaProperty("mmmm", "No", "unique_id"),
        SchemaProperty("nnnn", "Mail", "email"),
        SchemaProperty("oooo", "Born", "created_time"),
        SchemaProperty("pppp", "Maker", "created_by"),
        SchemaProperty("qqqq", "Checked", "verification"),
    ]
)
KEYS = {one.name: one for one in SCHEMA}


def row(
    number: int = 1, *, created: str = "2026-07-01T08:00:30.500000+00:00", **values: Any
) -> query.Row:
    typed = {
        KEYS[name].id: {"type": KEYS[name].type, KEYS[name].type: value}
        for name, value in values.items()
    }
    return query.Row(f"page-{number}", number, created, created, typed)


def rich(text: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": {"content": text}, "plain_text": text}]


def passes(name: str, condition: dict[str, Any], page: query.Row) -> bool:
    parsed = query.parse_filter({"property": name, **condition}, SCHEMA)
    return query.matches(parsed, page, query.Asker(NOW, ME))


@pytest.mark.parametrize(
    ("operator", "operand", "expected"),
    [
        ("equals", "john doe", True),
        ("equals", "John", False),
        ("does_not_equal", "John", True),
        ("contains", "DOE", True),
        ("does_not_contain", "n d", False),
        ("starts_with", "jo", True),
        ("ends_with", "Jo", False),
        ("is_empty", True, False),
        ("is_not_empty", True, True),
    ],
)
def test_text(operator: str, operand: Any, expected: bool) -> None:
    assert (
        passes("Name", {"rich_text": {operator: operand}}, row(Name=rich("John Doe"))) is expected
    )
    assert passes("Mail", {"email": {operator: operand}}, row(Mail="John Doe")) is expected


def test_an_empty_value_passes_only_negations() -> None:
    refused: list[tuple[str, dict[str, Any]]] = [
        ("Note", {"rich_text": {"contains": ""}}),
        ("Weight", {"number": {"less_than": 5}}),
        ("Kind", {"select": {"equals": "Pain"}}),
        ("Tags", {"multi_select": {"contains": "x"}}),
        ("Due", {"date": {"before": "2030-01-01"}}),
        ("Links", {"relation": {"contains": OTHER}}),
    ]
    passing: list[tuple[str, dict[str, Any]]] = [
        ("Note", {"rich_text": {"does_not_contain": "a"}}),
        ("Weight", {"number": {"does_not_equal": 5}}),
        ("Kind", {"select": {"does_not_equal": "Pain"}}),
        ("Tags", {"multi_select": {"does_not_contain": "x"}}),
        ("Links", {"relation": {"does_not_contain": OTHER}}),
        ("Files", {"files": {"is_empty": True}}),
    ]
    assert not any(passes(name, condition, row()) for name, condition in refused)
    assert all(passes(name, condition, row()) for name, condition in passing)


@pytest.mark.parametrize(
    ("operator", "operand", "expected"),
    [
        ("equals", 3, True),
        ("does_not_equal", 3, False),
        ("greater_than", 2.5, True),
        ("less_than", 3, False),
        ("greater_than_or_equal_to", 3, True),
        ("less_than_or_equal_to", 2, False),
    ],
)
def test_numbers(operator: str, operand: float, expected: bool) -> None:
    assert passes("Weight", {"number": {operator: operand}}, row(Weight=3)) is expected
    assert (
        passes("No", {"unique_id": {operator: operand}}, row(No={"prefix": "F", "number": 3}))
        is expected
    )


def test_options_by_name_several_names_and_status_group() -> None:
    shipped = row(Stage={"id": "id-Shipped", "name": "Shipped"}, Tags=[{"id": "id-x", "name": "x"}])
    assert passes("Stage", {"status": {"equals": "Shipped"}}, shipped)
    assert passes("Stage", {"status": {"equals": ["Idea", "Shipped"]}}, shipped)
    assert not passes("Stage", {"status": {"does_not_equal": ["Idea", "Shipped"]}}, shipped)
    assert passes("Stage", {"status": {"equals": "Complete"}}, shipped)
    assert passes("Tags", {"multi_select": {"contains": ["y", "x"]}}, shipped)


def test_people_me_and_the_created_by_property() -> None:
    page = row(Who=[{"object": "user", "id": ME}], Maker={"object": "user", "id": OTHER})
    assert passes("Who", {"people": {"contains": "me"}}, page)
    assert not passes("Who", {"people": {"contains": OTHER}}, page)
    assert passes("Maker", {"created_by": {"contains": OTHER.replace("-", "")}}, page)


@pytest.mark.parametrize(
    ("value", "condition", "expected"),
    [
        ("2026-07-15", {"equals": "2026-07-15"}, True),
        ("2026-07-15T23:59:59.999+00:00", {"equals": "2026-07-15"}, True),
        (
            "2026-07-15T23:30:00.000-02:00",
            {"equals": "2026-07-15"},
            False,
        ),  # already the 16th in UTC
        ("2026-07-15T14:08:00.000+00:00", {"after": "2026-07-15"}, False),
        ("2026-07-15T14:08:00.000+00:00", {"on_or_before": "2026-07-15"}, True),
        ("2026-07-15T14:08:00.000+00:00", {"before": "2026-07-15"}, False),
        ("2026-07-15T14:08:00.000+00:00", {"after": "2026-07-15T14:07:59.999Z"}, True),
        ("2026-07-15T14:08:00.000+00:00", {"equals": "2026-07-15T16:08:00+02:00"}, True),
        ("2026-07-15", {"equals": "today"}, True),
        ("2026-07-16", {"equals": "tomorrow"}, True),
        ("2026-06-15", {"on_or_after": "one_month_ago"}, True),
        ("2026-07-12", {"this_week": {}}, True),
        ("2026-07-19", {"this_week": {}}, False),
        ("2026-07-08", {"past_week": {}}, True),
        ("2026-07-16", {"past_week": {}}, False),
        ("2026-07-22", {"next_week": {}}, True),
        ("2026-08-16", {"next_month": {}}, False),
        ("2025-07-15", {"past_year": {}}, True),
        ("2027-07-15", {"next_year": {}}, True),
    ],
)
def test_dates(value: str, condition: dict[str, Any], expected: bool) -> None:
    page = row(Due={"start": value, "end": None, "time_zone": None})
    assert passes("Due", {"date": condition}, page) is expected


def test_timestamps_compare_as_they_are_shown() -> None:
    """The stored time has seconds; the API shows, and compares, the minute."""
    shown = {"timestamp": "created_time", "created_time": {"equals": "2026-07-01T08:00:00.000Z"}}
    assert query.matches(query.parse_filter(shown, SCHEMA), row(), query.Asker(NOW))
    late = {
        "timestamp": "last_edited_time",
        "last_edited_time": {"after": "2026-07-01T08:00:00.000Z"},
    }
    assert not query.matches(query.parse_filter(late, SCHEMA), row(), query.Asker(NOW))


def test_formulas_answer_only_their_own_type() -> None:
    page, ticked = (
        row(Score={"type": "number", "number": 4}),
        row(Score={"type": "boolean", "boolean": False}),
    )
    with behaving(Behaviour(formula_filters="accepted")):
        assert passes("Score", {"formula": {"number": {"greater_than": 3}}}, page)
        assert not passes("Score", {"formula": {"string": {"contains": "4"}}}, page)
        assert passes("Score", {"formula": {"checkbox": {"equals": False}}}, ticked)


def test_rollups_by_quantifier() -> None:
    def rolled(*numbers: int) -> query.Row:
        items = [{"type": "number", "number": number} for number in numbers]
        return row(Sum={"type": "array", "array": items, "function": "show_original"})

    small = {"number": {"less_than": 5}}
    assert passes("Sum", {"rollup": {"any": small}}, rolled(3, 8))
    assert not passes("Sum", {"rollup": {"every": small}}, rolled(3, 8))
    assert not passes("Sum", {"rollup": {"every": small}}, rolled())
    assert passes("Sum", {"rollup": {"none": small}}, rolled())
    assert passes(
        "Sum", {"rollup": {"number": {"equals": 2}}}, row(Sum={"type": "number", "number": 2})
    )


def test_an_empty_verification_is_none() -> None:
    assert passes("Checked", {"verification": {"status": "none"}}, row())
    assert passes(
        "Checked",
        {"verification": {"does_not_equal": "expired"}},
        row(Checked={"state": "verified"}),
    )


def test_groups_nest_two_levels() -> None:
    heavy = {"property": "Weight", "number": {"greater_than": 2}}
    done = {"property": "Done", "checkbox": {"equals": True}}
    parsed = query.parse_filter({"and": [heavy, {"or": [done, heavy]}]}, SCHEMA)
    assert query.matches(parsed, row(Weight=3, Done=False), query.Asker(NOW))
    with pytest.raises(ApiError, match="should be not present"):
        query.parse_filter({"and": [{"or": [{"and": [heavy]}]}]}, SCHEMA)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            {"property": "Gone", "number": {"equals": 1}},
            "Could not find property with name or id: Gone",
        ),
        (
            {"property": "Weight", "rich_text": {"equals": "1"}},
            "The property type in the database does not match the property type of the filter "
            "provided: "
            "database property number does not match filter rich_text",
        ),
        (
            {"property": "Weight", "number": {"equals": "1"}},
            "body failed validation: body.filter.number.equals should be a number, instead was "
            '`"1"`.',
        ),
        (
            {"and": [{"property": "Weight", "number": {"equals": 1, "less_than": 2}}]},
            "body failed validation: body.filter.and[0].number.less_than should be not present, "
            "instead was `2`.",
        ),
        (
            {"property": "Due", "date": {"equals": "soon"}},
            "body failed validation: body.filter.date.equals should be a valid ISO 8601 date "
            "string, "
            'instead was `"soon"`.',
        ),
        (
            {"property": "Due", "date": {"is_empty": False}},
            "body failed validation: body.filter.date.is_empty should be `true`, instead was "
            "`false`.",
        ),
        (
            {"property": "Kind", "select": {"equals": "Lost"}},
            'select option "Lost" not found for property "Kind". Available options: "Pain", '
            '"Wish".',
        ),
        (
            {"number": {"equals": 1}},
            "body failed validation: body.filter.property should be defined, instead was "
            "`undefined`.",
        ),
    ],
)
def test_refusals(body: dict[str, Any], message: str) -> None:
    with pytest.raises(ApiError) as refusal:
        query.parse_filter(body, SCHEMA)
    assert (refusal.value.status, refusal.value.code, refusal.value.message) == (
        400,
        "validation_error",
        message,
    )


def test_a_filter_without_a_known_type_names_them_all() -> None:
    with pytest.raises(ApiError) as refusal:
        query.parse_filter({"property": "Name", "text": {"contains": "a"}}, SCHEMA)
    lines = refusal.value.message.splitlines()
    assert lines[:3] == [
        "body failed validation. Fix one:",
        "body.filter.or should be defined, instead was `undefined`.",
        "body.filter.and should be defined, instead was `undefined`.",
    ]
    assert "body.filter.rich_text should be defined, instead was `undefined`." in lines


def test_properties_are_found_by_encoded_id() -> None:
    parsed = query.parse_filter(
        {"property": "l%3Bl%3B", "rollup": {"number": {"is_empty": True}}}, SCHEMA
    )
    assert query.matches(parsed, row(), query.Asker(NOW))

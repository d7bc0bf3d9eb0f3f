"""The parts of a capture: keys, conditions, and YAML that keeps its meaning."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notion_pm.conditions.template_filters import as_filter, as_quick_filters
from notion_pm.model.ids import NotionId
from notion_pm.model.page import DateValue, Page, PropertyValue
from notion_pm.model.schema import (
    Database,
    DataSource,
    NoConfig,
    Option,
    OptionsConfig,
    Property,
    PropertyConfig,
    RelationConfig,
    View,
)
from notion_pm.model.template import OptionsProperty, RelationProperty, Template
from notion_pm.provision.capture.conditions import filter_to_where, quick_filters_to_where
from notion_pm.provision.capture.document import capture_page
from notion_pm.provision.capture.live import (
    CapturedTemplate,
    LiveDatabase,
    LivePage,
    NotRepresentable,
)
from notion_pm.provision.capture.naming import Keys, NamedDatabase, Titles, key_of
from notion_pm.template import variables
from notion_pm.template.template_text import template_text
from notion_pm.template.yaml_lines import parse

_STATUS = OptionsConfig(
    (
        Option("Open", "o1", "gray", group="To-do"),
        Option("open", "o2", "red", group="In progress"),
        Option("Won't do", "o3", group="Complete"),
        Option("Done", "o4", group="Complete"),
    )
)


def _database(
    name: str, properties: Mapping[str, tuple[str, PropertyConfig]], **live: Any
) -> LiveDatabase:
    found = {"title": Property("title", "Name", "title")}
    found |= {
        key: Property(key, key.title(), kind, config) for key, (kind, config) in properties.items()
    }
    source = DataSource(NotionId(f"ds-{name}"), NotionId(f"db-{name}"), name, found)
    return LiveDatabase(Database(NotionId(f"db-{name}"), name, (source.id,)), source, **live)


def _captured(*databases: LiveDatabase) -> CapturedTemplate:
    return capture_page(LivePage("test", 1, "Test", databases), "test", {})


@pytest.mark.parametrize(
    ("title", "key"),
    [
        ("Feature specs", "feature_specs"),
        ("🧩 Ideas", "ideas"),
        ("🧩", "jigsaw"),
        ("Größe (m²)", "grosse_m2"),
        ("顧客", "guke"),
        ("  ", "thing"),
        ("x" * 90, "x" * 40),
    ],
)
def test_keys_are_what_a_person_would_write(title: str, key: str) -> None:
    assert key_of(title, "thing") == key


@given(st.lists(st.text(max_size=20), max_size=20))
def test_keys_are_ascii_and_used_once(titles: list[str]) -> None:
    keys = Keys({"key"})
    given = [keys.new(each, "thing") for each in titles]
    assert len({*given, "key"}) == len(given) + 1
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9_-]*", each) for each in given)


def test_titles_are_never_empty_or_repeated() -> None:
    titles = Titles(ignore_case=True)
    assert [titles.new(each, "None") for each in ("Open", "open", "", " ")] == [
        "Open",
        "open (2)",
        "None",
        "None (2)",
    ]


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60)
)
def test_any_text_reads_back_from_yaml_as_itself(text: str) -> None:
    database = {
        "title": "A",
        "description": text,
        "properties": {"name": {"type": "title", "title": "Name"}},
    }
    data = {"template": "t", "version": 1, "title": text, "databases": {"a": database}}
    written = template_text(Template.model_validate(data), [("a.name", text), ("", text)])
    problems: list[Any] = []
    read = variables.fill_in_variables(parse(written).data, {}, problems.append)
    assert problems == []
    assert Template.model_validate(read) == Template.model_validate(data)


_VALUES = st.lists(
    st.sampled_from(["open", "open_2", "won_t_do", "done"]), min_size=1, max_size=3, unique=True
)
_NUMBER = st.integers(-5, 5)
_CONDITIONS = st.fixed_dictionaries(
    {},
    optional={
        "status": st.one_of(
            _VALUES, st.builds(lambda keys: {"not": keys}, _VALUES), st.just({"empty": True})
        ),
        "points": st.builds(
            lambda low, high: {"at_least": low, "less_than": high}, _NUMBER, _NUMBER
        ),
        "done": st.booleans(),
        "name": st.just({"contains": "x", "empty": False}),
        "due": st.just({"before": "2026-11-22"}),
    },
)


@given(_CONDITIONS)
def test_filters_made_from_conditions_convert_back_to_them(where: dict[str, Any]) -> None:
    live = _database(
        "tasks",
        {
            "status": ("status", _STATUS),
            "points": ("number", NoConfig()),
            "done": ("checkbox", NoConfig()),
            "due": ("date", NoConfig()),
        },
    )
    of = NamedDatabase("tasks", live)
    template = Template.model_validate(
        {
            "template": "t",
            "version": 1,
            "title": "T",
            "databases": {
                "tasks": {
                    "title": "Tasks",
                    "properties": {
                        "name": {"type": "title", "title": "Name"},
                        "status": {
                            "type": "status",
                            "title": "Status",
                            "options": [
                                {"key": k, "name": k}
                                for k in ("open", "open_2", "won_t_do", "done")
                            ],
                        },
                        "points": {"type": "number", "title": "Points"},
                        "done": {"type": "checkbox", "title": "Done"},
                        "due": {"type": "date", "title": "Due"},
                    },
                    "views": {"all": {"type": "table", "title": "All", "where": where}},
                }
            },
        }
    )
    stated = template.databases["tasks"].views["all"].where
    ids = {"name": "title", "status": "status", "points": "points", "done": "done", "due": "due"}
    names = {"open": "Open", "open_2": "open", "won_t_do": "Won't do", "done": "Done"}
    filter = as_filter(template, "tasks", stated, ids, lambda _, option: names[option])
    assert filter_to_where(of, filter) == stated
    quick = {
        key: each for key, each in stated.items() if len(each.comparisons) == 1 and key != "done"
    }
    quick_filters = as_quick_filters(template, "tasks", quick, ids, lambda _, option: names[option])
    assert quick_filters_to_where(of, quick_filters) == quick


@pytest.mark.parametrize(
    "filter",
    [
        {"timestamp": "created_time", "created_time": {"past_week": {}}},
        {"property": "gone", "number": {"equals": 1}},
        {"property": "status", "status": {"equals": "To-do"}},
        {"property": "due", "date": {"on_or_before": "2026-01-01"}},
        {"and": [{"or": [{"and": []}]}]},
        {"and": [{"property": "status", "status": {"equals": "Open"}}] * 2},
    ],
)
def test_a_filter_that_conditions_cannot_express_is_refused(filter: dict[str, Any]) -> None:
    live = _database("tasks", {"status": ("status", _STATUS), "due": ("date", NoConfig())})
    with pytest.raises(NotRepresentable):
        filter_to_where(NamedDatabase("tasks", live), filter)


def test_statuses_keep_their_groups_and_guesses_are_reported() -> None:
    captured = _captured(_database("tasks", {"status": ("status", _STATUS)}))
    status = captured.template.databases["tasks"].properties["status"]
    assert isinstance(status, OptionsProperty)
    assert [(each.key, each.name, each.group, each.category) for each in status.options] == [
        ("open", "Open", "to_do", None),
        ("open_2", "open (2)", "in_progress", None),
        ("won_t_do", "Won't do", "complete", "dropped"),
        ("done", "Done", "complete", None),
    ]
    assert [each.address for each in captured.losses] == ["tasks.status.open_2"]
    assert [each.address for each in captured.guesses] == ["tasks.status.won_t_do"]


def test_a_two_way_relation_is_listed_once() -> None:
    tasks = _database(
        "tasks",
        {"ideas": ("relation", RelationConfig(NotionId("ds-ideas"), True, "tasks", "Tasks"))},
    )
    ideas = _database(
        "ideas",
        {"tasks": ("relation", RelationConfig(NotionId("ds-tasks"), True, "ideas", "Ideas"))},
    )
    found = _captured(tasks, ideas)
    relation = found.template.databases["tasks"].properties["ideas"]
    assert isinstance(relation, RelationProperty)
    assert relation.two_way is not None and relation.two_way.key == "tasks"
    assert list(found.template.databases["ideas"].properties) == ["name"]
    assert found.losses == ()


def test_unreadable_things_are_left_out_with_all_that_needs_them() -> None:
    gone = RelationConfig(NotionId("ds-gone"))
    view = View(
        NotionId("v1"),
        "Board",
        "board",
        NotionId("ds-tasks"),
        configuration={"group_by": {"property_id": "to"}},
    )
    wide = View(
        NotionId("v2"),
        "",
        "table",
        NotionId("ds-tasks"),
        sorts=({"property": "to", "direction": "ascending"},),
    )
    found = _captured(_database("tasks", {"to": ("relation", gone)}, views=(view, wide)))
    database = found.template.databases["tasks"]
    assert list(database.properties) == ["name"]
    assert list(database.views) == ["table"], (
        "a board without its grouping is none; a table without its order is one"
    )
    assert {each.address for each in found.losses} == {
        "tasks.to",
        "tasks.views.board",
        "tasks.views.table",
    }


def test_rows_become_cells_and_lost_values_are_reported() -> None:
    moment = datetime(2026, 11, 22, tzinfo=UTC)
    held = {
        "title": PropertyValue("title", "title", 'Buy, then "sell"'),
        "due": PropertyValue("due", "date", DateValue("2026-11-22", "2026-11-30", "Europe/Berlin")),
        "who": PropertyValue("who", "people", ("somebody",)),
        "done": PropertyValue("done", "checkbox", True),
    }
    page = Page(NotionId("p1"), "", "Buy", moment, moment, properties=held)
    properties = {
        "due": ("date", NoConfig()),
        "who": ("people", NoConfig()),
        "done": ("checkbox", NoConfig()),
    }
    found = _captured(_database("tasks", properties, rows=(page,)))
    assert found.rows["tasks"] == (
        {"key": "buy", "name": 'Buy, then "sell"', "done": "true", "due": "2026-11-22/2026-11-30"},
    )
    assert {each.address for each in found.losses} == {"", "tasks.due", "tasks.who"}

"""Conversions of values between property types, as measured on the real service."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Notion, text

_TYPES = (
    "rich_text",
    "number",
    "url",
    "select",
    "status",
    "multi_select",
    "date",
    "checkbox",
    "people",
)
OPTIONS = (
    "Yes",
    "No",
    "A",
    "B",
    "7",
    "42 text",
    "2026-01-15",
    "123456789012345680",
    "https://example.com",
    "Bot",
)
"""Options of the type before and of the type after: they are recreated, so that names alone connect
them.
"""


def _schema(kind: str, names: tuple[str, ...] = OPTIONS) -> dict[str, Any]:
    named = {"options": [{"name": each} for each in names]}
    return {kind: named if kind in ("select", "status", "multi_select") else {}}


def _sent(kind: str, value: Any) -> dict[str, Any]:
    if kind == "rich_text":
        return {kind: text(value)}
    if kind in ("select", "status"):
        return {kind: {"name": value}}
    if kind == "multi_select":
        return {kind: [{"name": each} for each in value]}
    return {kind: {"start": value} if kind == "date" else value}


def _plain(value: dict[str, Any]) -> Any:
    """Return a value as text or names, to compare it. None for an empty value."""
    kind = value["type"]
    held = value[kind]
    if kind == "rich_text":
        return "".join(each["plain_text"] for each in held) or None
    if kind in ("select", "status"):
        return held["name"] if held else None
    if kind == "multi_select":
        return [each["name"] for each in held] or None
    if kind == "date":
        return held["start"] if held else None
    return [each["id"] for each in held] or None if kind == "people" else held


def _after(
    notion: Notion, before: str, after: str, value: Any, names: tuple[str, ...] = OPTIONS
) -> Any:
    source = notion.database(P=_schema(before))
    row = notion.row(source, "R", **({} if value is None else {"P": _sent(before, value)}))
    notion.patch(f"/data_sources/{source}", properties={"P": _schema(after, names)})
    return _plain(notion.get(f"/pages/{row['id']}")["properties"]["P"])


FIRST = OPTIONS[0]
"""What a status becomes that fits no option: the first one."""


@pytest.mark.parametrize(
    ("before", "after", "value", "kept"),
    [
        ("rich_text", "number", "42 text", 42),
        ("rich_text", "number", "2026-01-15", 2026),
        ("rich_text", "number", "about 42", None),
        ("rich_text", "url", "no URL", "no URL"),
        ("rich_text", "select", "A", "A"),
        ("rich_text", "select", "A, B", "A"),
        ("rich_text", "select", "a", None),
        ("rich_text", "status", "A, and more", "A"),
        ("rich_text", "status", "other", FIRST),
        ("rich_text", "multi_select", "A,B,C", ["A", "B"]),
        ("rich_text", "multi_select", "other", None),
        ("rich_text", "date", "2026-01-15", "2026-01-15"),
        ("rich_text", "date", "15/01/2026", "2026-01-15"),
        ("rich_text", "date", "January", None),
        ("rich_text", "checkbox", "true", False),
        ("rich_text", "people", "Bot", None),
        ("number", "rich_text", 7, "7"),
        ("number", "rich_text", 1000000, "1000000"),
        ("number", "rich_text", 0.5, "0.5"),
        ("number", "url", 7, "7"),
        ("number", "select", 7, "7"),
        ("number", "select", 7.5, None),
        ("number", "select", 70, None),
        ("number", "select", 123456789012345678, "123456789012345680"),
        ("number", "multi_select", 7, ["7"]),
        ("number", "status", 7, "7"),
        ("number", "status", 8, FIRST),
        ("number", "date", 2026, None),
        ("number", "checkbox", 1, False),
        ("url", "rich_text", "https://example.com", "https://example.com"),
        ("url", "number", "42 text", 42),
        ("url", "select", "https://example.com", "https://example.com"),
        ("url", "multi_select", "A", ["A"]),
        ("url", "status", "other", FIRST),
        ("url", "date", "2026-01-15", "2026-01-15"),
        ("url", "date", "15/01/2026", None),
        ("select", "rich_text", "A", "A"),
        ("select", "url", "A", "A"),
        ("select", "number", "42 text", 42),
        ("select", "number", "A", None),
        ("select", "multi_select", "A", ["A"]),
        ("select", "status", "B", "B"),
        ("select", "status", None, FIRST),
        ("select", "date", "2026-01-15", "2026-01-15"),
        ("select", "checkbox", "Yes", False),
        ("status", "rich_text", "A", "A"),
        ("status", "rich_text", None, None),
        ("status", "url", None, None),
        ("status", "select", "A", "A"),
        ("status", "select", None, None),
        ("status", "multi_select", "A", ["A"]),
        ("status", "number", "7", None),
        ("status", "date", "2026-01-15", None),
        ("status", "checkbox", "Yes", False),
        ("multi_select", "rich_text", ["A", "B"], "A,B"),
        ("multi_select", "url", ["A", "B"], "A,B"),
        ("multi_select", "number", ["2026-01-15"], 2026),
        ("multi_select", "number", ["7", "A"], None),
        ("multi_select", "select", ["B", "A"], "B"),
        ("multi_select", "status", ["B", "A"], "B"),
        ("multi_select", "date", ["2026-01-15"], "2026-01-15"),
        ("multi_select", "date", ["2026-01-15", "A"], None),
        ("date", "rich_text", "2026-01-15", "2026-01-15"),
        ("date", "url", "2026-01-15", None),
        ("date", "number", "2026-01-15", None),
        ("date", "select", "2026-01-15", None),
        ("date", "multi_select", "2026-01-15", None),
        ("date", "status", "2026-01-15", FIRST),
        ("date", "checkbox", "2026-01-15", False),
        ("checkbox", "rich_text", True, "Yes"),
        ("checkbox", "rich_text", False, "No"),
        ("checkbox", "rich_text", None, "No"),
        ("checkbox", "url", True, "Yes"),
        ("checkbox", "number", True, None),
        ("checkbox", "date", True, None),
        ("checkbox", "select", True, "Yes"),
        ("checkbox", "select", False, "No"),
        ("checkbox", "multi_select", True, ["Yes"]),
        ("checkbox", "status", False, "No"),
    ],
)
def test_conversions_are_as_measured(
    notion: Notion, before: str, after: str, value: Any, kept: Any
) -> None:
    assert _after(notion, before, after, value) == kept


@pytest.mark.parametrize(
    "before", ["rich_text", "number", "select", "status", "multi_select", "checkbox"]
)
@pytest.mark.parametrize("after", ["select", "multi_select"])
def test_no_option_is_made_from_values(notion: Notion, before: str, after: str) -> None:
    values: dict[str, Any] = {"number": 7, "multi_select": ["A"], "checkbox": True}
    if before != after:
        assert _after(notion, before, after, values.get(before, "A"), names=()) is None


@pytest.mark.parametrize("after", ["number", "url", "date", "select", "multi_select", "checkbox"])
def test_of_people_only_text_keeps_something(notion: Notion, after: str) -> None:
    me = notion.get("/users/me")["id"]
    source = notion.database(P={"people": {}})
    row = notion.row(source, "R", P={"people": [{"id": me}]})
    notion.patch(f"/data_sources/{source}", properties={"P": _schema(after)})
    assert _plain(notion.get(f"/pages/{row['id']}")["properties"]["P"]) in (None, False)


def test_people_become_mentions(notion: Notion) -> None:
    me = notion.get("/users/me")["id"]
    source = notion.database(P={"people": {}})
    row = notion.row(source, "R", P={"people": [{"id": me}]})
    notion.patch(f"/data_sources/{source}", properties={"P": {"rich_text": {}}})
    (mention,) = notion.get(f"/pages/{row['id']}")["properties"]["P"]["rich_text"]
    assert (mention["type"], mention["mention"]["user"]["id"]) == ("mention", me)


@pytest.mark.parametrize("kind", [each for each in _TYPES if each != "people"])
def test_a_title_is_not_converted(notion: Notion, kind: str) -> None:
    source = notion.database(P=_schema(kind))
    for name, spec in (("Name", _schema(kind)), ("P", {"title": {}})):
        error = notion.refused("PATCH", f"/data_sources/{source}", properties={name: spec})
        assert (error["status"], error["code"]) == (400, "validation_error")


def test_a_new_type_ignores_the_ids_of_options(notion: Notion) -> None:
    source = notion.database(P=_schema("select"))
    before = {each["name"]: each["id"] for each in notion.schema(source)["P"]["select"]["options"]}
    options = [{"id": option_id, "name": name} for name, option_id in before.items()]
    notion.patch(
        f"/data_sources/{source}", properties={"P": {"multi_select": {"options": options}}}
    )
    after = {
        each["name"]: each["id"] for each in notion.schema(source)["P"]["multi_select"]["options"]
    }
    assert after.keys() == before.keys()
    assert not set(after.values()) & set(before.values())

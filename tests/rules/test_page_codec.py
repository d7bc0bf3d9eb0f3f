"""Notion's pages as rules see them and back, and two-way relations after a partial read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notion_pm.model.ids import NotionId
from notion_pm.model.manifest import DatabaseEntry
from notion_pm.model.page import (
    DateValue,
    OptionValue,
    Page,
    PersonValue,
    PropertyValue,
    RelationValue,
    UniqueIdValue,
    Value,
)
from notion_pm.model.snapshot import RelatedPages, RuleValue, UnknownOption
from notion_pm.model.template_schema import TemplateSchema
from notion_pm.rules.evaluation import Change
from notion_pm.rules.mirrors import reconcile_relations
from notion_pm.rules.page_codec import PageCodec, names_of_options
from notion_pm.state.plain_json import from_json, to_json
from tests.support.rules_world import World, product

KEYS = ("status", "target", "owner", "insights", "rice", "spec_ready", "sync_note", "priority")
ENTRY = DatabaseEntry(
    database_id=NotionId("d"),
    data_source_id=NotionId("s"),
    properties={key: f"id-{key}" for key in ("name", *KEYS)},
    options={"status.spec": "o-spec", "status.idea": "o-idea", "priority.p0": "o-p0"},
)
CODEC = PageCodec(TemplateSchema(product()), "features", ENTRY, KEYS)
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def page(**values: Value) -> Page:
    properties = {
        f"id-{key}": PropertyValue(f"id-{key}", "", value) for key, value in values.items()
    }
    return Page(NotionId("p"), "https://x", "Wings", NOW, NOW, properties=properties)


@pytest.mark.parametrize(
    ("key", "value", "plain"),
    [
        ("status", OptionValue("o-spec", "Renamed by people"), "spec"),
        ("status", OptionValue("o-new", "On ice"), UnknownOption("o-new", "On ice")),
        ("target", DateValue("2026-12-24", "2026-12-31"), "2026-12-24"),
        ("owner", (PersonValue(NotionId("ann"), "Ann"),), ("ann",)),
        ("owner", PersonValue(NotionId("ann")), "ann"),
        (
            "insights",
            RelationValue((NotionId("i"),), complete=False),
            RelatedPages((NotionId("i"),), complete=False),
        ),
        (
            "priority",
            (OptionValue("o-p0", "P0"), OptionValue("o-x", "X")),
            ("p0", UnknownOption("o-x", "X")),
        ),
        ("rice", 4.5, 4.5),
        ("spec_ready", True, True),
        ("sync_note", UniqueIdValue(7, "FEAT"), "FEAT-7"),
    ],
)
def test_decode_replaces_ids_by_keys(key: str, value: Value, plain: RuleValue) -> None:
    assert CODEC.decode(page(**{key: value})).values[key] == plain


def test_property_that_a_page_does_not_have_is_empty() -> None:
    assert set(CODEC.decode(page()).values.values()) == {None}


@pytest.mark.parametrize(
    ("key", "after", "kind", "written"),
    [
        ("status", "spec", "status", OptionValue("o-spec", "Spec")),
        ("priority", "p1", "select", OptionValue("", "P1")),
        ("target", "2026-12-24", "date", DateValue("2026-12-24")),
        ("target", None, "date", None),
        ("rice", 4.5, "number", 4.5),
        ("rice", None, "number", None),
        ("sync_note", None, "rich_text", ""),
        ("sync_note", "Blocked", "rich_text", "Blocked"),
        ("spec_ready", False, "checkbox", False),
    ],
)
def test_encode_replaces_keys_by_ids(key: str, after: RuleValue, kind: str, written: Value) -> None:
    (value,) = CODEC.encode([Change(key, None, after, ("r",), "why")])
    assert value == PropertyValue(f"id-{key}", kind, written)


def test_only_needed_properties_are_requested() -> None:
    assert CODEC.property_ids == ("id-name", *(f"id-{key}" for key in KEYS))


def test_new_option_id_changes_the_fingerprint() -> None:
    renewed = ENTRY.model_copy(update={"options": {**ENTRY.options, "status.spec": "o-other"}})
    assert (
        CODEC.fingerprint
        != PageCodec(TemplateSchema(product()), "features", renewed, KEYS).fingerprint
    )


def test_titles_are_those_of_the_template() -> None:
    vocabulary = TemplateSchema(product())
    assert vocabulary.title("features", "shipped_on") == "Shipped on"
    assert vocabulary.title("insights", "features") == "Features"


def test_names_of_options_are_read_from_pages() -> None:
    seen = page(
        status=OptionValue("o-spec", "Renamed"), priority=(OptionValue("o-x", "X"),), rice=4
    )
    assert names_of_options([seen]) == {"o-spec": "Renamed", "o-x": "X"}


ids = st.text("abc", min_size=1, max_size=3)
plains = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.builds(UnknownOption, ids, st.text())
    | st.builds(RelatedPages, st.lists(ids).map(tuple), st.booleans())
    | st.lists(st.text() | st.builds(UnknownOption, ids, st.text())).map(tuple)
)


@given(plains)
def test_values_survive_the_state_file(value: Any) -> None:
    assert from_json(to_json(value)) == value


class TestMirrors:
    """Relations of a page that was just read correct those of pages read earlier."""

    @pytest.fixture
    def world(self) -> World:
        world = World().feature("wings").feature("tail")
        return world.insight("a", features=["wings"]).insight("b")

    def relations(self, world: World, *fresh: str) -> dict[str, tuple[str, ...]]:
        pages = reconcile_relations(
            TemplateSchema(product()), world.snapshot.databases, {NotionId(each) for each in fresh}
        )
        return {
            str(page.id): tuple(map(str, links.ids))
            for those in pages.values()
            for page in those.values()
            for links in [page.values.get("insights", page.values.get("features"))]
            if isinstance(links, RelatedPages)
        }

    def test_relation_added_on_one_side_is_added_on_the_other(self, world: World) -> None:
        world.set("b", features=RelatedPages((NotionId("tail"),))).set(
            "tail", insights=RelatedPages()
        )
        assert self.relations(world, "b") == {
            "wings": ("a",),
            "tail": ("b",),
            "a": ("wings",),
            "b": ("tail",),
        }

    def test_relation_removed_on_one_side_is_removed_on_the_other(self, world: World) -> None:
        world.set("wings", insights=RelatedPages())
        assert self.relations(world, "wings") == {"wings": (), "a": ()}

    def test_fresh_pages_are_not_corrected(self, world: World) -> None:
        world.set("wings", insights=RelatedPages())
        assert self.relations(world, "wings", "a") == {"wings": (), "a": ("wings",)}

    def test_without_fresh_pages_nothing_changes(self, world: World) -> None:
        assert (
            reconcile_relations(TemplateSchema(product()), world.snapshot.databases, ())
            == world.snapshot.databases
        )

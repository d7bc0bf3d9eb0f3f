"""The thread: which databases make it, what is above and below a page, and which evidence stands
behind it.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notion_pm.errors import UsageError
from notion_pm.model.snapshot import RelatedPages, SnapshotPage
from notion_pm.model.template import Template
from notion_pm.template import templates
from notion_pm.thread import UnsharedPage
from notion_pm.thread.chain import Edge
from notion_pm.thread.lookup import find_page
from tests.support.rules_world import World, product
from tests.support.thread_world import NOWHERE, chain_of, discovery, thread_of, titles


def renamed(template: Template) -> Template:
    """The template with its features under another key and with a role."""
    data = template.model_dump(by_alias=True, exclude_unset=True)
    data["databases"] = {
        ("specs" if key == "features" else key): each for key, each in data["databases"].items()
    }
    data["databases"]["specs"]["role"] = "features"
    for each in data["databases"]["specs"]["properties"].values():
        if each.get("to") == "features":
            each["to"] = "specs"
    return Template.model_validate(data | {"sync": {}, "exports": {}})


@pytest.mark.parametrize(
    ("name", "databases"),
    [
        ("product", ["vision", "features", "insights"]),
        ("okrs", ["vision", "objectives", "key_results", "features", "insights"]),
        (
            "discovery",
            ["vision", "objectives", "opportunities", "features", "insights", "customers"],
        ),
    ],
)
def test_a_template_has_its_thread_from_the_top_down(name: str, databases: list[str]) -> None:
    chain = chain_of(templates.load(name).template)
    assert list(chain.databases) == databases
    assert chain.asides == ()


def test_releases_experiments_and_decisions_are_beside_the_thread() -> None:
    assert chain_of(templates.load("full").template).asides == (
        "releases",
        "experiments",
        "decisions",
    )


def test_a_role_replaces_the_key() -> None:
    chain = chain_of(renamed(product()))
    assert chain.database("features") == "specs"
    assert Edge("vision", "specs", "vision") in chain.edges


def test_of_two_way_relations_the_shorter_side_is_read() -> None:
    edges = chain_of(discovery()).edges
    assert Edge("features", "insights", "features") in edges
    assert Edge("insights", "customers", "customer", held_below=False) in edges
    assert Edge("features", "features", "parent") in edges
    assert not any(each.key == "depends_on" for each in edges)


def small_world() -> World:
    world = World().add("vision", "aim", kind="objective", status="active")
    world.feature("wings", "in_progress", vision=["aim"], id="FEAT-1")
    world.feature("feathers", parent=["wings"], id="FEAT-2")
    world.insight(
        "ask", features=["wings"], customer="Acme ", importance="critical", observed_on="2026-01-01"
    )
    world.insight(
        "again", features=["wings"], customer="acme", importance="nice", observed_on="2026-02-01"
    )
    return world.insight(
        "other", features=["feathers"], customer="Bob", importance="important", arr=10
    )


def test_above_and_below() -> None:
    thread = thread_of(small_world())
    wings = thread.pages("features")[0]
    assert titles(thread.above(wings)) == ["Aim"]
    assert titles(thread.below(wings)) == ["Feathers", "Ask", "Again"]
    assert {each.title for each in thread.all_above(thread.pages("insights")[2])} == {
        "Feathers",
        "Wings",
        "Aim",
    }
    assert thread.category(wings) == "doing"
    assert thread.status(wings) == "In progress"


def test_evidence_counts_a_customer_once_with_its_latest_importance() -> None:
    thread = thread_of(small_world())
    wings, feathers = thread.pages("features")
    aim = thread.pages("vision")[0]
    assert [len(thread.evidence(wings).insights), thread.evidence(wings).customers] == [2, 1]
    assert thread.evidence(wings).importance == 1
    assert [thread.evidence(feathers).customers, thread.evidence(feathers).arr] == [1, 10]
    assert [thread.evidence(aim).customers, thread.evidence(aim).importance] == [2, 3]


links = st.lists(st.sampled_from("abcd"), unique=True, max_size=3)
asks = st.fixed_dictionaries(
    {
        "features": links,
        "opportunity": st.lists(st.sampled_from("xyz"), unique=True, max_size=2),
        "importance": st.sampled_from([None, "none", "nice", "important", "critical"]),
        "observed_on": st.sampled_from([None, "2026-01-01", "2026-02-01"]),
        "customer": st.lists(st.sampled_from(["acme", "bob"]), unique=True, max_size=2),
    }
)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(asks, max_size=6),
    st.dictionaries(st.sampled_from("xyz"), st.sampled_from("xyz"), max_size=3),
)
def test_evidence_equals_what_sync_stamps(said: list[dict[str, Any]], tree: dict[str, str]) -> None:
    world = World(template=discovery()).add("customers", "acme").add("customers", "bob")
    for name in "abcd":
        world.feature(name)
    for name in "xyz":
        world.add("opportunities", name, status="spotted")
    for child, parent in tree.items():
        world.set(child, parent=RelatedPages((world.pages[parent].id,)))
    for place, each in enumerate(said):
        world.insight(f"ask{place}", **each)
    world.sync()
    thread = thread_of(world)
    for page in (*thread.pages("features"), *thread.pages("opportunities")):
        found = thread.evidence(page)
        stamped = [
            world.get(str(page.id), key) for key in ("evidence_count", "customers", "importance")
        ]
        assert [len(found.insights), found.customers, found.importance] == stamped


def test_an_unshared_page_is_marked_and_not_left_out() -> None:
    world = small_world().set("wings", vision=RelatedPages((NOWHERE,)))
    thread = thread_of(world)
    assert thread.above(thread.pages("features")[0]) == (UnsharedPage(NOWHERE),)


@pytest.mark.parametrize("words", ["FEAT-1", "feat-1", "Wings", " wings ", "wing"])
def test_pages_are_found_by_number_title_and_a_part_of_it(words: str) -> None:
    found = find_page(thread_of(small_world()), words)
    assert isinstance(found, SnapshotPage)
    assert found.title == "Wings"


def test_several_matching_pages_are_listed() -> None:
    thread = thread_of(small_world())
    with pytest.raises(UsageError, match="matches 2 pages") as raised:
        find_page(thread, "e")
    assert "Feathers (features)" in str(raised.value)
    assert find_page(thread, "nothing of the kind") is None
    assert find_page(thread, " ") is None


def test_objectives_of_the_visions_own_database_serve_the_one_vision() -> None:
    world = (
        small_world()
        .add("vision", "why", kind="vision", status="active")
        .add("vision", "value", kind="value")
    )
    thread = thread_of(world)
    assert titles(thread.above(world.pages["aim"])) == ["Why"]
    assert titles(thread.below(world.pages["why"])) == ["Aim"]
    assert thread.below(world.pages["value"]) == ()
    assert {each.title for each in thread.all_above(world.pages["ask"])} == {"Wings", "Aim", "Why"}


def test_with_several_visions_an_objective_serves_none() -> None:
    world = (
        small_world()
        .add("vision", "why", kind="vision", status="active")
        .add("vision", "how", kind="vision")
    )
    assert thread_of(world).above(world.pages["aim"]) == ()
    world.set("how", status="superseded")
    assert titles(thread_of(world).above(world.pages["aim"])) == ["Why"]


def test_pages_are_sorted_by_priority_then_evidence_then_title() -> None:
    world = World()
    for name, priority in (
        ("late", "p2"),
        ("light", "p1"),
        ("heavy", "p1"),
        ("first", "p0"),
        ("also light", "p1"),
    ):
        world.feature(name, priority=priority)
    world.insight("ask", features=["heavy"], customer="Acme", importance="critical")
    thread = thread_of(world)
    assert titles(thread.sort_for_reading(thread.pages("features"))) == [
        "First",
        "Heavy",
        "Also Light",
        "Light",
        "Late",
    ]

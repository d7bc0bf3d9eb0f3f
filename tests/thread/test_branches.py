"""Traces: trees that end, tell every page once, and draw as valid flowcharts whatever titles hold."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import RelatedPages, SnapshotPage
from notion_pm.template import templates
from notion_pm.thread.branches import Branch, branches_in, trace
from notion_pm.thread.graph import Thread
from notion_pm.thread.mermaid import flowchart
from tests.support.rules_world import World
from tests.support.thread_world import NOWHERE, discovery, thread_of

NAMES = "abcdef"


def outline(branches: tuple[Branch, ...], depth: int = 0) -> list[str]:
    """Branches as indented titles; `*` marks a page that is shown above."""
    lines = []
    for each in branches:
        title = each.page.title if isinstance(each.page, SnapshotPage) else "?"
        lines += ["  " * depth + title + "*" * each.repeated, *outline(each.branches, depth + 1)]
    return lines


def page(thread: Thread, name: str) -> SnapshotPage:
    found = thread.page(NotionId(name))
    assert found
    return found


def tree() -> World:
    world = (
        World(template=discovery())
        .add("vision", "vision")
        .add("objectives", "aim", vision=["vision"])
    )
    world.add("opportunities", "need", objective=["aim"]).add("customers", "acme")
    world.feature("wings", objective=["aim"], opportunity=["need"]).feature(
        "tail", opportunity=["need"]
    )
    return world.insight("ask", features=["wings", "tail"], opportunity=["need"], customer=["acme"])


def test_a_page_that_a_nearer_page_implies_is_not_shown_again() -> None:
    thread = thread_of(tree())
    found = trace(thread, page(thread, "aim"))
    assert outline(found.above) == ["Vision"]
    assert outline(found.below) == [
        "Need",
        "  Tail",
        "    Ask",
        "      Acme",
        "  Wings",
        "    Ask*",
    ]


def test_up_from_a_customers_words() -> None:
    thread = thread_of(tree())
    found = trace(thread, page(thread, "ask"))
    assert outline(found.below) == ["Acme"]
    assert outline(found.above) == ["Tail", "  Need", "    Aim", "      Vision", "Wings", "  Need*"]


def test_a_page_beside_the_thread_shows_its_related_pages() -> None:
    world = (
        World(template=templates.load("full").template)
        .add("objectives", "aim")
        .feature("wings", objective=["aim"])
    )
    world.insight("ask", features=["wings"]).add("releases", "spring", features=["wings"])
    thread = thread_of(world)
    found = trace(thread, page(thread, "spring"))
    assert outline(found.above) == ["Wings", "  Aim"]
    assert outline(found.below) == ["Wings", "  Ask"]


def test_depth_limits_a_trace_and_counts_what_is_beyond() -> None:
    thread = thread_of(tree())
    (need,) = trace(thread, page(thread, "aim"), depth=1).below
    assert (need.branches, need.beyond) == ((), 2)


def test_an_unshared_page_is_marked() -> None:
    world = tree().set("tail", opportunity=RelatedPages((NOWHERE,)))
    thread = thread_of(world)
    assert outline(trace(thread, page(thread, "tail")).above) == ["?"]
    assert "not shared" in flowchart(thread, trace(thread, page(thread, "tail")))


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.sampled_from(NAMES), st.lists(st.sampled_from(NAMES), max_size=3)),
    st.sampled_from(NAMES),
)
def test_circles_end_and_every_page_is_shown_once(
    parents: dict[str, list[str]], start: str
) -> None:
    world = World()
    for name in NAMES:
        world.feature(name)
    for child, above in parents.items():
        world.set(
            child, parent=RelatedPages(tuple(world.pages[each].id for each in dict.fromkeys(above)))
        )
    thread = thread_of(world)
    found = trace(thread, page(thread, start))
    for way, all_of in ((found.above, thread.all_above), (found.below, thread.all_below)):
        told = [each.page.id for each in branches_in(way) if not each.repeated]
        assert len(told) == len(set(told))
        assert set(told) | {start} == {each.id for each in all_of(page(thread, start))} | {start}


LINE = re.compile(
    r"  (n\d+(\(\[|\[\[|\[|\(\(|\(|>|\{\{)\"[\w .,:()/#;–-]*\"(\]\)|\]\]|\]|\)\)|\)|\}\})(:::unseen)?"
    r"|n\d+ --> n\d+|click n\d+ href \"[^\"\\\n]*\"|style n\d+ stroke-width:4px)"
)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40), st.text(max_size=20))
def test_flowcharts_are_valid_whatever_titles_hold(title: str, customer: str) -> None:
    world = World().feature("wings").insight("ask", features=["wings"], customer=customer)
    snapshot = world.pages["wings"]
    world.pages["wings"] = SnapshotPage(
        snapshot.id, snapshot.database, title, snapshot.url, snapshot.last_edited, snapshot.values
    )
    thread = thread_of(world)
    first, *lines = flowchart(thread, trace(thread, page(thread, "wings"))).rstrip("\n").split("\n")
    assert first == "flowchart TD"
    assert all(LINE.fullmatch(line) for line in lines)


def test_a_shared_page_is_one_box_with_several_arrows() -> None:
    thread = thread_of(tree())
    chart = flowchart(thread, trace(thread, page(thread, "aim")))
    assert chart.count('"Ask') == 1
    assert len(re.findall(r"--> n4\b", chart)) == 2

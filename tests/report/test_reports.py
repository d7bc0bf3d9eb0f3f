"""The sections of a report on small workspaces, and that values never become markup."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import RelatedPages, RuleValue
from notion_pm.report.changes import changelog
from notion_pm.report.compose import Report, compose_report
from notion_pm.report.html import write_report
from notion_pm.report.list_limits import DEFAULT_LIMITS, ListLimits, apply_limits
from notion_pm.report.past import Past
from notion_pm.report.roadmap import roadmap
from notion_pm.report.slip import slips
from notion_pm.report.strategy import strategy
from notion_pm.report.tree import Node, tree
from notion_pm.report.waiting import waiting
from notion_pm.rules.history import THE_PAGE, HistoryChange
from notion_pm.template import templates
from tests.support.rules_world import EDITED, World
from tests.support.thread_world import discovery, thread_of

THEN = datetime(2026, 11, 1, tzinfo=UTC)
NOTHING = Past(THEN)


def product_world() -> World:
    world = World().add("vision", "why", kind="vision", status="active", statement="Why: we fly.")
    world.add("vision", "aim", kind="objective", status="active", health="at_risk", progress=0.5)
    world.feature("wings", "in_progress", vision=["aim"]).feature("tail", "spec", vision=["aim"])
    world.feature("beak", "idea").feature("claws", "shipped", vision=["aim"]).feature(
        "fins", "dropped"
    )
    said = {"customer": "Acme", "quote": "We want\n to fly.", "observed_on": "2026-10-20"}
    return world.insight(
        "ask", "linked", features=["wings"], importance="critical", arr=5000, **said
    )


def past_of(world: World, *changes: HistoryChange, **values: RuleValue) -> Past:
    """A past in which the objective held other values."""
    aim = world.pages["aim"]
    then = {page.id: page for page in world.pages.values()}
    then[aim.id] = replace(aim, values={**aim.values, **values})
    return Past(THEN, THEN, then, changes)


def change(
    page: str, key: str, before: RuleValue, after: RuleValue, **others: Any
) -> HistoryChange:
    about = (NotionId(page), "features", page.title(), "", key)
    return replace(HistoryChange("run", EDITED, *about, before, after, "person", EDITED), **others)


def composed(world: World, past: Past = NOTHING) -> Report:
    return compose_report(thread_of(world), past, title="Product", now=EDITED)


# --- strategy


def test_the_strategy_shows_health_and_progress_and_their_earlier_values() -> None:
    world = product_world()
    told = strategy(thread_of(world), past_of(world, health="on_track", progress=0.2))
    (aim,) = told.aims
    assert (aim.kind, aim.statement) == ("Vision", "We fly.")
    (objective,) = told.objectives
    assert objective.health is not None
    assert (objective.health.name, objective.health.tone, objective.health.before) == (
        "At risk",
        "warn",
        "On track",
    )
    assert (objective.progress, objective.gained) == (50, 30)
    assert (objective.doing, objective.open, objective.done) == (1, 1, 1)
    assert (objective.weight.customers, objective.weight.importance) == (1, 3)


def test_without_a_history_nothing_has_changed() -> None:
    (objective,) = strategy(thread_of(product_world()), NOTHING).objectives
    assert objective.gained is None
    assert objective.health
    assert objective.health.before == ""


def test_key_results_are_shown_under_their_objective() -> None:
    world = World(template=templates.load("okrs").template).add(
        "objectives", "aim", status="committed"
    )
    world.add(
        "key_results",
        "speed",
        objective=["aim"],
        status="moving",
        current=30,
        target=60,
        attainment=0.5,
    )
    (objective,) = strategy(thread_of(world), NOTHING).objectives
    (result,) = objective.key_results
    assert (result.current, result.target, result.attained) == ("30", "60", 50)


# --- roadmap and evidence


def test_the_roadmap_is_sorted_by_priority_then_evidence() -> None:
    world = World().add("vision", "aim", kind="objective", status="active")
    for name, priority, importance in (
        ("a", "p1", "nice"),
        ("b", "p1", "critical"),
        ("c", "p0", None),
        ("d", "p1", None),
    ):
        world.feature(name, "in_progress", vision=["aim"], priority=priority)
        if importance:
            world.insight(f"of {name}", features=[name], customer=name, importance=importance)
    world.insight("of d", features=["d"])
    (lane,) = roadmap(thread_of(world))
    assert [each.page.title for each in lane.items["now"]] == ["C", "B", "A", "D"]


def test_features_are_now_next_later_or_done() -> None:
    aim, nothing = roadmap(thread_of(product_world()))
    assert {
        horizon: [each.page.title for each in those] for horizon, those in aim.items.items()
    } == {
        "now": ["Wings"],
        "next": ["Tail"],
        "later": [],
        "done": ["Claws"],
    }
    assert nothing.objective is None
    assert [(each.page.title, each.is_signal) for each in nothing.items["later"]] == [
        ("Beak", False)
    ]


def test_the_evidence_table_has_the_most_important_words_first() -> None:
    world = product_world().insight(
        "old", features=["wings"], customer="Bob", importance="nice", quote="Higher."
    )
    world.insight(
        "late", features=["wings"], customer="Cy", importance="critical", observed_on="2026-11-02"
    )
    (entry,) = apply_limits(composed(world), ListLimits(quotes=2)).evidence
    assert [(each.insight.title, each.customers) for each in entry.quotes] == [
        ("Late", ("Cy",)),
        ("Ask", ("Acme",)),
    ]
    assert entry.quotes[1].words == "We want to fly."
    assert entry.more == 1
    assert [each.title for each in entry.objectives] == ["Aim"]


def outline(nodes: tuple[Node, ...], depth: int = 0) -> list[str]:
    return [
        line
        for each in nodes
        for line in (
            f"{'  ' * depth}{each.page.title if each.page else '?'}{'*' * each.repeated}",
            *outline(each.nodes, depth + 1),
        )
    ]


def test_the_tree_goes_from_the_vision_to_a_quote_and_shows_each_page_once() -> None:
    world = (
        World(template=discovery())
        .add("vision", "why", status="active")
        .add("vision", "value", status="active")
    )
    world.add("objectives", "aim", vision=["why"]).add("opportunities", "need", objective=["aim"])
    world.feature("wings", objective=["aim"], opportunity=["need"]).feature("kite")
    world.insight("ask", features=["wings", "kite"]).insight("loose")
    grown = tree(thread_of(world))
    assert outline(grown.nodes) == [
        "Why",
        "  Aim",
        "    Need",
        "      Wings",
        "        Ask",
        "Kite",
        "  Ask*",
    ]
    assert [each.insight.title for each in grown.unlinked] == ["Loose"]


def test_pages_in_a_circle_are_in_the_tree() -> None:
    world = (
        World(template=discovery())
        .add("opportunities", "hen")
        .add("opportunities", "egg", parent=["hen"])
    )
    world.set("hen", parent=RelatedPages((NotionId("egg"),)))
    assert outline(tree(thread_of(world)).nodes) == ["Hen", "  Egg", "    Hen*"]


def test_quotes_beyond_the_limit_are_counted() -> None:
    world = World().feature("wings")
    for name in "abc":
        world.insight(name, features=["wings"])
    (wings,) = apply_limits(composed(world), ListLimits(quotes=2)).tree.nodes
    assert (len(wings.nodes), wings.more) == (2, 1)


# --- who is waiting


def test_customers_are_sorted_by_arr_and_people_to_tell_are_separate() -> None:
    world = product_world().insight("more", customer="ACME", features=["tail"], importance="nice")
    world.insight("big", customer="Zeta", arr=9000, importance="nice").insight("nobody")
    world.insight("got", "shipped", customer="Dee", features=["claws"])
    told = waiting(thread_of(world))
    assert [(each.name, each.arr, len(each.asks)) for each in told.customers] == [
        ("Zeta", "$9,000", 1),
        ("Acme", "$5,000", 2),
    ]
    acme = told.customers[1]
    assert (acme.importance, acme.since, acme.days) == ("3 Critical", "2026-10-20", 33)
    assert [each.title for each in acme.wishes] == ["Wings", "Tail"]
    assert (told.asks, told.unnamed) == (4, 1)
    (dee,) = told.to_tell
    assert (dee.name, [ask.title for ask in dee.asks]) == ("Dee", ["Got"])
    assert dee.message.startswith("Hello Dee,")
    assert "Claws has shipped." in dee.message


def test_where_customers_are_pages_their_own_arr_counts() -> None:
    world = (
        World(template=discovery())
        .add("customers", "acme", arr=700)
        .add("opportunities", "need", status="targeted")
    )
    world.insight("ask", customer=["acme"], opportunity=["need"], arr=700)
    told = waiting(thread_of(world))
    assert [(each.name, each.arr, each.url) for each in told.customers] == [
        ("Acme", "$700", "https://x/acme")
    ]
    assert [(each.page.title, each.weight.arr) for each in told.needs] == [("Need", "$700")]


def test_churned_customers_prospects_and_praise_do_not_wait() -> None:
    world = World(template=discovery()).add("customers", "acme", arr=700, lifecycle="at_risk")
    world.add("customers", "gone", arr=50, lifecycle="churned").add(
        "customers", "maybe", arr=60, lifecycle="prospect"
    )
    world.add("opportunities", "need", status="targeted").add(
        "opportunities", "past", status="targeted"
    )
    world.insight(
        "shared", customer=["acme", "gone", "maybe"], opportunity=["need"], importance="critical"
    )
    world.insight("old", customer=["gone"], opportunity=["past"]).insight(
        "love", customer=["acme"], kind="praise"
    )
    world.insight("why", customer=["acme"], kind="question")
    told = waiting(thread_of(world))
    assert [(each.name, each.arr, len(each.asks)) for each in told.customers] == [
        ("Acme", "$700", 1)
    ]
    assert [(each.name, each.standing) for each in told.others] == [
        ("Maybe", "prospect"),
        ("Gone", "churned"),
    ]
    (need,) = told.needs
    assert (need.page.title, need.weight.customers, need.weight.importance, need.amount) == (
        "Need",
        1,
        3,
        700,
    )
    thread = thread_of(world)
    weight = thread.evidence(thread.pages("opportunities")[0])
    assert (weight.customers, weight.arr, weight.arr_apart) == (3, 700, 110)


def test_an_old_health_counts_as_no_update_and_an_achieved_objective_is_not_live() -> None:
    world = World(template=discovery())
    for name, status, health, day in (
        ("fresh", "in_progress", "off_track", "2026-11-08"),
        ("stale", "in_progress", "off_track", "2026-11-07"),
        ("undated", "committed", "at_risk", None),
        ("done", "achieved", "off_track", "2026-11-20"),
        ("missed", "missed", "off_track", "2026-11-20"),
        ("dropped", "dropped", "off_track", "2026-11-20"),
    ):
        world.add("objectives", name, status=status, health=health, health_date=day)
    report = composed(world)
    healths = {
        each.page.title: each.health.name for each in report.strategy.objectives if each.health
    }
    assert healths == {"Fresh": "Off track", "Stale": "No update", "Undated": "No update"}
    assert [each.number for each in report.figures[:2]] == ["3", "1"]


def test_figures_are_computed_from_the_pages_and_not_as_sync_left_them() -> None:
    world = World(template=discovery()).feature("wings", "shipped").feature("tail", "idea")
    world.add("opportunities", "need", features=["tail"])
    world.add(
        "objectives",
        "aim",
        status="in_progress",
        progress=0.9,
        features=["wings"],
        opportunities=["need"],
    )
    thread = thread_of(world).with_computed_stamps()
    (objective,) = strategy(thread, NOTHING).objectives
    assert (objective.progress, objective.base, objective.done) == (50, 2, 1)


def test_what_shipped_goes_by_its_ship_date() -> None:
    world = World().feature("imported", "shipped", shipped_on="2026-11-05")
    world.feature("old", "shipped", shipped_on="2026-09-01").feature("seen", "shipped")
    moved = [change(name, "status", "beta", "shipped") for name in ("old", "seen")]
    found = changelog(thread_of(world), replace(past_of(product_world(), *moved), pages={}))
    assert {(each.title, each.kind) for each in found.changes} == {
        ("Imported", "shipped"),
        ("Old", "status"),
        ("Seen", "shipped"),
    }


def test_a_need_weighs_what_its_open_asks_weigh() -> None:
    world = World(template=discovery()).add("opportunities", "small", status="targeted")
    world.add("opportunities", "big", status="targeted").add(
        "opportunities", "met", status="targeted"
    )
    for name, need, status, arr in (
        ("a", "small", "new", 700),
        ("b", "small", "wont_do", 9000),
        ("c", "big", "linked", 800),
        ("d", "met", "closed", 1),
    ):
        world.add("customers", f"of {name}", arr=arr)
        world.insight(name, status, opportunity=[need], customer=[f"of {name}"])
    told = waiting(thread_of(world))
    assert [(each.page.title, each.weight.arr, each.weight.insights) for each in told.needs] == [
        ("Big", "$800", 1),
        ("Small", "$700", 1),
    ]
    chart = composed(world).charts["needs"].data
    (series,) = chart.series
    assert (chart.title, chart.labels) == ("ARR that waits, by opportunity", ("Big", "Small"))
    assert (series.values, series.texts) == ((800, 700), ("$800", "$700"))


def test_an_insight_has_the_segments_of_its_own_customers_only() -> None:
    world = World(template=discovery()).feature("wings")
    for name, segment in (("acme", "enterprise"), ("zeta", "smb")):
        world.add("customers", name, segment=segment)
        world.insight(f"of {name}", features=["wings"], customer=[name])
    found = composed(world).facets
    (segments,) = [facet for facet in found.choices if facet.name == "segment"]
    tokens = {name: token for token, name in segments.options}
    assert len(tokens) == 2
    assert found.of("of acme") == tokens["enterprise"]
    assert found.of("of zeta") == tokens["smb"]
    assert set(found.of("wings").split()) == set(tokens.values())


# --- dates and changes


def test_a_date_slips_from_the_first_promise() -> None:
    world = (
        product_world()
        .set("wings", target="2026-12-10")
        .set("tail", target="2026-11-20")
        .set("claws", target="2026-01-01")
    )
    past = past_of(
        world,
        change("wings", "target", None, "2026-12-01"),
        change("wings", "target", "2026-12-01", "2026-12-10"),
    )
    then = {**past.pages, NotionId("wings"): replace(world.pages["wings"], values={})}
    late, moved = slips(thread_of(world), replace(past, pages=then))
    assert (late.page.title, late.overdue, late.moved) == ("Tail", 2, 0)
    assert (moved.page.title, moved.moved, moved.before) == ("Wings", 9, "2026-12-01")


def test_the_changelog_is_the_difference_between_start_and_end() -> None:
    thread = thread_of(product_world())
    told = changelog(
        thread,
        Past(
            THEN,
            THEN,
            {},
            (
                change("claws", "status", "spec", "in_progress"),
                change("claws", "status", "in_progress", "shipped"),
                change("wings", "status", "idea", "spec"),
                change("wings", "status", "spec", "idea"),
                change("tail", "evidence_count", 1, 2, actor="rule"),
                change("beak", THE_PAGE, None, "Beak"),
                change("beak", "status", None, "idea"),
                change("lost", THE_PAGE, "Lost", None),
                change("lost", "status", "idea", None),
                change("wings", "no_longer_there", 1, 2),
                change("aim", "health", "on_track", "at_risk", database="vision"),
            ),
        ),
    )
    assert [(each.kind, each.title, each.before, each.after) for each in told.changes] == [
        ("gone", "Lost", "Lost", ""),
        ("shipped", "Claws", "Spec", "Shipped"),
        ("new", "Beak", "", "Beak"),
        ("health", "Aim", "On track", "At risk"),
    ]
    assert told.others == 1


# --- the page


class Page(HTMLParser):
    """The elements of a page, with their attributes."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def test_the_page_loads_nothing_and_lets_only_its_own_script_run() -> None:
    page = Page(write_report(composed(product_world())))
    assert not [
        tag for tag, _ in page.elements if tag in {"link", "img", "iframe", "object", "base"}
    ]
    assert not [each for _, each in page.elements if "src" in each or "style" in each]
    (policy,) = (
        each["content"]
        for each in page.of("meta")
        if each.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    ids = [each["id"] for _, each in page.elements if "id" in each]
    assert len(ids) == len(set(ids))


def test_only_the_vision_of_the_tree_is_open() -> None:
    source = write_report(composed(product_world()))
    assert re.findall(r'<li class="node vision"[^>]*><details( open)?>', source) == [" open", ""]


def test_links_within_the_page_have_targets() -> None:
    page = Page(
        write_report(composed(product_world().insight("open", customer="Acme", features=["tail"])))
    )
    ids = {each["id"] for _, each in page.elements if "id" in each}
    inner = {str(each["href"])[1:] for each in page.of("a") if str(each["href"]).startswith("#")}
    assert inner <= ids


def wide_world(features: int, insights: int) -> World:
    """A workspace of so many features under two objectives, with several insights of long words
    behind each.
    """
    world = (
        World()
        .add("vision", "aim", kind="objective", status="active")
        .add("vision", "goal", kind="objective")
    )
    for number in range(features):
        world.feature(
            f"feature {number}",
            "in_progress",
            vision=["goal" if number % 2 else "aim"],
            target="2026-10-01",
        )
    for number in range(insights):
        said = {"quote": "Words. " * 20, "customer": f"customer {number}", "importance": "nice"}
        world.insight(f"insight {number}", features=[f"feature {number % features}"], **said)
    return world


def test_rows_left_out_of_each_list_are_counted_in_their_place_with_a_link() -> None:
    urls = {"features": "https://x/features", "customers": "https://x/customers"}
    report = compose_report(
        thread_of(wide_world(6, 24)), NOTHING, title="Product", now=EDITED, database_urls=urls
    )
    source = write_report(apply_limits(report, ListLimits(quotes=1, features=2, rows=2)))
    to_features = '<a href="https://x/features">in Notion</a>'
    for text in (
        f"1 more feature {to_features}",
        f"4 more features with evidence {to_features}",
        "1 more page ",
        '3 more quotes <a href="https://x/',
        "4 more findings in Notion",
        '22 more customers <a href="https://x/customers">in Notion</a>',
    ):
        assert f"and {text}" in source


def test_limits_count_every_quote_and_leave_no_dead_links() -> None:
    whole = composed(wide_world(60, 600))
    report = apply_limits(whole, ListLimits(quotes=3, features=20, rows=10))
    shown = sum(len(entry.quotes) + entry.more for entry in report.evidence)
    assert shown + 10 * report.more_evidence == 600
    assert all(len(entry.quotes) == 3 for entry in report.evidence)
    page = Page(write_report(report))
    ids = {each["id"] for _, each in page.elements if "id" in each}
    links = {str(each["href"])[1:] for each in page.of("a") if str(each["href"]).startswith("#")}
    assert links <= ids


@pytest.mark.parametrize("most", [0, 2, 5, 30, 100])
def test_a_limit_of_the_tree_leaves_each_objective_its_share(most: int) -> None:
    whole = composed(wide_world(60, 600))
    report = apply_limits(whole, ListLimits(tree=most))
    aim, goal = report.tree.nodes
    assert len(outline(report.tree.nodes)) - 2 <= most
    assert len(aim.nodes) == len(goal.nodes) == min(most // 2, 30)
    assert all(len(node.nodes) + node.more + node.more_pages == 30 for node in (aim, goal))


def test_limits_do_not_change_figures_and_charts() -> None:
    whole = composed(wide_world(60, 600))
    report = apply_limits(whole, ListLimits(quotes=1, features=1, rows=1))
    assert (report.figures, report.charts) == (whole.figures, whole.charts)


def test_a_small_workspace_is_shown_in_full() -> None:
    whole = composed(product_world())
    source = write_report(apply_limits(whole, DEFAULT_LIMITS))
    assert not re.search(r"and [\d,]+ more ", source)


HOSTILE = st.text(alphabet="<>&\"'/`={}%#\\ ascript-!", max_size=30) | st.sampled_from(
    [
        "</script><script>alert(1)</script>",
        "</title><img src=x onerror=alert(1)>",
        "{{ 7 * 7 }}",
        "-->",
        "]]>",
        "\x00\x1b[0m",
    ]
)


@settings(max_examples=40, deadline=None)
@given(
    title=HOSTILE,
    quote=HOSTILE,
    url=HOSTILE | st.sampled_from(["javascript:alert(1)", "data:text/html,x"]),
)
def test_values_of_a_workspace_never_become_markup(title: str, quote: str, url: str) -> None:
    plain = Page(write_report(composed(product_world())))
    world = product_world()
    for name in ("aim", "wings", "ask"):
        world.pages[name] = replace(world.pages[name], title=title, url=url)
    world.set("ask", quote=quote, source_url=url, customer=quote)
    page = Page(write_report(composed(world)))
    assert len(page.of("script")) == len(plain.of("script")) == 1
    assert not page.of("img")
    assert not [
        key for _, attributes in page.elements for key in attributes if key.startswith("on")
    ]
    assert all(str(each["href"]).startswith(("https://", "http://", "#")) for each in page.of("a"))


@pytest.mark.parametrize("name", ["product", "discovery", "full", "okrs"])
def test_an_empty_workspace_has_a_report(name: str) -> None:
    told = composed(World(template=templates.load(name).template))
    assert "There is no open objective." in write_report(told)
    assert told.charts == {}
    assert any("There is no history" in each for each in told.notes)


def test_a_page_below_unshared_pages_is_in_the_tree() -> None:
    world = product_world().set("wings", vision=RelatedPages((NotionId("hidden"),)))
    assert "Wings" in outline(tree(thread_of(world)).nodes)


def test_a_note_says_that_the_history_begins_later() -> None:
    past = Past(THEN, THEN + timedelta(days=3))
    assert (
        composed(product_world(), past).notes[0]
        == "The history begins on 2026-11-04: changes are counted from then on."
    )

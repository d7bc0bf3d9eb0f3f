"""The first screen of the report: trouble first, what moved, and what there is to decide."""

from __future__ import annotations

from dataclasses import replace

from notion_pm.model.ids import NotionId
from notion_pm.report.briefing import MOST_DECISIONS, Briefing
from notion_pm.report.compose import Report, compose_report
from notion_pm.report.html import write_report
from notion_pm.report.past import Past
from notion_pm.rules.history import HistoryChange
from notion_pm.template import templates
from tests.report.test_reports import THEN, Page
from tests.support.rules_world import EDITED, World
from tests.support.thread_world import discovery, thread_of


def objectives_world() -> World:
    world = World(template=discovery()).add("vision", "why", kind="vision", status="active")
    for name, health, day in (
        ("calm", "on_track", "2026-11-20"),
        ("risky", "at_risk", "2026-11-20"),
        ("lost", "off_track", "2026-11-20"),
        ("silent", "on_track", "2026-09-01"),
    ):
        world.add(
            "objectives", name, vision=["why"], status="in_progress", health=health, health_date=day
        )
        world.feature(f"part of {name}", "spec", objective=[name])
    return world


def briefing_of(world: World, past: Past | None = None) -> Briefing:
    return report_of(world, past).briefing


def report_of(world: World, past: Past | None = None) -> Report:
    return compose_report(thread_of(world), past or Past(THEN), title="Product", now=EDITED)


def test_the_worst_health_comes_first_and_a_stale_one_is_marked() -> None:
    brief = briefing_of(objectives_world())
    goals = [each.objective for each in brief.troubles]
    shown = [(each.page.title, each.health.name) for each in goals if each.health]
    assert shown == [("Lost", "Off track"), ("Risky", "At risk"), ("Silent", "No update")]
    assert [each.objective.stale_health for each in brief.troubles] == ["", "", "On track"]
    assert [each.page.title for each in brief.on_track] == ["Calm"]


def test_a_trend_names_the_earlier_health_and_the_gained_points() -> None:
    world = objectives_world().set("risky", progress=0.5)
    then = {page.id: page for page in world.pages.values()}
    risky = world.pages["risky"]
    then[risky.id] = replace(risky, values={**risky.values, "health": "on_track", "progress": 0.2})
    brief = briefing_of(world, Past(THEN, THEN, then))
    trends = {each.objective.page.title: each.trend for each in brief.troubles}
    assert trends == {
        "Lost": "no change",
        "Risky": "was On track, progress +30 points",
        "Silent": "no change",
    }
    assert {each.trend for each in briefing_of(world).troubles} == {""}


def test_an_outcome_metric_is_shown_with_its_numbers() -> None:
    world = objectives_world().set(
        "lost", outcome_metric="Hours per close", current=10, baseline=40.0, target=8
    )
    world.set("risky", outcome_metric="Errors", target=0).set("silent", outcome_metric="Love")
    metrics = {
        each.objective.page.title: each.objective.metric for each in briefing_of(world).troubles
    }
    assert metrics == {
        "Lost": "Hours per close: 10, from 40, target 8",
        "Risky": "Errors: not measured, target 0",
        "Silent": "Love",
    }


def decisions(world: World) -> set[tuple[str, str]]:
    return {(each.page.title, each.question) for each in briefing_of(world).decisions}


def test_decisions_for_leadership_are_listed() -> None:
    world = World(template=discovery())
    world.add("objectives", "gone", status="dropped").feature("orphan", "spec", objective=["gone"])
    world.feature("tardy", "spec", target="2026-11-01")
    world.feature("lonely", "in_progress")
    world.add("customers", "acme", arr=5000).add("opportunities", "need", status="targeted")
    world.insight("ask", "linked", kind="request", opportunity=["need"], customer=["acme"])
    assert decisions(world) == {
        ("Orphan", "Keep it or drop it?"),
        ("Tardy", "Set a new date or cut its scope?"),
        ("Lonely", "Continue it or stop it?"),
        ("Need", "Plan it or decline it?"),
    }
    planned = world.feature("answer", "spec", opportunity=["need"])
    assert ("Need", "Plan it or decline it?") not in decisions(planned)


def test_objectives_without_an_owner_and_those_off_track_need_a_decision() -> None:
    world = objectives_world()
    for name in ("calm", "risky", "silent"):
        world.set(name, owner=("somebody",))
    assert decisions(world) == {
        ("Lost", "Change its scope, date or target, or stop it?"),
        ("Lost", "Who owns it?"),
    }


def test_decisions_that_do_not_fit_are_counted() -> None:
    world = World(template=discovery())
    for number in range(20):
        world.feature(f"late {number}", "spec", target="2026-11-01").feature(
            f"lonely {number}", "in_progress"
        )
    brief = briefing_of(world)
    assert len(brief.decisions) <= MOST_DECISIONS
    assert len(brief.decisions) + brief.more_decisions == 40


def test_changes_of_health_come_before_other_changes() -> None:
    world = objectives_world()
    about = (NotionId("lost"), "objectives", "Lost", "", "health")
    worse = HistoryChange("run", EDITED, *about, "on_track", "off_track", "person", EDITED)
    about = (NotionId("part of lost"), "features", "Part of lost", "", "status")
    moved = HistoryChange("run", EDITED, *about, "idea", "spec", "person", EDITED)
    brief = briefing_of(world, Past(THEN, THEN, {}, (moved, worse)))
    assert [(each.title, each.before, each.after) for each in brief.changes] == [
        ("Lost", "On track", "Off track")
    ]
    assert brief.more_changes == 1


def test_the_first_section_comes_before_the_counts_and_late_cards_are_marked() -> None:
    world = objectives_world().set("part of lost", target="2026-11-20", priority="p1")
    source = write_report(report_of(world))
    sections = [each["id"] for each in Page(source).of("section")]
    assert sections[0] == "brief"
    assert source.index("Objectives in trouble") < source.index('class="figures"')
    roadmap = source[source.index('id="roadmap"') : source.index('id="evidence"')]
    assert "2 days late" in roadmap
    assert "P1" in roadmap


def test_every_template_has_a_first_section() -> None:
    for name in ("product", "discovery", "full", "okrs"):
        world = World(template=templates.load(name).template).feature("wings", "in_progress")
        assert 'id="brief"' in write_report(report_of(world))

"""What an audit finds, and what it leaves alone."""

from __future__ import annotations

from notion_pm.model.snapshot import RelatedPages
from notion_pm.template import templates
from notion_pm.thread.audit import CHECKS, Audit, Thresholds, audit
from notion_pm.thread.graph import Thread
from tests.support.rules_world import World
from tests.support.thread_world import ago, discovery, edited, thread_of


def audited(thread: Thread, **days: int) -> Audit:
    return audit(thread, Thresholds(**days))


def found(name: str, thread: Thread, **days: int) -> dict[str, str]:
    """The pages that a check finds, with the details."""
    check = next(each for each in CHECKS if each.name == name)
    return {each.page.title: each.detail for each in audited(thread, **days).of(check)}


def product_world() -> World:
    world = World().add("vision", "aim", kind="objective", status="active", health="on_track")
    world.feature("wings", "in_progress", vision=["aim"]).insight("ask", features=["wings"])
    return world


def test_a_complete_thread_has_no_findings() -> None:
    result = audited(thread_of(product_world()))
    assert result.findings == ()
    assert (result.live, result.signal, result.share) == (1, 1, 1)


def test_features_without_evidence_or_objective_are_noise() -> None:
    world = (
        product_world().feature("fins").feature("tail", "parked").feature("beak", vision=["aim"])
    )
    world.insight("said", features=["fins"])
    thread = thread_of(world)
    assert found("no-evidence", thread) == {"Beak": "Idea"}
    assert found("no-objective", thread) == {"Fins": "Idea"}
    assert (audited(thread).live, audited(thread).signal) == (3, 1)


def test_evidence_of_a_part_and_an_objective_of_the_whole_count() -> None:
    world = product_world().feature("glider", vision=["aim"]).feature("rudder", parent=["glider"])
    world.insight("said", features=["rudder"])
    assert audited(thread_of(world)).share == 1


def test_a_dropped_objective_is_not_served_by_any_feature() -> None:
    world = product_world().add("vision", "past", kind="objective", status="superseded")
    world.feature("fins", vision=["past"]).insight("said", features=["fins"])
    thread = thread_of(world)
    assert list(found("no-objective", thread)) == ["Fins"]
    assert found("idle-objective", thread) == {}


def test_in_discovery_opportunities_carry_evidence_and_objective() -> None:
    world = World(template=discovery()).add("objectives", "aim", status="committed")
    world.add("opportunities", "need", objective=["aim"]).feature("wings", opportunity=["need"])
    world.insight("ask", opportunity=["need"])
    assert audited(thread_of(world)).share == 1


def test_objectives_without_live_features() -> None:
    world = World(template=discovery()).add("objectives", "aim", status="committed")
    world.add("objectives", "won", status="achieved").feature("fins", "dropped", objective=["aim"])
    assert found("idle-objective", thread_of(world)) == {"Aim": "Committed"}


def test_insights_that_are_not_linked() -> None:
    world = (
        product_world()
        .insight("old")
        .insight("new")
        .insight("refused", "wont_do")
        .insight("said", "triaged")
    )
    created = {"old": ago(15), "new": ago(14), "refused": ago(99), "said": ago(20), "ask": ago(99)}
    thread = thread_of(world, created)
    assert found("unread-insight", thread) == {
        "Old": "New, created 15 days ago",
        "Said": "Triaged, created 20 days ago",
    }
    assert set(found("unread-insight", thread, insight_days=13)) == {"Old", "New", "Said"}


def test_stale_specs_are_those_in_progress() -> None:
    world = product_world().feature("fins", "idea")
    edited(world, "wings", 31)
    edited(world, "fins", 99)
    assert found("stale-spec", thread_of(world)) == {"Wings": "In progress, not edited for 31 days"}
    assert found("stale-spec", thread_of(world), spec_days=31) == {}


def test_health_without_a_recent_update() -> None:
    world = World(template=discovery())
    for name, status, day in (
        ("fresh", "in_progress", ago(14)),
        ("stale", "in_progress", ago(15)),
        ("silent", "committed", None),
        ("won", "achieved", None),
    ):
        date = day.date().isoformat() if day else None
        world.add(
            "objectives", name, status=status, health="at_risk" if day else None, health_date=date
        )
    assert found("stale-health", thread_of(world)) == {
        "Stale": "At risk, updated 15 days ago",
        "Silent": "no health update",
    }


def test_in_product_a_health_without_a_date_counts() -> None:
    world = (
        product_world()
        .add("vision", "goal", kind="objective", status="draft")
        .add("vision", "value", kind="value")
    )
    assert set(found("stale-health", thread_of(world))) == {"Goal"}


def test_the_check_of_health_applies_before_there_are_objectives() -> None:
    told = audit(thread_of(World()))
    assert told.left_out == ()


def test_dates_that_have_passed() -> None:
    world = (
        product_world()
        .set("wings", target=ago(1).date().isoformat())
        .set("aim", review_by="2026-11-22")
    )
    world.feature("done", "shipped", target="2020-01-01")
    assert found("overdue", thread_of(world)) == {"Wings": "In progress, due 2026-11-21, 1 day ago"}


def test_customers_who_were_not_told() -> None:
    world = product_world().set("wings", status="shipped").set("ask", customer="Acme")
    assert found("owed", thread_of(world)) == {"Ask": "Acme"}


def test_checks_that_a_template_has_nothing_for_are_left_out() -> None:
    template = templates.load("product").template
    features = template.databases["features"]
    kept = {
        key: each
        for key, each in features.properties.items()
        if each.type not in {"relation", "rollup"}
    }
    alone = template.model_copy(
        update={
            "databases": {
                "features": features.model_copy(update={"properties": kept, "views": {}})
            },
            "sync": {},
        }
    )
    result = audited(thread_of(World(template=alone).feature("wings")))
    assert [each.name for each in result.left_out] == [
        "no-evidence",
        "no-objective",
        "idle-objective",
        "unread-insight",
        "stale-health",
        "owed",
    ]


def test_no_live_feature_has_no_share() -> None:
    world = World().feature("tail", "dropped").set("tail", vision=RelatedPages())
    assert audited(thread_of(world)).share is None

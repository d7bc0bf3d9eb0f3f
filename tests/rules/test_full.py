"""The rules that discovery, full and okrs add, one test a rule: they read like the rules of the
templates.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import BaseValue, RelatedPages, RuleValue
from notion_pm.model.template import Template
from notion_pm.template import template_files, templates
from tests.support.rules_world import World


@cache
def _template(name: str) -> Template:
    return templates.load(name).template


@cache
def only(*names: str, template: str = "full") -> Template:
    whole = _template(template)
    return whole.model_copy(update={"sync": {name: whole.sync[name] for name in names}})


def features(world: World, *statuses: str, **values: Any) -> list[str]:
    for place, status in enumerate(statuses):
        world.feature(f"f{place}", status, **values)
    return [f"f{place}" for place in range(len(statuses))]


# --- Objectives and vision


@pytest.mark.parametrize(
    ("status", "built", "becomes"),
    [
        ("committed", ["idea", "in_progress"], "in_progress"),
        ("committed", ["idea", "shipped"], "committed"),
        ("proposed", ["in_progress"], "proposed"),
        ("missed", ["in_progress"], "missed"),
    ],
)
def test_j2_an_objective_begins_with_its_features(
    status: str, built: list[str], becomes: str
) -> None:
    world = World(only("J2-start"))
    world.add("objectives", "o", status=status, features=features(world, *built))
    world.sync()
    assert world.get("o", "status") == becomes


def test_j1_and_v1_progress_is_weighed_by_effort_up_to_the_vision() -> None:
    world = World(only("J1-progress", "V1-progress", "V1-shipped"))
    world.feature("big", "in_progress", effort=3).feature("small", "shipped", effort=1).feature(
        "gone", "dropped", effort=9
    )
    world.feature("other", "shipped", effort=4)
    world.add("objectives", "a", features=["big", "small", "gone"]).add(
        "objectives", "b", features=["other"]
    )
    world.add("vision", "v", objectives=["a", "b"])
    world.sync()
    assert [world.get(each, "progress") for each in ("a", "b", "v")] == [0.25, 1, 0.625]
    assert world.get("v", "features_shipped") == 2


@pytest.mark.parametrize(
    ("objectives", "health"),
    [
        ([("on_track", "2026-11-20"), ("on_track", "2026-11-21")], "on_track"),
        ([("on_track", "2026-11-20"), ("at_risk", "2026-11-20")], "at_risk"),
        ([("off_track", "2026-11-20"), ("at_risk", "2026-11-20")], "off_track"),
        ([("on_track", "2026-11-07"), ("on_track", "2026-11-20")], "no_update"),
        ([("on_track", "2026-11-20"), (None, None)], "no_update"),
        ([("at_risk", "2026-11-20"), (None, None)], "at_risk"),
        ([("off_track", "2026-11-07"), ("on_track", "2026-11-20")], "no_update"),
        ([("off_track", "2026-11-08"), ("on_track", "2026-11-20")], "off_track"),
        ([(None, "2026-11-20"), ("on_track", "2026-11-20")], "no_update"),
        ([], "no_update"),
    ],
)
def test_v1_a_vision_is_as_well_as_its_worst_live_objective(
    objectives: list[tuple[str | None, str | None]], health: str | None
) -> None:
    names = (
        "V1-off-track",
        "V1-at-risk",
        "V1-stale",
        "V1-silent",
        "V1-no-health",
        "V1-on-track",
        "V1-none-live",
    )
    world = World(only(*names))
    for place, (each, day) in enumerate(objectives):
        world.add("objectives", f"o{place}", status="in_progress", health=each, health_date=day)
    world.add("objectives", "dead", status="dropped", health="off_track", health_date="2026-11-20")
    world.add(
        "vision", "v", objectives=["dead", *(f"o{place}" for place in range(len(objectives)))]
    )
    world.sync()
    assert world.get("v", "health") == health


@pytest.mark.parametrize(
    ("objective", "vision", "note"),
    [
        ("dropped", "active", "Its objective was dropped (O)."),
        ("committed", "superseded", "Its vision was superseded (V)."),
        ("committed", "active", None),
    ],
)
def test_d1_notes_a_dropped_strategy_and_keeps_the_status(
    objective: str, vision: str, note: str | None
) -> None:
    world = World(only("D1-dropped", "D1-vision")).feature("f", "in_progress")
    world.add("objectives", "o", status=objective, features=["f"]).add(
        "vision", "v", status=vision, objectives=["o"]
    )
    world.sync()
    assert (world.get("f", "sync_note"), world.get("f", "status")) == (note, "in_progress")


# --- Customers and opportunities


def test_o1_evidence_is_that_of_the_whole_tree_each_customer_once() -> None:
    world = World(
        only("C1-arr", "O1-own", "O1-evidence", "O1-customers", "O1-arr", "O1-importance")
    )
    world.add("opportunities", "top").add("opportunities", "leaf", parent=["top"])
    world.insight("early", importance="nice", observed_on="2026-01-01", opportunity=["top"])
    world.insight("late", importance="critical", observed_on="2026-02-01", opportunity=["leaf"])
    world.insight("else", importance="important", opportunity=["leaf"])
    world.add("customers", "acme", arr=100, insights=["early", "late"]).add(
        "customers", "globex", arr=20, insights=["else"]
    )
    world.sync()
    numbers = ("evidence_own", "evidence_count", "customers", "arr_weight", "importance")
    assert [world.get("top", each) for each in numbers] == [1, 3, 2, 120, 5]
    assert [world.get("leaf", each) for each in numbers] == [2, 2, 2, 120, 5]


@pytest.mark.parametrize(
    ("status", "built", "becomes"),
    [
        ("targeted", ["shipped", "idea"], "addressed"),
        ("targeted", ["shipped", "beta"], "targeted"),
        ("targeted", ["idea"], "targeted"),
        ("parked", ["shipped"], "parked"),
    ],
)
def test_o2_an_opportunity_is_addressed(status: str, built: list[str], becomes: str) -> None:
    world = World(only("O2-addressed"))
    world.add("opportunities", "o", status=status, features=features(world, *built))
    world.sync()
    assert world.get("o", "status") == becomes


@pytest.mark.parametrize(
    ("built", "told"), [(["idea"], True), (["idea", "dropped"], True), (["idea", "spec"], False)]
)
def test_o2_notes_an_opportunity_with_only_one_solution(built: list[str], *, told: bool) -> None:
    world = World(only("O1-solutions", "O2-few"))
    world.add("opportunities", "o", status="targeted", features=features(world, *built))
    world.sync()
    assert (world.get("o", "sync_note") == "Fewer than two solutions are being weighed.") is told


def test_c2_counts_what_customers_wait_for() -> None:
    world = World(only("C1-arr", "C2-open", "C2-shipped", "C2-waiting", "C2-not-waiting"))
    world.insight("a", "new").insight("b", "shipped").insight("c", "wont_do").insight(
        "love", "new", kind="praise"
    )
    world.add("customers", "acme", arr=100, insights=["a", "b", "c"])
    world.add("customers", "globex", arr=20, insights=["love"])
    world.add("customers", "gone", arr=30, lifecycle="churned", insights=["a"])
    world.add("customers", "maybe", arr=40, lifecycle="prospect", insights=["a"])
    world.sync()
    assert [world.get("acme", each) for each in ("open_asks", "shipped_asks", "arr_waiting")] == [
        1,
        1,
        100,
    ]
    assert [world.get("globex", each) for each in ("open_asks", "arr_waiting")] == [0, 0]
    assert [world.get(each, "arr_waiting") for each in ("gone", "maybe")] == [0, 0]


def test_arr_of_a_customer_counts_once() -> None:
    world = World(only("C1-arr", "F1-arr", "F1-stake", "O1-arr", "O1-stake")).feature("f")
    world.add("opportunities", "need").insight("both", features=["f"], opportunity=["need"])
    world.insight("alone", features=["f"], opportunity=["need"])
    world.add("customers", "small", arr=10, insights=["both"]).add(
        "customers", "big", arr=1000, insights=["both"]
    )
    world.add("customers", "gone", arr=500, lifecycle="churned", insights=["alone"])
    world.sync()
    assert [world.get("both", "arr"), world.get("alone", "arr")] == [None, 500]
    assert [world.get("f", each) for each in ("arr_weight", "arr_at_stake")] == [1510, 1010]
    assert [world.get("need", each) for each in ("arr_weight", "arr_at_stake")] == [1510, 1010]


def test_i4_an_insight_of_an_opportunity_is_linked_though_its_features_were_dropped() -> None:
    names = ("I1-link", "I1-opportunity", "I2-plan", "I4-drop", "I4-linked")
    world = World(only(*names)).feature("f", "in_progress").feature("gone", "dropped")
    world.insight("planned", features=["f"]).insight("fresh", features=["gone"])
    world.add("opportunities", "need", status="exploring", insights=["planned", "fresh"])
    assert not world.sync().conflicts
    assert [world.get(each, "status") for each in ("planned", "fresh")] == ["planned", "linked"]
    assert not world.set("f", status="dropped").sync().conflicts
    assert world.get("planned", "status") == "linked"


def test_progress_counts_features_of_opportunities_and_parts_once() -> None:
    world = World(only("J1-progress", "V1-progress", "V1-shipped"))
    world.feature("whole", "in_progress").feature("part", "shipped", parent=["whole"]).feature(
        "other", "idea"
    )
    world.add("opportunities", "top", features=["whole"]).add(
        "opportunities", "leaf", parent=["top"]
    )
    world.set("leaf", features=RelatedPages((NotionId("other"),)))
    world.add("objectives", "o", features=["whole"], opportunities=["top"]).add(
        "vision", "v", objectives=["o"]
    )
    world.sync()
    assert [world.get("o", "progress"), world.get("v", "progress")] == [0.3333, 0.3333]
    assert world.get("v", "features_shipped") == 1


def test_i1_an_opportunity_links_an_insight() -> None:
    world = World(only("I1-opportunity")).insight("a").insight("b", "closed")
    world.add("opportunities", "o", status="spotted", insights=["a", "b"])
    world.sync()
    assert (world.get("a", "status"), world.get("b", "status")) == ("linked", "closed")


@pytest.mark.parametrize(
    ("status", "built", "becomes"),
    [
        ("planned", ["parked"], "linked"),
        ("planned", ["parked", "in_progress"], "planned"),
        ("shipped", ["parked"], "shipped"),
        ("new", ["parked"], "linked"),
    ],
)
def test_d3_an_insight_whose_features_were_parked_waits_again(
    status: str, built: list[str], becomes: RuleValue
) -> None:
    world = World(only("I1-link", "I2-plan", "I3-ship", "I4-drop", "D3-parked", "D3-note"))
    world.insight("asked", status, features=features(world, *built))
    world.baseline["asked"] = {"status": BaseValue(status)}  # type: ignore[index]
    world.sync()
    assert world.get("asked", "status") == becomes
    assert (world.get("asked", "sync_note") == "All its features were parked (F0).") is (
        built == ["parked"] and status != "shipped"
    )


# --- Releases, experiments, key results


@pytest.mark.parametrize(
    ("status", "closes", "built", "health"),
    [
        ("active", "2026-11-21", ["shipped", "beta"], "off_track"),
        ("active", "2026-11-21", ["shipped", "dropped"], "on_track"),
        ("active", "2026-12-01", ["shipped", "beta"], "at_risk"),
        ("active", "2027-01-31", ["idea"], "on_track"),
        ("planned", "2026-11-21", ["idea"], None),
    ],
)
def test_r1_health_of_a_release(
    status: str, closes: str, built: list[str], health: str | None
) -> None:
    world = World(
        only("R1-scope", "R1-done", "R1-progress", "R1-off-track", "R1-at-risk", "R1-on-track")
    )
    world.add("releases", "r", status=status, closes=closes, features=features(world, *built))
    world.sync()
    assert world.get("r", "health") == health
    assert world.get("r", "scope") == len([each for each in built if each != "dropped"])
    assert world.get("r", "done") == built.count("shipped")


def test_r1_and_d2_only_propose() -> None:
    world = World(only("R1-progress", "R1-release", "D2-released"))
    world.feature("done", "shipped").feature("left", "beta")
    world.add("releases", "r", status="active", features=["done"]).add(
        "releases", "out", status="released", features=["left"]
    )
    proposals = world.sync().proposals
    assert {(str(each.page.id), each.rule) for each in proposals} == {
        ("r", "R1-release"),
        ("left", "D2-released"),
    }
    assert (world.get("r", "status"), world.get("left", "status")) == ("active", "beta")


def test_e1_notes_a_refuted_assumption() -> None:
    world = World(only("E1-refuted")).feature("f", "spec")
    world.add("experiments", "e", status="refuted", feature=["f"])
    world.sync()
    assert world.get("f", "sync_note") == "An experiment refuted what it rests on (E)."


def test_k_key_results_judge_an_objective() -> None:
    world = World(only("K1-stale", "K2-none", "K3-achieved", template="okrs"))
    world.add("key_results", "old", status="moving", measured_on="2026-10-01").add(
        "key_results", "met", status="achieved"
    )
    world.add("objectives", "bare", status="committed").add(
        "objectives", "o", status="in_progress", key_results=["met"]
    )
    world.add("objectives", "p", status="in_progress", key_results=["old"])
    proposals = world.sync().proposals
    assert world.get("old", "sync_note") == "It was last measured more than a month ago."
    assert [world.get(each, "sync_note") for each in ("bare", "o")] == [
        "It has no key result.",
        None,
    ]
    assert [str(each.page.id) for each in proposals] == ["o"]


def test_every_shipped_rule_is_named_in_a_test() -> None:
    here = Path(__file__).parent
    told = "".join(each.read_text(encoding="utf-8") for each in here.glob("test_*.py"))
    shipped = {
        name
        for each in template_files.shipped_templates()
        for name in templates.load(each).template.sync
    }
    assert len(shipped) > 60
    assert {name for name in shipped if f'"{name}"' not in told} == set()

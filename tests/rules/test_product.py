"""The shipped rules, one table a rule: they read like the table of rules in docs/sync.md."""

from __future__ import annotations

from typing import Any

import pytest

from notion_pm.model.snapshot import BaseValue, RelatedPages, RuleValue
from tests.support.rules_world import TODAY, World, changes, only


def insight_among(
    rules: tuple[str, ...], status: str, features: list[str], **values: Any
) -> RuleValue:
    """Return the status of an insight after a sync, by the statuses of its features."""
    world = World(only(*rules))
    for place, each in enumerate(features):
        world.feature(f"f{place}", each)
    world.insight(
        "asked", status, features=[f"f{place}" for place in range(len(features))], **values
    )
    world.baseline["asked"] = {"status": BaseValue(status)}  # type: ignore[index]
    world.sync()
    return world.get("asked", "status")


ALL_I = ("I1-link", "I2-plan", "I3-ship", "I4-drop", "I5-close")


@pytest.mark.parametrize(
    ("status", "features", "becomes"),
    [
        # I1: an insight that a feature takes up is linked
        ("new", [], "new"),
        ("new", ["idea"], "linked"),
        ("triaged", ["discovery", "dropped"], "linked"),
        ("new", ["parked"], "linked"),
        ("linked", ["spec"], "linked"),
        ("closed", ["idea"], "closed"),
        ("wont_do", ["idea"], "wont_do"),
        # I2: any feature that is being built plans it
        ("new", ["idea", "in_progress"], "planned"),
        ("linked", ["ready"], "planned"),
        ("linked", ["in_review"], "planned"),
        ("triaged", ["beta"], "planned"),
        ("planned", ["idea"], "planned"),
        # I3: all live features have shipped
        ("planned", ["shipped"], "shipped"),
        ("planned", ["shipped", "measured", "dropped", "parked"], "shipped"),
        ("planned", ["shipped", "in_progress"], "planned"),
        ("linked", ["shipped", "idea"], "linked"),
        ("linked", ["parked"], "linked"),
        ("shipped", ["in_progress"], "shipped"),
        ("wont_do", ["shipped"], "wont_do"),
        # I4: all features dropped: back to triaged, never turned down by a rule
        ("linked", ["dropped"], "triaged"),
        ("planned", ["dropped", "dropped"], "triaged"),
        ("planned", ["dropped", "parked"], "planned"),
        ("new", ["dropped"], "new"),
        ("shipped", ["dropped"], "shipped"),
        ("closed", ["dropped"], "closed"),
    ],
)
def test_status_of_an_insight(status: str, features: list[str], becomes: str) -> None:
    assert insight_among(ALL_I, status, features) == becomes


@pytest.mark.parametrize(
    ("status", "becomes"),
    [("shipped", "closed"), ("planned", "closed"), ("wont_do", "wont_do"), ("closed", "closed")],
)
def test_i5_closes_an_insight_after_its_customer_was_told(status: str, becomes: str) -> None:
    assert insight_among(("I5-close",), status, [], told_on="2026-11-20") == becomes


def test_i3_and_i5_move_the_loop() -> None:
    world = World(only("I3-loop", "I5-loop")).insight("a", "shipped").insight("b", "planned")
    world.insight("c", "shipped", told_on="2026-11-01", loop="tell_customer")
    assert changes(world.sync()) == {"a.loop": "tell_customer", "c.loop": "told"}


def test_i4_says_why_it_came_back_and_withdraws_the_note() -> None:
    world = (
        World(only("I4-note"))
        .feature("wings", "dropped")
        .insight("a", "linked", features=["wings"])
    )
    assert changes(world.sync()) == {"a.sync_note": "All its features were dropped (Wings)."}
    world.set("wings", status="idea")
    assert changes(world.sync()) == {"a.sync_note": ""}


def test_chain_of_rules_settles_in_one_evaluation() -> None:
    world = World().feature("wings", "in_progress").insight("a", "new", features=["wings"])
    world.sync()
    world.set("wings", status="shipped")
    evaluation = world.sync()
    assert {
        key: value
        for key, value in changes(evaluation).items()
        if key[0] == "a" or "shipped_on" in key
    } == {
        "a.status": "shipped",
        "a.loop": "tell_customer",
        "wings.shipped_on": TODAY.isoformat(),
    }


class TestF1:
    """Evidence, each customer counted once."""

    @pytest.fixture
    def world(self) -> World:
        world = World(only("F1-evidence", "F1-customers", "F1-arr", "F1-importance"))
        world.feature("wings")
        world.insight(
            "a",
            customer="Acme",
            importance="critical",
            arr=100,
            observed_on="2026-01-01",
            features=["wings"],
        )
        world.insight(
            "b",
            customer=" acme ",
            importance="nice",
            arr=120,
            observed_on="2026-02-01",
            features=["wings"],
        )
        world.insight("c", customer="Beta", importance="important", features=["wings"])
        world.insight("d", importance="nice", features=["wings"])
        return world

    def test_counts_customers_and_sums_their_latest_importance(self, world: World) -> None:
        assert changes(world.sync()) == {
            "wings.evidence_count": 4,
            "wings.customers": 2,
            "wings.arr_weight": 120,
            "wings.importance": 1 + 2,  # who names no customer is evidence, and nobody's importance
        }

    def test_changes_when_an_insight_is_added(self, world: World) -> None:
        world.sync()
        world.insight("e", customer="Cobra", features=["wings"])
        assert changes(world.sync()) == {"wings.evidence_count": 5, "wings.customers": 3}

    def test_is_unknown_if_a_related_page_could_not_be_read(self, world: World) -> None:
        world.sync()
        world.set("wings", insights=RelatedPages(("a", "hidden")))  # type: ignore[arg-type]
        evaluation = world.decide()
        assert changes(evaluation) == {}
        assert "could not be read" in evaluation.notes[0].message


@pytest.mark.parametrize(
    ("customers", "importance", "proposed"), [(2, "nice", 0), (3, "nice", 1), (0, "critical", 1)]
)
def test_f2_only_proposes_discovery(customers: int, importance: str, proposed: int) -> None:
    world = World(only("F2-pull-customers", "F2-pull-critical")).feature(
        "wings", customers=customers
    )
    world.insight("a", importance=importance, features=["wings"])
    evaluation = world.sync()
    assert changes(evaluation) == {}
    assert [each.proposed for each in evaluation.proposals] == ["discovery"] * proposed


READY = {"spec_ready": True, "owner": ("ann",), "target": "2026-12-24"}


@pytest.mark.parametrize(
    ("values", "becomes", "note"),
    [
        (READY, "ready", ""),
        ({**READY, "owner": ()}, "spec", "An owner is missing."),
        (
            {**READY, "owner": (), "target": None},
            "spec",
            "An owner is missing. A target date is missing.",
        ),
        ({**READY, "spec_ready": False}, "spec", ""),
    ],
)
def test_f3_makes_a_spec_ready_or_says_what_is_missing(
    values: dict[str, Any], becomes: str, note: str
) -> None:
    world = World(only("F3-ready", "F3-owner", "F3-target", "F3-insights"))
    world.insight("a").feature("wings", "spec", insights=["a"], **values)
    world.sync()
    assert world.get("wings", "status") == becomes
    assert (world.get("wings", "sync_note") or "") == note


@pytest.mark.parametrize(
    ("effort", "rice", "note"),
    [
        (4, 6, ""),
        (0, None, "RICE needs an effort above zero."),
        (None, None, "RICE needs an effort."),
    ],
)
def test_f4_computes_rice_or_says_why_not(
    effort: float | None, rice: float | None, note: str
) -> None:
    world = World(only("F4-rice", "F4-effort", "F4-no-effort"))
    world.feature("wings", reach=10, impact=3, confidence=0.8, effort=effort)
    world.sync()
    assert world.get("wings", "rice") == rice
    assert (world.get("wings", "sync_note") or "") == note


@pytest.mark.parametrize(
    ("remembered", "shipped_on", "becomes"),
    [
        ("in_review", None, TODAY.isoformat()),
        ("in_review", "2026-01-01", "2026-01-01"),
        ("shipped", None, None),  # it did not enter, it was there
        (None, None, None),  # nobody knows when it shipped
    ],
)
def test_f5_stamps_the_day_on_which_it_shipped(
    remembered: str | None, shipped_on: str | None, becomes: str | None
) -> None:
    world = World(only("F5-ship-date")).feature("wings", "shipped", shipped_on=shipped_on)
    if remembered:
        world.baseline["wings"] = {"status": BaseValue(remembered)}  # type: ignore[index]
    world.sync()
    assert world.get("wings", "shipped_on") == becomes


def test_f5_does_not_stamp_again_what_a_person_empties() -> None:
    world = World(only("F5-ship-date")).feature("wings", "beta")
    world.sync()
    world.set("wings", status="shipped").sync()
    world.set("wings", shipped_on=None)
    assert changes(world.sync()) == {}


@pytest.mark.parametrize(
    ("parent", "children", "becomes"),
    [
        ("idea", ["in_progress"], "in_progress"),
        ("idea", ["spec"], "idea"),
        ("in_progress", ["shipped", "measured", "dropped"], "in_review"),
        ("in_progress", ["shipped", "spec"], "in_progress"),
        ("shipped", ["in_progress"], "shipped"),
        ("parked", ["in_progress"], "parked"),
    ],
)
def test_f6_follows_the_parts_of_a_feature(parent: str, children: list[str], becomes: str) -> None:
    world = World(only("F6-start", "F6-review")).feature("whole", parent)
    for place, each in enumerate(children):
        world.feature(f"part{place}", each, parent=["whole"])
    world.sync()
    assert world.get("whole", "status") == becomes


@pytest.mark.parametrize(
    ("parent", "children", "proposed"),
    [
        ("in_review", ["shipped", "measured"], ["shipped"]),
        ("beta", ["shipped", "dropped"], ["shipped"]),
        ("in_review", ["shipped", "in_progress"], []),
        ("in_review", ["dropped", "parked"], []),
        ("in_progress", ["shipped"], []),
        ("in_review", [], []),
    ],
)
def test_f6_only_proposes_that_a_whole_has_shipped(
    parent: str, children: list[str], proposed: list[str]
) -> None:
    world = World(only("F6-ship")).feature("whole", parent)
    for place, each in enumerate(children):
        world.feature(f"part{place}", each, parent=["whole"])
    evaluation = world.sync()
    assert [each.proposed for each in evaluation.proposals] == proposed
    assert not evaluation.updates


def test_f6_climbs_a_tree_in_one_evaluation() -> None:
    world = World(only("F6-start")).feature("root").feature("branch", parent=["root"])
    world.feature("leaf", "in_progress", parent=["branch"])
    assert changes(world.sync()) == {"root.status": "in_progress", "branch.status": "in_progress"}


def test_f7_names_what_blocks() -> None:
    world = (
        World(only("F7-blocked"))
        .feature("engine", "idea")
        .feature("wheels", "spec")
        .feature("paint", "shipped")
    )
    world.feature("car", "in_progress", depends_on=["wheels", "engine", "paint"])
    assert changes(world.sync()) == {"car.sync_note": "Blocked by Engine, Wheels."}
    world.set("engine", status="shipped").set("wheels", status="dropped")
    assert changes(world.sync()) == {"car.sync_note": ""}


def test_v1_weighs_progress_by_effort() -> None:
    world = World(only("V1-progress", "V1-shipped")).add("vision", "goal")
    world.feature("a", "shipped", effort=3, vision=["goal"]).feature(
        "b", "spec", effort=1, vision=["goal"]
    )
    world.feature("c", "dropped", effort=50, vision=["goal"]).feature(
        "d", "measured", vision=["goal"]
    )
    assert changes(world.sync()) == {"goal.progress": round(5 / 6, 4), "goal.features_shipped": 2}


def test_d1_only_flags_features_of_a_dropped_strategy() -> None:
    world = World(only("D1-dropped")).add("vision", "goal", status="superseded")
    world.feature("a", "spec", vision=["goal"]).feature("b", "shipped", vision=["goal"])
    assert changes(world.sync()) == {"a.sync_note": "Its strategy was dropped (Goal)."}


class TestI3:
    """A request or a problem is answered by what ships after it was observed."""

    @pytest.mark.parametrize(
        ("said", "shipped_on", "becomes"),
        [
            ({"kind": "request", "observed_on": "2026-11-01"}, "2026-11-10", "shipped"),
            ({"observed_on": "2026-11-01"}, "2026-11-10", "shipped"),
            ({"kind": "problem", "observed_on": "2026-11-09"}, "2026-11-10", "shipped"),
            ({"kind": "problem", "observed_on": "2026-11-10"}, "2026-11-10", "linked"),
            ({"kind": "problem", "observed_on": "2026-11-29"}, "2026-11-10", "linked"),
            ({"kind": "problem", "observed_on": "2026-11-29"}, None, "linked"),
            ({"kind": "praise", "observed_on": "2026-11-01"}, "2026-11-10", "linked"),
            ({"kind": "question", "observed_on": "2026-11-01"}, "2026-11-10", "linked"),
            ({"kind": "problem"}, "2026-11-10", "shipped"),
            ({"kind": "request"}, None, "shipped"),
        ],
    )
    def test_only_what_was_asked_before_it_shipped(
        self, said: dict[str, Any], shipped_on: str | None, becomes: str
    ) -> None:
        world = World(only(*ALL_I, "I3-loop")).feature("f", "shipped", shipped_on=shipped_on)
        world.insight("i", features=["f"], **said)
        world.sync()
        assert world.get("i", "status") == becomes
        assert world.get("i", "loop") == ("tell_customer" if becomes == "shipped" else None)

    def test_a_later_feature_answers_a_complaint_about_an_earlier_one(self) -> None:
        world = (
            World(only(*ALL_I))
            .feature("early", "shipped", shipped_on="2026-10-01")
            .feature("fix", "in_progress")
        )
        world.insight("i", kind="problem", observed_on="2026-10-15", features=["early", "fix"])
        world.sync()
        assert world.get("i", "status") == "planned"
        world.set("fix", status="shipped", shipped_on="2026-11-20").sync()
        assert world.get("i", "status") == "shipped"

    def test_a_missing_ship_date_is_noted_where_it_matters(self) -> None:
        world = World(only("F5-no-date")).feature("f", "shipped").feature("quiet", "shipped")
        world.insight("i", observed_on="2026-10-15", features=["f"]).insight(
            "j", features=["quiet"]
        )
        world.sync()
        assert [world.get("f", "sync_note"), world.get("quiet", "sync_note")] == [
            "Shipped on is missing.",
            None,
        ]


def test_arr_of_a_customer_is_its_latest_amount_of_any_feature() -> None:
    world = World(only("F1-arr")).feature("old").feature("new")
    world.insight("a", customer="Acme", arr=100, observed_on="2026-01-01", features=["old"])
    world.insight("b", customer="acme ", arr=70, observed_on="2026-02-01", features=["new"])
    world.insight("c", arr=5000, observed_on="2026-02-01", features=["new"])
    world.sync()
    assert [world.get("old", "arr_weight"), world.get("new", "arr_weight")] == [70, 70]

"""People and rules: who wins, when it is told, and when a rule resumes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from notion_pm.model.rule import OnConflict
from notion_pm.model.snapshot import BaseValue, UnknownOption
from notion_pm.rules import settle
from notion_pm.rules.evaluation import Evaluation
from tests.support.rules_world import EDITED, World, changes, only, with_rules


def conflicts(evaluation: Evaluation) -> list[tuple[str, object, object, str]]:
    return [
        (str(each.page.id), each.value, each.derived, each.reason) for each in evaluation.conflicts
    ]


@pytest.fixture
def world() -> World:
    """An insight that was planned by a rule, because its feature is being built."""
    world = World(only("I1-link", "I2-plan", "I3-ship", "F1-evidence"))
    world.feature("wings", "in_progress").insight("a", "new", features=["wings"])
    world.sync()
    return world


class TestForward:
    def test_a_second_evaluation_changes_nothing(self, world: World) -> None:
        evaluation = world.decide()
        assert (evaluation.updates, evaluation.conflicts, evaluation.baseline) == ((), (), {})

    def test_a_person_moves_it_back_and_wins(self, world: World) -> None:
        world.set("a", status="triaged")
        first, second = world.sync(), world.sync()
        assert conflicts(first) == [("a", "triaged", "planned", settle.CHANGED_BY_HAND)]
        assert [each.new for each in first.conflicts] == [True]
        assert [each.new for each in second.conflicts] == [False]
        assert world.get("a", "status") == "triaged"

    def test_the_rule_resumes_when_it_has_advanced(self, world: World) -> None:
        world.set("a", status="triaged").sync()
        world.set("wings", status="shipped")
        assert changes(world.sync())["a.status"] == "shipped"

    def test_a_rule_that_falls_back_does_not_resume(self, world: World) -> None:
        world.set("a", status="triaged").sync()
        world.set("wings", status="idea")
        assert conflicts(world.sync()) == [("a", "triaged", "linked", settle.BOTH_CHANGED)]

    def test_equal_values_are_never_a_conflict(self, world: World) -> None:
        world.set("wings", status="shipped").set("a", status="shipped")
        evaluation = world.sync()
        assert conflicts(evaluation) == []
        assert "a.status" not in changes(evaluation)

    def test_a_person_ahead_of_the_rule_is_no_conflict(self, world: World) -> None:
        world.set("a", status="shipped")
        assert (changes(world.sync()), conflicts(world.decide())) == ({}, [])

    def test_without_memory_it_still_moves_forward(self) -> None:
        world = (
            World(only("I2-plan"))
            .feature("wings", "beta")
            .insight("a", "triaged", features=["wings"])
        )
        assert changes(world.sync()) == {"a.status": "planned"}


class TestNumbers:
    def test_an_empty_property_is_written(self) -> None:
        world = World(only("F1-evidence")).feature("wings")
        assert changes(world.sync()) == {"wings.evidence_count": 0}

    def test_without_memory_a_differing_value_is_a_conflict(self) -> None:
        world = World(only("F1-evidence")).feature("wings", evidence_count=7)
        assert conflicts(world.sync()) == [("wings", 7, 0, settle.NO_MEMORY)]
        assert conflicts(world.sync()) == [("wings", 7, 0, settle.CHANGED_BY_HAND)]

    def test_a_person_wins_until_they_hand_it_back(self, world: World) -> None:
        world.set("wings", evidence_count=9)
        assert conflicts(world.sync()) == [("wings", 9, 1, settle.CHANGED_BY_HAND)]
        world.insight("b", "new", features=["wings"])
        assert conflicts(world.sync()) == [("wings", 9, 2, settle.BOTH_CHANGED)]
        world.set("wings", evidence_count=None)
        assert changes(world.sync()) == {"wings.evidence_count": 2}

    def test_the_same_number_by_hand_ends_the_conflict(self, world: World) -> None:
        world.set("wings", evidence_count=9).sync()
        world.set("wings", evidence_count=1).sync()
        world.insight("b", "new", features=["wings"])
        assert changes(world.sync())["wings.evidence_count"] == 2

    @pytest.mark.parametrize(("policy", "kept"), [("keep", 9), ("rule", 1), (None, 9)])
    def test_a_policy_settles_it(self, world: World, policy: OnConflict | None, kept: int) -> None:
        world.set("wings", evidence_count=9).sync(policy)
        assert world.get("wings", "evidence_count") == kept

    @pytest.mark.parametrize(("minutes", "kept"), [(5, 2), (-5, 9), (0, 9)])
    def test_newest_compares_when_both_were_edited(
        self, world: World, minutes: int, kept: int
    ) -> None:
        world.set("wings", evidence_count=9)
        world.insight("b", "new", features=["wings"]).edited(
            "b", EDITED + timedelta(minutes=minutes)
        )
        world.edited("a", EDITED - timedelta(minutes=60)).sync("newest")
        assert world.get("wings", "evidence_count") == kept


class TestLeftAlone:
    def test_a_locked_page_is_not_written_and_resumes_unlocked(self, world: World) -> None:
        world.set("a", sync_lock=True).set("wings", status="shipped")
        evaluation = world.sync()
        assert changes(evaluation) == {}
        assert [note.message for note in evaluation.notes] == [
            "1 page is locked: rules left it alone."
        ]
        assert changes(world.set("a", sync_lock=False).sync()) == {"a.status": "shipped"}

    def test_option_that_people_added_is_left_alone_and_reported(self, world: World) -> None:
        world.set("a", status=UnknownOption("x", "On ice")).set("wings", status="shipped")
        evaluation = world.sync()
        assert (changes(evaluation), conflicts(evaluation)) == ({}, [])
        assert "'On ice'" in evaluation.notes[0].message

    def test_a_category_of_an_added_option_is_unknown(self, world: World) -> None:
        world.set("wings", status=UnknownOption("x", "On ice")).insight(
            "b", "new", features=["wings"]
        )
        assert changes(world.sync()) == {"wings.evidence_count": 2, "b.status": "linked"}

    def test_finished_page_is_not_moved_back(self) -> None:
        rules = {
            "back": {
                "why": "x",
                "set": "features.status",
                "to": "spec",
                "if": {"any": {"over": "insights"}},
            }
        }
        for status in ("shipped", "measured", "dropped", "parked"):
            world = World(with_rules(rules)).insight("a").feature("wings", status, insights=["a"])
            world.baseline["wings"] = {"status": BaseValue(status)}  # type: ignore[index]
            assert changes(world.sync("rule")) == {}


LOW = {"why": "x", "set": "features.priority", "to": "p3"}
HIGH = {"why": "x", "set": "features.priority", "to": "p0", "when": {"status": "spec"}}


class TestSeveralRules:
    def test_rules_that_disagree_write_nothing(self) -> None:
        world = (
            World(with_rules({"low": LOW, "high": HIGH}))
            .feature("wings", "spec")
            .feature("tail", "idea")
        )
        evaluation = world.sync()
        assert changes(evaluation) == {"tail.priority": "p3"}
        assert [each.reason for each in evaluation.conflicts] == [settle.RULES_DISAGREE]
        assert evaluation.conflicts[0].rules == ("low", "high")

    def test_the_higher_priority_wins(self) -> None:
        rules = {"low": LOW, "high": {**HIGH, "priority": 1}}
        assert changes(World(with_rules(rules)).feature("wings", "spec").sync()) == {
            "wings.priority": "p0"
        }

    def test_rules_that_do_not_converge_write_nothing_and_are_noted(self) -> None:
        rules = {
            "there": {
                "why": "x",
                "set": "features.priority",
                "to": "p0",
                "when": {"priority": "p1"},
            },
            "back": {
                "why": "x",
                "set": "features.priority",
                "to": "p1",
                "when": {"priority": "p0"},
            },
        }
        world = World(with_rules(rules)).feature("wings", priority="p1")
        world.baseline["wings"] = {"priority": BaseValue("p1")}  # type: ignore[index]
        evaluation = world.decide("rule")
        assert changes(evaluation) == {}
        assert "keep changing each other's values" in evaluation.notes[0].message


def test_note_by_a_person_is_not_cleared() -> None:
    world = World(only("F7-blocked")).feature("car", "in_progress", sync_note="Ask Ann")
    assert (changes(world.sync()), conflicts(world.decide())) == ({}, [])

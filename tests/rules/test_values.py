"""Numbers, conditions and paths of rules, by themselves."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from notion_pm.conditions.evaluate import compile_where as judge
from notion_pm.model.condition import Condition, day_of
from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import BaseValue, RelatedPages, RuleValue, UnknownOption
from notion_pm.model.template_schema import TemplateSchema
from notion_pm.rules.arithmetic import calculate
from notion_pm.rules.paths import BadPath, parse_property, parse_relations
from notion_pm.rules.view import View
from tests.support.rules_world import TODAY, World, changes, filled, product, with_rules

FOREIGN = UnknownOption("x", "On ice")


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("a + b * 2", 8),
        ("(a + b) / b", 5 / 3),
        ("-a + 10 - b", 5),
        ("a / (b - 3)", None),
        ("a * missing", None),
        ("-missing", None),
        ("1.5", 1.5),
        ("a * 1e308 * 1e308", float("inf")),
    ],
)
def test_arithmetic(expression: str, result: float | None) -> None:
    assert calculate(expression, {"a": 2, "b": 3}) == result


@pytest.mark.parametrize(
    ("condition", "value", "verdict"),
    [
        ("spec", "spec", True),
        (["spec", "idea"], "idea", True),
        ({"not": "spec"}, "idea", True),
        ({"not": ["idea"]}, "idea", False),
        ("spec", FOREIGN, False),
        ({"not": "spec"}, FOREIGN, True),
        ({"category": "doing"}, "beta", True),
        ({"category": ["todo", "done"]}, "beta", False),
        ({"category": "doing"}, None, False),
        ({"category": "doing"}, FOREIGN, None),
        ({"category": "doing", "not": "beta"}, FOREIGN, None),
        ({"category": "doing", "is": "beta"}, FOREIGN, False),
        ({"empty": True}, None, True),
        ({"empty": False}, "beta", True),
        ({"at_least": 1}, FOREIGN, None),
    ],
)
def test_conditions_on_a_status(condition: Any, value: RuleValue, verdict: bool | None) -> None:
    assert holds("status", condition, value) is verdict


@pytest.mark.parametrize(
    ("key", "condition", "value", "verdict"),
    [
        ("reach", {"at_least": 3}, 3, True),
        ("reach", {"more_than": 3}, 3, False),
        ("reach", {"at_most": 3, "less_than": 3}, 3, False),
        ("reach", {"less_than": 3}, 2.5, True),
        ("reach", {"at_least": 0}, None, False),
        ("reach", {"is": 3}, 3.0, True),
        ("spec_ready", {"is": True}, True, True),
        ("spec_ready", {"is": 1}, True, False),
        ("spec_ready", {"empty": True}, False, False),
        ("problem", {"contains": "Rate"}, "the rate limit", True),
        ("problem", {"contains": "rate"}, None, False),
        ("target", {"before": "today"}, "2026-11-21T23:00:00Z", True),
        ("target", {"before": "today"}, TODAY.isoformat(), False),
        ("target", {"after": "2026-11-01"}, "2026-11-02", True),
        ("target", {"after": "today"}, None, False),
        ("insights", {"empty": True}, RelatedPages(), True),
        ("insights", {"empty": True}, RelatedPages(("a",)), False),  # type: ignore[arg-type]
        ("insights", {"empty": True}, RelatedPages((), complete=False), None),
        ("owner", {"empty": False}, ("ann",), True),
    ],
)
def test_conditions_on_other_types(
    key: str, condition: Any, value: RuleValue, verdict: bool | None
) -> None:
    assert holds(key, condition, value) is verdict


def holds(key: str, condition: Any, value: RuleValue) -> bool | None:
    world = World().feature("f").set("f", **{key: value})
    view = View(TemplateSchema(product()), world.snapshot, {}, TODAY)
    return judge({key: Condition.model_validate(condition)})(view, world.pages["f"])


def test_weights_compare_like_numbers() -> None:
    world = World().insight("a", importance="important").insight("b", importance="nice")
    view = View(TemplateSchema(product()), world.snapshot, {}, TODAY)
    where = {"importance": Condition(at_least=2)}
    assert [judge(where)(view, world.pages[name]) for name in ("a", "b")] == [True, False]


def test_multi_select_contains_one_of_them() -> None:
    world = World().insight("a", tags=("csv", "jira"))
    view = View(TemplateSchema(product()), world.snapshot, {}, TODAY)
    for wanted, verdict in (("csv", True), ("rollup", False)):
        assert judge({"tags": Condition.model_validate(wanted)})(view, world.pages["a"]) is verdict


class TestStamps:
    """Ways to compute a value from related pages."""

    @staticmethod
    def stamped(
        value: dict[str, Any], *insights: dict[str, Any], to: str = "features.rice", **own: Any
    ) -> RuleValue:
        world = World(with_rules({"r": {"why": "x", "set": to, "value": value}})).feature(
            "f", **own
        )
        for place, each in enumerate(insights):
            world.insight(f"i{place}", features=["f"], **each)
        return changes(world.decide()).get(f"f.{to.partition('.')[2]}")

    def test_the_largest_and_the_smallest_number(self) -> None:
        asks = ({"arr": 3}, {"arr": 10.5}, {"arr": None})
        assert self.stamped({"max": "insights.arr"}, *asks) == 10.5
        assert self.stamped({"min": "insights.arr"}, *asks) == 3

    def test_the_latest_date(self) -> None:
        asks = ({"observed_on": "2026-02-01"}, {"observed_on": "2026-10-01"}, {"observed_on": ""})
        assert (
            self.stamped({"max": "insights.observed_on"}, *asks, to="features.start")
            == "2026-10-01"
        )
        assert self.stamped({"min": "insights.observed_on"}, {}, to="features.start") is None

    def test_the_heaviest_option(self) -> None:
        assert (
            self.stamped(
                {"max": "insights.importance"}, {"importance": "nice"}, {"importance": "critical"}
            )
            == 3
        )
        assert self.stamped({"max": "insights.importance"}) is None

    def test_sum_of_some_pages_and_of_no_page(self) -> None:
        assert self.stamped({"sum": "insights.arr"}, {"arr": 3}, {"arr": 4}) == 7
        assert self.stamped({"sum": "insights.arr"}, {"arr": None}) is None

    def test_once_per_customer_takes_the_largest_without_a_date(self) -> None:
        asks = (
            {"arr": 3, "customer": "A"},
            {"arr": 9, "customer": "a"},
            {"arr": 1, "customer": "B"},
        )
        assert self.stamped({"sum": "insights.arr", "once_per": "customer"}, *asks) == 10

    def test_of_limits_the_pages_that_count(self) -> None:
        asks = ({"status": "wont_do"}, {"status": "new"}, {"status": "linked"})
        assert self.stamped({"count": "insights", "of": {"status": {"not": "wont_do"}}}, *asks) == 2

    def test_a_share_without_pages_is_empty(self) -> None:
        share = {"share": "insights", "where": {"status": "new"}}
        assert self.stamped(share) is None
        assert (
            self.stamped(share, {"status": "new"}, {"status": "linked"}, {"status": "linked"})
            == 0.3333
        )

    def test_share_without_weights_counts_pages(self) -> None:
        share = {"share": "insights", "where": {"status": "new"}, "weight": "arr"}
        assert self.stamped(share, {"status": "new", "arr": 0}, {"status": "linked"}) == 0.5

    @pytest.mark.parametrize(
        "value",
        [
            {"max": "insights.importance"},
            {"sum": "insights.importance"},
            {"share": "insights", "where": {"status": {"category": "done"}}},
            {"share": "insights", "where": {"status": "new"}, "weight": "importance"},
            {"count": "insights", "of": {"status": {"category": "done"}}},
        ],
    )
    def test_an_option_that_people_added_makes_it_unknown(self, value: dict[str, Any]) -> None:
        assert self.stamped(value, {"importance": FOREIGN, "status": FOREIGN}) is None

    def test_added_option_in_a_formula_and_incomplete_relation_make_it_unknown(self) -> None:
        assert self.stamped({"formula": "reach * priority"}, reach=2, priority=FOREIGN) is None
        world = World(
            with_rules(
                {
                    "r": {
                        "why": "x",
                        "set": "features.rice",
                        "value": {"distinct": "insights.features"},
                    }
                }
            )
        )
        world.feature("f").insight("a", features=["f"])
        world.set("a", features=RelatedPages(("f",), complete=False))  # type: ignore[arg-type]
        assert changes(world.decide()) == {}

    def test_number_that_is_too_large_is_empty(self) -> None:
        assert self.stamped({"formula": "reach * 1e308"}, reach=1e308) is None

    def test_distinct_over_a_relation_and_several_hops(self) -> None:
        rule = {
            "why": "x",
            "set": "vision.progress",
            "value": {"distinct": "features.insights.features"},
        }
        world = World(with_rules({"r": rule})).add("vision", "goal")
        world.feature("a", vision=["goal"]).feature("b", vision=["goal"]).feature("c")
        world.insight("i", features=["a", "b", "c"])
        assert filled(world.decide()) == {"goal.progress": 3}

    def test_a_checkbox_and_a_date_can_be_set(self) -> None:
        rules = {
            "tick": {
                "why": "x",
                "set": "features.spec_ready",
                "to": True,
                "when": {"status": "ready"},
            },
            "day": {
                "why": "x",
                "set": "features.start",
                "to": "today",
                "when": {"status": "ready"},
            },
        }
        world = World(with_rules(rules)).feature("f", "ready", spec_ready=False)
        world.baseline["f"] = {"spec_ready": BaseValue(False)}  # type: ignore[index]
        assert changes(world.decide()) == {"f.spec_ready": True, "f.start": TODAY.isoformat()}


class TestPaths:
    def test_path_follows_both_sides_and_backwards(self) -> None:
        vocabulary = TemplateSchema(product())
        assert parse_relations(vocabulary, "vision", "features.insights").end == "insights"
        assert parse_relations(vocabulary, "features", "inverse(parent).vision").end == "vision"
        assert (
            parse_property(vocabulary, "features", "inverse(features.parent).effort").key
            == "effort"
        )
        assert (
            parse_relations(vocabulary, "features", "inverse(features.parent)").hops[0].holder
            == "features"
        )

    @pytest.mark.parametrize("text", ["", "inverse(vision)", "vision.", "nowhere"])
    def test_wrong_path_is_refused(self, text: str) -> None:
        with pytest.raises(BadPath):
            parse_property(TemplateSchema(product()), "features", text)

    def test_path_without_relations_is_refused(self) -> None:
        with pytest.raises(BadPath, match="missing"):
            parse_relations(TemplateSchema(product()), "features", "")


def test_a_tree_is_a_page_with_everything_below_it() -> None:
    template = with_rules(
        {
            "all": {
                "why": "w",
                "set": "features.evidence_count",
                "value": {"count": "tree(parent).insights"},
            }
        }
    )
    world = (
        World(template)
        .feature("top", parent=[])
        .feature("middle", parent=["top"])
        .feature("low", parent=["middle"])
    )
    world.insight("a", features=["low"]).insight("b", features=["low", "top"])
    world.sync()
    assert [world.get(each, "evidence_count") for each in ("top", "middle", "low")] == [2, 2, 2]
    world.set("top", parent=RelatedPages((NotionId("low"),)))  # a circle ends
    assert {key: each for key, each in changes(world.sync()).items() if each != 2} == {}


@pytest.mark.parametrize(
    ("day", "named"),
    [
        ("today", "2026-11-22"),
        ("14 days ago", "2026-11-08"),
        ("in 1 day", "2026-11-23"),
        ("2026-01-31", "2026-01-31"),
    ],
)
def test_day_of_a_condition(day: str, named: str) -> None:
    assert day_of(day, date(2026, 11, 22)) == named


def test_text_that_is_not_a_day_is_refused() -> None:
    with pytest.raises(ValueError, match="`soon` is not a day"):
        Condition.model_validate({"before": "soon"})

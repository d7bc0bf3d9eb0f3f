"""What is told about wrong rules when a template is read: where, and in words for a person."""

from __future__ import annotations

from typing import Any

import pytest

from notion_pm import rules
from tests.support.rules_world import product, with_rules


def problems(**rule: Any) -> list[tuple[tuple[str | int, ...], str]]:
    return rules.check(with_rules({"r": {"why": "x", **rule}}))


def test_rules_of_shipped_templates_have_no_problems() -> None:
    assert rules.check(product()) == []


@pytest.mark.parametrize(
    ("rule", "place", "message"),
    [
        (
            {"set": "insihgts.status", "to": "new"},
            ("set",),
            "There is no database 'insihgts'. Did you mean `insights`?",
        ),
        (
            {"set": "insights.stat", "to": "new"},
            ("set",),
            "insights has no property 'stat'. Did you mean `status`?",
        ),
        ({"set": "insights", "to": "new"}, ("set",), "insights has no property ''"),
        (
            {"set": "insights.status", "to": "lnked"},
            ("to",),
            "has no option 'lnked'. Did you mean `linked`?",
        ),
        ({"set": "features.rice", "to": "new"}, ("to",), "of type number"),
        ({"set": "features.shipped_on", "to": "tomorrow"}, ("to",), "can only be today"),
        ({"set": "features.spec_ready", "to": "yes"}, ("to",), "can only be true or false"),
        (
            {"set": "features.rice_live", "value": {"count": "insights"}},
            ("set",),
            "computed by Notion",
        ),
        (
            {"set": "features.status", "value": {"count": "insights"}},
            ("value",),
            "cannot be written",
        ),
        ({"set": "features.status", "note": "x"}, ("note",), "needs a property of type rich_text"),
        (
            {"set": "features.rice", "value": {"count": "insigths"}},
            ("value", "count"),
            "Did you mean `insights`?",
        ),
        (
            {"set": "features.rice", "value": {"count": "owner"}},
            ("value", "count"),
            "features.owner is not a relation",
        ),
        (
            {"set": "features.rice", "value": {"sum": "insights.quote"}},
            ("value", "sum"),
            "needs numbers",
        ),
        (
            {"set": "features.rice", "value": {"sum": "insights"}},
            ("value", "sum"),
            "relation.property",
        ),
        (
            {"set": "features.rice", "value": {"formula": "reach * x"}},
            ("value", "formula"),
            "no property 'x'",
        ),
        (
            {"set": "features.rice", "value": {"formula": "reach ** 2"}},
            ("value", "formula"),
            "not arithmetic",
        ),
        (
            {"set": "features.rice", "value": {"formula": "reach *"}},
            ("value", "formula"),
            "not arithmetic",
        ),
        (
            {"set": "features.rice", "value": {"formula": "len(reach)"}},
            ("value", "formula"),
            "not arithmetic",
        ),
        (
            {"set": "features.rice", "value": {"formula": "True"}},
            ("value", "formula"),
            "not a number",
        ),
        (
            {"set": "features.rice", "value": {"formula": "owner"}},
            ("value", "formula"),
            "not a number",
        ),
        (
            {"set": "features.rice", "value": {"sum": "insights.arr", "once_per": "costumer"}},
            ("value", "once_per"),
            "Did you mean `customer`?",
        ),
        (
            {"set": "features.status", "to": "spec", "keep": ["droped"]},
            ("keep",),
            "no option 'droped'. Did you mean `dropped`?",
        ),
        (
            {"set": "features.rice", "value": {"count": "insights"}, "forward_only": True},
            ("forward_only",),
            "order",
        ),
        (
            {"set": "features.priority", "to": "p0", "when": {"stat": "spec"}},
            ("when", "stat"),
            "no property 'stat'",
        ),
        (
            {"set": "features.priority", "to": "p0", "when": {"status": "specc"}},
            ("when", "status"),
            "no option 'specc'",
        ),
        (
            {"set": "features.priority", "to": "p0", "when": {"status": {"category": "doin"}}},
            ("when", "status"),
            "'doin' is not a category. Did you mean `doing`?",
        ),
        (
            {"set": "features.status", "to": "spec", "when": {"priority": {"category": "doing"}}},
            ("when", "priority"),
            "Only a status has categories",
        ),
        (
            {"set": "features.priority", "to": "p0", "when": {"rice_live": 1}},
            ("when", "rice_live"),
            "cannot read",
        ),
        (
            {"set": "features.priority", "to": "p0", "when": {"insights": "x"}},
            ("when", "insights"),
            "is a relation",
        ),
        (
            {"set": "features.priority", "to": "p0", "when": {"problem": {"at_least": 1}}},
            ("when", "problem"),
            "compared with a number",
        ),
        (
            {"set": "features.priority", "to": "p0", "when": {"problem": {"before": "today"}}},
            ("when", "problem"),
            "compared with a date",
        ),
        (
            {"set": "features.priority", "to": "p0", "when": {"target": {"contains": "x"}}},
            ("when", "target"),
            "`contains` needs a text",
        ),
        (
            {"set": "features.priority", "to": "p0", "if": {"any": {"over": "insights.quote"}}},
            ("if", "any", "over"),
            "insights.quote is not a relation",
        ),
        (
            {"set": "features.priority", "to": "p0", "if": {"any": {"over": "inverse(status)"}}},
            ("if", "any", "over"),
            "features.status is not a relation to features",
        ),
        (
            {"set": "features.priority", "to": "p0", "if": {"any": {"over": "inverse(x.y)"}}},
            ("if", "any", "over"),
            "There is no database 'x'",
        ),
        (
            {
                "set": "features.priority",
                "to": "p0",
                "if": {"any": {"over": "insights", "where": {"status": {"entered": "shipped"}}}},
            },
            ("if", "any", "where", "status"),
            "belongs into `when`",
        ),
    ],
)
def test_mistake_is_reported_at_its_place_in_the_template(
    rule: dict[str, Any], place: tuple[str, ...], message: str
) -> None:
    found = problems(**rule)
    assert [each for each, _ in found] == [("sync", "r", *place)]
    assert message in found[0][1]


def test_path_along_a_relation_to_an_unknown_database_is_reported() -> None:
    features = product().databases["features"]
    vision = features.properties["vision"].model_copy(update={"to": "visoin", "two_way": None})
    broken = features.model_copy(update={"properties": {**features.properties, "vision": vision}})
    template = with_rules({"r": {"why": "x", "set": "features.rice", "value": {"count": "vision"}}})
    template = template.model_copy(update={"databases": {**template.databases, "features": broken}})
    ((place, message),) = rules.check(template)
    assert place == ("sync", "r", "value", "count")
    assert "is a relation to 'visoin', which is not a database" in message


def test_note_and_other_rule_on_one_property_are_reported() -> None:
    found = rules.check(
        with_rules(
            {
                "a": {"why": "x", "set": "features.sync_note", "note": "x"},
                "b": {"why": "x", "set": "features.sync_note", "value": {"count": "insights"}},
            }
        )
    )
    assert {place for place, _ in found} == {("sync", "a", "note"), ("sync", "b", "value")}


THERE = {"why": "x", "set": "features.priority", "to": "p0", "when": {"priority": "p1"}}
BACK = {"why": "x", "set": "features.priority", "to": "p1", "when": {"priority": "p0"}}


class TestCycles:
    def test_cycle_of_options_is_reported(self) -> None:
        ((place, message),) = rules.check(with_rules({"there": THERE, "back": BACK}))
        assert place == ("sync", "there")
        assert "p0 -> p1 -> p0" in message

    def test_chain_of_options_without_cycle_is_accepted(self) -> None:
        on = {**BACK, "to": "p2"}
        assert rules.check(with_rules({"there": THERE, "on": on})) == []

    def test_cycle_between_two_databases_is_reported(self) -> None:
        found = rules.check(
            with_rules(
                {
                    "up": {
                        "why": "x",
                        "set": "vision.health",
                        "to": "at_risk",
                        "if": {"any": {"over": "features", "where": {"priority": "p0"}}},
                    },
                    "down": {
                        "why": "x",
                        "set": "features.priority",
                        "to": "p1",
                        "if": {"any": {"over": "vision", "where": {"health": "at_risk"}}},
                    },
                }
            )
        )
        assert len(found) == 1
        assert "vision.health -> features.priority -> vision.health" in found[0][1]

    def test_forward_only_cycle_is_accepted(self) -> None:
        rule = {"why": "x", "set": "features.status", "to": "in_progress", "forward_only": True}
        over = {
            "if": {"any": {"over": "inverse(parent)", "where": {"status": {"category": "doing"}}}}
        }
        assert rules.check(with_rules({"r": {**rule, **over}})) == []
        assert len(rules.check(with_rules({"r": {**rule, **over, "forward_only": False}}))) == 1

    def test_number_that_depends_on_itself_is_reported(self) -> None:
        feeding = {"why": "x", "set": "features.rice", "value": {"formula": "rice + 1"}}
        ((_, message),) = rules.check(with_rules({"r": feeding}))
        assert "features.rice -> features.rice" in message

"""Which pairs of rules could set one property of a page to different values."""

from __future__ import annotations

from typing import Any

import pytest

from notion_pm.rules import check
from notion_pm.template import template_files, templates
from tests.support.rules_world import with_rules


def has_disagreement(one: dict[str, Any], other: dict[str, Any]) -> bool:
    rules = {"one": {"why": "w", "set": "insights.status", **one}, "other": {"why": "w", **other}}
    rules["other"].setdefault("set", rules["one"]["set"])
    return any("different values" in message for _, message in check(with_rules(rules)))


DROPPED = {"all": {"over": "features", "where": {"status": "dropped"}}}
LIVE = {"status": {"not": ["parked", "dropped"]}}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"to": "linked"}, {"to": "triaged"}),
        ({"to": "linked", "forward_only": True}, {"to": "triaged"}),
        ({"to": "triaged", "if": DROPPED}, {"to": "closed", "when": {"told_on": {"empty": False}}}),
        (
            {"to": "linked", "when": {"kind": "praise"}},
            {"to": "triaged", "when": {"importance": "critical"}},
        ),
        ({"set": "features.rice", "value": {"formula": "reach"}}, {"value": {"formula": "impact"}}),
        (
            {
                "set": "features.rice",
                "value": {"formula": "reach"},
                "when": {"effort": {"at_least": 1}},
            },
            {"value": {"formula": "impact"}, "when": {"effort": {"at_most": 1}}},
        ),
        # some features are shipped and others dropped: both hold
        (
            {"to": "triaged", "if": {"any": DROPPED["all"]}},
            {"to": "linked", "if": {"any": {"over": "features"}}},
        ),
        # parked features are not looked at, so all that are may be shipped while one is parked
        (
            {
                "to": "linked",
                "if": {"all": {"over": "features", "of": LIVE, "where": {"status": "shipped"}}},
            },
            {"to": "triaged", "if": {"any": {"over": "features", "where": {"status": "parked"}}}},
        ),
    ],
)
def test_rules_that_could_disagree_are_reported(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert has_disagreement(one, other)
    assert has_disagreement({**other, "set": one.get("set", "insights.status")}, one)
    assert not has_disagreement(one, {**other, "priority": 1})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"to": "linked"}, {"to": "linked"}),
        ({"to": "linked", "forward_only": True}, {"to": "planned", "forward_only": True}),
        (
            {"to": "linked", "when": {"kind": "praise"}},
            {"to": "triaged", "when": {"kind": {"not": "praise"}}},
        ),
        (
            {"to": "linked", "when": {"told_on": {"empty": True}}},
            {"to": "closed", "when": {"told_on": {"empty": False}}},
        ),
        (
            {"to": "triaged", "if": DROPPED},
            {"to": "linked", "if": {"any": {"over": "features", "where": LIVE}}},
        ),
        (
            {"to": "triaged", "if": DROPPED},
            {"to": "shipped", "if": {"all": {"over": "features", "of": LIVE}}},
        ),
        (
            {
                "to": "linked",
                "if": {"any": {"over": "features", "where": {"owner": {"empty": True}}}},
            },
            {
                "to": "triaged",
                "if": {"none": {"over": "features", "where": {"owner": {"empty": True}}}},
            },
        ),
        # one acts on new pages alone, the other leaves these alone
        (
            {"to": "triaged", "forward_only": True, "keep": ["triaged"]},
            {"to": "closed", "keep": ["new"]},
        ),
        (
            {
                "set": "features.rice",
                "value": {"formula": "reach"},
                "when": {"effort": {"at_least": 1}},
            },
            {"value": {"formula": "impact"}, "when": {"effort": {"less_than": 1}}},
        ),
    ],
)
def test_rules_that_cannot_disagree_are_accepted(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    other = {"when": {}, **other}
    assert not has_disagreement(one, other)


@pytest.mark.parametrize("name", template_files.shipped_templates())
def test_no_rules_of_a_shipped_template_disagree(name: str) -> None:
    assert check(templates.load(name).template) == []


def test_disagreeing_pair_of_an_earlier_template_is_reported() -> None:
    template = templates.load("discovery").template
    equal = template.sync["I4-drop"].model_copy(update={"priority": 0})
    changed = template.model_copy(update={"sync": {**template.sync, "I4-drop": equal}})
    assert any(
        "I4-drop" in message and "I1-opportunity" in message for _, message in check(changed)
    )

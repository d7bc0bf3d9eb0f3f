"""What stops a run that would change too much, and what does not count."""

from __future__ import annotations

import pytest

from notion_pm.errors import UnsafeChange
from notion_pm.model.snapshot import BaseValue
from notion_pm.model.template_schema import TemplateSchema
from notion_pm.rules import change_limit_violation
from tests.support.rules_world import World, only


def judge(world: World) -> None:
    if danger := change_limit_violation(
        TemplateSchema(world.template), world.decide(), world.snapshot
    ):
        raise danger


def planned(total: int, moved: int, *, remembered: BaseValue | None) -> World:
    world = World(only("I2-plan")).feature("wings", "in_progress")
    for place in range(total):
        world.insight(f"i{place}", "triaged", features=["wings"] if place < moved else [])
        if remembered:
            world.baseline[f"i{place}"] = {"status": remembered}  # type: ignore[index]
    return world


@pytest.mark.parametrize(
    ("total", "moved", "stops"), [(10, 3, False), (10, 4, True), (9, 9, False), (100, 31, True)]
)
def test_run_stops_above_thirty_percent_of_ten_pages_or_more(
    total: int, moved: int, stops: bool
) -> None:
    world = planned(total, moved, remembered=BaseValue("triaged"))
    if not stops:
        judge(world)
        return
    with pytest.raises(
        UnsafeChange, match=f"{moved} of {total} pages of insights would be changed"
    ) as raised:
        judge(world)
    assert raised.value.exit_code == 3
    assert "--force" in raised.value.advice


@pytest.mark.parametrize(("most", "stops"), [(2, True), (3, False), (None, False)])
def test_max_changes_of_a_rule_stops_the_run(most: int | None, stops: bool) -> None:
    world = planned(
        9, 3, remembered=None
    )  # few pages, and nobody's work in them: no other limit holds
    rule = world.template.sync["I2-plan"].model_copy(update={"max_changes": most})
    world.template = world.template.model_copy(update={"sync": {"I2-plan": rule}})
    if not stops:
        judge(world)
        return
    with pytest.raises(UnsafeChange, match=r"I2-plan would change 3 pages \(more than its 2\)"):
        judge(world)


def test_untouched_starter_values_do_not_count() -> None:
    world = planned(20, 20, remembered=BaseValue("triaged", starter=True))
    judge(world)


def test_a_starter_value_that_a_person_changed_counts() -> None:
    world = planned(20, 20, remembered=BaseValue("new", starter=True))
    with pytest.raises(UnsafeChange):
        judge(world)


def test_starter_values_count_after_the_first_sync() -> None:
    world = planned(20, 20, remembered=BaseValue("triaged", starter=True))
    world.sync()
    world.set("wings", status="shipped")
    world.template = only("I3-ship")
    with pytest.raises(UnsafeChange):
        judge(world)


def test_filling_an_empty_property_does_not_count() -> None:
    world = World(only("F1-evidence"))
    for place in range(20):
        world.feature(f"f{place}")
    judge(world)


def test_a_status_that_is_still_the_default_does_not_count() -> None:
    world = World(only("I2-plan")).feature("wings", "in_progress")
    for place in range(20):
        world.insight(f"i{place}", "new", features=["wings"])
    judge(world)

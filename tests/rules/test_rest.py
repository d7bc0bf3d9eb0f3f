"""Rules come to rest, whatever the pages hold: evaluating after its own updates yields none."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from notion_pm.model.rule import OnConflict
from notion_pm.model.snapshot import BaseValue, RelatedPages, RuleValue, UnknownOption
from notion_pm.model.template_schema import TERMINAL_CATEGORIES
from tests.support.rules_world import World, changes, product

POLICIES: tuple[OnConflict | None, ...] = (None, "keep", "rule", "newest")
FOREIGN = UnknownOption("foreign", "On ice")


def options(database: str, key: str) -> st.SearchStrategy[RuleValue]:
    spec = product().databases[database].properties[key]
    keys = [each.key for each in spec.options]  # type: ignore[union-attr]
    return (
        st.sampled_from(keys) | st.just(FOREIGN)
        if key == "status"
        else st.none() | st.sampled_from(keys)
    )


numbers = st.none() | st.sampled_from([0, 0.5, 1, 3, 8])
dates = st.none() | st.sampled_from(["2026-01-01", "2026-06-30"])
texts = st.sampled_from(["", "Acme", "acme ", "Beta"])
FEATURE: dict[str, st.SearchStrategy[Any]] = {
    "status": options("features", "status"),
    "reach": numbers,
    "impact": numbers,
    "confidence": numbers,
    "effort": numbers,
    "rice": numbers,
    "evidence_count": numbers,
    "spec_ready": st.booleans(),
    "sync_lock": st.sampled_from([False, False, False, True]),
    "owner": st.sampled_from([(), ("ann",)]),
    "target": dates,
    "shipped_on": dates,
    "sync_note": texts,
}
INSIGHT: dict[str, st.SearchStrategy[Any]] = {
    "status": options("insights", "status"),
    "loop": options("insights", "loop"),
    "importance": options("insights", "importance"),
    "customer": texts,
    "arr": numbers,
    "told_on": dates,
    "observed_on": dates,
}
NAMES = {
    "features": ["f0", "f1", "f2", "f3"],
    "insights": ["i0", "i1", "i2", "i3"],
    "vision": ["v0"],
}
VALUES = {
    "features": FEATURE,
    "insights": INSIGHT,
    "vision": {"status": options("vision", "status")},
}


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Generate pages with any values and relations; the memory of them may be wrong or missing."""
    world = World()
    for database in ("vision", "insights", "features"):
        for name in NAMES[database]:
            values = {key: draw(strategy) for key, strategy in VALUES[database].items()}
            world.add(database, name, **values, **links(draw, database))
            remembered = draw(st.sets(st.sampled_from(list(VALUES[database]))))
            world.baseline[name] = {  # type: ignore[index]
                key: BaseValue(draw(VALUES[database][key]), draw(VALUES[database][key]))
                for key in remembered
            }
    return world


def links(draw: st.DrawFn, database: str) -> dict[str, list[str]]:
    if database != "features":
        return {}
    some = st.lists(st.sampled_from(NAMES["features"]), unique=True, max_size=2)
    return {
        "insights": draw(st.lists(st.sampled_from(NAMES["insights"]), unique=True)),
        "vision": draw(st.lists(st.sampled_from(NAMES["vision"]), unique=True)),
        "parent": draw(some),
        "depends_on": draw(some),
    }


@settings(deadline=None, max_examples=50)
@given(worlds(), st.sampled_from(POLICIES))
def test_a_second_evaluation_changes_nothing(world: World, policy: OnConflict | None) -> None:
    first = world.sync(policy)
    second = world.sync(policy)
    assert changes(second) == {}
    assert [(each.page.id, each.property) for each in second.conflicts] == [
        (each.page.id, each.property) for each in first.conflicts
    ]
    assert world.decide(policy).baseline == {}


@settings(deadline=None, max_examples=50)
@given(worlds(), st.data())
def test_persons_value_stays_while_rules_want_the_same(world: World, data: st.DataObject) -> None:
    world.sync()
    name = data.draw(st.sampled_from(NAMES["insights"]))
    status = data.draw(options("insights", "status"))
    world.set(name, status=status).sync()
    assert world.get(name, "status") == status


@settings(deadline=None, max_examples=50)
@given(worlds())
def test_finished_pages_stay_finished_and_locked_pages_are_not_written(world: World) -> None:
    vocabulary = world.template
    for update in world.decide("rule").updates:
        assert update.page.values.get("sync_lock") is not True
        for change in update.changes:
            if change.property == "status" and isinstance(change.before, str):
                spec = vocabulary.databases[update.page.database].properties["status"]
                meaning = {each.key: each.meaning for each in spec.options}  # type: ignore[union-attr]
                assert (
                    meaning[change.before] not in TERMINAL_CATEGORIES
                    or meaning[str(change.after)] == meaning[change.before]
                )


@given(worlds())
@settings(deadline=None, max_examples=50)
def test_unreadable_page_turns_no_number_to_zero(world: World) -> None:
    before = {name: world.get(name, "evidence_count") for name in NAMES["features"]}
    for name in NAMES["features"]:
        world.set(name, insights=RelatedPages((), complete=False))
    assert not any(key.endswith(".evidence_count") for key in changes(world.sync()))
    assert before == {name: world.get(name, "evidence_count") for name in NAMES["features"]}

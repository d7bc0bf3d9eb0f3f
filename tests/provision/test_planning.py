"""Plans: what differs, in which order it is applied, and when a run is stopped."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notion_pm.errors import UnsafeChange
from notion_pm.model.existing import Existing
from notion_pm.model.ids import NotionId
from notion_pm.model.schema import NumberConfig, Option, OptionsConfig, Property
from notion_pm.model.template import LoadedTemplate
from notion_pm.provision.plan.change import Change
from notion_pm.provision.plan.diff.databases import diff
from notion_pm.provision.plan.operation import OperationKind
from notion_pm.provision.plan.order.order import operations
from notion_pm.provision.plan.plan import make_plan
from tests.support.template_worlds import applied, load, property_id, templates

_NAME = {"type": "title", "title": "Name"}
_STATUS = {
    "type": "status",
    "title": "Status",
    "options": [
        {"key": "open", "name": "Open"},
        {"key": "done", "name": "Done", "group": "complete"},
    ],
}


def _features(**properties: Any) -> dict[str, Any]:
    return {
        "databases": {
            "features": {"title": "Features", "properties": {"name": _NAME, **properties}}
        }
    }


def _changes(desired: LoadedTemplate, existing: Existing) -> dict[str, Change]:
    changes, _ = diff(desired, existing, with_rows=True)
    return {each.address: each for each in changes}


def _notes(desired: LoadedTemplate, existing: Existing) -> dict[str, str]:
    _, notes = diff(desired, existing, with_rows=True)
    return {each.address: each.message for each in notes}


def _with_property(existing: Existing, database: str, key: str, **changed: Any) -> Existing:
    """Return what exists after somebody edited a property in Notion."""
    found = existing.databases[database]
    edited = replace(found.data_source.properties[property_id(database, key)], **changed)
    source = replace(
        found.data_source, properties={**found.data_source.properties, edited.id: edited}
    )
    return replace(
        existing, databases={**existing.databases, database: replace(found, data_source=source)}
    )


@given(templates())
def test_an_applied_template_needs_no_change(loaded: LoadedTemplate) -> None:
    assert diff(loaded, applied(loaded), with_rows=True) == ((), ())


@given(templates(), st.randoms())
def test_the_order_in_which_things_were_read_does_not_matter(
    loaded: LoadedTemplate, random: Any
) -> None:
    existing = applied(loaded)
    keys = list(existing.databases)
    random.shuffle(keys)
    shuffled = replace(existing, databases={key: existing.databases[key] for key in keys})
    richer = load({"databases": {"new": {"title": "New", "properties": {"name": _NAME}}}})
    for desired in (loaded, richer):
        one, other = make_plan(desired, existing), make_plan(desired, shuffled)
        assert one.as_data() == other.as_data()
        assert one.operations == other.operations


@given(templates())
def test_operations_come_after_what_they_need(loaded: LoadedTemplate) -> None:
    changes, _ = diff(loaded, Existing(), with_rows=True)
    done: set[str] = set()
    for operation in operations(loaded, Existing(), changes):
        assert operation.needs <= done
        assert operation.name not in done
        done.add(operation.name)


@given(templates())
def test_every_new_thing_is_made_by_exactly_one_operation(loaded: LoadedTemplate) -> None:
    plan = make_plan(loaded, Existing())
    verbs = [each.kind for each in plan.operations]
    template = loaded.template
    assert verbs.count(OperationKind.CREATE_DATABASE) == len(template.databases)
    assert verbs.count(OperationKind.CREATE_ROW) == sum(len(rows) for rows in loaded.rows.values())
    views = sum(len(each.views) for each in template.databases.values())
    assert verbs.count(OperationKind.CREATE_VIEW) + verbs.count(OperationKind.ADOPT_VIEW) == views


def test_a_property_that_the_client_renamed_is_respected_and_noted() -> None:
    desired = load(_features(status=_STATUS))
    existing = _with_property(applied(desired), "features", "status", name="Zustand")
    assert _changes(desired, existing) == {}
    assert _notes(desired, existing) == {
        "features.status": "is called 'Zustand' in Notion (template: 'Status'); respected"
    }


def test_the_templates_new_title_is_written_unless_the_client_has_chosen_another() -> None:
    before, after = (
        load(_features(status=_STATUS)),
        load(_features(status={**_STATUS, "title": "State"})),
    )
    assert _changes(after, applied(before))["features.status"].facets == {"title"}
    renamed = _with_property(applied(before), "features", "status", name="Zustand")
    assert _changes(after, renamed) == {}


def test_a_property_with_a_new_key_is_found_by_its_old_key() -> None:
    before = load(_features(size={"type": "number", "title": "Size"}))
    after = load(_features(effort={"type": "number", "title": "Effort", "was": "size"}))
    change = _changes(after, applied(before))["features.effort"]
    assert change.action == "update"
    assert change.facets == {"key", "title"}
    assert list(_changes(after, applied(before))) == ["features.effort"]


def test_a_missing_option_is_added_and_those_of_people_are_kept() -> None:
    before = load(_features(status=_STATUS))
    more = {**_STATUS, "options": [*_STATUS["options"], {"key": "beta", "name": "Beta"}]}
    changes = _changes(load(_features(status=more)), applied(before))
    assert {(address, each.action) for address, each in changes.items()} == {
        ("features.status.beta", "create")
    }


def test_an_option_that_people_added_under_the_same_name_is_taken_over() -> None:
    before = load(_features(status=_STATUS))
    existing = applied(before)
    config = existing.databases["features"].data_source.properties["features.status"].config
    assert isinstance(config, OptionsConfig)
    theirs = OptionsConfig((*config.options, Option("beta", "theirs")))
    existing = _with_property(existing, "features", "status", config=theirs)
    more = {**_STATUS, "options": [*_STATUS["options"], {"key": "beta", "name": "Beta"}]}
    plan = make_plan(load(_features(status=more)), existing)
    assert [(each.address, each.action) for each in plan.changes] == [
        ("features.status.beta", "update")
    ]
    assert OperationKind.APPLY_PROPERTIES not in {each.kind for each in plan.operations}


def test_a_property_that_people_deleted_is_created_again_and_empty() -> None:
    desired = load(_features(status=_STATUS))
    existing = applied(desired)
    found = existing.databases["features"]
    left = {
        key: each for key, each in found.data_source.properties.items() if key != "features.status"
    }
    source = replace(found.data_source, properties=left)
    existing = replace(existing, databases={"features": replace(found, data_source=source)})
    change = _changes(desired, existing)["features.status"]
    assert (change.action, change.change_class) == ("create", "safe")
    assert "its values are gone" in change.reason


def test_a_property_of_people_with_the_same_title_blocks() -> None:
    before, after = load(_features()), load(_features(status=_STATUS))
    existing = applied(before)
    found = existing.databases["features"]
    theirs = Property("theirs", "Status", "select", OptionsConfig())
    source = replace(
        found.data_source, properties={**found.data_source.properties, "theirs": theirs}
    )
    existing = replace(existing, databases={"features": replace(found, data_source=source)})
    plan = make_plan(after, existing)
    assert [each.change_class for each in plan.changes] == ["blocked"]
    with pytest.raises(UnsafeChange, match="has this title"):
        plan.raise_if_unsafe(force=True, allow_lossy=True)


def test_things_of_people_are_never_mentioned() -> None:
    desired = load(_features(status=_STATUS))
    existing = applied(desired)
    found = existing.databases["features"]
    theirs = Property("theirs", "Their own", "number", NumberConfig())
    source = replace(
        found.data_source, properties={**found.data_source.properties, "theirs": theirs}
    )
    views = (*found.view_ids, NotionId("their-view"))
    existing = replace(
        existing, databases={"features": replace(found, data_source=source, view_ids=views)}
    )
    assert diff(desired, existing, with_rows=True) == ((), ())


def test_what_the_template_no_longer_has_is_noted_and_kept() -> None:
    before, after = (
        load(_features(status=_STATUS, size={"type": "number", "title": "Size"})),
        load(_features()),
    )
    assert _changes(after, applied(before)) == {}
    assert _notes(after, applied(before)) == {
        "features.size": "is no longer in the template; left as it is",
        "features.status": "is no longer in the template; left as it is",
    }


def test_another_type_may_lose_values_and_needs_consent() -> None:
    before = load(_features(size={"type": "rich_text", "title": "Size"}))
    plan = make_plan(load(_features(size={"type": "number", "title": "Size"})), applied(before))
    assert [each.change_class for each in plan.changes] == ["lossy"]
    with pytest.raises(UnsafeChange, match="may lose values") as refused:
        plan.raise_if_unsafe()
    assert "--allow-lossy" in refused.value.advice
    plan.raise_if_unsafe(allow_lossy=True)


def test_many_changes_at_once_are_stopped_with_the_figures() -> None:
    numbers = {f"n{place}": {"type": "number", "title": f"N {place}"} for place in range(9)}
    percents = {key: {**each, "format": "percent"} for key, each in numbers.items()}
    plan = make_plan(load(_features(**percents)), applied(load(_features(**numbers))))
    with pytest.raises(
        UnsafeChange, match=r"9 of 10 properties of features would be changed \(90% > 30%\)"
    ):
        plan.raise_if_unsafe()
    plan.raise_if_unsafe(force=True)


def test_few_properties_have_no_limit() -> None:
    before = load(_features(n={"type": "number", "title": "N"}))
    plan = make_plan(
        load(_features(n={"type": "number", "title": "N", "format": "euro"})), applied(before)
    )
    plan.raise_if_unsafe()
    assert [each.details for each in plan.changes] == [("format",)]


def test_a_database_in_the_trash_blocks_the_plan() -> None:
    desired = load(_features(status=_STATUS))
    existing = replace(applied(desired), databases={}, lost=frozenset({"features"}))
    plan = make_plan(desired, existing)
    assert [(each.address, each.change_class) for each in plan.changes] == [("features", "blocked")]


def test_a_view_that_people_deleted_stays_deleted() -> None:
    data = _features()
    data["databases"]["features"]["views"] = {"all": {"title": "All", "type": "table"}}
    desired = load(data)
    existing = applied(desired)
    found = existing.databases["features"]
    existing = replace(existing, databases={"features": replace(found, view_ids=())})
    assert _changes(desired, existing) == {}
    assert "not created again" in _notes(desired, existing)["features.views.all"]


def _after(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Change]:
    """Return the changes that lead from one template to the next."""
    return _changes(load(_features(**after)), applied(load(_features(**before))))


_SELF = {"type": "relation", "title": "Link", "to": "features"}


@pytest.mark.parametrize(
    ("before", "after", "facets"),
    [
        (
            {"type": "unique_id", "title": "P"},
            {"type": "unique_id", "title": "P", "prefix": "F"},
            {"prefix"},
        ),
        (
            {"type": "url", "title": "P"},
            {"type": "url", "title": "P", "description": "New"},
            {"description"},
        ),
        (
            {"type": "formula", "title": "P", "expression": "1"},
            {"type": "formula", "title": "P", "expression": "2"},
            {"formula"},
        ),
    ],
)
def test_settings_follow_the_template(
    before: dict[str, Any], after: dict[str, Any], facets: set[str]
) -> None:
    change = _after({"p": before}, {"p": after})["features.p"]
    assert (change.action, change.change_class) == ("update", "safe")
    assert change.facets == facets


def test_a_rollup_follows_the_template() -> None:
    rollup = {
        "type": "rollup",
        "title": "R",
        "relation": "link",
        "property": "name",
        "function": "count",
    }
    changes = _after(
        {"link": _SELF, "r": rollup}, {"link": _SELF, "r": {**rollup, "function": "unique"}}
    )
    assert {address: each.facets for address, each in changes.items()} == {"features.r": {"rollup"}}


def test_what_notion_does_not_convert_is_blocked() -> None:
    changes = _after(
        {"p": {"type": "files", "title": "Status"}}, {"p": {"type": "number", "title": "Status"}}
    )
    assert changes["features.p"].change_class == "blocked"
    assert "Give the template's property a new key" in changes["features.p"].details[-1]


def test_a_relation_with_another_target_may_lose_its_links() -> None:
    other = {"databases": {"other": {"title": "Other", "properties": {"name": _NAME}}}}
    before = _features(link=_SELF)
    before["databases"].update(other["databases"])
    after = _features(link={**_SELF, "to": "other"})
    after["databases"].update(other["databases"])
    change = _changes(load(after), applied(load(before)))["features.link"]
    assert change.change_class == "lossy"
    assert change.facets == {"target"}


def test_more_options_than_notion_takes_at_once_are_blocked() -> None:
    many = [{"key": f"o{place}", "name": f"O {place}"} for place in range(100)]
    tags = {"type": "multi_select", "title": "Tags", "options": many[:99]}
    existing = applied(load(_features(tags=tags)))
    config = existing.databases["features"].data_source.properties["features.tags"].config
    assert isinstance(config, OptionsConfig)
    existing = _with_property(
        existing,
        "features",
        "tags",
        config=OptionsConfig((*config.options, Option("Theirs", "theirs"))),
    )
    change = _changes(load(_features(tags={**tags, "options": many})), existing)[
        "features.tags.o99"
    ]
    assert change.change_class == "blocked"


def test_options_that_people_renamed_regrouped_or_deleted() -> None:
    desired = load(_features(status=_STATUS))
    options = (Option("Finished", "features.status.done", group="In progress"),)
    existing = _with_property(applied(desired), "features", "status", config=OptionsConfig(options))
    assert (
        _changes(desired, existing)["features.status.open"].reason
        == "was deleted in Notion: created again"
    )
    _, notes = diff(desired, existing, with_rows=True)
    assert [each.message for each in notes] == [
        "is called 'Finished' in Notion (template: 'Done'); respected",
        "is in the group 'In progress' in Notion (template: 'Complete'); rules do not read groups; "
        "to move it: column header > Edit property > drag the option",
    ]


def test_an_option_of_another_colour_is_noted_and_respected() -> None:
    blue = {**_STATUS, "options": [{"key": "open", "name": "Open", "color": "blue"}]}
    options = (Option("Open", "features.status.open", color="red", group="To-do"),)
    desired = load(_features(status=blue))
    existing = _with_property(applied(desired), "features", "status", config=OptionsConfig(options))
    assert _changes(desired, existing) == {}
    assert _notes(desired, existing) == {
        "features.status.open": "is red in Notion (template: blue); respected"
    }


def test_an_option_removed_from_the_template_is_kept() -> None:
    fewer = {**_STATUS, "options": _STATUS["options"][:1]}
    assert _notes(load(_features(status=fewer)), applied(load(_features(status=_STATUS)))) == {
        "features.status.done": "is no longer in the template; left as it is"
    }


def test_a_database_removed_from_the_template_is_kept() -> None:
    before = _features()
    before["databases"]["notes"] = {"title": "Notes", "properties": {"name": _NAME}}
    assert _notes(load(_features()), applied(load(before))) == {
        "notes": "is no longer in the template; left as it is"
    }


def test_title_and_look_of_a_database() -> None:
    data = _features()
    data["databases"]["features"].update(title="Specs", icon="🧩")
    desired, existing = load(data), applied(load(_features()))
    assert _changes(desired, existing)["features"].facets == {"title", "look"}
    found = existing.databases["features"]
    renamed = replace(existing, databases={"features": replace(found, title="Funktionen")})
    assert _changes(desired, renamed)["features"].facets == {"look"}
    assert _notes(desired, renamed)["features"].startswith("is called 'Funktionen' in Notion")


def test_a_removed_view_is_kept_and_a_changed_view_is_set() -> None:
    data = _features()
    views = {"all": {"title": "All", "type": "table"}, "old": {"title": "Old", "type": "list"}}
    data["databases"]["features"]["views"] = views
    existing = applied(load(data))
    data["databases"]["features"]["views"] = {"all": {"title": "Everything", "type": "table"}}
    assert [(each.address, each.action) for each in _changes(load(data), existing).values()] == [
        ("features.views.all", "update")
    ]
    assert list(_notes(load(data), existing)) == ["features.views.old"]


def test_a_new_version_or_other_variables_reach_the_manifest() -> None:
    desired = load(_features())
    existing = applied(desired)
    newer = desired.model_copy(
        update={"template": desired.template.model_copy(update={"version": 2})}
    )
    assert _changes(newer, existing)["manifest"].reason == "version 1 of the template becomes 2"
    filled = desired.model_copy(update={"variables": {"client": "Acme"}})
    assert (
        _changes(filled, existing)["manifest"].reason
        == "the values of the template's variables change"
    )


def test_the_plan_as_data_has_stable_keys() -> None:
    data = make_plan(load(_features(status=_STATUS)), Existing(), reads=1).as_data()
    assert list(data) == [
        "template",
        "version",
        "changes",
        "requests",
        "requests_detail",
        "notes",
        "checksum",
    ]
    assert data["changes"][0] == {
        "address": "features",
        "action": "create",
        "class": "safe",
        "reason": "new in the template",
        "kind": "database",
        "details": ["Features"],
    }
    assert data["requests"] == sum(data["requests_detail"].values())

"""Properties and options of a database that existed before the apply: how each is undone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from notion_pm.model.ids import address
from notion_pm.model.page import Page, holds_value
from notion_pm.model.property_types import READ_ONLY_TYPES
from notion_pm.model.schema import (
    FormulaConfig,
    Option,
    OptionsConfig,
    Property,
    PropertyConfig,
    PropertyPatch,
    RelationConfig,
    RollupConfig,
    options_of,
)
from notion_pm.provision.plan.affected_pages import chosen_option_ids
from notion_pm.provision.plan.change import Action, Change
from notion_pm.provision.undo.steps import (
    CHANGED_BY_APPLY,
    CHANGED_SINCE,
    MADE_BY_APPLY,
    DatabaseHistory,
    RemadeOption,
    SetProperties,
    Step,
    keep,
)
from notion_pm.text import quantity

# The order of the requests to one data source. Names and settings come first, because formulas and
# rollups refer to them. Properties are removed when nothing refers to them any more.
_SETTINGS_LEVEL, _COMPUTED_LEVEL, _REMOVAL_LEVEL = 0, 1, 2

# Removed options are made again after the options that replaced them are gone: both names may
# differ by case only, and Notion refuses two such options in one property.
_REMADE_OPTIONS_LEVEL = _COMPUTED_LEVEL


@dataclass(frozen=True, slots=True)
class FacetComparison:
    """The facets (name, description, ...) that an apply changed.

    `to_restore`: not changed since the apply. `edited`: changed by people since.
    """

    to_restore: frozenset[str]
    edited: frozenset[str]


def compare_facets(
    before: Mapping[str, object], after: Mapping[str, object], now: Mapping[str, object]
) -> FacetComparison:
    """Sort the facets that the apply changed into those to restore and those that people edited.

    A facet that has its old value again is in neither.
    """
    to_restore, edited = set(), set()
    for facet, value_before in before.items():
        if value_before == after[facet] or value_before == now[facet]:
            continue
        if now[facet] == after[facet]:
            to_restore.add(facet)
        else:
            edited.add(facet)
    return FacetComparison(frozenset(to_restore), frozenset(edited))


@dataclass(frozen=True, slots=True)
class _PropertyHistory:
    """A property before the apply, after it, and now."""

    key: str
    before: Property
    after: Property
    now: Property


def property_steps(history: DatabaseHistory) -> Iterator[Step]:
    """Undo what the apply made, changed or removed among the properties of a database."""
    assert history.before is not None, "the database existed before the apply"
    source = history.now.source
    properties_before = history.journal.properties_before(source.id)
    properties_after = history.journal.properties_after(source.id)

    ids_before = set(history.before.properties.values())
    for key, property_id in history.after.properties.items():
        now = source.properties.get(property_id)
        if now is None:
            continue  # people have removed it
        if property_id not in ids_before:
            yield _made_property_step(history, key, properties_after.get(property_id), now)
        elif property_id in properties_before:
            before = properties_before[property_id]
            after = properties_after.get(property_id, now)
            yield from _changed_property_steps(history, _PropertyHistory(key, before, after, now))

    for key, property_id in history.before.properties.items():
        if property_id in properties_before and property_id not in source.properties:
            reason = "was removed with its values; Notion cannot restore them"
            name = properties_before[property_id].name
            yield keep(_change(history, key, "create", reason, name))


def _made_property_step(
    history: DatabaseHistory, key: str, after: Property | None, now: Property
) -> Step:
    """Remove a property that the apply made, unless people changed it or filled it in."""
    if after is not None and _content(after) != _content(now):
        return keep(_change(history, key, "delete", CHANGED_SINCE, now.name))
    filled_in = _count_filled_in(history, now)
    if filled_in:
        return keep(_change(history, key, "delete", _held_by(filled_in), now.name))
    change = _change(history, key, "delete", MADE_BY_APPLY, now.name)
    return Step(change, _set_property(history, now.id, None), _REMOVAL_LEVEL)


def _changed_property_steps(history: DatabaseHistory, prop: _PropertyHistory) -> Iterator[Step]:
    """Undo the changes to a property that existed before the apply: type, options, facets."""
    if prop.before.type != prop.after.type:
        reason = f"the apply made it {prop.after.type}; values that did not fit were lost in Notion"
        detail = f"to change it back, make it {prop.before.type} in Notion"
        yield keep(_change(history, prop.key, "update", reason, detail))
        return
    if prop.now.type != prop.after.type:
        # The name that the apply gave it is kept too, and the record must say so.
        change = _change(history, prop.key, "update", CHANGED_SINCE, "type")
        yield keep(replace(change, facets=frozenset({"name"})))
        return

    added_options = _added_option_steps(history, prop)
    dropped_ids = set()
    for option_id, step in added_options.items():
        yield step
        if step.request is not None:
            dropped_ids.add(option_id)

    yield from _removed_option_steps(
        history, replace(prop, now=_without_options(prop.now, dropped_ids))
    )
    yield from _facet_steps(history, prop, dropped_ids)


def _facet_steps(
    history: DatabaseHistory, prop: _PropertyHistory, dropped_option_ids: AbstractSet[str]
) -> Iterator[Step]:
    """Restore name, description and settings of a property."""
    comparison = compare_facets(_facets(prop.before), _facets(prop.after), _facets(prop.now))
    if comparison.edited:
        change = _change(history, prop.key, "update", CHANGED_SINCE, *sorted(comparison.edited))
        yield keep(replace(change, facets=comparison.edited))

    facets = comparison.to_restore
    if not facets:
        return
    if "config" in facets and isinstance(prop.before.config, RelationConfig):
        # Notion empties a relation when it gets another target.
        reason = "the apply linked it to another database; its old links cannot be restored"
        yield keep(_change(history, prop.key, "update", reason, prop.now.name))
        return

    details = []
    for facet in sorted(facets):
        if facet == "name":
            details.append(f"title: {prop.now.name!r} becomes {prop.before.name!r} again")
        else:
            details.append(facet)
    is_computed = isinstance(prop.before.config, FormulaConfig | RollupConfig)
    level = _COMPUTED_LEVEL if "config" in facets and is_computed else _SETTINGS_LEVEL
    patch = _patch(prop.now, prop.before, facets, dropped_option_ids)
    change = _change(history, prop.key, "update", CHANGED_BY_APPLY, *details)
    yield Step(change, _set_property(history, prop.now.id, patch), level)


# --- options


def _added_option_steps(history: DatabaseHistory, prop: _PropertyHistory) -> dict[str, Step]:
    """Return how each option that the apply added is undone, by option id."""
    ids_before = {option.id for option in options_of(prop.before)}
    added = {option.id: option for option in options_of(prop.after) if option.id not in ids_before}
    reasons_to_keep = {}
    dropped_ids = set()
    options = {option.id: option for option in options_of(prop.now) if option.id in added}
    for option_id, option in options.items():
        reason = _reason_to_keep_option(history, prop.now, added[option_id], option)
        if reason:
            reasons_to_keep[option_id] = reason
        elif option_id:
            dropped_ids.add(option_id)

    # One patch has all options of a property: Notion removes those that it leaves out.
    request = _set_property(
        history, prop.now.id, _patch(prop.now, prop.now, frozenset(), dropped_ids)
    )
    steps = {}
    for option_id, option in options.items():
        option_key = history.after.key_of_option(prop.key, option_id or "") or option.name
        reason = reasons_to_keep.get(option_id, "added by the apply")
        change = replace(
            _option_change(history, prop.key, option_key, "delete", reason, option.name),
            option_id=option_id or "",
        )
        is_kept = option_id in reasons_to_keep
        steps[option_id or ""] = keep(change) if is_kept else Step(change, request, _SETTINGS_LEVEL)
    return steps


def _reason_to_keep_option(
    history: DatabaseHistory, prop: Property, after: Option, now: Option
) -> str:
    """Return why an option that the apply added is kept, an empty text to remove it."""
    if after != now:
        return CHANGED_SINCE
    holders = [
        page for page in _pages_of_people(history) if now.id in chosen_option_ids(page, prop.id)
    ]
    return _held_by(len(holders)) if holders else ""


def _removed_option_steps(history: DatabaseHistory, prop: _PropertyHistory) -> Iterator[Step]:
    """Make the options that the apply removed again.

    `prop.now` is without the options that the undo drops. An option is not made again while the
    option that replaced it is kept: they are the same option for the template.
    """
    assert history.before is not None, "the database existed before the apply"
    ids_after = {option.id for option in options_of(prop.after)}
    ids_now = {option.id for option in options_of(prop.now)}
    to_make: list[tuple[str, Option]] = []
    remade_options: dict[str, RemadeOption] = {}
    for option in options_of(prop.before):
        if option.id in ids_after:
            continue
        option_key = history.before.key_of_option(prop.key, option.id or "")
        place = f"{prop.key}.{option_key}"
        replacement = history.after.options.get(place) if option_key else None
        if replacement is not None and replacement in ids_now:
            reason = "was removed or replaced; Notion cannot restore it"
            yield keep(_change(history, prop.key, "create", reason, option.name))
            continue
        to_make.append((option_key or option.name, option))
        if option_key:
            remade_options[place] = RemadeOption(prop.now.id, option.name)

    if not to_make:
        return
    config = _with_remade_options(prop, [option for _, option in to_make])
    patch = PropertyPatch(None, prop.now.type, config, prop.now.description)
    request = replace(_set_property(history, prop.now.id, patch), remade_options=remade_options)
    reason = "removed by the apply; pages that held it do not get it back"
    for option_key, option in to_make:
        change = _option_change(history, prop.key, option_key, "create", reason, option.name)
        yield Step(change, request, _REMADE_OPTIONS_LEVEL)


def _with_remade_options(prop: _PropertyHistory, to_make: Sequence[Option]) -> OptionsConfig:
    """Return the options of now and the remade ones, in the order before the apply."""
    options = list(options_of(prop.now))
    names_now = {option.name.casefold() for option in options}
    for option in to_make:
        # An interrupted undo may have made some of them already.
        if option.name.casefold() not in names_now:
            options.append(replace(option, id=None))

    rank = {option.name.casefold(): place for place, option in enumerate(options_of(prop.before))}
    options.sort(key=lambda option: rank.get(option.name.casefold(), len(rank)))
    return OptionsConfig(tuple(options))


def _without_options(prop: Property, option_ids: AbstractSet[str]) -> Property:
    if not isinstance(prop.config, OptionsConfig):
        return prop
    left = tuple(option for option in prop.config.options if option.id not in option_ids)
    return replace(prop, config=OptionsConfig(left))


# --- what pages hold


def _pages_of_people(history: DatabaseHistory) -> list[Page]:
    return [page for page in history.now.pages if page.id not in history.made_pages]


def _count_filled_in(history: DatabaseHistory, prop: Property) -> int:
    """Count the pages on which people filled in a property."""
    if prop.type in READ_ONLY_TYPES or prop.id in history.rule_filled_ids:
        return 0
    pages = _pages_of_people(history)
    if prop.type == "status":
        # Notion gives every page the first option of a new status property. Nobody chose it.
        default = {option.id for option in options_of(prop)[:1]}
        pages = [page for page in pages if chosen_option_ids(page, prop.id) != default]
    return sum(holds_value(page, prop.id, except_links_to=history.made_pages) for page in pages)


def _held_by(pages: int) -> str:
    return f"{quantity(pages, 'page')} {'holds' if pages == 1 else 'hold'} it"


# --- facets and patches


def _facets(prop: Property) -> dict[str, object]:
    """Return what can be changed of a property as it is compared.

    Options are compared one by one, so they are left out here.
    """
    facets: dict[str, object] = {"name": prop.name, "description": prop.description or ""}
    if isinstance(prop.config, RelationConfig):
        # The name of the other side is left out: it is a facet of the other property.
        facets["config"] = (prop.config.data_source_id, prop.config.two_way)
    elif not isinstance(prop.config, OptionsConfig):
        facets["config"] = prop.config
    return facets


def _content(prop: Property) -> object:
    return prop.type, _facets(prop), options_of(prop)


def _patch(
    now: Property,
    before: Property,
    facets: AbstractSet[str],
    dropped_option_ids: AbstractSet[str],
) -> PropertyPatch:
    """Return the patch that restores some facets of a property and drops options."""
    name = before.name if "name" in facets else None
    if facets == {"name"} and not dropped_option_ids:
        return PropertyPatch(name)
    config: PropertyConfig = before.config if "config" in facets else now.config
    if isinstance(config, OptionsConfig):
        left = [option for option in config.options if option.id not in dropped_option_ids]
        config = OptionsConfig(tuple(left))
    # Settings are always sent with the description: Notion clears it when it is left out.
    description = (before.description or "") if "description" in facets else now.description
    return PropertyPatch(name, now.type, config, description)


def _set_property(
    history: DatabaseHistory, property_id: str, patch: PropertyPatch | None
) -> SetProperties:
    return SetProperties(history.key, history.now.source.id, {property_id: patch})


def _change(
    history: DatabaseHistory, key: str, action: Action, reason: str, *details: str
) -> Change:
    return Change(
        address(history.key, key),
        action,
        "property",
        reason,
        details=details,
        database=history.key,
        key=key,
    )


def _option_change(
    history: DatabaseHistory, key: str, option_key: str, action: Action, reason: str, name: str
) -> Change:
    return Change(
        address(history.key, key, option_key),
        action,
        "option",
        reason,
        details=(name,),
        database=history.key,
        key=key,
    )

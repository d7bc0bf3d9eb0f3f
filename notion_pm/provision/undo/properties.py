"""Properties and options of a database that was there before: what an apply made of them, and how it is taken back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from notion_pm.model.ids import address
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
from notion_pm.model.usage import holds
from notion_pm.provision.plan.change import Change
from notion_pm.provision.plan.options.option_holders import chosen_option_ids
from notion_pm.provision.undo.steps import OptionBack, Scene, SetProperties, Step

_SETTINGS, _COMPUTED, _REMOVALS = 0, 1, 2
"""Levels: names and settings first, then what is computed of them, then what goes."""

_OPTIONS_BACK = _COMPUTED
"""Options come back when those that replaced them are gone: the names of both may differ by case only."""

_CHANGED_SINCE = "people changed it since"


def property_steps(scene: Scene) -> Iterator[Step]:
    """Take back what was made, changed or removed of a database's properties."""
    assert scene.before is not None, "of a database that was there before"
    before_ids = set(scene.before.properties.values())
    for key, property_id in scene.entry.properties.items():
        now = scene.found.source.properties.get(property_id)
        if now is None:
            continue
        yield from (
            _changed(scene, key, now) if property_id in before_ids else _made(scene, key, now)
        )
    for key, property_id in scene.before.properties.items():
        was = scene.journal.properties_before(scene.found.source.id).get(property_id)
        if was is not None and property_id not in scene.found.source.properties:
            reason = "was removed with its values, which Notion does not bring back"
            yield _left(scene, key, "create", reason, was.name)


def _made(scene: Scene, key: str, now: Property) -> Iterator[Step]:
    made = scene.journal.properties_after(scene.found.source.id).get(now.id)
    if made is not None and _content(made) != _content(now):
        yield _left(scene, key, "delete", _CHANGED_SINCE, now.name)
    elif count := _uses(scene, now):
        yield _left(scene, key, "delete", f"{_pages(count)} it", now.name)
    else:
        change = _change(scene, key, "delete", "made by the apply", now.name)
        yield Step(change, _set(scene, now.id, None), _REMOVALS)


def _changed(scene: Scene, key: str, now: Property) -> Iterator[Step]:
    source_id = scene.found.source.id
    was = scene.journal.properties_before(source_id).get(now.id)
    if was is None:
        return
    made = scene.journal.properties_after(source_id).get(now.id, now)
    if was.type != made.type:
        reason = f"its type became {made.type}; values that did not fit are not brought back"
        yield _left(scene, key, "update", reason, f"change it to {was.type} in Notion")
        return
    dropped = tuple(_options_to_drop(scene, key, was, made, now))
    yield from (step for _, step in dropped)
    gone = frozenset(option.id for option, step in dropped if step.act is not None)
    yield from _options_removed(scene, key, was, made, _without(now, gone))
    facets = {name for name in ("name", "description") if getattr(was, name) != getattr(made, name)}
    if not isinstance(now.config, OptionsConfig) and _config(was) != _config(made):
        facets.add("config")
    theirs = {
        each for each in facets if _facet(now, each) not in (_facet(made, each), _facet(was, each))
    }
    if theirs:
        step = _left(scene, key, "update", _CHANGED_SINCE, *sorted(theirs))
        yield replace(step, change=replace(step.change, facets=frozenset(theirs)))
    back = {each for each in facets - theirs if _facet(now, each) != _facet(was, each)}
    if isinstance(was.config, RelationConfig) and "config" in back:
        yield _left(
            scene,
            key,
            "update",
            "the relation leads elsewhere; its links are not brought back",
            now.name,
        )
    elif back:
        details = tuple(_told(each, now, was) for each in sorted(back))
        change = _change(scene, key, "update", "changed by the apply", *details)
        yield Step(change, _set(scene, now.id, _patch(now, was, back, gone)), _level(was, back))


def _level(was: Property, facets: set[str]) -> int:
    return (
        _COMPUTED
        if "config" in facets and isinstance(was.config, FormulaConfig | RollupConfig)
        else _SETTINGS
    )


def _options_to_drop(
    scene: Scene, key: str, was: Property, made: Property, now: Property
) -> Iterator[tuple[Option, Step]]:
    """Find the options that the apply added, and whether anybody chose them."""
    known, added = (
        {each.id for each in options_of(was)},
        {each.id: each for each in options_of(made)},
    )
    added = {each: option for each, option in added.items() if each not in known}
    found = [option for option in options_of(now) if option.id in added]
    drop = frozenset(
        option.id for option in found if not _option_stays(scene, now, added[option.id], option)
    )
    for option in found:
        option_key = scene.entry.key_of_option(key, option.id or "") or option.name
        place = address(scene.key, key, option_key)
        if reason := _option_stays(scene, now, added[option.id], option):
            change = Change(
                place, "delete", "option", reason, "blocked", (option.name,), scene.key, key
            )
            yield option, Step(replace(change, option_id=option.id or ""))
            continue
        change = Change(
            place, "delete", "option", "added by the apply", "safe", (option.name,), scene.key, key
        )
        act = _set(scene, now.id, _patch(now, now, set(), drop))
        yield option, Step(replace(change, option_id=option.id or ""), act, _SETTINGS)


def _option_stays(scene: Scene, prop: Property, made: Option, now: Option) -> str:
    if made != now:
        return _CHANGED_SINCE
    count = sum(
        now.id in chosen_option_ids(page, prop.id)
        for page in scene.found.pages
        if page.id not in scene.going
    )
    return f"{_pages(count)} it" if count else ""


def _options_removed(
    scene: Scene, key: str, was: Property, made: Property, now: Property
) -> Iterator[Step]:
    """Make options again that the apply removed, unless what it made in their place stays.

    `now` is the property without the options that the undo drops.
    """
    assert scene.before is not None, "of a database that was there before"
    there = {each.id for each in options_of(made)}
    removed = [option for option in options_of(was) if option.id not in there]
    back: list[Option] = []
    places: dict[str, OptionBack] = {}
    for option in removed:
        option_key = scene.before.key_of_option(key, option.id or "")
        place = f"{key}.{option_key}"
        replacement = scene.entry.options.get(place) if option_key else None
        if replacement in {each.id for each in options_of(now)}:
            reason = "was removed or made anew, and Notion does not bring it back"
            yield _left(scene, key, "create", reason, option.name)
            continue
        back.append(option)
        if option_key:
            places[place] = OptionBack(now.id, option.name)

    if back:
        patch = PropertyPatch(None, now.type, _with_options(was, now, back), now.description)
        act = SetProperties(scene.key, scene.found.source.id, {now.id: patch}, options_back=places)
        reason = "removed by the apply; pages that held it do not get it back"
        for option in back:
            option_key = scene.before.key_of_option(key, option.id or "") or option.name
            place = address(scene.key, key, option_key)
            change = Change(
                place, "create", "option", reason, "safe", (option.name,), scene.key, key
            )
            yield Step(change, act, _OPTIONS_BACK)


def _with_options(was: Property, now: Property, back: Sequence[Option]) -> OptionsConfig:
    """Return the options of now with those that come back, in the order that there was before."""
    order = {option.name.casefold(): place for place, option in enumerate(options_of(was))}
    there = {
        option.name.casefold() for option in options_of(now)
    }  # an interrupted undo has made some again
    options = [*options_of(now)]
    options += [replace(option, id=None) for option in back if option.name.casefold() not in there]
    return OptionsConfig(
        tuple(sorted(options, key=lambda option: order.get(option.name.casefold(), len(order))))
    )


def _without(prop: Property, gone: frozenset[str | None]) -> Property:
    if not isinstance(prop.config, OptionsConfig):
        return prop
    left = tuple(option for option in prop.config.options if option.id not in gone)
    return replace(prop, config=OptionsConfig(left))


def _uses(scene: Scene, prop: Property) -> int:
    """Count the pages that people filled a property in on."""
    if prop.type in READ_ONLY_TYPES or prop.id in scene.stamped:
        return 0
    pages = [page for page in scene.found.pages if page.id not in scene.going]
    if prop.type == "status":  # Notion gives every page the first option: nobody chose it
        pages = [
            page
            for page in pages
            if chosen_option_ids(page, prop.id) != {each.id for each in options_of(prop)[:1]}
        ]
    return sum(holds(page, prop.id, but=scene.going) for page in pages)


def _patch(
    now: Property, was: Property, facets: set[str], gone: frozenset[str | None]
) -> PropertyPatch:
    """Return what gives a property back some of its facets. Settings are always sent with the description beside."""
    name = was.name if "name" in facets else None
    config: PropertyConfig = was.config if "config" in facets else now.config
    if isinstance(config, OptionsConfig):
        config = OptionsConfig(tuple(each for each in config.options if each.id not in gone))
    if facets == {"name"} and not gone:
        return PropertyPatch(name)
    description = (was.description or "") if "description" in facets else now.description
    return PropertyPatch(name, now.type, config, description)


def _facet(prop: Property, facet: str) -> object:
    return _config(prop) if facet == "config" else getattr(prop, facet) or ""


def _config(prop: Property) -> object:
    """Return settings as they are compared: what a mirror is called is told by the mirror itself."""
    if isinstance(prop.config, RelationConfig):
        return prop.config.data_source_id, prop.config.two_way
    return prop.config


def _content(prop: Property) -> object:
    return prop.name, prop.type, prop.description or "", _config(prop)


def _told(facet: str, now: Property, was: Property) -> str:
    return f"title: {now.name!r} becomes {was.name!r} again" if facet == "name" else facet


def _pages(count: int) -> str:
    return f"{count} page{'s' if count > 1 else ''} hold{'' if count > 1 else 's'}"


def _set(scene: Scene, property_id: str, patch: PropertyPatch | None) -> SetProperties:
    return SetProperties(scene.key, scene.found.source.id, {property_id: patch})


def _change(scene: Scene, key: str, action: str, reason: str, *details: str) -> Change:
    place = address(scene.key, key)
    return Change(place, action, "property", reason, "safe", details, scene.key, key)  # type: ignore[arg-type]


def _left(scene: Scene, key: str, action: str, reason: str, *details: str) -> Step:
    return Step(replace(_change(scene, key, action, reason, *details), change_class="blocked"))

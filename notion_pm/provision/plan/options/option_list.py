"""The list of a property's options as it is sent: Notion replaces it as a whole (notion-api.md 3.2, 3.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from notion_pm.model.schema import Option
from notion_pm.model.template import GROUP_NAMES, OptionSpec, OptionsProperty
from notion_pm.provision.plan.change import Change
from notion_pm.provision.plan.options.replacements import find_option_named


def new_option(spec: OptionSpec) -> Option:
    """Return an option of the template as a new one."""
    group = GROUP_NAMES[spec.group] if spec.group else None
    return Option(spec.name, color=spec.color, description=spec.description, group=group)


def apply_option_changes(
    spec: OptionsProperty,
    found: Sequence[Option],
    known: Mapping[str, str],
    changes: Iterable[Change],
) -> tuple[Option, ...]:
    """Return the options that exist with these changes made; what nobody speaks of stays as it is.

    `known` are the ids of the template's options by their keys. A new one comes before those that follow it in the
    template, so that the order of the template is kept among whatever people have put between.
    """
    options = list(found)
    for change in changes:
        key = change.address.rpartition(".")[2]
        if change.action == "delete":
            options = [each for each in options if each.id != change.option_id]
        elif change.replacement is not None and change.replacement.added_first is not None:
            beside = change.replacement.source or change.replacement.placeholder
            place = _index(options, beside.id) if beside else len(options)
            _add(options, change.replacement.added_first, place)
        elif change.action == "create" and change.replacement is None:
            _add(options, _new(spec, key), _place(spec, key, options, known))
        elif change.replacement is None:
            wanted = _new(spec, key)
            options = [
                _set(each, wanted, change.facets) if each.id == change.option_id else each
                for each in options
            ]
    return tuple(options)


def with_missing(spec: OptionsProperty, found: Sequence[Option]) -> tuple[Option, ...]:
    """Return all options that a property of another type has, and those of the template, as new ones.

    A converted property keeps the values whose options it has by name.
    """
    missing = [
        new_option(each) for each in spec.options if find_option_named(found, each.name) is None
    ]
    return (*(replace(each, id=None) for each in found), *missing)


def _add(options: list[Option], option: Option, place: int) -> None:
    if (
        find_option_named(options, option.name) is None
    ):  # one that is there by now came of an interrupted apply
        options.insert(place, option)


def _new(spec: OptionsProperty, key: str) -> Option:
    option = spec.option(key)
    assert option is not None, "only options of the template are added"
    return new_option(option)


def _set(option: Option, wanted: Option, facets: frozenset[str]) -> Option:
    """Return an option with the template's group or description: these alone can be changed in place."""
    group = wanted.group if "group" in facets else option.group
    return replace(
        option,
        group=group,
        description=wanted.description if "description" in facets else option.description,
    )


def _place(
    spec: OptionsProperty, key: str, options: Sequence[Option], known: Mapping[str, str]
) -> int:
    following = [each.key for each in spec.options][spec.rank(key) + 1 :]
    places = [_index(options, known.get(each)) for each in following]
    return min(places, default=len(options))


def _index(options: Sequence[Option], option_id: str | None) -> int:
    """Return the place of an option, the end where it is not there."""
    return next(
        (place for place, each in enumerate(options) if option_id and each.id == option_id),
        len(options),
    )

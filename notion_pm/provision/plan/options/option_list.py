"""The list of a property's options as it is sent: Notion replaces it as a whole (notion-api.md 3.2,
3.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from notion_pm.model.schema import Option
from notion_pm.model.template import GROUP_NAMES, OptionSpec, OptionsProperty
from notion_pm.provision.plan.change import Change
from notion_pm.provision.plan.options.replacements import OptionReplacement, find_option_named


def new_option(spec: OptionSpec) -> Option:
    """Return an option of the template as a new one, without an id."""
    group = GROUP_NAMES[spec.group] if spec.group else None
    return Option(spec.name, color=spec.color, description=spec.description, group=group)


def apply_option_changes(
    spec: OptionsProperty,
    found: Sequence[Option],
    known_ids: Mapping[str, str],
    changes: Iterable[Change],
) -> tuple[Option, ...]:
    """Return the existing options with these changes made. Options without a change stay as they
    are.

    `known_ids` are the ids of the template's options by key. The result of the changes of one list
    depends on their order: each sees the list as the one before left it.
    """
    options = list(found)
    for change in changes:
        if change.action == "delete":
            options = [option for option in options if option.id != change.option_id]
        # The old option stays in the list: it is removed only when no page has it any more.
        elif change.replacement is not None:
            _add_first_of_replacement(options, change.replacement)
        elif change.action == "create":
            key = _option_key(change)
            option = _new_option_of(spec, key)
            _add(options, option, _position_of_new(spec, key, options, known_ids))
        else:
            wanted = _new_option_of(spec, _option_key(change))
            options = [
                _with_facets(option, wanted, change.facets)
                if option.id == change.option_id
                else option
                for option in options
            ]
    return tuple(options)


def with_missing_options(spec: OptionsProperty, found: Sequence[Option]) -> tuple[Option, ...]:
    """Return the options for a property that gets another type: all it has, and the template's.

    All are sent as new ones, without an id. A page keeps its value if the converted property has an
    option of the same name (measured).
    """
    # A property that changes its type gets new options, so the ids of the old ones are not sent.
    existing = [replace(option, id=None) for option in found]
    missing = [
        new_option(option_spec)
        for option_spec in spec.options
        if find_option_named(found, option_spec.name) is None
    ]
    return (*existing, *missing)


def _option_key(change: Change) -> str:
    """Return the template's key of the option that a change is about: the end of its address."""
    return change.address.rpartition(".")[2]


def _add_first_of_replacement(options: list[Option], replacement: OptionReplacement) -> None:
    """Add the option that pages move to first, at the position of the option that they leave."""
    addition = replacement.added_first
    if addition is None:
        return
    # People see options in this order, so the new one appears where the old one was.
    beside = replacement.source or replacement.placeholder
    position = _index(options, beside.id) if beside else len(options)
    _add(options, addition, position)


def _add(options: list[Option], option: Option, position: int) -> None:
    """Insert an option, unless an interrupted apply has added it already."""
    if find_option_named(options, option.name) is None:
        options.insert(position, option)


def _new_option_of(spec: OptionsProperty, key: str) -> Option:
    option_spec = spec.option(key)
    assert option_spec is not None, "only options of the template are added"
    return new_option(option_spec)


def _with_facets(option: Option, wanted: Option, facets: frozenset[str]) -> Option:
    """Return an option with the template's group or description: only these can change in place."""
    if "group" in facets:
        option = replace(option, group=wanted.group)
    if "description" in facets:
        option = replace(option, description=wanted.description)
    return option


def _position_of_new(
    spec: OptionsProperty, key: str, options: Sequence[Option], known_ids: Mapping[str, str]
) -> int:
    """Return where a new option goes: before the first of those that follow it in the template.

    So the template's order is kept among the options that people put between.
    """
    keys = [option_spec.key for option_spec in spec.options]
    following = keys[spec.rank(key) + 1 :]
    positions = [_index(options, known_ids.get(other)) for other in following]
    return min(positions, default=len(options))


def _index(options: Sequence[Option], option_id: str | None) -> int:
    """Return the position of an option, or the end if it is not there."""
    if option_id:
        for position, option in enumerate(options):
            if option.id == option_id:
                return position
    return len(options)

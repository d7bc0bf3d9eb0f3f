"""Moving pages from options that go to those that stay, and removing what no page holds any more."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from notion_pm.errors import OptionStillUsed
from notion_pm.model.page import OptionValue, Page, PropertyValue, Value
from notion_pm.model.schema import Option, OptionsConfig, Property, PropertyPatch
from notion_pm.provision.apply.apply_context import ApplyContext
from notion_pm.provision.plan.affected_pages import holds_stray, strays_filter
from notion_pm.provision.plan.operation import PAGE_SIZE, Operation
from notion_pm.provision.plan.options.option_holders import chosen_option_ids, option_filter
from notion_pm.provision.plan.options.replacements import MOVE_OUT, find_option_named

Targets = Mapping[str, OptionValue]
"""Option id -> the option that takes its place."""


class OptionMoves:
    """The pages that are on their way from one option to another."""

    def __init__(self, context: ApplyContext) -> None:
        self._context = context
        self._waiting: defaultdict[tuple[str, int], deque[Page]] = defaultdict(deque)

    def find(self, operation: Operation) -> None:
        """Ask which pages are to move next."""
        self._waiting[operation.database, operation.level] = deque(self._holding(operation))

    def move(self, operation: Operation) -> None:
        """Move one page, unless people have done so meanwhile: then there are fewer, or it has another option."""
        try:
            page_id = self._waiting[operation.database, operation.level].popleft().id
        except IndexError:
            return
        leaving = self._leaving(operation)
        page = self._context.gateway.get_page(
            page_id, property_ids=[prop.id for prop, _ in leaving]
        )
        values = [
            PropertyValue(prop.id, prop.type, _moved(page.properties[prop.id].value, targets))
            for prop, targets in leaving
            if chosen_option_ids(page, prop.id) & targets.keys()
        ]
        if values and not page.in_trash:
            self._context.gateway.update_page(page.id, values)

    def drop(self, operation: Operation) -> None:
        """Remove the options that no page holds any more.

        The list of options is read first, because it is replaced as a whole and people may have added some. The pages
        are asked for last: a value that somebody has chosen counts more than an option that nobody uses yet.

        Raises OptionStillUsed when people chose an option that goes on more pages: applying again moves these too.
        """
        source_id = self._context.state.data_source_id(operation.database)
        self._context.state.note_source(
            operation.database, self._context.gateway.get_data_source(source_id)
        )
        leaving = self._leaving(operation)
        kept = {prop.id: _without(_options(prop), targets) for prop, targets in leaving}
        self._raise_if_chosen(operation, [(prop, kept[prop.id]) for prop, _ in leaving])
        if kept:
            self._send(operation, kept)

    def _raise_if_chosen(
        self, operation: Operation, kept: Sequence[tuple[Property, tuple[Option, ...]]]
    ) -> None:
        asked = [test for prop, options in kept for test in strays_filter(prop, options)]
        if not asked:
            return
        source_id = self._context.state.data_source_id(operation.database)
        ids = ["title", *(prop.id for prop, _ in kept)]
        pages = islice(
            self._context.gateway.query(source_id, filter={"or": asked}, property_ids=ids),
            PAGE_SIZE,
        )
        strays = [
            page.title
            for page in pages
            if any(holds_stray(page, prop, options) for prop, options in kept)
        ]
        if strays:
            raise OptionStillUsed(operation.database, strays)

    def add(self, operation: Operation) -> None:
        """Add the options whose place was taken by those that are gone now, next to their stand-ins."""
        source_id = self._context.state.data_source_id(operation.database)
        self._context.state.note_source(
            operation.database, self._context.gateway.get_data_source(source_id)
        )
        lists: dict[str, tuple[Option, ...]] = {}
        for change in operation.changes:
            swap = change.replacement
            if swap is None or not swap.deferred:
                continue
            options = lists.get(change.property_id) or _options(
                self._property(operation, change.key)
            )
            if find_option_named(options, swap.target.name) is None:
                names = [each.name for each in options]
                place = (
                    names.index(swap.destination(MOVE_OUT))
                    if swap.destination(MOVE_OUT) in names
                    else len(names)
                )
                options = (*options[:place], swap.target, *options[place:])
            lists[change.property_id] = options
        self._send(operation, lists)

    def _send(self, operation: Operation, lists: Mapping[str, tuple[Option, ...]]) -> None:
        keys = {change.property_id: change.key for change in operation.changes}
        found = {property_id: self._property(operation, keys[property_id]) for property_id in lists}
        patches = {
            property_id: PropertyPatch(
                type=prop.type,
                config=OptionsConfig(lists[property_id]),
                description=prop.description,
            )
            for property_id, prop in found.items()
        }
        source_id = self._context.state.data_source_id(operation.database)
        source = self._context.gateway.update_data_source(source_id, patches)
        self._context.state.note_source(operation.database, source, operation.changes)

    def _holding(self, operation: Operation) -> Iterator[Page]:
        """Ask for the next pages that hold an option that goes; Notion's index may lag behind the pages themselves."""
        leaving = self._leaving(operation)
        if not leaving:
            return
        asked: dict[str, Any] = option_filter([(prop, tuple(targets)) for prop, targets in leaving])
        source_id = self._context.state.data_source_id(operation.database)
        rows = self._context.gateway.query(
            source_id, filter=asked, property_ids=["title", *(prop.id for prop, _ in leaving)]
        )
        for page in islice(rows, PAGE_SIZE):
            if any(chosen_option_ids(page, prop.id) & targets.keys() for prop, targets in leaving):
                yield page

    def _leaving(self, operation: Operation) -> list[tuple[Property, Targets]]:
        """Return the properties with options that pages leave at this stage, and where the pages go."""
        found: dict[str, tuple[Property, dict[str, OptionValue]]] = {}
        for change in operation.changes:
            if change.replacement is None:
                continue
            prop = self._property(operation, change.key)
            target = find_option_named(
                _options(prop), change.replacement.destination(operation.level)
            )
            option = find_option_named(
                _options(prop), change.replacement.option_left_at(operation.level) or ""
            )
            if option is not None and option.id and target is not None and target.id:
                targets = found.setdefault(prop.id, (prop, {}))[1]
                targets[option.id] = OptionValue(target.id, target.name)
        return list(found.values())

    def _property(self, operation: Operation, key: str) -> Property:
        prop = self._context.state.find_property(operation.database, key)
        assert prop is not None, "options are swapped where they exist"
        return prop


def _options(prop: Property) -> tuple[Option, ...]:
    return prop.config.options if isinstance(prop.config, OptionsConfig) else ()


def _without(options: tuple[Option, ...], gone: Targets) -> tuple[Option, ...]:
    return tuple(each for each in options if each.id not in gone)


def _moved(value: Value, targets: Targets) -> Value:
    """Return a page's value with each option that goes replaced; one that was chosen beside it is there once."""
    if isinstance(value, OptionValue):
        return targets.get(value.id, value)
    options = (
        [each for each in value if isinstance(each, OptionValue)]
        if isinstance(value, tuple)
        else []
    )
    return tuple({each.id: each for each in (targets.get(one.id, one) for one in options)}.values())

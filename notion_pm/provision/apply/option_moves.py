"""Move pages from options that are leaving to those that replace them, and remove the old
options."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from notion_pm.errors import OptionStillUsed
from notion_pm.model.page import OptionValue, Page, PropertyValue, Value
from notion_pm.model.schema import Option, OptionsConfig, Property, PropertyPatch, options_of
from notion_pm.provision.apply.apply_context import ApplyContext
from notion_pm.provision.plan.affected_pages import (
    chosen_option_ids,
    holds_other_option,
    option_filter,
    other_options_filter,
)
from notion_pm.provision.plan.operation import PAGE_SIZE, Operation
from notion_pm.provision.plan.options.replacements import MOVE_OUT, find_option_named


@dataclass(slots=True)
class _LeavingOptions:
    """The options of one property that pages leave, and what replaces each, by option id."""

    prop: Property
    targets: dict[str, OptionValue] = field(default_factory=dict)

    def is_on(self, page: Page) -> bool:
        """Whether a page holds one of these options."""
        return bool(chosen_option_ids(page, self.prop.id) & self.targets.keys())

    def kept_options(self) -> tuple[Option, ...]:
        """Return the property's other options."""
        return tuple(option for option in options_of(self.prop) if option.id not in self.targets)


class OptionMoves:
    """Moves the pages of one apply from option to option. An operation's `level` is its stage."""

    def __init__(self, context: ApplyContext) -> None:
        self._context = context
        self._waiting: defaultdict[tuple[str, int], deque[Page]] = defaultdict(deque)

    def find(self, operation: Operation) -> None:
        """Ask which pages are to move next."""
        pages = deque(self._pages_to_move(operation))
        self._waiting[operation.database, operation.level] = pages

    def move(self, operation: Operation) -> None:
        """Move one page, unless people have moved it already.

        The page is read right before it is written: another option may have been chosen since.
        """
        # `find` fills the queue, and several `move` operations empty it at the same time.
        waiting = self._waiting[operation.database, operation.level]
        try:
            page_id = waiting.popleft().id  # one call, because several threads take from it
        except IndexError:
            return  # there are fewer pages than the plan counted
        leaving = self._leaving_options(operation)
        property_ids = [options.prop.id for options in leaving]
        page = self._context.client.get_page(page_id, property_ids=property_ids)
        values = []
        for options in leaving:
            if options.is_on(page):
                prop = options.prop
                moved = _replace_options(page.properties[prop.id].value, options.targets)
                values.append(PropertyValue(prop.id, prop.type, moved))
        if values and not page.in_trash:
            self._context.client.update_page(page.id, values)

    def drop(self, operation: Operation) -> None:
        """Remove the options that no page holds any more.

        The order of the reads matters. The list of options is read first, because it is replaced as
        a whole and people may have added some. The pages are asked for last: a
        value that people have chosen matters more than an option that is not used yet.

        Raises OptionStillUsed if people chose a leaving option on more pages. Applying again moves
        these too.
        """
        self._read_source(operation)
        leaving = self._leaving_options(operation)
        if not leaving:
            return
        # Both are computed from the list just read, so options that people added are in it.
        kept = {options.prop.id: options.kept_options() for options in leaving}
        self._raise_if_still_used(operation, leaving)
        self._send(operation, kept)

    def add(self, operation: Operation) -> None:
        """Add the deferred options beside their placeholders: their names are free now."""
        self._read_source(operation)
        lists: dict[str, tuple[Option, ...]] = {}
        for change in operation.changes:
            replacement = change.replacement
            if replacement is None or not replacement.deferred:
                continue
            prop = self._property(operation, change.key)
            # Several options of one property may be deferred: each is added to the list so far.
            options = lists.get(change.property_id) or options_of(prop)
            if find_option_named(options, replacement.target.name) is None:
                names = [option.name for option in options]
                beside = replacement.destination(MOVE_OUT)
                position = names.index(beside) if beside in names else len(names)
                options = (*options[:position], replacement.target, *options[position:])
            lists[change.property_id] = options
        self._send(operation, lists)

    def _read_source(self, operation: Operation) -> None:
        source_id = self._context.state.data_source_id(operation.database)
        source = self._context.client.get_data_source(source_id)
        self._context.state.note_source(operation.database, source)

    def _raise_if_still_used(
        self, operation: Operation, leaving: Sequence[_LeavingOptions]
    ) -> None:
        conditions: list[Mapping[str, Any]] = []
        for options in leaving:
            conditions += other_options_filter(options.prop, options.kept_options())
        if not conditions:
            return
        titles = []
        for page in self._query(operation, {"or": conditions}, leaving):
            if any(
                holds_other_option(page, options.prop, options.kept_options())
                for options in leaving
            ):
                titles.append(page.title)
        if titles:
            raise OptionStillUsed(operation.database, titles)

    def _send(self, operation: Operation, lists: Mapping[str, tuple[Option, ...]]) -> None:
        """Send the new lists of options, by property id."""
        keys = {change.property_id: change.key for change in operation.changes}
        patches = {}
        for property_id, options in lists.items():
            prop = self._property(operation, keys[property_id])
            patches[property_id] = PropertyPatch(
                type=prop.type, config=OptionsConfig(options), description=prop.description
            )
        source_id = self._context.state.data_source_id(operation.database)
        source = self._context.client.update_data_source(source_id, patches)
        self._context.state.note_source(operation.database, source, operation.changes)

    def _pages_to_move(self, operation: Operation) -> Iterator[Page]:
        """Ask for the next pages that hold a leaving option.

        Notion's index may be behind the pages themselves, so each page in the answer is checked.
        """
        leaving = self._leaving_options(operation)
        if not leaving:
            return
        asked = option_filter((options.prop, tuple(options.targets)) for options in leaving)
        for page in self._query(operation, asked, leaving):
            if any(options.is_on(page) for options in leaving):
                yield page

    def _query(
        self, operation: Operation, asked: dict[str, Any], leaving: Sequence[_LeavingOptions]
    ) -> Iterator[Page]:
        """Return the first pages that match a filter, with the properties of these options."""
        source_id = self._context.state.data_source_id(operation.database)
        property_ids = ["title", *(options.prop.id for options in leaving)]
        pages = self._context.client.query(source_id, filter=asked, property_ids=property_ids)
        return islice(pages, PAGE_SIZE)

    def _leaving_options(self, operation: Operation) -> list[_LeavingOptions]:
        """Return the properties with options that pages leave at this stage, and what replaces
        them.

        Options whose replacement does not exist yet are left out, and so are those already removed.
        """
        found: dict[str, _LeavingOptions] = {}
        stage = operation.level
        for change in operation.changes:
            if change.replacement is None:
                continue
            prop = self._property(operation, change.key)
            leaving_name = change.replacement.option_left_at(stage) or ""
            leaving = find_option_named(options_of(prop), leaving_name)
            target = find_option_named(options_of(prop), change.replacement.destination(stage))
            if leaving is None or target is None or not leaving.id or not target.id:
                continue
            options = found.setdefault(prop.id, _LeavingOptions(prop))
            options.targets[leaving.id] = OptionValue(target.id, target.name)
        return list(found.values())

    def _property(self, operation: Operation, key: str) -> Property:
        prop = self._context.state.find_property(operation.database, key)
        assert prop is not None, "options are replaced where they exist"
        return prop


def _replace_options(value: Value, targets: Mapping[str, OptionValue]) -> Value:
    """Return a page's value with each leaving option replaced.

    If the page holds the replacement already, it is there once.
    """
    if isinstance(value, OptionValue):
        return targets.get(value.id, value)
    replaced: dict[str, OptionValue] = {}
    for option in value if isinstance(value, tuple) else ():
        if isinstance(option, OptionValue):
            target = targets.get(option.id, option)
            replaced[target.id] = target
    return tuple(replaced.values())

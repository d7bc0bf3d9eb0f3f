"""The story of `import`: read what is there, decide what becomes of each row, write, remember each write.

Rows are known by their keys, so that a second import updates, and an interrupted one goes on where it ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from notion_pm.errors import NotShared, RequestRefused, UsageError
from notion_pm.gateway.notion import Gateway
from notion_pm.importing.compare import Create, Decision, LeftAlone, Memory, Update, compare, value_of
from notion_pm.importing.identity import identity
from notion_pm.importing.interpret import DatesUnclear, Incoming, Interpreted, Reject, interpret, key_field
from notion_pm.importing.records import Records
from notion_pm.importing.related import NewPage, resolve, with_made
from notion_pm.importing.target import Field, Item, Target
from notion_pm.model.ids import NotionId
from notion_pm.model.import_map import ImportMap
from notion_pm.model.page import Page, PropertyValue
from notion_pm.storage.state import State
from notion_pm.storage.state_imports import Imported
from notion_pm.workflows.import_reading import filter_for, read_pages
from notion_pm.workflows.import_target import Destination, read_indexes
from notion_pm.workflows.progress import Progress, silent
from notion_pm.workflows.side_by_side import side_by_side
from notion_pm.workflows.sync_absence import look


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be imported, and how. With `overwrite` the file wins over what people changed."""

    records: Records
    map: ImportMap
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    """What an import would do. `new` are related pages that are made first."""

    destination: Destination
    by: Field
    interpreted: Interpreted
    decisions: tuple[Decision, ...]
    new: tuple[NewPage, ...]
    rejects: tuple[Reject, ...]

    @property
    def target(self) -> Target:
        """The database."""
        return self.destination.target

    @property
    def creates(self) -> list[Create]:
        """The rows that are to be made."""
        return [each for each in self.decisions if isinstance(each, Create)]

    @property
    def updates(self) -> list[Update]:
        """The rows that are there and change."""
        return [each for each in self.decisions if isinstance(each, Update) and each.changes]

    @property
    def writes(self) -> int:
        """How many requests carry it out."""
        return len(self.new) + len(self.creates) + len(self.updates)


def prepare(
    gateway: Gateway,
    state: State,
    destination: Destination,
    order: Order,
    jobs: int = 4,
    progress: Progress = silent,
) -> Prepared:
    """Decide what becomes of each row of a file. Reads only.

    Raises MappingInvalid where dates can be read in two ways, IncompleteRead when Notion gives only a part.
    """
    target = destination.target
    interpreted = _interpreted(order, target)
    by = key_field(order.map, target)
    fields = _compared(interpreted.rows, target)
    indexes = read_indexes(gateway, destination, fields, jobs=jobs)
    resolved = resolve(interpreted.rows, target, order.map, indexes)
    keys = [each.key for each in resolved.rows]
    there = read_pages(gateway, target, by, keys, fields, jobs=jobs, progress=progress)
    known = state.imported(target.data_source_id)
    judge = partial(_decision, gateway, target, by, there, known, overwrite=order.overwrite)
    judged = [judge(each) for each in resolved.rows]
    decisions = tuple(each for each in judged if not isinstance(each, Reject))
    rejects = (*interpreted.rejects, *resolved.rejects, *(each for each in judged if isinstance(each, Reject)))
    named = set(_named_items(decisions))
    new = tuple(each for each in resolved.new if each.placeholder in named)
    return Prepared(destination, by, interpreted, decisions, new, tuple(sorted(rejects, key=_line)))


def _named_items(decisions: Iterable[Decision]) -> Iterator[str]:
    """The items of all lists that are to be written."""
    for each in decisions:
        if isinstance(each, Create | Update):
            yield from (item for items in each.row.values.values() if isinstance(items, tuple) for item in items)


def _line(reject: Reject) -> int:
    return reject.record.line


def _interpreted(order: Order, target: Target) -> Interpreted:
    try:
        return interpret(order.records, order.map, target)
    except DatesUnclear as unclear:
        one, other = unclear.ambiguous.patterns
        raise UsageError(
            f"The dates of {' and '.join(f'`{each}`' for each in unclear.columns)} can be read in two ways: "
            f"is {unclear.ambiguous.example} {one} or {other}?",
            f'Say it in the map, under `{unclear.field}`:  date: "{one}"',
        ) from None


def _compared(rows: Sequence[Incoming], target: Target) -> list[Field]:
    """The fields that any row fills."""
    return [target.fields[key] for key in dict.fromkeys(key for row in rows for key in row.values)]


def _decision(
    gateway: Gateway,
    target: Target,
    by: Field,
    there: Mapping[str, Sequence[Page]],
    known: Mapping[str, Imported],
    row: Incoming,
    *,
    overwrite: bool,
) -> Decision | Reject:
    key = identity(by, row.key)
    pages, imported = there.get(key, ()), known.get(key)
    if len(pages) > 1:
        return Reject(row.record, f"{len(pages)} pages have {by.name} `{row.key}`: make them one, or give them others")
    memory: Memory | None = imported.said if imported else None
    if pages:
        is_same = imported is not None and imported.page_id == pages[0].id
        return compare(target, _without(by, row), pages[0], memory if is_same else None, overwrite=overwrite)
    if imported is None:
        return Create(row)
    found = look(gateway, target.data_source_id, imported.page_id)
    if isinstance(found, Page):
        return compare(target, _without(by, row), found, memory, overwrite=overwrite)
    return Create(row) if overwrite else LeftAlone(row, found)


def _without(by: Field, row: Incoming) -> Incoming:
    """A row without what told that it is there: it may be written in another way there, or a person changed it."""
    return replace(row, values={key: item for key, item in row.values.items() if key != by.key})


@dataclass
class Done:
    """What an import did."""

    created: list[tuple[Incoming, Page]] = field(default_factory=list)
    updated: list[Update] = field(default_factory=list)
    made: dict[str, NotionId] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)


def carry_out(gateway: Gateway, state: State, prepared: Prepared, jobs: int = 4, progress: Progress = silent) -> Done:
    """Do what was prepared. A row that Notion refuses is told, and the others go on.

    Raises a NotionError when it cannot go on; what was written stays remembered.
    """
    return _Writer(gateway, state, prepared, jobs, progress).run()


class _Writer:
    def __init__(self, gateway: Gateway, state: State, prepared: Prepared, jobs: int, progress: Progress) -> None:
        self._gateway = gateway
        self._state = state
        self._prepared = prepared
        self._target = prepared.target
        self._jobs = jobs
        self._progress = progress
        self._done = Done()

    def run(self) -> Done:
        self._remember(each for each in self._prepared.decisions if isinstance(each, Update) and not each.changes)
        new = self._prepared.new
        for done, (wanted, page) in enumerate(side_by_side(self._make, new, self._jobs), start=1):
            self._done.made[wanted.placeholder] = page.id
            self._progress("Making related pages", done, len(new))
        writes: list[Create | Update] = [*self._prepared.creates, *self._prepared.updates]
        for done, (decision, outcome) in enumerate(side_by_side(self._send, writes, self._jobs), start=1):
            self._note(decision, outcome)
            self._progress("Writing", done, len(writes))
        return self._done

    def _make(self, wanted: NewPage) -> Page:
        values = [PropertyValue("title", "title", wanted.title)]
        if wanted.domain and wanted.related.domain_id:
            values.append(PropertyValue(wanted.related.domain_id, "url", wanted.domain))
        named = {"property": "title", "title": {"equals": wanted.title}}
        return self._gateway.create_row(
            wanted.related.data_source_id,
            values,
            look_up=lambda: next(self._gateway.query(wanted.related.data_source_id, filter=named), None),
        )

    def _send(self, decision: Create | Update) -> Page | Reject:
        try:
            return self._created(decision) if isinstance(decision, Create) else self._updated(decision)
        except RequestRefused as refused:
            return Reject(decision.row.record, f"Notion refused it: {refused}")
        except NotShared:
            if isinstance(decision, Create):
                raise
            return Reject(decision.row.record, "its page is no longer there, or no longer shared")

    def _created(self, decision: Create) -> Page:
        row, source_id = decision.row, self._target.data_source_id
        by = self._prepared.by
        same = filter_for(by, [str(row.values[by.key])])
        return self._gateway.create_row(
            source_id,
            self._values(row.values),
            markdown=row.body,
            look_up=lambda: next(self._gateway.query(source_id, filter=same), None),
        )

    def _updated(self, decision: Update) -> Page:
        changes = {each.field.key: each.after for each in decision.changes}
        return self._gateway.update_page(decision.page.id, self._values(changes))

    def _values(self, items: Mapping[str, Item]) -> list[PropertyValue]:
        made = self._done.made
        return [value_of(self._target.fields[key], with_made(item, made)) for key, item in items.items()]

    def _note(self, decision: Create | Update, outcome: Page | Reject) -> None:
        if isinstance(outcome, Reject):
            self._done.rejects.append(outcome)
            return
        if isinstance(decision, Create):
            self._done.created.append((decision.row, outcome))
            self._remember([Update(decision.row, outcome, ())])
        else:
            self._done.updated.append(decision)
            self._remember([replace(decision, page=outcome)])

    def _remember(self, updates: Iterable[Update]) -> None:
        """Keep what the file said of each row, so that the next import tells a person's edit from ours."""
        self._state.keep_imported(self._target.data_source_id, self._memories(updates))

    def _memories(self, updates: Iterable[Update]) -> Iterator[tuple[str, Imported]]:
        for each in updates:
            said = {key: with_made(item, self._done.made) for key, item in each.row.values.items()}
            yield identity(self._prepared.by, each.row.key), Imported(each.page.id, said)

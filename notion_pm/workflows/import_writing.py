"""Carrying out an import: related pages first, then a request for every row, each remembered once it is answered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from notion_pm.errors import NotShared, RequestRefused
from notion_pm.gateway.notion import Gateway
from notion_pm.importing.compare import Create, Update, value_of
from notion_pm.importing.identity import identity
from notion_pm.importing.interpret import Incoming, Reject
from notion_pm.importing.related import NewPage, with_made
from notion_pm.importing.target import Item
from notion_pm.model.ids import NotionId
from notion_pm.model.page import Page, PropertyValue
from notion_pm.storage.state import State
from notion_pm.storage.state_imports import Imported
from notion_pm.workflows.import_reading import filter_for
from notion_pm.workflows.import_rows import Prepared
from notion_pm.workflows.progress import Progress, silent
from notion_pm.workflows.side_by_side import side_by_side


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

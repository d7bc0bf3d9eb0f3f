"""Record each write of a client: before it is sent, and what Notion returned afterwards.

`undo` needs both. A write without a second entry may or may not have happened.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from pydantic_core import to_jsonable_python

from notion_pm.model.journal import Verb
from notion_pm.model.page import Page, PropertyValue
from notion_pm.model.schema import DataSource, Property


class Recorder(Protocol):
    """Stores the entries of a journal."""

    def doing(self, verb: Verb, notion_id: str, name: str, before: Any) -> int:
        """Store a write that is about to be sent; return its number."""

    def done(self, number: int, notion_id: str, after: Any) -> None:
        """Store the response to a write."""


class _NoRecorder:
    """Stores nothing."""

    def doing(self, verb: Verb, notion_id: str, name: str, before: Any) -> int:
        return 0

    def done(self, number: int, notion_id: str, after: Any) -> None:
        pass


UNRECORDED: Recorder = _NoRecorder()
"""For an apply that will never be undone."""


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """A write that is under way."""

    recorder: Recorder
    number: int

    def finish(self, notion_id: str, after: Any = None) -> None:
        """Record the response: the id of what was written, and how it is now."""
        self.recorder.done(self.number, notion_id, to_jsonable_python(after))


NO_ENTRY = JournalEntry(UNRECORDED, 0)
"""The entry of a client without a journal."""


class WriteJournal:
    """Records the writes of one apply.

    `sources`: the data sources as the plan read them. `existing_views`: ids of the views that the
    apply may change, whose former state has to be read; others were created by the apply itself.
    """

    def __init__(
        self, recorder: Recorder, sources: Iterable[DataSource], existing_views: Collection[str]
    ) -> None:
        self._recorder = recorder
        self._existing_views = existing_views
        self._properties: dict[str, Mapping[str, Property]] = {}
        for source in sources:
            self.learn(source)

    def learn(self, source: DataSource) -> None:
        """Remember the properties of a data source as they are now."""
        self._properties[source.id] = dict(source.properties)

    def has_view(self, view_id: str) -> bool:
        """Whether a view existed before the apply."""
        return view_id in self._existing_views

    def start(
        self, verb: Verb, notion_id: str = "", *, name: str = "", before: Any = None
    ) -> JournalEntry:
        """Record a write that is about to be sent. `before`: how what it changes was."""
        number = self._recorder.doing(verb, notion_id, name, to_jsonable_python(before))
        return JournalEntry(self._recorder, number)

    def start_source_update(
        self, data_source_id: str, properties: Iterable[str], *, title: str | None
    ) -> JournalEntry:
        """Record that these properties of a data source are about to be changed."""
        known = self._properties.get(data_source_id, {})
        before = {key: known[key] for key in properties if key in known}
        return self.start("update data source", data_source_id, name=title or "", before=before)

    def finish_source_update(self, entry: JournalEntry, source: DataSource) -> None:
        """Record the properties that were added or changed."""
        known = self._properties.get(source.id, {})
        changed = {
            key: property
            for key, property in source.properties.items()
            if known.get(key) != property
        }
        # Also what Notion changed by itself, such as the other side of a relation to itself.
        entry.finish(source.id, changed)
        self.learn(source)


def row_content(page: Page) -> dict[str, Any]:
    """Return the values of a row as JSON, by property id.

    The links to files expire, so they are left out: a row with the same files must compare equal.
    """
    content = {}
    for property_id, held in page.properties.items():
        content[property_id] = to_jsonable_python(_without_links(held).value)
    return content


def _without_links(held: PropertyValue) -> PropertyValue:
    if held.type != "files" or not isinstance(held.value, tuple):
        return held
    return replace(held, value=tuple(replace(file, url="") for file in held.value))

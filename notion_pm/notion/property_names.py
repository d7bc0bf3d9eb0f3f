"""Property ids that Notion does not take: the same request is sent once more, by the names of the properties.

Ids are sent as Notion gives them. That is documented, but it is recorded for changes of schemas only. Where Notion says
that an id "is not a property that exists", the schema is read again: when the property is there, its name is sent, and
the rest of the run sends names in this kind of request.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Literal, TypeVar

from notion_pm.errors import RequestRefused
from notion_pm.model.schema import DataSource

T = TypeVar("T")
KeyOf = Callable[[str], str]
"""Takes a property id, and returns what a request calls the property."""
Kind = Literal["values", "filters", "views"]
"""Changes of schemas take ids: that is recorded. An id that they did not take would become a new property."""

_NO_SUCH_PROPERTY = re.compile(
    r"is not a property that exists|Could not find property with name or id"
)
_log = logging.getLogger(__name__)


def by_id(property_id: str) -> str:
    """Call a property by its id, as Notion gives it."""
    return property_id


class PropertyNames:
    """Remembers which kinds of requests have to name properties, and how the properties are called."""

    def __init__(self, read_source: Callable[[str], DataSource]) -> None:
        self._read_source = read_source
        self._kinds: set[Kind] = set()
        self._names: dict[str, Mapping[str, str]] = {}

    def learn(self, source: DataSource) -> None:
        """Remember the names of properties from a schema that was read, or has just been changed."""
        self._names[source.id] = {each.id: each.name for each in source.properties.values()}

    def only_source_with(self, property_ids: Iterable[str]) -> str | None:
        """Return the one known data source that has all these properties, None where there is not just one.

        Ids of properties are unique within a data source. Duplicates of a database share them.
        """
        wanted = set(property_ids)
        found = [source for source, names in self._names.items() if wanted <= names.keys()]
        return found[0] if len(found) == 1 else None

    def send(self, kind: Kind, source_id: Callable[[], str], send: Callable[[KeyOf], T]) -> T:
        """Send a request by ids, or by names where this kind of request takes no ids.

        `source_id` finds out which data source the properties are of; it is asked only where names are needed.

        Raises what `send` raises; RequestRefused when a property does not exist under its name either.
        """
        if kind in self._kinds:
            return send(self._by_name(source_id(), None))
        try:
            return send(by_id)
        except RequestRefused as error:
            if not _NO_SUCH_PROPERTY.search(str(error)):
                raise
            refused = error
        source = source_id()
        self.learn(self._read_source(source))
        answer = send(self._by_name(source, refused))
        self._kinds.add(kind)
        _log.warning(
            "Notion takes no property ids in %s here: properties are named from now on.", kind
        )
        return answer

    def read(self, kind: Kind, source_id: str, rows: Callable[[KeyOf], Iterator[T]]) -> Iterator[T]:
        """Yield the rows of a query, sent by ids or by names as `send` does it."""

        def begin(key_of: KeyOf) -> tuple[T | None, Iterator[T]]:
            found = rows(key_of)
            return next(found, None), found

        first, rest = self.send(kind, lambda: source_id, begin)
        if first is not None:
            yield first
            yield from rest

    def _by_name(self, source_id: str, refused: RequestRefused | None) -> KeyOf:
        if source_id not in self._names:
            self.learn(self._read_source(source_id))
        names = self._names[source_id]

        def name(property_id: str) -> str:
            # A property that is gone must not be looked for by a name that another one may have by now.
            if refused is not None and property_id not in names and property_id in str(refused):
                raise refused
            return property_id if property_id == "title" else names.get(property_id, property_id)

        return name

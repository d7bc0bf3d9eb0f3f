"""Send a request again by the names of properties, where Notion does not accept their ids.

Ids are sent as Notion gives them. That is documented, but it is recorded for changes of schemas
only. Where Notion says that an id "is not a property that exists", the schema is read again: if the
property exists, its name is sent, and the rest of the run sends names in this kind of request.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, TypeVar

from notion_pm.errors import RequestRefused
from notion_pm.model.schema import DataSource

T = TypeVar("T")
Json = Mapping[str, Any]
KeyOf = Callable[[str], str]
"""Takes a property id, and returns how a request names the property."""
Kind = Literal["values", "filters", "views"]
"""Changes of schemas are not among them: there Notion accepts ids (recorded), and an unknown id
would become a new property."""

_NO_SUCH_PROPERTY = re.compile(
    r"is not a property that exists|Could not find property with name or id"
)
_log = logging.getLogger(__name__)


def by_id(property_id: str) -> str:
    """Name a property by its id, as Notion gives it."""
    return property_id


def with_keys(part: Json, key_of: KeyOf) -> dict[str, Any]:
    """Return a filter, a sort or a view's configuration with properties named as `key_of` says."""
    return {key: _with_key(key, value, key_of) for key, value in part.items()}


def _with_key(key: str, value: Any, key_of: KeyOf) -> Any:
    if isinstance(value, Mapping):
        return with_keys(value, key_of)
    if isinstance(value, list | tuple):
        return [_with_key("", item, key_of) for item in value]
    names_a_property = key == "property" or key.endswith(
        ("property_id", "toggle_column_id", "map_by")
    )
    return key_of(value) if names_a_property and isinstance(value, str) else value


class PropertyNames:
    """Remembers which kinds of requests have to name properties, and the names of properties."""

    def __init__(self, read_source: Callable[[str], DataSource]) -> None:
        self._read_source = read_source
        self._kinds: set[Kind] = set()
        self._names: dict[str, Mapping[str, str]] = {}
        """By data source, then by property id."""

    def learn(self, source: DataSource) -> None:
        """Remember the names in a schema that was just read or changed."""
        self._names[source.id] = {
            property_id: property.name for property_id, property in source.properties.items()
        }

    def only_source_with(self, property_ids: Iterable[str]) -> str | None:
        """Return the one known data source that has all these properties, None if not exactly one.

        Ids of properties are unique within a data source. Duplicates of a database share them.
        """
        wanted = set(property_ids)
        found = [source for source, names in self._names.items() if wanted <= names.keys()]
        return found[0] if len(found) == 1 else None

    def send(self, kind: Kind, source_id: Callable[[], str], send: Callable[[KeyOf], T]) -> T:
        """Send a request by ids, or by names where this kind of request accepts no ids.

        `source_id` finds the data source of the properties; it is called only where names are
        needed.

        Raises what `send` raises; RequestRefused when a property has no name either.
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
            "Notion accepts no property ids in %s here: notion-pm uses property names from now on.",
            kind,
        )
        return answer

    def read(self, kind: Kind, source_id: str, rows: Callable[[KeyOf], Iterator[T]]) -> Iterator[T]:
        """Yield the rows of a query, sent by ids or by names as `send` does it."""

        def start(key_of: KeyOf) -> tuple[T | None, Iterator[T]]:
            # A query is sent with its first row, so `send` must see that one.
            found = rows(key_of)
            return next(found, None), found

        first, rest = self.send(kind, lambda: source_id, start)
        if first is not None:
            yield first
            yield from rest

    def _by_name(self, source_id: str, refused: RequestRefused | None) -> KeyOf:
        if source_id not in self._names:
            self.learn(self._read_source(source_id))
        names = self._names[source_id]

        def name(property_id: str) -> str:
            # A deleted property must not be found by its name: another one may have that name now.
            if refused is not None and property_id not in names and property_id in str(refused):
                raise refused
            return property_id if property_id == "title" else names.get(property_id, property_id)

        return name

"""What an import wrote to a page, kept so that the import can be undone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = Any
"""A value of a property in JSON: texts and numbers as they are, options by id and name, pages by id."""

Item = str | bool | int | float | tuple[str, ...]
"""What an import puts into a field: days as YYYY-MM-DD, options by name, related pages by id."""


@dataclass(frozen=True, slots=True)
class ImportWrite:
    """One page that an import made or updated. It is kept before the request, and again after it.

    `page` is empty until Notion has answered with the id of a new page. A page that was made just
    before the program was killed is found by `found_by`: the id of a property, and its text.
    `before` is None for a page that the import made.
    """

    entry: str
    data_source_id: str
    page: str
    title: str
    origin: str
    found_by: tuple[str, str]
    after: Mapping[str, tuple[str, Json]]
    """By the id of a property: its type, and the value that was written."""
    before: Mapping[str, tuple[str, Json]] | None = None
    since: str = ""
    """When the import began, by Notion's clock: pages that it wrote were edited later."""
    identity: str = ""
    """Under which key imports remember the row; empty for a related page."""
    memory: Mapping[str, Any] | None = field(default=None)
    """What an earlier import had said of the row, None where none was remembered."""

    @property
    def is_made(self) -> bool:
        """Whether the import made the page."""
        return self.before is None

"""What an import wrote to a page, recorded so that the import can be undone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Json = Any
"""The value of a property in JSON: texts and numbers as they are, options as id and name, pages
by id."""

TypedValue = tuple[str, Json]
"""The type of a property, and its value in JSON."""

Item = str | bool | int | float | tuple[str, ...]
"""What an import writes to a field: days as YYYY-MM-DD, options by name, related pages by id."""


@dataclass(frozen=True, slots=True)
class ImportWrite:
    """One page that an import created or updated. It is recorded before the request and after it.

    `page` is empty until Notion has answered with the id of a new page. A page that was created
    just before the program was killed is found by `found_by`: the id of a property, and its text.
    """

    entry: str
    data_source_id: str
    page: str
    title: str
    origin: str
    found_by: tuple[str, str]
    # Undo compares them with the page: a value that differs was entered later, and stays.
    after: Mapping[str, TypedValue]
    """The values that were written, by property id."""
    before: Mapping[str, TypedValue] | None = None
    """The values before the import, by property id; None for a page that the import created."""
    since: str = ""
    """When the import began, by Notion's clock: pages that it wrote were edited later."""
    identity: str = ""
    """The key under which the row is remembered; empty for a related page."""
    memory: Mapping[str, Any] | None = None
    """What an earlier import had remembered of the row, None when nothing was."""

    @property
    def is_created(self) -> bool:
        """Whether the import created the page."""
        return self.before is None

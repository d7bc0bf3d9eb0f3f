"""The manifest: what in a workspace belongs to a template. It is stored in the workspace itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from notion_pm.model.ids import NotionId
from notion_pm.model.property_ids import as_received

_STRICT = ConfigDict(extra="forbid", frozen=True)

PropertyId = Annotated[str, AfterValidator(as_received)]
"""A property id as Notion gives it. Earlier versions recorded it decoded; that is converted."""

FORMAT: Final = 3
"""The format that is written. A record with a higher number is from a later version of notion-pm.

Format 1 had no `page_id` and `parent_id`, and only format 3 has a checksum over the record (see
`workspace/record_text.py`). Earlier formats are still read; the next write makes them format 3.
"""


class ViewEntry(BaseModel):
    """A view of the template.

    `fingerprint`: of the template's settings when it was written; people may have changed it since.
    `dashboard`: for a widget, the address of its dashboard. `quick`: the properties with quick
    filters of the template.
    """

    model_config = _STRICT

    id: NotionId
    fingerprint: str
    dashboard: str | None = None
    quick: tuple[str, ...] = ()


class Adopted(BaseModel):
    """What the client had in a database before it was adopted: never renamed, converted or removed.

    By Notion's ids. `headings`: by key, the titles of properties of the template that could not
    get their own title, because a property of the client has it.
    """

    model_config = _STRICT

    properties: tuple[PropertyId, ...] = ()
    options: tuple[str, ...] = ()
    headings: dict[str, str] = Field(default_factory=dict)


class DatabaseEntry(BaseModel):
    """What belongs to the template in one database.

    `properties`: key -> property id. `options`: `property key.option key` -> option id. `rows`: row
    key -> page id. `titles`: the titles that were last written, to distinguish a client's renaming
    from the template's. `fingerprints`: property key -> fingerprint of the template's settings that
    Notion does not return as they were sent (formulas, descriptions); the database's own is under
    the empty key.
    """

    model_config = _STRICT

    database_id: NotionId
    data_source_id: NotionId
    title: str = ""
    properties: dict[str, PropertyId] = Field(default_factory=dict)
    titles: dict[str, str] = Field(default_factory=dict)
    options: dict[str, str] = Field(default_factory=dict)
    views: dict[str, ViewEntry] = Field(default_factory=dict)
    rows: dict[str, NotionId] = Field(default_factory=dict)
    fingerprints: dict[str, str] = Field(default_factory=dict)
    bound: str | None = Field(
        None, description="The name of a database that the template only reads and never changes."
    )
    adopted: Adopted | None = Field(
        None, description="Only of a database that existed before the template."
    )

    def is_adopted(self, notion_id: str) -> bool:
        """Whether the client had a property or an option before the template."""
        if self.adopted is None:
            return False
        return notion_id in self.adopted.properties or notion_id in self.adopted.options

    def key_of_option(self, property_key: str, option_id: str) -> str | None:
        """Return the template's key of an option, None for an option that people added."""
        # The key of an option is unique only within its property, so the property must match too.
        for address, known_id in self.options.items():
            key, _, option_key = address.partition(".")
            if known_id == option_id and key == property_key:
                return option_key
        return None


class Manifest(BaseModel):
    """The record of what a template owns.

    `state`: "applying" from the start of an apply to its end, so that an interrupted apply is
    noticed.
    `page_id`: the page with the record; `parent_id`: the parent page of the databases. Notion's
    *Duplicate* copies the text of a record with both ids, so a record that is found on another page
    is known to be a copy. A new record page has no `page_id` until the first write after its
    creation, because Notion gives the id only then.
    """

    model_config = _STRICT

    format: Literal[1, 2, 3] = FORMAT
    page_id: NotionId | None = None
    parent_id: NotionId | None = None
    template: str
    version: int
    variables: dict[str, str] = Field(default_factory=dict)
    state: Literal["applying", "applied"]
    started: datetime
    with_rows: bool = True
    databases: dict[str, DatabaseEntry] = Field(default_factory=dict)

    @property
    def ids(self) -> Iterator[NotionId]:
        """All recorded ids with which things are read from Notion."""
        # Without ids of properties and options: these come with the data source.
        for page_id in (self.page_id, self.parent_id):
            if page_id is not None:
                yield page_id
        for entry in self.databases.values():
            yield from (entry.database_id, entry.data_source_id, *entry.rows.values())
            yield from (view.id for view in entry.views.values())

    def for_page(self, page_id: NotionId | None, parent_id: NotionId) -> Manifest:
        """Return the manifest for a record on a page, under a parent page."""
        return self.model_copy(
            update={"format": FORMAT, "page_id": page_id, "parent_id": parent_id}
        )

    @property
    def made(self) -> dict[str, DatabaseEntry]:
        """The databases that the template created: neither bound nor adopted."""
        return {key: entry for key, entry in self.owned.items() if entry.adopted is None}

    @property
    def owned(self) -> dict[str, DatabaseEntry]:
        """The databases that the template manages; it only reads the others (bound)."""
        return {key: entry for key, entry in self.databases.items() if entry.bound is None}

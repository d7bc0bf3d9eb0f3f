"""The manifest: which things in a workspace belong to a template, by address. It is kept in the workspace itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from notion_pm.model.ids import NotionId
from notion_pm.model.property_ids import as_received

_STRICT = ConfigDict(extra="forbid", frozen=True)

PropertyId = Annotated[str, AfterValidator(as_received)]
"""A property id as Notion gives it. Records of earlier versions hold it decoded, and are read in this form too."""

FORMAT: Final = 3
"""The format that is written. A record with a higher number comes from a later version of notion-pm.

Format 1 had neither `page_id` nor `parent_id`, and only format 3 has a checksum over the record (see
`workspace/record_text.py`). The earlier ones are read as ever; the next write makes them format 3.
"""


class ViewEntry(BaseModel):
    """A view that we made, and the fingerprint of what the template said when we did: people may change it since.

    A widget names its `dashboard` by its address. `quick` are the properties whose quick filters are ours.
    """

    model_config = _STRICT

    id: NotionId
    fingerprint: str
    dashboard: str | None = None
    quick: tuple[str, ...] = ()


class Adopted(BaseModel):
    """What was the client's before a template took a database over: never renamed, retyped or removed by us.

    By Notion's ids. `headings`: the titles of ours, by key, whose own title a property of the client's has.
    """

    model_config = _STRICT

    properties: tuple[PropertyId, ...] = ()
    options: tuple[str, ...] = ()
    headings: dict[str, str] = Field(default_factory=dict)


class DatabaseEntry(BaseModel):
    """What belongs to the template in one database.

    Properties: key -> property id. Options: `property key.option key` -> option id. Rows: row key -> page id.
    Titles: what we last wrote, so that a client's renaming can be told from the template's. Fingerprints: property key
    -> what the template said of it where Notion does not give it back as it was sent (formulas, descriptions); the
    database's own is under the empty key.
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
        None, description="How a template names a database that is not ours: read, never changed."
    )
    adopted: Adopted | None = Field(
        None, description="Of a database that was there before the template."
    )

    def is_adopted(self, notion_id: str) -> bool:
        """Whether a property or an option was the client's before."""
        return self.adopted is not None and notion_id in {
            *self.adopted.properties,
            *self.adopted.options,
        }

    def key_of_option(self, property_key: str, option_id: str) -> str | None:
        """Return the template's key of an option, None for one that people added."""
        prefix = f"{property_key}."
        return next(
            (
                a.removeprefix(prefix)
                for a, each in self.options.items()
                if each == option_id and a.startswith(prefix)
            ),
            None,
        )


class Manifest(BaseModel):
    """The record of ownership. `state` is applying from the start of an apply to its end: an interrupted one shows.

    `page_id` is the page that holds the record, `parent_id` the parent page of the databases. Notion's *Duplicate*
    copies the text of a record with both, so a record that is found elsewhere is known as a copy. A new record page
    has no `page_id` until the first write after its creation: Notion gives the id only then.
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
        """The ids of everything that it records and that Notion is asked for by its id."""
        yield from (each for each in (self.page_id, self.parent_id) if each is not None)
        for each in self.databases.values():
            yield from (each.database_id, each.data_source_id, *each.rows.values())
            yield from (view.id for view in each.views.values())

    def placed(self, page_id: NotionId | None, parent_id: NotionId) -> Manifest:
        """Return the manifest for a record on this page, under this parent page."""
        return self.model_copy(
            update={"format": FORMAT, "page_id": page_id, "parent_id": parent_id}
        )

    @property
    def made(self) -> dict[str, DatabaseEntry]:
        """The databases that the template made: neither bound nor adopted."""
        return {key: entry for key, entry in self.owned.items() if entry.adopted is None}

    @property
    def owned(self) -> dict[str, DatabaseEntry]:
        """The databases that are ours; the others are bound."""
        return {key: each for key, each in self.databases.items() if each.bound is None}

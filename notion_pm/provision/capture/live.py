"""The values of a capture: what it reads, and what it makes of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from notion_pm.model.manifest import DatabaseEntry
from notion_pm.model.page import Page
from notion_pm.model.schema import Database, DataSource, View
from notion_pm.model.template import Template


class NotRepresentable(ValueError):
    """Templates cannot express something of Notion's; the text says why."""


@dataclass(frozen=True, slots=True)
class Remark:
    """A remark about a part of the captured page; an empty address is the whole page."""

    address: str
    message: str

    def __str__(self) -> str:
        return f"{self.address}: {self.message}" if self.address else self.message


class Remarks:
    """Collects remarks, each once."""

    def __init__(self, known: tuple[Remark, ...] = ()) -> None:
        self._remarks = dict.fromkeys(known)

    def add(self, address: str, message: str) -> None:
        """Add a remark."""
        self._remarks[Remark(address, message)] = None

    def __iter__(self) -> Iterator[Remark]:
        return iter(self._remarks)


@dataclass(frozen=True, slots=True)
class LiveDatabase:
    """A data source with its views.

    `rows`: None if they were not asked for. `entry`: what a record says about it. `bound`: it is
    outside the captured page, and a relation links to it.
    """

    database: Database
    source: DataSource
    views: tuple[View, ...] = ()
    body: str = ""
    rows: tuple[Page, ...] | None = None
    entry: DatabaseEntry | None = None
    bound: bool = False

    @property
    def is_first_source(self) -> bool:
        """Whether it is the first data source of its database."""
        return self.database.data_source_ids[:1] == (self.source.id,)

    @property
    def title(self) -> str:
        """Its name in Notion: the further data sources of a database have names of their own."""
        return self.database.title if self.is_first_source else self.source.title


@dataclass(frozen=True, slots=True)
class LivePage:
    """A page with databases, and the name and version of the template to make.

    `losses`: what could not be read.
    """

    name: str
    version: int
    title: str
    databases: tuple[LiveDatabase, ...]
    losses: tuple[Remark, ...] = ()


Cells = Mapping[str, str]
"""A row as in a CSV file of starter rows: `key`, and cells by property key."""


@dataclass(frozen=True, slots=True)
class CapturedTemplate:
    """A template made from a page, with the contents of the files that it names.

    `bodies` and `rows`: by database key. `losses`: what the template does not keep. `guesses`: what
    the page does not say, for a person to check.
    """

    template: Template
    bodies: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[str, tuple[Cells, ...]] = field(default_factory=dict)
    losses: tuple[Remark, ...] = ()
    guesses: tuple[Remark, ...] = ()

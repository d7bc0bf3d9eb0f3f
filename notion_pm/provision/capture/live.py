"""What a capture reads, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from notion_pm.model.manifest import DatabaseEntry
from notion_pm.model.page import Page
from notion_pm.model.schema import Database, DataSource, View
from notion_pm.model.template import Template


@dataclass(frozen=True, slots=True)
class LiveDatabase:
    """A data source with what shows it. One that is `bound` is related to, and lives outside the captured page.

    `entry` is what a manifest records of it; `rows` are None where they were not asked for.
    """

    database: Database
    source: DataSource
    views: tuple[View, ...] = ()
    body: str = ""
    rows: tuple[Page, ...] | None = None
    entry: DatabaseEntry | None = None
    bound: bool = False

    @property
    def title(self) -> str:
        """What people call it: a further data source of a database has a name of its own."""
        return (
            self.database.title
            if self.source.id in self.database.data_source_ids[:1]
            else self.source.title
        )


@dataclass(frozen=True, slots=True)
class Live:
    """A page with databases: what the template is to be called, and what it is to hold."""

    name: str
    version: int
    title: str
    databases: tuple[LiveDatabase, ...]
    losses: tuple[Loss, ...] = ()
    """What the reading already could not get at."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Something that is there and that the template does not say: the address of what it belongs to, and what."""

    address: str
    message: str

    def __str__(self) -> str:
        return f"{self.address}: {self.message}" if self.address else self.message


Cells = Mapping[str, str]
"""A row as a CSV file of starter rows has it: `key`, and cells by property key."""


@dataclass(frozen=True, slots=True)
class Captured:
    """A template, the texts of the files that it names (bodies and rows by database key), and what it does not say.

    `guesses` are what the page does not tell and a person should look at.
    """

    template: Template
    bodies: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[str, tuple[Cells, ...]] = field(default_factory=dict)
    losses: tuple[Loss, ...] = ()
    guesses: tuple[Loss, ...] = ()


class Losses:
    """Collects what is not kept, each thing once."""

    def __init__(self, known: tuple[Loss, ...] = ()) -> None:
        self._found = dict.fromkeys(known)

    def tell(self, address: str, message: str) -> None:
        """Note something that is not kept."""
        self._found[Loss(address, message)] = None

    def __iter__(self) -> Iterator[Loss]:
        return iter(self._found)

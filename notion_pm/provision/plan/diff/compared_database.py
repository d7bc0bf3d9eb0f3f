"""A database of ours beside the template: what every comparison needs."""

from __future__ import annotations

from dataclasses import dataclass

from notion_pm.model.existing import Existing, ExistingDatabase
from notion_pm.model.ids import Address, address
from notion_pm.model.manifest import DatabaseEntry
from notion_pm.model.schema import DataSource
from notion_pm.model.template import DatabaseSpec, Template
from notion_pm.provision.plan.plan_options import PlanOptions


@dataclass(frozen=True, slots=True)
class ComparedDatabase:
    """A database that the template states and that exists.

    `key` is the template's key of the database, `entry` what the record says about it, `found` what
    Notion returned, and `existing` the rest of the workspace, for relations to other databases.
    """

    template: Template
    key: str
    entry: DatabaseEntry
    found: ExistingDatabase
    existing: Existing
    options: PlanOptions

    @property
    def spec(self) -> DatabaseSpec:
        """What the template says about the database."""
        return self.template.databases[self.key]

    @property
    def source(self) -> DataSource:
        """The data source with its properties, as Notion returned it."""
        return self.found.data_source

    def address(self, *parts: str) -> Address:
        """Return the address of something in the database."""
        return address(self.key, *parts)

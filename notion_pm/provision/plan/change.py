"""Changes: what is to be done to make the workspace what the template says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from notion_pm.model.ids import Address, NotionId, address
from notion_pm.model.schema import Database, View
from notion_pm.provision.plan.options.replacements import OptionReplacement
from notion_pm.text import quantity

Action = Literal["create", "update", "delete"]
ChangeClass = Literal["safe", "slow", "lossy", "blocked"]
"""safe: nothing of anybody's is lost. slow: safe, and takes many requests. lossy: values may be lost. blocked: Notion
or prudence forbids it; a person has to act first."""

Kind = Literal["manifest", "database", "property", "option", "view", "row"]


@dataclass(frozen=True, slots=True)
class AffectedPages:
    """The pages that a lossy change concerns, as they were counted.

    `asked` are those that Notion returns for the change's filter, `losing` those of them whose value would be lost.
    """

    asked: frozenset[NotionId] = frozenset()
    losing: frozenset[NotionId] = frozenset()


@dataclass(frozen=True, slots=True)
class PlannedView:
    """A view that is to be set or deleted, as it was when the plan was made.

    The same apply may change properties first: `changing` has their ids and names. Then Notion itself
    changes filters, sorts and columns that show them.
    """

    view: View
    changing: frozenset[str] = frozenset()

    def is_still(self, now: View) -> bool:
        """Return whether nobody has changed the view since."""
        planned = self.view
        if (now.name, now.type) != (planned.name, planned.type):
            return False
        tests = ("filter", "sorts", "quick_filters")
        if not all(self._is_same(getattr(planned, each), getattr(now, each)) for each in tests):
            return False
        return bool(self.changing) or _settings(now) == _settings(planned)

    def _is_same(self, planned: Any, now: Any) -> bool:
        return bool(_without(self.changing, planned) == _without(self.changing, now))

    @property
    def content(self) -> list[Any]:
        """What a person may change in it, as JSON data."""
        view = self.view
        return [view.name, view.filter, view.sorts, view.quick_filters, _settings(view)]


@dataclass(frozen=True, slots=True)
class PlannedDatabase:
    """A database whose title, icon and description are to be set, as it was when the plan was made."""

    database: Database
    facets: frozenset[str]

    def is_still(self, now: Database) -> bool:
        """Return whether nobody has changed what is to be set."""
        return PlannedDatabase(now, self.facets).content == self.content

    @property
    def content(self) -> list[Any]:
        """What a person may change in it, as JSON data."""
        database = self.database
        title = [database.title] if "title" in self.facets else []
        look = (
            [database.icon, database.icon_type, database.description]
            if "look" in self.facets
            else []
        )
        return title + look


def _without(properties: frozenset[str], json: Any) -> Any:
    """Return a filter, sorts or quick filters without the conditions on some properties, None for nothing left."""
    if isinstance(json, Mapping):
        if json.get("property") in properties:
            return None
        kept = {
            key: _without(properties, value) for key, value in json.items() if key not in properties
        }
        return {key: value for key, value in kept.items() if value is not None} or None
    if isinstance(json, list | tuple):
        return [left for each in json if (left := _without(properties, each)) is not None] or None
    return json


def _settings(view: View) -> dict[str, Any]:
    """Return the settings without the widgets of a dashboard: they are views themselves."""
    return {key: setting for key, setting in view.configuration.items() if key != "rows"}


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one thing.

    `database`, `key` and `kind` say what the address means; `facets` what of it changes (title, description, ...).
    `property_id` and `option_id` are Notion's, where values may be lost; `pages` how many pages hold such a value, once
    they were counted, and `affected` which; `swap` how an option gives way to another. `planned` is what is to be
    overwritten or deleted as a whole, as the plan has seen it.
    """

    address: Address
    action: Action
    kind: Kind
    reason: str
    change_class: ChangeClass = "safe"
    details: tuple[str, ...] = ()
    database: str = ""
    key: str = ""
    facets: frozenset[str] = frozenset()
    property_id: str = ""
    option_id: str = ""
    pages: int | None = None
    replacement: OptionReplacement | None = None
    affected: AffectedPages | None = None
    planned: PlannedView | PlannedDatabase | None = None

    def as_data(self) -> dict[str, Any]:
        """Return the change as JSON data with stable keys."""
        data = {
            "address": str(self.address),
            "action": self.action,
            "class": self.change_class,
            "reason": self.reason,
            "kind": self.kind,
        }
        counted = {"pages": self.pages} if self.pages is not None else {}
        return data | ({"details": list(self.details)} if self.details else {}) | counted

    @property
    def explained(self) -> str:
        """The reason, and how many pages it concerns."""
        if self.pages is None:
            return self.reason
        return f"{self.reason}; {quantity(self.pages, 'page holds', 'pages hold')} it"

    @property
    def order(self) -> tuple[str, str]:
        """What changes are sorted by."""
        return self.address, self.action


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """Something that a person should know and that no change follows from: drift that is respected, or a leftover."""

    address: Address
    message: str

    def as_data(self) -> dict[str, str]:
        """Return the note as JSON data."""
        return {"address": str(self.address), "message": self.message}


MANIFEST_ADDRESS = address("manifest")

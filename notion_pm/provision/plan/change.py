"""Changes and notes: how the workspace differs from the template."""

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
"""safe: nothing is lost. slow: safe, but takes many requests. lossy: values may be lost.
blocked: Notion does not allow it or it would be dangerous; a person has to act first."""

Kind = Literal["manifest", "database", "property", "option", "view", "row"]

MANIFEST_ADDRESS = address("manifest")


@dataclass(frozen=True, slots=True)
class AffectedPages:
    """The pages that a lossy change affects, as they were when they were counted.

    `asked`: the pages that Notion returns for the change's filter. `losing`: those of them that
    would lose their value.
    """

    asked: frozenset[NotionId] = frozenset()
    losing: frozenset[NotionId] = frozenset()


@dataclass(frozen=True, slots=True)
class PlannedView:
    """A view that the plan updates or deletes, as it was when the plan was made.

    The same apply may change properties before it changes the view. Then Notion itself edits the
    filters, sorts and columns that use them. `changing` has the ids and names of these properties.
    """

    view: View
    changing: frozenset[str] = frozenset()

    def is_unchanged(self, now: View) -> bool:
        """Whether the view is still as it was when the plan was made."""
        planned = self.view
        if (now.name, now.type) != (planned.name, planned.type):
            return False
        conditions_before = [planned.filter, planned.sorts, planned.quick_filters]
        conditions_now = [now.filter, now.sorts, now.quick_filters]
        for before, after in zip(conditions_before, conditions_now, strict=True):
            if _without_conditions_on(self.changing, before) != _without_conditions_on(
                self.changing, after
            ):
                return False
        # Columns cannot be compared while their properties change: Notion adds and removes some.
        return bool(self.changing) or _settings_without_widgets(now) == _settings_without_widgets(
            planned
        )

    @property
    def content(self) -> list[Any]:
        """Everything in the view that a person may edit, as JSON data."""
        view = self.view
        settings = _settings_without_widgets(view)
        return [view.name, view.filter, view.sorts, view.quick_filters, settings]


@dataclass(frozen=True, slots=True)
class PlannedDatabase:
    """A database whose title, icon or description the plan sets, as it was when the plan was
    made."""

    database: Database
    facets: frozenset[str]

    def is_unchanged(self, now: Database) -> bool:
        """Whether what the plan sets is still as it was."""
        return PlannedDatabase(now, self.facets).content == self.content

    @property
    def content(self) -> list[Any]:
        """What the plan overwrites, as JSON data."""
        database = self.database
        content: list[Any] = []
        if "title" in self.facets:
            content.append(database.title)
        if "look" in self.facets:
            content += [database.icon, database.icon_type, database.description]
        return content


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one thing.

    `kind`, `database` and `key` identify the thing; `facets` are the parts of it that change
    (title, description, ...). `property_id` and `option_id` are Notion's ids, where values may be
    lost.

    For people: `title` is what Notion calls the thing, `summary` says what changes, and
    `consequence` what that does to values, or what to do about a blocked change.

    Set when pages were counted: `pages` is the number of pages affected, `affected` which ones.
    `replacement`: how an option is replaced by another. `planned`: what is overwritten or deleted
    as a whole, as the plan saw it.
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
    title: str = ""
    summary: str = ""
    consequence: str = ""

    def as_data(self) -> dict[str, Any]:
        """Return the change as JSON data with stable keys."""
        data: dict[str, Any] = {
            "address": str(self.address),
            "action": self.action,
            "class": self.change_class,
            "reason": self.reason,
            "kind": self.kind,
        }
        if self.details:
            data["details"] = list(self.details)
        if self.pages is not None:
            data["pages"] = self.pages
        return data

    @property
    def reason_with_pages(self) -> str:
        """The reason, and how many pages the change affects."""
        # Not counted: the change concerns no values.
        if self.pages is None:
            return self.reason
        return f"{self.reason}; {quantity(self.pages, 'page')} affected"

    @property
    def order(self) -> tuple[str, str]:
        """The order of changes in a plan."""
        return self.address, self.action


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """Something a person should know that needs no change, such as a title that people changed.

    `title`: what Notion calls the thing.
    """

    address: Address
    message: str
    title: str = ""

    def as_data(self) -> dict[str, str]:
        """Return the note as JSON data."""
        return {"address": str(self.address), "message": self.message}


Finding = Change | Note
"""What comparing the template with the workspace yields."""


def _without_conditions_on(property_refs: frozenset[str], json: Any) -> Any:
    """Return a filter, sorts or quick filters without the conditions on some properties.

    `property_refs` are ids and names, because Notion uses either. Returns None if nothing is left.
    """
    if isinstance(json, Mapping):
        if json.get("property") in property_refs:
            return None
        kept = {}
        for key, value in json.items():
            if key in property_refs:  # quick filters are keyed by property
                continue
            remaining = _without_conditions_on(property_refs, value)
            if remaining is not None:
                kept[key] = remaining
        return kept or None
    if isinstance(json, list | tuple):
        items = [_without_conditions_on(property_refs, item) for item in json]
        return [item for item in items if item is not None] or None
    return json


def _settings_without_widgets(view: View) -> dict[str, Any]:
    """Return a view's settings. The widgets of a dashboard (`rows`) are views of their
    own_property."""
    return {key: setting for key, setting in view.configuration.items() if key != "rows"}

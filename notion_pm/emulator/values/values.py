"""Reading property values: what a page stores, what it shows, and what is computed when it is read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar, cast

from notion_pm.emulator.behaviour import behaviour
from notion_pm.emulator.formulas import FormulaType
from notion_pm.emulator.schema.computed_schema import formula_type, rollup_path
from notion_pm.emulator.schema.options import as_value
from notion_pm.emulator.schema.properties import Schema
from notion_pm.emulator.store import ids
from notion_pm.emulator.store.clock import to_the_minute
from notion_pm.emulator.store.records import PAGES, Page, Property
from notion_pm.emulator.store.session import Session
from notion_pm.emulator.values import computed_values
from notion_pm.emulator.values.users import User, shown_user

T = TypeVar("T")

_MOST_REMEMBERED = 10_000  # keeps a reader of many pages small
MOST_SHOWN = 25  # relations and people in page responses (notion-api.md 4.2)

_EMPTY: dict[str, Any] = {
    **dict.fromkeys(("title", "rich_text", "multi_select", "people", "files", "relation"), ()),
    "checkbox": False,
}


@dataclass(slots=True)
class Reader:
    """Reads values of pages within one request, and remembers what it had to look up."""

    session: Session
    _users: dict[str, User] = field(default_factory=dict)
    _schemas: dict[str, Schema] = field(default_factory=dict)
    _formula_types: dict[tuple[str, str], FormulaType] = field(default_factory=dict)
    _rollup_paths: dict[tuple[str, str], tuple[Property | None, Property | None]] = field(
        default_factory=dict
    )
    _pages: dict[str, Page] = field(default_factory=dict)
    _computed: dict[tuple[str, str], Any] = field(default_factory=dict)  # by page and property

    def schema(self, data_source_id: str) -> Schema:
        """Return a data source's schema; a vanished one has no properties."""
        if data_source_id not in self._schemas:
            found = self.session.find_data_source(data_source_id)
            self._schemas[data_source_id] = found.schema() if found else {}
        return self._schemas[data_source_id]

    def page_schema(self, page: Page) -> Schema:
        """Return the schema that a page's values follow: its data source's, or a bare title."""
        if page.parent_type == "data_source_id" and page.parent_id:
            return self.schema(page.parent_id)
        return {"title": Property("title", "title", "title")}

    def value(self, page: Page, prop: Property) -> Any:
        """Return the complete value in the API's form."""
        if prop.type == "relation":
            return [{"id": target} for target in self.related_ids(page, prop)]
        return self._unlinked_value(page, prop)

    def shown(self, page: Page, prop: Property) -> dict[str, Any]:
        """Return a value as page responses show it: relations and people cut at 25."""
        head = {"id": ids.encoded(prop.id), "type": prop.type}
        if prop.type == "relation":
            targets = self.related_ids(page, prop, most=MOST_SHOWN + 1)
            shown = [{"id": target} for target in targets[:MOST_SHOWN]]
            return {**head, "relation": shown, "has_more": len(targets) > MOST_SHOWN}
        value = self._unlinked_value(page, prop)
        computed = behaviour().computed_values
        if prop.type in ("formula", "rollup") and computed != "known":
            value = {
                **{key: value[key] for key in value.keys() & {"function"}},
                "type": computed,
                computed: {},
            }
        return {**head, prop.type: value[:MOST_SHOWN] if prop.type == "people" else value}

    def related_ids(self, page: Page, prop: Property, *, most: int = -1) -> list[str]:
        """Return the ids of the pages a relation points at, without those in the trash."""
        rows = self.session.db.execute(
            "SELECT l.target_id FROM links l JOIN pages p ON p.id = l.target_id AND p.in_trash = 0 "
            "WHERE l.page_id = ? AND l.property_id = ? ORDER BY l.seq LIMIT ?",
            (page.id, prop.id, most),
        )
        return [row[0] for row in rows]

    def related_pages(self, page: Page, prop: Property) -> list[Page]:
        """Return the pages a relation points at, without those in the trash."""
        return self._once(page, prop, self._find_related)

    def _find_related(self, page: Page, prop: Property) -> list[Page]:
        """Load those that no other page has led to before."""
        ids_ = self.related_ids(page, prop)
        unknown = [page_id for page_id in ids_ if page_id not in self._pages]
        if len(self._pages) + len(unknown) > _MOST_REMEMBERED:
            self._pages.clear()
            unknown = ids_
        if unknown:
            wanted = (json.dumps(unknown),)
            found = PAGES.select(
                self.session.db, "WHERE id IN (SELECT value FROM json_each(?))", wanted
            )
            self._pages |= {each.id: each for each in found}
        return [self._pages[page_id] for page_id in ids_]

    def rollup_path(self, page: Page, prop: Property) -> tuple[Property | None, Property | None]:
        """Return the relation that a rollup follows and the property it rolls up, where they still exist."""
        key = (page.parent_id or "", prop.id)
        if key not in self._rollup_paths:
            self._rollup_paths[key] = rollup_path(self.session, self.page_schema(page), prop)
        return self._rollup_paths[key]

    def _once(self, page: Page, prop: Property, compute: Callable[[Page, Property], T]) -> T:
        """Compute what several formulas and rollups may ask for only once."""
        key = (page.id, prop.id)
        if key not in self._computed:
            if len(self._computed) >= _MOST_REMEMBERED:
                self._computed.clear()
            self._computed[key] = compute(page, prop)
        return cast("T", self._computed[key])

    def user(self, user_id: str) -> User:
        """Return a user as values show it."""
        if user_id not in self._users:
            self._users[user_id] = shown_user(self.session, user_id)
        return self._users[user_id]

    def _formula(self, page: Page, prop: Property) -> dict[str, Any]:
        key = (page.parent_id or "", prop.id)
        if key not in self._formula_types:
            self._formula_types[key] = formula_type(self.session, self.page_schema(page), prop)
        return computed_values.formula(self, page, prop, self._formula_types[key])

    def _unlinked_value(self, page: Page, prop: Property) -> Any:
        stored = page.properties.get(prop.id)
        match prop.type:
            case "created_time" | "last_edited_time":
                return to_the_minute(getattr(page, prop.type))
            case "created_by" | "last_edited_by":
                return self.user(getattr(page, prop.type))
            case "people":
                return [self.user(user_id) for user_id in stored or ()]
            case "status":
                return as_value(stored) if stored else None
            case "unique_id":
                return {"prefix": prop.config["prefix"], "number": stored}
            case "button":
                return {}
            case "verification":
                return self._verification(stored)
            case "rollup":
                return self._once(page, prop, partial(computed_values.rollup, self))
            case "formula":
                return self._once(page, prop, self._formula)
        return _or_empty(stored, prop.type)

    def _verification(self, stored: Any) -> dict[str, Any]:
        if not stored:
            return {"state": "unverified", "verified_by": None, "date": None}
        return {**stored, "verified_by": self.user(stored["verified_by"])}


def _or_empty(stored: Any, kind: str) -> Any:
    if stored is not None:
        return stored
    empty = _EMPTY.get(kind)
    return [] if empty == () else empty


def in_order(schema: Mapping[str, Property]) -> list[Property]:
    """Return the properties in the order of responses (recorded: by decoded id, the named ones last)."""
    return sorted(schema.values(), key=lambda prop: ids.property_order(prop.id))

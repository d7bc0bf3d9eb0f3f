"""Read property values: stored ones, and rollups and formulas, which are computed when read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from notion_pm.emulator import formulas
from notion_pm.emulator.behaviour import behaviour
from notion_pm.emulator.formulas import FormulaError, FormulaType
from notion_pm.emulator.schema.computed_schema import formula_type, rollup_path
from notion_pm.emulator.schema.options import as_value
from notion_pm.emulator.schema.properties import Schema, property_of
from notion_pm.emulator.store import ids
from notion_pm.emulator.store.clock import to_the_minute
from notion_pm.emulator.store.records import PAGES, Page, Property
from notion_pm.emulator.store.session import Session
from notion_pm.emulator.values import rollups
from notion_pm.emulator.values.users import User, serialize_user

Json = dict[str, Any]
T = TypeVar("T")

_MOST_CACHED = 10_000  # keeps the memory for queries of many pages small
MOST_SHOWN = 25  # relations and people in page responses (notion-api.md 4.2)

_LIST_TYPES = ("title", "rich_text", "multi_select", "people", "files", "relation")
_BARE_PAGE_SCHEMA: Schema = {"title": Property("title", "title", "title")}


@dataclass(slots=True)
class Reader:
    """Reads the values of pages within one request, and caches what it looks up."""

    session: Session
    _users: dict[str, User] = field(default_factory=dict)
    _schemas: dict[str, Schema] = field(default_factory=dict)
    # By data source and property.
    _formula_types: dict[tuple[str, str], FormulaType] = field(default_factory=dict)
    _rollup_paths: dict[tuple[str, str], tuple[Property | None, Property | None]] = field(
        default_factory=dict
    )
    _pages: dict[str, Page] = field(default_factory=dict)
    # By page and property: values and related pages, which several formulas and rollups may need.
    _computed: dict[tuple[str, str], Any] = field(default_factory=dict)

    def schema(self, data_source_id: str) -> Schema:
        """Return the schema of a data source, an empty one if it does not exist."""
        if data_source_id not in self._schemas:
            found = self.session.find_data_source(data_source_id)
            self._schemas[data_source_id] = found.schema() if found else {}
        return self._schemas[data_source_id]

    def page_schema(self, page: Page) -> Schema:
        """Return the schema of a page: its data source's, or for other pages a bare title."""
        if page.parent_type == "data_source_id" and page.parent_id:
            return self.schema(page.parent_id)
        return _BARE_PAGE_SCHEMA

    def value(self, page: Page, prop: Property) -> Any:
        """Return the complete value in the API's form."""
        if prop.type == "relation":
            return [{"id": target} for target in self.related_ids(page, prop)]
        return self._value_on_page(page, prop)

    def tagged_value(self, page: Page, prop: Property) -> Json:
        """Return the complete value with its type: `{"type": "number", "number": 3}`."""
        return {"type": prop.type, prop.type: self.value(page, prop)}

    def serialize(self, page: Page, prop: Property) -> Json:
        """Return a value as page responses show it, with at most 25 relations or people."""
        body: Json = {"id": ids.encode_property_id(prop.id), "type": prop.type}
        if prop.type == "relation":
            # One more than is shown, to know `has_more`.
            targets = self.related_ids(page, prop, most=MOST_SHOWN + 1)
            body["relation"] = [{"id": target} for target in targets[:MOST_SHOWN]]
            body["has_more"] = len(targets) > MOST_SHOWN
            return body

        value = self._value_on_page(page, prop)
        if prop.type == "people":
            value = value[:MOST_SHOWN]
        if prop.type in ("formula", "rollup"):
            value = _as_behaviour_says(value)
        body[prop.type] = value
        return body

    def related_ids(self, page: Page, prop: Property, *, most: int = -1) -> list[str]:
        """Return the ids of the pages that a relation points at, without those in the trash."""
        rows = self.session.db.execute(
            "SELECT l.target_id FROM links l JOIN pages p ON p.id = l.target_id AND p.in_trash = 0 "
            "WHERE l.page_id = ? AND l.property_id = ? ORDER BY l.seq LIMIT ?",
            (page.id, prop.id, most),
        )
        return [row[0] for row in rows]

    def related_pages(self, page: Page, prop: Property) -> list[Page]:
        """Return the pages that a relation points at, without those in the trash."""
        return self._compute_once(page, prop, self._load_related_pages)

    def _load_related_pages(self, page: Page, prop: Property) -> list[Page]:
        related_ids = self.related_ids(page, prop)
        unknown = [page_id for page_id in related_ids if page_id not in self._pages]
        if len(self._pages) + len(unknown) > _MOST_CACHED:
            self._pages.clear()
            unknown = related_ids
        if unknown:
            found = PAGES.select(
                self.session.db,
                "WHERE id IN (SELECT value FROM json_each(?))",
                (json.dumps(unknown),),
            )
            for related in found:
                self._pages[related.id] = related
        return [self._pages[page_id] for page_id in related_ids]

    def rollup_path(self, page: Page, prop: Property) -> tuple[Property | None, Property | None]:
        """Return the relation that a rollup follows, and the property that it rolls up.

        Each is None if it does not exist any more.
        """
        key = (page.parent_id or "", prop.id)
        if key not in self._rollup_paths:
            self._rollup_paths[key] = rollup_path(self.session, self.page_schema(page), prop)
        return self._rollup_paths[key]

    def user(self, user_id: str) -> User:
        """Return a user as values show it."""
        if user_id not in self._users:
            self._users[user_id] = serialize_user(self.session, user_id)
        return self._users[user_id]

    def _compute_once(
        self, page: Page, prop: Property, compute: Callable[[Page, Property], T]
    ) -> T:
        key = (page.id, prop.id)
        if key not in self._computed:
            if len(self._computed) >= _MOST_CACHED:
                self._computed.clear()
            self._computed[key] = compute(page, prop)
        return cast("T", self._computed[key])

    def _value_on_page(self, page: Page, prop: Property) -> Any:
        """Return the value of any property but a relation, which is stored outside the page."""
        stored = page.properties.get(prop.id)
        match prop.type:
            case "created_time" | "last_edited_time":
                return to_the_minute(getattr(page, prop.type))
            case "created_by" | "last_edited_by":
                return self.user(getattr(page, prop.type))
            case "people":
                return [self.user(user_id) for user_id in stored or ()]
            # The stored value may have more keys, see options.never_set and
            # convert.surviving_status.
            case "status":
                return as_value(stored) if stored else None
            case "unique_id":
                return {"prefix": prop.config["prefix"], "number": stored}
            case "button":
                return {}
            case "verification":
                return self._verification(stored)
            case "rollup":
                return self._compute_once(page, prop, self._rollup)
            case "formula":
                return self._compute_once(page, prop, self._formula)
        return _empty_value(prop.type) if stored is None else stored

    def _verification(self, stored: Any) -> Json:
        if not stored:
            return {"state": "unverified", "verified_by": None, "date": None}
        return {**stored, "verified_by": self.user(stored["verified_by"])}

    def _rollup(self, page: Page, prop: Property) -> Json:
        """Aggregate the values of the related pages.

        A rollup with a deleted relation or property has the type `unsupported`.
        """
        function = prop.config["function"]
        relation, rolled_up = self.rollup_path(page, prop)
        if relation is None or rolled_up is None:
            return {"type": "unsupported", "unsupported": {}, "function": function}
        values = [
            self.tagged_value(related, rolled_up) for related in self.related_pages(page, relation)
        ]
        return rollups.aggregate(function, values)

    def _formula(self, page: Page, prop: Property) -> Json:
        """Evaluate a formula for a page. One with an error shows an empty text (recorded)."""
        key = (page.parent_id or "", prop.id)
        if key not in self._formula_types:
            self._formula_types[key] = formula_type(self.session, self.page_schema(page), prop)
        expression = prop.config["expression"]
        row = FormulaRow(self, page)
        try:
            return formulas.evaluate(expression, row, self.session.moment, self._formula_types[key])
        except FormulaError:
            return {"type": "string", "string": None}


@dataclass(frozen=True, slots=True)
class FormulaRow:
    """A page as formulas read it: values by property id or name, and related pages."""

    reader: Reader
    page: Page

    @property
    def id(self) -> str:
        """The page's id."""
        return self.page.id

    def value(self, key: str) -> Json:
        """Return a value as `{"type": t, t: ...}`. Raises KeyError for an unknown property."""
        return self.reader.tagged_value(self.page, self._property(key))

    def pages(self, key: str) -> Sequence[FormulaRow]:
        """Return the related pages that a formula sees: the first 25 (notion-api.md 4.2)."""
        related = self.reader.related_pages(self.page, self._property(key))
        return [FormulaRow(self.reader, page) for page in related[: formulas.MOST_RELATED]]

    def _property(self, key: str) -> Property:
        found = property_of(self.reader.page_schema(self.page), key)
        if found is None:
            raise KeyError(key)
        return found


def _as_behaviour_says(computed: Json) -> Json:
    """Return a formula's or rollup's value, or that it is not known (Behaviour.computed_values)."""
    wanted = behaviour().computed_values
    if wanted == "known":
        return computed
    body: Json = {"type": wanted, wanted: {}}
    if "function" in computed:
        body["function"] = computed["function"]
    return body


def _empty_value(kind: str) -> Any:
    if kind in _LIST_TYPES:
        return []
    return False if kind == "checkbox" else None


def in_order(schema: Mapping[str, Property]) -> list[Property]:
    """Return the properties in the order of responses (see ids.property_order)."""
    return sorted(schema.values(), key=lambda prop: ids.property_order(prop.id))

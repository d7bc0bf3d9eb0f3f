"""Laws of a data source's schema: what a request's `properties` does to it (notion-api.md 3.1 to 3.3).

An Editor works on a copy, in the order that lets one request name what another of its entries makes: plain properties,
then relations, rollups, formulas. What a change means for stored pages is `rewriting`'s part, and `relations` keeps the
two sides of a two-way relation together.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from notion_pm.emulator.http import checks
from notion_pm.emulator.http.errors import ApiError, body_error, validation_error
from notion_pm.emulator.schema import relations, schema_migration
from notion_pm.emulator.schema.computed_schema import formula_config, rollup_config
from notion_pm.emulator.schema.properties import (
    CONVERTIBLE,
    SELF_CONTAINED,
    TYPES,
    Schema,
    as_json,
    find_property,
)
from notion_pm.emulator.store import ids
from notion_pm.emulator.store.records import DataSource, Property
from notion_pm.emulator.store.session import Session

MOST_IN_NAME = 2000
MOST_BYTES = 50 * 1024
_PHASES = {"relation": 1, "rollup": 2, "formula": 3}
_BESIDE_CONFIG = ("type", "name", "description", "id")

_Entry = tuple[str, Any, Property | None]


def edit(
    session: Session, data_source: DataSource, sent: Any, path: str = "body.properties"
) -> DataSource:
    """Apply a request's `properties` to a data source and save it; raises 400 for what Notion refuses."""
    editor = Editor(session, data_source, path)
    editor.apply(checks.an_object(sent, path))
    _refuse_oversize(editor.schema)
    return session.data_source(data_source.id)


def _refuse_oversize(schema: Schema) -> None:
    """Refuse a schema beyond Notion's limit, naming what takes most of it (4.2)."""
    sizes = {body["name"]: len(json.dumps(body)) for body in as_json(schema).values()}
    if sum(sizes.values()) > MOST_BYTES:
        largest = max(sizes, key=lambda name: sizes[name])
        raise validation_error(
            f"The data source schema is too large: {sum(sizes.values())} bytes, at most {MOST_BYTES} are allowed. "
            f'The largest property is "{largest}" with {sizes[largest]} bytes.'
        )


class Editor:
    """Changes one data source's schema, entry by entry."""

    def __init__(self, session: Session, data_source: DataSource, path: str) -> None:
        self._session = session
        self._id = data_source.id
        self._path = path

    @property
    def schema(self) -> Schema:
        """The schema as it now stands (two-way relations may change it from the other side)."""
        return self._session.data_source(self._id).schema()

    def apply(self, sent: Mapping[str, Any]) -> None:
        """Carry out all entries of a request."""
        entries = [
            (key, spec, find_property(self.schema, key, in_schema=True))
            for key, spec in sent.items()
        ]
        entries.sort(key=lambda entry: _phase(entry[1], entry[2]))
        while entries:
            entries = self._apply_those_possible(entries)

    def _apply_those_possible(self, entries: list[_Entry]) -> list[_Entry]:
        """Carry out entries and return the formulas that must wait for another entry of the request."""
        waiting: list[_Entry] = []
        refusal: ApiError | None = None
        for entry in entries:
            try:
                self._apply_one(*entry)
            except ApiError as error:
                if _phase(entry[1], entry[2]) != _PHASES["formula"]:
                    raise
                waiting, refusal = [*waiting, entry], refusal or error
        if refusal and len(waiting) == len(entries):
            raise refusal
        return waiting

    def _apply_one(self, key: str, spec: Any, existing: Property | None) -> None:
        path = f"{self._path}.{key}"
        if spec is None:
            self._delete(key, existing)
        elif existing is None:
            self._create(key, checks.an_object(spec, path), path)
        else:
            self._update(existing, checks.an_object(spec, path), path)

    def _create(self, key: str, spec: Mapping[str, Any], path: str) -> None:
        kind = _type_of(spec, path)
        if kind is None:
            raise validation_error(f"{key} is not a property that exists.")
        schema = self.schema
        if kind == "title" and "title" in schema:
            raise validation_error(
                "Cannot create new title property: a data source has exactly one."
            )
        if kind == "verification":
            raise validation_error(
                "Verification properties exist only in wikis and cannot be created."
            )
        property_id = "title" if kind == "title" else ids.new_property_id(schema)
        created = Property(
            property_id, self._free_name(key, None), kind, {}, _description(spec, None, path)
        )
        self._configure(created, spec, None, path)
        schema_migration.fill(self._session, self._id, self.schema[property_id])

    def _update(self, existing: Property, spec: Mapping[str, Any], path: str) -> None:
        kind = _type_of(spec, path) or existing.type
        name = (
            self._free_name(spec["name"], existing)
            if spec.get("name") is not None
            else existing.name
        )
        renamed = replace(
            existing, name=name, description=_description(spec, existing.description, path)
        )
        if kind != existing.type:
            self._convert(renamed, kind, spec, path)
        else:
            self._configure(renamed, spec, existing, path)

    def _convert(self, existing: Property, kind: str, spec: Mapping[str, Any], path: str) -> None:
        if "title" in (existing.type, kind):
            raise validation_error("Cannot convert to or from the title property.")
        if existing.type == "relation":
            relations.forget(self._session, self._id, existing)
        values = schema_migration.take(self._session, self._id, existing)
        self._configure(replace(existing, type=kind, config={}), spec, None, path)
        if existing.type in CONVERTIBLE and kind in CONVERTIBLE:
            schema_migration.convert(
                self._session, self._id, existing, self.schema[existing.id], values
            )
        schema_migration.fill(self._session, self._id, self.schema[existing.id])

    def _configure(
        self, wanted: Property, spec: Mapping[str, Any], existing: Property | None, path: str
    ) -> None:
        """Work out the config of a new or changed property, and save it."""
        sent = checks.optional_object(spec, wanted.type, path)
        self._save(
            replace(wanted, config=self._config(wanted, sent, existing, f"{path}.{wanted.type}"))
        )
        if existing and wanted.type in ("select", "multi_select", "status"):
            schema_migration.drop_options(self._session, self._id, existing, self.schema[wanted.id])
        if wanted.type == "relation" and (existing is None or sent):
            relations.connect(self._session, self._id, self.schema[wanted.id], sent)

    def _config(
        self, wanted: Property, sent: Mapping[str, Any], existing: Property | None, path: str
    ) -> dict[str, Any]:
        config = existing.config if existing else None
        if wanted.type in SELF_CONTAINED:
            return SELF_CONTAINED[wanted.type](sent, config, path)
        if config and not sent:
            return config
        if wanted.type == "relation":
            return relations.config(self._session, self._id, wanted, sent, config, path)
        if wanted.type == "rollup":
            return rollup_config(self._session, self.schema, sent, config, path)
        return formula_config(self._session, self._id, self.schema, wanted, sent, path)

    def _delete(self, key: str, existing: Property | None) -> None:
        if existing is None:
            raise validation_error(f"{key} is not a property that exists.")
        if existing.type == "title":
            raise validation_error("Cannot delete the title property.")
        if existing.type == "relation":
            relations.forget(self._session, self._id, existing)
        schema_migration.take(self._session, self._id, existing)
        self._replace({k: v for k, v in self.schema.items() if k != existing.id})

    def _free_name(self, wanted: Any, existing: Property | None) -> str:
        name = checks.a_string(wanted, f"{self._path}.name", most=MOST_IN_NAME)
        holder = next((each for each in self.schema.values() if each.name == name), None)
        if holder and (existing is None or holder.id != existing.id):
            raise validation_error(f'Property name "{name}" is already in use in this data source.')
        return name

    def _save(self, changed: Property) -> None:
        self._replace({**self.schema, changed.id: changed})

    def _replace(self, schema: Schema) -> None:
        data_source = self._session.data_source(self._id)
        self._session.save_data_source(replace(data_source, properties=as_json(schema)))


def _phase(spec: Any, existing: Property | None) -> int:
    sent = spec if isinstance(spec, dict) else {}
    kind = (
        sent.get("type")
        or next((key for key in sent if key in TYPES), None)
        or (existing and existing.type)
    )
    return _PHASES.get(str(kind), 0)


def _type_of(spec: Mapping[str, Any], path: str) -> str | None:
    """Return the type that a property's request names, by `type` or by the key of its config."""
    named = [key for key in spec if key not in _BESIDE_CONFIG]
    unknown = next((key for key in named if key not in TYPES), None)
    if unknown is not None:
        raise body_error(f"{path}.{unknown}", "not present", spec[unknown])
    kind = spec.get("type", next(iter(named), None))
    return None if kind is None else checks.one_of(kind, TYPES, f"{path}.type")


def _description(spec: Mapping[str, Any], existing: str | None, path: str) -> str | None:
    """Return a description; a property that is configured anew without one loses it (3.1)."""
    if "description" not in spec:
        configures = any(key in spec for key in ("select", "multi_select"))
        return None if configures else existing
    value = spec["description"]
    return None if not value else checks.a_string(value, f"{path}.description")

"""Change the schema of a data source by a request's `properties` (notion-api.md 3.1 to 3.3).

The entries of a request may refer to each other, so they are applied in this order: plain
properties, relations, rollups, formulas. schema_migration.py changes the stored pages, and
relations.py keeps the two sides of a two-way relation consistent.
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
_NOT_CONFIG = ("type", "name", "description", "id")

_Entry = tuple[str, Any, Property | None]


def edit(
    session: Session, data_source: DataSource, sent: Any, path: str = "body.properties"
) -> DataSource:
    """Apply a request's `properties` to a data source, and save it. Raises 400."""
    editor = Editor(session, data_source, path)
    editor.apply(checks.an_object(sent, path))
    _refuse_oversize(editor.schema)
    return session.data_source(data_source.id)


def _refuse_oversize(schema: Schema) -> None:
    """Refuse a schema above Notion's limit (4.2). The error names the largest property."""
    sizes = {body["name"]: len(json.dumps(body)) for body in as_json(schema).values()}
    if sum(sizes.values()) > MOST_BYTES:
        largest = max(sizes, key=lambda name: sizes[name])
        raise validation_error(
            f"The data source schema is too large: {sum(sizes.values())} bytes, "
            f"at most {MOST_BYTES} are allowed. "
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
        """The current schema. It is read each time: a two-way relation may change it elsewhere."""
        return self._session.data_source(self._id).schema()

    def apply(self, sent: Mapping[str, Any]) -> None:
        """Apply all entries of a request."""
        entries: list[_Entry] = []
        for key, spec in sent.items():
            entries.append((key, spec, find_property(self.schema, key, in_schema=True)))
        entries.sort(key=lambda entry: _phase(entry[1], entry[2]))
        while entries:
            entries = self._apply_possible(entries)

    def _apply_possible(self, entries: list[_Entry]) -> list[_Entry]:
        """Apply entries, and return the formulas that must wait for another formula.

        Raises the first error if none of them could be applied.
        """
        waiting: list[_Entry] = []
        first_error: ApiError | None = None
        for entry in entries:
            key, spec, existing = entry
            try:
                self._apply_one(key, spec, existing)
            except ApiError as error:
                if _phase(spec, existing) != _PHASES["formula"]:
                    raise
                waiting.append(entry)
                first_error = first_error or error
        if first_error and len(waiting) == len(entries):
            raise first_error
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
        # Only wikis have it (notion-api.md 3.1); turn_into_wiki adds it.
        if kind == "verification":
            raise validation_error(
                "Verification properties exist only in wikis and cannot be created."
            )
        # The id of the title is always `title` (notion-api.md 3.1).
        property_id = "title" if kind == "title" else ids.new_property_id(schema)
        name = self._read_name(key, None)
        created = Property(property_id, name, kind, {}, _read_description(spec, None, path))
        self._configure(created, spec, None, path)
        schema_migration.fill_new_property(self._session, self._id, self.schema[property_id])

    def _update(self, existing: Property, spec: Mapping[str, Any], path: str) -> None:
        kind = _type_of(spec, path) or existing.type
        name = existing.name
        if spec.get("name") is not None:
            name = self._read_name(spec["name"], existing)
        description = _read_description(spec, existing.description, path)
        renamed = replace(existing, name=name, description=description)
        if kind != existing.type:
            self._convert(renamed, kind, spec, path)
        else:
            self._configure(renamed, spec, existing, path)

    def _convert(self, existing: Property, kind: str, spec: Mapping[str, Any], path: str) -> None:
        """Change the type of a property. Its values are removed, converted and written back."""
        # A data source has exactly one title (notion-api.md 3.1).
        if "title" in (existing.type, kind):
            raise validation_error("Cannot convert to or from the title property.")
        if existing.type == "relation":
            relations.remove_relation(self._session, self._id, existing)
        # The values are taken out before the type changes, and written back in the new one.
        values = schema_migration.remove_values(self._session, self._id, existing)
        self._configure(replace(existing, type=kind, config={}), spec, None, path)
        if existing.type in CONVERTIBLE and kind in CONVERTIBLE:
            schema_migration.write_converted(
                self._session, self._id, existing, self.schema[existing.id], values
            )
        schema_migration.fill_new_property(self._session, self._id, self.schema[existing.id])

    def _configure(
        self, wanted: Property, spec: Mapping[str, Any], existing: Property | None, path: str
    ) -> None:
        """Read the config of a new or changed property, and save it."""
        sent = checks.optional_object(spec, wanted.type, path)
        config = self._read_config(wanted, sent, existing, f"{path}.{wanted.type}")
        self._save(replace(wanted, config=config))
        if existing and wanted.type in ("select", "multi_select", "status"):
            schema_migration.remove_deleted_options(
                self._session, self._id, existing, self.schema[wanted.id]
            )
        if wanted.type == "relation" and (existing is None or sent):
            relations.update_far_side(self._session, self._id, self.schema[wanted.id], sent)

    def _read_config(
        self, wanted: Property, sent: Mapping[str, Any], existing: Property | None, path: str
    ) -> dict[str, Any]:
        config = existing.config if existing else None
        if wanted.type in SELF_CONTAINED:
            return SELF_CONTAINED[wanted.type](sent, config, path)
        # `{"relation": {}}` keeps the existing config.
        if config and not sent:
            return config
        if wanted.type == "relation":
            return relations.read_config(self._session, self._id, wanted, sent, config, path)
        if wanted.type == "rollup":
            return rollup_config(self._session, self.schema, sent, config, path)
        return formula_config(self._session, self._id, self.schema, wanted, sent, path)

    def _delete(self, key: str, existing: Property | None) -> None:
        if existing is None:
            raise validation_error(f"{key} is not a property that exists.")
        if existing.type == "title":
            raise validation_error("Cannot delete the title property.")
        if existing.type == "relation":
            relations.remove_relation(self._session, self._id, existing)
        schema_migration.remove_values(self._session, self._id, existing)
        remaining = self.schema
        del remaining[existing.id]
        self._replace(remaining)

    def _read_name(self, wanted: Any, existing: Property | None) -> str:
        """Return a new name. Raises 400 if another property has it."""
        name = checks.a_string(wanted, f"{self._path}.name", most=MOST_IN_NAME)
        for prop in self.schema.values():
            is_itself = existing is not None and prop.id == existing.id
            if prop.name == name and not is_itself:
                raise validation_error(
                    f'Property name "{name}" is already in use in this data source.'
                )
        return name

    def _save(self, changed: Property) -> None:
        self._replace({**self.schema, changed.id: changed})

    def _replace(self, schema: Schema) -> None:
        data_source = self._session.data_source(self._id)
        self._session.save_data_source(replace(data_source, properties=as_json(schema)))


def _phase(spec: Any, existing: Property | None) -> int:
    """Return when an entry is applied. It is only sorted here, and checked when it is applied."""
    sent = spec if isinstance(spec, dict) else {}
    kind = sent.get("type")
    if not kind:
        kind = next((key for key in sent if key in TYPES), None)
    if not kind and existing:
        kind = existing.type
    return _PHASES.get(str(kind), 0)


def _type_of(spec: Mapping[str, Any], path: str) -> str | None:
    """Return the type of a property in a request: its `type`, or the key of its config.

    Return None if it has neither, as in `{"name": "New name"}`.
    """
    config_keys = [key for key in spec if key not in _NOT_CONFIG]
    for key in config_keys:
        if key not in TYPES:
            raise body_error(f"{path}.{key}", "not present", spec[key])
    if "type" in spec:
        kind = spec["type"]
    else:
        kind = config_keys[0] if config_keys else None
    return None if kind is None else checks.one_of(kind, TYPES, f"{path}.type")


def _read_description(spec: Mapping[str, Any], existing: str | None, path: str) -> str | None:
    """Return the description. A request that sets options without a description clears it (3.1)."""
    if "description" not in spec:
        sets_options = "select" in spec or "multi_select" in spec
        return None if sets_options else existing
    if not spec["description"]:
        return None
    return checks.a_string(spec["description"], f"{path}.description")

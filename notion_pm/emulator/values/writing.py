"""Write property values: check a request's `properties` and return what pages store.

See notion-api.md 3.5.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from notion_pm.emulator.http import checks
from notion_pm.emulator.http.errors import body_error, validation_error
from notion_pm.emulator.schema import options
from notion_pm.emulator.schema.properties import COMPUTED, Schema, as_json, find_property
from notion_pm.emulator.store.records import PAGES, DataSource, Property
from notion_pm.emulator.store.session import Session
from notion_pm.emulator.values import convert, dates
from notion_pm.emulator.values.file_uploads import hosted_file
from notion_pm.emulator.values.richtext import normalize
from notion_pm.emulator.values.users import find_user

_MOST_IN_FILE_NAME = 100
_PLACE_TEXTS = ("name", "address", "aws_place_id", "google_place_id")
MOST_IN_CONTACT = 200  # e-mail addresses and phone numbers (4.2)


@dataclass(slots=True)
class Written:
    """The values to store and the pages to link, by property id. The value None clears."""

    values: dict[str, Any] = field(default_factory=dict)
    links: dict[str, list[str]] = field(default_factory=dict)


def write(session: Session, schema: Schema, data_source: DataSource | None, sent: Any) -> Written:
    """Check a request's `properties` against a schema, and return what to store.

    A select name that is not an option becomes one, and is saved. Raises 400.
    """
    writer = _Writer(session, schema, data_source)
    for key, spec in checks.an_object(sent, "body.properties").items():
        writer.write(key, spec)
    writer.save_new_options()
    return writer.written


class _Writer:
    def __init__(self, session: Session, schema: Schema, data_source: DataSource | None) -> None:
        self.written = Written()
        self._session = session
        self._schema = dict(schema)
        self._data_source = data_source
        self._has_new_options = False

    def write(self, key: str, spec: Any) -> None:
        prop = find_property(self._schema, key)
        if prop is None:
            raise validation_error(f"{key} is not a property that exists.")
        path = f"body.properties.{key}"
        # All values of a request are checked before anything is stored.
        value = _value_of(prop, spec, path)
        if prop.type == "relation":
            self.written.links[prop.id] = self._read_targets(prop, value, f"{path}.relation")
        else:
            self.written.values[prop.id] = self._read_value(prop, value, f"{path}.{prop.type}")

    def save_new_options(self) -> None:
        if self._has_new_options and self._data_source:
            self._session.save_data_source(
                replace(self._data_source, properties=as_json(self._schema))
            )

    def _read_value(self, prop: Property, value: Any, path: str) -> Any:
        match prop.type:
            case "title" | "rich_text":
                return normalize(self._session, value, path)
            case "select":
                return None if value is None else self._read_option(prop, value, path)
            case "multi_select":
                return [
                    self._read_option(prop, option, f"{path}[{index}]")
                    for index, option in enumerate(checks.an_array(value, path))
                ]
            case "status":
                return _read_status(prop, value, path)
            case "verification":
                return self._read_verification(value, path)
            case "people":
                return [
                    self._read_person(person, f"{path}[{index}]")
                    for index, person in enumerate(checks.an_array(value, path))
                ]
            case "files":
                return [
                    _read_file(self._session, file, f"{path}[{index}]")
                    for index, file in enumerate(checks.an_array(value, path))
                ]
        return None if value is None else _SCALARS[prop.type](value, path)

    def _read_option(self, prop: Property, value: Any, path: str) -> options.Option:
        wanted = checks.an_object(value, path)
        config = self._schema[prop.id].config
        found = options.find(config["options"], wanted)
        if found is None:
            # Only a name creates a new option (notion-api.md 3.3).
            if wanted.get("name") is None:
                raise validation_error(f"Could not find option with id: {wanted.get('id')}")
            found = options.new_option(options.check_name(wanted["name"], f"{path}.name"))
            with_option = {**config, "options": [*config["options"], found]}
            self._schema[prop.id] = replace(self._schema[prop.id], config=with_option)
            self._has_new_options = True
        return options.as_value(found)

    def _read_verification(self, value: Any, path: str) -> dict[str, Any] | None:
        """Return who verified a page of a wiki, and until when. None if it is not verified."""
        sent = checks.an_object(value, path)
        state = checks.one_of(
            checks.require(sent, "state", path), ("verified", "unverified"), f"{path}.state"
        )
        if state == "unverified":
            return None
        date = None
        if sent.get("date") is not None:
            date = dates.read_date(sent["date"], f"{path}.date")
        return {"state": state, "verified_by": self._session.settings.bot_id, "date": date}

    def _read_person(self, value: Any, path: str) -> str:
        user_id = checks.body_id(checks.an_object(value, path), "id", path)
        if find_user(self._session, user_id) is None:
            raise validation_error(f"Could not find user with ID: {user_id}.")
        return user_id

    def _read_targets(self, prop: Property, value: Any, path: str) -> list[str]:
        """Return the ids of the pages that a relation is to point at, without repetitions."""
        targets: dict[str, None] = {}  # a dict keeps the order and drops repetitions
        for index, sent in enumerate(checks.an_array(value, path)):
            item_path = f"{path}[{index}]"
            targets[checks.body_id(checks.an_object(sent, item_path), "id", item_path)] = None
        for target in targets:
            page = PAGES.find(self._session.db, target)
            if page is None or not self._session.sees(target):
                raise self._session.not_found("page", target)
            if page.parent_id != prop.config["data_source_id"]:
                raise validation_error(
                    f"Page {target} is not in the data source that {prop.name} relates to."
                )
        return list(targets)


def _value_of(prop: Property, spec: Any, path: str) -> Any:
    """Return what a request sends for a property, without the type around it."""
    if prop.type in COMPUTED:
        raise validation_error(f"{prop.name} is a {prop.type} property and cannot be written.")
    if isinstance(spec, list) and prop.type in ("title", "rich_text"):
        return spec  # the service also accepts a bare array (recorded)
    sent = checks.an_object(spec, path)
    if sent.get("type", prop.type) != prop.type or prop.type not in sent:
        raise validation_error(f"{prop.name} is expected to be {prop.type}.")
    return sent[prop.type]


def _read_status(prop: Property, value: Any, path: str) -> Any:
    if value is None:
        # Null resets a status to its default (notion-api.md 3.5).
        return options.default_status(prop.config)
    wanted = checks.an_object(value, path)
    found = options.find(prop.config["options"], wanted)
    if found is None:
        name = wanted.get("name") or wanted.get("id")
        raise validation_error(f'Invalid status option. Status option "{name}" does not exist".')
    return options.as_value(found)


def _read_file(session: Session, value: Any, path: str) -> dict[str, Any]:
    sent = checks.an_object(value, path)
    kind = checks.read_type(sent, ("external", "file_upload", "file"), path)
    content = checks.an_object(checks.require(sent, kind, path), f"{path}.{kind}")
    if kind == "external":
        url = checks.require(content, "url", f"{path}.external")
        content = {"url": checks.a_url(url, f"{path}.external.url")}
    if kind == "file_upload":
        upload_id = checks.body_id(content, "id", f"{path}.file_upload")
        kind, content = "file", hosted_file(session, upload_id)
    last_part_of_url = str(content.get("url", "")).rsplit("/", 1)[-1]
    name = checks.a_string(sent.get("name") or last_part_of_url, f"{path}.name")
    return {"name": name[:_MOST_IN_FILE_NAME], "type": kind, kind: content}


def _read_number(value: Any, path: str) -> int | float:
    """Return a number as JavaScript has it: 123456789012345678 is 123456789012345680 (measured)."""
    number = checks.a_number(value, path)
    is_exact = not isinstance(number, int) or abs(number) < 2**53
    return number if is_exact else int(float(convert.number_text(number)))


def _read_web_address(value: Any, path: str) -> str:
    """Return a URL. Any text is accepted (measured), except an empty one. Null clears."""
    if not checks.a_url(value, path):
        raise body_error(f"{path}.length", "≥ `1`", 0)
    return str(value)


def _read_contact(value: Any, path: str) -> str | None:
    return checks.a_string(value, path, most=MOST_IN_CONTACT) or None


def _read_place(value: Any, path: str) -> dict[str, Any]:
    sent = checks.an_object(value, path)
    for coordinate in ("lat", "lon"):
        checks.a_number(checks.require(sent, coordinate, path), f"{path}.{coordinate}")
    for key in _PLACE_TEXTS:
        if sent.get(key) is not None:
            checks.a_string(sent[key], f"{path}.{key}")
    return {key: sent.get(key) for key in ("lat", "lon", *_PLACE_TEXTS)}


_SCALARS: Mapping[str, Callable[[Any, str], Any]] = {
    "number": _read_number,
    "checkbox": checks.a_boolean,
    "url": _read_web_address,
    "email": _read_contact,
    "phone_number": _read_contact,
    "date": dates.read_date,
    "place": _read_place,
}

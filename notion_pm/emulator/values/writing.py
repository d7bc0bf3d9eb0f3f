"""Writing property values: a request's `properties`, checked and made into what pages store (notion-api.md 3.5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from notion_pm.emulator.http import checks
from notion_pm.emulator.http.errors import body_error, validation_error
from notion_pm.emulator.schema import options
from notion_pm.emulator.schema.properties import COMPUTED, Schema, as_json, find_property
from notion_pm.emulator.store import dates
from notion_pm.emulator.store.records import PAGES, DataSource, Property
from notion_pm.emulator.store.session import Session
from notion_pm.emulator.values import convert
from notion_pm.emulator.values.file_uploads import hosted_file
from notion_pm.emulator.values.richtext import normalized
from notion_pm.emulator.values.users import find_user

_MOST_IN_FILE_NAME = 100
_PLACE_TEXTS = ("name", "address", "aws_place_id", "google_place_id")
MOST_IN_CONTACT = 200  # e-mail addresses and phone numbers (4.2)


@dataclass(slots=True)
class Written:
    """The outcome of a request's `properties`: stored values by property id (None clears), and relations' targets."""

    values: dict[str, Any] = field(default_factory=dict)
    links: dict[str, list[str]] = field(default_factory=dict)


def write(session: Session, schema: Schema, data_source: DataSource | None, sent: Any) -> Written:
    """Check a request's `properties` against a schema; unknown select names become options. Raises 400."""
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
        value = _value_of(prop, spec, path)
        if prop.type == "relation":
            self.written.links[prop.id] = self._targets(prop, value, f"{path}.relation")
        else:
            self.written.values[prop.id] = self._checked(prop, value, f"{path}.{prop.type}")

    def save_new_options(self) -> None:
        if self._has_new_options and self._data_source:
            self._session.save_data_source(
                replace(self._data_source, properties=as_json(self._schema))
            )

    def _checked(self, prop: Property, value: Any, path: str) -> Any:
        match prop.type:
            case "title" | "rich_text":
                return normalized(self._session, value, path)
            case "select":
                return None if value is None else self._option(prop, value, path)
            case "multi_select":
                chosen = checks.an_array(value, path)
                return [
                    self._option(prop, each, f"{path}[{index}]")
                    for index, each in enumerate(chosen)
                ]
            case "status":
                return _status(prop, value, path)
            case "verification":
                return self._verification(value, path)
            case "people":
                people = checks.an_array(value, path)
                return [self._person(each, f"{path}[{index}]") for index, each in enumerate(people)]
            case "files":
                return [
                    _file(self._session, each, f"{path}[{index}]")
                    for index, each in enumerate(checks.an_array(value, path))
                ]
        return None if value is None else _SCALARS[prop.type](value, path)

    def _option(self, prop: Property, value: Any, path: str) -> options.Option:
        wanted = checks.an_object(value, path)
        config = self._schema[prop.id].config
        found = options.find(config["options"], wanted)
        if found is None:
            if wanted.get("name") is None:
                raise validation_error(f"Could not find option with id: {wanted.get('id')}")
            found = options.new_option(options.checked_name(wanted["name"], f"{path}.name"))
            grown = {**config, "options": [*config["options"], found]}
            self._schema[prop.id] = replace(self._schema[prop.id], config=grown)
            self._has_new_options = True
        return options.as_value(found)

    def _verification(self, value: Any, path: str) -> dict[str, Any] | None:
        """Return who verified a page of a wiki until when; None for a page that is not verified."""
        sent = checks.an_object(value, path)
        state = checks.one_of(
            checks.required(sent, "state", path), ("verified", "unverified"), f"{path}.state"
        )
        if state == "unverified":
            return None
        until = sent.get("date")
        date = None if until is None else dates.checked(until, f"{path}.date")
        return {"state": state, "verified_by": self._session.settings.bot_id, "date": date}

    def _person(self, value: Any, path: str) -> str:
        user_id = checks.body_id(checks.an_object(value, path), "id", path)
        if find_user(self._session, user_id) is None:
            raise validation_error(f"Could not find user with ID: {user_id}.")
        return user_id

    def _targets(self, prop: Property, value: Any, path: str) -> list[str]:
        sent = checks.an_array(value, path)
        targets = [
            checks.body_id(checks.an_object(each, f"{path}[{i}]"), "id", f"{path}[{i}]")
            for i, each in enumerate(sent)
        ]
        for target in dict.fromkeys(targets):
            page = PAGES.find(self._session.db, target)
            if page is None or not self._session.sees(target):
                raise self._session.not_found("page", target)
            if page.parent_id != prop.config["data_source_id"]:
                raise validation_error(
                    f"Page {target} is not in the data source that {prop.name} relates to."
                )
        return list(dict.fromkeys(targets))


def _value_of(prop: Property, spec: Any, path: str) -> Any:
    if prop.type in COMPUTED:
        raise validation_error(f"{prop.name} is a {prop.type} property and cannot be written.")
    if isinstance(spec, list) and prop.type in ("title", "rich_text"):
        return spec  # the service takes a bare array too (recorded)
    sent = checks.an_object(spec, path)
    if sent.get("type", prop.type) != prop.type or prop.type not in sent:
        raise validation_error(f"{prop.name} is expected to be {prop.type}.")
    return sent[prop.type]


def _status(prop: Property, value: Any, path: str) -> Any:
    if value is None:
        return options.default_status(prop.config)
    wanted = checks.an_object(value, path)
    found = options.find(prop.config["options"], wanted)
    if found is None:
        name = wanted.get("name") or wanted.get("id")
        raise validation_error(f'Invalid status option. Status option "{name}" does not exist".')
    return options.as_value(found)


def _file(session: Session, value: Any, path: str) -> dict[str, Any]:
    sent = checks.an_object(value, path)
    kinds = ("external", "file_upload", "file")
    kind = checks.tag(sent, kinds, path)
    content = checks.an_object(checks.required(sent, kind, path), f"{path}.{kind}")
    if kind == "external":
        content = {
            "url": checks.a_url(
                checks.required(content, "url", f"{path}.external"), f"{path}.external.url"
            )
        }
    if kind == "file_upload":
        kind, content = (
            "file",
            hosted_file(session, checks.body_id(content, "id", f"{path}.file_upload")),
        )
    name = checks.a_string(
        sent.get("name") or str(content.get("url", "")).rsplit("/", 1)[-1], f"{path}.name"
    )
    return {"name": name[:_MOST_IN_FILE_NAME], "type": kind, kind: content}


def _number(value: Any, path: str) -> int | float:
    """Return a number as JavaScript keeps it: 123456789012345678 becomes 123456789012345680 (measured)."""
    number = checks.a_number(value, path)
    is_exact = not isinstance(number, int) or abs(number) < 2**53
    return number if is_exact else int(float(convert.number_text(number)))


def _web_address(value: Any, path: str) -> str:
    """Any text is taken (measured), but for an empty one: null clears."""
    if not checks.a_url(value, path):
        raise body_error(f"{path}.length", "≥ `1`", 0)
    return str(value)


def _contact(value: Any, path: str) -> str | None:
    return checks.a_string(value, path, most=MOST_IN_CONTACT) or None


def _place(value: Any, path: str) -> dict[str, Any]:
    sent = checks.an_object(value, path)
    for coordinate in ("lat", "lon"):
        checks.a_number(checks.required(sent, coordinate, path), f"{path}.{coordinate}")
    for key in _PLACE_TEXTS:
        if sent.get(key) is not None:
            checks.a_string(sent[key], f"{path}.{key}")
    return {key: sent.get(key) for key in ("lat", "lon", *_PLACE_TEXTS)}


_SCALARS: Mapping[str, Callable[[Any, str], Any]] = {
    "number": _number,
    "checkbox": checks.a_boolean,
    "url": _web_address,
    "email": _contact,
    "phone_number": _contact,
    "date": dates.checked,
    "place": _place,
}

"""Read the `{operator: operand}` of a filter condition. Errors have the wording of the service."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from notion_pm.emulator.http import checks
from notion_pm.emulator.http.errors import ApiError, body_error, validation_error
from notion_pm.emulator.query import dates
from notion_pm.emulator.query.operators import EMPTINESS, OPERATORS, Kind
from notion_pm.emulator.query.properties import CHOICES, Property

Operand = str | float | bool | tuple[str, ...] | None

VERIFICATION_STATES = ("verified", "expired", "none")


def parse(kind: Kind, body: Any, path: str) -> tuple[str, Operand]:
    """Return the operator and its checked operand. Raises ApiError (400)."""
    checks.an_object(body, path)
    allowed = OPERATORS[kind]
    operator = next((key for key in body if key in allowed), None)
    if operator is None:
        raise all_missing(f"{path}.{name}" for name in sorted(allowed))
    # One operator only: a second one is refused, not ignored.
    checks.check_keys(body, {operator}, path)
    return operator, _read_operand(kind, operator, body[operator], f"{path}.{operator}")


def _read_operand(kind: Kind, operator: str, value: Any, path: str) -> Operand:
    if operator in EMPTINESS:
        return _read_literal_true(value, path)
    if kind == "date":
        return _read_date(operator, value, path)
    if kind in ("option", "options"):
        return _read_names(value, path)
    if kind in ("people", "relation"):
        return _read_reference(kind, value, path)
    return _read_plain(kind, value, path)


def _read_plain(kind: Kind, value: Any, path: str) -> Operand:
    if kind == "number":
        return float(checks.a_number(value, path))
    if kind == "checkbox":
        return checks.a_boolean(value, path)
    if kind == "verification":
        return checks.one_of(value, VERIFICATION_STATES, path)
    return checks.a_string(value, path)


def _read_literal_true(value: Any, path: str) -> Operand:
    # `is_empty: false` is not the opposite, but an error (notion-api.md 3.6).
    if value is not True:
        raise body_error(path, "`true`", value)
    return True


def _read_date(operator: str, value: Any, path: str) -> Operand:
    if operator in dates.PERIODS:
        if value != {}:
            raise body_error(path, "an empty object", value)
        return None
    if checks.a_string(value, path) not in dates.RELATIVE_DATES:
        try:
            dates.milliseconds(value)
        except ValueError:
            raise body_error(path, "a valid ISO 8601 date string", value) from None
    return str(value)


def _read_names(value: Any, path: str) -> Operand:
    # One name, or several of which one must match (notion-api.md 3.6).
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise body_error(path, "a string or an array of strings", value)
    return tuple(names)


def _read_reference(kind: Kind, value: Any, path: str) -> Operand:
    # "me" is the bot of the token (see `Asker`).
    if kind == "people" and value == "me":
        return "me"
    return checks.body_id({"": value}, "", path)


def resolve_options(target: Property, operand: Operand) -> Operand:
    """Return the ids of the options that an operand names.

    Raises ApiError (400) for a name that the property does not have.
    """
    if target.type not in CHOICES or not isinstance(operand, tuple):
        return operand
    option_ids: list[str] = []
    for name in operand:
        option_ids += _option_ids(target, name)
    return tuple(option_ids)


def _option_ids(target: Property, name: str) -> tuple[str, ...]:
    found = target.option_ids(name)
    if not found:
        available = ", ".join(f'"{option.name}"' for option in target.options)
        raise validation_error(
            f'{target.type} option "{name}" not found for property "{target.name}". '
            f"Available options: {available}."
        )
    return found


def all_missing(paths: Iterable[str]) -> ApiError:
    """Return the 400 for an object that has none of several keys."""
    lines = (f"{path} should be defined, instead was `undefined`." for path in paths)
    return validation_error("\n".join(("body failed validation. Fix one:", *lines)))

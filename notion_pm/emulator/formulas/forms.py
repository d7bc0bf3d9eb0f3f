"""Functions that decide which of their arguments to compute, when, and with which names bound."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Protocol

from notion_pm.emulator.formulas.error import FormulaError
from notion_pm.emulator.formulas.functions.texts import identity
from notion_pm.emulator.formulas.nodes import Node, Variable
from notion_pm.emulator.formulas.types import (
    ANY,
    BOOLEAN,
    DATE,
    NUMBER,
    TEXT,
    FormulaType,
    common,
    list_of,
)
from notion_pm.emulator.formulas.values import Date, Row, Value, is_empty, order_key


class Types(Protocol):
    """What is known before a formula runs."""

    def of(self, node: Node, **bound: FormulaType) -> FormulaType:
        """Return the type of a node, with more names bound."""
        ...


class Values(Protocol):
    """A formula that runs: its page, its moment, and the names bound so far."""

    @property
    def row(self) -> Row: ...

    @property
    def now(self) -> datetime: ...

    def of(self, node: Node, **bound: Value) -> Value:
        """Return the value of a node, with more names bound."""
        ...


Arguments = tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """How a form is typed and run; `least` and `most` bound the number of its arguments."""

    type: Callable[[Arguments, Types], FormulaType]
    run: Callable[[Arguments, Values], Value]
    least: int
    most: int | None

    def check(self, name: str, arguments: Arguments, types: Types) -> FormulaType:
        """Return the type of a call. Raises FormulaError where the arguments do not fit."""
        if len(arguments) < self.least or (self.most is not None and len(arguments) > self.most):
            raise FormulaError(
                f"{name}() does not take {len(arguments)} argument{'s'[: len(arguments) != 1]}."
            )
        return self.type(arguments, types)


def _branches(arguments: Arguments) -> tuple[list[tuple[Node, Node]], Node | None]:
    """Split `c1, v1, c2, v2, ..., otherwise` into pairs and the last."""
    pairs = [pair for place, pair in enumerate(pairwise(arguments)) if place % 2 == 0]
    return pairs, arguments[-1] if len(arguments) % 2 else None


def _type_of_branches(arguments: Arguments, types: Types) -> FormulaType:
    pairs, otherwise = _branches(arguments)
    for test, _ in pairs:
        types.of(test)
    results = [types.of(value) for _, value in pairs] + ([types.of(otherwise)] if otherwise else [])
    return _common(results)


def _run_branches(arguments: Arguments, values: Values) -> Value:
    pairs, otherwise = _branches(arguments)
    for test, value in pairs:
        if not is_empty(values.of(test)):
            return values.of(value)
    return values.of(otherwise) if otherwise else None


def _common(types: Sequence[FormulaType]) -> FormulaType:
    joined = types[0]
    for one in types[1:]:
        joined = common(joined, one)
    return joined


def _type_of_logic(arguments: Arguments, types: Types) -> FormulaType:
    for argument in arguments:
        types.of(argument)
    return BOOLEAN


def _run_not(arguments: Arguments, values: Values) -> bool:
    return is_empty(values.of(arguments[0]))


def _run_and(arguments: Arguments, values: Values) -> bool:
    return all(not is_empty(values.of(argument)) for argument in arguments)


def _run_or(arguments: Arguments, values: Values) -> bool:
    return any(not is_empty(values.of(argument)) for argument in arguments)


def _bindings(arguments: Arguments) -> list[tuple[str, Node]]:
    """Read `name, value, name, value, ..., body`."""
    if len(arguments) % 2 == 0:
        raise FormulaError("let() and lets() take names with their values, and last an expression.")
    pairs, _ = _branches(arguments)
    return [(_name(name), value) for name, value in pairs]


def _name(node: Node) -> str:
    if not isinstance(node, Variable):
        raise FormulaError("let() and lets() take the bare name of a variable before its value.")
    return node.name


def _type_of_lets(arguments: Arguments, types: Types) -> FormulaType:
    bound: dict[str, FormulaType] = {}
    for name, value in _bindings(arguments):
        bound[name] = types.of(value, **bound)
    return types.of(arguments[-1], **bound)


def _run_lets(arguments: Arguments, values: Values) -> Value:
    bound: dict[str, Value] = {}
    for name, value in _bindings(arguments):
        bound[name] = values.of(value, **bound)
    return values.of(arguments[-1], **bound)


def _item_type(arguments: Arguments, types: Types) -> FormulaType:
    """Check the formula for an item, and return the type of the list's items."""
    listed = types.of(arguments[0])
    if listed.kind not in ("list", "any"):
        raise FormulaError(f"Type mismatch: a list is needed, not a {listed}.")
    item = listed.item or ANY
    for formula in arguments[1:]:
        types.of(formula, current=item, index=NUMBER)
    return item


def _items(arguments: Arguments, values: Values) -> list[tuple[Value, Value]]:
    """Return each item with what the formula makes of it."""
    listed = values.of(arguments[0])
    if listed is not None and not isinstance(listed, list):
        raise FormulaError("Type mismatch: a list is needed.")
    formula = arguments[1] if len(arguments) > 1 else Variable("current")
    return [
        (item, values.of(formula, current=item, index=float(i)))
        for i, item in enumerate(listed or ())
    ]


def _of_items(
    returns: Callable[[FormulaType], FormulaType],
    run: Callable[[list[tuple[Value, Value]]], Value],
    least: int = 2,
) -> Form:
    return Form(
        lambda arguments, types: returns(_item_type(arguments, types)),
        lambda arguments, values: run(_items(arguments, values)),
        least,
        2,
    )


def _type_of_map(arguments: Arguments, types: Types) -> FormulaType:
    return list_of(types.of(arguments[1], current=_item_type(arguments, types), index=NUMBER))


def _place(found: list[tuple[Value, Value]]) -> float:
    return next((place for place, (_, verdict) in enumerate(found) if not is_empty(verdict)), -1)


def _type_of_id(arguments: Arguments, types: Types) -> FormulaType:
    for argument in arguments:
        given = types.of(argument)
        if given.kind not in ("page", "person", "any"):
            raise FormulaError(f"Type mismatch: id() takes a page or a person, not a {given}.")
    return TEXT


def _run_id(arguments: Arguments, values: Values) -> Value:
    owner = values.of(arguments[0]) if arguments else values.row
    return None if owner is None else identity(owner)


def _midnight(now: datetime) -> Date:
    return Date(now.replace(hour=0, minute=0, second=0, microsecond=0), timed=False)


def _constant(kind: FormulaType) -> Callable[[Arguments, Types], FormulaType]:
    return lambda arguments, types: kind


FORMS: Mapping[str, Form] = {
    "if": Form(_type_of_branches, _run_branches, 2, 3),
    "ifs": Form(_type_of_branches, _run_branches, 2, None),
    "and": Form(_type_of_logic, _run_and, 1, None),
    "or": Form(_type_of_logic, _run_or, 1, None),
    "not": Form(_type_of_logic, _run_not, 1, 1),
    "let": Form(_type_of_lets, _run_lets, 3, 3),
    "lets": Form(_type_of_lets, _run_lets, 3, None),
    "map": Form(
        _type_of_map,
        lambda arguments, values: [made for _, made in _items(arguments, values)],
        2,
        2,
    ),
    "filter": _of_items(
        list_of, lambda found: [item for item, kept in found if not is_empty(kept)]
    ),
    "find": _of_items(
        lambda item: item,
        lambda found: next((item for item, hit in found if not is_empty(hit)), None),
    ),
    "findIndex": _of_items(lambda _: NUMBER, _place),
    "some": _of_items(
        lambda _: BOOLEAN, lambda found: any(not is_empty(verdict) for _, verdict in found)
    ),
    "every": _of_items(
        lambda _: BOOLEAN, lambda found: all(not is_empty(verdict) for _, verdict in found)
    ),
    "sort": _of_items(
        list_of,
        lambda found: [item for item, _ in sorted(found, key=lambda pair: order_key(pair[1]))],
        least=1,
    ),
    "now": Form(_constant(DATE), lambda arguments, values: Date(values.now), 0, 0),
    "today": Form(_constant(DATE), lambda arguments, values: _midnight(values.now), 0, 0),
    "id": Form(_type_of_id, _run_id, 0, 1),
}

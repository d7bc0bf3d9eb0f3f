"""Forms: functions that decide which arguments to evaluate, and with which names bound.

Examples are `if()`, which evaluates only one branch, and `map()`, which binds `current`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
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
    common_of,
    list_of,
)
from notion_pm.emulator.formulas.values import Date, Row, Value, is_empty, order_key


class Types(Protocol):
    """The types of nodes, known before a formula runs."""

    def of(self, node: Node, **bound: FormulaType) -> FormulaType:
        """Return the type of a node, with more names bound."""
        ...


class Values(Protocol):
    """The evaluation of a formula: its page, its time, and the bound names."""

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
    """The type and the evaluation of a form.

    `least` and `most` are the limits of the number of arguments.
    """

    type: Callable[[Arguments, Types], FormulaType]
    run: Callable[[Arguments, Values], Value]
    least: int
    most: int | None

    def check(self, name: str, arguments: Arguments, types: Types) -> FormulaType:
        """Return the type of a call. Raises FormulaError if the arguments do not fit."""
        if len(arguments) < self.least or (self.most is not None and len(arguments) > self.most):
            raise FormulaError(
                f"{name}() does not take {len(arguments)} argument{'s'[: len(arguments) != 1]}."
            )
        return self.type(arguments, types)


def _branches(arguments: Arguments) -> tuple[list[tuple[Node, Node]], Node | None]:
    """Split `condition, value, condition, value, ..., otherwise` into pairs and the last."""
    pairs = list(zip(arguments[0::2], arguments[1::2], strict=False))
    has_otherwise = len(arguments) % 2 == 1
    return pairs, arguments[-1] if has_otherwise else None


def _type_of_branches(arguments: Arguments, types: Types) -> FormulaType:
    pairs, otherwise = _branches(arguments)
    for test, _ in pairs:
        types.of(test)
    results = [types.of(value) for _, value in pairs]
    if otherwise:
        results.append(types.of(otherwise))
    return common_of(results)


def _run_branches(arguments: Arguments, values: Values) -> Value:
    pairs, otherwise = _branches(arguments)
    # Values of other branches are not evaluated: `if(x == 0, 0, 1 / x)`.
    for test, value in pairs:
        if not is_empty(values.of(test)):
            return values.of(value)
    return values.of(otherwise) if otherwise else None


def _type_of_logic(arguments: Arguments, types: Types) -> FormulaType:
    for argument in arguments:
        types.of(argument)
    return BOOLEAN


def _run_not(arguments: Arguments, values: Values) -> bool:
    return is_empty(values.of(arguments[0]))


def _run_and(arguments: Arguments, values: Values) -> bool:
    # `all` stops at the first empty value, so that `and` guards what follows it.
    return all(not is_empty(values.of(argument)) for argument in arguments)


def _run_or(arguments: Arguments, values: Values) -> bool:
    return any(not is_empty(values.of(argument)) for argument in arguments)


def _bindings(arguments: Arguments) -> list[tuple[str, Node]]:
    """Return the pairs of `name, value, name, value, ..., body`."""
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
    # Each value may use the names before it.
    for name, value in _bindings(arguments):
        bound[name] = types.of(value, **bound)
    return types.of(arguments[-1], **bound)


def _run_lets(arguments: Arguments, values: Values) -> Value:
    bound: dict[str, Value] = {}
    for name, value in _bindings(arguments):
        bound[name] = values.of(value, **bound)
    return values.of(arguments[-1], **bound)


def _item_type(arguments: Arguments, types: Types) -> FormulaType:
    """Check the formula for the items of a list, and return the type of the items."""
    list_type = types.of(arguments[0])
    if list_type.kind not in ("list", "any"):
        raise FormulaError(f"Type mismatch: a list is needed, not a {list_type}.")
    item = list_type.item or ANY
    for formula in arguments[1:]:
        types.of(formula, current=item, index=NUMBER)
    return item


def _items(arguments: Arguments, values: Values) -> list[tuple[Value, Value]]:
    """Return each item with the value of the formula for it."""
    items = values.of(arguments[0])
    if items is None:
        items = []
    if not isinstance(items, list):
        raise FormulaError("Type mismatch: a list is needed.")
    # `sort()` without a formula orders the items themselves.
    formula = arguments[1] if len(arguments) > 1 else Variable("current")
    results = []
    for index, item in enumerate(items):
        results.append((item, values.of(formula, current=item, index=float(index))))
    return results


def _of_items(
    returns: Callable[[FormulaType], FormulaType],
    run: Callable[[list[tuple[Value, Value]]], Value],
    least: int = 2,
) -> Form:
    """Return a form that evaluates a formula for each item, and computes its value from these."""
    return Form(
        lambda arguments, types: returns(_item_type(arguments, types)),
        lambda arguments, values: run(_items(arguments, values)),
        least,
        2,
    )


def _type_of_map(arguments: Arguments, types: Types) -> FormulaType:
    return list_of(types.of(arguments[1], current=_item_type(arguments, types), index=NUMBER))


# What the forms over items return: `pairs` are the items with the values of the formula.
def _map(pairs: list[tuple[Value, Value]]) -> list[Value]:
    return [value for _, value in pairs]


def _filter(pairs: list[tuple[Value, Value]]) -> list[Value]:
    return [item for item, value in pairs if not is_empty(value)]


def _find(pairs: list[tuple[Value, Value]]) -> Value:
    found = _filter(pairs)
    return found[0] if found else None


def _find_index(pairs: list[tuple[Value, Value]]) -> float:
    for index, (_, value) in enumerate(pairs):
        if not is_empty(value):
            return index
    # As in JavaScript when nothing is found.
    return -1


def _some(pairs: list[tuple[Value, Value]]) -> bool:
    return any(not is_empty(value) for _, value in pairs)


def _every(pairs: list[tuple[Value, Value]]) -> bool:
    return all(not is_empty(value) for _, value in pairs)


def _sort(pairs: list[tuple[Value, Value]]) -> list[Value]:
    return [item for item, _ in sorted(pairs, key=lambda pair: order_key(pair[1]))]


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
    "map": Form(_type_of_map, lambda arguments, values: _map(_items(arguments, values)), 2, 2),
    "filter": _of_items(list_of, _filter),
    "find": _of_items(lambda item: item, _find),
    "findIndex": _of_items(lambda _: NUMBER, _find_index),
    "some": _of_items(lambda _: BOOLEAN, _some),
    "every": _of_items(lambda _: BOOLEAN, _every),
    "sort": _of_items(list_of, _sort, least=1),
    "now": Form(_constant(DATE), lambda arguments, values: Date(values.now), 0, 0),
    "today": Form(_constant(DATE), lambda arguments, values: _midnight(values.now), 0, 0),
    "id": Form(_type_of_id, _run_id, 0, 1),
}

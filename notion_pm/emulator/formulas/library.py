"""The register of functions, with their parameter types, so that calls can be checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from notion_pm.emulator.formulas.error import FormulaError
from notion_pm.emulator.formulas.types import FormulaType, Kind
from notion_pm.emulator.formulas.values import Date, Person, Value, as_text

_ACCEPTED: dict[str, frozenset[Kind]] = {
    # Notion converts arguments to text where text is needed, except lists.
    "text": frozenset({"text", "number", "boolean", "date", "person", "page"}),
    "number": frozenset({"number"}),
    "date": frozenset({"date"}),
    "list": frozenset({"list"}),
    "person": frozenset({"person"}),
    "any": frozenset({"text", "number", "boolean", "date", "person", "page", "list"}),
}
_CLASSES: dict[str, Callable[[Value], bool]] = {
    "number": lambda value: isinstance(value, float | int) and not isinstance(value, bool),
    "list": lambda value: isinstance(value, list),
    "date": lambda value: isinstance(value, Date),
    "person": lambda value: isinstance(value, Person),
}

Returns = Callable[[Sequence[FormulaType]], FormulaType]


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the language.

    It is called with plain values. Only an `any` parameter may get None, for an empty value.
    """

    name: str
    parameters: tuple[str, ...]  # kinds; `?` after a kind: optional, `*`: any number
    returns: Returns
    run: Callable[..., Value]

    def check(self, arguments: Sequence[FormulaType]) -> FormulaType:
        """Return the type of a call. Raises FormulaError if the arguments do not fit."""
        kinds = self._kinds(len(arguments))
        for number, (kind, given) in enumerate(zip(kinds, arguments, strict=True), start=1):
            if given.kind != "any" and given.kind not in _ACCEPTED[kind]:
                raise FormulaError(
                    f"Type mismatch: {self.name}() takes a {kind} as argument {number}, "
                    f"not a {given}."
                )
        return self.returns(arguments)

    def __call__(self, arguments: Sequence[Value]) -> Value:
        """Return the value of a call. With an empty number, date or person it is empty."""
        converted = []
        for kind, value in zip(self._kinds(len(arguments)), arguments, strict=True):
            # Example: dateAdd() of an empty date is empty.
            if value is None and kind in ("number", "date", "person"):
                return None
            converted.append(self._convert_argument(kind, value))
        return self.run(*converted)

    def _convert_argument(self, kind: str, value: Value) -> Any:
        if kind == "text":
            return as_text(value)
        if kind == "list" and value is None:
            return []
        if kind in _CLASSES and not _CLASSES[kind](value):
            raise FormulaError(
                f"Type mismatch: {self.name}() takes a {kind}, not {as_text(value)!r}."
            )
        return value

    def _kinds(self, given: int) -> list[str]:
        """Return the kind of each argument. Raises FormulaError for a wrong number of them."""
        required = [kind for kind in self.parameters if kind.isalpha()]
        optional = [kind[:-1] for kind in self.parameters if kind.endswith("?")]
        repeated = [kind[:-1] for kind in self.parameters if kind.endswith("*")]
        repetitions = max(0, given - len(required) - len(optional))
        kinds = required + optional + repeated * repetitions
        if given < len(required) or given > len(kinds):
            expected = _describe_count(len(required), len(optional), is_open=bool(repeated))
            raise FormulaError(f"{self.name}() takes {expected}, not {given}.")
        return kinds[:given]


FUNCTIONS: dict[str, Function] = {}


def function(
    name: str, *parameters: str, returns: FormulaType | Returns
) -> Callable[..., Callable[..., Value]]:
    """Return a decorator that registers a function of the language."""

    def register(run: Callable[..., Value]) -> Callable[..., Value]:
        result: Returns = returns if callable(returns) else lambda _: returns
        FUNCTIONS[name] = Function(name, parameters, result, run)
        return run

    return register


def _describe_count(required: int, optional: int, *, is_open: bool) -> str:
    if is_open:
        return f"at least {required} arguments"
    most = required + optional
    noun = "argument" if most == 1 else "arguments"
    return f"{required} to {most} {noun}" if optional else f"{required} {noun}"

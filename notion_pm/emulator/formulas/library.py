"""The register of functions: each states what it takes and gives, so that calls can be checked before they run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from notion_pm.emulator.formulas.error import FormulaError
from notion_pm.emulator.formulas.types import FormulaType, Kind
from notion_pm.emulator.formulas.values import Date, Person, Value, as_text

_ACCEPTED: dict[str, frozenset[Kind]] = {
    # Notion turns what is put where text is wanted into text, except lists.
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
    """A function of the language; it is called with plain values, `None` for an empty one where `any` is taken."""

    name: str
    parameters: tuple[str, ...]  # a kind; with `?` it may be left out, with `*` it may be repeated
    returns: Returns
    run: Callable[..., Value]

    def check(self, arguments: Sequence[FormulaType]) -> FormulaType:
        """Return the type of a call. Raises FormulaError for arguments that do not fit."""
        kinds = self._kinds(len(arguments))
        for place, (kind, given) in enumerate(zip(kinds, arguments, strict=True), start=1):
            if given.kind != "any" and given.kind not in _ACCEPTED[kind]:
                raise FormulaError(
                    f"Type mismatch: {self.name}() takes a {kind} as argument {place}, not a {given}."
                )
        return self.returns(arguments)

    def __call__(self, arguments: Sequence[Value]) -> Value:
        """Return the value of a call; an empty number or date makes the whole empty."""
        prepared = []
        for kind, value in zip(self._kinds(len(arguments)), arguments, strict=True):
            if value is None and kind in ("number", "date", "person"):
                return None
            prepared.append(self._prepared(kind, value))
        return self.run(*prepared)

    def _prepared(self, kind: str, value: Value) -> Any:
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
        """Spread the parameters over that many arguments."""
        needed = [kind for kind in self.parameters if kind.isalpha()]
        more = [kind[:-1] for kind in self.parameters if kind.endswith("?")]
        rest = [kind[:-1] for kind in self.parameters if kind.endswith("*")]
        kinds = needed + more + rest * max(0, given - len(needed) - len(more))
        if given < len(needed) or given > len(kinds):
            raise FormulaError(
                f"{self.name}() takes {_range(len(needed), len(more), bool(rest))}, not {given}."
            )
        return kinds[:given]


FUNCTIONS: dict[str, Function] = {}


def function(
    name: str, *parameters: str, returns: FormulaType | Returns
) -> Callable[..., Callable[..., Value]]:
    """Register a function of the language."""

    def register(run: Callable[..., Value]) -> Callable[..., Value]:
        result: Returns = returns if callable(returns) else lambda _: returns
        FUNCTIONS[name] = Function(name, parameters, result, run)
        return run

    return register


def _range(needed: int, more: int, endless: bool) -> str:  # noqa: FBT001
    if endless:
        return f"at least {needed} arguments"
    upper = needed + more
    noun = "argument" if upper == 1 else "arguments"
    return f"{needed} {noun}" if not more else f"{needed} to {upper} {noun}"

"""The syntax tree of a formula."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, text or boolean."""

    value: float | str | bool


@dataclass(frozen=True, slots=True)
class Reference:
    """A property, by name or id, of this page or of the page that `owner` gives."""

    key: str
    owner: Node | None = None


@dataclass(frozen=True, slots=True)
class Variable:
    """A name bound by `let`, or `current` and `index`."""

    name: str


@dataclass(frozen=True, slots=True)
class ListOf:
    """`[a, b]`."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Unary:
    """`-a`, `+a`, `not a`."""

    operator: str
    operand: Node


@dataclass(frozen=True, slots=True)
class Binary:
    """`a + b`, `a == b`, `a and b`."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Call:
    """`f(a, b)`, or `a.f(b)`, which means the same."""

    name: str
    arguments: tuple[Node, ...]


Node = Literal | Reference | Variable | ListOf | Unary | Binary | Call

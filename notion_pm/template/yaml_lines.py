"""YAML read together with the line of everything in it, so that a problem can say where it is.

The files are written by strangers. A document of a few lines can stand for billions of values (aliases of aliases),
nest deeper than Python can follow, or hold values that nothing here can carry on (a number of 6,000 digits, half a
character). All of that is a mistake with a line, found before anything is built of it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

YamlPath = tuple[str | int, ...]
"""Where something stands in a document: keys and indices from the top."""

MOST_VALUES = 20_000
"""Values in a document, aliases counted each time. The largest template that ships is made of 2,500."""
_MOST_LEVELS = 50
"""How deep values may be nested. Templates need about ten levels."""
_LARGEST_NUMBER = 2**63
"""Beyond it a whole number cannot be kept by Notion, and Python refuses to print those of more than 4,300 digits."""
_LONGEST_NUMBER = 100
"""Characters of a scalar that is no text. PyYAML computes numbers such as `1:1:1...` in quadratic time."""
_MERGE_TAG = "tag:yaml.org,2002:merge"


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something wrong with the YAML itself."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Document:
    """A document's data, the line (from 1) of each key and item, and what is wrong with the YAML."""

    data: Any
    lines: Mapping[YamlPath, int]
    mistakes: tuple[Mistake, ...] = ()


class _Loader(yaml.SafeLoader):
    """YAML without its dates: `2026-11-22` is a text here, as in every other cell of a template."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own name
        start: [
            (tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"
        ]
        for start, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def __init__(self, text: str, most_values: int = MOST_VALUES) -> None:
        super().__init__(text)
        self._most_values = most_values
        self._nodes = 0
        self._level = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Build a node, unless the document has too many of them or nests too deep."""
        self._nodes += 1
        self._level += 1
        mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
        if self._level > _MOST_LEVELS:
            raise _too_deep(mark)
        if self._nodes > self._most_values:
            raise _too_many_values(mark)
        node = super().compose_node(parent, index)
        self._level -= 1
        return node


def text_at_top(text: str, key: str) -> str | None:
    """Return the text that a document has under a key of its own; None when it has none, or is not sound so far.

    It is read no farther than that: a template says its name first, and is long.
    """
    depth, is_key, is_wanted = 0, True, False
    try:
        for event in yaml.parse(text, Loader=_Loader):
            if depth == 1 and isinstance(event, yaml.NodeEvent):
                value = event.value if isinstance(event, yaml.ScalarEvent) else None
                if is_wanted and not is_key:
                    return value
                is_key, is_wanted = not is_key, value == key
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(
                event, yaml.CollectionEndEvent
            )
            if depth > _MOST_LEVELS:
                return None
    except yaml.YAMLError:
        return None
    return None


class _Reader:
    """Turns PyYAML's nodes into data while it notes their lines."""

    def __init__(self, loader: _Loader, most_values: int) -> None:
        self._loader = loader
        self._most_values = most_values
        self.lines: dict[YamlPath, int] = {}
        self.mistakes: list[Mistake] = []
        self._nodes = 0

    def read(self, node: yaml.Node, path: YamlPath = ()) -> Any:
        self._nodes += 1
        if self._nodes > self._most_values:
            problem = "aliases repeat too much of it"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
        if len(path) > _MOST_LEVELS:  # an alias of what it is in
            raise _too_deep(node.start_mark)
        self.lines.setdefault(path, _line(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, (*path, place)) for place, item in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: YamlPath) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._complain(key_node, "a key must be one word or text, not a list or mapping")
                continue
            if key_node.tag == _MERGE_TAG:
                self._complain(
                    key_node, "`<<` is not supported; `extends:` takes over another template"
                )
                continue
            key = str(self._scalar(key_node))
            if key in found:
                first = self.lines[(*path, key)]
                self._complain(key_node, f"`{key}` is here a second time (first in line {first})")
                continue
            self.lines[(*path, key)] = _line(key_node)
            found[key] = self.read(value_node, (*path, key))
        return found

    def _scalar(self, node: yaml.Node) -> Any:
        """Return the value of a scalar; None, and a mistake, where it is none that can be used."""
        is_text = node.tag == "tag:yaml.org,2002:str"
        if not is_text and len(node.value) > _LONGEST_NUMBER:
            self._complain(
                node,
                f"`{node.value[:20]}...` is too long for a value that is no text; put it in quotes",
            )
            return None
        try:
            value = self._loader.construct_object(node)
        except (ValueError, LookupError, AttributeError, TypeError, ArithmeticError):
            # PyYAML lets whatever Python says through: `!!int abc`, `0x_`, `!!bool perhaps`.
            kind = node.tag.rpartition(":")[2]
            self._complain(
                node,
                f"`{str(node.value)[:40]}` cannot be read as {kind}; put it in quotes if it is text",
            )
            return None
        if problem := _unusable(value):
            self._complain(node, problem)
            return None
        return value

    def _complain(self, node: yaml.Node, message: str) -> None:
        self.mistakes.append(Mistake(_line(node), message))


def _unusable(value: Any) -> str:
    """Return why a value could not be stored or shown; empty when it can."""
    if isinstance(value, str):
        if "\0" in value:
            return "a text must not hold the character NUL"
        if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
            return "a text must not hold half a character (a lone surrogate)"
    elif isinstance(value, bool) or value is None:
        return ""
    elif isinstance(value, int):
        if abs(value) >= _LARGEST_NUMBER:
            return "this number is too large; put it in quotes if it is text"
    elif isinstance(value, float):
        if not math.isfinite(value):
            return "infinity and `.nan` are no values; put it in quotes if it is text"
    else:  # `!!binary`, `!!timestamp`
        return f"a value of the kind {type(value).__name__} cannot be used; put it in quotes if it is text"
    return ""


def parse(text: str, most_values: int = MOST_VALUES) -> Document:
    """Read one YAML document. Broken YAML is a mistake in the result, with no data."""
    try:
        loader = _Loader(text, most_values)
    except yaml.YAMLError as error:  # a character that YAML does not allow
        return Document(None, {}, (_unreadable(text, error),))
    try:
        node = loader.get_single_node()
        reader = _Reader(loader, most_values)
        data = reader.read(node) if node is not None else None
        return Document(data, reader.lines, tuple(reader.mistakes))
    except yaml.MarkedYAMLError as error:
        return Document(None, {}, (_mistake(error),))
    except yaml.YAMLError as error:
        return Document(None, {}, (_unreadable(text, error),))
    except (ValueError, RecursionError) as error:  # `%YAML 1.` with 6,000 digits
        return Document(None, {}, (Mistake(0, f"this is not YAML: {error}"),))
    finally:
        loader.dispose()


def _too_many_values(mark: yaml.Mark) -> yaml.MarkedYAMLError:
    problem = f"it has more than {MOST_VALUES:,} values, with what it extends"
    return yaml.MarkedYAMLError(problem=problem, problem_mark=mark)


def _too_deep(mark: yaml.Mark) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(
        problem=f"it nests deeper than {_MOST_LEVELS} levels", problem_mark=mark
    )


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _mistake(error: yaml.MarkedYAMLError) -> Mistake:
    mark = error.problem_mark or error.context_mark
    reason = " ".join(part for part in (error.context, error.problem) if part)
    return Mistake(mark.line + 1 if mark else 0, f"this is not YAML: {reason}")


def _unreadable(text: str, error: yaml.YAMLError) -> Mistake:
    position = getattr(error, "position", None)
    line = text[:position].count("\n") + 1 if isinstance(position, int) else 0
    reason = getattr(error, "reason", None) or str(error)
    return Mistake(line, f"this is not YAML: {reason}")

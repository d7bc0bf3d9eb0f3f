"""Read YAML together with the line of everything in it, so that a problem can name its line.

The files may come from strangers. A document of a few lines can stand for billions of values
(aliases of aliases), nest deeper than Python can follow, or hold values that nothing here can use
(a number of 6,000 digits, half a character). All of that becomes a problem with a line before
anything is built from the document.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from notion_pm.errors import TemplateProblem, YamlPath

# Values in a document; aliases are counted each time. The largest shipped template has 2,500.
MOST_VALUES = 20_000

# How deep values may be nested. Templates need about ten levels.
_MOST_LEVELS = 50

# Notion cannot store larger whole numbers, and Python refuses to print more than 4,300 digits.
_LARGEST_NUMBER = 2**63

# Characters of a scalar that is not text. PyYAML needs quadratic time for numbers like `1:1:1...`.
_LONGEST_NUMBER = 100

_TEXT_TAG = "tag:yaml.org,2002:str"
_MERGE_TAG = "tag:yaml.org,2002:merge"
_DATE_TAG = "tag:yaml.org,2002:timestamp"


@dataclass(frozen=True, slots=True)
class Document:
    """A document's data, the line (from 1) of each key and item, and the problems of the YAML."""

    data: Any
    lines: Mapping[YamlPath, int]
    problems: tuple[TemplateProblem, ...] = ()


class _Loader(yaml.SafeLoader):
    """Loads YAML without dates: `2026-11-22` is text here, as in every cell of a template."""

    # Called resolvers by PyYAML: the tags to try, with a pattern each, by first character.
    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own name
        first_character: [(tag, pattern) for tag, pattern in resolvers if tag != _DATE_TAG]
        for first_character, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def __init__(self, text: str, most_values: int = MOST_VALUES) -> None:
        super().__init__(text)
        self._most_values = most_values
        self._nodes = 0
        self._level = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Build a node, unless the document has too many nodes or nests too deep."""
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


def parse(text: str, most_values: int = MOST_VALUES) -> Document:
    """Read one YAML document. Broken YAML is a problem in the result, with no data."""
    try:
        loader = _Loader(text, most_values)
    except yaml.YAMLError as error:  # a character that YAML does not allow
        return _broken_document(
            _line_of_error(text, error), getattr(error, "reason", None) or str(error)
        )
    try:
        node = loader.get_single_node()
        reader = _Reader(loader, most_values)
        data = reader.read(node) if node is not None else None
        return Document(data, reader.lines, tuple(reader.problems))
    except yaml.MarkedYAMLError as error:
        reason = " ".join(part for part in (error.context, error.problem) if part)
        return _broken_document(_line_of_error(text, error), reason)
    except yaml.YAMLError as error:
        return _broken_document(
            _line_of_error(text, error), getattr(error, "reason", None) or str(error)
        )
    except (ValueError, RecursionError) as error:  # for example `%YAML 1.` with 6,000 digits
        return _broken_document(0, str(error))
    finally:
        loader.dispose()


def text_at_top(text: str, key: str) -> str | None:
    """Return the text of a key at the top of a document, None when there is none.

    Reads only as far as that key: a template has its name near the top, and is long. Also returns
    None when the YAML before the key is broken.
    """
    depth = 0
    is_key = True  # in a mapping, keys and values alternate
    is_wanted = False
    try:
        for event in yaml.parse(text, Loader=_Loader):
            if depth == 1 and isinstance(event, yaml.NodeEvent):
                scalar = event.value if isinstance(event, yaml.ScalarEvent) else None
                if is_wanted and not is_key:
                    return scalar
                is_wanted = scalar == key
                is_key = not is_key
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > _MOST_LEVELS:
                return None
    except yaml.YAMLError:
        return None
    return None


class _Reader:
    """Turns PyYAML's nodes into data and notes their lines."""

    def __init__(self, loader: _Loader, most_values: int) -> None:
        self._loader = loader
        self._most_values = most_values
        self.lines: dict[YamlPath, int] = {}
        self.problems: list[TemplateProblem] = []
        self._nodes = 0

    def read(self, node: yaml.Node, path: YamlPath = ()) -> Any:
        self._nodes += 1
        if self._nodes > self._most_values:
            raise _yaml_error("aliases repeat too much of it", node.start_mark)
        if len(path) > _MOST_LEVELS:  # an alias of a value that contains the alias
            raise _too_deep(node.start_mark)
        self.lines.setdefault(path, _line(node))
        if isinstance(node, yaml.MappingNode):
            return self._read_mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._read_scalar(node, path)

    def _read_mapping(self, node: yaml.MappingNode, path: YamlPath) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                message = "a key must be one word or text, not a list or mapping."
                self._add_problem(key_node, path, message)
                continue
            if key_node.tag == _MERGE_TAG:
                message = "`<<` is not supported; use `extends:` to build on another template."
                self._add_problem(key_node, path, message)
                continue
            key = str(self._read_scalar(key_node, path))
            if key in mapping:
                first_line = self.lines[(*path, key)]
                message = f"`{key}` is here a second time (first in line {first_line})."
                self._add_problem(key_node, path, message)
                continue
            self.lines[(*path, key)] = _line(key_node)
            mapping[key] = self.read(value_node, (*path, key))
        return mapping

    def _read_scalar(self, node: yaml.Node, path: YamlPath) -> Any:
        """Return the value of a scalar, None with a problem when it cannot be used."""
        if node.tag != _TEXT_TAG and len(node.value) > _LONGEST_NUMBER:
            message = f"`{node.value[:20]}...` is too long for a value that is not text."
            self._add_problem(node, path, message, "If it is text, put it in quotes.")
            return None
        try:
            value = self._loader.construct_object(node)
        except (ValueError, LookupError, AttributeError, TypeError, ArithmeticError):
            # PyYAML does not catch Python's errors: `!!int abc`, `0x_`, `!!bool perhaps`.
            kind = node.tag.rpartition(":")[2]
            message = f"`{str(node.value)[:40]}` cannot be read as {kind}."
            self._add_problem(node, path, message, "If it is text, put it in quotes.")
            return None
        unusable = _check_value(value)
        if unusable is not None:
            self._add_problem(node, path, *unusable)
            return None
        return value

    def _add_problem(self, node: yaml.Node, path: YamlPath, message: str, advice: str = "") -> None:
        self.problems.append(TemplateProblem(path, message, advice, line=_line(node)))


def _check_value(value: Any) -> tuple[str, str] | None:
    """Return message and advice for a value that cannot be stored or shown, else None."""
    quote = "If it is text, put it in quotes."
    match value:
        case str():
            if "\0" in value:
                return "a text must not contain the character NUL.", ""
            if not value.isascii() and any(_is_surrogate(character) for character in value):
                return "a text must not contain half a character (a lone surrogate).", ""
        case bool() | None:
            pass
        case int():
            if abs(value) >= _LARGEST_NUMBER:
                return "this number is too large.", quote
        case float():
            if not math.isfinite(value):
                return "infinity and `.nan` are not supported.", quote
        case _:  # `!!binary`, `!!timestamp`
            return f"a value of the kind {type(value).__name__} is not supported.", quote
    return None


def _is_surrogate(character: str) -> bool:
    return "\ud800" <= character <= "\udfff"


def _too_many_values(mark: yaml.Mark) -> yaml.MarkedYAMLError:
    return _yaml_error(
        f"it has more than {MOST_VALUES:,} values, including the templates that it extends", mark
    )


def _too_deep(mark: yaml.Mark) -> yaml.MarkedYAMLError:
    return _yaml_error(f"it nests deeper than {_MOST_LEVELS} levels", mark)


def _yaml_error(problem: str, mark: yaml.Mark) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=mark)


def _broken_document(line: int, reason: str) -> Document:
    return Document(None, {}, (TemplateProblem((), f"this is not YAML: {reason}.", line=line),))


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _line_of_error(text: str, error: yaml.YAMLError) -> int:
    """Return the line of an error, 0 when PyYAML does not know it."""
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        return mark.line + 1 if mark else 0
    position = getattr(error, "position", None)
    return text[:position].count("\n") + 1 if isinstance(position, int) else 0

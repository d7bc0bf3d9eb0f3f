"""YAML read together with the line of everything in it, so that a problem can say where it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

YamlPath = tuple[str | int, ...]
"""Where something stands in a document: keys and indices from the top."""


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
        start: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for start, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


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
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
    except yaml.YAMLError:
        return None
    return None


_MOST_NODES = 200_000
"""Aliases of aliases can stand for billions of nodes; the largest shipped template has some 5,000."""


class _Reader:
    """Turns PyYAML's nodes into data while it notes their lines."""

    def __init__(self, loader: _Loader) -> None:
        self._loader = loader
        self.lines: dict[YamlPath, int] = {}
        self.mistakes: list[Mistake] = []
        self._nodes = 0

    def read(self, node: yaml.Node, path: YamlPath = ()) -> Any:
        self._nodes += 1
        if self._nodes > _MOST_NODES:
            raise yaml.MarkedYAMLError(problem="aliases repeat too much of it", problem_mark=node.start_mark)
        self.lines.setdefault(path, _line(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, (*path, place)) for place, item in enumerate(node.value)]
        return self._loader.construct_object(node)

    def _mapping(self, node: yaml.MappingNode, path: YamlPath) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(self._loader.construct_object(key_node, deep=True))
            if key in found:
                first = self.lines[(*path, key)]
                self.mistakes.append(Mistake(_line(key_node), f"`{key}` is here a second time (first in line {first})"))
                continue
            self.lines[(*path, key)] = _line(key_node)
            found[key] = self.read(value_node, (*path, key))
        return found


def parse(text: str) -> Document:
    """Read one YAML document. Broken YAML is a mistake in the result, with no data."""
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        reader = _Reader(loader)
        data = reader.read(node) if node is not None else None
        return Document(data, reader.lines, tuple(reader.mistakes))
    except yaml.MarkedYAMLError as error:
        return Document(None, {}, (_mistake(error),))
    except (yaml.YAMLError, RecursionError) as error:
        return Document(None, {}, (Mistake(0, f"this is not YAML: {error}"),))
    finally:
        loader.dispose()


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _mistake(error: yaml.MarkedYAMLError) -> Mistake:
    mark = error.problem_mark or error.context_mark
    reason = " ".join(part for part in (error.context, error.problem) if part)
    return Mistake(mark.line + 1 if mark else 0, f"this is not YAML: {reason}")

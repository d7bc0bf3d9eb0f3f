"""Templates made of others: `extends: product`.

Bases are laid down one after the other, and what a file states itself goes on top. Databases, properties, views, rules
and exports are merged by key, and each of them field by field; lists and conditions are replaced as a whole; a property
or view of another `type` is stated anew; `null` removes. Everything keeps the file and line where it is stated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from os.path import normpath
from pathlib import Path
from typing import Any

from notion_pm.errors import Problem
from notion_pm.planning.fault import suggestion
from notion_pm.storage import template_files, yaml_lines
from notion_pm.storage.yaml_lines import YamlPath

_OF_ITS_OWN = ("template", "version", "extends")
"""What a template does not take over from those it extends."""

_ENTRY_DEPTH = {"databases": 4}
"""How deep keys are merged: databases / features / properties / status, and sync / a rule."""


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file."""

    file: Path
    line: int


@dataclass(frozen=True, slots=True)
class Composed:
    """The data of a template with all that it extends, where each thing is stated, and what went wrong."""

    file: Path
    data: Any
    places: Mapping[YamlPath, Place]
    problems: tuple[Problem, ...] = ()

    def place_of(self, path: YamlPath) -> Place:
        """Return where the thing at `path` is stated, or what encloses it when the thing is not there."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, Place(self.file, 1)) if path else Place(self.file, 1)


def compose(path: Path, text: str, trail: tuple[Path, ...] = ()) -> Composed:
    """Read a template with those that it extends. `trail` are the files that led here."""
    document = yaml_lines.parse(text)
    places = {each: Place(path, line) for each, line in document.lines.items()}
    problems = [Problem(str(path), each.line, each.message) for each in document.mistakes]
    own = Composed(path, document.data, places, tuple(problems))
    bases = [_base(own, reference, (*trail, path.resolve())) for reference in _references(own)]
    if not bases:
        return own
    layers = _Layers()
    for each in (*bases, own):
        layers.add(each)
    return Composed(path, layers.data, layers.places, tuple(layers.problems))


def _references(own: Composed) -> list[str]:
    stated = own.data.get("extends") if isinstance(own.data, dict) else None
    return [each for each in (stated if isinstance(stated, list) else [stated]) if isinstance(each, str)]


def _base(own: Composed, reference: str, trail: tuple[Path, ...]) -> Composed:
    shipped = template_files.shipped()
    path = shipped.get(reference) or Path(normpath(own.file.parent / reference))
    if path.is_dir():
        path = path / "template.yaml"
    if path.resolve() in trail:
        return _nothing(own, f"{reference} extends this template in turn.", "Let one of them stand by itself.")
    try:
        return compose(path, path.read_text(encoding="utf-8"), trail)
    except FileNotFoundError:
        advice = f"{suggestion(reference, shipped)} Or give a path relative to this file."
        return _nothing(own, f"there is no template `{reference}`.", advice)
    except (OSError, UnicodeDecodeError) as error:
        return _nothing(own, f"cannot read {path}: {error}.", "")


def _nothing(own: Composed, message: str, advice: str) -> Composed:
    place = own.place_of(("extends",))
    return Composed(own.file, {}, {}, (Problem(str(place.file), place.line, message, advice),))


@dataclass
class _Layers:
    """Templates laid on top of each other."""

    data: Any = field(default_factory=dict)
    places: dict[YamlPath, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def add(self, top: Composed) -> None:
        """Lay a template on top."""
        self.problems += top.problems
        for key in _OF_ITS_OWN:
            self._forget((key,))
        below = {key: value for key, value in self.data.items() if key not in _OF_ITS_OWN}
        self.data = self._merged(below, top.data, (), top) if isinstance(top.data, dict) else below
        self.places |= top.places

    def _merged(self, below: dict[str, Any], above: dict[str, Any], path: YamlPath, top: Composed) -> dict[str, Any]:
        result = dict(below)
        for key, value in above.items():
            inside = (*path, key)
            if value is None and (path or key in result):
                self._remove(result, inside, top)
            elif _is_merged(result.get(key), value, inside):
                result[key] = self._merged(result[key], value, inside, top)
            else:
                if isinstance(result.get(key), dict | list):
                    self._forget(inside)
                result[key] = value
        return result

    def _remove(self, result: dict[str, Any], path: YamlPath, top: Composed) -> None:
        key = str(path[-1])
        if key not in result:
            place = top.place_of(path)
            message = f"`{key}` is to be removed, but is not there."
            self.problems.append(Problem(str(place.file), place.line, message, suggestion(key, result)))
        result.pop(key, None)
        self._forget(path)

    def _forget(self, path: YamlPath) -> None:
        for each in [each for each in self.places if each[: len(path)] == path]:
            del self.places[each]


def _is_merged(below: Any, above: Any, path: YamlPath) -> bool:
    deep = len(path) <= _ENTRY_DEPTH.get(str(path[0]), 2)
    if not (deep and isinstance(below, dict) and isinstance(above, dict)):
        return False
    return below.get("type", above.get("type")) == above.get("type", below.get("type")) or len(path) < 4

"""Templates made of others: `extends: product`.

Bases are laid down one after the other, and what a file states itself goes on top. Databases, properties, views, rules
and exports are merged by key, and each of them field by field; lists and conditions are replaced as a whole; a property
or view of another `type` is stated anew; `null` removes. Everything keeps the file and line where it is stated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from os.path import normpath
from pathlib import Path
from typing import Any

from notion_pm.errors import FileMissing, FileUnusable, Problem
from notion_pm.files.safe_read import YAML_LIMIT, read_text
from notion_pm.template import template_files, yaml_lines
from notion_pm.template.yaml_lines import YamlPath
from notion_pm.text import suggest

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


_MOST_FILES = 25
"""Files of one template, its own among them. Each is read once, however many of the others extend it."""


def compose(path: Path, text: str) -> Composed:
    """Read a template with those that it extends."""
    return _Composer(path).composed(path, text)


class _Composer:
    """Reads the files of one template: each once, and only where a template may look."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._finished: dict[Path, Composed] = {}
        self._open: set[Path] = set()
        """Files that extend, directly or not, the one that is being read."""
        self._values_left = yaml_lines.MOST_VALUES

    def composed(self, path: Path, text: str) -> Composed:
        """Return a template with its bases under it."""
        file = path.resolve()
        self._open.add(file)
        own = self._parsed(path, text)
        bases = [self._base(own, reference) for reference in _references(own)]
        self._open.remove(file)
        self._finished[file] = own if not bases else _layered([*bases, own])
        return self._finished[file]

    def _parsed(self, path: Path, text: str) -> Composed:
        document = yaml_lines.parse(text, self._values_left)
        self._values_left -= len(document.lines)
        places = {each: Place(path, line) for each, line in document.lines.items()}
        problems = [Problem(str(path), each.line, each.message) for each in document.mistakes]
        return Composed(path, document.data, places, tuple(problems))

    def _base(self, own: Composed, reference: str) -> Composed:
        try:
            path = self._path(own, reference)
            file = path.resolve()
            if file in self._open:
                advice = "Let one of them stand by itself."
                return _nothing(own, f"{reference} extends this template in turn.", advice)
            if file in self._finished:
                return self._finished[file]
            if len(self._finished) + len(self._open) >= _MOST_FILES:
                return _nothing(
                    own, f"it is made of more than {_MOST_FILES} files.", "Join some of them."
                )
            return self.composed(path, read_text(path, limit=YAML_LIMIT))
        except FileMissing:
            advice = f"{suggest(reference, template_files.shipped())} Or give a path relative to this file."
            return _nothing(own, f"there is no template `{reference}`.", advice)
        except FileUnusable as error:
            return _nothing(own, f"cannot read `{reference}`: {error.reason}.", error.advice)
        except (OSError, ValueError, RuntimeError):  # too long a name, links in a circle
            return _nothing(
                own, f"`{reference[:80]}` is no path.", "Give a path relative to this file."
            )

    def _path(self, own: Composed, reference: str) -> Path:
        """Return the file of a base. Raises FileUnusable where a template may not look."""
        shipped = template_files.shipped()
        if reference in shipped:
            return shipped[reference]
        path = Path(normpath(own.file.parent / reference))
        if not self._may_read(own.file, path):
            raise FileUnusable(
                reference,
                "it is outside the template's folder",
                "A template extends shipped ones by name, files of its own folder, and where it is "
                "NAME/template.yaml also ../OTHER/template.yaml. Copy the file into the folder.",
            )
        return path / "template.yaml" if path.is_dir() else path

    def _may_read(self, file: Path, path: Path) -> bool:
        """Whether a template may extend a file: one in its folder, or a template of the same library.

        Templates come from strangers; one must not show what else is on this machine. A library is a folder of
        folders, each with a `template.yaml`.
        """
        target = path.resolve()
        if target.is_dir():
            target = (target / "template.yaml").resolve()
        if any(target.is_relative_to(each.parent.resolve()) for each in (file, self._root)):
            return True
        library = file.parent.resolve().parent
        return file.name == "template.yaml" == target.name and target.parent.parent == library


def _references(own: Composed) -> list[str]:
    stated = own.data.get("extends") if isinstance(own.data, dict) else None
    listed = stated if isinstance(stated, list) else [stated]
    return list(dict.fromkeys(each for each in listed if isinstance(each, str)))


def _nothing(own: Composed, message: str, advice: str) -> Composed:
    place = own.place_of(("extends",))
    return Composed(own.file, {}, {}, (Problem(str(place.file), place.line, message, advice),))


def _layered(templates: Sequence[Composed]) -> Composed:
    layers = _Layers()
    for each in templates:
        layers.add(each)
    # Several bases that extend the same broken file each bring its problems along.
    return Composed(
        templates[-1].file, layers.data, layers.places, tuple(dict.fromkeys(layers.problems))
    )


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

    def _merged(
        self, below: dict[str, Any], above: dict[str, Any], path: YamlPath, top: Composed
    ) -> dict[str, Any]:
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
            self.problems.append(
                Problem(str(place.file), place.line, message, suggest(key, result))
            )
        result.pop(key, None)
        self._forget(path)

    def _forget(self, path: YamlPath) -> None:
        if path not in self.places:
            return
        for each in [each for each in self.places if each[: len(path)] == path]:
            del self.places[each]


def _is_merged(below: Any, above: Any, path: YamlPath) -> bool:
    deep = len(path) <= _ENTRY_DEPTH.get(str(path[0]), 2)
    if not (deep and isinstance(below, dict) and isinstance(above, dict)):
        return False
    return (
        below.get("type", above.get("type")) == above.get("type", below.get("type"))
        or len(path) < 4
    )

"""Compose a template with the templates that it extends: `extends: product`.

The bases are laid on top of each other, and the file itself on top of them. Databases, properties,
views, rules and exports are merged by key, and each of them field by field. Lists and conditions
are replaced as a whole. A property or view of another `type` replaces the old one. `null` removes.
Everything keeps the file and line that it comes from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from os.path import normpath
from pathlib import Path
from typing import Any

from notion_pm.errors import FileMissing, FileUnusable, TemplateProblem, YamlPath
from notion_pm.files.safe_read import YAML_LIMIT, read_text
from notion_pm.template import template_files, yaml_lines
from notion_pm.text import suggest

# What a template does not take over from the templates that it extends.
_NOT_INHERITED = ("template", "version", "extends")

# How many keys deep a section is merged: `databases / features / properties / status`. The other
# sections, such as `sync / my_rule`, are merged two keys deep.
_MERGE_DEPTHS = {"databases": 4}
_MERGE_DEPTH = 2

# Files of one template, including its own. Each is read once, even if several files extend it.
_MOST_FILES = 25

# Characters of a reference that are quoted in a message.
_MOST_QUOTED = 80


@dataclass(frozen=True, slots=True)
class FileLine:
    """A line of a file."""

    file: Path
    line: int


@dataclass(frozen=True, slots=True)
class Composition:
    """The data of a template and all that it extends, the line of each part, and the problems."""

    file: Path
    data: Any
    places: Mapping[YamlPath, FileLine]
    problems: tuple[TemplateProblem, ...] = ()

    def sync_context_of(self, path: YamlPath) -> FileLine:
        """Return the line of the part at `path`, or of the nearest part that contains it."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places[path] if path else FileLine(self.file, 1)


def compose(path: Path, text: str) -> Composition:
    """Compose a template with the templates that it extends."""
    return _Composer(path).compose(path, text)


class _Composer:
    """Reads the files of one template, each once, and only from where a template may read."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._finished: dict[Path, Composition] = {}
        # The file that is being read, and the files that extend it, directly or not.
        self._open: set[Path] = set()
        self._values_left = yaml_lines.MOST_VALUES

    def compose(self, path: Path, text: str) -> Composition:
        """Return a template with its bases under it."""
        file = path.resolve()
        self._open.add(file)
        own = self._parse(path, text)
        bases = [self._compose_base(own, reference) for reference in _references(own)]
        self._open.remove(file)
        self._finished[file] = _merge([*bases, own]) if bases else own
        return self._finished[file]

    def _parse(self, path: Path, text: str) -> Composition:
        document = yaml_lines.parse(text, self._values_left)
        self._values_left -= len(document.lines)
        places = {place: FileLine(path, line) for place, line in document.lines.items()}
        problems = tuple(replace(problem, file=str(path)) for problem in document.problems)
        return Composition(path, document.data, places, problems)

    def _compose_base(self, own: Composition, reference: str) -> Composition:
        try:
            path = self._find_base(own, reference)
            file = path.resolve()
            if file in self._open:
                message = f"{reference} extends this template too, so they form a circle."
                return _failed_base(own, message, "Remove `extends` from one of them.")
            if file in self._finished:
                return self._finished[file]
            if len(self._finished) + len(self._open) >= _MOST_FILES:
                message = f"it consists of more than {_MOST_FILES} files."
                return _failed_base(own, message, "Join some of them.")
            return self.compose(path, read_text(path, limit=YAML_LIMIT))
        except FileMissing:
            suggestion = suggest(reference, template_files.shipped_templates())
            advice = f"{suggestion} Or give a path relative to this file."
            return _failed_base(own, f"there is no template `{reference}`.", advice)
        except FileUnusable as error:
            return _failed_base(own, f"cannot read `{reference}`: {error.reason}.", error.advice)
        except (OSError, ValueError, RuntimeError):  # too long a name, links in a circle
            message = f"`{reference[:_MOST_QUOTED]}` is not a path."
            return _failed_base(own, message, "Give a path relative to this file.")

    def _find_base(self, own: Composition, reference: str) -> Path:
        """Return the file of a base. Raises FileUnusable when a template may not read it."""
        shipped = template_files.shipped_templates()
        if reference in shipped:
            return shipped[reference]
        path = Path(normpath(own.file.parent / reference))
        if not self._may_read(own.file, path):
            raise FileUnusable(
                reference,
                "it is outside the template's folder",
                "A template can extend shipped templates by name and files in its own folder; "
                "a template NAME/template.yaml can also extend ../OTHER/template.yaml. "
                "Copy the file into the folder.",
            )
        return path / "template.yaml" if path.is_dir() else path

    def _may_read(self, file: Path, path: Path) -> bool:
        """Return whether a template may extend a file.

        It may when the file is in its folder, or is a template of the same library: a folder of
        folders that each have a `template.yaml`. Templates may come from strangers, so they must
        not read other files of this machine.
        """
        target = path.resolve()
        if target.is_dir():
            target = (target / "template.yaml").resolve()
        own_folders = (file.parent.resolve(), self._root.parent.resolve())
        if any(target.is_relative_to(folder) for folder in own_folders):
            return True
        library = file.parent.resolve().parent
        are_in_library = file.name == target.name == "template.yaml"
        return are_in_library and target.parent.parent == library


def _references(own: Composition) -> list[str]:
    """Return what a template extends; other values than texts are reported by validation."""
    extends = own.data.get("extends") if isinstance(own.data, dict) else None
    references = extends if isinstance(extends, list) else [extends]
    texts = [reference for reference in references if isinstance(reference, str)]
    return list(dict.fromkeys(texts))


def _failed_base(own: Composition, message: str, advice: str) -> Composition:
    """Return an empty base with a problem at the line of `extends`."""
    path: YamlPath = ("extends",)
    place = own.sync_context_of(path)
    problem = TemplateProblem(path, message, advice, str(place.file), place.line)
    return Composition(own.file, {}, {}, (problem,))


def _merge(compositions: list[Composition]) -> Composition:
    """Return the last composition on top of the others."""
    layers = _Layers()
    for composition in compositions:
        layers.add(composition)
    # Two bases that extend the same broken file both have its problems.
    problems = tuple(dict.fromkeys(layers.problems))
    return Composition(compositions[-1].file, layers.data, layers.places, problems)


@dataclass
class _Layers:
    """Templates laid on top of each other."""

    data: Any = field(default_factory=dict)
    places: dict[YamlPath, FileLine] = field(default_factory=dict)
    problems: list[TemplateProblem] = field(default_factory=list)

    def add(self, top: Composition) -> None:
        """Lay a template on top."""
        self.problems += top.problems
        for key in _NOT_INHERITED:
            self._forget_places((key,))
        below = {key: value for key, value in self.data.items() if key not in _NOT_INHERITED}
        if isinstance(top.data, dict):
            self.data = self._merge_mappings(below, top.data, (), top)
        else:
            self.data = below
        self.places |= top.places

    def _merge_mappings(
        self, below: dict[str, Any], above: dict[str, Any], path: YamlPath, top: Composition
    ) -> dict[str, Any]:
        result = dict(below)
        for key, value in above.items():
            inside = (*path, key)
            is_removal = value is None and (bool(path) or key in result)
            if is_removal:
                self._remove(result, inside, top)
            elif _is_merged(result.get(key), value, inside):
                result[key] = self._merge_mappings(result[key], value, inside, top)
            else:
                if isinstance(result.get(key), dict | list):
                    self._forget_places(inside)
                result[key] = value
        return result

    def _remove(self, result: dict[str, Any], path: YamlPath, top: Composition) -> None:
        key = str(path[-1])
        if key not in result:
            place = top.sync_context_of(path)
            message = f"`{key}` should be removed, but does not exist."
            advice = suggest(key, result)
            problem = TemplateProblem(path, message, advice, str(place.file), place.line)
            self.problems.append(problem)
        result.pop(key, None)
        self._forget_places(path)

    def _forget_places(self, path: YamlPath) -> None:
        """Forget the lines of a part and of everything in it."""
        if path not in self.places:
            return
        inside = [place for place in self.places if place[: len(path)] == path]
        for place in inside:
            del self.places[place]


def _is_merged(below: Any, above: Any, path: YamlPath) -> bool:
    """Return whether two values are merged key by key; otherwise the upper replaces the lower."""
    depth = _MERGE_DEPTHS.get(str(path[0]), _MERGE_DEPTH)
    if len(path) > depth or not isinstance(below, dict) or not isinstance(above, dict):
        return False
    # A property or view of another type has other fields: the old ones would not fit.
    is_entry_with_type = len(path) == _MERGE_DEPTHS["databases"]
    if is_entry_with_type and "type" in below and "type" in above:
        return bool(below["type"] == above["type"])
    return True

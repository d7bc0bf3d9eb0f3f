"""Template files: read, checked, and every problem of theirs told at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from notion_pm.errors import (
    FileMissing,
    FileNotText,
    FileUnusable,
    Problem,
    TemplateInvalid,
    ValuesMissing,
)
from notion_pm.files.safe_read import TABLE_LIMIT, YAML_LIMIT, read_bytes, read_text
from notion_pm.model.fault import Fault
from notion_pm.model.fault import Path as FaultPath
from notion_pm.model.template import LoadedTemplate, Row, Template
from notion_pm.rules import check as check_rules
from notion_pm.template import references, template_files, variables, yaml_lines
from notion_pm.template.composition import Composed, compose
from notion_pm.template.rows import check_rows
from notion_pm.template.rows_file import read_rows
from notion_pm.template.template_problems import judge


def load(reference: str, values: Mapping[str, str] | None = None) -> LoadedTemplate:
    """Read the template of that shipped name or path, with its bodies and starter rows.

    `values` are those of the template's variables; the others have their defaults.

    Raises UsageError when there is no such template, TemplateInvalid with all its problems.
    """
    path = template_files.find(reference)
    return _Loading(path, values or {}).finish()


def name_of(reference: str) -> str:
    """Return a template's own name, which decides the manifest that it has in a workspace.

    Raises UsageError when there is no such template, TemplateInvalid when it states no name.
    """
    path = template_files.find(reference)
    data = read_bytes(path, limit=YAML_LIMIT)
    name = yaml_lines.text_at_top(data.decode("utf-8-sig", errors="replace"), "template")
    return name or load(reference).template.template


def list_shipped() -> tuple[LoadedTemplate, ...]:
    """Return the templates that ship with notion-pm."""
    return tuple(load(name) for name in template_files.shipped())


class _Loading:
    """One reading of one template: gathers the problems of all its files."""

    def __init__(self, path: Path, values: Mapping[str, str]) -> None:
        self._path = path
        self._problems: list[Problem] = []
        self._composed = Composed(path, None, {})
        self._composed = compose(path, self._text(path, (), limit=YAML_LIMIT))
        self._problems += self._composed.problems
        self._values = {**variables.defaults(self._composed.data), **values}
        self._bodies: dict[str, str] = {}
        self._rows: dict[str, tuple[Row, ...]] = {}
        self._missing: list[str] = []

    def finish(self) -> LoadedTemplate:
        template = self._read()
        if template is None or self._problems:
            problems = sorted(
                set(self._problems), key=lambda each: (each.file != str(self._path), each)
            )
            raise (ValuesMissing if self._missing else TemplateInvalid)(self._path, problems)
        return LoadedTemplate(
            template=template,
            bodies=self._bodies,
            rows=self._rows,
            variables=self._values,
            source=str(self._path),
        )

    def _read(self) -> Template | None:
        if self._composed.data is None:
            if not self._problems:
                self._problems.append(Problem(str(self._path), 1, "the file is empty."))
            return None
        data = variables.render(self._composed.data, self._values, self._report)
        self._check_values()
        verdict = judge(data)
        self._take(verdict.faults)
        template = verdict.template or judge(_without(data, verdict.foreign)).template
        if template is not None:
            faults = references.check(template)
            self._take(faults)
            if not any(
                fault.path[0] == "databases" for fault in faults
            ):  # rules are judged by sound properties
                self._take(Fault(path, message) for path, message in check_rules(template))
            self._read_files(template)
        return verdict.template

    def _check_values(self) -> None:
        declared = (
            self._composed.data.get("variables") if _is_mapping(self._composed.data) else None
        )
        self._missing = (
            [each for each in declared or () if each not in self._values]
            if _is_mapping(declared)
            else []
        )
        for name in self._missing:
            advice = f"Give it with --set {name}=VALUE, or a `default` in the template."
            self._report(("variables", name), f"the variable `{name}` has no value.", advice)

    def _read_files(self, template: Template) -> None:
        for key, database in template.databases.items():
            if database.body is not None:
                self._bodies[key] = self._beside(database.body, ("databases", key, "body"))
            if database.rows is not None:
                text = self._beside(database.rows, ("databases", key, "rows"))
                self._rows[key], problems = (
                    read_rows(self._rows_file(template, key), text) if text else ((), [])
                )
                self._problems += problems
        if not self._problems:  # cells are judged by properties, which must be sound
            for fault in check_rows(template, self._rows):
                name = self._rows_file(template, fault.database)
                self._problems.append(Problem(name, fault.line, fault.message, fault.advice))

    def _rows_file(self, template: Template, database: str) -> str:
        return str(
            self._folder(("databases", database, "rows"))
            / (template.databases[database].rows or "")
        )

    def _folder(self, where: FaultPath) -> Path:
        """Return the folder of the file that states the thing at `where`: files that it names are beside it."""
        return self._composed.place_of(where).file.parent

    def _beside(self, relative: str, where: FaultPath) -> str:
        folder = self._folder(where)
        path = folder / relative
        try:
            is_beside = path.resolve().is_relative_to(folder.resolve())
        except (OSError, ValueError, RuntimeError):  # too long a name, links in a circle
            self._report(
                where, f"`{relative[:80]}` is no path.", "Paths are relative to the template."
            )
            return ""
        if not is_beside:
            self._report(
                where,
                f"`{relative}` is outside the template's folder.",
                "Put it beside the template.",
            )
            return ""
        return self._text(path, where, limit=TABLE_LIMIT)

    def _text(self, path: Path, where: FaultPath, *, limit: int) -> str:
        try:
            return read_text(path, limit=limit)
        except FileMissing:
            self._report(where, f"there is no file {path}.", "Paths are relative to the template.")
        except FileNotText as error:
            self._problems.append(
                Problem(str(path), error.line, "this is not UTF-8 text.", "Save it as UTF-8.")
            )
        except FileUnusable as error:
            self._report(where, f"cannot read {path}: {error.reason}.", error.advice)
        return ""

    def _take(self, faults: Iterable[Fault]) -> None:
        for fault in faults:
            self._report(fault.path, fault.message, fault.advice)

    def _report(self, path: FaultPath, message: str, advice: str = "") -> None:
        place = self._composed.place_of(path)
        self._problems.append(Problem(str(place.file), place.line, message, advice))


def _is_mapping(data: Any) -> bool:
    return isinstance(data, dict)


def _without(data: Any, paths: Iterable[FaultPath]) -> Any:
    """Return a copy without the keys at these paths."""
    remaining = deepcopy(data)
    for path in paths:
        inside = remaining
        for step in path[:-1]:
            inside = inside[step]
        inside.pop(path[-1], None)
    return remaining

"""Load template files, check them, and report all their problems at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

from notion_pm.errors import (
    FileMissing,
    FileNotText,
    FileUnusable,
    TemplateInvalid,
    TemplateProblem,
    ValuesMissing,
    YamlPath,
)
from notion_pm.files.safe_read import TABLE_LIMIT, YAML_LIMIT, read_bytes, read_text
from notion_pm.model.template import LoadedTemplate, Row, Template
from notion_pm.rules import check as check_rules
from notion_pm.template import template_files, variables, yaml_lines
from notion_pm.template.composition import Composition, compose
from notion_pm.template.references import check_references
from notion_pm.template.starter_rows import check_rows, read_rows
from notion_pm.template.validation import validate_template

# Characters of a path that are quoted in a message.
_MOST_QUOTED = 80


def load(reference: str, values: Mapping[str, str] | None = None) -> LoadedTemplate:
    """Load a template by its shipped name or path, with its page bodies and starter rows.

    `values`: the template's variables; the others get their defaults.

    Raises UsageError when there is no such template, TemplateInvalid with all its problems.
    """
    path = template_files.find_template(reference)
    return _Loader(path, values or {}).load()


def name_of(reference: str) -> str:
    """Return the name that a template gives itself. Its record in a workspace has this name.

    Raises UsageError when there is no such template, TemplateInvalid when it has no name.
    """
    path = template_files.find_template(reference)
    data = read_bytes(path, limit=YAML_LIMIT)
    text = data.decode("utf-8-sig", errors="replace")
    name = yaml_lines.text_at_top(text, "template")
    return name or load(reference).template.template


def list_shipped() -> tuple[LoadedTemplate, ...]:
    """Return the templates that ship with notion-pm."""
    return tuple(load(name) for name in template_files.shipped_templates())


class _Loader:
    """Loads one template once, and gathers the problems of all its files."""

    def __init__(self, path: Path, values: Mapping[str, str]) -> None:
        self._path = path
        self._problems: list[TemplateProblem] = []
        self._composition = Composition(path, None, {})
        self._composition = compose(path, self._read_text(path, (), limit=YAML_LIMIT))
        self._problems += self._composition.problems
        self._values = {**variables.default_values(self._composition.data), **values}
        self._bodies: dict[str, str] = {}
        self._rows: dict[str, tuple[Row, ...]] = {}
        self._is_value_missing = False

    def load(self) -> LoadedTemplate:
        template = self._load_template()
        if template is None or self._problems:
            # The template's own file comes first, then the files that it extends.
            problems = sorted(
                set(self._problems),
                key=lambda problem: (problem.file != str(self._path), problem.order),
            )
            error = ValuesMissing if self._is_value_missing else TemplateInvalid
            raise error(self._path, problems)
        return LoadedTemplate(
            template=template,
            bodies=self._bodies,
            rows=self._rows,
            variables=self._values,
            source=str(self._path),
        )

    def _load_template(self) -> Template | None:
        if self._composition.data is None:
            if not self._problems:
                self._add(TemplateProblem((), "the file is empty."))
            return None
        data = variables.fill_in_variables(self._composition.data, self._values, self._add)
        self._check_values()

        result = validate_template(data)
        self._add_all(result.problems)
        template = result.template
        if template is None:
            # When only unknown keys are wrong, the rest of the template can still be checked.
            template = validate_template(_without(data, result.unknown_keys)).template
        if template is not None:
            self._check(template)
            self._load_files(template)
        return result.template

    def _check(self, template: Template) -> None:
        problems = check_references(template)
        self._add_all(problems)
        # Rules are checked against the properties, which must be correct for that.
        if not any(problem.path[0] == "databases" for problem in problems):
            for path, message in check_rules(template):
                self._add(TemplateProblem(path, message))

    def _check_values(self) -> None:
        """Report the declared variables that have no value."""
        data = self._composition.data
        declared = data.get("variables") if isinstance(data, dict) else None
        if not isinstance(declared, dict):
            return
        for name in declared:
            if name not in self._values:
                self._is_value_missing = True
                message = f"the variable `{name}` has no value."
                advice = f"Set it with --set {name}=VALUE, or add a `default` in the template."
                self._add(TemplateProblem(("variables", name), message, advice))

    def _load_files(self, template: Template) -> None:
        for key, database in template.databases.items():
            if database.body is not None:
                place: YamlPath = ("databases", key, "body")
                self._bodies[key] = self._read_beside(database.body, place) or ""
            if database.rows is not None:
                self._rows[key] = self._load_rows(template, key, database.rows)
        # Cells are checked against the properties, which must be correct for that.
        if not self._problems:
            for problem in check_rows(template, self._rows):
                self._problems.append(self._with_rows_file(template, problem))

    def _load_rows(self, template: Template, database: str, file: str) -> tuple[Row, ...]:
        text = self._read_beside(file, ("databases", database, "rows"))
        if not text:
            return ()
        rows, problems = read_rows(database, text)
        self._problems += [self._with_rows_file(template, problem) for problem in problems]
        return rows

    def _with_rows_file(self, template: Template, problem: TemplateProblem) -> TemplateProblem:
        database = str(problem.path[1])
        rows_file = self._folder(problem.path) / (template.databases[database].rows or "")
        return replace(problem, file=str(rows_file))

    def _folder(self, path: YamlPath) -> Path:
        """Return the folder of the file that has this place: paths in it are relative to it."""
        return self._composition.sync_context_of(path).file.parent

    def _read_beside(self, relative: str, place: YamlPath) -> str | None:
        """Return the text of a file that the template names, None with a problem added."""
        folder = self._folder(place)
        path = folder / relative
        try:
            is_in_folder = path.resolve().is_relative_to(folder.resolve())
        except (OSError, ValueError, RuntimeError):  # too long a name, links in a circle
            message = f"`{relative[:_MOST_QUOTED]}` is not a path."
            advice = "Paths are relative to the template."
            self._add(TemplateProblem(place, message, advice))
            return None
        if not is_in_folder:
            # Templates may come from strangers; they must not read other files of this machine.
            message = f"`{relative}` is outside the template's folder."
            self._add(TemplateProblem(place, message, "Move it next to the template."))
            return None
        return self._read_text(path, place, limit=TABLE_LIMIT)

    def _read_text(self, path: Path, place: YamlPath, *, limit: int) -> str:
        """Return the text of a file, an empty text with a problem added."""
        try:
            return read_text(path, limit=limit)
        except FileMissing:
            advice = "Paths are relative to the template."
            self._add(TemplateProblem(place, f"there is no file {path}.", advice))
        except FileNotText as error:
            message, advice = "this is not UTF-8 text.", "Save it as UTF-8."
            problem = TemplateProblem(place, message, advice, str(path), error.line)
            self._problems.append(problem)
        except FileUnusable as error:
            message = f"cannot read {path}: {error.reason}."
            self._add(TemplateProblem(place, message, error.advice))
        return ""

    def _add(self, problem: TemplateProblem) -> None:
        """Add a problem with the file and line of its place."""
        place = self._composition.sync_context_of(problem.path)
        self._problems.append(replace(problem, file=str(place.file), line=place.line))

    def _add_all(self, problems: Iterable[TemplateProblem]) -> None:
        for problem in problems:
            self._add(problem)


def _without(data: Any, paths: Iterable[YamlPath]) -> Any:
    """Return a copy of the data without the keys at these paths."""
    copy = deepcopy(data)
    for path in paths:
        parent = copy
        for step in path[:-1]:
            parent = parent[step]
        parent.pop(path[-1], None)
    return copy

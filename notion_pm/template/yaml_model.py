"""A YAML file that holds one pydantic model, read with the lines of its parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from notion_pm.errors import MappingInvalid, TemplateProblem, YamlPath
from notion_pm.files.safe_read import YAML_LIMIT, read_text
from notion_pm.template.yaml_lines import parse

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class ModelFile(Generic[M]):
    """A model, and the lines of its parts in the file."""

    path: Path
    model: M
    lines: Mapping[YamlPath, int]

    def raise_if_invalid(self, problems: Iterable[TemplateProblem]) -> None:
        """Raise MappingInvalid with all the problems, if there are any."""
        located = [
            replace(problem, file=str(self.path), line=_line(self.lines, problem.path))
            for problem in problems
        ]
        if located:
            located.sort(key=lambda problem: problem.order)
            raise MappingInvalid(self.path, located)


def read_model(path: Path, model: type[M]) -> ModelFile[M]:
    """Read a file as a model.

    Raises MappingInvalid with everything that is wrong with its form, FileUnusable when it cannot
    be read.
    """
    document = parse(read_text(path, limit=YAML_LIMIT))
    if document.problems:
        problems = [replace(problem, file=str(path)) for problem in document.problems]
        raise MappingInvalid(path, problems)
    try:
        return ModelFile(path, model.model_validate(document.data), document.lines)
    except ValidationError as error:
        problems = []
        for detail in error.errors(include_url=False):
            place = detail["loc"]
            message = f"{'.'.join(map(str, place))}: {detail['msg']}."
            line = _line(document.lines, place)
            problems.append(TemplateProblem(place, message, file=str(path), line=line))
        raise MappingInvalid(path, problems) from None


def _line(lines: Mapping[YamlPath, int], path: YamlPath) -> int:
    """Return the line of a place, or of the nearest part that contains it; 0 when unknown."""
    for length in range(len(path), -1, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return 0

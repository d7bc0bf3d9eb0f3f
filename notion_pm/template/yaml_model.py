"""A YAML file that is one model: read with the lines of everything, so that each problem says where it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from notion_pm.errors import MappingInvalid, Problem
from notion_pm.files.safe_read import YAML_LIMIT, read_text
from notion_pm.model.fault import Fault
from notion_pm.template.yaml_lines import YamlPath, parse

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class ModelFile(Generic[M]):
    """A model, and where its parts stand in the file."""

    path: Path
    model: M
    lines: Mapping[YamlPath, int]

    def refuse(self, faults: Iterable[Fault]) -> None:
        """Raise MappingInvalid when there are faults, with all of them."""
        found = tuple(
            Problem(str(self.path), _line(self.lines, each.path), each.message, each.advice)
            for each in faults
        )
        if found:
            raise MappingInvalid(self.path, sorted(found))


def read_model(path: Path, model: type[M]) -> ModelFile[M]:
    """Read a file as that model.

    Raises MappingInvalid with all that is wrong with its form, FileUnusable when it cannot be read.
    """
    document = parse(read_text(path, limit=YAML_LIMIT))
    mistakes = [Problem(str(path), each.line, each.message) for each in document.mistakes]
    if mistakes:
        raise MappingInvalid(path, mistakes)
    try:
        return ModelFile(path, model.model_validate(document.data), document.lines)
    except ValidationError as error:
        found = [
            Problem(
                str(path),
                _line(document.lines, each["loc"]),
                f"{'.'.join(map(str, each['loc']))}: {each['msg']}.",
            )
            for each in error.errors(include_url=False)
        ]
        raise MappingInvalid(path, found) from None


def _line(lines: Mapping[YamlPath, int], path: YamlPath) -> int:
    """Return the line of a place, or of the nearest thing around it."""
    return next((lines[path[:end]] for end in range(len(path), -1, -1) if path[:end] in lines), 0)

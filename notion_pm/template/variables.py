"""Fill in the variables in a template's texts: `title: "{{ client }} product"`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import StrictUndefined, TemplateError, nodes
from jinja2.sandbox import SandboxedEnvironment

from notion_pm.errors import TemplateProblem, YamlPath

_ENVIRONMENT = SandboxedEnvironment(
    undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True
)

# Texts may only contain variables, changed by these filters. Templates come from strangers, and a
# loop or a computation could run without end.
_ALLOWED_NODES = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Filter,
    nodes.Const,
)
_ALLOWED_FILTERS = frozenset({"capitalize", "default", "lower", "title", "trim", "upper"})

AddProblem = Callable[[TemplateProblem], None]


def default_values(data: Any) -> dict[str, str]:
    """Return the declared variables that have a default, from a template's raw data."""
    declared = data.get("variables") if isinstance(data, Mapping) else None
    if not isinstance(declared, Mapping):
        return {}
    defaults = {}
    for name, spec in declared.items():
        if isinstance(spec, Mapping) and spec.get("default") is not None:
            defaults[str(name)] = str(spec["default"])
    return defaults


def fill_in_variables(data: Any, values: Mapping[str, str], add_problem: AddProblem) -> Any:
    """Return a template's raw data with the variables in its texts replaced.

    A text that cannot be filled in is left as it is, and a problem is added.
    """
    if not isinstance(data, Mapping):
        return data
    result = {}
    for key, value in data.items():
        is_declaration = key == "variables"
        result[key] = value if is_declaration else _fill_in(value, values, (str(key),), add_problem)
    return result


def _fill_in(data: Any, values: Mapping[str, str], path: YamlPath, add_problem: AddProblem) -> Any:
    if isinstance(data, Mapping):
        return {
            key: _fill_in(value, values, (*path, str(key)), add_problem)
            for key, value in data.items()
        }
    if isinstance(data, list):
        return [
            _fill_in(item, values, (*path, index), add_problem) for index, item in enumerate(data)
        ]
    if isinstance(data, str) and ("{{" in data or "{%" in data):
        return _fill_in_text(data, values, path, add_problem)
    return data


def _fill_in_text(
    text: str, values: Mapping[str, str], path: YamlPath, add_problem: AddProblem
) -> str:
    try:
        parsed = _ENVIRONMENT.parse(text)
        forbidden = _find_forbidden(parsed)
        if not forbidden:
            return _ENVIRONMENT.from_string(parsed).render(values)
        reason, advice = forbidden, "Write only variables: {{ client }}."
    except TemplateError as error:
        reason, advice = str(error.message), _advice(values)
    except Exception as error:  # a filter of the text can fail in any way
        reason, advice = str(error), _advice(values)
    add_problem(TemplateProblem(path, f"cannot fill in the variables: {reason}.", advice))
    return text


def _find_forbidden(parsed: nodes.Template) -> str:
    """Return what a text contains that is not allowed, an empty text for nothing."""
    for node in parsed.find_all(nodes.Node):
        if not isinstance(node, _ALLOWED_NODES):
            return f"only variables are allowed, not {type(node).__name__.lower()}"
        if isinstance(node, nodes.Filter) and node.name not in _ALLOWED_FILTERS:
            allowed = ", ".join(sorted(_ALLOWED_FILTERS))
            return f"the filter {node.name!r} is not allowed, only {allowed}"
    return ""


def _advice(values: Mapping[str, str]) -> str:
    known = ", ".join(sorted(values)) or "none"
    return (
        f"Known variables: {known}. Declare it under `variables:` and set it with --set NAME=VALUE."
    )

"""Variables in a template's texts: `title: "{{ client }} product"`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import StrictUndefined, TemplateError, nodes
from jinja2.sandbox import SandboxedEnvironment

from notion_pm.template.yaml_lines import YamlPath

_ENVIRONMENT = SandboxedEnvironment(
    undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True
)
_PARTS = (nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Filter, nodes.Const)
_FILTERS = frozenset({"capitalize", "default", "lower", "title", "trim", "upper"})
"""What texts may hold: variables, changed by these filters. Loops and arithmetic could go on for ever."""
Report = Callable[[YamlPath, str, str], None]
"""Takes the path, the message and the advice of a problem."""


def defaults(data: Any) -> dict[str, str]:
    """Return the declared variables that have a default, from a template's raw data."""
    declared = data.get("variables") if isinstance(data, Mapping) else None
    if not isinstance(declared, Mapping):
        return {}
    return {
        str(name): str(spec["default"])
        for name, spec in declared.items()
        if isinstance(spec, Mapping) and spec.get("default") is not None
    }


def render(data: Any, values: Mapping[str, str], report: Report) -> Any:
    """Return `data` with the variables in its texts replaced; what cannot be rendered stays and is reported."""
    if not isinstance(data, Mapping):
        return data
    return {
        key: value if key == "variables" else _render(value, values, (str(key),), report)
        for key, value in data.items()
    }


def _render(data: Any, values: Mapping[str, str], path: YamlPath, report: Report) -> Any:
    if isinstance(data, Mapping):
        return {
            key: _render(value, values, (*path, str(key)), report) for key, value in data.items()
        }
    if isinstance(data, list):
        return [_render(value, values, (*path, place), report) for place, value in enumerate(data)]
    if isinstance(data, str) and ("{{" in data or "{%" in data):
        return _render_text(data, values, path, report)
    return data


def _render_text(text: str, values: Mapping[str, str], path: YamlPath, report: Report) -> str:
    try:
        parsed = _ENVIRONMENT.parse(text)
        if foreign := _foreign(parsed):
            report(
                path,
                f"cannot fill in the variables: {foreign}.",
                "Write only variables: {{ client }}.",
            )
            return text
        return _ENVIRONMENT.from_string(parsed).render(values)
    except TemplateError as error:
        report(path, f"cannot fill in the variables: {error.message}.", _advice(values))
    except Exception as error:  # a filter may fail in any way, all of them the author's
        report(path, f"cannot fill in the variables: {error}.", _advice(values))
    return text


def _foreign(parsed: nodes.Template) -> str:
    """What a text holds beside variables and their filters; empty when nothing."""
    for each in parsed.find_all(nodes.Node):
        if not isinstance(each, _PARTS):
            return f"there is more than variables ({type(each).__name__.lower()})"
        if isinstance(each, nodes.Filter) and each.name not in _FILTERS:
            return f"there is no filter {each.name!r} here, only {', '.join(sorted(_FILTERS))}"
    return ""


def _advice(values: Mapping[str, str]) -> str:
    known = ", ".join(sorted(values)) or "none"
    return f"Known variables: {known}. Declare it under `variables:`, and give its value with --set NAME=VALUE."

"""`notion-pm templates`: list, show and validate templates."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from notion_pm.console.completion_values import complete_template
from notion_pm.console.output import echo, echo_json, echo_lines, end_with, json_option
from notion_pm.errors import TemplateInvalid, TemplateProblem
from notion_pm.provision.commands.render_template import as_data, difference_lines, template_lines
from notion_pm.provision.commands.render_template_docs import format_page, template_page
from notion_pm.provision.commands.template_options import values_option
from notion_pm.template import templates
from notion_pm.template.json_schema import template_schema
from notion_pm.template.template_diff import template_diff


@click.group()
def command() -> None:
    """List, show and validate templates."""


@command.command("list")
@json_option
def list_command(*, as_json: bool) -> None:
    """List the templates that ship with notion-pm."""
    shipped = templates.list_shipped()
    if as_json:
        echo_json([as_data(loaded) for loaded in shipped])
        return
    lines = []
    for loaded in shipped:
        template = loaded.template
        line = f"{template.template:12} {template.title}"
        lines.append(f"{line}: {template.description}" if template.description else line)
    echo_lines(lines)


@command.command()
@click.argument("template", default="product", shell_complete=complete_template)
@values_option
@json_option
def show(*, template: str, values: dict[str, str], as_json: bool) -> None:
    """Show what a template makes: databases, properties, views, rules, exports."""
    loaded = templates.load(template, values)
    if as_json:
        echo_json(as_data(loaded))
    else:
        echo_lines(template_lines(loaded))


@command.command()
@click.argument("template", nargs=-1, required=True, shell_complete=complete_template)
@values_option
@json_option
def validate(*, template: tuple[str, ...], values: dict[str, str], as_json: bool) -> None:
    """Check templates and report all their problems; exit code 1 when there are any."""
    results = {name: _validate(name, values) for name in template}
    if as_json:
        problems: list[dict[str, Any]] = []
        for invalid in results.values():
            if invalid is not None:
                problems += [_problem_data(problem) for problem in invalid.problems]
        echo_json({"valid": not problems, "problems": problems})
    else:
        for name, invalid in results.items():
            echo_lines(str(invalid).splitlines() if invalid else [f"{name} is valid."])
    end_with(1 if any(results.values()) else 0)


def _validate(template: str, values: dict[str, str]) -> TemplateInvalid | None:
    try:
        templates.load(template, values)
    except TemplateInvalid as invalid:
        return invalid
    return None


def _problem_data(problem: TemplateProblem) -> dict[str, Any]:
    data = asdict(problem)
    return {key: data[key] for key in ("file", "line", "message", "advice")}


@command.command()
def schema() -> None:
    """Print the JSON Schema of template files, for completion and checks in editors."""
    echo_json(template_schema())


@command.command()
@click.argument("before")
@click.argument("after")
@click.option("--exit-code", is_flag=True, help="Exit with 2 when there are differences.")
@json_option
def diff(*, before: str, after: str, exit_code: bool, as_json: bool) -> None:
    """Show the differences between two templates, or two versions of one."""
    differences = template_diff(templates.load(before), templates.load(after))
    if as_json:
        echo_json([difference.as_data() for difference in differences])
    else:
        echo_lines(difference_lines(differences))
    end_with(2 if exit_code and differences else 0)


@command.command()
@click.argument("template", required=False, shell_complete=complete_template)
@values_option
def docs(*, template: str | None, values: dict[str, str]) -> None:
    """Print a Markdown page about a template, for the people who work with it.

    Without TEMPLATE, print the reference of the template format.
    """
    lines = format_page() if template is None else template_page(templates.load(template, values))
    for line in lines:
        echo(line)

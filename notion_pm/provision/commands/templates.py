"""`notion-pm templates`: what there is to apply, and whether a file is fit to be applied."""

from __future__ import annotations

import click

from notion_pm.console.completion_values import complete_template
from notion_pm.console.output import echo, echo_json, end_with, json_option
from notion_pm.errors import TemplateInvalid
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
        echo_json([as_data(each) for each in shipped])
        return
    for each in shipped:
        echo(
            f"{each.template.template:12} {each.template.title}: {each.template.description}".rstrip(
                ": "
            )
        )


@command.command()
@click.argument("template", default="product", shell_complete=complete_template)
@values_option
@json_option
def show(*, template: str, values: dict[str, str], as_json: bool) -> None:
    """Show what a template makes: databases, properties, views, rules, exports."""
    loaded = templates.load(template, values)
    if as_json:
        echo_json(as_data(loaded))
        return
    for line in template_lines(loaded):
        echo(line)


@command.command()
@click.argument("template", nargs=-1, required=True, shell_complete=complete_template)
@values_option
@json_option
def validate(*, template: tuple[str, ...], values: dict[str, str], as_json: bool) -> None:
    """Check templates, with all their problems in one report; exit code 1 when there are any."""
    problems = {each: _problems(each, values) for each in template}
    if as_json:
        found = [problem for each in problems.values() if each for problem in each.problems]
        echo_json(
            {
                "valid": not found,
                "problems": [
                    {
                        "file": each.file,
                        "line": each.line,
                        "message": each.message,
                        "advice": each.advice,
                    }
                    for each in found
                ],
            }
        )
    else:
        for name, invalid in problems.items():
            echo(str(invalid) if invalid else f"{name} is valid.")
    end_with(1 if any(problems.values()) else 0)


@command.command()
def schema() -> None:
    """Print the JSON Schema of template files, for editors that complete and check."""
    echo_json(template_schema())


@command.command()
@click.argument("before")
@click.argument("after")
@click.option("--exit-code", is_flag=True, help="End with 2 when there are differences.")
@json_option
def diff(*, before: str, after: str, exit_code: bool, as_json: bool) -> None:
    """Show what is different between two templates, or two versions of one."""
    found = template_diff(templates.load(before), templates.load(after))
    if as_json:
        echo_json([each.as_data() for each in found])
    else:
        for line in difference_lines(found):
            echo(line)
    end_with(2 if exit_code and found else 0)


@command.command()
@click.argument("template", required=False, shell_complete=complete_template)
@values_option
def docs(*, template: str | None, values: dict[str, str]) -> None:
    """Print a page in Markdown: of a template for those who work with it, or (without one) of the template format."""
    for line in template_page(templates.load(template, values)) if template else format_page():
        echo(line)


def _problems(template: str, values: dict[str, str]) -> TemplateInvalid | None:
    try:
        templates.load(template, values)
    except TemplateInvalid as invalid:
        return invalid
    return None

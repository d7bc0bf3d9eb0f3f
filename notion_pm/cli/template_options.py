"""What `plan` and `apply` are told of a template: the same arguments and options."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import click

from notion_pm.planning.wishes import Wishes

F = TypeVar("F", bound=Callable[..., Any])


def _with_wishes(command: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(command)
    def gathered(*arguments: Any, with_rows: bool | None, prune: bool, reset_titles: bool, **options: Any) -> Any:
        return command(*arguments, wishes=Wishes(with_rows, prune, reset_titles), **options)

    return gathered


def _values(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    values = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not (name and equals):
            raise click.BadParameter(f"{each!r} is not of the form NAME=VALUE", context, parameter)
        values[name.strip()] = value
    return values


values_option = click.option(
    "--set",
    "values",
    metavar="NAME=VALUE",
    multiple=True,
    callback=_values,
    help="A value for a variable of the template; remembered in the workspace.",
)
"""The option `--set`: the parameter `values`."""


def template_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the template's argument and the options `values`, `wishes`, `force` and `allow_lossy`."""
    command = _with_wishes(command)
    for add in (
        click.option("--allow-lossy", is_flag=True, help="Accept changes that may lose values."),
        click.option("--force", is_flag=True, help="Accept changes beyond the thresholds (30 % of 10 or more)."),
        click.option(
            "--rows/--no-rows",
            "with_rows",
            default=None,
            help="With or without starter rows; remembered in the workspace. Default: with.",
        ),
        click.option("--reset-titles", is_flag=True, help="Give databases and properties their titles again."),
        click.option("--prune", is_flag=True, help="Remove what the template no longer has (never databases or rows)."),
        values_option,
        click.argument("template", default="product"),
    ):
        command = add(command)
    return command

"""What `plan` and `apply` are told of a template: the same arguments and options."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

import click

from notion_pm.console.completion_values import complete_template
from notion_pm.provision.plan.plan_options import PlanOptions

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    """The conditions under which a template is to be planned and applied."""

    values: dict[str, str]
    plan_options: PlanOptions
    force: bool
    allow_lossy: bool


def _with_apply_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Pass the options of a command as one value: the parameter `apply_options`."""

    @wraps(command)
    def call_command(
        *arguments: Any,
        values: dict[str, str],
        with_rows: bool | None,
        prune: bool,
        reset_titles: bool,
        downgrade: bool,
        force: bool,
        allow_lossy: bool,
        **others: Any,
    ) -> Any:
        plan_options = PlanOptions(with_rows, prune, reset_titles, downgrade)
        apply_options = ApplyOptions(values, plan_options, force, allow_lossy)
        return command(*arguments, apply_options=apply_options, **others)

    return call_command


def _values(
    context: click.Context, parameter: click.Parameter, given: tuple[str, ...]
) -> dict[str, str]:
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
    """Add the template's argument, and the options that make up its `options`."""
    command = _with_apply_options(command)
    for add in (
        click.option("--allow-lossy", is_flag=True, help="Accept changes that may lose values."),
        click.option(
            "--force",
            is_flag=True,
            help="Accept changes beyond the thresholds (30 % of 10 or more).",
        ),
        click.option(
            "--rows/--no-rows",
            "with_rows",
            default=None,
            help="With or without starter rows; remembered in the workspace. Default: with.",
        ),
        click.option(
            "--reset-titles", is_flag=True, help="Give databases and properties their titles again."
        ),
        click.option(
            "--downgrade",
            is_flag=True,
            help="Accept an older version of the template than the one that was applied.",
        ),
        click.option(
            "--prune",
            is_flag=True,
            help="Remove what the template no longer has (never databases or rows).",
        ),
        values_option,
        click.argument("template", required=False, shell_complete=complete_template),
    ):
        command = add(command)
    return command

"""The argument and options that `plan` and `apply` share: a template, and how to apply it."""

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
    """How a template is planned and applied.

    `values`: variables of the template. `force` and `allow_lossy`: what the user agreed to.
    """

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


def _parse_values(
    context: click.Context, parameter: click.Parameter, given: tuple[str, ...]
) -> dict[str, str]:
    values = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise click.BadParameter(f"{text!r} is not of the form NAME=VALUE", context, parameter)
        values[name.strip()] = value
    return values


values_option = click.option(
    "--set",
    "values",
    metavar="NAME=VALUE",
    multiple=True,
    callback=_parse_values,
    help="A value for a variable of the template; remembered in the workspace.",
)
"""The option `--set`: the parameter `values`."""


_OPTIONS = (
    click.option("--allow-lossy", is_flag=True, help="Accept changes that may lose values."),
    click.option(
        "--force", is_flag=True, help="Accept changes beyond the limits (30 % of 10 or more)."
    ),
    click.option(
        "--rows/--no-rows",
        "with_rows",
        default=None,
        help="With or without starter rows; remembered in the workspace. Default: with.",
    ),
    click.option(
        "--reset-titles",
        is_flag=True,
        help="Give databases, properties and options the template's names again.",
    ),
    click.option(
        "--downgrade",
        is_flag=True,
        help="Accept a version of the template that is older than the applied one.",
    ),
    click.option(
        "--prune",
        is_flag=True,
        help="Remove what the template no longer has (never databases or rows).",
    ),
    values_option,
    click.argument("template", required=False, shell_complete=complete_template),
)
"""In reverse order: Click shows last what is added first."""


def template_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the argument `template`, and the options that become the parameter `apply_options`."""
    command = _with_apply_options(command)
    for add_option in _OPTIONS:
        command = add_option(command)
    return command

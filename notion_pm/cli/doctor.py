"""`notion-pm doctor`: is everything in place, and if not, what is the next click."""

from __future__ import annotations

from dataclasses import asdict

import click

from notion_pm.cli.context import Context, pass_context
from notion_pm.cli.output import echo_json, end_with, json_option
from notion_pm.config import Local
from notion_pm.workflows import doctor
from notion_pm.workflows.doctor import Check

_MARKS = {True: ("ok", "green"), False: ("failed", "red"), None: ("note", "yellow")}


@click.command()
@click.option("--write", is_flag=True, help="Also make a page and put it in the trash, to prove that writing works.")
@json_option
@pass_context
def command(context: Context, *, write: bool, as_json: bool) -> None:
    """Check token, sharing, capabilities and limits; exit code 1 when something is not in place."""
    target = context.target
    parent = context.parent_page if isinstance(target, Local) else target.parent_page
    checks = []
    for check in doctor.examine(context.gateway, parent, budget=context.budget, write=write):
        checks.append(check)
        if not as_json:
            _show(check)
    ok = all(check.ok is not False for check in checks)
    if as_json:
        echo_json({"ok": ok, "checks": [asdict(each) for each in checks], "requests": context.gateway.requests.logical})
    end_with(0 if ok else 1)


def _show(check: Check) -> None:
    mark, color = _MARKS[check.ok]
    click.secho(f"{mark:7}", fg=color, nl=False)
    click.echo(f"{check.name}: {check.detail}")
    if check.advice:
        click.echo(f"       {check.advice}")

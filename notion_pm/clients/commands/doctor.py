"""`notion-pm doctor`: is everything in place, and if not, what is the next click."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import chain
from pathlib import Path

import click

from notion_pm.clients import doctor
from notion_pm.clients.check import Check
from notion_pm.config import ENV_FILE, Local, Origin, is_readable_by_others
from notion_pm.console.context import Context, pass_context
from notion_pm.console.output import echo_json, end_with, json_option, one_by_one
from notion_pm.errors import NotionPmError, UsageError
from notion_pm.model.ids import NotionId
from notion_pm.probe.command import DEFAULT_REPORT, ProbeOptions
from notion_pm.probe.command import probe as run_probe
from notion_pm.probe.report import last_probe

_MARKS = {True: ("ok", "green"), False: ("failed", "red"), None: ("note", "yellow")}


@click.command()
@click.option(
    "--write",
    is_flag=True,
    help="Also make a page and put it in the trash, to prove that writing works.",
)
@click.option(
    "--probe", is_flag=True, help="Check instead whether Notion does what notion-pm relies on."
)
@click.option("-y", "--yes", is_flag=True, help="With --probe: do not ask.")
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help=f"With --probe: where to write the report (.json or .md; default: {DEFAULT_REPORT}).",
)
@click.option(
    "--second-token-env",
    metavar="NAME",
    help="With --probe: the variable that holds the token of another connection to the same workspace.",
)
@json_option
@pass_context
def command(
    context: Context,
    *,
    write: bool,
    probe: bool,
    yes: bool,
    report: Path | None,
    second_token_env: str | None,
    as_json: bool,
) -> None:
    """Check token, sharing, capabilities and limits; exit code 1 when something is not in place.

    It begins with the settings, and the file or variable that each came from.

    Of each template that was applied: its record, its databases (bound ones too), what rules need, and what this
    machine remembers. Every problem comes with the next click or command.

    With --probe it checks instead, once per workspace and before the first apply, whether Notion does what notion-pm
    relies on: about 150 small statements, on a scratch page below the parent page that goes to the trash at the end.
    It asks first, sends at most 200 requests, and can be interrupted and run again. What it found is printed by what
    it means for you, and written to a file without content, ids or token that you can attach to an issue. Exit codes:
    0 all agree, 6 something differs, 5 something could not be checked.
    """
    if probe:
        run_probe(
            context, ProbeOptions(report or Path(DEFAULT_REPORT), second_token_env, yes, as_json)
        )
        return
    if yes or report or second_token_env:
        raise UsageError(
            "--yes, --report and --second-token-env belong to --probe.",
            "Add --probe, or leave them out.",
        )
    target = context.target
    parent = context.parent_page if isinstance(target, Local) else target.parent_page
    found = doctor.examine(
        context.gateway, parent, lambda: context.state_home, budget=context.budget, write=write
    )
    origins = _origins(context)
    if not as_json:
        _show_origins(origins)
    checks = []
    for check in one_by_one(chain(_settings(), _last_probe(context, parent), found), context):
        checks.append(check)
        if not as_json:
            _show(check)
    ok = all(check.ok is not False for check in checks)
    if as_json:
        echo_json(
            {
                "ok": ok,
                "settings": [_origin_data(each) for each in origins],
                "checks": [asdict(each) for each in checks],
                "requests": context.gateway.requests.logical,
            }
        )
    end_with(0 if ok else 1)


def _origins(context: Context) -> list[Origin]:
    """Where each setting of this command came from."""
    state = context.state_setting
    kept = [Origin("state", state.name, state.source, state.shown)] if state else []
    return [*context.target.origins, *kept]


def _show_origins(origins: Sequence[Origin]) -> None:
    width = max((len(each.setting) for each in origins), default=0)
    for origin in origins:
        value = f"{origin.value}  " if origin.value else ""
        click.echo(f"{origin.setting:{width}}  {value}({origin.place})")
    click.echo()


def _origin_data(origin: Origin) -> dict[str, str | None]:
    """Return a setting and where it came from. A token has no value here."""
    return {
        "setting": origin.setting,
        "value": origin.value,
        "name": origin.name,
        "source": str(origin.source),
    }


def _settings() -> Iterator[Check]:
    """Tokens are kept in `.env`: nobody else on this machine is to read it."""
    if ENV_FILE.exists() and is_readable_by_others(ENV_FILE):
        advice = f"Keep it to yourself:  chmod 600 {ENV_FILE}"
        yield Check(
            "settings", ok=None, detail=f"others on this machine can read {ENV_FILE}", advice=advice
        )


def _last_probe(context: Context, parent: NotionId | None) -> Iterator[Check]:
    """Say when Notion's behaviour was checked in this workspace."""
    if parent is None:
        return
    try:
        last = last_probe(context.state_directory)
    except NotionPmError:
        return  # a later check reports that the folder cannot be used
    if last is not None:
        yield Check("probe", ok=True, detail=f"Notion's behaviour was checked on {last}")
    elif not context.is_on_this_machine:
        detail = "whether Notion behaves as expected was not checked here yet"
        yield Check(
            "probe",
            ok=None,
            detail=detail,
            advice="Once, before the first apply:  notion-pm doctor --probe",
        )


def _show(check: Check) -> None:
    mark, color = _MARKS[check.ok]
    click.secho(f"{mark:7}", fg=color, nl=False)
    click.echo(f"{check.name}: {check.detail}")
    if check.advice:
        click.echo(f"       {check.advice}")

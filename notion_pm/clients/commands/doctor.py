"""`notion-pm doctor`: check the connection, and name the next step for each problem."""

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
    help="Also create a page and trash it, to prove that writing works.",
)
@click.option(
    "--probe", is_flag=True, help="Check instead that Notion behaves as notion-pm expects."
)
@click.option("-y", "--yes", is_flag=True, help="With --probe: do not ask.")
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help=f"With --probe: the file for the report (.json or .md; default: {DEFAULT_REPORT}).",
)
@click.option(
    "--second-token-env",
    metavar="NAME",
    help="With --probe: the variable with the token of a second connection to the workspace.",
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
    """Check token, sharing, capabilities and limits. Exit code 1: a check failed.

    First come the settings, with the file or variable that each one comes from. For each applied
    template it checks the record, the databases (also bound ones), the properties that rules need,
    and the state on this machine. Each problem comes with the next click or command.

    With --probe it checks instead that Notion behaves as notion-pm expects. Run this once per
    workspace, before the first apply: about 150 small checks on a scratch page below the parent
    page, which is trashed at the end. It asks first, sends at most 200 requests, and can be
    interrupted and continued. The result is printed by command, and written to a file without
    content, ids or token that you can attach to an issue. Exit codes: 0 everything agrees, 6
    something differs, 5 something could not be checked.
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
    # A generator: each check is shown when it is done, and no request is sent before the settings
    # are shown.
    remote_checks = doctor.examine(
        context.notion, parent, lambda: context.state_home, budget=context.budget, write=write
    )
    origins = _origins(context)
    if not as_json:
        _show_origins(origins)
    checks = []
    for check in one_by_one(
        chain(_settings(), _last_probe(context, parent), remote_checks), context
    ):
        checks.append(check)
        if not as_json:
            _show(check)
    # None is a note, such as "none applied yet": it does not fail the command.
    ok = all(check.ok is not False for check in checks)
    if as_json:
        echo_json(
            {
                "ok": ok,
                "settings": [_origin_data(origin) for origin in origins],
                "checks": [asdict(check) for check in checks],
                "requests": context.notion.requests.logical,
            }
        )
    end_with(0 if ok else 1)


def _origins(context: Context) -> list[Origin]:
    """Return the settings of this command, each with its origin."""
    state = context.state_setting
    origins = list(context.target.origins)
    if state:
        origins.append(Origin("state", state.name, state.source, state.without_password))
    return origins


def _show_origins(origins: Sequence[Origin]) -> None:
    width = max((len(origin.setting) for origin in origins), default=0)
    for origin in origins:
        value = f"{origin.value}  " if origin.value else ""
        click.echo(f"{origin.setting:{width}}  {value}({origin.place})")
    click.echo()


def _origin_data(origin: Origin) -> dict[str, str | None]:
    """Return a setting and its origin as JSON data. The value of a token is left out."""
    return {
        "setting": origin.setting,
        "value": origin.value,
        "name": origin.name,
        "source": str(origin.source),
    }


def _settings() -> Iterator[Check]:
    """Warn when other users of this machine can read `.env`, which holds tokens."""
    if ENV_FILE.exists() and is_readable_by_others(ENV_FILE):
        advice = f"Make it private:  chmod 600 {ENV_FILE}"
        yield Check(
            "settings", ok=None, detail=f"others on this machine can read {ENV_FILE}", advice=advice
        )


def _last_probe(context: Context, parent: NotionId | None) -> Iterator[Check]:
    """Report when Notion's behaviour was checked in this workspace."""
    if parent is None:
        return
    try:
        last = last_probe(context.state_directory)
    except NotionPmError:
        return  # a later check reports that the folder cannot be used
    if last is not None:
        yield Check("probe", ok=True, detail=f"Notion's behaviour was checked on {last}")
    elif not context.is_on_this_machine:
        detail = "Notion's behaviour was not checked here yet"
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

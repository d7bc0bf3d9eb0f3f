"""`notion-pm jobs`: files for cron, systemd and GitHub Actions, ready for use."""

from __future__ import annotations

import getpass
import os
import re
import sys
from dataclasses import replace
from pathlib import Path

import click

from notion_pm.config import read_variables
from notion_pm.console.durations import duration
from notion_pm.console.output import echo, note
from notion_pm.console.root_options import RootOptions
from notion_pm.errors import UsageError
from notion_pm.files.writing import write_shared
from notion_pm.jobs import job_files
from notion_pm.jobs.job_files import Job

_every = click.option(
    "--every",
    type=duration,
    metavar="TIME",
    default="15m",
    show_default=True,
    help="Time between two runs.",
)


@click.group(short_help="Print files that run sync on a schedule.")
def command() -> None:
    """Print files that run sync on a schedule, with the current paths and options.

    The job reads its settings from the .env or notion-pm.toml of this folder, so the printed files
    contain no token.

    \b
        notion-pm -w acme jobs cron --every 30m
        notion-pm jobs systemd -o /etc/systemd/system
        notion-pm jobs github > .github/workflows/notion-pm.yml
    """


@command.command()
@_every
@click.pass_obj
def cron(options: RootOptions, *, every: int) -> None:
    """Print a line for `crontab -e`."""
    _warn_of_settings_of_the_shell(is_named=options.workspace is not None)
    echo(job_files.crontab(_job(options, every)).rstrip())


@command.command()
@_every
@click.option(
    "-o",
    "--output",
    metavar="FOLDER",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write here.",
)
@click.pass_obj
def systemd(options: RootOptions, *, every: int, output: Path | None) -> None:
    """Print a service and the timer that starts it, or write both files with -o."""
    _warn_of_settings_of_the_shell(is_named=options.workspace is not None)
    job = _job(options, every)
    files = {
        f"{job.unit}.service": job_files.systemd_service(job),
        f"{job.unit}.timer": job_files.systemd_timer(job),
    }
    for name, text in files.items():
        if output is None:
            echo(f"# {name}\n{text}")
        else:
            write_shared(output / name, text)
            note(f"Wrote {output / name}")
    note(f"Start it with  systemctl enable --now {job.unit}.timer")


@command.command()
@_every
@click.pass_obj
def github(options: RootOptions, *, every: int) -> None:
    """Print a workflow for GitHub Actions."""
    if options.local and not options.local_from_environment:
        raise UsageError(
            "A local workspace is on this machine, and GitHub cannot read it.", "Leave out --local."
        )
    echo(job_files.github_workflow(_job(replace(options, local=None), every)).rstrip())


def _job(options: RootOptions, every: int) -> Job:
    # Schedulers start jobs in other folders and with few variables. So everything that the user's
    # shell provides here becomes part of the job: absolute paths, the workspace, the user.
    given: list[str] = []
    unit = "notion-pm"
    if options.local and not options.workspace:
        given += ["--local", str(Path(options.local).absolute())]
    if options.workspace:
        given += ["-w", options.workspace]
        # Names of systemd units allow only some characters.
        unit += "-" + re.sub(r"[^A-Za-z0-9_.]+", "-", options.workspace)
    return Job(_program(), given, Path.cwd(), getpass.getuser(), every, unit)


def _program() -> list[str]:
    """Return the words that call this program; they do not depend on PATH."""
    # cron and systemd have a short PATH, in which a virtual environment is missing.
    script = Path(sys.executable).with_name("notion-pm")
    return [str(script)] if script.exists() else [sys.executable, "-m", "notion_pm"]


def _warn_of_settings_of_the_shell(*, is_named: bool) -> None:
    """Warn about variables that are set only in this shell: the job will not have them."""
    in_file = read_variables(is_named=is_named).names_in_file
    missing: list[str] = []
    for name in sorted(os.environ):
        is_ours = name.endswith("NOTION_TOKEN") or name.startswith("NOTION_PM_")
        # A local workspace becomes an option of the job.
        if is_ours and name != "NOTION_PM_LOCAL" and name not in in_file:
            missing.append(name)
    if missing:
        note(f"Set only in this shell: {', '.join(missing)}. A job reads .env, so put them there.")

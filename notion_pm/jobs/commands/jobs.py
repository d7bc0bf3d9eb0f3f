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
    help="How often it is to run.",
)


@click.group(short_help="Print files that run sync on a schedule.")
def command() -> None:
    """Print files that run sync on a schedule, with the paths and options of here and now.

    Settings come from the .env or notion-pm.toml of this folder: neither file has a token in it.

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
            "A local workspace is on this machine, not on GitHub's.", "Leave out --local."
        )
    echo(job_files.github_workflow(_job(replace(options, local=None), every)).rstrip())


def _job(options: RootOptions, every: int) -> Job:
    given: list[str] = []
    unit = "notion-pm"
    if options.local and not options.workspace:
        given += ["--local", str(Path(options.local).absolute())]
    if options.workspace:
        given += ["-w", options.workspace]
        unit += "-" + re.sub(r"[^A-Za-z0-9_.]+", "-", options.workspace)
    return Job(_program(), given, Path.cwd(), getpass.getuser(), every, unit)


def _program() -> list[str]:
    """How to call this program without a PATH: by its script beside Python, or as a module."""
    script = Path(sys.executable).with_name("notion-pm")
    return [str(script)] if script.exists() else [sys.executable, "-m", "notion_pm"]


def _warn_of_settings_of_the_shell(*, is_named: bool) -> None:
    """A job knows nothing of the variables of the shell from which it was made."""
    kept = read_variables(is_named=is_named).names_in_file
    ours = (
        name
        for name in os.environ
        if name.endswith("NOTION_TOKEN") or name.startswith("NOTION_PM_")
    )
    lost = sorted(name for name in ours if name != "NOTION_PM_LOCAL" and name not in kept)
    if lost:
        note(f"Only this shell knows {', '.join(lost)}: a job reads .env, so put them there.")

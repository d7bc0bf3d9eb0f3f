"""Files for cron, systemd and GitHub Actions, for this machine and the given options."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from string import Template

from notion_pm import __version__
from notion_pm.errors import UsageError

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


class _File(Template):
    """Placeholders such as %{folder}, which differ from those of the shell and of GitHub."""

    delimiter = "%"


@dataclass(frozen=True, slots=True)
class Job:
    """What to run: a program with its global options, in a folder, as a user.

    `every`: the interval in seconds. `unit`: the name of the systemd units.
    """

    program: Sequence[str]
    options: Sequence[str]
    folder: Path
    user: str
    every: int
    unit: str = "notion-pm"


def crontab(job: Job) -> str:
    """Return a line for crontab(5), with a comment."""
    line = {
        "folder": shlex.quote(str(job.folder)),
        "command": shlex.join([*job.program, *job.options]),
    }
    # In a crontab an unescaped percent sign ends the command (crontab(5)).
    escaped = {key: value.replace("%", r"\%") for key, value in line.items()}
    return _fill("crontab", job, times=cron_times(job.every), **escaped)


def systemd_service(job: Job) -> str:
    """Return a unit that runs the job once (systemd.service(5))."""
    words = " ".join(_systemd_word(word) for word in (*job.program, *job.options))
    # A percent sign starts a specifier, also in a path (systemd.unit(5)).
    return _fill(
        "service", job, command=words, user=job.user, folder=str(job.folder).replace("%", "%%")
    )


def systemd_timer(job: Job) -> str:
    """Return the unit that starts it at its interval (systemd.timer(5))."""
    return _fill("timer", job, every=f"{job.every}s")


def github_workflow(job: Job) -> str:
    """Return a workflow for GitHub Actions, for a repository that has notion-pm.toml."""
    # Five minutes for the setup. The run itself has a time limit of one interval, so the job is
    # killed only if the setup hangs.
    timeout = str(job.every // _MINUTE + 5)
    command = shlex.join(["notion-pm", *job.options])
    return _fill("workflow.yml", job, times=cron_times(job.every), timeout=timeout, command=command)


def cron_times(every: int) -> str:
    """Return cron's five time fields for an interval in seconds.

    Raises UsageError for an interval that cron cannot express.
    """
    # The fields start again with each hour and each day: */25 would mean minutes 0, 25 and 50 of
    # every hour. So an interval must divide an hour or a day without a rest.
    if every % _MINUTE == 0 and _HOUR % every == 0:
        return "0 * * * *" if every == _HOUR else f"*/{every // _MINUTE} * * * *"
    if every % _HOUR == 0 and _DAY % every == 0:
        return "0 0 * * *" if every == _DAY else f"0 */{every // _HOUR} * * *"
    raise UsageError(
        f"cron cannot run a job every {every} seconds.",
        "Use minutes that divide an hour, or hours that divide a day: 15m, 2h.",
    )


def _fill(file: str, job: Job, **marks: str) -> str:
    text = resources.files(__name__).joinpath(file).read_text(encoding="utf-8")
    common = {"unit": job.unit, "limit": f"{job.every}s", "version": __version__}
    return _File(text).substitute(common | marks)


def _systemd_word(word: str) -> str:
    """Quote a word of a command line (systemd.service(5), "Command lines")."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if set(escaped) & set(" '\\\"\t;") or not escaped else escaped

"""Files for schedulers: what they start works with nothing of this shell, and those who read them
accept them.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from notion_pm.errors import UsageError
from notion_pm.jobs.job_files import Job, cron_times, crontab, systemd_service
from tests.support.program import Program

BARE = {"HOME": "/nowhere", "PATH": "/usr/bin:/bin", "LOGNAME": "somebody", "SHELL": "/bin/sh"}
"""What cron gives to a job."""


def job(folder: Path, *options: str, every: int = 900) -> Job:
    return Job([sys.executable, "-m", "notion_pm"], options, folder, "somebody", every)


def run_line(line: str) -> subprocess.CompletedProcess[str]:
    """Run the command of a crontab line as cron does: by /bin/sh, and a percent sign only where it
    is escaped.
    """
    shell = line.split(" ", 5)[5].replace(r"\%", "%")
    return subprocess.run(
        ["/bin/sh", "-c", shell], env=BARE, cwd="/", capture_output=True, text=True, check=False
    )


@pytest.mark.skipif(sys.platform == "win32", reason="there is no cron")
@pytest.mark.parametrize("name", ["client", "ac me's 100% & co", "größer $HOME"])
def test_the_line_for_cron_works_with_an_empty_environment(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    program = Program(folder)
    assert program("--local", "w.sqlite", "apply", "product", "--no-rows", "--yes").code == 0
    printed = program("--local", "w.sqlite", "jobs", "cron", "--every", "30m")
    assert printed.code == 0 and "NOTION_PM_STATE" in printed.err, (
        "it tells which settings a job will lack"
    )
    line = printed.out.splitlines()[-1]
    assert line.startswith("*/30 * * * * cd ")
    done = run_line(line)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_percent_sign_is_escaped_for_cron(tmp_path: Path) -> None:
    line = crontab(job(tmp_path / "100%")).splitlines()[-1]
    assert r"100\%" in line and line.count("%") == 1


@pytest.mark.parametrize(
    ("seconds", "times"),
    [
        (60, "*/1 * * * *"),
        (900, "*/15 * * * *"),
        (3600, "0 * * * *"),
        (7200, "0 */2 * * *"),
        (86400, "0 0 * * *"),
    ],
)
def test_beats_that_cron_knows(seconds: int, times: str) -> None:
    assert cron_times(seconds) == times


@pytest.mark.parametrize("seconds", [1, 90, 7 * 60, 5 * 3600, 2 * 86400])
def test_intervals_that_cron_cannot_do_are_refused(seconds: int) -> None:
    with pytest.raises(UsageError, match="cron cannot run"):
        cron_times(seconds)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_accepts_the_units(program: Program, tmp_path: Path) -> None:
    written = program(
        "-w", "ac me 100%", "jobs", "systemd", "--every", "20m", "-o", str(tmp_path / "units")
    )
    assert written.code == 0 and "systemctl enable --now notion-pm-ac-me-100-.timer" in written.err
    units = sorted(map(str, (tmp_path / "units").iterdir()))
    assert [Path(each).name for each in units] == [
        "notion-pm-ac-me-100-.service",
        "notion-pm-ac-me-100-.timer",
    ]
    judged = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (judged.returncode, judged.stderr) == (0, "")


def test_the_command_of_the_systemd_service_is_quoted(tmp_path: Path) -> None:
    service = systemd_service(job(tmp_path, "-w", 'a "b" 5% $x'))
    command = next(line for line in service.splitlines() if line.startswith("ExecStart="))
    assert r'-w "a \"b\" 5%% $$x" sync --quiet --time-limit 900s' in command
    assert "SuccessExitStatus=5" in service


def test_github_accepts_the_workflow(program: Program, tmp_path: Path) -> None:
    printed = program("-w", "acme", "jobs", "github", "--every", "1h")
    assert (printed.code, printed.err) == (0, "")
    file = tmp_path / "notion-pm.yml"
    file.write_text(printed.out, encoding="utf-8")
    judged = subprocess.run(
        [
            sys.executable,
            "-m",
            "check_jsonschema",
            "--builtin-schema",
            "vendor.github-workflows",
            str(file),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert judged.returncode == 0, judged.stdout + judged.stderr
    assert str(program.folder) not in printed.out, (
        "paths of this machine are nobody's business there"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="there is no /bin/sh")
@pytest.mark.parametrize(("code", "ends"), [(0, 0), (5, 0), (1, 1), (3, 1)])
def test_the_step_on_github_fails_where_a_run_does(
    program: Program, tmp_path: Path, code: int, ends: int
) -> None:
    steps = yaml.safe_load(program("jobs", "github").out)["jobs"]["sync"]["steps"]
    (step,) = (each["run"] for each in steps if "sync --quiet" in each.get("run", ""))
    fake = tmp_path / "notion-pm"
    fake.write_text(f"#!/bin/sh\nexit {code}\n")
    fake.chmod(0o755)
    shell = (
        ["/bin/bash", "-e", "-c", step] if shutil.which("bash") else ["/bin/sh", "-e", "-c", step]
    )
    done = subprocess.run(shell, env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, check=False)
    assert done.returncode == ends
    assert shlex.split(step)[0] == "notion-pm"


def test_a_local_workspace_is_not_for_github(program: Program) -> None:
    refused = program("--local", "w.sqlite", "jobs", "github")
    assert refused.code == 1 and "this machine" in refused.err


def test_no_token_is_printed(program: Program) -> None:
    program.environment["NOTION_TOKEN"] = "ntn_secret"
    (program.folder / ".env").write_text("NOTION_PM_NOTIFY=https://hooks.example.com/secret\n")
    for kind in ("cron", "systemd", "github"):
        printed = program("jobs", kind)
        assert printed.code == 0
        assert (
            "ntn_secret" not in printed.out + printed.err
            and "hooks" not in printed.out + printed.err
        )

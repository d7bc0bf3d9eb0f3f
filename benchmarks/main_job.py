"""Requests, CPU and memory of the main job: provision, sync, export, on a local workspace.

    python benchmarks/main_job.py

Each command runs as its users run it, in a process of its own; the local workspace runs inside it,
so that its work is part of the figures. Times are CPU seconds of this machine and given beside
those of `import click`, measured in the same run: compare ratios, not seconds.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PAGES = 291
"""Starter rows of the product template."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one process took."""

    cpu: float
    megabytes: float
    output: str


def run(command: Sequence[str], folder: Path) -> Cost:
    """Run a command to its end and return what it took."""
    environment = {**os.environ, "NOTION_PM_LOCAL": "workspace.sqlite"}
    with subprocess.Popen(
        command, cwd=folder, env=environment, text=True, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output)


def requests_of(output: str) -> str:
    """Return the requests that a command's JSON tells."""
    requests = json.loads(output)["requests"]
    return str(requests["sent"] if isinstance(requests, dict) else requests)


def main() -> None:
    """Print the table."""
    python = [sys.executable]
    program = [*python, "-m", "notion_pm"]
    commands = {
        "apply, fresh": ["apply", "product", "--yes", "--json"],
        "apply, no change": ["apply", "product", "--yes", "--json"],
        "sync, first": ["sync", "--json"],
        "sync, no change": ["sync", "--json"],
        "export, workbook": ["export", "-o", "product.xlsx", "--json"],
        "export, one CSV": ["export", "insights", "-o", "insights.csv", "--json"],
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        floor = run([*python, "-c", "import click"], folder)
        start = run([*program, "--help"], folder)
        print(
            f"{'':18} {'requests':>8} {'CPU s':>7} {'x import click':>15} {'ms a page':>10} "
            f"{'peak MB':>8}"
        )
        print(
            f"{'--help':18} {'':>8} {start.cpu:7.2f} {start.cpu / floor.cpu:15.1f} {'':>10} "
            f"{start.megabytes:8.0f}"
        )
        for title, arguments in commands.items():
            cost = run([*program, *arguments], folder)
            figures = (
                f"{cost.cpu:7.2f} {cost.cpu / floor.cpu:15.1f} {cost.cpu / PAGES * 1000:10.1f}"
            )
            print(f"{title:18} {requests_of(cost.output):>8} {figures} {cost.megabytes:8.0f}")


if __name__ == "__main__":
    main()

"""What an export costs, side by side with other Python clients, on the same local workspace served on loopback.

    python benchmarks/export.py [ROWS]

Each program reads one database and writes it as CSV, in a process of its own: ours with `notion-pm export`, the others
by the calls that their documentation shows. They are installed from PyPI into a throwaway environment. Requests are
those that the server saw; times are CPU seconds of this machine, imports included: compare ratios, not seconds.

Two databases: one with a property of every kind and no relations, and the product template's features, whose pages
are related to insights; there other clients give ids where ours gives titles too.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from notion_pm.emulator import open_workspace

ROWS = 5_000
PACKAGES = ("ultimate-notion", "notion2pandas")

_ULTIMATE_NOTION = """
    import os, sys
    import ultimate_notion as uno
    with uno.Session(base_url=os.environ["NOTION_PM_BASE_URL"]) as notion:
        (data_source,) = notion.get_db(sys.argv[2]).data_sources
        data_source.get_all_pages().to_pandas().to_csv(sys.argv[3])
"""
_NOTION2PANDAS = """
    import os, sys
    from notion2pandas import Notion2PandasClient
    client = Notion2PandasClient(auth=os.environ["NOTION_TOKEN"], base_url=os.environ["NOTION_PM_BASE_URL"])
    client.get_dataframe(sys.argv[2]).to_csv(sys.argv[3])
"""


@dataclass(frozen=True, slots=True)
class Source:
    """A database to export."""

    title: str
    data_source_id: str
    database_id: str


@dataclass(frozen=True, slots=True)
class Cost:
    """What one export took; `failed` holds the last line of a program that did not finish."""

    requests: int
    cpu: float
    megabytes: float
    lines: int
    failed: str = ""


def prepared(file: Path, rows: int) -> list[Source]:
    """Make the workspace, and return what is to be exported."""
    program = [sys.executable, "-m", "notion_pm", "--local", str(file), "apply", "product", "--yes"]
    subprocess.run(program, check=True, capture_output=True)
    workspace = open_workspace(file)
    headers = {"Authorization": f"Bearer {workspace.token}", "Notion-Version": "2026-03-11"}
    transport = httpx.WSGITransport(app=workspace.app)
    with closing(workspace), httpx.Client(transport=transport, base_url="http://local/v1", headers=headers) as api:
        body = {"query": "Feature specs", "filter": {"property": "object", "value": "data_source"}}
        (features, *_) = api.post("/search", json=body).raise_for_status().json()["results"]
        workspace.fill(features["id"], rows)
        plain = api.get(f"/data_sources/{workspace.fill(None, rows)}").raise_for_status().json()
    return [
        Source(f"{rows:,} pages with a property of every kind", plain["id"], plain["parent"]["database_id"]),
        Source(f"{rows:,} more features, with relations", features["id"], features["parent"]["database_id"]),
    ]


@contextmanager
def served(file: Path, traffic: Path) -> Iterator[dict[str, str]]:
    """Serve the workspace, and give what clients need in their environment."""
    program = [sys.executable, "-m", "notion_pm", "local"]
    told = subprocess.run([*program, "info", str(file), "--json"], check=True, capture_output=True).stdout
    token = json.loads(told)["token"]
    serve = [*program, "serve", str(file), "--port", "0", "--record", str(traffic)]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        try:
            yield {**os.environ, "NOTION_TOKEN": token, "NOTION_PM_BASE_URL": url}
        finally:
            server.terminate()


def environment_of_others(folder: Path) -> Path:
    """Install the other clients, and return their Python."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
    return python


def exported(command: Sequence[str | Path], out: Path, traffic: Path, environment: Mapping[str, str]) -> Cost:
    """Run one export to its end and return what it took."""
    before = _lines(traffic)
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        said = process.stderr.read().decode(errors="replace").strip()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    failed = said.splitlines()[-1] if process.returncode else ""
    cpu = usage.ru_utime + usage.ru_stime
    return Cost(_lines(traffic) - before, cpu, usage.ru_maxrss / 1024, _rows(out), failed)


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def _rows(path: Path) -> int:
    if not path.exists():
        return 0
    with path.open(encoding="utf-8", newline="") as stream:
        return sum(1 for _ in csv.reader(stream)) - 1


def report(sources: Sequence[Source], others: Path, folder: Path, environment: Mapping[str, str]) -> None:
    """Export every source with every program, and print what each took."""
    ours = [sys.executable, "-m", "notion_pm", "export"]
    programs: dict[str, Callable[[Source, Path], list[str | Path]]] = {
        "notion-pm": lambda source, out: [*ours, source.database_id, "-o", out],
        "ultimate-notion": lambda source, out: _script(others, _ULTIMATE_NOTION, source, out),
        "notion2pandas": lambda source, out: _script(others, _NOTION2PANDAS, source, out),
    }
    for source in sources:
        print(f"\n{source.title}\n{'':22} {'rows':>6} {'requests':>9} {'CPU s':>7} {'CPU s/1000':>11} {'peak MB':>8}")
        for number, (name, command) in enumerate(programs.items()):
            out = folder / f"{source.data_source_id}-{number}.csv"
            cost = exported(command(source, out), out, folder / "traffic.jsonl", environment)
            per_thousand = cost.cpu / cost.lines * 1000 if cost.lines else 0
            figures = f"{cost.lines:6} {cost.requests:9} {cost.cpu:7.2f} {per_thousand:11.2f} {cost.megabytes:8.0f}"
            print(f"{name:22} {figures}  {cost.failed}")


def _script(python: Path, script: str, source: Source, out: Path) -> list[str | Path]:
    return [python, "-c", textwrap.dedent(script), source.data_source_id, source.database_id, out]


def main() -> None:
    """Print the tables."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sources = prepared(folder / "workspace.sqlite", rows)
        others = environment_of_others(folder / "others")
        with served(folder / "workspace.sqlite", folder / "traffic.jsonl") as environment:
            report(sources, others, folder, environment)


if __name__ == "__main__":
    main()

"""What an export costs, side by side with other Python clients, on the same local workspace served
on loopback.

    python benchmarks/export.py [--rows ROWS]
    python benchmarks/export.py --formats [FORMAT ...] [--rows ROWS]

Each program reads one database and writes it as CSV, in a process of its own: ours with `notion-pm
export`, the others by the calls that their documentation shows. All are installed as a user
installs them, ours from this checkout and the others from PyPI, into throwaway environments.
Requests are those that the server saw; times are CPU seconds of this machine, imports included:
compare ratios, not seconds. notion2pandas asks for the id of a data source, and so ours is given
its URL: a database's id or link takes a request more, whoever asks which data sources it has.

Two databases: one with a property of every kind and no relations, and the product template's
features, whose pages are related to insights. There ultimate-notion and ours give their titles;
notion2pandas gives ids, and so does `notion-pm export --ids-only`.

With --formats: our export of features and insights together, so many of each, in every format, and
what memory it takes at most. Markdown is that of properties alone: bodies are a request a page.
This process stays small: what it holds when it starts a program counts as that program's memory.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import httpx

ROWS = 5_000
ROWS_OF_FORMATS = 100_000
PACKAGES = ("ultimate-notion", "notion2pandas")
CHECKOUT = Path(__file__).resolve().parent.parent
FORMATS = ("csv", "jsonl", "json", "xlsx", "sqlite", "html", "parquet", "markdown")
OURS = (sys.executable, "-m", "notion_pm")
"""Makes and serves the workspace; what is measured is installed."""

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

Command = Sequence[str | Path]


@dataclass(frozen=True, slots=True)
class Source:
    """A database to export."""

    data_source_id: str
    database_id: str


@dataclass(frozen=True, slots=True)
class Cost:
    """What a program took, and what it said on stdout; `failed` holds the last line of one that did
    not finish.
    """

    cpu: float
    seconds: float
    megabytes: float
    said: str
    failed: str


@dataclass(frozen=True, slots=True)
class Place:
    """A local workspace that is served."""

    file: Path
    traffic: Path
    environment: Mapping[str, str]

    def source(self, title: str) -> Source:
        """Return the database of that title."""
        body = {"query": title, "filter": {"property": "object", "value": "data_source"}}
        answer = httpx.post(
            f"{self._url}/v1/search", json=body, headers=self._headers
        ).raise_for_status()
        return _source(answer.json()["results"][0])

    def fill(self, rows: int, data_source_id: str | None = None) -> Source:
        """Add rows of test data to a data source, or to that of a new database."""
        where = ["--data-source", data_source_id] if data_source_id else []
        fill = [*OURS, "local", "fill", str(self.file), "--rows", str(rows), *where]
        filled = subprocess.run(fill, check=True, capture_output=True, text=True).stdout.split()[-1]
        answer = httpx.get(
            f"{self._url}/v1/data_sources/{filled}", headers=self._headers
        ).raise_for_status()
        return _source(answer.json())

    def requests(self) -> int:
        """Return how many requests the server saw so far."""
        with self.traffic.open("rb") as lines:
            return sum(1 for _ in lines)

    @property
    def _url(self) -> str:
        return self.environment["NOTION_PM_BASE_URL"]

    @property
    def _headers(self) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self.environment['NOTION_TOKEN']}",
            "Notion-Version": "2026-03-11",
        }


def _source(data_source: Mapping[str, Any]) -> Source:
    return Source(data_source["id"], data_source["parent"]["database_id"])


@contextmanager
def served(folder: Path, *, recorded: bool, starter_rows: bool) -> Iterator[Place]:
    """Make a workspace with the product template, and serve it."""
    file, traffic = folder / "workspace.sqlite", folder / "traffic.jsonl"
    rows = "--rows" if starter_rows else "--no-rows"
    subprocess.run(
        [*OURS, "--local", file, "apply", "product", "--yes", rows], check=True, capture_output=True
    )
    told = subprocess.run(
        [*OURS, "local", "info", file, "--json"], check=True, capture_output=True
    ).stdout
    record = ["--record", str(traffic)] if recorded else []
    serve = [*OURS, "local", "serve", str(file), "--port", "0", *record]
    with subprocess.Popen(
        serve, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        assert server.stdout is not None
        known = {
            "NOTION_TOKEN": json.loads(told)["token"],
            "NOTION_PM_BASE_URL": server.stdout.readline().strip(),
        }
        try:
            yield Place(file, traffic, {**os.environ, **known})
        finally:
            server.terminate()


def installed(folder: Path, *packages: str) -> Path:
    """Install packages into an environment of their own, and return the folder with its programs."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    programs = folder / "bin"
    subprocess.run([programs / "python", "-m", "pip", "install", "--quiet", *packages], check=True)
    return programs


def run(command: Command, environment: Mapping[str, str]) -> Cost:
    """Run a program to its end and return what it took."""
    begin = time.monotonic()
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as complained:
        process = subprocess.Popen(command, env=environment, stdout=said, stderr=complained)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        took = time.monotonic() - begin
        failed = _text(complained).splitlines()[-1] if process.returncode else ""
        return Cost(
            usage.ru_utime + usage.ru_stime, took, usage.ru_maxrss / 1024, _text(said), failed
        )


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace").strip()


def _rows(path: Path) -> int:
    if not path.exists():
        return 0
    with path.open(encoding="utf-8", newline="") as stream:
        return sum(1 for _ in csv.reader(stream)) - 1


def compare(programs: Mapping[str, Command], place: Place, out: Path) -> None:
    """Export one database with every program, and print what each took."""
    print(f"{'':22} {'rows':>6} {'requests':>9} {'CPU s':>7} {'CPU s/1000':>11} {'peak MB':>8}")
    for name, command in programs.items():
        out.unlink(missing_ok=True)
        before = place.requests()
        cost = run(command, place.environment)
        rows, requests = _rows(out), place.requests() - before
        figures = f"{rows:6} {requests:9} {cost.cpu:7.2f} {cost.cpu / (rows or 1) * 1000:11.2f} {cost.megabytes:8.0f}"
        print(f"{name:22} {figures}  {cost.failed}", flush=True)


def programs_for(source: Source, out: Path, ours: Path, others: Path) -> dict[str, Command]:
    """Return what exports a database, by the names of the programs."""

    def script(code: str) -> Command:
        return [
            others / "python",
            "-c",
            textwrap.dedent(code),
            source.data_source_id,
            source.database_id,
            out,
        ]

    export: list[str | Path] = [
        ours / "notion-pm",
        "export",
        f"collection://{source.data_source_id}",
        "-o",
        out,
    ]
    return {
        "notion-pm": export,
        "ultimate-notion": script(_ULTIMATE_NOTION),
        "notion-pm --ids-only": [*export, "--ids-only"],
        "notion2pandas": script(_NOTION2PANDAS),
    }


def side_by_side(folder: Path, rows: int) -> None:
    """Print the tables of all programs."""
    ours, others = (
        installed(folder / "ours", str(CHECKOUT)),
        installed(folder / "others", *PACKAGES),
    )
    out = folder / "out.csv"
    with served(folder, recorded=True, starter_rows=True) as place:
        print(f"{rows:,} pages with a property of every kind, none of them a relation")
        compare(programs_for(place.fill(rows), out, ours, others), place, out)
        print(f"\n{rows:,} features beside those of the template, with relations")
        features = place.fill(rows, place.source("Feature specs").data_source_id)
        compare(programs_for(features, out, ours, others), place, out)


def formats(folder: Path, rows: int, wanted: Sequence[str]) -> None:
    """Print the table of our formats."""
    ours = installed(folder / "ours", f"{CHECKOUT}[parquet]")
    with served(folder, recorded=False, starter_rows=False) as place:
        for title in ("Customer insights", "Feature specs"):
            place.fill(rows, place.source(title).data_source_id)
        environment = {**place.environment, "NOTION_PM_PARENT_PAGE": _root(place.file)}
        print(f"{rows:,} features and {rows:,} insights\n")
        print(
            f"{'':10} {'rows':>8} {'requests':>9} {'CPU s/1000':>11} {'seconds':>8} {'peak MB':>8}"
        )
        for each in wanted:
            out = folder / each
            out.mkdir()
            export = [
                "export",
                "features",
                "insights",
                "--format",
                each,
                "--no-bodies",
                "--json",
                "-o",
                f"{out}/",
            ]
            cost = run([ours / "notion-pm", *export], environment)
            told: dict[str, Any] = (
                json.loads(cost.said) if cost.said else {"files": [], "requests": 0}
            )
            count = sum(file["rows"] for file in told["files"])
            figures = (
                f"{cost.cpu / (count or 1) * 1000:11.2f} {cost.seconds:8.0f} {cost.megabytes:8.0f}"
            )
            print(f"{each:10} {count:8} {told['requests']:9} {figures}  {cost.failed}", flush=True)


def _root(file: Path) -> str:
    told = subprocess.run(
        [*OURS, "local", "info", str(file), "--json"], check=True, capture_output=True
    ).stdout
    return str(json.loads(told)["root_page_id"])


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--rows", type=int, help=f"default: {ROWS:,}; with --formats {ROWS_OF_FORMATS:,}"
    )
    only = "measure our formats, and no other clients; default: all of them"
    parser.add_argument("--formats", nargs="*", metavar="FORMAT", choices=FORMATS, help=only)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        if asked.formats is None:
            side_by_side(Path(name), asked.rows or ROWS)
        else:
            formats(Path(name), asked.rows or ROWS_OF_FORMATS, asked.formats or FORMATS)


if __name__ == "__main__":
    main()

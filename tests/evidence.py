# ruff: noqa: T201
"""Hold this program against evidence that was not written here (`make contract`).

    python tests/evidence.py --shared ../shared

`--shared` is a folder with the recorded traffic of the real API (`recordings/`), its official types
(`contract/`) and the tools that compare (`tools/contract.py`, `tools/replay.py`). Three figures are
printed:

- the official types: what this program sends and what the local workspace answers, over the tests of the program;
- the official types: what the local workspace answers to any client, over its own tests and the replays;
- recorded interactions with the real API, replayed on the local workspace
  (tests/support/recorded_people.py): how many agree, in their structure and, more strictly, in their values and times too;
- the ids of properties in what this program sends: all in the form in which Notion gives them.

Exit code 1 when an exchange does not fit the types, an id has another form, fewer interactions
agree than `--at-least`, or others differ than docs/local-workspace.md names. `--traffic FOLDER`
takes the traffic of tests that have run with NOTION_PM_TRAFFIC=FOLDER, rather than running them
again. `--replay-only` leaves out the tests, and takes a minute.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx

ACCEPTED = 202
"""Answers of this status name an asynchronous task; the real service gives them too, and the types
lack them.
"""

YOUNGER_THAN_THE_TYPES = frozenset(("place", "button", "verification"))
"""Types of properties that the real service answers in schemas (recorded), and the types of schemas
lack.
"""

EMPTY_LIST: dict[str, Any] = {
    "object": "list",
    "results": [],
    "next_cursor": None,
    "has_more": False,
}

ROOT = Path(__file__).resolve().parent.parent

DIFFERENCES = ROOT / "docs" / "local-workspace.md"
"""The page that gives a reason for each recorded interaction that differs: `folder/recording #3`.
"""

_EXPLAINED = re.compile(r"`([\w-]+/[\w-]+ #\d+)`")


class Server(NamedTuple):
    url: str
    token: str
    root_page_id: str


def main() -> int:
    """Print the figures; return the exit code."""
    arguments = _arguments()
    tools = arguments.shared / "tools"
    if not tools.is_dir():
        print(f"SKIPPED: no evidence in {arguments.shared}")
        return 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.traffic or Path(temporary)
        ours, theirs = folder / "program.jsonl", folder / "workspace.jsonl"
        if arguments.replay_only:
            return _report(_replay(arguments, theirs))
        failed = [
            *([] if arguments.traffic else _tests(folder)),
            *_ids(ours),
            *_replay(arguments, theirs),
            *_fits(tools, ours, "requests of the program, answers of the local workspace"),
            *_fits(tools, theirs, "answers of the local workspace to others", answers_only=True),
        ]
    return _report(failed)


def _report(failures: Iterable[str]) -> int:
    """Print what failed; return the exit code."""
    failed = list(failures)
    for failure in failed:
        print(f"FAILED: {failure}")
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument(
        "--traffic", type=Path, help="the folder of traffic that the tests have left"
    )
    parser.add_argument("--at-least", type=int, default=0, help="interactions that must agree")
    parser.add_argument("--replay-only", action="store_true", help="only replay the recordings")
    return parser.parse_args()


def _tests(folder: Path) -> Iterator[str]:
    """Run the tests that talk to a workspace, with their traffic recorded."""
    environment = {**os.environ, "NOTION_PM_TRAFFIC": str(folder)}
    command = [sys.executable, "-m", "pytest", "-n", "auto", "tests"]
    if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode:
        yield "tests"


def _ids(traffic: Path) -> Iterator[str]:
    """Check that requests name properties by ids as they were received."""
    decoded, named_by_id = importlib.import_module("support.property_ids").decoded_ids_in(traffic)
    print(
        f"\nIds of properties: {named_by_id} requests send them as received, {len(decoded)} decoded"
    )
    for each in decoded[:20]:
        print(f"  {each}")
    if decoded or not named_by_id:
        yield "ids of properties"


def _fits(tools: Path, traffic: Path, what: str, *, answers_only: bool = False) -> Iterator[str]:
    """Check traffic against the official types: each exchange that the types know."""
    sys.path.insert(0, str(tools))
    contract = importlib.import_module("contract")
    checker, seen, outside, problems = contract.Contract(), 0, 0, []
    for method, path, request, status, response in contract.exchanges(traffic):
        if contract.endpoint(method, path) is None or status == ACCEPTED:
            outside += 1
            continue
        seen += 1
        asked = () if answers_only else _as_the_types_mean(method, path, request)
        found = [
            each
            for exchange in asked
            for each in checker.check(*exchange, 200, EMPTY_LIST)
            if " request" in each
        ]
        problems += [
            *found,
            *checker.check(method, path, None, status, _as_the_types_know(response)),
        ][:1]
    print(
        f"\nOfficial types: {what}: {seen - len(problems)} of {seen} exchanges fit ({outside} "
        "outside the types)"
    )
    for problem in problems[:20]:
        print(f"  {problem}")
    if problems or not seen:
        yield f"types: {what}"


def _as_the_types_mean(method: str, path: str, request: Any) -> Iterator[tuple[str, str, Any]]:
    """Yield what to check of a request.

    The types of a view's filter, sorts and quick filters are closed empty objects (`Record<string,
    never>`), while their own comments say that they are those of a query, a quick filter without
    its property: they are checked as a query's.
    """
    if "/views" in path and isinstance(request, dict):
        queried = {key: request[key] for key in ("filter", "sorts") if request.get(key)}
        quick = {
            key: each
            for key, each in (request.get("quick_filters") or {}).items()
            if each is not None
        }
        rest = {key: value for key, value in request.items() if key not in queried}
        if quick:
            rest["quick_filters"] = {}
        yield method, path, rest
        yield "POST", "/v1/data_sources/id/query", queried
        for key, each in quick.items():
            yield "POST", "/v1/data_sources/id/query", {"filter": {"property": key, **each}}
    else:
        yield method, path, request


def _as_the_types_know(answer: Any) -> Any:
    """Return an answer without the properties of schemas that recordings hold and the types do not
    know.
    """
    if isinstance(answer, list):
        return [_as_the_types_know(each) for each in answer]
    if not isinstance(answer, dict):
        return answer
    if answer.get("object") == "data_source":
        known = {
            k: v
            for k, v in answer["properties"].items()
            if v.get("type") not in YOUNGER_THAN_THE_TYPES
        }
        return {**answer, "properties": known}
    return {
        key: _as_the_types_know(value) if key == "results" else value
        for key, value in answer.items()
    }


def _replay(arguments: argparse.Namespace, traffic: Path) -> Iterator[str]:
    """Replay what the real API was asked, and count where the local workspace answers alike."""
    structure = replayed(arguments.shared, traffic)
    values = replayed(arguments.shared, traffic, "--values")
    total, same, same_values = (
        len(each) for each in (structure, _agreeing(structure), _agreeing(values))
    )
    print(
        f"\nRecorded traffic: {same} of {total} interactions agree; with values and times "
        f"{same_values}"
    )
    if not total or same < arguments.at_least:
        yield f"replay: {same} interactions agree (at least {arguments.at_least} must)"
    for interaction, difference in unexplained(values).items():
        yield f"replay: {interaction} differs ({difference}), and {DIFFERENCES.name} gives no reason"
    for interaction in sorted(_explained() & _agreeing(values)):
        yield f"replay: {interaction} agrees; take it out of {DIFFERENCES.name}"


def replayed(
    shared: Path, traffic: Path, *options: str, only: Sequence[str] = ()
) -> dict[str, str]:
    """Return by interaction ("folder/recording #3") what differs, "" for nothing.

    `only` names recordings ("folder/recording") or folders of them; without it, all are replayed.
    """
    tools, recordings = shared / "tools", shared / "recordings"
    chosen = [str(recordings / each) for each in only] or [str(recordings)]
    with (
        tempfile.TemporaryDirectory() as folder,
        _served(Path(folder, "replay.sqlite"), traffic) as server,
    ):
        verdicts = Path(folder, "verdicts.json")
        command = [
            sys.executable,
            str(ROOT / "tests" / "support" / "recorded_people.py"),
            "--tools",
            str(tools),
        ]
        command += [
            "--recordings",
            *chosen,
            "--",
            "--base-url",
            server.url,
            "--token",
            server.token,
        ]
        command += ["--parent-page-id", server.root_page_id, "--json", str(verdicts), *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if not verdicts.exists():
            print(done.stderr)
            return {}
        results = json.loads(verdicts.read_text(encoding="utf-8"))
    found: dict[str, str] = {}
    for verdict in (each for result in results for each in result["verdicts"]):
        cassette = Path(verdict["cassette"]).relative_to(recordings).with_suffix("")
        agrees = verdict["verdict"] == "agree"
        found[f"{cassette.as_posix()} #{verdict['index']}"] = (
            "" if agrees else verdict["detail"] or "blocked"
        )
    return found


def unexplained(verdicts: dict[str, str]) -> dict[str, str]:
    """Return the interactions that differ, and for which docs/local-workspace.md gives no reason."""
    known = _explained()
    return {
        interaction: found
        for interaction, found in verdicts.items()
        if found and interaction not in known
    }


def _explained() -> set[str]:
    return set(_EXPLAINED.findall(DIFFERENCES.read_text(encoding="utf-8")))


def _agreeing(verdicts: dict[str, str]) -> set[str]:
    return {interaction for interaction, difference in verdicts.items() if not difference}


@contextmanager
def _served(file: Path, traffic: Path) -> Iterator[Server]:
    """Serve a fresh local workspace through the command line."""
    program = [sys.executable, "-m", "notion_pm", "local"]
    info = subprocess.run(
        [*program, "info", str(file), "--json"], capture_output=True, text=True, check=True
    )
    facts = json.loads(info.stdout)
    serve = [*program, "serve", str(file), "--port", "0", "--record", str(traffic)]
    with subprocess.Popen(
        serve, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            _wait_for(url)
            yield Server(url, facts["token"], facts["root_page_id"])
        finally:
            process.terminate()


def _wait_for(url: str) -> None:
    for _ in range(100):
        try:
            httpx.get(url)
        except httpx.ConnectError:
            time.sleep(0.05)
        else:
            return


if __name__ == "__main__":
    sys.exit(main())

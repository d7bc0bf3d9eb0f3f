"""Sync as a job: beats, signals, time limits, the lock, and what is said of each run."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from notion_pm.model.ids import NotionId
from notion_pm.state.lock import hold_run_lock
from tests.support.product_workspace import Product, apply_product
from tests.support.program import Program
from tests.support.served import served

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise there")


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return apply_product(tmp_path_factory.mktemp("applied"))


@pytest.fixture
def product(applied: Path, tmp_path: Path) -> Iterator[Product]:
    opened = Product.copied(applied, tmp_path, datetime.now(UTC))
    yield opened
    opened.close()


class Slow:
    """A workspace that takes its time to write (and to query), and tells which requests it has
    answered.
    """

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self.answered: list[str] = []
        self.seconds = 0.0
        self.slow_queries = False

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        if method == "PATCH" or (self.slow_queries and method == "POST"):
            time.sleep(self.seconds)
        answer = list(self._app(environ, start_response))
        self.answered.append(f"{method} {environ['PATH_INFO'].split('/')[2]}")
        return answer

    def wait_for(self, request: str, times: int = 1) -> None:
        ends = time.monotonic() + 60
        while self.answered.count(request) < times:
            assert time.monotonic() < ends, f"no {request}"
            time.sleep(0.02)


@dataclass
class Runner:
    """The program at work in another process on a served workspace."""

    program: Program
    product: Product
    server: Slow

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "notion_pm", "sync", *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(
            command,
            cwd=self.program.folder,
            env=self.program.environment,
            stdout=pipe,
            stderr=pipe,
            text=True,
        )

    @property
    def state(self) -> Path:
        return self.program.folder / "state" / self.product.workspace.root_page_id


@pytest.fixture
def runner(program: Program, product: Product) -> Iterator[Runner]:
    server = Slow(product.workspace.app)
    with served(server) as url:
        program.environment |= {
            "NOTION_PM_BASE_URL": url,
            "NOTION_TOKEN": product.workspace.token,
            "NOTION_PM_PARENT_PAGE": product.workspace.root_page_id,
        }
        yield Runner(program, product, server)


def plan_insights(product: Product, count: int) -> list[NotionId]:
    """Give a feature that is being built so many insights: as many updates."""
    wings = product.add(
        "features", "Wings", status="in_progress", evidence_count=count, customers=0
    )
    return [product.add("insights", f"Ask {number}", features=[wings]) for number in range(count)]


def lines(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_a_long_running_job_tells_each_run_in_a_line_and_ends_well_when_asked(
    runner: Runner,
) -> None:
    plan_insights(runner.product, 2)
    running = runner.start("--every", "1s", "--json")
    runner.server.wait_for("PATCH pages", 2)
    runner.server.wait_for("POST data_sources", 9)
    running.send_signal(signal.SIGTERM)
    out, err = running.communicate(timeout=30)
    assert running.returncode == 0, err
    assert err == ""
    first, second, *_ = told = lines(out)
    assert (first["outcome"], first["error"]) == ("changed", None)
    assert (second["outcome"], second["updates"], second["requests"]) == ("unchanged", 0, 3)
    assert len({each["run"] for each in told}) == len(told)
    starts = [datetime.fromisoformat(each["started"]) for each in told]
    assert starts == sorted(set(starts))


def test_a_job_asked_to_stop_finishes_what_it_began_and_the_next_run_does_the_rest(
    runner: Runner,
) -> None:
    asks = plan_insights(runner.product, 12)
    runner.server.seconds = 0.3
    running = runner.start("--jobs", "2", "--log-level", "info")
    runner.server.wait_for("PATCH pages", 2)
    running.send_signal(signal.SIGTERM)
    _, err = running.communicate(timeout=30)
    assert running.returncode == 5
    assert "Stopped, as requested." in err and "Traceback" not in err and "was stopped in" in err
    runner.server.seconds = 0
    done = runner.server.answered.count("PATCH pages")
    assert 2 <= done < 12
    rest = runner.program("sync", "--json")
    assert rest.code == 0
    assert rest.json["conflicts"] == []
    assert done + len({each["page"] for each in rest.json["updates"]}) == 12
    assert {runner.product.get("insights", each, "status") for each in asks} == {"Planned"}


def test_ctrl_c_ends_a_long_running_job_as_well(runner: Runner) -> None:
    running = runner.start("--every", "1h")
    runner.server.wait_for("POST data_sources", 3)
    time.sleep(0.5)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=10)
    assert (running.returncode, err) == (0, "")
    assert out == "", "nothing changed"


def test_a_run_takes_no_longer_than_it_may(runner: Runner) -> None:
    plan_insights(runner.product, 8)
    runner.program.environment["NOTION_PM_BUDGET"] = (
        "8"  # the ninth request would wait for a minute
    )
    began = time.monotonic()
    done = runner.program("sync", "--time-limit", "20s")
    assert time.monotonic() - began < 20
    assert done.code == 5
    assert (
        "The time limit of this run is reached (20 seconds)." in done.err and "next run" in done.err
    )
    del runner.program.environment["NOTION_PM_BUDGET"]
    assert runner.program("sync").code == 0
    assert runner.program("sync", "--quiet").out == ""


@pytest.fixture
def crowded(runner: Runner) -> Runner:
    """A workspace of eleven queries, each of which takes most of a second."""
    for database, count in (("features", 350), ("insights", 550)):
        runner.product.workspace.fill(
            runner.product.manifest.databases[database].data_source_id, count, seed=5
        )
    runner.server.seconds, runner.server.slow_queries = 0.8, True
    return runner


def test_a_first_read_gets_to_its_end_though_no_run_has_the_time_for_it(crowded: Runner) -> None:
    codes: list[int] = []
    while not codes or codes[-1] == 5:
        assert len(codes) < 20, "each run gets on"
        done = crowded.program("--jobs", "1", "sync", "--force", "--time-limit", "6s")
        assert "Traceback" not in done.err
        codes.append(done.code)
        if crowded.server.answered.count("PATCH pages"):
            break  # it has read everything: the rest is writing
    assert codes.count(5) >= 2
    assert crowded.server.answered.count("POST data_sources") <= 11 + 4 * len(
        codes
    )  # anew each time: 11 a run


def test_a_killed_first_read_is_resumed(crowded: Runner) -> None:
    killed = crowded.start("--force", "--jobs", "1")
    crowded.server.wait_for("POST data_sources", 7)
    killed.kill()
    killed.communicate()
    crowded.server.seconds = 0
    before = len(crowded.server.answered)
    rest = crowded.program("sync", "--force", "--json")
    assert rest.code == 0, rest.err
    answered = crowded.server.answered[before:]
    read = answered[: answered.index("PATCH pages")].count("POST data_sources")
    again = 1  # what people edited in the database of the first batch
    assert read - again < 11
    assert crowded.program("sync", "--json").json["updates"] == []


def test_only_one_run_at_a_time_and_those_who_want_wait_for_it(runner: Runner) -> None:
    with hold_run_lock(runner.state):
        refused = runner.program("sync")
    assert refused.code == 5
    assert refused.err.startswith("Error: Another sync or apply of this workspace is running.\n")
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with hold_run_lock(runner.state):
            held.set()
            release.wait(60)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(60)
    waiting = runner.start("--wait-for-lock", "60s", "--json")
    time.sleep(2)
    assert waiting.poll() is None and runner.server.answered == []
    release.set()
    holder.join()
    out, err = waiting.communicate(timeout=60)
    assert waiting.returncode == 0, err
    assert json.loads(out)["outcome"] == "unchanged"


def test_a_job_continues_after_failures(runner: Runner) -> None:
    runner.program.environment["NOTION_TOKEN"] = "ntn_wrong"
    running = runner.start("--every", "1s", "--json")
    runner.server.wait_for("GET blocks", 2)
    running.send_signal(signal.SIGTERM)
    out, _ = running.communicate(timeout=30)
    assert running.returncode == 0
    first = lines(out)[0]
    assert (first["outcome"], first["error"]["kind"], first["error"]["exit_code"]) == (
        "failed",
        "Unauthorized",
        1,
    )
    assert "ntn_wrong" not in out


@pytest.mark.parametrize(
    "option", ["--full", "--force", "--fail-on-conflict", "--on-conflict=rule"]
)
def test_options_for_a_single_run_are_refused_with_every(program: Program, option: str) -> None:
    done = program("--local", "w.sqlite", "sync", "--every", "1m", option)
    assert done.code == 1 and "for one run" in done.err

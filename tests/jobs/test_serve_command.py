"""`notion-pm serve` against the local workspace's own deliveries, over HTTP on this machine."""

from __future__ import annotations

import json
import re
import signal
import stat
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from notion_pm.emulator.webhooks import signature
from tests.support.product_workspace import Product, apply_product
from tests.support.program import Program
from tests.support.served import served
from tests.sync.test_job import Slow

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise there")

Json = dict[str, Any]


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return apply_product(tmp_path_factory.mktemp("applied"))


def eventually(look: Callable[[], Any], seconds: float = 30) -> Any:
    """Return what is found, once there is something."""
    ends = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < ends, "it did not come"
        time.sleep(0.05)
    return found


@dataclass
class Listening:
    """The program as it takes webhooks of a served workspace."""

    program: Program
    product: Product
    server: Slow
    process: subprocess.Popen[bytes] = field(init=False)

    def start(self, *arguments: str) -> None:
        command = [
            sys.executable,
            "-m",
            "notion_pm",
            "serve",
            "--port",
            "0",
            "--quiet-for",
            "1s",
            "--json",
            *arguments,
        ]
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(
                command,
                cwd=self.program.folder,
                env=self.program.environment,
                stdout=out,
                stderr=err,
            )
        eventually(lambda: self.runs)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    @property
    def _out(self) -> Path:
        return self.program.folder / "out"

    @property
    def _err(self) -> Path:
        return self.program.folder / "err"

    @property
    def url(self) -> str:
        return self._out.read_text().splitlines()[0]

    @property
    def runs(self) -> list[Json]:
        return [json.loads(line) for line in self._out.read_text().splitlines()[1:]]

    @property
    def said(self) -> str:
        return self._err.read_text()

    @property
    def health(self) -> Json:
        told: Json = httpx.get(f"{self.url}/health", trust_env=False).json()
        return told

    def subscribe(self) -> str:
        """Shake hands, as an operator would; return the token."""
        subscription = self.product.workspace.webhooks.subscribe(f"{self.url}/")
        found = eventually(lambda: re.search(r"^  (\S+)$", self.said, re.MULTILINE))
        self.product.workspace.webhooks.verify(subscription["id"], found[1])
        return str(found[1])

    def deliver(self) -> int:
        """Let the workspace send what it has to tell."""
        self.product.later(seconds=3)
        self.product.workspace.webhooks.deliver()
        self.product.later(seconds=3)
        return self.product.workspace.webhooks.deliver()

    def post(self, body: bytes, signed: str | None = None) -> int:
        headers: dict[str, bytes] = (
            {} if signed is None else {"X-Notion-Signature": signed.encode("latin-1")}
        )
        with httpx.Client(trust_env=False) as client:
            sent = [(name.encode(), value) for name, value in headers.items()]
            return client.post(f"{self.url}/", content=body, headers=sent).status_code


@pytest.fixture
def listening(program: Program, applied: Path, tmp_path: Path) -> Iterator[Listening]:
    product = Product.copied(applied, tmp_path, datetime.now(UTC))
    server = Slow(product.workspace.app)
    with served(server) as url:
        program.environment |= {
            "NOTION_PM_BASE_URL": url,
            "NOTION_TOKEN": product.workspace.token,
            "NOTION_PM_PARENT_PAGE": product.workspace.root_page_id,
        }
        yield (found := Listening(program, product, server))
        if found.process.poll() is None:
            found.process.kill()
            found.process.wait()
    product.close()


def test_a_shipped_feature_is_synced_within_seconds(
    listening: Listening,
) -> None:
    product = listening.product
    wings = product.add("features", "Wings", status="in_progress", effort=1)
    ask = product.add("insights", "Ask", customer="Acme", features=[wings])
    product.add("insights", "Unrelated")
    listening.start()
    token = listening.subscribe()
    stored = listening.program.folder / "state" / product.workspace.root_page_id / "webhook-token"
    assert stored.read_text().strip() == token
    assert stat.S_IMODE(stored.stat().st_mode) == 0o600
    assert listening.said.count(token) == 1

    product.set("features", wings, status="shipped")
    queries = listening.server.answered.count("POST data_sources")
    listening.deliver()
    _, second = eventually(lambda: len(listening.runs) == 2 and listening.runs)
    assert (second["outcome"], second["error"]) == ("changed", None)
    assert product.get("insights", ask, "status") == "Shipped"
    assert product.get("insights", ask, "loop") == "Tell customer"
    again = 2  # each database is asked for what people edited, right before its pages are written
    read = listening.server.answered.count("POST data_sources") - queries
    assert read == again, "only what was named was read"

    listening.deliver()  # what the sync itself has written
    eventually(lambda: listening.health["deliveries"]["our_own"] >= 2)
    time.sleep(2.5)
    assert len(listening.runs) == 2, "our own edits lead to nothing"
    assert listening.stop() == 0
    assert "Traceback" not in listening.said and product.workspace.token not in listening.said


def test_after_a_restart_the_token_is_known_and_missed_edits_are_read(listening: Listening) -> None:
    product = listening.product
    wings = product.add("features", "Wings", status="in_progress")
    ask = product.add("insights", "Ask", features=[wings])
    listening.start()
    token = listening.subscribe()
    assert listening.stop() == 0
    product.set("features", wings, status="shipped")
    listening.start()
    assert product.get("insights", ask, "status") == "Shipped"
    assert "Waiting for" not in listening.said
    body = b'{"verification_token": "secret_of_somebody_else"}'
    assert listening.post(body) == 403
    assert listening.post(json.dumps({"verification_token": token}).encode()) == 200, (
        "the same again, as Notion may"
    )


def test_hostile_deliveries_cost_little_and_change_nothing(listening: Listening) -> None:
    listening.program.environment["NOTION_PM_WEBHOOK_TOKEN"] = token = "secret_0123456789"
    page = listening.product.add("features", "Wings", status="in_progress")
    listening.start()
    sent = len(listening.server.answered)
    event = {
        "id": "e1",
        "type": "page.properties_updated",
        "timestamp": datetime.now(UTC).isoformat(),
        "entity": {"id": page, "type": "page"},
        "attempt_number": 1,
        "something": "new",
    }

    def signed(**other: Any) -> tuple[bytes, str]:
        body = json.dumps(event | other).encode()
        return body, signature(body, token)

    good, good_signature = signed()
    assert listening.post(good) == 401
    for wrong in (
        "",
        "sha256=",
        "sha256=" + "0" * 64,
        good_signature[7:],
        "sha256=\u00e9",
    ):
        assert listening.post(good, wrong) == 401
    assert listening.post(good + b" ", good_signature) == 401
    for nonsense in (
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"verification_token": ["x"]}',
    ):
        assert listening.post(nonsense) == 401
        assert listening.post(nonsense, signature(nonsense, token)) == 400
    assert listening.post(*signed(entity={"id": "../users/me", "type": "page"})) == 400
    assert listening.post(b"x" * 300_000, good_signature) == 413
    assert listening.post(*signed(id="old", timestamp="2020-01-01T00:00:00Z")) == 200
    assert len(listening.server.answered) == sent

    assert {listening.post(good, good_signature) for _ in range(50)} == {200}
    assert {listening.post(*signed(attempt_number=each)) for each in range(2, 9)} == {200}
    assert listening.post(*signed(id="comment", type="comment.created")) == 200
    eventually(lambda: len(listening.runs) == 2)
    assert listening.server.answered[sent:] == ["GET pages"], "one page, read once"
    counts = listening.health["deliveries"]
    assert (counts["taken"], counts["repeated"], counts["stale"], counts["of_no_concern"]) == (
        1,
        56,
        1,
        1,
    )
    assert counts["refused"] == 22


def test_a_flood_is_answered_and_leads_to_one_run(listening: Listening) -> None:
    listening.program.environment["NOTION_PM_WEBHOOK_TOKEN"] = token = "secret_0123456789"
    page = listening.product.add("features", "Wings")
    listening.start("--quiet-for", "5s")
    sent = len(listening.server.answered)
    now, entity = datetime.now(UTC).isoformat(), {"id": page, "type": "page"}
    event = {
        "type": "page.properties_updated",
        "timestamp": now,
        "entity": entity,
        "attempt_number": 1,
    }

    def deliver(number: int) -> int:
        """Every fifth is forged, every second of the others is one that came before."""
        body = json.dumps({**event, "id": f"e{number if number % 2 else 0}"}).encode()
        signed = signature(body, token) if number % 5 else "sha256=" + "0" * 64
        return client.post(
            f"{listening.url}/", content=body, headers={"X-Notion-Signature": signed}
        ).status_code

    with httpx.Client(trust_env=False, timeout=30) as client, ThreadPoolExecutor(16) as pool:
        answers = Counter(pool.map(deliver, range(2000)))
    assert answers == {200: 1600, 401: 400}
    eventually(lambda: len(listening.runs) == 2)
    assert listening.server.answered[sent:] == ["GET pages"], "one page, read once"
    counts = listening.health["deliveries"]
    assert (counts["taken"], counts["repeated"], counts["refused"]) == (801, 799, 400)
    assert listening.said == "", "it says nothing of it"
    assert listening.stop() == 0


def test_lost_deliveries_are_found_at_the_next_interval(listening: Listening) -> None:
    product = listening.product
    wings = product.add("features", "Wings", status="in_progress")
    ask = product.add("insights", "Ask", features=[wings])
    listening.start("--every", "2s")
    product.later(minutes=5)
    product.set("features", wings, status="shipped")
    eventually(lambda: product.get("insights", ask, "status") == "Shipped")


def test_a_port_in_use_is_an_error(listening: Listening) -> None:
    listening.start()
    port = listening.url.rpartition(":")[2]
    refused = listening.program("serve", "--port", port)
    assert refused.code == 1 and f"127.0.0.1:{port} cannot be served" in refused.err


def test_settings_that_are_wrong_end_it_before_it_listens(program: Program) -> None:
    assert "No workspace" in program("serve").err
    refused = program("--local", "w.sqlite", "serve", "--token", "x", "--handshake")
    assert refused.code == 1 and "leave out --token" in refused.err

"""The local workspace under Notion's official JavaScript SDK (tests/sdk), in both versions of the
API.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.npm import installed

pytestmark = pytest.mark.sdk

FOLDER = Path(__file__).resolve().parent.parent / "sdk"
PROGRAM = (sys.executable, "-m", "notion_pm", "local")


@pytest.mark.parametrize("version", ["2025-09-03", "2026-03-11"])
@pytest.mark.usefixtures("sdk")
def test_the_official_sdk_finds_its_notion(
    served: dict[str, str], version: str, record_property: Callable[[str, object], None]
) -> None:
    environment = {**os.environ, **served, "NOTION_VERSION": version}
    command = [
        "node",
        "--test",
        "--test-reporter=tap",
        *sorted(path.name for path in FOLDER.glob("*.test.js")),
    ]
    done = subprocess.run(
        command, cwd=FOLDER, env=environment, capture_output=True, text=True, check=False
    )
    counts = dict(re.findall(r"^# (tests|pass|fail) (\d+)$", done.stdout, re.MULTILINE))
    record_property(
        "figure",
        f"JavaScript SDK, {version}: {counts.get('pass')} of {counts.get('tests')} tests pass",
    )
    assert done.returncode == 0, _failures(done.stdout) + done.stderr
    assert int(counts["pass"]) > 250  # node succeeds, too, where it finds no tests


@pytest.fixture(scope="session")
def sdk() -> None:
    """Install the SDK once beside the scripts. Skip the tests without npm or its registry."""
    installed(FOLDER)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[dict[str, str]]:
    """What a client needs to know of a workspace that `local serve` serves."""
    file = str(tmp_path / "workspace.sqlite")
    info = subprocess.run(
        [*PROGRAM, "info", file, "--json"], capture_output=True, text=True, check=True
    )
    facts: dict[str, Any] = json.loads(info.stdout)
    serve = [
        *PROGRAM,
        "serve",
        file,
        "--port",
        "0",
        "--weather",
        "behaviour formula_filters=accepted",
    ]
    with subprocess.Popen(
        serve, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        access = {"NOTION_TOKEN": facts["token"], "NOTION_PARENT_PAGE": facts["root_page_id"]}
        yield {"NOTION_BASE_URL": url, **access, "LOCAL_FILE": file, "LOCAL_PYTHON": sys.executable}
        process.terminate()


def _failures(tap: str) -> str:
    """Return the failures in the output of node's test runner."""
    return "\n".join(re.findall(r"^not ok.*?^  \.\.\.$", tap, re.MULTILINE | re.DOTALL))

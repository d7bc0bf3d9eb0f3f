"""Ctrl-C while requests wait for Notion's budget."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

from notion_pm.emulator import LocalWorkspace
from tests.support.notion_clients import notion_client_for
from tests.support.program import Program


def wait_for_first_request(workspace: LocalWorkspace, seconds: float = 60) -> None:
    """Wait until a program has begun to write under the root page."""
    notion, _ = notion_client_for(workspace)
    patience_ends = time.monotonic() + seconds
    while not notion.list_children(workspace.root_page_id):
        assert time.monotonic() < patience_ends
        time.sleep(0.05)
    notion.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent otherwise there")
def test_ctrl_c_ends_at_once_what_waits_for_the_budget(
    program: Program, workspace: LocalWorkspace, url: str
) -> None:
    program.environment |= {
        "NOTION_PM_BASE_URL": url,
        "NOTION_TOKEN": workspace.token,
        "NOTION_PM_PARENT_PAGE": workspace.root_page_id,
        "NOTION_PM_BUDGET": "10",  # the eleventh request waits for most of a minute
    }
    command = [sys.executable, "-m", "notion_pm", "apply", "product", "--no-rows", "--yes"]
    running = subprocess.Popen(
        command,
        cwd=program.folder,
        env=program.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for_first_request(workspace)
    time.sleep(1)
    assert running.poll() is None
    began = time.monotonic()
    running.send_signal(signal.SIGINT)
    running.send_signal(
        signal.SIGINT
    )  # as from `timeout`, which sends it to the program and to its group
    _, err = running.communicate(timeout=50)
    assert time.monotonic() - began < 5
    assert running.returncode == 1
    assert "Aborted!" in err and "Traceback" not in err
    assert "Databases" in err or "before anything" in err
    assert "same command" in err
    del program.environment["NOTION_PM_BUDGET"]
    assert program("apply", "product", "--yes").code == 0
    assert program("plan", "--exit-code").code == 0

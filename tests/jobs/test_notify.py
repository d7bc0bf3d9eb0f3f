"""Notifications of a sync: when they are sent, what they say, and that they never get in the way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import requests
import responses
from click.testing import CliRunner, Result

from notion_pm.cli import main
from notion_pm.errors import NotificationFailed
from notion_pm.notify import ATTEMPTS, post
from notion_pm.state.lock import hold_run_lock

HOOK = "https://hooks.example.com/services/T0/B0/secret"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NOTION_PM_LOCAL", "workspace.sqlite")
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def sent(hook: responses.RequestsMock) -> list[dict[str, object]]:
    return [json.loads(call.request.body or "{}") for call in hook.calls]


@pytest.fixture
def hook() -> responses.RequestsMock:
    return responses.RequestsMock(assert_all_requests_are_fired=False)


def test_only_a_run_that_changed_something_is_reported(
    folder: Path, hook: responses.RequestsMock
) -> None:
    assert run("apply", "product", "--yes").exit_code == 0
    with hook:
        hook.post(HOOK, body="ok")
        assert run("sync", "--notify", HOOK, "--dry-run").exit_code == 0
        assert sent(hook) == []
        assert run("sync", "--notify", HOOK).exit_code == 0
        (message,) = sent(hook)
        assert message["ok"] is True and message["updates"] == 43
        assert "43 pages changed" in str(message["text"])
        assert run("sync", "--notify", HOOK).exit_code == 0
        assert len(sent(hook)) == 1


def test_a_failed_run_is_reported_and_still_fails(
    folder: Path, hook: responses.RequestsMock
) -> None:
    with hook:
        hook.post(HOOK, body="ok")
        done = run("sync", "--notify", HOOK)
        assert done.exit_code == 1
        (message,) = sent(hook)
    assert message["ok"] is False and "apply" in done.output


def test_a_message_that_cannot_be_delivered_is_only_noted(
    folder: Path, hook: responses.RequestsMock
) -> None:
    assert run("apply", "product", "--yes").exit_code == 0
    with hook:
        hook.post(HOOK, status=404)
        done = run("sync", "--notify", HOOK)
    assert done.exit_code == 0
    assert "hooks.example.com" in done.stderr and "status 404" in done.stderr
    assert "secret" not in done.output


@pytest.mark.parametrize("trouble", [requests.ConnectionError(HOOK), requests.Timeout(HOOK)])
def test_the_url_is_a_secret(trouble: Exception, hook: responses.RequestsMock) -> None:
    with hook:
        hook.post(HOOK, body=trouble)
        with pytest.raises(NotificationFailed) as caught:
            post(HOOK, "text", {}, sleep=lambda seconds: None)
    assert "secret" not in str(caught.value) + caught.value.advice


def test_a_failure_and_its_end_are_each_reported_once(
    folder: Path, hook: responses.RequestsMock
) -> None:
    with hook:
        hook.post(HOOK, body="ok")
        assert [run("sync", "--notify", HOOK).exit_code for _ in range(3)] == [1, 1, 1]
        assert len(sent(hook)) == 1, "nothing was applied yet: that is told once"
        assert run("apply", "product", "--yes").exit_code == 0
        assert run("sync", "--notify", HOOK).exit_code == 0
        told = sent(hook)[1]
        assert told["ok"] is True and str(told["text"]).startswith(
            "notion-pm sync works again: 43 pages changed"
        )
        assert run("sync", "--notify", HOOK).exit_code == 0
        assert len(sent(hook)) == 2


def test_a_run_that_others_do_is_no_news(folder: Path, hook: responses.RequestsMock) -> None:
    assert run("apply", "product", "--yes").exit_code == 0
    (state,) = (each for each in (folder / ".notion-pm").iterdir() if each.is_dir())
    with hook, hold_run_lock(state):
        hook.post(HOOK, body="ok")
        assert run("sync", "--notify", HOOK).exit_code == 5
        assert sent(hook) == []


@pytest.mark.parametrize(
    "trouble", [requests.ConnectionError(HOOK), requests.Timeout(HOOK), 503, 429]
)
def test_temporary_failures_are_retried(
    trouble: Exception | int, hook: responses.RequestsMock
) -> None:
    naps: list[float] = []
    with hook:
        if isinstance(trouble, int):
            hook.post(HOOK, status=trouble)
        else:
            hook.post(HOOK, body=trouble)
        hook.post(HOOK, body="ok")
        post(HOOK, "text", {"ok": True}, sleep=naps.append)
        assert len(hook.calls) == 2
    assert naps == [0.5]


def test_permanent_failures_are_not_retried(hook: responses.RequestsMock) -> None:
    with hook:
        hook.post(HOOK, status=410)
        with pytest.raises(NotificationFailed, match="status 410"):
            post(HOOK, "text", {}, sleep=lambda seconds: None)
        assert len(hook.calls) == 1


def test_it_is_given_up_after_some_attempts(hook: responses.RequestsMock) -> None:
    with hook:
        hook.post(HOOK, status=500)
        with pytest.raises(NotificationFailed, match="status 500"):
            post(HOOK, "text", {}, sleep=lambda seconds: None)
        assert len(hook.calls) == ATTEMPTS

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
from notion_pm.notify import post

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


def test_only_a_run_that_changed_something_is_told(folder: Path, hook: responses.RequestsMock) -> None:
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


def test_a_run_that_fails_is_told_and_still_fails(folder: Path, hook: responses.RequestsMock) -> None:
    with hook:
        hook.post(HOOK, body="ok")
        done = run("sync", "--notify", HOOK)
        assert done.exit_code == 1
        (message,) = sent(hook)
    assert message["ok"] is False and "apply" in done.output


def test_a_message_that_cannot_be_delivered_is_only_noted(folder: Path, hook: responses.RequestsMock) -> None:
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

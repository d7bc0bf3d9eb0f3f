"""Asynchronous tasks. The local workspace does the work at once, although it answers `queued`."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from notion_pm.emulator.http.links import HERE
from notion_pm.emulator.store.content_records import ASYNC_TASKS, AsyncTask
from notion_pm.emulator.store.session import Session

Json = dict[str, Any]

_POLL_AFTER_SECONDS = 2


def enqueue(session: Session, operation: str, result: Mapping[str, Any]) -> Json:
    """Keep a result, and return the task with which it can be retrieved."""
    task_id = f"task_{secrets.token_hex(16)}"
    task = AsyncTask(id=task_id, created_time=session.now, operation=operation, result=dict(result))
    ASYNC_TASKS.insert(session.db, task)
    # The answer has the status `queued`, like that of the service (notion-api.md 2.3).
    head = _head(task, "queued")
    return {**head, "poll_after_seconds": _POLL_AFTER_SECONDS, "operation": _operation(task)}


def retrieve(session: Session, task_id: str) -> Json:
    """Return a task with its result. Raises 404 if there is no such task."""
    task = ASYNC_TASKS.find(session.db, task_id)
    if task is None:
        raise session.not_found("async task", task_id)
    return {**_head(task, "succeeded"), "operation": _operation(task), "result": task.result}


def _head(task: AsyncTask, status: str) -> Json:
    return {
        "object": "async_task",
        "id": task.id,
        "status": status,
        "status_url": f"{HERE}/v1/async_tasks/{task.id}",
        "created_time": f"{task.created_time[:23]}Z",
    }


def _operation(task: AsyncTask) -> Json:
    return {"surface": "rest", "name": task.operation}

"""/v1/pages/{id}/markdown and /v1/async_tasks"""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from notion_pm.emulator.http.checks import path_id
from notion_pm.emulator.http.routes.request import body, session
from notion_pm.emulator.pages import async_tasks, page_markdown

blueprint = Blueprint("markdown", __name__)


@blueprint.get("/pages/<page_id>/markdown")
def retrieve_markdown(page_id: str) -> dict[str, Any]:
    """Return a page's content as Markdown."""
    return page_markdown.retrieve(session(), path_id("page_id", page_id))


@blueprint.patch("/pages/<page_id>/markdown")
def update_markdown(page_id: str) -> tuple[dict[str, Any], int]:
    """Change a page's content by editing its Markdown."""
    return page_markdown.update(session(), path_id("page_id", page_id), body())


@blueprint.get("/async_tasks/<task_id>")
def retrieve_task(task_id: str) -> dict[str, Any]:
    """Return a task with its result."""
    return async_tasks.retrieve(session(), task_id)

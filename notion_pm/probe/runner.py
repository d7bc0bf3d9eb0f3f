"""Check statements on a scratch page. Only that page remains, in the trash."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from notion_pm.errors import InTrash, NotionError, NotShared
from notion_pm.model.ids import NotionId
from notion_pm.model.page import Page
from notion_pm.notion.client import NotionClient
from notion_pm.notion.connection import Connection, Request
from notion_pm.probe.lab import Lab
from notion_pm.probe.memory import Memory
from notion_pm.probe.statement import CannotTell, Finding, Statement, Verdict, redact

USUAL_REQUESTS = 182
"""Requests of a probe when every statement agrees, without the optional statements."""

_TITLE = "notion-pm probe"

# Together 10 s, three times as long as measured.
_ATTEMPTS_AFTER_RESTORE = 5
_PAUSE_AFTER_RESTORE = 2.0
"""Seconds. After a page was restored, Notion refuses writes below it for about 3 s (measured)."""

_OTHER_SHAPE = (LookupError, TypeError, ValueError, AttributeError)
"""Errors of a check when a response has another shape than expected."""

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """The findings of a finished probe.

    `left_behind`: the scratch page, if it could not be moved to the trash.
    """

    statements: tuple[Statement, ...]
    findings: dict[str, Finding]
    requests: int
    left_behind: NotionId | None

    def count(self, verdict: Verdict) -> int:
        """Return how many statements have a verdict."""
        return sum(finding.verdict is verdict for finding in self.findings.values())

    @property
    def is_worth_repeating(self) -> bool:
        """Whether another run may check more."""
        return any(
            finding.verdict is Verdict.CANNOT_TELL and not finding.is_optional
            for finding in self.findings.values()
        )


@dataclass(frozen=True, slots=True)
class Connections:
    """The connections of a probe. `second`: with another token, for statements that need two."""

    first: Connection
    sleep: Callable[[float], None]
    second: Connection | None = None


def run_probe(
    connections: Connections,
    parent: NotionId,
    statements: Sequence[Statement],
    memory: Memory,
    progress: Progress,
) -> ProbeResult:
    """Check the statements that have no finding yet, and move the scratch page to the trash.

    After an interruption (Ctrl-C, a lost network, a rate limit) the scratch page is moved to the
    trash as well, if possible, and the memory is kept: the next run restores the page and
    continues.

    Raises a NotionError that ends the probe.
    """
    connection = connections.first
    scratch = _scratch_page(connections, parent, memory)
    lab = Lab(
        connection, scratch, sleep=connections.sleep, spent=memory.spent, second=connections.second
    )
    try:
        for number, statement in enumerate(statements):
            progress("statements", number, len(statements))
            if statement.id not in memory.findings:
                memory.findings[statement.id] = check(statement, lab)
                memory.spent = lab.spent
                memory.save()  # after each statement: an interruption loses at most one
    except BaseException:  # Ctrl-C as well
        # A page's id is also the id of a block; DELETE puts it in the trash (notion-api.md 2.4).
        connection.send_while_stopping(Request("DELETE", f"blocks/{scratch}"))
        memory.spent = lab.spent
        memory.save()
        raise
    # A failure here does not spoil the findings: the user is asked to delete the page.
    left_behind = None
    try:
        NotionClient(connection).trash_page(scratch)
        # Only now: while the page is not in the trash, the next run finds it by the memory.
        memory.forget()
    except NotionError:
        left_behind = scratch
    progress("statements", len(statements), len(statements))
    # The memory may hold findings of statements that this version no longer has.
    found = {statement.id: memory.findings[statement.id] for statement in statements}
    return ProbeResult(tuple(statements), found, lab.spent, left_behind)


def check(statement: Statement, lab: Lab) -> Finding:
    """Check one statement."""
    try:
        return statement.check(lab)
    except CannotTell as error:
        return _cannot_tell(str(error), is_optional=error.is_optional)
    # Fields may be added or moved without making the statement false, so this is no difference.
    # The error's name and text show in the report where the check stopped.
    except _OTHER_SHAPE as error:
        return _cannot_tell(
            f"an answer has another shape than expected ({type(error).__name__}: {error})"
        )


def _cannot_tell(reason: str, *, is_optional: bool = False) -> Finding:
    return Finding(Verdict.CANNOT_TELL, reason=redact(reason), is_optional=is_optional)


def _scratch_page(connections: Connections, parent: NotionId, memory: Memory) -> NotionId:
    """Return the scratch page of an interrupted probe, made usable again, or a new one."""
    client = NotionClient(connections.first)
    if memory.is_resumed:
        found = _existing_scratch_page(connections, client, parent, memory)
        if found is not None:
            return found
    # The title is saved before the page exists: if the response is lost, the page is found by it.
    memory.title = f"{_TITLE} {secrets.token_hex(4)} (may be deleted)"
    memory.scratch = ""
    memory.save()
    # After a lost response the page is looked up, not created again: Notion has no keys that make
    # a repeated POST safe (notion-api.md 6.5).
    page = client.create_page(
        parent, memory.title, look_up=lambda: _page_titled(client, parent, memory.title)
    )
    memory.scratch = page.id
    memory.save()
    return page.id


def _existing_scratch_page(
    connections: Connections, client: NotionClient, parent: NotionId, memory: Memory
) -> NotionId | None:
    """Return the scratch page of the run before, restored from the trash; None if deleted."""
    # The last run ended between the creation of the page and Notion's response.
    if not memory.scratch:
        known = _page_titled(client, parent, memory.title)
        if known is None:
            return None
        memory.scratch = known.id
        memory.save()
    try:
        page = client.get_page(memory.scratch)
    # 404 means deleted for good, or no longer shared (notion-api.md 6.14). Both need a new page.
    except NotShared:
        return None
    if page.in_trash:
        connections.first.send(Request("PATCH", f"pages/{page.id}", {"in_trash": False}))
        _wait_until_writable(connections, page.id)
    return page.id


def _wait_until_writable(connections: Connections, page: NotionId) -> None:
    """Wait until a restored page accepts writes."""
    # A divider is the smallest block. The scratch page may get as many as it takes.
    body: dict[str, Any] = {"children": [{"divider": {}}]}
    request = Request("PATCH", f"blocks/{page}/children", body, repeatable=False)
    for _ in range(_ATTEMPTS_AFTER_RESTORE):
        try:
            connections.first.send(request)
        except InTrash:
            # After the last attempt the probe starts anyway: its statements report refused writes.
            connections.sleep(_PAUSE_AFTER_RESTORE)
        else:
            return


def _page_titled(client: NotionClient, parent: NotionId, title: str) -> Page | None:
    for child in client.list_children(parent):
        if child.type == "child_page" and child.title == title:
            return client.get_page(child.id)
    return None

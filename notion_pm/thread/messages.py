"""Messages to customers, filled in from a person's own template, or from the one that comes along."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from notion_pm.errors import UsageError
from notion_pm.thread.graph import Thread
from notion_pm.thread.loop import Owed
from notion_pm.thread.message import default_text, words

_ADVICE = "It may use contact, customer and asks; each ask has title, quote, observed_on, url and features (docs/pm.md)."
_SECONDS_AT_MOST = 8
"""The process limits its own work to less; this is for a machine that is busy with other things."""


class OwnMessage:
    """A person's template of messages. It is filled in by a process of its own, within limits (message_process)."""

    def __init__(self, source: str, name: str = "the message") -> None:
        """Raises UsageError with the line when the template cannot be read."""
        self._source = source
        self._name = name
        self._texts([])

    def to_all(self, thread: Thread, owed: Sequence[Owed]) -> list[str]:
        """Return the draft to each customer. Raises UsageError when the template fails, or takes too long."""
        return self._texts([words(thread, each) for each in owed])

    def _texts(self, messages: Sequence[Mapping[str, Any]]) -> list[str]:
        answer = self._answer(json.dumps({"source": self._source, "messages": messages}))
        if "error" not in answer:
            return [str(each) for each in answer["texts"]]
        place = f"{self._name}:{answer['line']}" if answer["line"] else self._name
        raise UsageError(f"{place} cannot be filled in: {answer['error']}.", _ADVICE)

    def _answer(self, order: str) -> dict[str, Any]:
        # -P: a file `jinja2.py` in the current folder must not be taken for the package.
        command = [sys.executable, "-P", "-m", "notion_pm.thread.message_process"]
        too_much = {"line": 0, "error": "it takes too long or too much memory"}
        try:
            done = subprocess.run(  # noqa: S603 - our own module
                command,
                input=order.encode(),
                capture_output=True,
                timeout=_SECONDS_AT_MOST,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return too_much
        if done.returncode != 0:  # the system has ended it
            return too_much
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer


class DefaultMessage:
    """The template of messages that comes along."""

    def to_all(self, thread: Thread, owed: Sequence[Owed]) -> list[str]:
        """Return the draft to each customer."""
        return [default_text(thread, each) for each in owed]


Message = OwnMessage | DefaultMessage

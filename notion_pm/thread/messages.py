"""Messages to customers about what has shipped, from the default template or a custom one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from notion_pm.errors import UsageError
from notion_pm.model.snapshot import SnapshotPage
from notion_pm.thread.graph import Thread
from notion_pm.thread.loop import Ask, Recipient

DEFAULT_TEMPLATE = """\
Hello {{ contact or customer or "there" }},

you told us{{ " %d things" % said | length if said | length > 1 }}:

{% for each in said %}
> {{ each }}

{% endfor %}
{% for feature in shipped %}
{{ feature.title }} has shipped{{ " on " ~ feature.shipped_on if feature.shipped_on }}.

{% endfor %}
Thank you for telling us. Does it do what you need?
"""
"""`notion-pm loop --show-message` prints it, as a start for a custom template."""

# Only for the own template of the program. A template of the user runs in a
# process with limits: see `message_process`.
_ENVIRONMENT = SandboxedEnvironment(
    undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True
)
_COMPILED_DEFAULT = _ENVIRONMENT.from_string(DEFAULT_TEMPLATE)

_ADVICE = (
    "It may use contact, customer and asks; each ask has title, quote, observed_on, url and "
    "features (docs/pm.md)."
)
_SECONDS_AT_MOST = 8
"""The process limits itself to 2 seconds of work; the rest is for a busy machine."""


class CustomMessage:
    """A message template of the user, rendered by a limited process (see `message_process`)."""

    def __init__(self, source: str, name: str = "the message") -> None:
        """Raise UsageError with the line if the template cannot be parsed."""
        self._source = source
        self._name = name
        self._render([])

    def render_all(self, thread: Thread, people: Sequence[Recipient]) -> list[str]:
        """Return the message to each person. Raises UsageError if the template fails."""
        return self._render([message_values(thread, recipient) for recipient in people])

    def _render(self, messages: Sequence[Mapping[str, Any]]) -> list[str]:
        answer = self._run_process(json.dumps({"source": self._source, "messages": messages}))
        if "error" not in answer:
            return [str(text) for text in answer["texts"]]
        where = f"{self._name}:{answer['line']}" if answer["line"] else self._name
        raise UsageError(f"{where} cannot be rendered: {answer['error'].rstrip('.')}.", _ADVICE)

    def _run_process(self, request: str) -> dict[str, Any]:
        # -P: a file `jinja2.py` in the current folder must not be imported instead of the package.
        command = [sys.executable, "-P", "-m", "notion_pm.thread.message_process"]
        too_much = {"line": 0, "error": "it takes too long or too much memory"}
        try:
            process = subprocess.run(  # noqa: S603 - our own module
                command,
                input=request.encode(),
                capture_output=True,
                timeout=_SECONDS_AT_MOST,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return too_much
        if process.returncode != 0:  # the system ended it at one of its limits
            return too_much
        answer: dict[str, Any] = json.loads(process.stdout)
        return answer


class DefaultMessage:
    """The message template that is part of the program."""

    def render_all(self, thread: Thread, people: Sequence[Recipient]) -> list[str]:
        """Return the message to each person."""
        return [default_message(thread, recipient) for recipient in people]


Message = CustomMessage | DefaultMessage


def default_message(thread: Thread, recipient: Recipient) -> str:
    """Return the message to one person, from the default template."""
    return _COMPILED_DEFAULT.render(message_values(thread, recipient)).strip()


def message_values(thread: Thread, recipient: Recipient) -> Mapping[str, Any]:
    """Return the values that a message template may use (docs/pm.md).

    `said` and `shipped`: what was asked and what has shipped, each once. `asks`: which feature
    answers which ask.
    """
    asks = [_ask_values(thread, ask) for ask in recipient.asks]
    said = [ask["quote"] or ask["title"] for ask in asks]
    shipped = {}
    for ask in recipient.asks:
        for feature in ask.features:
            shipped[feature.id] = _feature_values(thread, feature)
    return {
        "customer": recipient.customer,
        "contact": recipient.contact,
        "said": list(dict.fromkeys(said)),
        "shipped": list(shipped.values()),
        "asks": asks,
    }


def _ask_values(thread: Thread, ask: Ask) -> dict[str, Any]:
    quote = " ".join(thread.text(ask.insight, "quote").split())
    return {
        "title": ask.insight.title,
        # A shared insight may quote another customer: its words must not be sent to this one.
        "quote": "" if ask.shared else quote,
        "observed_on": thread.text(ask.insight, "observed_on")[:10],
        "source_url": thread.text(ask.insight, "source_url"),
        "url": ask.insight.url,
        "features": [_feature_values(thread, feature) for feature in ask.features],
    }


def _feature_values(thread: Thread, feature: SnapshotPage) -> dict[str, Any]:
    return {
        "title": feature.title,
        "number": thread.unique_id(feature),
        "shipped_on": thread.text(feature, "shipped_on")[:10],
        "url": feature.url,
    }

"""The message to a customer whose wish has shipped, drafted from a Jinja template in a sandbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from notion_pm.thread.graph import Thread
from notion_pm.thread.loop import Ask, Owed

DEFAULT = """\
Hello {{ contact or customer or "there" }},

you told us{{ " %d things" % asks | length if asks | length > 1 }}:

{% for ask in asks %}
> {{ ask.quote or ask.title }}

{% for feature in ask.features %}
{{ feature.title }} has shipped{{ " on " ~ feature.shipped_on if feature.shipped_on }}.

{% endfor %}
{% endfor %}
Thank you for telling us. Does it do what you need?
"""
"""What is written without a template of one's own. `notion-pm loop --show-message` prints it to begin from."""

_ENVIRONMENT = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True)
_TEMPLATE = _ENVIRONMENT.from_string(DEFAULT)


def default_text(thread: Thread, owed: Owed) -> str:
    """Return the draft to one customer, from the template that comes along."""
    return _TEMPLATE.render(words(thread, owed)).strip()


def words(thread: Thread, owed: Owed) -> Mapping[str, Any]:
    """Return what a message may speak of."""
    contacts = dict.fromkeys(filter(None, (thread.text(each.insight, "contact").strip() for each in owed.asks)))
    return {
        "customer": owed.customer,
        "contact": ", ".join(contacts),
        "asks": _asks(thread, owed.asks),
    }


def _asks(thread: Thread, asks: Sequence[Ask]) -> list[dict[str, Any]]:
    return [
        {
            "title": each.insight.title,
            "quote": " ".join(thread.text(each.insight, "quote").split()),
            "observed_on": thread.text(each.insight, "observed_on")[:10],
            "source_url": thread.text(each.insight, "source_url"),
            "url": each.insight.url,
            "features": [
                {
                    "title": feature.title,
                    "number": thread.number_of(feature),
                    "shipped_on": thread.text(feature, "shipped_on")[:10],
                    "url": feature.url,
                }
                for feature in each.features
            ],
        }
        for each in asks
    ]

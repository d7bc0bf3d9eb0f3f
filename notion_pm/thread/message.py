"""The message to a customer whose wish has shipped, drafted from a Jinja template in a sandbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from notion_pm.model.snapshot import SnapshotPage
from notion_pm.thread.graph import Thread
from notion_pm.thread.loop import Ask, Owed

DEFAULT = """\
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
"""What is written without a template of one's own. `notion-pm loop --show-message` prints it to begin from."""

_ENVIRONMENT = SandboxedEnvironment(
    undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True
)
_TEMPLATE = _ENVIRONMENT.from_string(DEFAULT)


def default_text(thread: Thread, owed: Owed) -> str:
    """Return the draft to one customer, from the template that comes along."""
    return _TEMPLATE.render(words(thread, owed)).strip()


def words(thread: Thread, owed: Owed) -> Mapping[str, Any]:
    """Return what a message may speak of.

    `said` and `shipped` are what was asked and what has shipped, each once; `asks` says which answers which.
    """
    asks = _asks(thread, owed.asks)
    features = {
        feature.id: _feature(thread, feature) for ask in owed.asks for feature in ask.features
    }
    return {
        "customer": owed.customer,
        "contact": owed.contact,
        "said": list(dict.fromkeys(each["quote"] or each["title"] for each in asks)),
        "shipped": list(features.values()),
        "asks": asks,
    }


def _asks(thread: Thread, asks: Sequence[Ask]) -> list[dict[str, Any]]:
    return [
        {
            "title": each.insight.title,
            # Of an insight that several customers share nobody knows whose words they are.
            "quote": "" if each.shared else " ".join(thread.text(each.insight, "quote").split()),
            "observed_on": thread.text(each.insight, "observed_on")[:10],
            "source_url": thread.text(each.insight, "source_url"),
            "url": each.insight.url,
            "features": [_feature(thread, feature) for feature in each.features],
        }
        for each in asks
    ]


def _feature(thread: Thread, feature: SnapshotPage) -> dict[str, Any]:
    return {
        "title": feature.title,
        "number": thread.number_of(feature),
        "shipped_on": thread.text(feature, "shipped_on")[:10],
        "url": feature.url,
    }

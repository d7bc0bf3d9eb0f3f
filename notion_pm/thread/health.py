"""How old a health may be: one rule for tiles, tables, gaps and charts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from notion_pm.model.condition import Where
from notion_pm.model.snapshot import SnapshotPage
from notion_pm.model.template import Template
from notion_pm.rules.ruleset import related_parts
from notion_pm.thread.graph import Thread

HEALTH_DATE = "health_date"
_DEFAULT_DAYS = 14
_DAYS_AGO = re.compile(r"(\d+) days? ago$")


def fresh_health(thread: Thread, page: SnapshotPage) -> str | None:
    """Return the key of a page's health; None if it has none or one that is too old to count."""
    key = thread.text(page, "health")
    if not key or key == "no_update":
        return None
    # A template without this date cannot say how old a health is: it counts.
    if not thread.chain.has(page.database, HEALTH_DATE):
        return key
    stated_on = thread.text(page, HEALTH_DATE)
    if not stated_on:
        return None
    age = (thread.today - date.fromisoformat(stated_on[:10])).days
    return key if age <= health_days(thread.chain.schema.template) else None


def health_days(template: Template) -> int:
    """Return for how many days a health counts.

    The template says it in a rule such as `health_date: {before: 14 days ago}`.
    """
    for where in _conditions(template):
        condition = where.get(HEALTH_DATE)
        if condition and condition.before:
            match = _DAYS_AGO.match(condition.before)
            if match:
                return int(match[1])
    return _DEFAULT_DAYS


def _conditions(template: Template) -> Iterator[Where]:
    for rule in template.sync.values():
        yield rule.when
        for _, related in related_parts(rule):
            yield related.of
            yield related.where

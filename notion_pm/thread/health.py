"""How old a health may be: one place for tiles, tables, gaps and charts alike."""

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
_USUAL_DAYS = 14
_AGO = re.compile(r"(\d+) days? ago$")


def health_days(template: Template) -> int:
    """Return for how many days a health counts: what the rules say, as `health_date: {before: 14 days ago}`."""
    for where in _conditions(template):
        condition = where.get(HEALTH_DATE)
        found = _AGO.match(condition.before) if condition and condition.before else None
        if found:
            return int(found[1])
    return _USUAL_DAYS


def _conditions(template: Template) -> Iterator[Where]:
    for rule in template.sync.values():
        yield rule.when
        for _, related in related_parts(rule):
            yield related.of
            yield related.where


def fresh_health(thread: Thread, page: SnapshotPage) -> str | None:
    """Return the key of a page's health; None where there is none, or it is too old to count."""
    key = thread.text(page, "health")
    if not key or key == "no_update":
        return None
    if not thread.chain.has(page.database, HEALTH_DATE):
        return key
    stated = thread.text(page, HEALTH_DATE)
    if not stated:
        return None
    age = (thread.today - date.fromisoformat(stated[:10])).days
    return key if age <= health_days(thread.chain.schema.template) else None

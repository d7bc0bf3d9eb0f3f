"""The baseline, and what interrupted runs were about to write: the memory that tells people's values from ours."""

from __future__ import annotations

from collections.abc import Mapping

from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import BaseValue
from notion_pm.rules.intents import Intent, Intents
from notion_pm.state.plain_json import from_json, to_json
from notion_pm.state.rows import Rows
from notion_pm.state.tables import BASELINE, INTENTS


def read_baseline(rows: Rows) -> dict[NotionId, dict[str, BaseValue]]:
    """Return what pages held after the last sync, by page and property."""
    found: dict[NotionId, dict[str, BaseValue]] = {}
    for page, key, held, derived, starter in rows.all(
        BASELINE, "page property held derived starter"
    ):
        found.setdefault(page, {})[key] = BaseValue(
            from_json(held), from_json(derived), bool(starter)
        )
    return found


def put_baseline(rows: Rows, pages: Mapping[NotionId, Mapping[str, BaseValue]]) -> None:
    """Remember what pages hold after a sync."""
    rows.put(
        BASELINE,
        (
            (page, key, to_json(value.value), to_json(value.derived), int(value.starter))
            for page, values in pages.items()
            for key, value in values.items()
        ),
    )


def read_intents(rows: Rows) -> dict[NotionId, dict[str, Intent]]:
    """Return what interrupted runs were about to write."""
    found: dict[NotionId, dict[str, Intent]] = {}
    for page, key, held, derived, before, starter in rows.all(
        INTENTS, "page property held derived before starter"
    ):
        memory = BaseValue(from_json(held), from_json(derived), bool(starter))
        found.setdefault(page, {})[key] = Intent(memory, from_json(before))
    return found


def put_intents(rows: Rows, intents: Intents) -> None:
    """Remember what is about to be written."""
    rows.put(
        INTENTS,
        (
            (
                page,
                key,
                to_json(each.memory.value),
                to_json(each.memory.derived),
                to_json(each.before),
                starter,
            )
            for page, values in intents.items()
            for key, each in values.items()
            for starter in (int(each.memory.starter),)
        ),
    )


def drop_intent(rows: Rows, page_id: NotionId) -> None:
    """Forget what was about to be written to a page."""
    rows.drop(INTENTS, page=page_id)

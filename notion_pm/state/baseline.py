"""The baseline: what sync left in each property. It separates people's values from those of
sync.
"""

from __future__ import annotations

from collections.abc import Mapping

from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import BaseValue
from notion_pm.rules.intents import Intent, Intents
from notion_pm.state.plain_json import from_json, to_json
from notion_pm.state.rows import Rows, transaction
from notion_pm.state.tables import BASELINE, INTENTS


class BaselineStore:
    """What pages held after the last sync, and what interrupted runs were about to write.

    Unlike the cache it cannot be read again. Without it, values that differ from the rules are
    reported as conflicts and not written.
    """

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def read(self) -> dict[NotionId, dict[str, BaseValue]]:
        """Return what pages held after the last sync, by page and property."""
        pages: dict[NotionId, dict[str, BaseValue]] = {}
        columns = "page property held derived starter"
        for page_id, key, value in self._rows.read(BASELINE, columns, _decode_value):
            pages.setdefault(page_id, {})[key] = value
        return pages

    def save(self, pages: Mapping[NotionId, Mapping[str, BaseValue]]) -> None:
        """Keep what pages hold after a sync, in one transaction."""
        with transaction(self._rows.connection):
            self.put(pages)

    def put(self, pages: Mapping[NotionId, Mapping[str, BaseValue]]) -> None:
        """Add or replace what properties of pages hold."""
        rows = []
        for page_id, values in pages.items():
            for key, value in values.items():
                held, derived = to_json(value.value), to_json(value.derived)
                rows.append((page_id, key, held, derived, int(value.starter)))
        self._rows.put(BASELINE, rows)

    def intents(self) -> dict[NotionId, dict[str, Intent]]:
        """Return what interrupted runs were about to write, by page and property."""
        pages: dict[NotionId, dict[str, Intent]] = {}
        columns = "page property held derived starter before"
        for page_id, key, intent in self._rows.read(INTENTS, columns, _decode_intent):
            pages.setdefault(page_id, {})[key] = intent
        return pages

    def put_intents(self, intents: Intents) -> None:
        """Add what is about to be written."""
        rows = []
        for page_id, values in intents.items():
            for key, intent in values.items():
                held, derived = to_json(intent.memory.value), to_json(intent.memory.derived)
                before = to_json(intent.before)
                rows.append((page_id, key, held, derived, before, int(intent.memory.starter)))
        self._rows.put(INTENTS, rows)

    def drop_intents(self, page_id: NotionId) -> None:
        """Forget what was about to be written to a page."""
        self._rows.drop(INTENTS, page=page_id)


def _decode_value(
    page_id: str, key: str, held: str, derived: str, starter: int
) -> tuple[NotionId, str, BaseValue]:
    value = BaseValue(from_json(held), from_json(derived), bool(starter))
    return NotionId(page_id), key, value


def _decode_intent(
    page_id: str, key: str, held: str, derived: str, starter: int, before: str
) -> tuple[NotionId, str, Intent]:
    memory = BaseValue(from_json(held), from_json(derived), bool(starter))
    return NotionId(page_id), key, Intent(memory, from_json(before))

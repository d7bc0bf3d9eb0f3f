"""Webhooks: events of the workspace, sent to subscribers and signed (notion-api.md 2.9)."""

from __future__ import annotations

from notion_pm.emulator.webhooks.dispatch import Webhooks, signature
from notion_pm.emulator.webhooks.outbox import Pace
from notion_pm.emulator.webhooks.subscriptions import UnreachableError

__all__ = ["Pace", "UnreachableError", "Webhooks", "signature"]

"""Webhooks: what happens in the workspace, told to the subscribers in signed deliveries (notion-api.md 2.9)."""

from __future__ import annotations

from .dispatch import Webhooks, signature
from .outbox import Pace
from .subscriptions import UnreachableError

__all__ = ["Pace", "UnreachableError", "Webhooks", "signature"]

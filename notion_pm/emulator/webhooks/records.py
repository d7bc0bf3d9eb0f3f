"""Records of webhooks: subscriptions, and deliveries that have not arrived yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from notion_pm.emulator.store.store import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One subscriber. It is active after its verification token was given back."""

    id: str
    url: str
    event_types: list[str] | None  # None: all
    verification_token: str
    is_active: bool
    created_time: str
    delivered: int = 0
    given_up: int = 0

    def wants(self, event_type: str) -> bool:
        """Return whether the subscriber gets events of a type."""
        return self.is_active and (self.event_types is None or event_type in self.event_types)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event for one subscriber. `payload` is complete except for the attempt number."""

    id: str
    subscription_id: str
    type: str
    entity_id: str
    payload: dict[str, Any]
    attempts: int
    due: str


SUBSCRIPTIONS = Table(
    "subscriptions", Subscription, json_columns=("event_types",), flags=("is_active",)
)
DELIVERIES = Table("deliveries", Delivery, json_columns=("payload",), flags=())

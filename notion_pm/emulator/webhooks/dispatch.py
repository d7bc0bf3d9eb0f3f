"""Sending deliveries: signed, until they arrive or have been tried often enough."""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx

from notion_pm.emulator.store.clock import Clock, to_stored
from notion_pm.emulator.store.session import Settings
from notion_pm.emulator.store.store import Store
from notion_pm.emulator.webhooks import outbox, subscriptions
from notion_pm.emulator.webhooks.outbox import Pace
from notion_pm.emulator.webhooks.records import SUBSCRIPTIONS, Delivery, Subscription

Json = dict[str, Any]

SIGNATURE = "X-Notion-Signature"
_TIMEOUT_SECONDS = 10
_LOOKS_AFTER_SECONDS = 0.2


def new_client() -> httpx.Client:
    """Return the client that deliveries are sent with."""
    return httpx.Client(
        timeout=_TIMEOUT_SECONDS, headers={"User-Agent": "notion-pm-local"}, trust_env=False
    )


@dataclass(frozen=True, slots=True)
class Webhooks:
    """The subscriptions of one workspace, and what is sent to them."""

    store: Store = field(repr=False)
    settings: Settings = field(repr=False)
    clock: Clock
    pace: Pace
    client: Callable[[], httpx.Client] = new_client

    def subscribe(self, url: str, event_types: Iterable[str] | None = None) -> Json:
        """Deliver a verification token to a URL and return the subscription, which waits for it to come back.

        Raises ApiError for a wrong URL or event type, and UnreachableError.
        """
        drafted = subscriptions.draft(url, event_types, to_stored(self.clock()))
        with self.client() as client:
            subscriptions.send_verification_token(client, drafted)
        with self.store.transaction(write=True) as db:
            SUBSCRIPTIONS.insert(db, drafted)
            return subscriptions.serialize(db, drafted)

    def verify(self, subscription_id: str, token: str) -> Json:
        """Activate a subscription with the token that its URL was given. Raises ApiError."""
        with self.store.transaction(write=True) as db:
            return subscriptions.serialize(db, subscriptions.verify(db, subscription_id, token))

    def unsubscribe(self, subscription_id: str) -> None:
        """End a subscription. Raises ApiError (404)."""
        with self.store.transaction(write=True) as db:
            subscriptions.remove(db, subscription_id)

    def list_subscriptions(self) -> list[Json]:
        """Return the subscriptions and how their deliveries fare."""
        with self.store.transaction(write=False) as db:
            return subscriptions.list_subscriptions(db)

    def deliver(self) -> int:
        """Send what is due by now, each delivery once, and return how many were sent."""
        with self.store.transaction(write=False) as db:
            if not outbox.has_work(db, self.clock()):
                return 0
        with self.store.transaction(write=True) as db:
            outbox.enqueue_events(db, self.settings, self.pace, self.clock())
            due = outbox.take_due(db, self.clock())
        with self.client() as client:
            for delivery, subscription in due:
                self._settle(delivery, arrived=_send(client, delivery, subscription))
        return len(due)

    def run(self, stop: threading.Event) -> None:
        """Deliver until told to stop; where another process keeps the file busy, look again later."""
        while not stop.wait(_LOOKS_AFTER_SECONDS):
            with suppress(sqlite3.OperationalError):
                while self.deliver() and not stop.is_set():
                    pass

    def _settle(self, delivery: Delivery, *, arrived: bool) -> None:
        now: datetime = self.clock()
        with self.store.transaction(write=True) as db:
            outbox.record_attempt(db, delivery, self.pace, now, arrived=arrived)


def signature(body: bytes, verification_token: str) -> str:
    """Return what the signature header says of a body."""
    return f"sha256={hmac.new(verification_token.encode(), body, hashlib.sha256).hexdigest()}"


def _send(client: httpx.Client, delivery: Delivery, subscription: Subscription) -> bool:
    body = json.dumps(
        {**delivery.payload, "attempt_number": delivery.attempts}, ensure_ascii=False
    ).encode()
    headers = {
        "Content-Type": "application/json",
        SIGNATURE: signature(body, subscription.verification_token),
    }
    try:
        return client.post(subscription.url, content=body, headers=headers).is_success
    except httpx.HTTPError:
        return False

"""Send deliveries, signed, until they arrive or the last attempt has failed."""

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
_POLL_SECONDS = 0.2


def new_client() -> httpx.Client:
    """Return the client that deliveries are sent with."""
    return httpx.Client(
        timeout=_TIMEOUT_SECONDS, headers={"User-Agent": "notion-pm-local"}, trust_env=False
    )


@dataclass(frozen=True, slots=True)
class Webhooks:
    """The subscriptions of one workspace, and their deliveries."""

    store: Store = field(repr=False)
    settings: Settings = field(repr=False)
    clock: Clock
    pace: Pace
    client: Callable[[], httpx.Client] = new_client

    def subscribe(self, url: str, event_types: Iterable[str] | None = None) -> Json:
        """Send a verification token to a URL, and return the subscription.

        It becomes active when the token is given to `verify`.

        Raises ApiError for a wrong URL or event type, and UnreachableError.
        """
        drafted = subscriptions.draft(url, event_types, to_stored(self.clock()))
        with self.client() as client:
            subscriptions.send_verification_token(client, drafted)
        with self.store.transaction(write=True) as db:
            SUBSCRIPTIONS.insert(db, drafted)
            return subscriptions.serialize(db, drafted)

    def verify(self, subscription_id: str, token: str) -> Json:
        """Activate a subscription with the token that was sent to its URL. Raises ApiError."""
        with self.store.transaction(write=True) as db:
            return subscriptions.serialize(db, subscriptions.verify(db, subscription_id, token))

    def unsubscribe(self, subscription_id: str) -> None:
        """End a subscription. Raises ApiError (404)."""
        with self.store.transaction(write=True) as db:
            subscriptions.remove(db, subscription_id)

    def list_subscriptions(self) -> list[Json]:
        """Return the subscriptions with the counts of their deliveries."""
        with self.store.transaction(write=False) as db:
            return subscriptions.list_subscriptions(db)

    def deliver(self) -> int:
        """Send the deliveries that are due, each once, and return their number."""
        with self.store.transaction(write=False) as db:
            if not outbox.has_work(db, self.clock()):
                return 0
        # The write transaction ends before anything is sent: subscribers may answer slowly, or send
        # requests to the workspace themselves.
        with self.store.transaction(write=True) as db:
            outbox.enqueue_events(db, self.settings, self.pace, self.clock())
            due = outbox.take_due(db, self.clock())
        with self.client() as client:
            for delivery, subscription in due:
                arrived = _send(client, delivery, subscription)
                self._record_attempt(delivery, arrived=arrived)
        return len(due)

    def run(self, stop: threading.Event) -> None:
        """Deliver until `stop` is set.

        If another process keeps the file locked, try again later.
        """
        while not stop.wait(_POLL_SECONDS):
            # "database is locked": another process writes for longer than the timeout.
            with suppress(sqlite3.OperationalError):
                while self.deliver() and not stop.is_set():
                    pass

    def _record_attempt(self, delivery: Delivery, *, arrived: bool) -> None:
        now: datetime = self.clock()
        with self.store.transaction(write=True) as db:
            outbox.record_attempt(db, delivery, self.pace, now, arrived=arrived)


def signature(body: bytes, verification_token: str) -> str:
    """Return the value of the signature header for a body (notion-api.md 2.9)."""
    digest = hmac.new(verification_token.encode(), body, hashlib.sha256).hexdigest()
    return f"sha256={digest}"


def _send(client: httpx.Client, delivery: Delivery, subscription: Subscription) -> bool:
    payload = {**delivery.payload, "attempt_number": delivery.attempts}
    body = json.dumps(payload, ensure_ascii=False).encode()
    headers = {
        "Content-Type": "application/json",
        SIGNATURE: signature(body, subscription.verification_token),
    }
    try:
        return client.post(subscription.url, content=body, headers=headers).is_success
    except httpx.HTTPError:
        return False

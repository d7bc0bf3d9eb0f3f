"""Webhook subscriptions (notion-api.md 2.9).

A subscriber proves that a URL is its own by giving back the token that was sent there.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import httpx

from notion_pm.emulator.http.errors import ApiError, validation_error
from notion_pm.emulator.store.ids import new_id
from notion_pm.emulator.webhooks.events import TYPES
from notion_pm.emulator.webhooks.records import DELIVERIES, SUBSCRIPTIONS, Delivery, Subscription

Json = dict[str, Any]


class UnreachableError(ApiError):
    """The verification token could not be delivered; there is no subscription."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(
            400, "validation_error", f"{url} did not take the verification token: {reason}"
        )


def draft(url: str, event_types: Iterable[str] | None, now: str) -> Subscription:
    """Return a new subscription that is not active yet.

    Raises ApiError (400) for a wrong URL or event type.
    """
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise validation_error(f"{url} is not an http(s) URL.")
    wanted = None if event_types is None else list(event_types)
    for event_type in wanted or ():
        if event_type not in TYPES:
            raise validation_error(
                f"Unknown event type {event_type}. Use any of: {', '.join(TYPES)}"
            )
    token = f"secret_{secrets.token_urlsafe(32)}"
    return Subscription(
        id=new_id(),
        url=url,
        event_types=wanted,
        verification_token=token,
        is_active=False,
        created_time=now,
    )


def send_verification_token(client: httpx.Client, subscription: Subscription) -> None:
    """Send the verification token to the URL. Raises UnreachableError."""
    try:
        answer = client.post(
            subscription.url, json={"verification_token": subscription.verification_token}
        )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise UnreachableError(subscription.url, str(error)) from None
    if not answer.is_success:
        raise UnreachableError(subscription.url, f"status {answer.status_code}")


def verify(db: sqlite3.Connection, subscription_id: str, token: str) -> Subscription:
    """Activate a subscription with its token. Raises ApiError (400, 404)."""
    subscription = find(db, subscription_id)
    # Takes the same time for every token, so that it cannot be guessed byte by byte.
    if not secrets.compare_digest(token.encode(), subscription.verification_token.encode()):
        raise validation_error("This is not the verification token that was delivered.")
    active = replace(subscription, is_active=True)
    SUBSCRIPTIONS.update(db, active)
    return active


def find(db: sqlite3.Connection, subscription_id: str) -> Subscription:
    """Return a subscription. Raises ApiError (404)."""
    found = SUBSCRIPTIONS.find(db, subscription_id)
    if found is None:
        raise ApiError(
            404, "object_not_found", f"Could not find subscription with ID: {subscription_id}."
        )
    return found


def remove(db: sqlite3.Connection, subscription_id: str) -> None:
    """Delete a subscription and its pending deliveries. Raises ApiError (404)."""
    SUBSCRIPTIONS.delete(db, find(db, subscription_id).id)
    db.execute("DELETE FROM deliveries WHERE subscription_id = ?", (subscription_id,))


def list_subscriptions(db: sqlite3.Connection) -> list[Json]:
    """Return the subscriptions with the counts of their deliveries, without their tokens."""
    return [
        serialize(db, subscription) for subscription in SUBSCRIPTIONS.select(db, "ORDER BY seq")
    ]


def serialize(db: sqlite3.Connection, subscription: Subscription) -> Json:
    """Return a subscription as data, without its token."""
    waiting: list[Delivery] = DELIVERIES.select(db, "WHERE subscription_id = ?", (subscription.id,))
    return {
        "id": subscription.id,
        "url": subscription.url,
        "event_types": subscription.event_types,
        "status": "active" if subscription.is_active else "pending",
        "delivered": subscription.delivered,
        "waiting": len(waiting),
        "given_up": subscription.given_up,
    }

"""The pending deliveries: add events, take the due ones, and record the attempts."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from notion_pm.emulator.store.clock import to_stored
from notion_pm.emulator.store.ids import new_id
from notion_pm.emulator.store.session import NEW_VERSION, Settings
from notion_pm.emulator.webhooks.events import (
    AT_ONCE,
    Event,
    belongs_to_creation,
    merge_pair,
    read_journal,
)
from notion_pm.emulator.webhooks.records import DELIVERIES, SUBSCRIPTIONS, Delivery, Subscription

MOST_ATTEMPTS = 8  # notion-api.md 2.9
# A delivery that is being sent is due again after this time, in case the server is killed.
_LEASE = timedelta(minutes=2)
_MOST_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Pace:
    """How long events are aggregated, and how long a failed delivery waits.

    The wait doubles with each attempt.
    """

    delay: timedelta = timedelta(seconds=2)
    backoff: timedelta = timedelta(seconds=1)

    def wait_after(self, attempts: int) -> timedelta:
        """Return how long a delivery waits after this number of attempts."""
        return self.backoff * int(2 ** (attempts - 1))


def has_work(db: sqlite3.Connection, now: datetime) -> bool:
    """Return whether there are new events, or deliveries that are due."""
    query = (
        "SELECT EXISTS (SELECT 1 FROM changes) OR EXISTS (SELECT 1 FROM deliveries WHERE due <= ?)"
    )
    return bool(db.execute(query, (to_stored(now),)).fetchone()[0])


def enqueue_events(db: sqlite3.Connection, settings: Settings, pace: Pace, now: datetime) -> None:
    """Move the events of the journal to the deliveries of each subscription."""
    events = read_journal(db, settings.workspace_id)
    # In the same transaction as the new deliveries: no event is lost or sent twice.
    db.execute("DELETE FROM changes")
    subscriptions = SUBSCRIPTIONS.select(db, "WHERE is_active ORDER BY seq")
    for subscription in subscriptions:
        for event in events:
            if subscription.wants(event.type):
                _enqueue(db, subscription, event, settings, pace, now)


def _enqueue(
    db: sqlite3.Connection,
    subscription: Subscription,
    event: Event,
    settings: Settings,
    pace: Pace,
    now: datetime,
) -> None:
    waiting = _waiting(db, subscription, event)
    if belongs_to_creation(event, [(delivery.type, delivery.entity_id) for delivery in waiting]):
        return
    if event.type.startswith(AT_ONCE):
        DELIVERIES.insert(db, _delivery(db, subscription, event, settings, now, now))
        return
    for delivery in waiting:
        if delivery.type == event.type:
            _merge_into(db, delivery, event)
            return
    due = now + pace.delay
    DELIVERIES.insert(db, _delivery(db, subscription, event, settings, now, due))


def _merge_into(db: sqlite3.Connection, delivery: Delivery, event: Event) -> None:
    """Add an event to a delivery of the same type that was not sent yet."""
    payload = delivery.payload
    authors = tuple(author["id"] for author in payload["authors"])
    earlier = Event(event.type, event.entity, authors, payload["data"])
    merged = merge_pair(earlier, event)
    changed = {"authors": _authors(db, merged.authors), "data": merged.data}
    DELIVERIES.update(db, replace(delivery, payload={**payload, **changed}))


def _waiting(
    db: sqlite3.Connection, subscription: Subscription, event: Event
) -> Sequence[Delivery]:
    """Return the deliveries about the same object that were not sent yet."""
    clauses = "WHERE entity_id = ? AND subscription_id = ? AND attempts = 0"
    return DELIVERIES.select(db, clauses, (event.entity["id"], subscription.id))


def _delivery(
    db: sqlite3.Connection,
    subscription: Subscription,
    event: Event,
    settings: Settings,
    now: datetime,
    due: datetime,
) -> Delivery:
    event_id = new_id()
    payload: dict[str, Any] = {
        "id": event_id,
        "timestamp": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "workspace_id": settings.workspace_id,
        "workspace_name": settings.workspace_name,
        "subscription_id": subscription.id,
        "integration_id": settings.bot_id,
        "authors": _authors(db, event.authors),
        "api_version": NEW_VERSION,
        "entity": dict(event.entity),
        "type": event.type,
    }
    if event.data:
        payload["data"] = event.data
    return Delivery(
        id=event_id,
        subscription_id=subscription.id,
        type=event.type,
        entity_id=event.entity["id"],
        payload=payload,
        attempts=0,
        due=to_stored(due),
    )


def _authors(db: sqlite3.Connection, author_ids: Sequence[str]) -> list[dict[str, str]]:
    query = "SELECT json_extract(body, '$.type') FROM users WHERE id = ?"
    authors = []
    for author_id in author_ids:
        row = db.execute(query, (author_id,)).fetchone()
        if row:
            authors.append({"id": author_id, "type": row[0]})
    return authors


def take_due(db: sqlite3.Connection, now: datetime) -> list[tuple[Delivery, Subscription]]:
    """Return the deliveries that are due, and count the attempt.

    A delivery is due again if its attempt is not recorded in time.
    """
    clauses = "WHERE due <= ? ORDER BY due, seq LIMIT ?"
    taken: list[tuple[Delivery, Subscription]] = []
    for delivery in DELIVERIES.select(db, clauses, (to_stored(now), _MOST_AT_ONCE)):
        subscription = SUBSCRIPTIONS.find(db, delivery.subscription_id)
        # The subscription was deleted after the event.
        if subscription is None:
            DELIVERIES.delete(db, delivery.id)
            continue
        leased = replace(delivery, attempts=delivery.attempts + 1, due=to_stored(now + _LEASE))
        DELIVERIES.update(db, leased)
        taken.append((leased, subscription))
    return taken


def record_attempt(
    db: sqlite3.Connection, delivery: Delivery, pace: Pace, now: datetime, *, arrived: bool
) -> None:
    """Record an attempt: the delivery is done, tried again, or given up after the last attempt."""
    if not arrived and delivery.attempts < MOST_ATTEMPTS:
        DELIVERIES.update(
            db, replace(delivery, due=to_stored(now + pace.wait_after(delivery.attempts)))
        )
        return
    DELIVERIES.delete(db, delivery.id)
    column = "delivered" if arrived else "given_up"
    db.execute(
        f"UPDATE subscriptions SET {column} = {column} + 1 WHERE id = ?",
        (delivery.subscription_id,),
    )

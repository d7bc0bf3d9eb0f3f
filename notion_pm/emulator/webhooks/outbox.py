"""The deliveries on their way: what has happened is put in, what is due is taken out, and the outcome is noted."""

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

MOST_ATTEMPTS = 8
_LEASE = timedelta(minutes=2)  # what a killed server had taken is sent again after this
_MOST_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Pace:
    """How long events are gathered, and how long a failed delivery rests: twice as long each time."""

    delay: timedelta = timedelta(seconds=2)
    backoff: timedelta = timedelta(seconds=1)

    def rest(self, attempts: int) -> timedelta:
        """Return the rest after so many attempts."""
        return self.backoff * int(2 ** (attempts - 1))


def has_work(db: sqlite3.Connection, now: datetime) -> bool:
    """Return whether anything has happened or is due."""
    query = (
        "SELECT EXISTS (SELECT 1 FROM changes) OR EXISTS (SELECT 1 FROM deliveries WHERE due <= ?)"
    )
    return bool(db.execute(query, (to_stored(now),)).fetchone()[0])


def enqueue_events(db: sqlite3.Connection, settings: Settings, pace: Pace, now: datetime) -> None:
    """Make deliveries of what the journal says, and empty it."""
    events = read_journal(db, settings.workspace_id)
    db.execute("DELETE FROM changes")
    subscriptions = SUBSCRIPTIONS.select(db, "WHERE is_active ORDER BY seq")
    for subscription in subscriptions:
        for event in events:
            if subscription.wants(event.type):
                _put(db, subscription, event, settings, pace, now)


def _put(
    db: sqlite3.Connection,
    subscription: Subscription,
    event: Event,
    settings: Settings,
    pace: Pace,
    now: datetime,
) -> None:
    waiting = _waiting(db, subscription, event)
    if belongs_to_creation(event, [(each.type, each.entity_id) for each in waiting]):
        return
    same = next((each for each in waiting if each.type == event.type), None)
    if same is not None and not event.type.startswith(AT_ONCE):
        payload = same.payload
        earlier = Event(
            event.type,
            event.entity,
            tuple(each["id"] for each in payload["authors"]),
            payload["data"],
        )
        joined = merge_pair(earlier, event)
        said = {"authors": _authors(db, joined.authors), "data": joined.data}
        DELIVERIES.update(db, replace(same, payload={**payload, **said}))
        return
    delay = timedelta() if event.type.startswith(AT_ONCE) else pace.delay
    DELIVERIES.insert(db, _delivery(db, subscription, event, settings, now, now + delay))


def _waiting(
    db: sqlite3.Connection, subscription: Subscription, event: Event
) -> Sequence[Delivery]:
    """Return what this subscriber is still to be told for the first time about the same thing."""
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
        **({"data": event.data} if event.data else {}),
    }
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
    found = [(author, db.execute(query, (author,)).fetchone()) for author in author_ids]
    return [{"id": author, "type": row[0]} for author, row in found if row]


def take_due(db: sqlite3.Connection, now: datetime) -> list[tuple[Delivery, Subscription]]:
    """Take what is due, with its attempt counted; what is not settled in time is due again."""
    clauses = "WHERE due <= ? ORDER BY due, seq LIMIT ?"
    taken: list[tuple[Delivery, Subscription]] = []
    for delivery in DELIVERIES.select(db, clauses, (to_stored(now), _MOST_AT_ONCE)):
        subscription = SUBSCRIPTIONS.find(db, delivery.subscription_id)
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
    """Note how an attempt went: done with, to be tried again, or given up after the last attempt."""
    if not arrived and delivery.attempts < MOST_ATTEMPTS:
        DELIVERIES.update(db, replace(delivery, due=to_stored(now + pace.rest(delivery.attempts))))
        return
    DELIVERIES.delete(db, delivery.id)
    column = "delivered" if arrived else "given_up"
    db.execute(
        f"UPDATE subscriptions SET {column} = {column} + 1 WHERE id = ?",
        (delivery.subscription_id,),
    )

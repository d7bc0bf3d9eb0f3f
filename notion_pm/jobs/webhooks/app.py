"""The door for deliveries: takes only what Notion has signed, answers at once, and reads nothing itself.

Anybody can reach it, so that nothing is believed before its signature was checked, and whoever sends anything else
learns nothing and costs little.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime

from flask import Flask, Response, jsonify, request
from pydantic import ValidationError

from notion_pm.jobs.webhooks.deliveries import SIGNATURE, Event, Handshake, is_signed
from notion_pm.jobs.webhooks.inbox import Inbox
from notion_pm.jobs.webhooks.key import Key

LARGEST_BODY = 256 * 1024
"""Bytes. An event names what has changed; even thousands of blocks stay below."""

_log = logging.getLogger(__name__)


class Health:
    """How the last sync went, for whoever watches over the process."""

    def __init__(self) -> None:
        self.outcome = "none yet"
        self.ended: datetime | None = None

    @property
    def is_well(self) -> bool:
        """Whether nothing needs a person."""
        return self.outcome != "failed"


class Door:
    """Decides about each delivery. `is_new` tells of an event's id whether it had not come before."""

    def __init__(
        self,
        key: Key,
        inbox: Inbox,
        *,
        is_new: Callable[[str, datetime], bool],
        now: Callable[[], datetime],
    ) -> None:
        self._key = key
        self._inbox = inbox
        self._is_new = is_new
        self._now = now
        self._lock = threading.Lock()

    def take(self, body: bytes, signature: str | None) -> int:
        """Take a delivery in, and return the status to answer: 200 for Notion, whatever comes of it."""
        if signature is None:
            return self._shake_hands(body)
        token = self._key.token
        if token is None:
            return self._refused(503, "a delivery came, but no verification token is known yet")
        if not is_signed(body, signature, token):
            return self._refused(401, "a delivery has a wrong signature")
        try:
            event = Event.model_validate_json(body)
        except ValidationError:
            return self._refused(400, "a signed delivery is no event")
        self._sort(event)
        return 200

    def _sort(self, event: Event) -> None:
        now, counts = self._now(), self._inbox.counts
        if event.is_stale(now):
            with self._lock:
                counts.stale += 1
        elif not self._is_new(event.id, now):
            with self._lock:
                counts.repeated += 1
        else:
            _log.debug("%s of %s, attempt %d.", event.type, event.entity.id, event.attempt_number)
            self._inbox.put(event)

    def _shake_hands(self, body: bytes) -> int:
        try:
            token = Handshake.model_validate_json(body).verification_token
        except ValidationError:
            return self._refused(401, "a delivery has no signature")
        return (
            200
            if self._key.offer(token)
            else self._refused(403, "a verification token came, but one is known")
        )

    def _refused(self, status: int, why: str) -> int:
        with self._lock:
            self._inbox.counts.refused += 1
        _log.info("Refused with %d: %s.", status, why)
        return status


def make_app(door: Door, inbox: Inbox, health: Health) -> Flask:
    """Return the application: deliveries go to /, and /health tells how things are."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY

    @app.post("/")
    def deliver() -> Response:
        return Response(
            status=door.take(request.get_data(cache=False), request.headers.get(SIGNATURE))
        )

    @app.get("/health")
    def tell_health() -> tuple[Response, int]:
        waiting = inbox.waiting
        told = {
            "status": "ok" if health.is_well else "failing",
            "last_sync": {
                "outcome": health.outcome,
                "ended": health.ended and health.ended.isoformat("T", "seconds"),
            },
            "waiting": "everything" if waiting.everything else len(waiting.pages),
            "deliveries": asdict(inbox.counts),
        }
        return jsonify(told), 200 if health.is_well else 503

    return app

"""The HTTP endpoint for deliveries: accepts what Notion has signed, answers at once, reads nothing.

Anyone on the internet can send requests to it. So nothing is used before its signature was checked,
and a request without one learns nothing and costs little.
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
from notion_pm.jobs.webhooks.verification import Key

LARGEST_BODY = 256 * 1024
"""Bytes. Events only name what has changed: even one with thousands of blocks is smaller."""

_log = logging.getLogger(__name__)


class Health:
    """How the last sync ended, for a monitor."""

    def __init__(self) -> None:
        self.outcome = "none yet"
        self.ended: datetime | None = None

    @property
    def is_well(self) -> bool:
        """Whether the last sync has not failed."""
        return self.outcome != "failed"


class Receiver:
    """Decides about each delivery. `is_new`: whether an event, by its id, has not come before."""

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
        """Accept or refuse a delivery; return the status to answer. Notion always gets 200."""
        if signature is None:
            return self._take_handshake(body)
        token = self._key.token
        if token is None:
            return self._refuse(503, "a delivery came before the verification token")
        if not is_signed(body, signature, token):
            return self._refuse(401, "a delivery has a wrong signature")
        try:
            event = Event.model_validate_json(body)
        except ValidationError:
            return self._refuse(400, "a signed delivery is not an event")
        self._put_in_inbox(event)
        return 200

    def _put_in_inbox(self, event: Event) -> None:
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

    def _take_handshake(self, body: bytes) -> int:
        try:
            token = Handshake.model_validate_json(body).verification_token
        except ValidationError:
            return self._refuse(401, "a delivery has no signature")
        if self._key.offer(token):
            return 200
        return self._refuse(403, "a verification token came, but one is known already")

    def _refuse(self, status: int, why: str) -> int:
        with self._lock:
            self._inbox.counts.refused += 1
        _log.info("Refused with %d: %s.", status, why)
        return status


def make_app(receiver: Receiver, inbox: Inbox, health: Health) -> Flask:
    """Return the application: POST / for deliveries, GET /health for a monitor."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY

    @app.post("/")
    def deliver() -> Response:
        body = request.get_data(cache=False)
        return Response(status=receiver.take(body, request.headers.get(SIGNATURE)))

    @app.get("/health")
    def health_report() -> tuple[Response, int]:
        waiting = inbox.waiting
        report = {
            "status": "ok" if health.is_well else "failing",
            "last_sync": {
                "outcome": health.outcome,
                "ended": health.ended and health.ended.isoformat("T", "seconds"),
            },
            "waiting": "everything" if waiting.everything else len(waiting.pages),
            "deliveries": asdict(inbox.counts),
        }
        return jsonify(report), 200 if health.is_well else 503

    return app

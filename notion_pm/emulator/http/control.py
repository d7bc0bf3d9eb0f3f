"""Routes to control a local workspace over HTTP, below /_local. They are not part of Notion's API.

They answer only requests from this machine that carry the workspace's own token.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Flask, request
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from notion_pm.emulator.faults import (
    NO_FAULTS,
    FaultInjector,
    Faults,
    InvalidFaultsError,
    parse_faults,
    validate_faults,
)
from notion_pm.emulator.http import checks
from notion_pm.emulator.http.app_routes import sent_json
from notion_pm.emulator.http.errors import (
    ApiError,
    invalid_request_url,
    invalid_token,
    validation_error,
)
from notion_pm.emulator.webhooks import Webhooks

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

PREFIX = "/_local"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Controls:
    """What the routes control."""

    token: str
    faults: FaultInjector
    webhooks: Webhooks
    reset: Callable[[], None]
    app_routes: Blueprint


def with_control(app: WSGIApplication, controls: Controls) -> WSGIApplication:
    """Add the control routes to an application."""
    return DispatcherMiddleware(app, {PREFIX: _ControlApp(controls)})


class _ControlApp(Flask):
    def __init__(self, controls: Controls) -> None:
        super().__init__("notion_pm.emulator.http.control", static_folder=None)
        self._controls = controls
        self.before_request(self._check_caller)
        self.register_blueprint(controls.app_routes)
        self.register_error_handler(ApiError, lambda error: (error.body(), error.status))
        self.register_error_handler(HTTPException, lambda _: (invalid_request_url().body(), 400))
        self.add_url_rule("/weather", view_func=self._report_faults, methods=["GET"])
        self.add_url_rule("/weather", "change", self._change_faults, methods=["PUT"])
        self.add_url_rule("/weather", "calm", self._end_faults, methods=["DELETE"])
        self.add_url_rule("/reset", "reset", self._reset, methods=["POST"])
        self.add_url_rule("/webhooks", "webhooks", self._list_webhooks, methods=["GET"])
        self.add_url_rule("/webhooks", "subscribe", self._subscribe, methods=["POST"])
        self.add_url_rule(
            "/webhooks/<subscription_id>", "unsubscribe", self._unsubscribe, methods=["DELETE"]
        )
        self.add_url_rule(
            "/webhooks/<subscription_id>/verify", "verify", self._verify, methods=["POST"]
        )

    def _check_caller(self) -> None:
        if not _is_loopback(request.remote_addr):
            raise ApiError(
                403,
                "restricted_resource",
                "A local workspace is controlled from its own machine only.",
            )
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        # The comparison takes the same time for every token, so that it cannot be guessed bit by
        # bit.
        is_own_token = secrets.compare_digest(token.encode(), self._controls.token.encode())
        if scheme.lower() != "bearer" or not is_own_token:
            raise invalid_token()

    def _report_faults(self) -> Json:
        return self._controls.faults.report()

    def _change_faults(self) -> Json:
        self._controls.faults.change(_sent_faults())
        return self._report_faults()

    def _end_faults(self) -> Json:
        self._controls.faults.change(NO_FAULTS)
        return self._report_faults()

    def _reset(self) -> Json:
        self._controls.reset()
        self._controls.faults.restart()
        return self._report_faults()

    def _list_webhooks(self) -> Json:
        return {"results": self._controls.webhooks.list_subscriptions()}

    def _subscribe(self) -> Json:
        body = sent_json()
        url = checks.a_string(checks.require(body, "url"), "body.url")
        event_types = body.get("event_types")
        if event_types is not None:
            event_types = checks.an_array(event_types, "body.event_types")
        return self._controls.webhooks.subscribe(url, event_types)

    def _unsubscribe(self, subscription_id: str) -> Json:
        self._controls.webhooks.unsubscribe(subscription_id)
        return self._list_webhooks()

    def _verify(self, subscription_id: str) -> Json:
        token = checks.a_string(
            checks.require(sent_json(), "verification_token"), "body.verification_token"
        )
        return self._controls.webhooks.verify(subscription_id, token)


def _sent_faults() -> Faults:
    """Read the request's faults: JSON as in a file, or text as after `--weather`."""
    try:
        if request.mimetype == "text/plain":
            return parse_faults(request.get_data(as_text=True))
        return validate_faults(sent_json())
    except InvalidFaultsError as error:
        raise validation_error(str(error)) from None


def _is_loopback(address: str | None) -> bool:
    try:
        return ip_address(address or "").is_loopback
    except ValueError:
        return False

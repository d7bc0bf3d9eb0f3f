"""Routes by which a local workspace is controlled over HTTP: below /_local, and no part of Notion's API.

They answer only this machine, and only with the workspace's own token.
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
    CALM,
    Conditions,
    Weather,
    WeatherFault,
    weather_in,
    weather_of,
)
from notion_pm.emulator.http import checks
from notion_pm.emulator.http.app_routes import sent_json
from notion_pm.emulator.http.errors import (
    ApiError,
    invalid_request_url,
    unauthorized,
    validation_error,
)
from notion_pm.emulator.webhooks import Webhooks

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

PREFIX = "/_local"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Controls:
    """What the routes work."""

    token: str
    conditions: Conditions
    webhooks: Webhooks
    reset: Callable[[], None]
    app_routes: Blueprint


def with_control(app: WSGIApplication, controls: Controls) -> WSGIApplication:
    """Put the routes beside an application."""
    return DispatcherMiddleware(app, {PREFIX: _ControlApp(controls)})


class _ControlApp(Flask):
    def __init__(self, controls: Controls) -> None:
        super().__init__("notion_pm.emulator.http.control", static_folder=None)
        self._controls = controls
        self.before_request(self._check_caller)
        self.register_blueprint(controls.app_routes)
        self.register_error_handler(ApiError, lambda error: (error.body(), error.status))
        self.register_error_handler(HTTPException, lambda _: (invalid_request_url().body(), 400))
        self.add_url_rule("/weather", view_func=self._weather, methods=["GET"])
        self.add_url_rule("/weather", "change", self._change_weather, methods=["PUT"])
        self.add_url_rule("/weather", "calm", self._calm_weather, methods=["DELETE"])
        self.add_url_rule("/reset", "reset", self._reset, methods=["POST"])
        self.add_url_rule("/webhooks", "webhooks", self._webhooks, methods=["GET"])
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
        if scheme.lower() != "bearer" or not secrets.compare_digest(
            token.encode(), self._controls.token.encode()
        ):
            raise unauthorized()

    def _weather(self) -> Json:
        return self._controls.conditions.report()

    def _change_weather(self) -> Json:
        self._controls.conditions.change(_sent_weather())
        return self._weather()

    def _calm_weather(self) -> Json:
        self._controls.conditions.change(CALM)
        return self._weather()

    def _reset(self) -> Json:
        self._controls.reset()
        self._controls.conditions.restart()
        return self._weather()

    def _webhooks(self) -> Json:
        return {"results": self._controls.webhooks.listed()}

    def _subscribe(self) -> Json:
        body = sent_json()
        url = checks.a_string(checks.required(body, "url"), "body.url")
        types = body.get("event_types")
        wanted = None if types is None else checks.an_array(types, "body.event_types")
        return self._controls.webhooks.subscribe(url, wanted)

    def _unsubscribe(self, subscription_id: str) -> Json:
        self._controls.webhooks.unsubscribe(subscription_id)
        return self._webhooks()

    def _verify(self, subscription_id: str) -> Json:
        token = checks.a_string(
            checks.required(sent_json(), "verification_token"), "body.verification_token"
        )
        return self._controls.webhooks.verify(subscription_id, token)


def _sent_weather() -> Weather:
    """Read a weather from the request: JSON as in a file, or a line of text as on the command line."""
    try:
        if request.mimetype == "text/plain":
            return weather_in(request.get_data(as_text=True))
        return weather_of(sent_json())
    except WeatherFault as fault:
        raise validation_error(str(fault)) from None


def _is_loopback(address: str | None) -> bool:
    try:
        return ip_address(address or "").is_loopback
    except ValueError:
        return False

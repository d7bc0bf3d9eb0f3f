"""Routes by which a local workspace is controlled over HTTP: below /_local, and no part of Notion's API.

They answer only this machine, and only with the workspace's own token.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from flask import Flask, request
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from .errors import ApiError, invalid_json, invalid_request_url, unauthorized, validation_error
from .weather import CALM, Conditions, Weather, WeatherFault, weather_in, weather_of

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

PREFIX = "/_local"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Controls:
    """What the routes work."""

    token: str
    conditions: Conditions
    reset: Callable[[], None]


def with_control(app: WSGIApplication, controls: Controls) -> WSGIApplication:
    """Puts the routes beside an application."""
    return DispatcherMiddleware(app, {PREFIX: _ControlApp(controls)})


class _ControlApp(Flask):
    def __init__(self, controls: Controls) -> None:
        super().__init__("notion_pm.emulator.control", static_folder=None)
        self._controls = controls
        self.before_request(self._check_caller)
        self.register_error_handler(ApiError, lambda error: (error.body(), error.status))
        self.register_error_handler(HTTPException, lambda _: (invalid_request_url().body(), 400))
        self.add_url_rule("/weather", view_func=self._weather, methods=["GET"])
        self.add_url_rule("/weather", "change", self._change_weather, methods=["PUT"])
        self.add_url_rule("/weather", "calm", self._calm_weather, methods=["DELETE"])
        self.add_url_rule("/reset", "reset", self._reset, methods=["POST"])

    def _check_caller(self) -> None:
        if not _is_loopback(request.remote_addr):
            raise ApiError(403, "restricted_resource", "A local workspace is controlled from its own machine only.")
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not secrets.compare_digest(token.encode(), self._controls.token.encode()):
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


def _sent_weather() -> Weather:
    """Reads a weather from the request: JSON as in a file, or a line of text as on the command line."""
    try:
        if request.mimetype == "text/plain":
            return weather_in(request.get_data(as_text=True))
        if request.get_json(silent=True) is None:
            raise invalid_json()
        return weather_of(request.get_json())
    except WeatherFault as fault:
        raise validation_error(str(fault)) from None


def _is_loopback(address: str | None) -> bool:
    try:
        return ip_address(address or "").is_loopback
    except ValueError:
        return False

"""The Flask application: token and version checked, one transaction a request, every answer in Notion's envelope."""

from __future__ import annotations

import json
import secrets
import sqlite3
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from notion_pm.emulator.behaviour import behaviour
from notion_pm.emulator.http.errors import (
    ApiError,
    invalid_request_url,
    shown,
    unauthorized,
    validation_error,
)
from notion_pm.emulator.http.links import HERE
from notion_pm.emulator.http.routes import BLUEPRINTS
from notion_pm.emulator.pages import page_templates
from notion_pm.emulator.store import connections
from notion_pm.emulator.store.access import EVERYTHING, Access
from notion_pm.emulator.store.clock import Clock
from notion_pm.emulator.store.ids import new_id
from notion_pm.emulator.store.past import Past
from notion_pm.emulator.store.session import Session, Settings
from notion_pm.emulator.store.store import Store
from notion_pm.emulator.values import signed_files, users
from notion_pm.emulator.values.file_uploads import FILES_URL
from notion_pm.emulator.web import Site, SiteBesideApi

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SUPPORTED_VERSIONS = ("2025-09-03", "2026-03-11")
_VERSION_FAULT = "Notion-Version header failed validation: Notion-Version header should be"
ACTS_AS = "notion_pm.acts_as"
"""The key of the WSGI environment under which control routes name the person who acts instead of the token's bot."""

_UNEXPECTED = ApiError(500, "internal_server_error", "Unexpected error occurred.")


class NotionApp(Flask):
    """Serves one workspace."""

    def __init__(self, store: Store, settings: Settings, clock: Clock) -> None:
        super().__init__("notion_pm.emulator", static_folder=None)
        self._store, self._settings, self._clock = store, settings, clock
        self._past = Past(store)
        self.url_map.merge_slashes = False  # a doubled slash is an unknown path, not a redirection
        for blueprint in BLUEPRINTS:
            self.register_blueprint(blueprint, url_prefix="/v1")
        self.register_error_handler(ApiError, lambda error: (error.body(), error.status))
        self.register_error_handler(HTTPException, lambda _: (invalid_request_url().body(), 400))
        self.register_error_handler(Exception, self._report)

    def wsgi_app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        """Answer one request, whose path in-process clients hand over decoded, unlike servers."""
        path = environ["PATH_INFO"]
        if not path.isascii() and not _is_encoded(path):
            environ["PATH_INFO"] = path.encode().decode("latin-1")
        return super().wsgi_app(environ, start_response)

    def dispatch_request(self) -> Any:
        """Answer one request inside one transaction."""
        if request.path.startswith(signed_files.PATH):
            return self._file(request.path.removeprefix(signed_files.PATH).split("/")[0])
        settings, access = self._caller()
        version = _checked_version()
        page_templates.settle(self._store, settings, self._clock())
        with self._state() as db:
            g.session = Session(db, self._clock(), version, settings, access)
            access.check(request.method, request.path)
            return super().dispatch_request()

    def _state(self) -> AbstractContextManager[sqlite3.Connection]:
        """Lend what a request reads and writes: of a query that lags, the state that was."""
        lag = behaviour().query_lag
        if lag and request.path.endswith("/query"):
            return self._past.state_at(self._clock() - timedelta(seconds=lag))
        if _writes():
            self._past.keep_present(self._clock(), lag)
        return self._store.transaction(write=_writes())

    def make_response(self, rv: Any) -> Response:
        """Add the request id to every object and error; the one list without `object` has none (recorded)."""
        body, status = rv if isinstance(rv, tuple) else (rv, 200)
        if not isinstance(body, dict):
            return super().make_response(rv)
        request_id = new_id()
        if "object" in body:
            body = {**body, "request_id": request_id}
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        if FILES_URL in text:
            text = json.dumps(self._signer().shown(body), ensure_ascii=False, separators=(",", ":"))
        text = text.replace(HERE, request.host_url.rstrip("/"))
        response = self.response_class(text, status, mimetype="application/json")
        response.headers["x-notion-request-id"] = request_id
        response.date = self._clock()  # a server would add the time of this machine
        return response

    def _file(self, upload_id: str) -> Response:
        """Answer for a hosted file, whose address is its own permission."""
        if not self._signer().is_open(
            upload_id, request.args.get("expires"), request.args.get("signature")
        ):
            return self.response_class("This address has expired.", 403, mimetype="text/plain")
        with self._store.transaction(write=False) as db:
            found = signed_files.contents(db, upload_id)
        data, content_type = found or (b"", "text/plain")
        response = self.response_class(data, 200 if found else 404, content_type=content_type)
        # Whoever uploaded it, a page among the files must not act as a page of the site beside it.
        response.headers["Content-Security-Policy"] = (
            "sandbox; default-src 'none'; style-src 'unsafe-inline'"
        )
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    def _signer(self) -> signed_files.Signer:
        return signed_files.Signer(self._settings.token, request.host_url, self._clock())

    def _caller(self) -> tuple[Settings, Access]:
        """Return who asks, and what they may; raises 401 for a token that is not known."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise unauthorized()
        if secrets.compare_digest(token.encode(), self._settings.token.encode()):
            return self._own_settings(), EVERYTHING
        with self._store.transaction(write=False) as db:
            found = connections.of_token(db, token)
        if found is None:
            raise unauthorized()
        return found.settings(self._settings), found.access

    def _own_settings(self) -> Settings:
        """Return the workspace's settings, or those with which the person acts whom a control route names."""
        person: str | None = request.environ.get(ACTS_AS)
        if person is None:
            return self._settings
        with self._store.transaction(write=False) as db:
            name = users.name_of(db, person)
        return replace(self._settings, bot_id=person, integration_name=name, is_person=True)

    def _report(self, error: Exception) -> tuple[dict[str, Any], int]:
        self.logger.exception("%s %s", request.method, request.path, exc_info=error)
        if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
            return ApiError(
                409, "conflict_error", "Conflict occurred while saving. Please try again."
            ).body(), 409
        return _UNEXPECTED.body(), _UNEXPECTED.status


def create_app(store: Store, settings: Settings, clock: Clock) -> WSGIApplication:
    """Make the WSGI application of a workspace: its API, and the site that shows it to a browser."""
    return SiteBesideApi(Site(store, settings, clock), NotionApp(store, settings, clock))


def _is_encoded(path: str) -> bool:
    """Return whether a path has the form that WSGI asks for: bytes of UTF-8, each as a character."""
    try:
        path.encode("latin-1").decode()
    except UnicodeError:
        return False
    return True


def _writes() -> bool:
    is_reading_post = request.path.endswith(("/query", "/search"))
    return request.method not in ("GET", "HEAD") and not is_reading_post


def _checked_version() -> str:
    version = request.headers.get("Notion-Version")
    if not version:
        raise ApiError(
            400, "missing_version", f"{_VERSION_FAULT} defined, instead was `undefined`."
        )
    if version not in SUPPORTED_VERSIONS:
        expected = " or ".join(shown(each) for each in SUPPORTED_VERSIONS)
        fault = f"{_VERSION_FAULT} {expected}, instead was {shown(version)}."
        raise validation_error(
            f"{fault} A local workspace knows no version from before data sources."
        )
    return version

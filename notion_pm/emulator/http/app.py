"""The Flask application of the API: token, version, one transaction per request, the envelope."""

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
    invalid_token,
    quote_value,
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
_VERSION_ERROR = "Notion-Version header failed validation: Notion-Version header should be"
ACTS_AS = "notion_pm.acts_as"
"""The WSGI environment key with which control routes name the person who acts, not the bot."""

_UNEXPECTED = ApiError(500, "internal_server_error", "Unexpected error occurred.")


class NotionApp(Flask):
    """Serves the API of one workspace."""

    def __init__(self, store: Store, settings: Settings, clock: Clock) -> None:
        super().__init__("notion_pm.emulator", static_folder=None)
        self._store, self._settings, self._clock = store, settings, clock
        self._past = Past(store)
        self.url_map.merge_slashes = False  # a doubled slash is an unknown path, not a redirection
        # One blueprint for each part of the API; all are below /v1.
        for blueprint in BLUEPRINTS:
            self.register_blueprint(blueprint, url_prefix="/v1")
        self.register_error_handler(ApiError, lambda error: (error.body(), error.status))
        self.register_error_handler(HTTPException, lambda _: (invalid_request_url().body(), 400))
        self.register_error_handler(Exception, self._report)

    def wsgi_app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        """Answer one request. In-process clients, unlike servers, pass its path decoded."""
        path = environ["PATH_INFO"]
        if not path.isascii() and not _is_encoded(path):
            # PEP 3333 requires bytes as latin-1 text. httpx.WSGITransport passes the decoded text.
            environ["PATH_INFO"] = path.encode().decode("latin-1")
        return super().wsgi_app(environ, start_response)

    def dispatch_request(self) -> Any:
        """Answer one request inside one transaction."""
        if request.path.startswith(signed_files.PATH):
            upload_id = request.path.removeprefix(signed_files.PATH).split("/")[0]
            return self._answer_file(upload_id)
        settings, access = self._caller()
        version = _read_version()
        # In a separate transaction before the request's: a request that only reads must see the
        # templates that are due, but cannot write them.
        page_templates.apply_due_templates(self._store, settings, self._clock())
        with self._open_transaction() as db:
            g.session = Session(db, self._clock(), version, settings, access)
            access.check(request.method, request.path)
            return super().dispatch_request()

    def _open_transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        """Return the request's transaction. A query that lags reads an older state."""
        lag = behaviour().query_lag
        if lag and request.path.endswith("/query"):
            return self._past.state_at(self._clock() - timedelta(seconds=lag))
        if _is_write():
            self._past.keep_present(self._clock(), lag)
        return self._store.transaction(write=_is_write())

    def make_response(self, rv: Any) -> Response:
        """Serialize a body, and add the request id to it.

        The list of templates has no `object`, and no request id either (recorded).
        """
        body, status = rv if isinstance(rv, tuple) else (rv, 200)
        if not isinstance(body, dict):
            return super().make_response(rv)
        request_id = new_id()
        if "object" in body:
            body = {**body, "request_id": request_id}
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        if FILES_URL in text:
            signed = self._signer().sign_all(body)
            text = json.dumps(signed, ensure_ascii=False, separators=(",", ":"))
        # Addresses of this workspace are stored without its origin, which may change.
        text = text.replace(HERE, request.host_url.rstrip("/"))
        response = self.response_class(text, status, mimetype="application/json")
        response.headers["x-notion-request-id"] = request_id
        response.date = self._clock()  # else a server adds the time of this machine
        return response

    def _answer_file(self, upload_id: str) -> Response:
        """Answer a request for a hosted file. The signature in its URL is the permission."""
        expires, signature = request.args.get("expires"), request.args.get("signature")
        if not self._signer().is_open(upload_id, expires, signature):
            return self.response_class("This address has expired.", 403, mimetype="text/plain")
        with self._store.transaction(write=False) as db:
            found = signed_files.contents(db, upload_id)
        if found is None:
            response = self.response_class(b"", 404, content_type="text/plain")
        else:
            data, content_type = found
            response = self.response_class(data, 200, content_type=content_type)
        # An uploaded HTML page must not act as a page of the site that is served beside it.
        response.headers["Content-Security-Policy"] = (
            "sandbox; default-src 'none'; style-src 'unsafe-inline'"
        )
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    def _signer(self) -> signed_files.Signer:
        return signed_files.Signer(self._settings.token, request.host_url, self._clock())

    def _caller(self) -> tuple[Settings, Access]:
        """Return the settings and the access of the token. Raises 401 for an unknown token."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise invalid_token()
        if secrets.compare_digest(token.encode(), self._settings.token.encode()):
            return self._own_settings(), EVERYTHING
        with self._store.transaction(write=False) as db:
            found = connections.of_token(db, token)
        if found is None:
            raise invalid_token()
        return found.settings(self._settings), found.access

    def _own_settings(self) -> Settings:
        """Return the workspace's settings, or those of the person that a control route names."""
        person: str | None = request.environ.get(ACTS_AS)
        if person is None:
            return self._settings
        with self._store.transaction(write=False) as db:
            name = users.name_of(db, person)
        return replace(self._settings, bot_id=person, integration_name=name, is_person=True)

    def _report(self, error: Exception) -> tuple[dict[str, Any], int]:
        self.logger.exception("%s %s", request.method, request.path, exc_info=error)
        if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
            # SQLite gave up waiting for another writer (see store.py).
            conflict = ApiError(
                409, "conflict_error", "Conflict occurred while saving. Please try again."
            )
            return conflict.body(), conflict.status
        return _UNEXPECTED.body(), _UNEXPECTED.status


def create_app(store: Store, settings: Settings, clock: Clock) -> WSGIApplication:
    """Return the WSGI application of a workspace: its API, and its site for a browser."""
    return SiteBesideApi(Site(store, settings, clock), NotionApp(store, settings, clock))


def _is_encoded(path: str) -> bool:
    """Return whether a path has the form that WSGI requires: each byte of UTF-8 as a character."""
    try:
        path.encode("latin-1").decode()
    except UnicodeError:
        return False
    return True


def _is_write() -> bool:
    is_reading_post = request.path.endswith(("/query", "/search"))
    return request.method not in ("GET", "HEAD") and not is_reading_post


def _read_version() -> str:
    """Return the Notion-Version of the request. Raises 400 if it is missing or not supported."""
    version = request.headers.get("Notion-Version")
    if not version:
        raise ApiError(
            400, "missing_version", f"{_VERSION_ERROR} defined, instead was `undefined`."
        )
    if version not in SUPPORTED_VERSIONS:
        supported = " or ".join(map(quote_value, SUPPORTED_VERSIONS))
        raise validation_error(
            f"{_VERSION_ERROR} {supported}, instead was {quote_value(version)}. "
            "A local workspace supports no version from before data sources."
        )
    return version

"""The Flask application of the site: guard, one transaction per request, strict headers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Flask, Response, g, render_template, request
from werkzeug.exceptions import HTTPException

from notion_pm.emulator.behaviour import Behaviour, behaving
from notion_pm.emulator.http.errors import ApiError
from notion_pm.emulator.pages import page_templates
from notion_pm.emulator.store.clock import Clock
from notion_pm.emulator.store.session import NEW_VERSION, Session, Settings
from notion_pm.emulator.store.store import Store
from notion_pm.emulator.values.users import first_person
from notion_pm.emulator.web import guard, routes
from notion_pm.emulator.web.addresses import Addresses

_OWN = Behaviour(property_ids="any", formula_filters="accepted")
_MOST_BYTES_IN_FORM = 16 * 1024


class Site(Flask):
    """Shows one workspace to a browser on the same machine."""

    def __init__(self, store: Store, settings: Settings, clock: Clock) -> None:
        super().__init__(__name__, static_folder="assets", static_url_path="/assets")
        self._store, self._settings, self._clock = store, settings, clock
        self._tokens = guard.FormTokens(settings.token)
        self.config["MAX_CONTENT_LENGTH"] = _MOST_BYTES_IN_FORM
        self.jinja_env.trim_blocks = self.jinja_env.lstrip_blocks = True
        self.register_blueprint(routes.blueprint)
        self.before_request(self._refuse_strangers)
        self.after_request(self._add_headers)
        self.context_processor(self._template_values)
        self.register_error_handler(
            ApiError, lambda error: _error_page(error.message, error.status)
        )
        self.register_error_handler(
            HTTPException, lambda error: _error_page(error.description, error.code or 500)
        )

    def dispatch_request(self) -> Any:
        """Answer one request inside one transaction."""
        if request.endpoint == "static":
            return super().dispatch_request()
        # As for requests of the API: what is due must be visible.
        page_templates.apply_due_templates(self._store, self._settings, self._clock())
        # Unlike clients of the API, the site uses property ids as they are stored.
        with behaving(_OWN), self._store.transaction(write=request.method == "POST") as db:
            acting = replace(self._settings, bot_id=first_person(db) or self._settings.bot_id)
            g.session = Session(db, self._clock(), NEW_VERSION, acting)
            g.addresses = Addresses.of(self._settings, request.host_url, g.session.moment)
            return super().dispatch_request()

    def _refuse_strangers(self) -> Any:
        if not (guard.asks_locally(request.host) and guard.is_loopback(request.remote_addr)):
            message = "Open this page on the machine it runs on, as localhost or 127.0.0.1."
            return self.response_class(message, 403, mimetype="text/plain")
        g.cookie = request.cookies.get(guard.COOKIE) or self._tokens.new_cookie()
        # Reading needs no token: the loopback check is enough.
        if request.method in ("GET", "HEAD", "OPTIONS"):
            return None
        if not guard.is_from_here(request.headers, request.host_url.rstrip("/")):
            return _error_page("This change was not sent by this page.", 403)
        if not self._tokens.is_valid(
            request.cookies.get(guard.COOKIE), request.form.get("token", "")
        ):
            return _error_page(
                "This form has expired. Go back, reload the page, and try again.", 403
            )
        return None

    def _add_headers(self, response: Response) -> Response:
        response.headers.update(guard.HEADERS)
        if request.endpoint != "static":
            response.headers["Cache-Control"] = "no-store"
            if "cookie" in g and request.cookies.get(guard.COOKIE) != g.cookie:
                response.set_cookie(guard.COOKIE, g.cookie, httponly=True, samesite="Lax")
        return response

    def _template_values(self) -> dict[str, Any]:
        token = self._tokens.token(g.cookie) if "cookie" in g else ""
        return {"form_token": token, "workspace_name": self._settings.workspace_name}


def _error_page(message: str | None, status: int) -> tuple[str, int]:
    return render_template("error.html", message=message, status=status), status

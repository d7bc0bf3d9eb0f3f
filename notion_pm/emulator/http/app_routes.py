"""Control routes for the actions of people in Notion's app, and for the clock, below /_local."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flask import Blueprint, request
from werkzeug.wrappers import Response

from notion_pm.emulator.http import checks
from notion_pm.emulator.http.app import ACTS_AS
from notion_pm.emulator.http.app_actions import AppActions
from notion_pm.emulator.http.errors import invalid_json, object_not_found, validation_error
from notion_pm.emulator.store.clock import AdjustableClock

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

Json = dict[str, Any]

_METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")
_LATEST_YEAR = 2200  # later, adding a duration could exceed the range of datetime


def app_routes(actions: AppActions, clock: AdjustableClock, api: WSGIApplication) -> Blueprint:
    """Return the routes. `api` answers the requests that a person makes."""
    blueprint = Blueprint("app_routes", __name__)

    @blueprint.route("/as/<user_id>/<path:_>", methods=_METHODS)
    def as_person(user_id: str, _: str) -> Response:
        """Do a request of the API as a person, who may also do what only Notion's app allows."""
        person = checks.path_id("user_id", user_id)
        if not actions.is_person(person):
            raise object_not_found(
                "user", person, {"id": actions.settings.bot_id, "name": "a person"}
            )
        # The path comes from the environment, not from the route: it keeps doubled slashes as sent.
        path = request.environ["PATH_INFO"].removeprefix(f"/as/{user_id}")
        environ = {**request.environ, "PATH_INFO": path, "SCRIPT_NAME": "", ACTS_AS: person}
        return Response.from_app(api, environ, buffered=True)

    @blueprint.post("/users")
    def add_user() -> Json:
        """Add a person or a bot."""
        return actions.add_user(sent_json())

    @blueprint.post("/custom_emojis")
    def add_custom_emoji() -> Json:
        """Add a custom emoji."""
        return actions.add_custom_emoji(sent_json())

    @blueprint.post("/data_sources/<data_source_id>/wiki")
    def turn_into_wiki(data_source_id: str) -> Json:
        """Turn a data source into a wiki."""
        return actions.turn_into_wiki(checks.path_id("data_source_id", data_source_id))

    @blueprint.post("/data_sources/<data_source_id>/templates")
    def add_template(data_source_id: str) -> Json:
        """Add a page template to a data source."""
        return actions.add_template(checks.path_id("data_source_id", data_source_id), sent_json())

    @blueprint.get("/clock")
    def show_clock() -> Json:
        """Return the time of the workspace."""
        return {"now": clock().astimezone(UTC).isoformat()}

    @blueprint.put("/clock")
    def set_clock() -> Json:
        """Set the clock to a moment. It continues to run from there."""
        clock.set(_sent_moment())
        return show_clock()

    @blueprint.delete("/clock")
    def reset_clock() -> Json:
        """Let the clock show the real time again."""
        clock.reset()
        return show_clock()

    return blueprint


def sent_json() -> Json:
    """Return the JSON object of the request. Raises 400 for anything else."""
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise invalid_json()
    return body


def _sent_moment() -> datetime:
    text = checks.a_string(checks.require(sent_json(), "now"), "body.now")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise validation_error(
            f"{text} is not a time. Write it like 2026-06-27T17:00:00Z."
        ) from None
    if not 1970 <= moment.year <= _LATEST_YEAR:
        raise validation_error(f"The year of {text} should be between 1970 and {_LATEST_YEAR}.")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

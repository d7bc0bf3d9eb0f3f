"""The paths of the site: the front page, pages and databases, and the one thing that can be changed here."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import quote, urlencode

from flask import Blueprint, abort, g, redirect, render_template, request

from notion_pm.emulator.store.content_records import VIEWS, View
from notion_pm.emulator.store.ids import canonical, remove_dashes
from notion_pm.emulator.store.records import DATA_SOURCES, DATABASES, PAGES, Database, Page
from notion_pm.emulator.store.session import Session
from notion_pm.emulator.views import tabs
from notion_pm.emulator.web import bodies, choices, home_page, outline, pagesheet, viewing
from notion_pm.emulator.web.addresses import Addresses, database_path, id_in, is_own_path
from notion_pm.emulator.web.cells import emoji
from notion_pm.emulator.web.shown import ViewContent, ViewRequest

blueprint = Blueprint("site", __name__)


@blueprint.get("/")
def home() -> str:
    """Show what there is, and what was touched last."""
    return _render("home.html", front=home_page.home_page(_session()))


@blueprint.get("/p/<slug>")
def thing(slug: str) -> Any:
    """Show a page or a database, by the id at the end of its path."""
    session, notion_id = _session(), id_in(slug)
    if notion_id is None:
        abort(404)
    if page := PAGES.find(session.db, notion_id):
        return _page(session, page)
    if source := DATA_SOURCES.find(session.db, notion_id):
        return redirect(database_path(source.database_id))
    if database := DATABASES.find(session.db, notion_id):
        return _database(session, database)
    return abort(404)


@blueprint.post("/p/<slug>/choose")
def choose(slug: str) -> Any:
    """Set a status or select of a page, and go back to where the form stood."""
    page_id = id_in(slug)
    if page_id is None:
        abort(404)
    choices.choose(
        _session(), page_id, request.form.get("property", ""), request.form.get("option", "")
    )
    return redirect(
        _back(
            request.form.get("back", ""), remove_dashes(page_id), request.form.get("property", "")
        ),
        303,
    )


def _back(path: str, page_id: str, property_id: str) -> str:
    """Return where a change leads: back to where the form stood, with a word about what changed."""
    back = path if is_own_path(path) else f"/p/{page_id}"
    said = urlencode({"changed": page_id, "property": property_id})
    return f"{back}{'&' if '?' in back else '?'}{said}#row-{page_id}"


def _page(session: Session, page: Page) -> str:
    sheet = pagesheet.page_head(session, _addresses(), page)
    return _render(
        "page.html", thing=page, sheet=sheet, body=bodies.body(session, page.id, _addresses())
    )


def _database(session: Session, database: Database) -> str:
    views = tabs.list_tabs(session, database.id)
    view = _wanted_view(session, database, views)
    shown = None
    if view is not None and view.type != "dashboard":
        shown = viewing.show(session, _addresses(), database.id, view, _view_request())
    rows = (
        _widgets(session, database, view) if view is not None and view.type == "dashboard" else []
    )
    return _render("database.html", thing=database, views=views, view=view, shown=shown, rows=rows)


def _widgets(
    session: Session, database: Database, dashboard: View
) -> list[list[tuple[View, ViewContent]]]:
    """Return the views on a dashboard as they stand, each with what it shows."""
    on = {
        view.id: view
        for view in VIEWS.select(session.db, "WHERE dashboard_view_id = ?", (dashboard.id,))
    }
    rows = [
        [on[widget["view_id"]] for widget in row["widgets"]]
        for row in dashboard.configuration["rows"]
    ]
    addresses = _addresses()
    return [
        [
            (view, viewing.show(session, addresses, database.id, view, ViewRequest(anchor=view.id)))
            for view in row
        ]
        for row in rows
    ]


def _wanted_view(session: Session, database: Database, views: list[View]) -> View | None:
    """Return the view that the request names (also a dashboard's widget), else the first tab."""
    wanted = canonical(request.args.get("v", ""))
    if wanted is None:
        return views[0] if views else None
    view = tabs.find(session, wanted)
    if view.database_id != database.id:
        abort(404)
    return view


def _view_request() -> ViewRequest:
    number = request.args.get("page", "1")
    return ViewRequest(
        int(number) if number.isdecimal() and len(number) < 6 else 1, request.args.get("group")
    )


def _render(template: str, **values: Any) -> str:
    session, shown = _session(), values.get("thing")
    return render_template(
        template,
        **values,
        tree=outline.tree(session),
        way=outline.way_to(session, shown) if shown else (),
        note=_note(session),
        here=_here(),
        emoji=emoji,
        database_path=database_path,
    )


def _here() -> str:
    """Return where this page is, without the word about a change before."""
    kept = urlencode(
        {key: value for key, value in request.args.items() if key in ("v", "page", "group")}
    )
    path = quote(request.path)
    return f"{path}?{kept}" if kept else path


def _note(session: Session) -> str | None:
    changed = id_in(request.args.get("changed", ""))
    return (
        choices.describe_change(session, changed, request.args.get("property", ""))
        if changed
        else None
    )


def _session() -> Session:
    return cast("Session", g.session)


def _addresses() -> Addresses:
    return cast("Addresses", g.addresses)

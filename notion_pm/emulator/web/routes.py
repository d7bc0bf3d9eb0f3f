"""The routes of the site: home, pages and databases, and the form that sets an option."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import quote, urlencode

from flask import Blueprint, abort, g, redirect, render_template, request

from notion_pm.emulator.store.content_records import VIEWS, View
from notion_pm.emulator.store.ids import canonical, remove_dashes
from notion_pm.emulator.store.records import DATA_SOURCES, DATABASES, PAGES, Database, Page
from notion_pm.emulator.store.session import Session
from notion_pm.emulator.views import tabs
from notion_pm.emulator.web import bodies, choices, home_page, outline, page_head, view_reader
from notion_pm.emulator.web.addresses import Addresses, database_path, id_in, is_own_path
from notion_pm.emulator.web.cells import emoji
from notion_pm.emulator.web.view_content import ViewContent, ViewRequest

blueprint = Blueprint("site", __name__)


@blueprint.get("/")
def home() -> str:
    """Show the home page."""
    return _render("home.html", front=home_page.home_page(_session()))


@blueprint.get("/p/<slug>")
def thing(slug: str) -> Any:
    """Show a page or a database, by the id at the end of its path."""
    session, notion_id = _session(), id_in(slug)
    if notion_id is None:
        abort(404)
    page = PAGES.find(session.db, notion_id)
    if page is not None:
        return _page(session, page)
    source = DATA_SOURCES.find(session.db, notion_id)
    if source is not None:
        return redirect(database_path(source.database_id))
    database = DATABASES.find(session.db, notion_id)
    if database is not None:
        return _database(session, database)
    return abort(404)


@blueprint.post("/p/<slug>/choose")
def choose(slug: str) -> Any:
    """Set a status or select of a page, and go back to the page with the form."""
    page_id = id_in(slug)
    if page_id is None:
        abort(404)
    property_id = request.form.get("property", "")
    choices.choose(_session(), page_id, property_id, request.form.get("option", ""))
    back = _back(request.form.get("back", ""), remove_dashes(page_id), property_id)
    return redirect(back, 303)


def _back(path: str, page_id: str, property_id: str) -> str:
    """Return the path after a change: the page with the form, with a note about the change."""
    back = path if is_own_path(path) else f"/p/{page_id}"
    note = urlencode({"changed": page_id, "property": property_id})
    separator = "&" if "?" in back else "?"
    return f"{back}{separator}{note}#row-{page_id}"


def _page(session: Session, page: Page) -> str:
    sheet = page_head.page_head(session, _addresses(), page)
    return _render(
        "page.html", thing=page, sheet=sheet, body=bodies.body(session, page.id, _addresses())
    )


def _database(session: Session, database: Database) -> str:
    views = tabs.list_tabs(session, database.id)
    view = _wanted_view(session, database, views)
    content, rows = None, []
    if view is not None and view.type == "dashboard":
        rows = _widgets(session, database, view)
    elif view is not None:
        content = view_reader.read_view(session, _addresses(), database.id, view, _view_request())
    return _render(
        "database.html", thing=database, views=views, view=view, shown=content, rows=rows
    )


def _widgets(
    session: Session, database: Database, dashboard: View
) -> list[list[tuple[View, ViewContent]]]:
    """Return the widgets of a dashboard in rows, each view with its content."""
    found = VIEWS.select(session.db, "WHERE dashboard_view_id = ?", (dashboard.id,))
    widgets = {view.id: view for view in found}
    rows = []
    for row in dashboard.configuration["rows"]:
        shown = []
        for widget in row["widgets"]:
            view = widgets[widget["view_id"]]
            asked = ViewRequest(anchor=view.id)
            content = view_reader.read_view(session, _addresses(), database.id, view, asked)
            shown.append((view, content))
        rows.append(shown)
    return rows


def _wanted_view(session: Session, database: Database, views: list[View]) -> View | None:
    """Return the view that the request names, or the first tab. It may be a dashboard's widget."""
    wanted = canonical(request.args.get("v", ""))
    if wanted is None:
        return views[0] if views else None
    view = tabs.find(session, wanted)
    if view.database_id != database.id:
        abort(404)
    return view


def _view_request() -> ViewRequest:
    number = request.args.get("page", "1")
    is_number = number.isdecimal() and len(number) < 6
    return ViewRequest(int(number) if is_number else 1, request.args.get("group"))


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
    """Return the path of the current page, without the note about a change."""
    kept = {key: value for key, value in request.args.items() if key in ("v", "page", "group")}
    query = urlencode(kept)
    path = quote(request.path)
    return f"{path}?{query}" if query else path


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

"""The tab bar of a database: which views stand in it, and in which order."""

from __future__ import annotations

from typing import Any

from notion_pm.emulator.blocks import tree
from notion_pm.emulator.blocks.trash import refuse_trashed_parent
from notion_pm.emulator.http import checks
from notion_pm.emulator.store.content_records import VIEWS, View
from notion_pm.emulator.store.ids import new_id
from notion_pm.emulator.store.records import DATABASES, Database
from notion_pm.emulator.store.session import Session

_POSITIONS = ("start", "end", "after_view")


def find(session: Session, view_id: str) -> View:
    """Return a view; raises 404 where there is none, or none that is shared."""
    view = VIEWS.find(session.db, view_id)
    if view is None or not session.sees(view.database_id):
        raise session.not_found("view", view_id)
    return view


def position(session: Session, database_id: str, sent: Any) -> float:
    """Return the position of a new tab: where the request says, or at the end."""
    tabs = list_tabs(session, database_id)
    if sent is None:
        return last_position(session, database_id) + 1
    wanted = checks.an_object(sent, "body.position")
    kind = checks.one_of(
        checks.require(wanted, "type", "body.position"), _POSITIONS, "body.position.type"
    )
    if kind == "end" or not tabs:
        return last_position(session, database_id) + 1
    if kind == "start":
        return tabs[0].position - 1
    after = checks.body_id(wanted, "view_id", "body.position")
    index = next((number for number, tab in enumerate(tabs) if tab.id == after), None)
    if index is None:
        raise session.not_found("view", after)
    following = tabs[index + 1].position if index + 1 < len(tabs) else tabs[index].position + 2
    return (tabs[index].position + following) / 2


def last_position(session: Session, database_id: str) -> float:
    """Return the position of a database's last tab, 0 where it has none."""
    row = session.db.execute(
        "SELECT max(position) FROM views WHERE database_id = ?", (database_id,)
    ).fetchone()
    return float(row[0] or 0)


def list_tabs(session: Session, database_id: str) -> list[View]:
    """Return the views in a database's tab bar, in order; the widgets of its dashboards are none of them."""
    clauses = "WHERE database_id = ? AND dashboard_view_id IS NULL ORDER BY position, seq"
    return VIEWS.select(session.db, clauses, (database_id,))


def linked_database(session: Session, sent: Any) -> Database:
    """Make the database block that shows another one's data source."""
    wanted = checks.an_object(sent, "body.create_database")
    checks.check_keys(wanted, ("parent", "position"), "body.create_database")
    parent = checks.an_object(
        checks.require(wanted, "parent", "body.create_database"), "body.create_database.parent"
    )
    page = session.page(checks.body_id(parent, "page_id", "body.create_database.parent"))
    refuse_trashed_parent(session, page)
    database = Database(
        id=new_id(),
        parent_type="page_id",
        parent_id=page.id,
        title=[],
        is_inline=True,
        **tree.creation_stamp(session),
    )
    DATABASES.insert(session.db, database)
    tree.place(
        session,
        "child_database",
        database.id,
        page.id,
        "",
        _place_on(session, page.id, wanted.get("position")),
    )
    return database


def _place_on(session: Session, page_id: str, sent: Any) -> float:
    if sent is None:
        return tree.last_position(session, page_id) + 1
    path = "body.create_database.position"
    where = checks.an_object(sent, path)
    checks.one_of(where.get("type"), ("after_block",), f"{path}.type")
    return tree.position_after(session, page_id, checks.body_id(where, "block_id", path))

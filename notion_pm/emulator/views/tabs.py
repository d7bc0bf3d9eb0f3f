"""The tab bar of a database: its views and their order. Also linked databases."""

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
    """Return a view. Raises 404 if it does not exist or is not shared."""
    view = VIEWS.find(session.db, view_id)
    if view is None or not session.sees(view.database_id):
        raise session.not_found("view", view_id)
    return view


def position(session: Session, database_id: str, sent: Any) -> float:
    """Return the position of a new tab: that of the request, or the end."""
    tabs = list_tabs(session, database_id)
    if sent is None:
        return last_position(session, database_id) + 1
    wanted = checks.an_object(sent, "body.position")
    kind = checks.one_of(
        checks.require(wanted, "type", "body.position"), _POSITIONS, "body.position.type"
    )
    # Positions are floats, like those of blocks.
    if kind == "end" or not tabs:
        return last_position(session, database_id) + 1
    if kind == "start":
        return tabs[0].position - 1
    after = checks.body_id(wanted, "view_id", "body.position")
    for index, tab in enumerate(tabs):
        if tab.id == after:
            is_last = index + 1 == len(tabs)
            following = tab.position + 2 if is_last else tabs[index + 1].position
            return (tab.position + following) / 2
    raise session.not_found("view", after)


def last_position(session: Session, database_id: str) -> float:
    """Return the position of a database's last tab, 0 if it has none."""
    row = session.db.execute(
        "SELECT max(position) FROM views WHERE database_id = ?", (database_id,)
    ).fetchone()
    return float(row[0] or 0)


def list_tabs(session: Session, database_id: str) -> list[View]:
    """Return the views in a database's tab bar, in order, without the widgets of dashboards."""
    clauses = "WHERE database_id = ? AND dashboard_view_id IS NULL ORDER BY position, seq"
    return VIEWS.select(session.db, clauses, (database_id,))


def linked_database(session: Session, sent: Any) -> Database:
    """Create a linked database, which shows a data source of another database, on a page."""
    path = "body.create_database"
    wanted = checks.an_object(sent, path)
    checks.check_keys(wanted, ("parent", "position"), path)
    parent = checks.an_object(checks.require(wanted, "parent", path), f"{path}.parent")
    page = session.page(checks.body_id(parent, "page_id", f"{path}.parent"))
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
    position = _read_position_on_page(session, page.id, wanted.get("position"))
    tree.place(session, "child_database", database.id, page.id, "", position)
    return database


def _read_position_on_page(session: Session, page_id: str, sent: Any) -> float:
    if sent is None:
        return tree.last_position(session, page_id) + 1
    path = "body.create_database.position"
    wanted = checks.an_object(sent, path)
    checks.one_of(wanted.get("type"), ("after_block",), f"{path}.type")
    return tree.position_after(session, page_id, checks.body_id(wanted, "block_id", path))

"""Duplicate a page with everything on it, as people do in Notion's app.

Everything gets a new id; texts stay as they are. The API has no endpoint for it, and no source says
what a duplicate looks like (notion-measured.md 10). Here relations and views of copied databases
point at the copies, and properties and options keep their ids.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from notion_pm.emulator.blocks import tree
from notion_pm.emulator.store.content_records import VIEWS, View
from notion_pm.emulator.store.ids import new_id
from notion_pm.emulator.store.records import BLOCKS, DATA_SOURCES, DATABASES, PAGES, Page
from notion_pm.emulator.store.session import Session

_TITLE_PROPERTY = "title"


def duplicate(session: Session, page_id: str) -> str:
    """Duplicate a page that is on another page, and return the id of the duplicate.

    The duplicate is on the same page. Raises ApiError (404) if there is no such page.
    """
    page = session.page(page_id)
    # All new ids are chosen before anything is copied, so that copies can refer to each other.
    ids = {old: new_id() for old in [page_id, *_below(session, page_id)]}
    _copy_pages(session, ids)
    _copy_databases(session, ids)
    _copy_blocks(session, ids)
    copy = _with_title(session, ids[page_id], f"{page.title} (1)")
    tree.place_last(session, "child_page", copy.id, copy.parent_id or "", copy.title)
    return copy.id


def _below(session: Session, parent_id: str) -> Iterator[str]:
    """Yield the ids of everything below something, without what is in the trash."""
    found = session.db.execute(
        """
        SELECT id FROM blocks WHERE parent_id = :parent AND NOT in_trash
        UNION SELECT id FROM pages WHERE parent_id = :parent AND NOT in_trash
        UNION SELECT id FROM databases WHERE parent_id = :parent AND NOT in_trash
        UNION SELECT id FROM data_sources WHERE database_id = :parent AND NOT in_trash
        UNION SELECT id FROM views WHERE database_id = :parent AND NOT in_trash
        """,
        {"parent": parent_id},
    ).fetchall()
    for (child_id,) in found:
        yield child_id
        yield from _below(session, child_id)


def _copy_pages(session: Session, ids: Mapping[str, str]) -> None:
    for old, new in ids.items():
        page = PAGES.find(session.db, old)
        if page is not None:
            parent_id = ids.get(page.parent_id or "", page.parent_id)
            PAGES.insert(
                session.db,
                replace(
                    page, id=new, parent_id=parent_id, seq=None, **tree.creation_stamp(session)
                ),
            )
        # Relations are rows of `links`, not values of the page.
        links = session.db.execute(
            "SELECT property_id, target_id FROM links WHERE page_id = ? ORDER BY seq", (old,)
        ).fetchall()
        session.db.executemany(
            "INSERT INTO links (page_id, property_id, target_id) VALUES (?, ?, ?)",
            [(new, property_id, ids.get(target, target)) for property_id, target in links],
        )


def _copy_databases(session: Session, ids: Mapping[str, str]) -> None:
    stamp = tree.creation_stamp(session)
    for old, new in ids.items():
        database = DATABASES.find(session.db, old)
        if database is not None:
            parent_id = ids.get(database.parent_id or "", database.parent_id)
            DATABASES.insert(session.db, replace(database, id=new, parent_id=parent_id, **stamp))
        source = DATA_SOURCES.find(session.db, old)
        if source is not None:
            # Relations between copied data sources point at the copies.
            properties = _with_new_ids(source.properties, ids)
            database_id = ids[source.database_id]
            copy = replace(source, id=new, database_id=database_id, properties=properties, **stamp)
            DATA_SOURCES.insert(session.db, copy)
        view = VIEWS.find(session.db, old)
        if view is not None:
            VIEWS.insert(session.db, _copied_view(session, view, new, ids))


def _copied_view(session: Session, view: View, new_id: str, ids: Mapping[str, str]) -> View:
    return replace(
        view,
        id=new_id,
        database_id=ids[view.database_id],
        data_source_id=ids.get(view.data_source_id or "", view.data_source_id),
        dashboard_view_id=ids.get(view.dashboard_view_id or "", view.dashboard_view_id),
        filter=_with_new_ids(view.filter, ids),
        sorts=_with_new_ids(view.sorts, ids),
        quick_filters=_with_new_ids(view.quick_filters, ids),
        configuration=_with_new_ids(view.configuration, ids),
        **tree.creation_stamp(session),
    )


def _copy_blocks(session: Session, ids: Mapping[str, str]) -> None:
    for old, new in ids.items():
        block = BLOCKS.find(session.db, old)
        if block is not None and block.parent_id in ids:
            BLOCKS.insert(
                session.db,
                replace(
                    block, id=new, parent_id=ids[block.parent_id], **tree.creation_stamp(session)
                ),
            )


def _with_title(session: Session, page_id: str, title: str) -> Page:
    page = session.page(page_id)
    text = {
        "type": "text",
        "text": {"content": title, "link": None},
        "annotations": {},
        "plain_text": title,
    }
    renamed = replace(page, title=title, properties={**page.properties, _TITLE_PROPERTY: [text]})
    PAGES.update(session.db, renamed)
    return renamed


def _with_new_ids(value: Any, ids: Mapping[str, str]) -> Any:
    """Return JSON with the id of every copied object replaced by the id of its copy."""
    if isinstance(value, str):
        return ids.get(value, value)
    if isinstance(value, list):
        return [_with_new_ids(item, ids) for item in value]
    if isinstance(value, dict):
        return {key: _with_new_ids(item, ids) for key, item in value.items()}
    return value

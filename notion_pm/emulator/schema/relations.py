"""Relations, one-way and two-way.

Each side of a two-way relation is a property of one data source, and knows the id of the other
side: `near` is the side that a request changes, `far` the other one. Links are stored for both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from notion_pm.emulator.http import checks
from notion_pm.emulator.schema.properties import as_json, unique_name
from notion_pm.emulator.store import ids
from notion_pm.emulator.store.records import DataSource, Property
from notion_pm.emulator.store.session import Session

Config = dict[str, Any]

_KINDS = ("single_property", "dual_property")


def read_config(
    session: Session,
    data_source_id: str,
    wanted: Property,
    sent: Mapping[str, Any],
    existing: Config | None,
    path: str,
) -> Config:
    """Return the config of a relation.

    A two-way relation of a data source to itself becomes one-way (reported). Those made in Notion's
    app do not (recorded).
    """
    target = _read_target(session, sent, existing, path)
    kind = _read_kind(sent, existing, path)
    _check_far_name(sent, path)
    if existing and (existing["data_source_id"] != target or existing["type"] != kind):
        keep_links = existing["data_source_id"] == target
        former = replace(wanted, config=existing)
        _detach(session, data_source_id, former, keep_links=keep_links)
        existing = None
    is_to_itself = target == data_source_id
    if is_to_itself and not session.settings.is_person:
        kind = "single_property"
    return {
        "data_source_id": target,
        "type": kind,
        "synced_property_id": (existing or {}).get("synced_property_id"),
    }


def update_far_side(
    session: Session, data_source_id: str, near: Property, sent: Mapping[str, Any]
) -> None:
    """Create the far side of a two-way relation, or rename it as the request says."""
    if near.config["type"] != "dual_property":
        return
    wanted = (sent.get("dual_property") or {}).get("synced_property_name")
    target = session.data_source(near.config["data_source_id"])
    far = target.schema().get(near.config["synced_property_id"] or "")
    if far is None:
        _make_far_side(session, data_source_id, near, target, wanted)
    elif wanted and wanted != far.name:
        _save(session, target, replace(far, name=unique_name(target.schema(), wanted)))


def remove_relation(session: Session, data_source_id: str, near: Property) -> None:
    """Remove the far side and all links of a relation, before it is deleted or converted."""
    _detach(session, data_source_id, near, keep_links=False)


def relink(session: Session, near: Property, page_id: str, targets: list[str]) -> None:
    """Make a page's relation point at exactly these pages, in this order.

    In a two-way relation the far pages point back. Targets that stay are not touched on the far
    side, so that they keep their position there.
    """
    rows = session.db.execute(
        "SELECT target_id FROM links WHERE page_id = ? AND property_id = ? ORDER BY seq",
        (page_id, near.id),
    )
    before = [row[0] for row in rows]
    if before == targets:
        return
    # The near side is written again, in the order of the request.
    _unlink(session, near.id, [(page_id, target) for target in before])
    _link(session, near.id, [(page_id, target) for target in targets])
    far = near.config.get("synced_property_id")
    if far is not None:
        _unlink(session, far, [(target, page_id) for target in before if target not in targets])
        _link(session, far, [(target, page_id) for target in targets if target not in before])


def unlink_page(session: Session, page_id: str) -> None:
    """Remove a page from every relation, because it leaves its data source."""
    session.db.execute("DELETE FROM links WHERE page_id = ? OR target_id = ?", (page_id, page_id))


def _link(session: Session, property_id: str, pairs: list[tuple[str, str]]) -> None:
    insert = "INSERT OR IGNORE INTO links (property_id, page_id, target_id) VALUES (?, ?, ?)"
    session.db.executemany(insert, [(property_id, *pair) for pair in pairs])


def _unlink(session: Session, property_id: str, pairs: list[tuple[str, str]]) -> None:
    delete = "DELETE FROM links WHERE property_id = ? AND page_id = ? AND target_id = ?"
    session.db.executemany(delete, [(property_id, *pair) for pair in pairs])


def _read_target(
    session: Session, sent: Mapping[str, Any], existing: Config | None, path: str
) -> str:
    if existing and "data_source_id" not in sent:
        return str(existing["data_source_id"])
    return session.data_source(checks.body_id(sent, "data_source_id", path)).id


def _read_kind(sent: Mapping[str, Any], existing: Config | None, path: str) -> str:
    names_kind = any(key in sent for key in ("type", *_KINDS))
    if existing is not None and not names_kind:
        return checks.read_type(existing, _KINDS, path)
    return checks.read_type(sent, _KINDS, path)


def _check_far_name(sent: Mapping[str, Any], path: str) -> None:
    for kind in _KINDS:
        name = checks.optional_object(sent, kind, path).get("synced_property_name")
        if name is not None:
            checks.a_string(name, f"{path}.{kind}.synced_property_name")


def _make_far_side(
    session: Session, data_source_id: str, near: Property, target: DataSource, wanted: str | None
) -> None:
    taken = target.schema()
    near_source = session.data_source(data_source_id)
    title = "".join(part["plain_text"] for part in session.database(near_source.database_id).title)
    # The default name of the service (notion-api.md 3.3).
    name = unique_name(taken, wanted or f"Related to {title} ({near.name})")
    link = {
        "data_source_id": data_source_id,
        "type": "dual_property",
        "synced_property_id": near.id,
    }
    far = Property(ids.new_property_id(taken), name, "relation", link)
    _save(session, target, far)
    _save(session, near_source, replace(near, config={**near.config, "synced_property_id": far.id}))
    # Existing links get their counterpart on the new far side.
    copy = """INSERT OR IGNORE INTO links (page_id, property_id, target_id)
              SELECT l.target_id, ?, l.page_id FROM links l JOIN pages p ON p.id = l.page_id
              WHERE p.parent_id = ? AND l.property_id = ? ORDER BY l.seq"""
    session.db.execute(copy, (far.id, data_source_id, near.id))


def _detach(session: Session, data_source_id: str, near: Property, *, keep_links: bool) -> None:
    """Separate a relation from its far side.

    With `keep_links` only the direction changes: the far side stays, as a one-way relation
    (inferred from a recording). Without, the far side and all links are removed.
    """
    far_id = near.config.get("synced_property_id")
    target = session.find_data_source(near.config["data_source_id"])
    if far_id is not None and target is not None:
        if keep_links:
            _save(session, target, _one_way(target.schema()[far_id]))
        else:
            _clear_links(session, target.id, far_id)
            remaining = dict(target.properties)
            remaining.pop(far_id, None)
            session.save_data_source(replace(target, properties=remaining))
    if not keep_links:
        _clear_links(session, data_source_id, near.id)


def _one_way(far: Property) -> Property:
    read_config = {**far.config, "type": "single_property", "synced_property_id": None}
    return replace(far, config=read_config)


def _clear_links(session: Session, data_source_id: str, property_id: str) -> None:
    clear = """DELETE FROM links WHERE property_id = ?
               AND page_id IN (SELECT id FROM pages WHERE parent_id = ?)"""
    session.db.execute(clear, (property_id, data_source_id))


def _save(session: Session, data_source: DataSource, changed: Property) -> None:
    changed_schema = {**session.data_source(data_source.id).schema(), changed.id: changed}
    session.save_data_source(replace(data_source, properties=as_json(changed_schema)))

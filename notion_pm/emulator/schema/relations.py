"""Two-way relations: each side is a property of its own data source, and knows the other side's id."""

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


def config(
    session: Session,
    data_source_id: str,
    wanted: Property,
    sent: Mapping[str, Any],
    existing: Config | None,
    path: str,
) -> Config:
    """Return the config of a relation.

    A two-way one onto its own data source becomes one-way, as reported; in Notion's app it does not (recorded).
    """
    target = _target(session, sent, existing, path)
    kind = _kind(sent, existing, path)
    _check_far_name(sent, path)
    if existing and (existing["data_source_id"] != target or existing["type"] != kind):
        _let_go(
            session,
            data_source_id,
            replace(wanted, config=existing),
            keep_links=existing["data_source_id"] == target,
        )
        existing = None
    one_way = kind == "single_property" or (
        target == data_source_id and not session.settings.is_person
    )
    far = (existing or {}).get("synced_property_id")
    return {
        "data_source_id": target,
        "type": "single_property" if one_way else kind,
        "synced_property_id": far,
    }


def connect(session: Session, data_source_id: str, near: Property, sent: Mapping[str, Any]) -> None:
    """Give a two-way relation its far side, or the far side the name that the request asks for."""
    if near.config["type"] != "dual_property":
        return
    wanted = (sent.get("dual_property") or {}).get("synced_property_name")
    target = session.data_source(near.config["data_source_id"])
    far = target.schema().get(near.config["synced_property_id"] or "")
    if far is None:
        _make_far_side(session, data_source_id, near, target, wanted)
    elif wanted and wanted != far.name:
        _save(session, target, replace(far, name=unique_name(target.schema(), wanted)))


def forget(session: Session, data_source_id: str, near: Property) -> None:
    """Remove the far side and all links of a relation that is about to go."""
    _let_go(session, data_source_id, near, keep_links=False)


def relink(session: Session, near: Property, page_id: str, targets: list[str]) -> None:
    """Make a page's relation point at exactly these pages, in this order, and the far pages back at it."""
    rows = session.db.execute(
        "SELECT target_id FROM links WHERE page_id = ? AND property_id = ? ORDER BY seq",
        (page_id, near.id),
    )
    before = [row[0] for row in rows]
    if before == targets:
        return
    _unlink(session, near.id, [(page_id, target) for target in before])
    _link(session, near.id, [(page_id, target) for target in targets])
    far = near.config.get("synced_property_id")
    if far is not None:
        _unlink(session, far, [(target, page_id) for target in before if target not in targets])
        _link(session, far, [(target, page_id) for target in targets if target not in before])


def unlink_page(session: Session, page_id: str) -> None:
    """Remove a page from every relation, for it leaves the data source that they are about."""
    session.db.execute("DELETE FROM links WHERE page_id = ? OR target_id = ?", (page_id, page_id))


def _link(session: Session, property_id: str, pairs: list[tuple[str, str]]) -> None:
    insert = "INSERT OR IGNORE INTO links (property_id, page_id, target_id) VALUES (?, ?, ?)"
    session.db.executemany(insert, [(property_id, *pair) for pair in pairs])


def _unlink(session: Session, property_id: str, pairs: list[tuple[str, str]]) -> None:
    delete = "DELETE FROM links WHERE property_id = ? AND page_id = ? AND target_id = ?"
    session.db.executemany(delete, [(property_id, *pair) for pair in pairs])


def _target(session: Session, sent: Mapping[str, Any], existing: Config | None, path: str) -> str:
    if existing and "data_source_id" not in sent:
        return str(existing["data_source_id"])
    return session.data_source(checks.body_id(sent, "data_source_id", path)).id


def _kind(sent: Mapping[str, Any], existing: Config | None, path: str) -> str:
    given = existing is None or any(key in sent for key in ("type", *_KINDS))
    return checks.tag(sent if given else existing or {}, _KINDS, path)


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
    name = unique_name(taken, wanted or f"Related to {title} ({near.name})")
    link = {
        "data_source_id": data_source_id,
        "type": "dual_property",
        "synced_property_id": near.id,
    }
    far = Property(ids.new_property_id(taken), name, "relation", link)
    _save(session, target, far)
    _save(session, near_source, replace(near, config={**near.config, "synced_property_id": far.id}))
    copy = """INSERT OR IGNORE INTO links (page_id, property_id, target_id)
              SELECT l.target_id, ?, l.page_id FROM links l JOIN pages p ON p.id = l.page_id
              WHERE p.parent_id = ? AND l.property_id = ? ORDER BY l.seq"""
    session.db.execute(copy, (far.id, data_source_id, near.id))


def _let_go(session: Session, data_source_id: str, near: Property, *, keep_links: bool) -> None:
    far, target = (
        near.config.get("synced_property_id"),
        session.find_data_source(near.config["data_source_id"]),
    )
    if far is not None and target is not None and keep_links:
        # Only the direction changes: the far side stays, as a relation of its own (inferred from a recording).
        _save(session, target, _one_way(target.schema()[far]))
    elif far is not None and target is not None:
        _clear_links(session, target.id, far)
        remaining = {k: v for k, v in target.properties.items() if k != far}
        session.save_data_source(replace(target, properties=remaining))
    if not keep_links:
        _clear_links(session, data_source_id, near.id)


def _one_way(far: Property) -> Property:
    config = {**far.config, "type": "single_property", "synced_property_id": None}
    return replace(far, config=config)


def _clear_links(session: Session, data_source_id: str, property_id: str) -> None:
    clear = "DELETE FROM links WHERE property_id = ? AND page_id IN (SELECT id FROM pages WHERE parent_id = ?)"
    session.db.execute(clear, (property_id, data_source_id))


def _save(session: Session, data_source: DataSource, changed: Property) -> None:
    changed_schema = {**session.data_source(data_source.id).schema(), changed.id: changed}
    session.save_data_source(replace(data_source, properties=as_json(changed_schema)))

"""The migration step for webhooks: subscriptions, pending deliveries, and a journal of changes.

Triggers write the journal, so that it is complete whatever statement or process makes a change.
They write nothing while there is no active subscription. Each line has the event type, the id of
the changed object, the author, and the details that events.py needs.
"""

from __future__ import annotations

_HAS_SUBSCRIBER = "EXISTS (SELECT 1 FROM subscriptions WHERE is_active)"
_TABLES = """
    CREATE TABLE subscriptions (
        seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, url TEXT NOT NULL, event_types TEXT,
        verification_token TEXT NOT NULL, is_active INTEGER NOT NULL, created_time TEXT NOT NULL,
        delivered INTEGER NOT NULL, given_up INTEGER NOT NULL
    );
    CREATE TABLE deliveries (
        seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, subscription_id TEXT NOT NULL,
        type TEXT NOT NULL, entity_id TEXT NOT NULL, payload TEXT NOT NULL,
        attempts INTEGER NOT NULL, due TEXT NOT NULL
    );
    CREATE INDEX deliveries_by_due ON deliveries (due);
    CREATE INDEX deliveries_of_entity ON deliveries (entity_id, type, subscription_id);
    CREATE TABLE changes (
        seq INTEGER PRIMARY KEY, type TEXT NOT NULL, entity_id TEXT NOT NULL, author TEXT NOT NULL,
        detail TEXT
    );
"""
_CHANGED_KEYS = """(
    SELECT json_group_array(key) FROM (
        SELECT n.key FROM json_each(NEW.properties) n
        LEFT JOIN json_each(OLD.properties) o ON o.key = n.key WHERE n.value IS NOT o.value
        UNION SELECT o.key FROM json_each(OLD.properties) o
        LEFT JOIN json_each(NEW.properties) n ON n.key = o.key WHERE n.value IS NOT o.value
    ))"""
_CHANGED_FIELDS = """(
    SELECT json_group_array(field) FROM (
        SELECT 'name' AS field WHERE NEW.name IS NOT OLD.name
        UNION ALL SELECT 'filter'
            WHERE NEW.filter IS NOT OLD.filter OR NEW.quick_filters IS NOT OLD.quick_filters
        UNION ALL SELECT 'sorts' WHERE NEW.sorts IS NOT OLD.sorts
        UNION ALL SELECT 'configuration' WHERE NEW.configuration IS NOT OLD.configuration
    ))"""
_BLOCK_KIND = (
    "CASE {row}.type WHEN 'child_page' THEN 'page' "
    "WHEN 'child_database' THEN 'database' ELSE 'block' END"
)
_LINK_AUTHOR = "coalesce((SELECT last_edited_by FROM pages WHERE id = {row}.page_id), '')"


def _differs(*columns: str) -> str:
    return " OR ".join(f"NEW.{column} IS NOT OLD.{column}" for column in columns)


def _trigger(
    name: str,
    moment: str,
    event: str,
    entity: str,
    author: str,
    detail: str = "NULL",
    when: str = "1",
) -> str:
    """Return the trigger that journals one kind of change. `event` is an SQL expression."""
    return f"""
    CREATE TRIGGER journal_{name} AFTER {moment} WHEN ({when}) AND {_HAS_SUBSCRIBER} BEGIN
        INSERT INTO changes (type, entity_id, author, detail)
        VALUES ({event}, {entity}, {author}, {detail});
    END;"""


def _as_list(row: str, kind: str) -> str:
    return f"json_array(json_object('id', {row}.id, 'type', {kind}))"


_KIND_OF_TABLE = {"pages": "page", "databases": "database", "data_sources": "data_source"}


def _journal() -> str:
    triggers = []
    for table, kind in _KIND_OF_TABLE.items():
        parent = "database_id" if kind == "data_source" else "parent_id"
        deleted = f"CASE NEW.in_trash WHEN 1 THEN '{kind}.deleted' ELSE '{kind}.undeleted' END"
        triggers += [
            _trigger(
                f"{kind}_created",
                f"INSERT ON {table}",
                f"'{kind}.created'",
                "NEW.id",
                "NEW.created_by",
            ),
            _trigger(
                f"{kind}_trashed",
                f"UPDATE OF in_trash ON {table}",
                deleted,
                "NEW.id",
                "NEW.last_edited_by",
                when=_differs("in_trash"),
            ),
            _trigger(
                f"{kind}_moved",
                f"UPDATE OF {parent} ON {table}",
                f"'{kind}.moved'",
                "NEW.id",
                "NEW.last_edited_by",
                when=_differs(parent),
            ),
        ]
    return "".join([*triggers, *_of_pages(), *_of_content(), *_of_rows(), *_of_others()])


def _of_pages() -> list[str]:
    # Locking is its own event type, besides property changes.
    locked = "CASE NEW.is_locked WHEN 1 THEN 'page.locked' ELSE 'page.unlocked' END"
    return [
        _trigger(
            "page_locked",
            "UPDATE OF is_locked ON pages",
            locked,
            "NEW.id",
            "NEW.last_edited_by",
            when=_differs("is_locked"),
        ),
        _trigger(
            "page_properties",
            "UPDATE OF properties ON pages",
            "'page.properties_updated'",
            "NEW.id",
            "NEW.last_edited_by",
            _CHANGED_KEYS,
            _differs("properties"),
        ),
        *(
            _trigger(
                f"link_{verb.lower()}",
                f"{verb} ON links",
                "'page.properties_updated'",
                f"{row}.page_id",
                _LINK_AUTHOR.format(row=row),
                f"json_array({row}.property_id)",
            )
            for verb, row in (("INSERT", "NEW"), ("DELETE", "OLD"))
        ),
        _trigger(
            "schema",
            "UPDATE OF properties ON data_sources",
            "'data_source.schema_updated'",
            "NEW.id",
            "NEW.last_edited_by",
            "json_object('old', json(OLD.properties), 'new', json(NEW.properties))",
            _differs("properties"),
        ),
    ]


def _of_content() -> list[str]:
    """Return the triggers for blocks.

    The entity is the block's parent; events.py finds the page.
    """
    cases = {"INSERT ON": ("NEW", "1"), "DELETE ON": ("OLD", "1")}
    cases["UPDATE OF content, in_trash ON"] = ("NEW", _differs("content", "in_trash"))
    return [
        _trigger(
            f"block_{verb.split()[0].lower()}",
            f"{verb} blocks",
            "'page.content_updated'",
            f"{row}.parent_id",
            f"{row}.last_edited_by",
            _as_list(row, _BLOCK_KIND.format(row=row)),
            when,
        )
        for verb, (row, when) in cases.items()
    ]


def _of_rows() -> list[str]:
    """Return the triggers for rows, which are the content of their data source."""
    content, of_row = "'data_source.content_updated'", "{row}.parent_type = 'data_source_id'"
    new, old = of_row.format(row="NEW"), of_row.format(row="OLD")
    return [
        _trigger(
            "row_created",
            "INSERT ON pages",
            content,
            "NEW.parent_id",
            "NEW.created_by",
            _as_list("NEW", "'page'"),
            new,
        ),
        _trigger(
            "row_here",
            "UPDATE OF in_trash, parent_id ON pages",
            content,
            "NEW.parent_id",
            "NEW.last_edited_by",
            _as_list("NEW", "'page'"),
            f"{new} AND ({_differs('in_trash', 'parent_id')})",
        ),
        _trigger(
            "row_left",
            "UPDATE OF parent_id ON pages",
            content,
            "OLD.parent_id",
            "NEW.last_edited_by",
            _as_list("NEW", "'page'"),
            f"{old} AND ({_differs('parent_id')})",
        ),
    ]


def _of_others() -> list[str]:
    comment = "CASE NEW.in_trash WHEN 1 THEN 'comment.deleted' ELSE 'comment.updated' END"
    view = "json_object('database_id', {row}.database_id, 'type', {row}.type, 'fields', {fields})"
    made, changed = (
        view.format(row="NEW", fields="NULL"),
        view.format(row="NEW", fields=f"json({_CHANGED_FIELDS})"),
    )
    removed = view.format(row="OLD", fields="NULL")
    view_fields = ("name", "filter", "quick_filters", "sorts", "configuration")
    return [
        _trigger(
            "view_created", "INSERT ON views", "'view.created'", "NEW.id", "NEW.created_by", made
        ),
        _trigger(
            "view_updated",
            "UPDATE ON views",
            "'view.updated'",
            "NEW.id",
            "NEW.last_edited_by",
            changed,
            _differs(*view_fields),
        ),
        _trigger(
            "view_deleted",
            "DELETE ON views",
            "'view.deleted'",
            "OLD.id",
            "OLD.last_edited_by",
            removed,
        ),
        _trigger(
            "comment_created", "INSERT ON comments", "'comment.created'", "NEW.id", "NEW.created_by"
        ),
        _trigger("comment_updated", "UPDATE ON comments", comment, "NEW.id", "NEW.last_edited_by"),
        _trigger(
            "upload_created",
            "INSERT ON file_uploads",
            "'file_upload.created'",
            "NEW.id",
            "NEW.created_by",
        ),
        _trigger(
            "upload_completed",
            "UPDATE OF status ON file_uploads",
            "'file_upload.completed'",
            "NEW.id",
            "NEW.last_edited_by",
            when="NEW.status = 'uploaded' AND OLD.status <> 'uploaded'",
        ),
    ]


WEBHOOK_TABLES = f"{_TABLES}{_journal()}"

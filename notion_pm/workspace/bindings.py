"""Find the databases that a template binds: by id, by URL, or by a title under the parent page."""

from __future__ import annotations

from collections.abc import Sequence

from notion_pm.errors import InvalidNotionId, NotShared, UsageError
from notion_pm.model.ids import NotionId, parse_notion_id
from notion_pm.model.manifest import DatabaseEntry
from notion_pm.model.schema import ChildBlock, DataSource
from notion_pm.notion.client import NotionClient


def find_bound_source(
    notion: NotionClient,
    children: Sequence[ChildBlock],
    reference: str,
    recorded: DatabaseEntry | None,
) -> DataSource:
    """Return the data source of the database that a template names under `bind`. Two requests.

    A database that was bound by the same words before stays bound, also if people have renamed it.
    Raises UsageError when no database or several have that title.
    """
    if recorded is not None and recorded.bound == reference:
        database_id = recorded.database_id
    else:
        database_id = _find_database(children, reference)
    try:
        database = notion.get_database(database_id)
        if len(database.data_source_ids) != 1:
            raise UsageError(
                f"The database {database.title!r} has {len(database.data_source_ids)} "
                "data sources.",
                "A template can only be bound to a database with one.",
            )
        return notion.get_data_source(database.data_source_ids[0])
    except NotShared as error:
        raise UsageError(
            f"The database {reference!r} that the template is bound to cannot be read.",
            "Share it with the connection (in Notion: ... > Connections), "
            "or name another one under `bind`.",
        ) from error


def _find_database(children: Sequence[ChildBlock], reference: str) -> NotionId:
    try:
        return parse_notion_id(reference)
    except InvalidNotionId:
        pass  # a title
    found = []
    for block in children:
        is_database = block.type == "child_database" and not block.in_trash
        if is_database and block.title.casefold() == reference.casefold():
            found.append(block.id)
    if len(found) != 1:
        count = f"{len(found)} databases are" if found else "No database is"
        raise UsageError(
            f"{count} called {reference!r} under the parent page.",
            "Give its URL under `bind`.",
        )
    return found[0]

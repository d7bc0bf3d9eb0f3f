"""Whether a workspace still has what the rules need: people delete databases and properties, and change their types."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from notion_pm.errors import NotShared, UsageError
from notion_pm.model.manifest import DatabaseEntry, Manifest
from notion_pm.model.page import Page
from notion_pm.notion.client import NotionClient
from notion_pm.rules import RuleSet
from notion_pm.rules.page_codec import PageCodec


def require_databases(gateway: NotionClient, rules: RuleSet, manifest: Manifest) -> None:
    """Ask for each database that rules need: a query tells neither of the trash nor why it is refused.

    Raises UsageError when one is in the trash, NotShared when one cannot be reached.
    """
    for database in rules.needs:
        entry = manifest.databases.get(database)
        if entry is not None:
            _require_database(gateway, entry)


def _require_database(gateway: NotionClient, entry: DatabaseEntry) -> None:
    try:
        database = gateway.get_database(entry.database_id)
    except NotShared as lost:
        raise unreachable(f"The database {entry.title!r}", lost) from None
    if database.in_trash:
        raise UsageError(
            f"The database {entry.title!r} is in the trash. Nothing was changed.",
            "Restore it in Notion (Trash, in the sidebar). If it is to go, take it and its rules out of the template.",
        )


def unreachable(what: str, lost: NotShared) -> NotShared:
    """Return the error that says what cannot be reached, in place of Notion's, which knows only an id."""
    return NotShared(
        f"{what} cannot be reached: it is no longer shared with the connection, or was deleted for good. "
        "Nothing was changed.",
        lost.facts,
    )


def require_properties(gateway: NotionClient, rules: RuleSet, manifest: Manifest) -> None:
    """Look for the cause after Notion refused a request: a request per database.

    Raises UsageError naming all properties that rules need and that are gone.
    """
    gone = [
        f"{database}.{key} was deleted"
        for database, keys in rules.needs.items()
        for key in deleted_properties(gateway, manifest, database, keys)
    ]
    if gone:
        raise schema_mismatch(gone)


def require_types(codec: PageCodec, page: Page) -> None:
    """Look at the types of a page's values. Raises UsageError when rules cannot know what to make of one."""
    if differing := codec.type_mismatches(page):
        raise schema_mismatch(
            [f"{address} is now {held}, not {wanted}" for address, held, wanted in differing]
        )


def schema_mismatch(differences: Sequence[str]) -> UsageError:
    """Return the error that names the differences."""
    return UsageError(
        f"The workspace lacks what the template needs: {'; '.join(differences)}. Nothing was changed.",
        "notion-pm plan  shows what is to be done about it,  notion-pm apply  does it.",
    )


def deleted_properties(
    gateway: NotionClient, manifest: Manifest, database: str, keys: Iterable[str]
) -> Iterator[str]:
    """Return the properties that a database no longer has."""
    entry = manifest.databases.get(database)
    there = gateway.get_data_source(entry.data_source_id).properties if entry else {}
    return (key for key in keys if entry is None or entry.properties.get(key) not in there)

"""Check that a workspace still has what the rules need: people delete databases and properties,
and change their types."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from notion_pm.errors import NotShared, UsageError
from notion_pm.model.manifest import DatabaseEntry, Manifest
from notion_pm.model.page import Page
from notion_pm.notion.client import NotionClient
from notion_pm.rules import RuleSet
from notion_pm.rules.page_codec import PageCodec


def require_databases(notion: NotionClient, rules: RuleSet, manifest: Manifest) -> None:
    """Fetch each database that rules need, because a failed query does not say what is wrong.

    Raises UsageError when one is in the trash, NotShared when one cannot be reached.
    """
    for database in rules.needs:
        entry = manifest.databases.get(database)
        if entry is not None:
            _require_database(notion, entry)


def _require_database(notion: NotionClient, entry: DatabaseEntry) -> None:
    try:
        database = notion.get_database(entry.database_id)
    except NotShared as error:
        raise unreachable(f"The database {entry.title!r}", error) from None
    if database.in_trash:
        raise UsageError(
            f"The database {entry.title!r} is in the trash. Nothing was changed.",
            "Restore it in Notion (Trash in the sidebar). If you do not need it any more, "
            "remove it and its rules from the template.",
        )


def unreachable(what: str, error: NotShared) -> NotShared:
    """Return Notion's error with words for what cannot be reached, in place of an id."""
    return NotShared(
        f"{what} cannot be reached: it is no longer shared with the connection, "
        "or was deleted permanently. Nothing was changed.",
        error.facts,
    )


def require_properties(notion: NotionClient, rules: RuleSet, manifest: Manifest) -> None:
    """Find out why Notion refused a request. Costs a request per database.

    Raises UsageError with all properties that rules need and that are gone.
    """
    differences: list[str] = []
    for database, keys in rules.needs.items():
        for key in deleted_properties(notion, manifest, database, keys):
            differences.append(f"{database}.{key} was deleted")
    if differences:
        raise schema_mismatch(differences)


def require_types(codec: PageCodec, page: Page) -> None:
    """Raise UsageError when values of a page are of other types than the template says."""
    mismatches = codec.type_mismatches(page)
    if mismatches:
        raise schema_mismatch(
            [f"{address} is now {found}, not {wanted}" for address, found, wanted in mismatches]
        )


def schema_mismatch(differences: Sequence[str]) -> UsageError:
    """Return the error that lists the differences."""
    return UsageError(
        f"The workspace lacks what the template needs: {'; '.join(differences)}. "
        "Nothing was changed.",
        "See how to fix it with  notion-pm plan , then run  notion-pm apply",
    )


def deleted_properties(
    notion: NotionClient, manifest: Manifest, database: str, keys: Iterable[str]
) -> list[str]:
    """Return those of the properties that a database no longer has."""
    entry = manifest.databases.get(database)
    if entry is None:
        return list(keys)
    existing = notion.get_data_source(entry.data_source_id).properties
    return [key for key in keys if entry.properties.get(key) not in existing]

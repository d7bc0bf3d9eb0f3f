"""Find the database that an import fills, and read the pages that its rows may be related to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from notion_pm.concurrency import map_concurrently
from notion_pm.errors import UsageError
from notion_pm.importing.related import RelatedDatabase, RelatedPage, RelatedPageIndex
from notion_pm.importing.target import Field, Target, TemplateKeys, build_target
from notion_pm.model.ids import NotionId, is_id
from notion_pm.model.manifest import DatabaseEntry, Manifest
from notion_pm.model.page import Page, UniqueIdValue
from notion_pm.model.template import DatabaseSpec, Template
from notion_pm.notion.client import NotionClient
from notion_pm.workspace.catalogue import Catalogue
from notion_pm.workspace.sources import SourceRequest, find_by_id


@dataclass(frozen=True, slots=True)
class Destination:
    """The database to fill, with its template and manifest if it has them.

    `record_page`: the page whose lock is held while the import writes. It is known also for
    databases without a template: two imports into one database must not run at the same time.
    """

    target: Target
    template: Template | None
    manifest: Manifest | None
    record_page: NotionId | None

    @property
    def memory(self) -> str:
        """The name under which the state of its imports is remembered."""
        return self.template.template if self.template else "-"


def open_destination(notion: NotionClient, catalogue: Catalogue, name: str) -> Destination:
    """Return the database of that key, title, id or link.

    Raises UsageError when the name is not that of exactly one database.
    """
    if is_id(name):
        found = [catalogue.with_template_keys(source) for source in find_by_id(notion, name)]
    else:
        found = list(catalogue.find(name))
    wanted = found[0]
    # A named export or a database with several data sources is more than one, and a page is none.
    if len(found) != 1 or wanted.source is None or wanted.page is not None:
        raise UsageError(
            f"{name!r} is not one database.",
            "Name a database, or one of its data sources by its id.",
        )

    keys = _template_keys(wanted, catalogue.template)
    source = wanted.source
    return Destination(
        target=build_target(wanted.name, source.title, source.data_source, keys),
        template=catalogue.template if keys else None,
        manifest=catalogue.manifest if keys else None,
        record_page=catalogue.record.id if catalogue.record else None,
    )


def _template_keys(wanted: SourceRequest, template: Template | None) -> TemplateKeys | None:
    """Return the template's keys of a database, None for one that no template created."""
    source = wanted.source
    if source is None or template is None or not source.keys:
        return None
    if wanted.name not in template.databases:
        return None
    return TemplateKeys(template, wanted.name, source.keys, source.options)


def read_indexes(
    notion: NotionClient,
    destination: Destination,
    fields: Iterable[Field],
    load_spellings: Callable[[NotionId], Mapping[str, NotionId]],
    *,
    jobs: int,
) -> dict[str, RelatedPageIndex]:
    """Read the pages that rows may be related to, by field key. Each database is read once.

    `load_spellings` returns the names that earlier files of the source used for its pages.
    """
    related_by_key: dict[str, RelatedDatabase] = {}
    for field in fields:
        if field.related:
            related_by_key[field.key] = _related_database(notion, destination, field.related)
    # By id: two relations to one database, such as customer and partner, share one read of it.
    databases = {related.data_source_id: related for related in related_by_key.values()}

    def read_pages(related: RelatedDatabase) -> list[RelatedPage]:
        rows = notion.query(related.data_source_id, property_ids=related.property_ids)
        return [_related_page(row, related) for row in rows]

    pages = dict(
        zip(databases, map_concurrently(read_pages, databases.values(), jobs), strict=True)
    )
    spellings = {source_id: load_spellings(source_id) for source_id in databases}
    indexes = {}
    for key, related in related_by_key.items():
        source_id = related.data_source_id
        indexes[key] = RelatedPageIndex(related, pages[source_id], spellings[source_id])
    return indexes


def _related_database(
    notion: NotionClient, destination: Destination, source_id: NotionId
) -> RelatedDatabase:
    template, manifest = destination.template, destination.manifest
    entries: Mapping[str, DatabaseEntry] = manifest.databases if manifest else {}
    for key, entry in entries.items():
        if entry.data_source_id == source_id and template and key in template.databases:
            spec = template.databases[key]
            return RelatedDatabase(
                source_id,
                title=entry.title or spec.title,
                title_id="title",
                domain_id=_first_property_id(spec, entry, "url", spec.import_by),
                number_id=_first_property_id(spec, entry, "unique_id", spec.properties),
                row_keys=entry.rows,
            )
    # A database that no template created: only its title is known, so rows find its pages by title.
    source = notion.get_data_source(source_id)
    return RelatedDatabase(source_id, source.title, "title")


def _first_property_id(
    spec: DatabaseSpec, entry: DatabaseEntry, kind: str, keys: Iterable[str]
) -> str | None:
    """Return the id of the first of some properties that has that type and exists in Notion."""
    for key in keys:
        prop = spec.properties.get(key)
        if prop is not None and prop.type == kind and key in entry.properties:
            return entry.properties[key]
    return None


def _related_page(page: Page, related: RelatedDatabase) -> RelatedPage:
    return RelatedPage(
        page.id, page.title, _text(page, related.domain_id), _text(page, related.number_id)
    )


def _text(page: Page, property_id: str | None) -> str:
    held = page.properties.get(property_id) if property_id else None
    if held is None or not isinstance(held.value, str | UniqueIdValue):
        return ""
    return str(held.value)

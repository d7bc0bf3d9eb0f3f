"""Where an import goes: the database, what its template knows of it, and the databases that it is related to."""

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
from notion_pm.model.template import Template
from notion_pm.notion.client import NotionClient
from notion_pm.workspace.catalogue import Catalogue
from notion_pm.workspace.sources import SourceRequest, find_by_id


@dataclass(frozen=True, slots=True)
class Destination:
    """The database, with its template and manifest where it has them.

    `record_page` is the page to claim while the import writes. It is known also where the template
    is not: two imports into the same database must not run at once, whoever made the database.
    """

    target: Target
    template: Template | None
    manifest: Manifest | None
    record_page: NotionId | None

    @property
    def memory(self) -> str:
        """Under which name it is remembered what was imported."""
        return self.template.template if self.template else "-"


def open_destination(gateway: NotionClient, catalogue: Catalogue, name: str) -> Destination:
    """Return the database of that key, title, id or link.

    Raises UsageError when there is none, or it is not one database.
    """
    found = list(
        map(catalogue.recognised, find_by_id(gateway, name))
        if is_id(name)
        else catalogue.find(name)
    )
    wanted = found[0]
    if len(found) != 1 or wanted.source is None or wanted.page is not None:
        raise UsageError(
            f"{name!r} is not one database.",
            "Name a database, or one of its data sources by its id.",
        )
    template, manifest, record = catalogue.template, catalogue.manifest, catalogue.record
    known = _known(wanted, template)
    target = build_target(wanted.name, wanted.source.title, wanted.source.data_source, known)
    record_page = record.id if record else None
    return Destination(
        target, template if known else None, manifest if known else None, record_page
    )


def _known(wanted: SourceRequest, template: Template | None) -> TemplateKeys | None:
    source = wanted.source
    if (
        source is None
        or template is None
        or not source.keys
        or wanted.name not in template.databases
    ):
        return None
    return TemplateKeys(template, wanted.name, source.keys, source.options)


def read_indexes(
    gateway: NotionClient,
    destination: Destination,
    fields: Iterable[Field],
    spellings: Callable[[NotionId], Mapping[str, NotionId]],
    *,
    jobs: int,
) -> dict[str, RelatedPageIndex]:
    """Read the pages that rows may be related to, by field: each database once, titles and what tells them apart.

    `spellings` returns what the file's source meant by names in a database before.
    """
    related = {
        each.key: _related(gateway, destination, each.related) for each in fields if each.related
    }
    sources = {each.data_source_id: each for each in related.values()}
    read_pages = map_concurrently(lambda each: _pages(gateway, each), sources.values(), jobs)
    pages = dict(zip(sources, read_pages, strict=True))
    known = {source_id: spellings(source_id) for source_id in sources}
    return {
        key: RelatedPageIndex(each, pages[each.data_source_id], known[each.data_source_id])
        for key, each in related.items()
    }


def _related(
    gateway: NotionClient, destination: Destination, source_id: NotionId
) -> RelatedDatabase:
    template, manifest = destination.template, destination.manifest
    entries: Mapping[str, DatabaseEntry] = manifest.databases if manifest else {}
    key = next((key for key, each in entries.items() if each.data_source_id == source_id), None)
    if key is None or template is None or key not in template.databases:
        source = gateway.get_data_source(source_id)
        return RelatedDatabase(source_id, source.title, "title")
    spec, entry = template.databases[key], entries[key]

    def first(kind: str, keys: Iterable[str]) -> str | None:
        of_kind = (
            each for each in keys if each in spec.properties and spec.properties[each].type == kind
        )
        return next((entry.properties[each] for each in of_kind if each in entry.properties), None)

    return RelatedDatabase(
        source_id,
        entry.title or spec.title,
        "title",
        first("url", spec.import_by),
        first("unique_id", spec.properties),
        entry.rows,
    )


def _pages(gateway: NotionClient, related: RelatedDatabase) -> list[RelatedPage]:
    rows = gateway.query(related.data_source_id, property_ids=related.property_ids)
    return [_page(each, related) for each in rows]


def _page(page: Page, related: RelatedDatabase) -> RelatedPage:
    def text(property_id: str | None) -> str:
        held = page.properties.get(property_id) if property_id else None
        return str(held.value) if held and isinstance(held.value, str | UniqueIdValue) else ""

    return RelatedPage(page.id, page.title, text(related.domain_id), text(related.number_id))

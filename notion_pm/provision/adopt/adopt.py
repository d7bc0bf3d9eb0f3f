"""The story of `adopt`: look at a client's databases, propose what they are, and record what a person agreed to.

Nothing of the client's is written to. What a template lacks in an adopted database is added by `apply`, as ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from notion_pm.concurrency import map_concurrently
from notion_pm.errors import RecordLost, TemplateProblem, UsageError
from notion_pm.model.existing import Existing, ExistingDatabase
from notion_pm.model.ids import NotionId, parse_notion_id
from notion_pm.model.manifest import DatabaseEntry, Manifest
from notion_pm.model.schema import ChildBlock, Database
from notion_pm.model.state_home import StateHome
from notion_pm.model.template import LoadedTemplate
from notion_pm.notion.client import NotionClient
from notion_pm.provision.adopt import mapping_to_record
from notion_pm.provision.adopt.mapping_file import MappingFile
from notion_pm.provision.adopt.matching import Candidate, DatabaseMatch, match_databases
from notion_pm.provision.plan.client_template import with_client_names
from notion_pm.provision.plan.plan import Plan, make_plan
from notion_pm.template import templates
from notion_pm.workspace import record_text as codec
from notion_pm.workspace.lock import Claimant, workspace_lock
from notion_pm.workspace.parent_page import list_parent_page
from notion_pm.workspace.record import (
    RecordPage,
    create_first_page,
    find_record,
    locked_record,
    write_record,
)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is proposed for the databases that are `wanted`, by the template's keys.

    `strangers` are databases that are like none of them.
    """

    loaded: LoadedTemplate
    wanted: tuple[str, ...]
    matches: Mapping[str, DatabaseMatch]
    strangers: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Adoption:
    """What would be recorded, and what an apply would add afterwards. `new` are the databases that are adopted now."""

    loaded: LoadedTemplate
    manifest: Manifest
    page: RecordPage | None
    new: Mapping[str, DatabaseEntry]
    plan: Plan


def propose(
    gateway: NotionClient,
    parent_id: NotionId,
    reference: str,
    named: Sequence[str] = (),
    *,
    jobs: int = 4,
    home: StateHome | None = None,
) -> Proposal:
    """Match databases to a template: those named by id or URL, else all under the parent page. Reads only.

    Raises TemplateInvalid, UsageError where there is nothing to adopt, RecordUnreadable or a NotionError.
    """
    children = list_parent_page(gateway, parent_id)
    page = _own_record(gateway, parent_id, children, templates.name_of(reference), home)
    loaded = templates.load(reference, page.manifest.variables if page else {})
    recorded = page.manifest.databases if page else {}
    wanted = tuple(
        key
        for key, spec in loaded.template.databases.items()
        if key not in recorded and not spec.bind
    )
    known = {each.database_id for each in recorded.values()}
    ids = [each for each in (_named(named) if named else _under(children)) if each not in known]
    if not (ids and wanted):
        raise UsageError(
            "There is nothing to adopt: no database that is not the template's already, or none that it still lacks.",
            "Name others by their links:  notion-pm adopt TEMPLATE https://www.notion.so/...",
        )
    find = candidate if named else _candidate_on_page
    found = list(map_concurrently(lambda each: find(gateway, each), ids, jobs))
    candidates = [each for each in found if each is not None]
    matches = match_databases(loaded.template, wanted, candidates, named=bool(named))
    taken = {id(each.candidate) for each in matches.values()}
    return Proposal(
        loaded, wanted, matches, tuple(each for each in candidates if id(each) not in taken)
    )


def _own_record(
    gateway: NotionClient,
    parent_id: NotionId,
    children: Sequence[ChildBlock],
    template: str,
    home: StateHome | None,
) -> RecordPage | None:
    """Return the record page, None when there is none or it is in the trash: adopting is then a way to go on."""
    try:
        return find_record(gateway, parent_id, children, template, home)
    except RecordLost:
        return None


def candidate(gateway: NotionClient, database_id: str) -> Candidate:
    """Read a database of the client's.

    Raises UsageError when it has several data sources, or a NotionError.
    """
    return _only_source(gateway, gateway.get_database(database_id))


def _candidate_on_page(gateway: NotionClient, database_id: str) -> Candidate | None:
    """Read a database on the parent page; None for a linked view."""
    database = gateway.find_database(database_id)
    return _only_source(gateway, database) if database is not None else None


def _only_source(gateway: NotionClient, database: Database) -> Candidate:
    if len(database.data_source_ids) != 1:
        raise UsageError(
            f"The database {database.title!r} has {len(database.data_source_ids)} data sources.",
            "A template can take over a database with one. Name the others only.",
        )
    return Candidate(database, gateway.get_data_source(database.data_source_ids[0]))


def _named(named: Sequence[str]) -> Iterator[NotionId]:
    return (parse_notion_id(each) for each in dict.fromkeys(named))


def _under(children: Sequence[ChildBlock]) -> Iterator[NotionId]:
    return (each.id for each in children if each.type == "child_database" and not each.in_trash)


def look_at_mapping(
    gateway: NotionClient,
    parent_id: NotionId,
    file: MappingFile,
    *,
    now: datetime,
    jobs: int = 4,
    home: StateHome | None = None,
) -> Adoption:
    """Check a mapping against the databases as they are, and plan what an apply would add. Reads only.

    Raises MappingInvalid with all problems, TemplateInvalid, UsageError, RecordUnreadable or a NotionError.
    """
    mapping, before = file.model, gateway.requests.logical
    children = list_parent_page(gateway, parent_id)
    page = _own_record(gateway, parent_id, children, templates.name_of(mapping.adopt), home)
    loaded = templates.load(mapping.adopt, page.manifest.variables if page else {})
    recorded = dict(page.manifest.databases) if page else {}
    file.raise_if_invalid(_already(file, recorded))
    wanted = {
        key: parse_notion_id(each.database)
        for key, each in mapping.databases.items()
        if each and key not in recorded
    }
    read = map_concurrently(lambda each: candidate(gateway, each), wanted.values(), jobs)
    candidates = dict(zip(wanted, read, strict=True))
    known = {key: _candidate_of(gateway, entry) for key, entry in recorded.items()}
    sources = {key: each.source.id for key, each in known.items()}
    subject = mapping_to_record.Subject(mapping, loaded.template, candidates, sources)
    file.raise_if_invalid(mapping_to_record.faults(subject))
    new = mapping_to_record.entries(subject, loaded)
    manifest = _manifest(loaded, page, {**recorded, **new}, now)
    there = {**known, **candidates}
    existing = {
        key: ExistingDatabase(each.source, each.database.title) for key, each in there.items()
    }
    loaded = with_client_names(loaded, manifest.databases, existing)
    reads = gateway.requests.logical - before
    plan = make_plan(loaded, Existing(manifest, existing), reads=reads)
    return Adoption(loaded, manifest, page, new, plan)


def _candidate_of(gateway: NotionClient, entry: DatabaseEntry) -> Candidate:
    return Candidate(
        gateway.get_database(entry.database_id), gateway.get_data_source(entry.data_source_id)
    )


def _already(file: MappingFile, recorded: Mapping[str, DatabaseEntry]) -> Iterator[TemplateProblem]:
    """Yield where a mapping names another database than the one that the template has already."""
    for key, mapped in file.model.databases.items():
        entry = recorded.get(key)
        if (
            mapped is not None
            and entry is not None
            and parse_notion_id(mapped.database) != entry.database_id
        ):
            message = f"the template has a database for `{key}` already: {entry.title!r}."
            yield TemplateProblem(
                ("databases", key), message, "Leave it empty here, or take the template back first."
            )


def _manifest(
    loaded: LoadedTemplate,
    page: RecordPage | None,
    databases: dict[str, DatabaseEntry],
    now: datetime,
) -> Manifest:
    """Return the record. Starter rows are not for databases with rows of their own: `apply --rows` asks for them."""
    if page is not None:
        return page.manifest.model_copy(update={"databases": databases})
    return Manifest(
        template=loaded.template.template,
        version=loaded.template.version,
        variables=loaded.variables,
        state="applied",
        started=now,
        with_rows=False,
        databases=databases,
    )


def adopt(
    gateway: NotionClient, parent_id: NotionId, adoption: Adoption, claimant: Claimant | None = None
) -> None:
    """Record what is adopted: one request, three for a first record, and the lock. Nothing of the client's is touched.

    Raises WorkspaceLocked when another run is at work, RecordChanged when one has been,
    RecordUnreadable where the record would be too long, or a NotionError.
    """
    codec.encode(adoption.manifest)
    page = adoption.page
    if page is not None and not adoption.new:
        return
    claimant = claimant or Claimant()
    if page is not None:
        with locked_record(gateway, page, claimant):
            write_record(gateway, page, adoption.manifest)
        return
    with workspace_lock(gateway, None, claimant) as lock:
        page = create_first_page(gateway, parent_id, adoption.manifest, lock)
        write_record(gateway, page, adoption.manifest)

"""Adopt a client's databases: propose what they are, and record what a person agreed to.

Nothing of the client's is changed. What a template needs in addition is added by `apply`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
from notion_pm.provision.adopt.mapping_file import MappingFile
from notion_pm.provision.adopt.mapping_to_record import (
    MappingContext,
    find_problems,
    make_entries,
)
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

# --- proposing a mapping


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is proposed for the databases that the template still needs (`wanted`).

    `matches`: by the template's keys. `unmatched`: databases that are like none of them.
    """

    loaded: LoadedTemplate
    wanted: tuple[str, ...]
    matches: Mapping[str, DatabaseMatch]
    unmatched: tuple[Candidate, ...]


def propose_mapping(
    client: NotionClient,
    parent_id: NotionId,
    reference: str,
    named: Sequence[str] = (),
    *,
    jobs: int = 4,
    home: StateHome | None = None,
) -> Proposal:
    """Match databases to a template. Only reads.

    `named`: ids or links of databases. Without them all databases under the parent page are used.

    Raises TemplateInvalid, UsageError when there is nothing to adopt, RecordUnreadable or a
    NotionError.
    """
    children = list_parent_page(client, parent_id)
    page = _find_own_record(client, parent_id, children, templates.name_of(reference), home)
    loaded = templates.load(reference, page.manifest.variables if page else {})
    recorded = page.manifest.databases if page else {}
    wanted = tuple(
        key
        for key, spec in loaded.template.databases.items()
        if key not in recorded and not spec.bind
    )
    recorded_ids = {entry.database_id for entry in recorded.values()}
    ids = _parse_ids(named) if named else _database_ids(children)
    ids = [database_id for database_id in ids if database_id not in recorded_ids]
    if not ids or not wanted:
        raise UsageError(
            "There is nothing to adopt: the template has all its databases, or there are no other "
            "databases here.",
            "To adopt databases elsewhere, give their links:  "
            "notion-pm adopt TEMPLATE https://www.notion.so/...",
        )
    candidates = _read_candidates(client, ids, are_named=bool(named), jobs=jobs)
    matches = match_databases(loaded.template, wanted, candidates, named=bool(named))
    matched_ids = {match.candidate.database.id for match in matches.values()}
    unmatched = [candidate for candidate in candidates if candidate.database.id not in matched_ids]
    return Proposal(loaded, wanted, matches, tuple(unmatched))


def _find_own_record(
    client: NotionClient,
    parent_id: NotionId,
    children: Sequence[ChildBlock],
    template: str,
    home: StateHome | None,
) -> RecordPage | None:
    """Return the record page, None when there is none or it is in the trash.

    A lost record is not an error here, because adopting the databases again replaces it.
    """
    try:
        return find_record(client, parent_id, children, template, home)
    except RecordLost:
        return None


def _parse_ids(named: Iterable[str]) -> list[NotionId]:
    return [parse_notion_id(text) for text in dict.fromkeys(named)]


def _database_ids(children: Iterable[ChildBlock]) -> list[NotionId]:
    return [block.id for block in children if block.type == "child_database" and not block.in_trash]


def _read_candidates(
    client: NotionClient, ids: Sequence[NotionId], *, are_named: bool, jobs: int
) -> list[Candidate]:
    def read(database_id: NotionId) -> Candidate | None:
        if are_named:
            return _read_candidate(client, database_id)
        # On a page a linked view of another database looks like a database; it is left out.
        database = client.find_database(database_id)
        return _with_only_source(client, database) if database is not None else None

    found = map_concurrently(read, ids, jobs)
    return [candidate for candidate in found if candidate is not None]


def _read_candidate(client: NotionClient, database_id: NotionId) -> Candidate:
    """Read a client's database.

    Raises UsageError when it has several data sources, or a NotionError.
    """
    return _with_only_source(client, client.get_database(database_id))


def _with_only_source(client: NotionClient, database: Database) -> Candidate:
    if len(database.data_source_ids) != 1:
        raise UsageError(
            f"The database {database.title!r} has {len(database.data_source_ids)} data sources.",
            "A template can only adopt databases with one. Name the other databases only.",
        )
    return Candidate(database, client.get_data_source(database.data_source_ids[0]))


# --- from a mapping to the record


@dataclass(frozen=True, slots=True)
class Adoption:
    """What would be recorded, and what an apply would add afterwards.

    `new`: the entries of the databases that are adopted now.
    """

    loaded: LoadedTemplate
    manifest: Manifest
    page: RecordPage | None
    new: Mapping[str, DatabaseEntry]
    plan: Plan


def plan_adoption(
    client: NotionClient,
    parent_id: NotionId,
    file: MappingFile,
    *,
    now: datetime,
    jobs: int = 4,
    home: StateHome | None = None,
) -> Adoption:
    """Check a mapping against the databases as they are, and plan what an apply would add.

    Only reads. Raises MappingInvalid with all problems, TemplateInvalid, UsageError,
    RecordUnreadable or a NotionError.
    """
    mapping = file.model
    requests_before = client.requests.logical
    children = list_parent_page(client, parent_id)
    page = _find_own_record(client, parent_id, children, templates.name_of(mapping.adopt), home)
    loaded = templates.load(mapping.adopt, page.manifest.variables if page else {})
    recorded = dict(page.manifest.databases) if page else {}
    file.raise_if_invalid(_find_conflicts(file, recorded))

    ids = {
        key: parse_notion_id(database.database)
        for key, database in mapping.databases.items()
        if database and key not in recorded
    }
    read = map_concurrently(
        lambda database_id: _read_candidate(client, database_id), ids.values(), jobs
    )
    candidates = dict(zip(ids, read, strict=True))
    recorded_databases = {
        key: Candidate(
            client.get_database(entry.database_id), client.get_data_source(entry.data_source_id)
        )
        for key, entry in recorded.items()
    }
    recorded_sources = {key: database.source.id for key, database in recorded_databases.items()}
    context = MappingContext(mapping, loaded.template, candidates, recorded_sources)
    file.raise_if_invalid(find_problems(context))

    new = make_entries(context, loaded)
    manifest = _make_manifest(loaded, page, {**recorded, **new}, now)
    existing = {
        key: ExistingDatabase(candidate.source, candidate.database.title)
        for key, candidate in {**recorded_databases, **candidates}.items()
    }
    loaded = with_client_names(loaded, manifest.databases, existing)
    reads = client.requests.logical - requests_before
    plan = make_plan(loaded, Existing(manifest, existing), reads=reads)
    return Adoption(loaded, manifest, page, new, plan)


def _find_conflicts(
    file: MappingFile, recorded: Mapping[str, DatabaseEntry]
) -> Iterator[TemplateProblem]:
    """Yield a problem for each key whose database in the mapping is not the recorded one."""
    for key, mapped in file.model.databases.items():
        entry = recorded.get(key)
        if mapped is None or entry is None:
            continue
        if parse_notion_id(mapped.database) != entry.database_id:
            message = f"the template already has a database for `{key}`: {entry.title!r}."
            advice = "Leave it empty here, or remove the template first (notion-pm destroy)."
            yield TemplateProblem(("databases", key), message, advice)


def _make_manifest(
    loaded: LoadedTemplate,
    page: RecordPage | None,
    databases: dict[str, DatabaseEntry],
    now: datetime,
) -> Manifest:
    """Return the record with these databases."""
    if page is not None:
        return page.manifest.model_copy(update={"databases": databases})
    return Manifest(
        template=loaded.template.template,
        version=loaded.template.version,
        variables=loaded.variables,
        state="applied",
        started=now,
        # Databases with rows of their own need no starter rows; `apply --rows` adds them.
        with_rows=False,
        databases=databases,
    )


def adopt(
    client: NotionClient, parent_id: NotionId, adoption: Adoption, claimant: Claimant | None = None
) -> None:
    """Record what is adopted. Nothing of the client's is changed.

    This takes one request, or three for a first record, and those for the lock.

    Raises WorkspaceLocked when another run is active, RecordChanged when another run has changed
    the record, RecordUnreadable when the record would be too long, or a NotionError.
    """
    codec.encode(adoption.manifest)  # raises before anything is written
    page = adoption.page
    if page is not None and not adoption.new:
        return
    claimant = claimant or Claimant()
    if page is not None:
        with locked_record(client, page, claimant):
            write_record(client, page, adoption.manifest)
        return
    with workspace_lock(client, None, claimant) as lock:
        page = create_first_page(client, parent_id, adoption.manifest, lock)
        write_record(client, page, adoption.manifest)

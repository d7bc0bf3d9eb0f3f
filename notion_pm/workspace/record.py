"""Find, read, create and write the record: the page in the workspace that keeps the manifest."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from notion_pm.concurrency import map_concurrently
from notion_pm.errors import (
    NotShared,
    RecordChanged,
    RecordCopied,
    RecordEdited,
    RecordLost,
    RecordUnreadable,
    RequestRefused,
    UsageError,
)
from notion_pm.model.ids import NotionId, page_url
from notion_pm.model.manifest import Manifest
from notion_pm.model.page import Page
from notion_pm.model.schema import ChildBlock
from notion_pm.model.state_home import StateHome
from notion_pm.notion.client import NotionClient
from notion_pm.notion.wire_schema import text_block
from notion_pm.state.state import State
from notion_pm.state.workspace_memory import WorkspaceMemory
from notion_pm.text import quantity
from notion_pm.workspace import record_text as codec
from notion_pm.workspace.claims import Claim, read_claims
from notion_pm.workspace.lock import Claimant, WorkspaceLock, workspace_lock
from notion_pm.workspace.lost_record import Candidate, places_to_look
from notion_pm.workspace.ownership import check_ownership, is_any_listed
from notion_pm.workspace.parent_page import list_parent_page

_ICON = "🧾"
_PARALLEL_READS = 4
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RecordPage:
    """A page with a manifest, and its blocks: the record, and summaries of the last apply and sync.

    `parent_id` is the parent page of the databases. The record page is on it, unless people moved
    it. `is_edited`: the record was changed by hand. Commands may read it, but not write by it.
    """

    id: NotionId
    parent_id: NotionId
    manifest: Manifest
    record_id: NotionId
    apply_summary_id: NotionId | None
    created_time: datetime | None = None
    sync_summary_id: NotionId | None = None
    claims: tuple[Claim, ...] = ()
    is_edited: bool = False

    def refuse_if_edited(self) -> None:
        """Raise RecordEdited if the record was changed by hand.

        Commands that write call this first.
        """
        if self.is_edited:
            raise RecordEdited(template=self.manifest.template, url=page_url(self.id))

    def with_page_ids(self, manifest: Manifest) -> Manifest:
        """Return a manifest that names this page and the parent page, as it is written here."""
        return manifest.for_page(self.id, self.parent_id)


def read_manifest(
    notion: NotionClient,
    parent_id: str,
    template: str | None = None,
    home: StateHome | None = None,
) -> tuple[NotionId, Manifest]:
    """Return the id of the record page and the manifest.

    Without `template`, that of the only template under the parent page. Raises what
    `open_record_page` raises.
    """
    page = open_record_page(notion, parent_id, template, home)
    return page.id, page.manifest


def open_record_page(
    notion: NotionClient,
    parent_id: str,
    template: str | None = None,
    home: StateHome | None = None,
) -> RecordPage:
    """Return the record page of a template, by default of the only one under the parent page.

    Raises UsageError when nothing was applied there, and what `find_record` raises.
    """
    children = list_parent_page(notion, NotionId(parent_id))
    page = find_record(notion, NotionId(parent_id), children, template, home)
    if page is None:
        name = template or "product"
        if template:
            problem = f"The template {template!r} was not applied to this workspace yet."
        else:
            problem = "No template was applied to this workspace yet."
        raise UsageError(
            problem,
            f"Run  notion-pm apply {name}  first. If its databases are here and the record page "
            f"was deleted, run notion-pm repair {name}.",
        )
    return page


def find_record(
    notion: NotionClient,
    parent_id: NotionId,
    children: Sequence[ChildBlock],
    template: str | None,
    home: StateHome | None = None,
) -> RecordPage | None:
    """Return the record page that belongs to a parent page, None if there is none.

    All commands open the record with this function. It refuses copies, and finds a record page that
    people renamed or moved. `children`: the blocks of the parent page. `home`: the state, in which
    this machine remembers the id of the record page.

    Raises RecordCopied or RecordMoved if the record belongs to another page, RecordLost if it is in
    the trash but its databases are not, UsageError if there are several to choose from,
    RecordUnreadable if it is damaged.
    """
    titled = []
    for block in record_blocks(children):
        if template is None or codec.template_of(block.title) == template:
            titled.append(block)
    search = _RecordSearch(notion, parent_id, children, template)
    search.add([Candidate(block, is_on_parent=True) for block in titled])
    if not (search.originals or search.copies):
        _search_elsewhere(search, {block.id for block in titled}, home)
    return search.only_original()


def _search_elsewhere(search: _RecordSearch, seen: set[NotionId], home: StateHome | None) -> None:
    """Search for a record page with another title, on another page, or in the trash."""
    for candidates in places_to_look(
        search.notion, search.parent_id, search.children, search.template, home
    ):
        new = [candidate for candidate in candidates if candidate.block.id not in seen]
        seen.update(candidate.block.id for candidate in new)
        search.add(new)
        if search.originals or search.copies:
            return


class _RecordSearch:
    """The record pages found so far, and the copies among them."""

    def __init__(
        self,
        notion: NotionClient,
        parent_id: NotionId,
        children: Sequence[ChildBlock],
        template: str | None,
    ) -> None:
        self.notion = notion
        self.parent_id = parent_id
        self.children = children
        self.template = template
        self.originals: list[RecordPage] = []
        self.copies: list[RecordCopied] = []

    def add(self, candidates: Sequence[Candidate]) -> None:
        """Read pages that may have a record, and add those that have one.

        Raises RecordMoved, RecordLost, or RecordUnreadable for a page that should have a record.
        """
        living = []
        for candidate in candidates:
            if candidate.block.in_trash:
                self._check_trashed(candidate)
            else:
                living.append(candidate)
        if not living:
            return
        pages = list(map_concurrently(self._read, living, _PARALLEL_READS))
        for candidate, page in zip(living, pages, strict=True):
            if page is None or self.template not in {None, page.manifest.template}:
                continue
            if candidate.is_on_parent:
                self._add_from_parent(page, candidate.block)
            elif self._belongs_here(page, candidate):
                self._add_from_elsewhere(page, candidate)

    def _read(self, candidate: Candidate) -> RecordPage | None:
        """Return the record on a page, None if the page has no record and need not have one."""
        block = candidate.block
        try:
            return read_record_page(self.notion, block.id, self.parent_id, block.created_time)
        except (RecordUnreadable, NotShared, RequestRefused):
            name = codec.template_of(block.title)
            is_wanted = name is not None and self.template in {None, name}
            has_record_title = candidate.is_on_parent and is_wanted
            if has_record_title or candidate.remembered:
                raise
            return None

    def _add_from_parent(self, page: RecordPage, block: ChildBlock) -> None:
        try:
            check_ownership(self.notion, page.manifest, block, self.parent_id, self.children)
        except RecordCopied as error:
            self.copies.append(error)
            return
        if codec.template_of(block.title) != page.manifest.template:
            _note(
                f"The record page of {page.manifest.template} was renamed to {block.title!r}. "
                "notion-pm still uses it."
            )
        self._keep(page)

    def _belongs_here(self, page: RecordPage, candidate: Candidate) -> bool:
        """Whether a record on another page belongs to this parent page.

        Notion's search finds the records of all clients.
        """
        manifest = page.manifest
        if manifest.page_id not in {None, page.id}:
            return False
        if manifest.parent_id is None:
            return candidate.remembered is not None or is_any_listed(manifest, self.children)
        return manifest.parent_id == self.parent_id

    def _add_from_elsewhere(self, page: RecordPage, candidate: Candidate) -> None:
        # The page may also be new: another run created it after the parent page was listed.
        if candidate.parent_id != self.parent_id:
            _note(
                f"The record page {candidate.block.title!r} was moved to another page. notion-pm "
                "still "
                "uses it here, but other machines may not find it. Move it back: "
                f"{page_url(page.id)}"
            )
        self._keep(page)

    def _check_trashed(self, candidate: Candidate) -> None:
        """Raise RecordLost for a record page in the trash whose databases still exist.

        Notion does not show the blocks of a trashed page (404), so its record cannot be read. If
        all databases are gone too, the template was removed by `undo`, `destroy` or a person.
        """
        manifest = candidate.remembered
        name = manifest.template if manifest else codec.template_of(candidate.block.title)
        if name is None or self.template not in {None, name}:
            return
        if manifest is not None:
            is_needed = self._has_living_databases(manifest)
        elif candidate.parent_id == self.parent_id:
            is_needed = self._has_databases_of_same_creator(candidate.block)
        else:
            is_needed = False
        if is_needed:
            raise trashed_record_error(name, candidate.block)

    def _has_databases_of_same_creator(self, page: ChildBlock) -> bool:
        """Whether a database under the parent page seems to belong to a trashed record page.

        An apply creates the record page first, and then the databases with the same connection.
        Databases in the records of other templates do not count.
        """
        databases = set()
        for block in self.children:
            is_database = block.type == "child_database" and not block.in_trash
            if is_database and _was_created_after(block, page):
                databases.add(block.id)
        if databases:
            for block in record_blocks(self.children):
                with suppress(RecordUnreadable, NotShared):
                    manifest = read_record_page(self.notion, block.id, self.parent_id).manifest
                    databases -= {entry.database_id for entry in manifest.databases.values()}
        return bool(databases)

    def _has_living_databases(self, manifest: Manifest) -> bool:
        if is_any_listed(manifest, self.children):
            return True
        for entry in manifest.made.values():
            with suppress(NotShared):
                if not self.notion.get_database(entry.database_id).in_trash:
                    return True
        return False

    def _keep(self, page: RecordPage) -> None:
        if page.is_edited:
            name = page.manifest.template
            _note(
                f"The record of {name} was changed by hand. This output may be wrong, and "
                "commands that "
                f"change the workspace refuse the record. See  notion-pm repair {name}"
            )
        self.originals.append(replace(page, manifest=page.with_page_ids(page.manifest)))

    def only_original(self) -> RecordPage | None:
        """Return the only original, None if nothing was found.

        Raises RecordCopied if there are only copies, UsageError if there are several originals.
        """
        if not self.originals:
            if self.copies:
                raise self.copies[0]
            return None
        for copy in self.copies:
            _note(
                f"The page {copy.title!r} is a copy of the record page. It is not used: delete it. "
                f"{copy.url}"
            )
        templates = sorted({page.manifest.template for page in self.originals})
        if len(templates) > 1:
            raise UsageError(
                f"Several templates were applied here: {', '.join(templates)}.",
                "Choose one with --template NAME.",
            )
        originals = _without_abandoned(self.originals)
        originals.sort(key=lambda page: (str(page.created_time), page.id))
        if len(originals) > 1:
            lines = [f"  - {_description_of(page)}" for page in originals]
            raise UsageError(
                f"There are {len(originals)} record pages of the template {templates[0]!r} here:\n"
                + "\n".join(lines),
                "One of them is a copy, usually the newer one. Compare them, delete the copy in "
                "Notion, and run the command again.",
            )
        return originals[0]


def _description_of(page: RecordPage) -> str:
    if page.created_time:
        created = f"created {page.created_time:%Y-%m-%d %H:%M} UTC"
    else:
        created = "creation time unknown"
    databases = quantity(len(page.manifest.databases), "database")
    return f"{created}, names {databases}: {page_url(page.id)}"


def _was_created_after(database: ChildBlock, page: ChildBlock) -> bool:
    if database.created_time is None or page.created_time is None:
        return True
    return database.created_by == page.created_by and database.created_time >= page.created_time


def trashed_record_error(name: str, block: ChildBlock) -> RecordLost:
    """Return the error for a record page in the trash whose databases still exist."""
    return RecordLost(
        f"The record page {block.title!r} is in Notion's trash, but its databases are not. Without "
        "the record, notion-pm does not know which databases it created.",
        f"Nothing was changed.  notion-pm repair {name}  asks, and restores it. Or open "
        f"{page_url(block.id)} and choose Restore. If the page was deleted from the trash too, "
        "repair builds a new record from the databases. If the databases are the client's own,  "
        f"notion-pm adopt {name}  uses them.",
        page_id=block.id,
    )


def missing_record_error(template: str, titles: Sequence[str]) -> RecordLost:
    """Return the error for databases with the titles of a template but without a record."""
    named = ", ".join(repr(title) for title in titles)
    return RecordLost(
        f"There are databases here with the titles of the template {template}: {named}. There is "
        "no record of them: the record page was deleted, or the connection cannot see it.",
        "Nothing was created. If the record page was deleted, restore it (Trash in Notion's "
        f"sidebar), or run  notion-pm repair {template}  to build a new one from the databases. If "
        f"the databases are the client's own,  notion-pm adopt {template}  uses them; to create "
        "the template's databases beside them, rename them first.",
    )


def not_made_by_apply_error(template: str, titles: Sequence[str]) -> RecordLost:
    """Return the error for databases that do not come from the apply that was interrupted."""
    named = ", ".join(repr(title) for title in titles)
    return RecordLost(
        f"An apply of {template} was interrupted before it recorded all its databases. There are "
        f"databases here with the same titles, but other properties than it creates: {named}.",
        f"Nothing was created. To use them for the template:  notion-pm adopt {template}. If they "
        "are the client's own, rename them first: the next apply then creates the template's "
        "databases beside them.",
    )


@lru_cache(maxsize=256)
def _note(text: str) -> None:
    # Cached, so that each note is printed once per run: an apply opens the record twice.
    _log.warning("%s", text)


def record_blocks(children: Sequence[ChildBlock]) -> list[ChildBlock]:
    """Return the blocks of pages with the title of a record page."""
    pages = [block for block in children if block.type == "child_page" and not block.in_trash]
    return [page for page in pages if codec.template_of(page.title) is not None]


def open_record(
    notion: NotionClient, block: ChildBlock, parent_id: NotionId, siblings: Sequence[ChildBlock]
) -> RecordPage:
    """Read the record on a page and check that it belongs there.

    Raises RecordCopied, RecordMoved, or RecordUnreadable if the record is missing or damaged.
    """
    page = read_record_page(notion, block.id, parent_id, block.created_time)
    check_ownership(notion, page.manifest, block, parent_id, siblings)
    return replace(page, manifest=page.with_page_ids(page.manifest))


def _without_abandoned(pages: list[RecordPage]) -> list[RecordPage]:
    """Leave out record pages that own nothing.

    When two first applies run at the same time, both create a record page, and the later one
    trashes its own. If it is killed right before that, its empty page remains.
    """
    owning = [page for page in pages if page.manifest.databases or page.manifest.state == "applied"]
    return owning or pages[:1]


def read_record_page(
    notion: NotionClient, page_id: NotionId, parent_id: NotionId, created: datetime | None = None
) -> RecordPage:
    """Read the record on a page, without checking where it belongs. Commands use `find_record`.

    Raises RecordUnreadable if the record is missing or damaged.
    """
    blocks = [block for block in notion.list_children(page_id) if not block.in_trash]
    record = next((block for block in blocks if block.type == "code"), None)
    try:
        if record is None:
            raise RecordUnreadable("The record is missing: the record page has no code block.")
        decoded = codec.decode(record.text)
    except RecordUnreadable as error:
        error.page_id = page_id
        raise
    learn_databases(notion, decoded.manifest)
    # The summaries come before the record. Paragraphs after it are claims, or texts of people.
    apply_summary_id = sync_summary_id = None
    for block in blocks[: blocks.index(record)]:
        if block.type != "paragraph":
            continue
        if codec.is_sync_summary(block.text):
            sync_summary_id = sync_summary_id or block.id
        else:
            apply_summary_id = apply_summary_id or block.id
    return RecordPage(
        id=page_id,
        parent_id=parent_id,
        manifest=decoded.manifest,
        record_id=record.id,
        apply_summary_id=apply_summary_id,
        created_time=created,
        sync_summary_id=sync_summary_id,
        claims=read_claims(blocks),
        is_edited=decoded.is_edited,
    )


def learn_databases(notion: NotionClient, manifest: Manifest) -> None:
    """Let the client know which database each data source of a record belongs to.

    Errors can then name the database.
    """
    for entry in manifest.databases.values():
        notion.learn_database(entry.database_id, entry.title, entry.data_source_id)


def create_record_page(
    notion: NotionClient, parent_id: NotionId, manifest: Manifest, lock: WorkspaceLock
) -> Page:
    """Create the record page with the claim of this run. Call `check_first_page` next.

    The record names the parent page. The next write adds the id of the page itself.
    """
    manifest = manifest.for_page(None, parent_id)
    title = codec.page_title(manifest.template)
    children = [
        _block("callout", codec.WHAT_THIS_IS, icon={"type": "emoji", "emoji": _ICON}),
        _block("paragraph", codec.apply_summary_text(manifest, manifest.started)),
        _block("paragraph", codec.NOT_SYNCED),
        _block("code", codec.encode(manifest), language="json"),
        lock.first_claim(),
    ]

    def look_up() -> Page | None:
        # Another run may have just created a page with this title. Ours has our claim on it.
        pages = list_record_pages(notion, parent_id, manifest.template)
        ours = next((page for page in pages if lock.is_claimed_on(page.id)), None)
        return notion.get_page(ours.id) if ours else None

    return notion.create_page(parent_id, title, children=children, icon=_ICON, look_up=look_up)


@contextmanager
def locked_record(
    notion: NotionClient, page: RecordPage, claimant: Claimant
) -> Iterator[WorkspaceLock]:
    """Hold the lock of a workspace whose record was read before.

    The record is read again after the claim was made: another run may have changed it in between.

    Raises WorkspaceLocked if another run is active, RecordChanged if another run changed the
    record, RecordEdited.
    """
    page.refuse_if_edited()
    with workspace_lock(notion, page.id, claimant) as lock:
        try:
            now = read_record_page(notion, page.id, page.parent_id)
        except NotShared as error:
            raise RecordChanged("The record page was put in the trash") from error
        lock.confirm(now.claims)
        now.refuse_if_edited()
        if now.with_page_ids(now.manifest) != page.with_page_ids(page.manifest):
            raise RecordChanged
        yield lock


def check_first_page(
    notion: NotionClient, parent_id: NotionId, page: Page, template: str, lock: WorkspaceLock
) -> None:
    """Check that no other run created a record page first. One request.

    Raises WorkspaceLocked if one did; the new page is then in the trash.
    """
    lock.check_new_page(page, lambda: list_record_pages(notion, parent_id, template))


def list_record_pages(notion: NotionClient, parent_id: NotionId, template: str) -> list[ChildBlock]:
    """Return the record pages of a template under the parent page, in the order of the page."""
    blocks = record_blocks(notion.list_children(parent_id))
    return [block for block in blocks if codec.template_of(block.title) == template]


def create_first_page(
    notion: NotionClient, parent_id: NotionId, manifest: Manifest, lock: WorkspaceLock
) -> RecordPage:
    """Create the record page. Four requests.

    Its manifest stays empty until the page is known to be the first one. Raises WorkspaceLocked if
    another run created one first.
    """
    empty = manifest.model_copy(update={"state": "applying", "databases": {}})
    created_page = create_record_page(notion, parent_id, empty, lock)
    check_first_page(notion, parent_id, created_page, manifest.template, lock)
    page = read_record_page(notion, created_page.id, parent_id, created_page.created_time)
    lock.confirm(page.claims)
    return page


def create_record(
    notion: NotionClient, parent_id: NotionId, manifest: Manifest, claimant: Claimant
) -> RecordPage:
    """Create the record page with a complete manifest.

    Raises WorkspaceLocked if another run created one first.
    """
    with workspace_lock(notion, None, claimant) as lock:
        return _rewrite(notion, create_first_page(notion, parent_id, manifest, lock), manifest)


def overwrite_record(
    notion: NotionClient, page_id: NotionId, parent_id: NotionId, manifest: Manifest
) -> RecordPage | None:
    """Replace a damaged record. Return None if the page has no block for it. Needs the lock."""
    blocks = notion.list_children(page_id)
    code = next((block for block in blocks if block.type == "code" and not block.in_trash), None)
    if code is None:
        return None
    return _rewrite(
        notion, RecordPage(page_id, parent_id, manifest, code.id, apply_summary_id=None), manifest
    )


def _rewrite(notion: NotionClient, page: RecordPage, manifest: Manifest) -> RecordPage:
    page = replace(page, manifest=page.with_page_ids(manifest))
    write_record(notion, page, manifest)
    return page


def remember_record(home: StateHome, page: RecordPage, source: str) -> None:
    """Save a record in the state, so that this machine finds its page wherever people move it."""
    with State(home, page.manifest.template) as state:
        remembered = state.workspace.read() or WorkspaceMemory(source)
        state.workspace.save(replace(remembered, manifest=page.manifest))


def write_record(notion: NotionClient, page: RecordPage, manifest: Manifest) -> None:
    """Replace the record on its page. From now on it names this page."""
    notion.update_text_block(
        page.record_id, "code", codec.encode(page.with_page_ids(manifest)), language="json"
    )


def write_summary(
    notion: NotionClient, page: RecordPage, manifest: Manifest, moment: datetime
) -> None:
    """Replace the summary for people. If they deleted it, only read the page."""
    if page.apply_summary_id is None:
        read_record_page(notion, page.id, page.parent_id)
    else:
        notion.update_text_block(
            page.apply_summary_id, "paragraph", codec.apply_summary_text(manifest, moment)
        )


def _block(kind: str, text: str, **settings: Any) -> dict[str, Any]:
    return {"object": "block", "type": kind, **text_block(kind, text, settings)}

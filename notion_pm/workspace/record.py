"""The record of a workspace: finding, reading, creating and writing the page that keeps the manifest."""

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
_MOST_AT_ONCE = 4
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RecordPage:
    """The page that keeps a manifest, and its blocks: the record, what people read of applies, and what of syncs.

    `parent_id` is the parent page of the databases. The record page is on it, unless people moved it.
    `is_edited`: somebody changed the record by hand. It may be read; nothing may be written by it.
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
        """Raise RecordEdited when the record was changed by hand. Commands that write call this first."""
        if self.is_edited:
            raise RecordEdited(template=self.manifest.template, url=page_url(self.id))

    def placed(self, manifest: Manifest) -> Manifest:
        """Return a manifest as it is written to this page: it names the page and the parent page."""
        return manifest.placed(self.id, self.parent_id)


def read_manifest(
    gateway: NotionClient,
    parent_id: str,
    template: str | None = None,
    home: StateHome | None = None,
) -> tuple[NotionId, Manifest]:
    """Return the manifest page's id and the manifest; without a name that of the only template under the page.

    Raises what `open_record_page` raises.
    """
    page = open_record_page(gateway, parent_id, template, home)
    return page.id, page.manifest


def open_record_page(
    gateway: NotionClient,
    parent_id: str,
    template: str | None = None,
    home: StateHome | None = None,
) -> RecordPage:
    """Return the manifest page of a template; without a name that of the only one under the parent page.

    Raises UsageError when nothing was applied there, and what `find_record` raises.
    """
    children = list_parent_page(gateway, NotionId(parent_id))
    page = find_record(gateway, NotionId(parent_id), children, template, home)
    if page is None:
        which = f"The template {template!r} was not" if template else "No template was"
        name = template or "product"
        raise UsageError(
            f"{which} applied to this workspace yet.",
            f"Run  notion-pm apply {name}  first. If its databases are here and the record page was deleted, run "
            f"notion-pm repair {name}.",
        )
    return page


def find_record(
    gateway: NotionClient,
    parent_id: NotionId,
    children: Sequence[ChildBlock],
    template: str | None,
    home: StateHome | None = None,
) -> RecordPage | None:
    """Return the manifest page of a parent page, None when there is none.

    This is the one way in which commands open a record. It refuses copies, and finds a record page that people renamed
    or moved. `children` are the blocks of the parent page, `home` is where this machine remembers the record's id.

    Raises RecordCopied or RecordMoved when the record belongs elsewhere, RecordLost when it is in the trash and its
    databases are not, UsageError when there are several to choose from, RecordUnreadable when it is damaged.
    """
    titled = [
        block
        for block in record_blocks(children)
        if template in {None, codec.template_of(block.title)}
    ]
    found = _Found(gateway, parent_id, children, template)
    found.take([Candidate(block, is_on_parent=True) for block in titled])
    if not (found.originals or found.copies):
        _look_elsewhere(found, {block.id for block in titled}, home)
    return found.only()


def _look_elsewhere(found: _Found, seen: set[NotionId], home: StateHome | None) -> None:
    """Look for a record page that has another title, is on another page, or is in the trash."""
    for candidates in places_to_look(
        found.gateway, found.parent_id, found.children, found.template, home
    ):
        new = [candidate for candidate in candidates if candidate.block.id not in seen]
        seen.update(candidate.block.id for candidate in new)
        found.take(new)
        if found.originals or found.copies:
            return


class _Found:
    """The record pages that were found, and the copies among them."""

    def __init__(
        self,
        gateway: NotionClient,
        parent_id: NotionId,
        children: Sequence[ChildBlock],
        template: str | None,
    ) -> None:
        self.gateway = gateway
        self.parent_id = parent_id
        self.children = children
        self.template = template
        self.originals: list[RecordPage] = []
        self.copies: list[RecordCopied] = []

    def take(self, candidates: Sequence[Candidate]) -> None:
        """Read pages that may keep the record, and keep those that do.

        Raises RecordMoved, RecordLost, or RecordUnreadable for a page that is known to keep the record.
        """
        for candidate in candidates:
            if candidate.block.in_trash:
                self._check_trashed(candidate)
        candidates = [candidate for candidate in candidates if not candidate.block.in_trash]
        if not candidates:
            return
        pages = list(map_concurrently(self._read, candidates, _MOST_AT_ONCE))
        for candidate, page in zip(candidates, pages, strict=True):
            if page is None or self.template not in {None, page.manifest.template}:
                continue
            if candidate.is_on_parent:
                self._take_from_parent(page, candidate.block)
            elif self._is_ours(page, candidate):
                self._take_from_elsewhere(page, candidate)

    def _read(self, candidate: Candidate) -> RecordPage | None:
        """Return the record on a page, None for a page that is not known to keep one."""
        block = candidate.block
        try:
            return read_record_page(self.gateway, block.id, self.parent_id, block.created_time)
        except (RecordUnreadable, NotShared, RequestRefused):
            name = codec.template_of(block.title)
            is_titled = (
                candidate.is_on_parent and name is not None and self.template in {None, name}
            )
            if is_titled or candidate.remembered:
                raise
            return None

    def _take_from_parent(self, page: RecordPage, block: ChildBlock) -> None:
        try:
            check_ownership(self.gateway, page.manifest, block, self.parent_id, self.children)
        except RecordCopied as error:
            self.copies.append(error)
            return
        if codec.template_of(block.title) != page.manifest.template:
            _note(
                f"The record page of {page.manifest.template} is called {block.title!r} now. It is used as before."
            )
        self._keep(page)

    def _is_ours(self, page: RecordPage, candidate: Candidate) -> bool:
        """Whether a record that is somewhere else belongs to this parent page: search finds those of all clients."""
        manifest = page.manifest
        if manifest.page_id not in {None, page.id}:
            return False
        if manifest.parent_id is None:
            return candidate.remembered is not None or is_any_listed(manifest, self.children)
        return manifest.parent_id == self.parent_id

    def _take_from_elsewhere(self, page: RecordPage, candidate: Candidate) -> None:
        # Another run may have created the page after the parent page was listed: then it was not moved.
        if candidate.parent_id != self.parent_id:
            _note(
                f"The record page {candidate.block.title!r} was moved to another page. It is used as before, and every "
                f"machine finds it again when you move it back: {page_url(page.id)}"
            )
        self._keep(page)

    def _check_trashed(self, candidate: Candidate) -> None:
        """Raise RecordLost for a record page in the trash whose databases are not.

        Notion does not show the blocks of a trashed page (404), so the record in it cannot be read. Where all
        databases are gone the template was taken back, by `undo` or `destroy` or by a person.
        """
        manifest = candidate.remembered
        name = manifest.template if manifest else codec.template_of(candidate.block.title)
        if name is None or self.template not in {None, name}:
            return
        if manifest is not None:
            is_needed = self._has_living_databases(manifest)
        else:
            is_needed = candidate.parent_id == self.parent_id and self._has_databases_of_same_maker(
                candidate.block
            )
        if is_needed:
            raise trashed_record_error(name, candidate.block)

    def _has_databases_of_same_maker(self, page: ChildBlock) -> bool:
        """Whether a database under the parent page seems to belong to the record on a trashed page.

        An apply creates the record page, and then the databases with the same connection. Databases that the records
        of other templates name do not count.
        """
        databases = {
            block.id
            for block in self.children
            if block.type == "child_database" and not block.in_trash and _is_made_after(block, page)
        }
        if databases:
            for block in record_blocks(self.children):
                with suppress(RecordUnreadable, NotShared):
                    manifest = read_record_page(self.gateway, block.id, self.parent_id).manifest
                    databases -= {entry.database_id for entry in manifest.databases.values()}
        return bool(databases)

    def _has_living_databases(self, manifest: Manifest) -> bool:
        if is_any_listed(manifest, self.children):
            return True
        for entry in manifest.made.values():
            with suppress(NotShared):
                if not self.gateway.get_database(entry.database_id).in_trash:
                    return True
        return False

    def _keep(self, page: RecordPage) -> None:
        if page.is_edited:
            name = page.manifest.template
            _note(
                f"The record of {name} was changed by hand. What is shown here may be wrong, and commands that change "
                f"the workspace refuse it. See  notion-pm repair {name}"
            )
        self.originals.append(replace(page, manifest=page.placed(page.manifest)))

    def only(self) -> RecordPage | None:
        """Return the only original, None when nothing was found.

        Raises RecordCopied when there are copies alone, UsageError when there are several originals.
        """
        if not self.originals:
            if self.copies:
                raise self.copies[0]
            return None
        for copy in self.copies:
            _note(
                f"The page {copy.title!r} is a copy of the record page. It is not used: delete it. {copy.url}"
            )
        templates = sorted({page.manifest.template for page in self.originals})
        if len(templates) > 1:
            raise UsageError(
                f"Several templates were applied here: {', '.join(templates)}.",
                "Say which one with --template NAME.",
            )
        originals = sorted(
            _without_abandoned(self.originals), key=lambda page: (str(page.created_time), page.id)
        )
        if len(originals) > 1:
            raise UsageError(
                f"There are {len(originals)} record pages of the template {templates[0]!r} here:\n"
                + "\n".join(f"  - {_described(page)}" for page in originals),
                "One of them is a copy, mostly the newer one. Look at both, delete the copy in Notion, and run the "
                "command again.",
            )
        return originals[0]


def _described(page: RecordPage) -> str:
    """Return when a record page was created, what it names, and its link."""
    created = (
        f"created {page.created_time:%Y-%m-%d %H:%M} UTC"
        if page.created_time
        else "creation time unknown"
    )
    databases = quantity(len(page.manifest.databases), "database")
    return f"{created}, names {databases}: {page_url(page.id)}"


def _is_made_after(database: ChildBlock, page: ChildBlock) -> bool:
    if database.created_time is None or page.created_time is None:
        return True
    return database.created_by == page.created_by and database.created_time >= page.created_time


def trashed_record_error(name: str, block: ChildBlock) -> RecordLost:
    """Return the error for the record page of a template in the trash whose databases are not."""
    return RecordLost(
        f"The record page {block.title!r} is in Notion's trash, and its databases are not. Without it notion-pm does "
        "not know that they are its own.",
        f"Nothing was changed.  notion-pm repair {name}  asks, and restores it. Or open {page_url(block.id)} and "
        f"choose Restore. If the page was deleted from the trash too, repair builds a new record from the databases. "
        f"notion-pm adopt {name}  takes them over as the client's own.",
        page_id=block.id,
    )


def missing_record_error(template: str, titles: Sequence[str]) -> RecordLost:
    """Return the error for databases of a template without any record of them."""
    named = ", ".join(repr(title) for title in titles)
    return RecordLost(
        f"There are databases here with the titles of the template {template}: {named}. There is no record of them: "
        "the record page was deleted, or the connection cannot see it.",
        f"Nothing was created. If the record page was deleted, restore it (Trash, in Notion's sidebar), or run  "
        f"notion-pm repair {template}  to build a new one from the databases. If they are the client's own,  "
        f"notion-pm adopt {template}  takes them over; to have the template's beside them, rename them first.",
    )


def not_made_by_apply_error(template: str, titles: Sequence[str]) -> RecordLost:
    """Return the error for databases that came after an apply was interrupted, and that it did not make."""
    named = ", ".join(repr(title) for title in titles)
    return RecordLost(
        f"An apply of {template} was interrupted before it recorded all its databases. There are databases here with "
        f"titles that it would give, and they do not look like what it creates: {named}.",
        f"Nothing was created. If they are to be the template's,  notion-pm adopt {template}  takes them over. If they "
        "are the client's own, rename them first: the next apply then makes the template's beside them.",
    )


@lru_cache(maxsize=256)
def _note(text: str) -> None:
    """Tell people on stderr, once a run: an apply opens the record twice."""
    _log.warning("%s", text)


def record_blocks(children: Sequence[ChildBlock]) -> list[ChildBlock]:
    """Return the blocks that are record pages by their titles."""
    return [
        block
        for block in children
        if block.type == "child_page"
        and not block.in_trash
        and codec.template_of(block.title) is not None
    ]


def open_record(
    gateway: NotionClient, block: ChildBlock, parent_id: NotionId, siblings: Sequence[ChildBlock]
) -> RecordPage:
    """Read the record on a page and make sure that it belongs there.

    Raises RecordCopied, RecordMoved, or RecordUnreadable when there is no record in it, or a damaged one.
    """
    page = read_record_page(gateway, block.id, parent_id, block.created_time)
    check_ownership(gateway, page.manifest, block, parent_id, siblings)
    return replace(page, manifest=page.placed(page.manifest))


def _without_abandoned(pages: list[RecordPage]) -> list[RecordPage]:
    """Leave out the pages of first applies that came second: they own nothing, and the first page counts.

    Two first applies that meet both create a record page, and the later one trashes its own. A run that was killed
    right before that leaves its page behind.
    """
    owning = [page for page in pages if page.manifest.databases or page.manifest.state == "applied"]
    return owning or pages[:1]


def read_record_page(
    gateway: NotionClient, page_id: NotionId, parent_id: NotionId, created: datetime | None = None
) -> RecordPage:
    """Read the manifest that a page keeps, whomever it belongs to: commands use `find_record`.

    Raises RecordUnreadable when there is no record in it, or a damaged one.
    """
    blocks = [each for each in gateway.list_children(page_id) if not each.in_trash]
    record = next((each for each in blocks if each.type == "code"), None)
    try:
        if record is None:
            raise RecordUnreadable(
                "The record page has lost its record: there is no code block on it."
            )
        decoded = codec.decode(record.text)
    except RecordUnreadable as error:
        error.page_id = page_id
        raise
    learn_databases(gateway, decoded.manifest)
    # Ours come before the record. Paragraphs after it are claims, or what people wrote.
    paragraphs = [each for each in blocks[: blocks.index(record)] if each.type == "paragraph"]
    told = next((each.id for each in paragraphs if not codec.is_sync_summary(each.text)), None)
    of_sync = next((each.id for each in paragraphs if codec.is_sync_summary(each.text)), None)
    claims = read_claims(blocks)
    return RecordPage(
        page_id,
        parent_id,
        decoded.manifest,
        record.id,
        told,
        created,
        of_sync,
        claims,
        decoded.is_edited,
    )


def learn_databases(gateway: NotionClient, manifest: Manifest) -> None:
    """Let the gateway know which database each data source of a record belongs to."""
    for entry in manifest.databases.values():
        gateway.learn_database(entry.database_id, entry.title, entry.data_source_id)


def create_record_page(
    gateway: NotionClient, parent_id: NotionId, manifest: Manifest, lock: WorkspaceLock
) -> Page:
    """Create the page with its record and the claim of this run; `check_first_page` says whether it may go on.

    The record names the parent page. The next write adds the page's own id.
    """
    manifest = manifest.placed(None, parent_id)
    title = codec.page_title(manifest.template)
    children = [
        _block("callout", codec.WHAT_THIS_IS, icon={"type": "emoji", "emoji": _ICON}),
        _block("paragraph", codec.apply_summary_text(manifest, manifest.started)),
        _block("paragraph", codec.NOT_SYNCED),
        _block("code", codec.encode(manifest), language="json"),
        lock.first_claim(),
    ]

    def look_up() -> Page | None:
        # Another run may have created a page of that title a moment ago: ours holds our claim.
        pages = list_record_pages(gateway, parent_id, manifest.template)
        ours = next((page for page in pages if lock.is_claimed_on(page.id)), None)
        return gateway.get_page(ours.id) if ours else None

    return gateway.create_page(parent_id, title, children=children, icon=_ICON, look_up=look_up)


@contextmanager
def locked_record(
    gateway: NotionClient, page: RecordPage, claimant: Claimant
) -> Iterator[WorkspaceLock]:
    """Hold the lock of a workspace whose record was read before.

    The record is read once more with the claims: whoever wrote between the reading and the claim has changed it.

    Raises WorkspaceLocked when another run is at work, RecordChanged when one has been, RecordEdited.
    """
    page.refuse_if_edited()
    with workspace_lock(gateway, page.id, claimant) as lock:
        try:
            now = read_record_page(gateway, page.id, page.parent_id)
        except NotShared as error:
            raise RecordChanged("The record page was put in the trash") from error
        lock.confirm(now.claims)
        now.refuse_if_edited()
        if now.placed(now.manifest) != page.placed(page.manifest):
            raise RecordChanged
        yield lock


def check_first_page(
    gateway: NotionClient, parent_id: NotionId, page: Page, template: str, lock: WorkspaceLock
) -> None:
    """Stop when another run has created a record page first. One request.

    Raises WorkspaceLocked; the new page is in the trash then.
    """
    lock.check_new_page(page, lambda: list_record_pages(gateway, parent_id, template))


def list_record_pages(
    gateway: NotionClient, parent_id: NotionId, template: str
) -> list[ChildBlock]:
    """Return the record pages of a template under the parent page, in the order of the page."""
    blocks = record_blocks(gateway.list_children(parent_id))
    return [block for block in blocks if codec.template_of(block.title) == template]


def create_first_page(
    gateway: NotionClient, parent_id: NotionId, manifest: Manifest, lock: WorkspaceLock
) -> RecordPage:
    """Create the record page. It owns nothing until it is known to be the first one. Four requests.

    Raises WorkspaceLocked when another run has created one first.
    """
    empty = manifest.model_copy(update={"state": "applying", "databases": {}})
    made = create_record_page(gateway, parent_id, empty, lock)
    check_first_page(gateway, parent_id, made, manifest.template, lock)
    page = read_record_page(gateway, made.id, parent_id, made.created_time)
    lock.confirm(page.claims)
    return page


def create_record(
    gateway: NotionClient, parent_id: NotionId, manifest: Manifest, claimant: Claimant
) -> RecordPage:
    """Create the record page with a whole record.

    Raises WorkspaceLocked when another run has created one first.
    """
    with workspace_lock(gateway, None, claimant) as lock:
        return _rewrite(gateway, create_first_page(gateway, parent_id, manifest, lock), manifest)


def overwrite_record(
    gateway: NotionClient, page_id: NotionId, parent_id: NotionId, manifest: Manifest
) -> RecordPage | None:
    """Write the record over a damaged one, under the lock; None when the page has lost the block for it."""
    blocks = gateway.list_children(page_id)
    code = next((block for block in blocks if block.type == "code" and not block.in_trash), None)
    if code is None:
        return None
    return _rewrite(
        gateway, RecordPage(page_id, parent_id, manifest, code.id, apply_summary_id=None), manifest
    )


def _rewrite(gateway: NotionClient, page: RecordPage, manifest: Manifest) -> RecordPage:
    page = replace(page, manifest=page.placed(manifest))
    write_record(gateway, page, manifest)
    return page


def remember_record(home: StateHome, page: RecordPage, source: str) -> None:
    """Let this machine remember a record, and thereby find its page wherever people put it."""
    with State(home, page.manifest.template) as state:
        remembered = state.workspace.read() or WorkspaceMemory(source)
        state.workspace.save(replace(remembered, manifest=page.manifest))


def write_record(gateway: NotionClient, page: RecordPage, manifest: Manifest) -> None:
    """Replace the record. It names its own page from then on."""
    gateway.update_text_block(
        page.record_id, "code", codec.encode(page.placed(manifest)), language="json"
    )


def write_summary(
    gateway: NotionClient, page: RecordPage, manifest: Manifest, moment: datetime
) -> None:
    """Replace what the page tells people; where they removed that paragraph, only read the page."""
    if page.apply_summary_id is None:
        read_record_page(gateway, page.id, page.parent_id)
    else:
        gateway.update_text_block(
            page.apply_summary_id, "paragraph", codec.apply_summary_text(manifest, moment)
        )


def _block(kind: str, text: str, **settings: Any) -> dict[str, Any]:
    return {"object": "block", "type": kind, **text_block(kind, text, settings)}

"""The record of a workspace: finding, reading, creating and writing the page that keeps the manifest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from notion_pm.errors import ManifestUnreadable, RecordCopied, UsageError
from notion_pm.gateway.notion import Gateway
from notion_pm.gateway.wire_schema import text_block
from notion_pm.model.ids import NotionId, page_url
from notion_pm.model.manifest import Manifest
from notion_pm.model.page import Page
from notion_pm.model.schema import ChildBlock
from notion_pm.workspace import record_text as codec
from notion_pm.workspace.claims import Claim, read_claims
from notion_pm.workspace.lock import WorkspaceLock
from notion_pm.workspace.ownership import check_ownership

_ICON = "🧾"


@dataclass(frozen=True, slots=True)
class ManifestPage:
    """The page that keeps a manifest, and its blocks: the record, what people read of applies, and what of syncs.

    `parent_id` is the parent page of the databases. The record page is on it, unless people moved it.
    """

    id: NotionId
    parent_id: NotionId
    manifest: Manifest
    record_id: NotionId
    told_id: NotionId | None
    created_time: datetime | None = None
    told_of_sync_id: NotionId | None = None
    claims: tuple[Claim, ...] = ()

    def placed(self, manifest: Manifest) -> Manifest:
        """Return a manifest as it is written to this page: it names the page and the parent page."""
        return manifest.placed(self.id, self.parent_id)


def open_manifest(gateway: Gateway, parent_id: str, template: str | None = None) -> tuple[NotionId, Manifest]:
    """Return the manifest page's id and the manifest; without a name that of the only template under the page.

    Raises what `open_manifest_page` raises.
    """
    page = open_manifest_page(gateway, parent_id, template)
    return page.id, page.manifest


def open_manifest_page(gateway: Gateway, parent_id: str, template: str | None = None) -> ManifestPage:
    """Return the manifest page of a template; without a name that of the only one under the parent page.

    Raises UsageError when nothing was applied there, and what `find_manifest` raises.
    """
    page = find_manifest(gateway, NotionId(parent_id), gateway.list_children(parent_id), template)
    if page is None:
        which = f"The template {template!r} was not" if template else "No template was"
        raise UsageError(
            f"{which} applied to this workspace yet.",
            f"Run  notion-pm apply {template or 'product'}  first.",
        )
    return page


def find_manifest(
    gateway: Gateway, parent_id: NotionId, children: Sequence[ChildBlock], template: str | None
) -> ManifestPage | None:
    """Return the manifest page among the blocks of the parent page, None when there is none.

    This is the one way in which commands open a record: it refuses copies.

    Raises RecordCopied or RecordMoved when the record belongs elsewhere, UsageError when there are several to choose
    from, ManifestUnreadable when the record is damaged.
    """
    found = [block for block in record_blocks(children) if template in {None, codec.template_of(block.title)}]
    if not found:
        return None
    if len(found) == 1:
        return open_record(gateway, found[0], parent_id, children)
    return _choose(gateway, found, parent_id, children)


def record_blocks(children: Sequence[ChildBlock]) -> list[ChildBlock]:
    """Return the blocks that are record pages by their titles."""
    return [
        block
        for block in children
        if block.type == "child_page" and not block.in_trash and codec.template_of(block.title) is not None
    ]


def open_record(
    gateway: Gateway, block: ChildBlock, parent_id: NotionId, siblings: Sequence[ChildBlock]
) -> ManifestPage:
    """Read the record on a page and make sure that it belongs there.

    Raises RecordCopied, RecordMoved, or ManifestUnreadable when there is no record in it, or a damaged one.
    """
    page = read_manifest_page(gateway, block.id, parent_id, block.created_time)
    check_ownership(gateway, page.manifest, block, parent_id, siblings)
    return replace(page, manifest=page.placed(page.manifest))


def _choose(
    gateway: Gateway, found: Sequence[ChildBlock], parent_id: NotionId, siblings: Sequence[ChildBlock]
) -> ManifestPage:
    """Return the only original among several record pages.

    Notion calls the duplicate of a page `notion-pm: product (1)`, so the title does not tell which one is the copy.
    """
    originals: list[ManifestPage] = []
    copies: list[RecordCopied] = []
    for block in found:
        try:
            originals.append(open_record(gateway, block, parent_id, siblings))
        except RecordCopied as error:
            copies.append(error)

    if not originals:
        raise copies[0]
    templates = sorted({page.manifest.template for page in originals})
    if len(templates) > 1:
        raise UsageError(
            f"Several templates were applied here: {', '.join(templates)}.", "Say which one with --template NAME."
        )
    originals = _without_abandoned(originals)
    if len(originals) > 1:
        raise UsageError(
            f"There are {len(originals)} record pages of the template {templates[0]!r} under the parent page.",
            "One of them is a copy: delete the newer one, and run the command again. "
            + " ".join(page_url(page.id) for page in originals),
        )
    return originals[0]


def _without_abandoned(pages: list[ManifestPage]) -> list[ManifestPage]:
    """Leave out the pages of first applies that came second: they own nothing, and the first page counts.

    Two first applies that meet both create a record page, and the later one trashes its own. A run that was killed
    right before that leaves its page behind.
    """
    owning = [page for page in pages if page.manifest.databases or page.manifest.state == "applied"]
    return owning or pages[:1]


def read_manifest_page(
    gateway: Gateway, page_id: NotionId, parent_id: NotionId, created: datetime | None = None
) -> ManifestPage:
    """Read the manifest that a page keeps, whomever it belongs to: commands use `find_manifest`.

    Raises ManifestUnreadable when there is no record in it, or a damaged one.
    """
    blocks = [each for each in gateway.list_children(page_id) if not each.in_trash]
    record = next((each for each in blocks if each.type == "code"), None)
    if record is None:
        raise ManifestUnreadable("The manifest page has lost its record.")
    # Ours come before the record. Paragraphs after it are claims, or what people wrote.
    paragraphs = [each for each in blocks[: blocks.index(record)] if each.type == "paragraph"]
    told = next((each.id for each in paragraphs if not codec.is_of_sync(each.text)), None)
    of_sync = next((each.id for each in paragraphs if codec.is_of_sync(each.text)), None)
    claims = read_claims(blocks)
    return ManifestPage(page_id, parent_id, codec.decode(record.text), record.id, told, created, of_sync, claims)


def create_manifest_page(gateway: Gateway, parent_id: NotionId, manifest: Manifest, lock: WorkspaceLock) -> Page:
    """Create the page with its record and the claim of this run; `check_first_page` says whether it may go on."""
    title = codec.page_title(manifest.template)
    children = [
        _block("callout", codec.WHAT_THIS_IS, icon={"type": "emoji", "emoji": _ICON}),
        _block("paragraph", codec.told(manifest, manifest.started)),
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


def check_first_page(gateway: Gateway, parent_id: NotionId, page: Page, template: str, lock: WorkspaceLock) -> None:
    """Stop when another run has created a record page first. One request.

    Raises WorkspaceLocked; the new page is in the trash then.
    """
    lock.check_new_page(page, lambda: list_record_pages(gateway, parent_id, template))


def list_record_pages(gateway: Gateway, parent_id: NotionId, template: str) -> list[ChildBlock]:
    """Return the record pages of a template under the parent page, in the order of the page."""
    blocks = record_blocks(gateway.list_children(parent_id))
    return [block for block in blocks if codec.template_of(block.title) == template]


def write_record(gateway: Gateway, page: ManifestPage, manifest: Manifest) -> None:
    """Replace the record. It names its own page from then on."""
    gateway.update_text_block(page.record_id, "code", codec.encode(page.placed(manifest)), language="json")


def tell(gateway: Gateway, page: ManifestPage, manifest: Manifest, moment: datetime) -> None:
    """Replace what the page tells people; where they removed that paragraph, only read the page."""
    if page.told_id is None:
        read_manifest_page(gateway, page.id, page.parent_id)
    else:
        gateway.update_text_block(page.told_id, "paragraph", codec.told(manifest, moment))


def _block(kind: str, text: str, **settings: Any) -> dict[str, Any]:
    return {"object": "block", "type": kind, **text_block(kind, text, settings)}

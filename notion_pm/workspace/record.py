"""The record of a workspace: finding, reading, creating and writing the page that keeps the manifest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from notion_pm.errors import ManifestUnreadable, UsageError
from notion_pm.gateway.notion import Gateway
from notion_pm.gateway.wire_schema import text_block
from notion_pm.model.ids import NotionId
from notion_pm.model.manifest import Manifest
from notion_pm.model.page import Page
from notion_pm.model.schema import ChildBlock
from notion_pm.workspace import record_text as codec

_ICON = "🧾"


@dataclass(frozen=True, slots=True)
class ManifestPage:
    """The page that keeps a manifest, and its blocks: the record, what people read of applies, and what of syncs."""

    id: NotionId
    manifest: Manifest
    record_id: NotionId
    told_id: NotionId | None
    created_time: datetime | None = None
    told_of_sync_id: NotionId | None = None


def open_manifest(gateway: Gateway, parent_id: str, template: str | None = None) -> tuple[NotionId, Manifest]:
    """Return the manifest page's id and the manifest; without a name that of the only template under the page.

    Raises what `open_manifest_page` raises.
    """
    page = open_manifest_page(gateway, parent_id, template)
    return page.id, page.manifest


def open_manifest_page(gateway: Gateway, parent_id: str, template: str | None = None) -> ManifestPage:
    """Return the manifest page of a template; without a name that of the only one under the parent page.

    Raises UsageError when nothing was applied there, ManifestUnreadable when the record is damaged.
    """
    page = find_manifest(gateway, gateway.list_children(parent_id), template)
    if page is None:
        which = f"The template {template!r} was not" if template else "No template was"
        raise UsageError(
            f"{which} applied to this workspace yet.",
            f"Run  notion-pm apply {template or 'product'}  first.",
        )
    return page


def find_manifest(gateway: Gateway, children: Sequence[ChildBlock], template: str | None) -> ManifestPage | None:
    """Return the manifest page among the blocks of the parent page, None when there is none.

    Raises UsageError when there are several to choose from, ManifestUnreadable when the record is damaged.
    """
    found = [each for each in children if each.type == "child_page" and not each.in_trash and _is_of(each, template)]
    if not found:
        return None
    if len({each.title for each in found}) > 1:
        names = ", ".join(sorted(codec.template_of(each.title) or "" for each in found))
        raise UsageError(f"Several templates were applied here: {names}.", "Say which one with --template NAME.")
    if len(found) > 1:
        raise UsageError(
            f"There are {len(found)} pages {found[0].title!r} under the parent page.",
            "One of them is a copy: delete it, and run the command again.",
        )
    return read_manifest_page(gateway, found[0].id, found[0].created_time)


def read_manifest_page(gateway: Gateway, page_id: NotionId, created: datetime | None = None) -> ManifestPage:
    """Read the manifest that a page keeps.

    Raises ManifestUnreadable when there is no record in it, or a damaged one.
    """
    blocks = [each for each in gateway.list_children(page_id) if not each.in_trash]
    record = next((each for each in blocks if each.type == "code"), None)
    if record is None:
        raise ManifestUnreadable("The manifest page has lost its record.")
    paragraphs = [each for each in blocks if each.type == "paragraph"]
    told = next((each.id for each in paragraphs if not codec.is_of_sync(each.text)), None)
    of_sync = next((each.id for each in paragraphs if codec.is_of_sync(each.text)), None)
    return ManifestPage(page_id, codec.decode(record.text), record.id, told, created, of_sync)


def _is_of(block: ChildBlock, template: str | None) -> bool:
    name = codec.template_of(block.title)
    return name is not None and template in {None, name}


def create_manifest_page(gateway: Gateway, parent_id: NotionId, manifest: Manifest) -> Page:
    """Create the page with its record, which says that an apply is under way."""
    title = codec.page_title(manifest.template)
    children = [
        _block("callout", codec.WHAT_THIS_IS, icon={"type": "emoji", "emoji": _ICON}),
        _block("paragraph", codec.told(manifest, manifest.started)),
        _block("paragraph", codec.NOT_SYNCED),
        _block("code", codec.encode(manifest), language="json"),
    ]

    def look_up() -> Page | None:
        found = [each for each in gateway.list_children(parent_id) if (each.type, each.title) == ("child_page", title)]
        return gateway.get_page(found[0].id) if found else None

    return gateway.create_page(parent_id, title, children=children, icon=_ICON, look_up=look_up)


def write_record(gateway: Gateway, page: ManifestPage, manifest: Manifest) -> None:
    """Replace the record."""
    gateway.update_text_block(page.record_id, "code", codec.encode(manifest), language="json")


def tell(gateway: Gateway, page: ManifestPage, manifest: Manifest, moment: datetime) -> None:
    """Replace what the page tells people; where they removed that paragraph, only read the page."""
    if page.told_id is None:
        read_manifest_page(gateway, page.id)
    else:
        gateway.update_text_block(page.told_id, "paragraph", codec.told(manifest, moment))


def _block(kind: str, text: str, **settings: Any) -> dict[str, Any]:
    return {"object": "block", "type": kind, **text_block(kind, text, settings)}

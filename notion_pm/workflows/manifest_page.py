"""Writing the manifest page: first what people read, then the record."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from notion_pm.gateway.notion import Gateway
from notion_pm.gateway.wire_schema import text_block
from notion_pm.model.ids import NotionId
from notion_pm.model.manifest import Manifest
from notion_pm.model.page import Page
from notion_pm.storage import manifest as codec
from notion_pm.workflows.workspace import ManifestPage, read_manifest_page

_ICON = "🧾"


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

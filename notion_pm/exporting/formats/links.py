"""Links between exported pages: what pointed at Notion points at the file beside it.

In Notion's Markdown a link to a page or database is a Markdown link with Notion's URL, or a tag with one:
<mention-page url="...">Title</mention-page> (https://developers.notion.com/guides/data-apis/enhanced-markdown).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from notion_pm.errors import InvalidNotionId
from notion_pm.exporting.formats.cells import text
from notion_pm.exporting.table import Reference
from notion_pm.model.ids import NotionId, parse_notion_id
from notion_pm.text import UNTITLED

_NOTION_URL = r"https://(?:www\.notion\.so|app\.notion\.com|[\w-]+\.notion\.site)/[^\s\"'()<>\[\]]+"
_TAG = re.compile(
    rf"<((?:mention-)?(?:page|database))\s+url=\"({_NOTION_URL})\"[^>]*?(?:/>|>(.*?)</\1>)",
    re.DOTALL,
)
_MEDIA = re.compile(r"<(file|pdf|video|audio)\b[^>]*?\bsrc=\"([^\"]*)\"[^>]*>(.*?)</\1>", re.DOTALL)
_DESTINATION = re.compile(rf"(?<=\]\(){_NOTION_URL}(?=\))")


@dataclass(frozen=True, slots=True)
class Links:
    """Which pages have files, by their paths in the exported folder, and in which file we are."""

    paths: Mapping[str, str] = field(default_factory=dict)
    title_of: Callable[[NotionId], str | None] = lambda _: None
    here: str = ""

    def path_to(self, page_id: NotionId) -> str | None:
        """Return the relative path to a page's file, escaped for a URL; None when it was not exported."""
        target = self.paths.get(page_id)
        return (
            quote(posixpath.relpath(target, posixpath.dirname(self.here) or "."))
            if target
            else None
        )

    def link(self, reference: Reference) -> str:
        """Return a Markdown link to a related page: to its file, else to Notion."""
        return f"[{escaped(text(reference))}]({self.path_to(reference.id) or reference.url})"

    def rewritten(self, body: str) -> str:
        """Return a body whose links to exported pages lead to their files."""
        linked = _MEDIA.sub(_media_as_link, _TAG.sub(self._tag_as_link, body))
        return _DESTINATION.sub(lambda found: self._local(found[0]), linked)

    def _tag_as_link(self, tag: re.Match[str]) -> str:
        page_id = _page_in(tag[2])
        label = tag[3] or escaped((page_id and self.title_of(page_id)) or "") or UNTITLED
        return f"[{label}]({tag[2]})"

    def _local(self, url: str) -> str:
        page_id = _page_in(url)
        return (page_id and self.path_to(page_id)) or url


def _media_as_link(tag: re.Match[str]) -> str:
    """A file in a body as a link, which other programs know too."""
    url = tag[2].replace("&amp;", "&")
    return f"[{tag[3].strip() or escaped(posixpath.basename(urlsplit(url).path)) or tag[1]}]({url})"


def escaped(text: str) -> str:
    """Return text that Markdown shows as it is, on one line."""
    return re.sub(r"([\\`*_\[\]<>])", r"\\\1", " ".join(text.split()))


def _page_in(url: str) -> NotionId | None:
    try:
        return parse_notion_id(url)
    except InvalidNotionId:
        return None

"""Let links between exported pages point to the files of the export instead of Notion.

In Notion's Markdown a link to a page or database is a Markdown link with Notion's URL, or a tag
with one: <mention-page url="...">Title</mention-page>
(https://developers.notion.com/guides/data-apis/enhanced-markdown).
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
    """Rewrites the links of one file of the export.

    `paths`: of the files of pages, in the exported folder, by page id. `title_of`: returns the
    title of a page for links without a text. `here`: the path of the file that contains the links.
    """

    paths: Mapping[str, str] = field(default_factory=dict)
    title_of: Callable[[NotionId], str | None] = lambda _: None
    here: str = ""

    def path_to(self, page_id: NotionId) -> str | None:
        """Return the relative path to a page's file, escaped for a URL; None if not exported."""
        target = self.paths.get(page_id)
        # A page outside of the export keeps its link to Notion.
        if not target:
            return None
        folder = posixpath.dirname(self.here) or "."
        return quote(posixpath.relpath(target, folder))

    def link(self, reference: Reference) -> str:
        """Return a Markdown link to a related page: to its file, else to Notion."""
        return f"[{escaped(text(reference))}]({self.path_to(reference.id) or reference.url})"

    def rewritten(self, body: str) -> str:
        """Return a body whose links to exported pages point to their files."""
        # Tags first: they become links, whose addresses are then replaced like all others.
        body = _TAG.sub(self._tag_as_link, body)
        body = _MEDIA.sub(_media_as_link, body)
        return _DESTINATION.sub(lambda found: self._local_path(found[0]), body)

    def _tag_as_link(self, tag: re.Match[str]) -> str:
        url, label = tag[2], tag[3]
        if not label:
            page_id = _page_in(url)
            title = self.title_of(page_id) if page_id else None
            label = escaped(title or "") or UNTITLED
        return f"[{label}]({url})"

    def _local_path(self, url: str) -> str:
        page_id = _page_in(url)
        path = self.path_to(page_id) if page_id else None
        return path or url


def _media_as_link(tag: re.Match[str]) -> str:
    """Return a file in a body as a link: other programs do not know the tag."""
    # In an attribute of a tag `&` is written as `&amp;`; in a Markdown link it is not.
    kind, url, caption = tag[1], tag[2].replace("&amp;", "&"), tag[3].strip()
    label = caption or escaped(posixpath.basename(urlsplit(url).path)) or kind
    return f"[{label}]({url})"


def escaped(text: str) -> str:
    """Return text that Markdown shows as it is, on one line."""
    return re.sub(r"([\\`*_\[\]<>])", r"\\\1", " ".join(text.split()))


def _page_in(url: str) -> NotionId | None:
    try:
        return parse_notion_id(url)
    except InvalidNotionId:
        return None

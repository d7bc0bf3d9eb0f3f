"""Search for a record page that people have renamed, moved or deleted.

The id of a page never changes, and this machine remembers the id of the record page since the last
apply or sync. On another machine we read the pages on the parent page, then use Notion's search,
then search the trash. We search only when no page has the right title and there is a reason: a
remembered id, or databases under the parent page. An ordinary run sends none of these requests.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from notion_pm.errors import NotShared, RequestRefused
from notion_pm.model.ids import NotionId
from notion_pm.model.manifest import Manifest
from notion_pm.model.page import Page
from notion_pm.model.schema import ChildBlock
from notion_pm.model.state_home import StateHome
from notion_pm.notion.client import NotionClient
from notion_pm.state.state import remembered_manifests
from notion_pm.workspace import record_text

_MOST_PAGES = 100
"""Maximum number of pages read in each step of the search; each costs one request."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A page that may keep the record.

    `remembered`: the record as stored on this machine, if the page's id is known. `is_on_parent`:
    it is on the parent page and not in the trash. `parent_id`: the page that it is on, or was on
    before it went to the trash.
    """

    block: ChildBlock
    remembered: Manifest | None = None
    is_on_parent: bool = False
    parent_id: NotionId | None = None


def places_to_look(
    notion: NotionClient,
    parent_id: NotionId,
    children: Sequence[ChildBlock],
    template: str | None,
    home: StateHome | None,
) -> Iterator[list[Candidate]]:
    """Yield candidates, the cheapest searches first. Stop iterating when the record is found.

    `template` None: any template. Raises NotionError, or FileUnusable when the state is damaged.
    """
    yield list(_remembered_pages(notion, parent_id, children, template, home))
    # Without databases on the parent page there is most likely nothing to record: a first apply.
    if not any(block.type == "child_database" and not block.in_trash for block in children):
        return
    yield [
        Candidate(block, is_on_parent=True) for block in _pages_with_content(children)[:_MOST_PAGES]
    ]
    yield list(_search_pages(notion, children, template, in_trash=False))
    yield list(_search_pages(notion, children, template, in_trash=True))


def _remembered_pages(
    notion: NotionClient,
    parent_id: NotionId,
    children: Sequence[ChildBlock],
    template: str | None,
    home: StateHome | None,
) -> Iterator[Candidate]:
    manifests = remembered_manifests(home) if home is not None else {}
    listed = {
        block.id: block for block in children if block.type == "child_page" and not block.in_trash
    }
    for name, manifest in manifests.items():
        if template not in {None, name}:
            continue
        if manifest.page_id is None or manifest.parent_id != parent_id:
            continue
        if manifest.page_id in listed:
            yield Candidate(
                listed[manifest.page_id], manifest, is_on_parent=True, parent_id=parent_id
            )
            continue
        with suppress(NotShared):  # deleted for good, or somewhere that the connection cannot see
            page = notion.get_page(manifest.page_id)
            on_parent = page.parent_id == parent_id and not page.in_trash
            yield Candidate(
                _as_block(page), manifest, is_on_parent=on_parent, parent_id=page.parent_id
            )


def _pages_with_content(children: Sequence[ChildBlock]) -> list[ChildBlock]:
    # The record is a code block on its page, so an empty page cannot have one.
    return [
        block
        for block in children
        if block.type == "child_page" and not block.in_trash and block.has_children
    ]


def _search_pages(
    notion: NotionClient, children: Sequence[ChildBlock], template: str | None, *, in_trash: bool
) -> Iterator[Candidate]:
    """Yield pages elsewhere with the title of a record.

    Notion's search matches titles only, and shows new and renamed pages with a delay.
    """
    listed = {block.id for block in children}
    # Notion refuses to search the trash of some workspaces.
    with suppress(RequestRefused):
        found = notion.search_pages(record_text.page_title(template or ""), in_trash=in_trash)
        for page in islice(found, _MOST_PAGES):
            name = record_text.template_of(page.title)
            if name is not None and template in {None, name} and page.id not in listed:
                yield Candidate(_as_block(page), parent_id=page.parent_id)


def _as_block(page: Page) -> ChildBlock:
    return ChildBlock(
        page.id,
        "child_page",
        page.title,
        in_trash=page.in_trash,
        created_time=page.created_time,
        created_by=page.created_by,
    )

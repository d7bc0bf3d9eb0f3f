"""What all parts of an apply share: the client, the template, and what exists so far."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from notion_pm.model.ids import NotionId
from notion_pm.model.template import LoadedTemplate, Template
from notion_pm.notion.client import NotionClient
from notion_pm.provision.apply.apply_state import ApplyState


@dataclass
class ApplyContext:
    """Where an apply works, and with what.

    `since`: the earliest time, by Notion's clock, at which this apply (or the interrupted one that
    it continues) may have created things. `began`: when this run began, by Notion's clock or
    earlier. `sibling_ids`: the blocks that the parent page had before, so this run created none of
    them.
    """

    client: NotionClient
    parent_id: NotionId
    loaded: LoadedTemplate
    state: ApplyState
    since: datetime
    began: datetime
    sibling_ids: frozenset[NotionId]

    @cached_property
    def connection_id(self) -> NotionId:
        """The user that Notion names as the author of what our connection creates.

        The first call takes a request.
        """
        return NotionId(self.client.me().id)

    @property
    def template(self) -> Template:
        """The template that is applied."""
        return self.loaded.template

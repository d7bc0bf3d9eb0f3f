"""What everything that an apply makes has in common: the door, the template, and what exists by now."""

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
    """Where an apply builds. `since` is the moment, by Notion's clock, from which on it may have created things.

    `began` is when this run began, by Notion's clock or earlier. `sibling_ids` are the blocks that the parent page
    had before: this run made none of them.
    """

    gateway: NotionClient
    parent_id: NotionId
    loaded: LoadedTemplate
    state: ApplyState
    since: datetime
    began: datetime
    sibling_ids: frozenset[NotionId]

    @cached_property
    def connection_id(self) -> NotionId:
        """The user that Notion names as the author of what our connection makes. The first call asks for it."""
        return NotionId(self.gateway.me().id)

    @property
    def template(self) -> Template:
        """The template that is applied."""
        return self.loaded.template

"""What everything that an apply makes has in common: the door, the template, and what exists by now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from notion_pm.gateway.notion import Gateway
from notion_pm.model.ids import NotionId
from notion_pm.model.template import LoadedTemplate, Template
from notion_pm.workflows.ledger import Ledger


@dataclass
class Site:
    """Where an apply builds. `since` is the moment, by Notion's clock, from which on it may have created things."""

    gateway: Gateway
    parent_id: NotionId
    loaded: LoadedTemplate
    ledger: Ledger
    since: datetime

    @property
    def template(self) -> Template:
        """The template that is applied."""
        return self.loaded.template

    @cached_property
    def bot_id(self) -> NotionId:
        """The connection itself; asked for only when the outcome of a create is unknown."""
        return self.gateway.me().id

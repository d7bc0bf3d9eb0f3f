"""Notion's deliveries: signed events that name what has changed, without content (notion-api.md 2.9)."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from notion_pm.model.ids import NotionId, with_dashes
from notion_pm.model.property_ids import as_received

SIGNATURE = "X-Notion-Signature"
ACCEPTED_FOR = timedelta(days=2)
"""Notion tries a delivery up to eight times, the last one about a day later (notion-api.md 2.9).

An older one is a copy that was recorded and sent again."""
MOST_PAGES = 50
"""When more pages than this wait, everything that was edited is read instead.

This limits the memory that a flood of deliveries can take."""

_PAGE_EVENTS = {"created", "properties_updated", "moved", "deleted", "undeleted"}
_DATABASE_EVENTS = {"schema_updated", "deleted", "undeleted", "moved"}
_ID = r"^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$"


Edit = tuple[NotionId, str]
"""A page, and the id of the property that was edited."""


class Handshake(BaseModel):
    """The first delivery of a subscription: a token to paste into Notion, and the key of signatures."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    verification_token: str = Field(min_length=8, max_length=512, pattern=r"^[\x21-\x7e]+$")


class Author(BaseModel):
    """Who has changed something: a person, or the bot of a connection."""

    model_config = ConfigDict(frozen=True)

    id: str = ""
    type: str = ""


class Entity(BaseModel):
    """What has changed."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(pattern=_ID)
    type: str


class Data(BaseModel):
    """More about the change. The properties are ids for a page, objects for a schema."""

    model_config = ConfigDict(frozen=True)

    updated_properties: tuple[Any, ...] = ()


class Event(BaseModel):
    """One event. Unknown fields are ignored: Notion may add some."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(min_length=1, max_length=100)
    type: str
    timestamp: AwareDatetime
    attempt_number: int = 1
    authors: tuple[Author, ...] = ()
    entity: Entity
    data: Data = Data()

    def is_stale(self, now: datetime) -> bool:
        """Whether it is too old, or too far ahead, to come from Notion now."""
        return abs(now - self.timestamp) > ACCEPTED_FOR

    def is_by(self, author: str) -> bool:
        """Whether this author alone made the change."""
        return bool(self.authors) and all(person.id == author for person in self.authors)

    @property
    def edits(self) -> frozenset[Edit]:
        """The properties of a page that were edited; empty for other events."""
        if self.type != "page.properties_updated":
            return frozenset()
        return frozenset(
            (with_dashes(self.entity.id), as_received(str(each)))
            for each in self.data.updated_properties
        )


@dataclass(frozen=True, slots=True)
class Named:
    """What to read: pages by their ids, or everything that was edited. Empty: nothing."""

    pages: frozenset[NotionId] = frozenset()
    everything: bool = False

    def __or__(self, other: Named) -> Named:
        """Both together."""
        pages = self.pages | other.pages
        everything = self.everything or other.everything or len(pages) > MOST_PAGES
        return EVERYTHING if everything else Named(pages)

    def __bool__(self) -> bool:
        return self.everything or bool(self.pages)


NOTHING = Named()
EVERYTHING = Named(everything=True)


def named_by(event: Event) -> Named:
    """Return what to read because of an event.

    A page, when its values or its parent have changed; everything, when a schema or a database has.
    Events of contents, comments, locks, views and files do not matter to rules. Rows that were
    added to a database, or removed, have events of pages as well.
    """
    kind, _, what = event.type.partition(".")
    if kind == "page" and what in _PAGE_EVENTS:
        return Named(frozenset({with_dashes(event.entity.id)}))
    if kind in {"data_source", "database"} and what in _DATABASE_EVENTS:
        return EVERYTHING
    return NOTHING


def is_signed(body: bytes, signature: str, token: str) -> bool:
    """Whether a body has the signature that only Notion and we can make.

    It takes the same time for every wrong signature, so that timing reveals nothing.
    """
    expected = f"sha256={hmac.new(token.encode(), body, hashlib.sha256).hexdigest()}"
    return hmac.compare_digest(expected.encode(), signature.encode())

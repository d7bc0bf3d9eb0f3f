"""Notion's deliveries: signed events with the ids of changed objects (notion-api.md 2.9)."""

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
    """The first delivery of a subscription: a token to paste into Notion.

    The same token is the key of all later signatures.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    verification_token: str = Field(min_length=8, max_length=512, pattern=r"^[\x21-\x7e]+$")


class Author(BaseModel):
    """The author of a change: a person, or the bot of a connection."""

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
        """Return whether it is too old, or too far in the future, to come from Notion now."""
        return abs(now - self.timestamp) > ACCEPTED_FOR

    def is_by(self, author: str) -> bool:
        """Return whether this author, and no other, made the change."""
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
    """Return what to read after an event: a page, everything, or nothing."""
    # A changed value or parent concerns one page. A changed schema can concern every page of a
    # database. Contents, comments, locks, views and files do not matter to rules. New and removed
    # rows of a database have events of pages as well.
    kind, _, what = event.type.partition(".")
    if kind == "page" and what in _PAGE_EVENTS:
        return Named(frozenset({with_dashes(event.entity.id)}))
    if kind in {"data_source", "database"} and what in _DATABASE_EVENTS:
        return EVERYTHING
    return NOTHING


def is_signed(body: bytes, signature: str, token: str) -> bool:
    """Return whether the signature of a body was made with the token, which only Notion has."""
    # compare_digest takes the same time for every wrong signature. A plain comparison stops at the
    # first wrong character, so an attacker could find the signature by measuring the time.
    expected = f"sha256={hmac.new(token.encode(), body, hashlib.sha256).hexdigest()}"
    return hmac.compare_digest(expected.encode(), signature.encode())

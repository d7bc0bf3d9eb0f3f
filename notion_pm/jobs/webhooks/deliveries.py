"""What Notion delivers: signed events that name what has changed, without its content (notion-api.md 2.9)."""

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
"""Notion tries a delivery up to eight times, the last about a day later. What is older was kept by somebody else."""
MOST_PAGES = 50
"""When more pages than this wait, everything that was edited is read: a bound to what a flood can make us remember."""

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
    """What an event says besides. For a page the properties are ids; for a schema they are objects."""

    model_config = ConfigDict(frozen=True)

    updated_properties: tuple[Any, ...] = ()


class Event(BaseModel):
    """One event. Fields that Notion adds are no concern of ours."""

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
        """Whether this author alone has made the change."""
        return bool(self.authors) and all(each.id == author for each in self.authors)

    @property
    def edits(self) -> frozenset[Edit]:
        """Which properties of a page were edited; nothing when it tells something else."""
        if self.type != "page.properties_updated":
            return frozenset()
        return frozenset(
            (with_dashes(self.entity.id), as_received(str(each)))
            for each in self.data.updated_properties
        )


@dataclass(frozen=True, slots=True)
class Named:
    """What is to be read: pages by their ids, or whatever was edited. Empty: nothing."""

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
    """Return what to read because of an event: a page whose values or place have changed, or what hangs on a schema.

    Contents, comments, locks, views and files mean nothing to rules; rows that a database has gained or lost are told
    as pages too.
    """
    kind, _, what = event.type.partition(".")
    if kind == "page" and what in _PAGE_EVENTS:
        return Named(frozenset({with_dashes(event.entity.id)}))
    if kind in {"data_source", "database"} and what in _DATABASE_EVENTS:
        return EVERYTHING
    return NOTHING


def is_signed(body: bytes, signature: str, token: str) -> bool:
    """Whether a body bears the signature that only Notion and we can make; takes as long whatever is wrong with it."""
    expected = f"sha256={hmac.new(token.encode(), body, hashlib.sha256).hexdigest()}"
    return hmac.compare_digest(expected.encode(), signature.encode())

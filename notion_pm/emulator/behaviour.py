"""How the service behaves where nothing public tells which way it takes: chosen, and unkind by default."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _several(value: object) -> object:
    """Return the words that a line of text joins by commas."""
    return value.split(",") if isinstance(value, str) else value


class Behaviour(BaseModel):
    """The choices, for all requests until another is made."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    property_ids: Literal["received", "any", "names"] = "received"
    """Which property ids bodies may hold.

    `received`: as responses show them, which is all that is proved of the real service. `any`: decoded ones too.
    `names`: none but `title`, so that clients have to say names; changes of schemas take ids even then (recorded).
    """
    linked_databases: Literal["400", "404"] = "400"
    """How a linked view on a page answers, asked for as a database (both were seen)."""
    queries_return: Annotated[
        frozenset[Literal["data_sources", "partial_pages"]], BeforeValidator(_several)
    ] = frozenset()
    """What queries return besides whole pages.

    `data_sources`: a data source, as queries of a wiki do unless only pages are asked for.
    `partial_pages`: the first row of each answer without its properties, as the types of the API allow.
    """
    computed_values: Literal["known", "unsupported", "incomplete"] = "known"
    """Whether formulas and rollups show values. The API's types allow values that were not computed."""
    new_property_type: bool = False
    """Whether each data source has a property of a type that nobody knows yet: Notion adds some every year."""
    removed_status: Literal["last", "default"] = "last"
    """Which option takes the pages of a status that is removed: seen was another than the default."""
    read_lag: float = Field(0, ge=0, le=600)
    """Seconds for which blocks that one connection appends are missing in what another one lists."""
    append_order: Literal["as_sent", "reversed"] = "as_sent"
    """Where a block goes that is appended within a second of another connection's: behind that, or before it."""
    query_lag: float = Field(0, ge=0, le=600)
    """Seconds for which queries show what was there before (reported: edits were missing after 4 and there after 20).

    Pages that are read by their ids show the present.
    """
    search_lag: float = Field(0, ge=0, le=600)
    """Seconds for which search does not know what was made or edited."""
    formula_filters: Literal["refused", "accepted"] = "refused"
    """Whether filters take formulas. The service refuses those that the API made, as all of them are here."""


_current: ContextVar[Behaviour] = ContextVar("behaviour", default=Behaviour())  # noqa: B039 - frozen


def behaviour() -> Behaviour:
    """Return what holds for the request that is being answered."""
    return _current.get()


@contextmanager
def behaving(wanted: Behaviour) -> Iterator[None]:
    """Let a choice hold while a request is answered."""
    before = _current.set(wanted)
    try:
        yield
    finally:
        _current.reset(before)

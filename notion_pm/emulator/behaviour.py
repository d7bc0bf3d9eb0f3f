"""Choices for what the real service does in several ways, or where no source says what it does.

The defaults are the choices that are hardest on a client.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _split_commas(value: object) -> object:
    """Return the words of `a,b`, which is how a line of text writes several of them."""
    return value.split(",") if isinstance(value, str) else value


class Behaviour(BaseModel):
    """The choices of one workspace. They hold for all requests until others are set."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    property_ids: Literal["received", "any", "names"] = "received"
    """Which property ids request bodies may use.

    `received`: the form of responses. Only this is proved of the real service. `any`: also decoded
    ids. `names`: no id except `title`, so that clients must use names; changes of schemas accept
    ids even then (recorded).
    """
    linked_databases: Literal["400", "404"] = "400"
    """The status for retrieving a linked view on a page as a database (both were measured)."""
    queries_return: Annotated[
        frozenset[Literal["data_sources", "partial_pages"]], BeforeValidator(_split_commas)
    ] = frozenset()
    """What queries return in addition to whole pages.

    `data_sources`: a data source, as queries of a wiki do unless only pages are requested.
    `partial_pages`: the first row of each answer has no properties, as the official types allow.
    """
    computed_values: Literal["known", "unsupported", "incomplete"] = "known"
    """Whether formulas and rollups show values. The official types allow uncomputed values."""
    new_property_type: bool = False
    """Whether each data source has a property of an unknown type. Notion adds types every year."""
    removed_status: Literal["last", "default"] = "last"
    """Which option the pages of a removed status get. Measured: one that is not the default."""
    read_lag: float = Field(0, ge=0, le=600)
    """Seconds until blocks of one connection appear in the lists that others read."""
    append_order: Literal["as_sent", "reversed"] = "as_sent"
    """Whether a block goes after or before one that another connection sent within a second."""
    query_lag: float = Field(0, ge=0, le=600)
    """Seconds until queries show a change (reported: edits were missing after 4, there after 20).

    Pages that are read by id always show the present.
    """
    search_lag: float = Field(0, ge=0, le=600)
    """Seconds until search finds what was made or edited."""
    formula_filters: Literal["refused", "accepted"] = "refused"
    """Whether filters accept formulas.

    The service refuses to filter by formulas that were made with the API, like all formulas here.
    """


_DEFAULT = Behaviour()
_current: ContextVar[Behaviour] = ContextVar("behaviour", default=_DEFAULT)


def behaviour() -> Behaviour:
    """Return the choices for the current request."""
    return _current.get()


@contextmanager
def behaving(wanted: Behaviour) -> Iterator[None]:
    """Use these choices while a request is answered."""
    before = _current.set(wanted)
    try:
        yield
    finally:
        _current.reset(before)

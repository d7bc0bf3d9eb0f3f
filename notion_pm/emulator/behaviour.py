"""How the service behaves where nothing public tells which way it takes: chosen, and unkind by default."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

from pydantic import BaseModel, ConfigDict


class Behaviour(BaseModel):
    """The choices, for all requests until another is made."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    property_ids: Literal["received", "any", "names"] = "received"
    """Which property ids bodies may hold.

    `received`: as responses show them, which is all that is proved of the real service. `any`: decoded ones too.
    `names`: none but `title`, so that clients have to say names; changes of schemas take ids even then (recorded).
    """
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

"""Conditions over a page's properties, as templates write them.

where: {status: [idea, spec], evidence: {at_least: 3}}
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import cached_property
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Scalar = bool | int | float | str
Category = str


def as_list(value: Any) -> Any:
    """Let a single value stand for a list of one."""
    return [value] if value is not None and not isinstance(value, list | tuple) else value


Scalars = Annotated[tuple[Scalar, ...], BeforeValidator(as_list)]


_RELATIVE = re.compile(r"(?:(?P<ago>\d{1,4}) days? ago|in (?P<ahead>\d{1,4}) days?)$")


def day_of(text: str, today: date) -> str:
    """Return the day that a condition names, as an ISO date. Raises ValueError when it names none."""
    if text == "today":
        return today.isoformat()
    if found := _RELATIVE.match(text):
        return (
            today + timedelta(days=int(found["ahead"] or 0) - int(found["ago"] or 0))
        ).isoformat()
    return date.fromisoformat(text[:10]).isoformat()


def _checked_day(text: str) -> str:
    try:
        day_of(text, date(2000, 1, 1))
    except ValueError:
        raise ValueError(
            f"`{text}` is no day: write it like 2026-11-22, today, 14 days ago or in 14 days"
        ) from None
    return text


Day = Annotated[str, AfterValidator(_checked_day)]


class Condition(BaseModel):
    """What one property must satisfy; all that is stated must hold.

    Written short, a scalar or a list stands for `is`. Options are named by their keys.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    is_: Scalars | None = Field(
        None, alias="is", description="Equal to one of these (multi_select: contains one of them)."
    )
    not_: Scalars | None = Field(None, alias="not", description="Equal to none of these.")
    category: Annotated[tuple[str, ...], BeforeValidator(as_list)] | None = Field(
        None, description="Status: the option's category is one of todo, doing, done, dropped."
    )
    entered: Scalars | None = Field(
        None,
        description="Became one of these since the last sync, which is known; only in the `when` of a rule.",
    )
    empty: bool | None = Field(None, description="Whether the property must be empty.")
    contains: str | None = Field(None, description="Text that must occur in it.")
    at_least: float | None = None
    at_most: float | None = None
    more_than: float | None = None
    less_than: float | None = None
    before: Day | None = Field(
        None,
        description="ISO date, or today; not included. Rules also take `14 days ago` and `in 14 days`.",
    )
    after: Day | None = Field(None, description="As `before`.")

    @cached_property
    def stated(self) -> frozenset[str]:
        """The names of the fields that say something."""
        return frozenset(
            name for name in type(self).model_fields if getattr(self, name) is not None
        )

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        return value if isinstance(value, dict | cls) else {"is": value}


Where = dict[str, Condition]
"""A condition: property key -> condition. All must hold."""

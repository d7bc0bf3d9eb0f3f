"""Conditions on the properties of pages: their syntax tree, and how templates write them.

A template writes `where: {status: [idea, spec], evidence: {at_least: 3}}`. A command line writes
`--where status=idea,spec` (conditions/text_form.py). Both become `Comparison`s, which are evaluated
in memory (conditions/evaluate.py) or compiled to filters of Notion (conditions/api_filters.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Scalar = bool | int | float | str
Category = str

Operator = Literal[
    "=", "!=", "~", "!~", "<", "<=", ">", ">=", "empty", "not_empty", "category", "entered"
]  # fmt: skip

# A test of these fails as soon as one value fits: "status is not idea, spec" means neither.
_NEGATIVE = frozenset({"!=", "!~", "not_empty"})


@dataclass(frozen=True, slots=True)
class Comparison:
    """One test of one property.

    - `=` equals, `~` contains: any of the values must fit.
    - `!=`, `!~`: none of the values may fit.
    - `<`, `<=`, `>`, `>=`: numbers and dates.
    - `empty`, `not_empty`: without values.
    - `category`: a status in one of these categories.
    - `entered`: became one of the values since the last sync; only rules know.
    """

    operator: Operator
    values: tuple[Scalar, ...] = ()

    @property
    def is_negative(self) -> bool:
        """Whether it must hold for all its values, rather than for any of them."""
        return self.operator in _NEGATIVE


def as_list(value: Any) -> Any:
    """Return a single value as a list of one; None and lists as they are."""
    if value is None or isinstance(value, list | tuple):
        return value
    return [value]


Scalars = Annotated[tuple[Scalar, ...], BeforeValidator(as_list)]


_RELATIVE_DAY = re.compile(r"(?:(?P<ago>\d{1,4}) days? ago|in (?P<ahead>\d{1,4}) days?)$")


def day_of(text: str, today: date) -> str:
    """Return the day that a condition names, as an ISO date.

    `2026-11-22`, `today`, `14 days ago`, `in 1 day`. Raises ValueError for any other text.
    """
    if text == "today":
        return today.isoformat()
    relative = _RELATIVE_DAY.match(text)
    if relative is None:
        return date.fromisoformat(text[:10]).isoformat()
    days = int(relative["ahead"] or 0) - int(relative["ago"] or 0)
    return (today + timedelta(days=days)).isoformat()


def _validate_day(text: str) -> str:
    try:
        day_of(text, date(2000, 1, 1))
    except ValueError:
        raise ValueError(
            f"`{text}` is not a day: write it like 2026-11-22, today, 14 days ago or in 14 days"
        ) from None
    return text


Day = Annotated[str, AfterValidator(_validate_day)]

ORDER_FIELDS: dict[str, Operator] = {
    "at_least": ">=",
    "at_most": "<=",
    "more_than": ">",
    "less_than": "<",
}
"""Fields of `Condition` that compare numbers."""

DAY_FIELDS: dict[str, Operator] = {"before": "<", "after": ">"}
"""Fields of `Condition` that compare dates."""


class Condition(BaseModel):
    """What one property must satisfy, as a template writes it. All stated fields must hold.

    A single value or a list is short for `is`: `status: [idea, spec]`. Options are named by their
    keys.
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
        description="Became one of these since the last sync. Only in the `when` of a rule.",
    )
    empty: bool | None = Field(None, description="Whether the property must be empty.")
    contains: str | None = Field(None, description="Text that must occur in it.")
    at_least: float | None = Field(None, description="Number: this or more.")
    at_most: float | None = Field(None, description="Number: this or less.")
    more_than: float | None = Field(None, description="Number: more than this.")
    less_than: float | None = Field(None, description="Number: less than this.")
    before: Day | None = Field(
        None,
        description=(
            "Date: earlier than this ISO date, or `today`. Rules also accept `14 days ago` and "
            "`in 14 days`."
        ),
    )
    after: Day | None = Field(None, description="Date: later than this; written as for `before`.")

    @cached_property
    def comparisons(self) -> tuple[Comparison, ...]:
        """The stated fields as syntax tree.

        The order is fixed: filters in Notion are compared with those compiled from here.
        """
        found = []
        if self.is_ is not None:
            found.append(Comparison("=", self.is_))
        if self.category is not None:
            found.append(Comparison("category", self.category))
        if self.not_ is not None:
            found.append(Comparison("!=", self.not_))
        if self.entered is not None:
            found.append(Comparison("entered", self.entered))
        if self.empty is not None:
            found.append(Comparison("empty" if self.empty else "not_empty"))
        if self.contains is not None:
            found.append(Comparison("~", (self.contains,)))
        for field, operator in (ORDER_FIELDS | DAY_FIELDS).items():
            bound = getattr(self, field)
            if bound is not None:
                found.append(Comparison(operator, (bound,)))
        return tuple(found)

    @model_validator(mode="before")
    @classmethod
    def _expand_short_form(cls, value: Any) -> Any:
        return value if isinstance(value, dict | cls) else {"is": value}


Where = dict[str, Condition]
"""Conditions by property key. All of them must hold."""

"""Sync rules, as a template states them (its `sync:` part).

A rule sets one property on the pages of one database. It reads the page itself, or pages that are
related to it:

    I2-plan:
      why: A feature that is being built plans the insights behind it.
      set: insights.status
      to: planned                           # an option: the rule derives a status
      if: {any: {over: features, where: {status: {category: doing}}}}
      forward_only: true
      keep: [closed, wont_do]

    F1-customers:
      why: Ten notes of one customer are one customer.
      set: features.customers
      value: {distinct: insights.customer}  # a number: the rule stamps it

    F7-blocked:
      why: Before you start a feature, you should know what it waits for.
      set: features.sync_note
      note: Blocked by {pages}.             # a text: the rule flags
      if: {any: {over: depends_on, where: {status: {category: [todo, doing]}}}}

A path follows relations, from the page that the rule sets:

- `features`, `features.vision`: one relation, or several in a row.
- `inverse(parent)`: a one-way relation backwards, from a parent to its children.
- `tree(parent)`: the page itself and everything below it.
- `features | opportunities.features`: the pages of both routes, each page once.
"""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Literal, Self, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from notion_pm.model.condition import Where, as_list

_STRICT = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Related(BaseModel):
    """The pages at the end of a path of relations, and what they must satisfy."""

    model_config = _STRICT

    over: str = Field(
        description="The relation to follow, or a path of several (`features.vision`)."
    )
    where: Where = Field(default_factory=dict, description="What a related page must satisfy.")
    of: Where = Field(
        default_factory=dict,
        description="The related pages that count. Others are ignored as if they were not related.",
    )
    after: dict[str, str] = Field(
        default_factory=dict,
        description=(
            "Dates to compare, such as `{shipped_on: observed_on}`: the date of the related page "
            "must be later than the date of the page itself. Always satisfied if the page itself "
            "has no date."
        ),
    )


class If(BaseModel):
    """When a rule applies. If several parts are given, all must hold.

    `all` and `none` need at least one page that counts. Otherwise a feature without insights would
    satisfy every rule about "all its insights".
    """

    model_config = _STRICT

    any: Related | None = Field(None, description="At least one related page satisfies `where`.")
    all: Related | None = Field(
        None, description="Every related page satisfies `where`, and there is at least one."
    )
    none: Related | None = Field(
        None, description="No related page satisfies `where`, and there is at least one."
    )

    @model_validator(mode="after")
    def _has_a_part(self) -> Self:
        if not (self.any or self.all or self.none):
            raise ValueError("`if` needs `any`, `all` or `none`")
        return self


Way = Literal["count", "distinct", "sum", "max", "min", "share", "only", "formula"]
"""The ways to compute a value from related pages, or with `formula` from the page itself."""

_WAYS: tuple[Way, ...] = get_args(Way)


class ValueOf(BaseModel):
    """Exactly one way to compute a number or date: from related pages, or from the page itself.

    A path to a property is a path of relations with
    a property of the related page at its end: `insights.customer`.
    """

    model_config = _STRICT

    count: str | None = Field(None, description="The number of related pages: a path of relations.")
    distinct: str | None = Field(
        None,
        description="The number of different values, without empty ones: a path to a property.",
    )
    sum: str | None = Field(
        None, description="The sum of numbers, or of the weights of options: a path to a property."
    )
    max: str | None = Field(None, description="The largest value: a path to a property.")
    min: str | None = Field(None, description="The smallest value: a path to a property.")
    share: str | None = Field(
        None,
        description=(
            "The share (0 to 1) of related pages that satisfy `where`: a path of relations."
        ),
    )
    only: str | None = Field(
        None,
        description=(
            "The number of the only related page: a path to a property. Empty if no page or "
            "several pages are related."
        ),
    )
    formula: str | None = Field(
        None,
        description=(
            "Arithmetic with numbers of the page itself: `reach * impact * confidence / effort`."
        ),
    )
    of: Where = Field(default_factory=dict, description="The related pages that count.")
    where: Where = Field(
        default_factory=dict, description="With `share`: what a related page must satisfy."
    )
    weight: str | None = Field(
        None,
        description=(
            "With `share`: a number of the related page that is its weight. A page without it "
            "weighs as much as the mean of the others. If no page has a weight, pages are counted."
        ),
    )
    once_per: str | None = Field(
        None,
        description=(
            "With `sum`: a property of the related page, such as its customer. Each customer adds "
            "only one value to the sum. Pages where the property is empty are left out."
        ),
    )
    latest_by: str | None = Field(
        None,
        description=(
            "With `once_per`: a date of the related page. The latest value counts. Default: the "
            "largest value counts."
        ),
    )
    across_all: bool = Field(
        False,
        description=(
            "With `once_per`: take the value from all pages of the related database. For amounts "
            "that belong to the customer, such as what it pays, and not to the single insight."
        ),
    )

    @cached_property
    def way(self) -> Way:
        """The one way that is named: count, distinct, sum, ..."""
        return next(way for way in _WAYS if getattr(self, way) is not None)

    @cached_property
    def expression(self) -> str:
        """The text after the way: a path, or with `formula` an arithmetic expression."""
        return str(getattr(self, self.way))

    @model_validator(mode="after")
    def _names_one_way(self) -> Self:
        named = [way for way in _WAYS if getattr(self, way) is not None]
        if len(named) != 1:
            raise ValueError(f"`value` needs exactly one of {', '.join(_WAYS)}")
        return self


OnConflict = Literal["keep", "rule", "newest"]
"""Which value wins if a person and a rule set different ones (decided in `rules.settle`)."""


class Rule(BaseModel):
    """One rule. It sets an option or checkbox (`to`), a number or date (`value`), or a `note`."""

    model_config = _STRICT

    why: str = Field(description="The reason in one sentence: shown by --explain and in reports.")
    set: str = Field(description="The property to set: `database.property`.")
    to: str | bool | None = Field(
        None,
        description="The key of an option, `today` for a date, true or false for a checkbox.",
    )
    value: ValueOf | None = Field(None, description="A number or date to compute.")
    note: str | None = Field(
        None,
        description=(
            "Text to set while the rule applies. `{pages}` becomes the titles of the pages that "
            "cause it. Removed when the rule no longer applies, unless a person changed it."
        ),
    )
    when: Where = Field(default_factory=dict, description="What the page itself must satisfy.")
    if_: If | None = Field(None, alias="if", description="What the related pages must satisfy.")
    propose: bool = Field(False, description="Only report what the rule would set.")
    forward_only: bool = Field(False, description="Never move back in the order of options.")
    keep: Annotated[tuple[str, ...], BeforeValidator(as_list)] = Field(
        (), description="Options that only people set and remove: the rule never replaces them."
    )
    on_conflict: OnConflict = Field(
        "keep",
        description=(
            "Which value wins if a person set another one: the person's (`keep`), the rule's "
            "(`rule`), or the one whose pages were edited last (`newest`)."
        ),
    )
    max_changes: int | None = Field(
        None,
        ge=1,
        description=(
            "The most pages that the rule may change in one run. Beyond it the run stops before "
            "its first write."
        ),
    )
    priority: int = Field(
        0,
        description=("If rules set one property to different values, the highest priority wins."),
    )

    @property
    def mode(self) -> Literal["derive", "stamp", "flag", "propose"]:
        """How the rule acts: derive an option, stamp a value, flag with a note, or only propose."""
        if self.propose:
            return "propose"
        if self.note is not None:
            return "flag"
        return "derive" if self.value is None else "stamp"

    @model_validator(mode="after")
    def _sets_one_thing(self) -> Self:
        stated = [field for field in (self.to, self.value, self.note) if field is not None]
        if len(stated) != 1:
            raise ValueError("a rule needs exactly one of `to`, `value`, `note`")
        return self

"""Sync rules, as templates state them (the `sync:` part of a template).

A rule sets one property of the pages of one database, from what is found along a relation, or on the page itself:

    I2-plan:
      why: A feature that is being built plans the insights behind it.
      set: insights.status
      to: planned                      # an option: the rule derives a status
      if: {any: {over: features, where: {status: {category: doing}}}}
      forward_only: true
      keep: [closed, wont_do]

    F1-customers:
      why: Ten notes of one customer are one customer.
      set: features.customers
      value: {distinct: insights.customer}     # a number: the rule stamps it

    F7-blocked:
      why: Whoever starts a feature should know what it waits for.
      set: features.sync_note
      note: Blocked by {pages}.                # a text: the rule flags
      if: {any: {over: depends_on, where: {status: {category: [todo, doing]}}}}

A path runs along relations, from the page that the rule sets: `features`, `features.vision`. `inverse(parent)` follows
a one-way relation backwards: from a parent to its children; `tree(parent)` leads to a page and everything below it.
`features | opportunities.features` leads to the pages of both routes, each once.
"""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from notion_pm.model.condition import Where, as_list

_STRICT = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Related(BaseModel):
    """Pages found along a path of relation properties of the page that the rule sets."""

    model_config = _STRICT

    over: str = Field(
        description="Relation property, or a dotted path of them over several hops (`features.vision`)."
    )
    where: Where = Field(
        default_factory=dict, description="What a related page must satisfy to count as a yes."
    )
    of: Where = Field(
        default_factory=dict,
        description="Which related pages are looked at; the others are as if not related.",
    )
    after: dict[str, str] = Field(
        default_factory=dict,
        description=(
            "Dates to compare, as `{shipped_on: observed_on}`: a related page counts as a yes only if its date lies "
            "after that of the page itself. It also counts where the page itself has no date."
        ),
    )


class If(BaseModel):
    """When a rule holds. `all` and `none` need at least one page that is looked at; else the rule says nothing."""

    model_config = _STRICT

    any: Related | None = Field(None, description="At least one related page satisfies `where`.")
    all: Related | None = Field(
        None, description="Every related page that is looked at satisfies `where`."
    )
    none: Related | None = Field(
        None, description="Pages are looked at, and none satisfies `where`."
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.any or self.all or self.none):
            raise ValueError("`if` needs `any`, `all` or `none`")
        return self


_WAYS = ("count", "distinct", "sum", "max", "min", "share", "only", "formula")


class ValueOf(BaseModel):
    """A number or date computed from related pages or from the page itself; exactly one way is named.

    Paths end in a property of the related page: `insights.customer`.
    """

    model_config = _STRICT

    count: str | None = Field(None, description="How many related pages: a relation path.")
    distinct: str | None = Field(
        None, description="How many different non-empty values: a path to a property."
    )
    sum: str | None = Field(
        None, description="The sum of a number, or of a select's weights: a path to a property."
    )
    max: str | None = Field(None, description="The largest: a path to a property.")
    min: str | None = Field(None, description="The smallest: a path to a property.")
    share: str | None = Field(
        None,
        description="The share (0 to 1) of related pages that satisfy `where`: a relation path.",
    )
    only: str | None = Field(
        None,
        description=(
            "The number of the one related page; empty where several pages are related, or none: a path to a property."
        ),
    )
    formula: str | None = Field(
        None,
        description="Arithmetic over numbers of the page itself: `reach * impact * confidence / effort`.",
    )
    of: Where = Field(default_factory=dict, description="Which related pages are looked at.")
    where: Where = Field(default_factory=dict, description="With `share`: what counts.")
    weight: str | None = Field(
        None,
        description=(
            "With `share`: number property of the related page to weigh by; "
            "pages without one weigh as the mean of the others; where nothing weighs anything they are counted."
        ),
    )
    once_per: str | None = Field(
        None,
        description=(
            "With `sum`: property of the related page, such as a customer, that counts only once. "
            "Pages where it is empty are left out."
        ),
    )
    latest_by: str | None = Field(
        None,
        description="With `once_per`: date property; the latest value counts. Without it the largest does.",
    )
    across_all: bool = Field(
        False,
        description=(
            "With `once_per`: take the value from all pages of that database, not only from the related ones. "
            "For what belongs to the customer, such as what it pays, and not to the single insight."
        ),
    )

    @cached_property
    def way(self) -> str:
        """The one way that is named: count, distinct, sum, ..."""
        return next(way for way in _WAYS if getattr(self, way) is not None)

    @cached_property
    def expression(self) -> str:
        """What the way is applied to: a path, or with `formula` an arithmetic expression."""
        return str(getattr(self, self.way))

    @model_validator(mode="after")
    def _names_one_way(self) -> Self:
        if sum(getattr(self, way) is not None for way in _WAYS) != 1:
            raise ValueError(f"`value` needs exactly one of {', '.join(_WAYS)}")
        return self


OnConflict = Literal["keep", "rule", "newest"]


class Rule(BaseModel):
    """One rule. `to` derives a status or select, `value` stamps a number or date, `note` flags with a text."""

    model_config = _STRICT

    why: str = Field(description="One sentence for people: shown by --explain and in reports.")
    set: str = Field(description="The property to set: database.property.")
    to: str | bool | None = Field(
        None,
        description="The option to set (its key), `today` for a date, true or false for a checkbox.",
    )
    value: ValueOf | None = None
    note: str | None = Field(
        None,
        description=(
            "Text to set while the rule holds, `{pages}` being the titles of the pages that cause it; "
            "emptied when it no longer does and the text is still ours."
        ),
    )
    when: Where = Field(default_factory=dict, description="What the page itself must satisfy.")
    if_: If | None = Field(None, alias="if", description="What the related pages must satisfy.")
    propose: bool = Field(False, description="Only report what the rule would set.")
    forward_only: bool = Field(False, description="Never move back along the order of the options.")
    keep: Annotated[tuple[str, ...], BeforeValidator(as_list)] = Field(
        (), description="Options that belong to people: a page in one of these is left alone."
    )
    on_conflict: OnConflict = "keep"
    max_changes: int | None = Field(
        None,
        ge=1,
        description="A run in which the rule would change more pages stops before its first write.",
    )
    priority: int = Field(
        0, description="Of two rules that set one property to different values the higher one wins."
    )

    @property
    def mode(self) -> Literal["derive", "stamp", "flag", "propose"]:
        """How the rule acts: it derives an option, stamps a value, flags with a note, or only proposes."""
        if self.propose:
            return "propose"
        if self.note is not None:
            return "flag"
        return "derive" if self.value is None else "stamp"

    @model_validator(mode="after")
    def _sets_one_thing(self) -> Self:
        if sum(each is not None for each in (self.to, self.value, self.note)) != 1:
            raise ValueError("a rule needs exactly one of `to`, `value`, `note`")
        return self

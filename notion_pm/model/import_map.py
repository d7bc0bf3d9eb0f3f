"""An import map: which columns of another tool's file fill which properties, and what makes two rows the same."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from notion_pm.patterns import BoundedPattern

_STRICT = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def _as_tuple(value: Any) -> Any:
    """One word may stand for a list of one."""
    return (value,) if isinstance(value, str) else value


def _one_group(pattern: str) -> str:
    if BoundedPattern(pattern).groups != 1:
        raise ValueError("it needs exactly one pair of parentheses, around the part to take")
    return pattern


Words = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]
Part = Annotated[str, AfterValidator(_one_group)]


class _FromColumns(BaseModel):
    model_config = _STRICT

    columns: Words = Field((), alias="from", description="The columns, by their headers.")
    part: Part | None = Field(
        None, description="Take only this part: a regular expression with one group."
    )

    @model_validator(mode="before")
    @classmethod
    def _from_a_column(cls, data: Any) -> Any:
        return {"from": data} if isinstance(data, str | list | tuple) else data


class Filling(_FromColumns):
    """How one property is filled. A word alone is the column to take.

    Of several columns a multi-select takes all values, everything else those of the first that is not empty.
    """

    value: str | None = Field(
        None, description="The same for every row; `{Column}` stands for that row's cell."
    )
    text: Literal["plain", "html", "jira", "notion"] = Field(
        "plain",
        description="What the text is marked up with; notion: links to pages, of which the titles are taken.",
    )
    date: str | None = Field(
        None,
        description="How dates are written: iso, unix, or as %d/%m/%Y. Without it, found out from all of them.",
    )
    split: str | None = Field(
        None, description="What stands between the values of a list in one cell."
    )
    words: dict[str, str | None] = Field(
        default_factory=dict,
        description="Their words -> our options, by key or name; empty: leave the property empty.",
    )
    length: int | None = Field(None, ge=1, description="Cut longer text to so many characters.")
    new: bool | None = Field(
        None,
        description="Make options and related pages that are not there. Without it: where the template lets people.",
    )

    @model_validator(mode="after")
    def _has_a_source(self) -> Filling:
        if bool(self.columns) == (self.value is not None):
            raise ValueError("it needs either `from` (columns) or `value`")
        return self


class RowKey(_FromColumns):
    """What makes a row the same as one that was imported before."""

    prefix: str = Field(
        "", description="Stands before it, so that the ids of two tools cannot be mistaken."
    )
    hashed: bool = Field(
        False, description="Keep a mark of the cells instead: where no column identifies a row."
    )
    property: str | None = Field(
        None, description="The property that keeps it. By default the template's choice."
    )

    @model_validator(mode="after")
    def _has_columns(self) -> RowKey:
        if not self.columns:
            raise ValueError("it needs `from`: the columns that identify a row")
        return self


class ImportMap(BaseModel):
    """A whole map. `source` is what the tool is called; `needs` are the headers by which its files are recognised."""

    model_config = _STRICT

    source: str = Field(min_length=1)
    into: str = Field("insights", description="The database: its key, title, id or link.")
    verified: bool = Field(
        True, description="Whether a real file of the tool has passed through it."
    )
    complete: bool = Field(
        True,
        description="Whether nothing is left to a person, such as which question is the quote.",
    )
    needs: tuple[str, ...] = ()
    headers: dict[str, Words] = Field(
        default_factory=dict,
        description="What the tool calls its columns in other languages, by the English header.",
    )
    first: str | None = Field(
        None, description="The header that is the first where the tool's files are recognised."
    )
    key: RowKey
    fill: dict[str, Filling] = Field(description="Properties, by key or title.")
    body: Filling | None = Field(None, description="What a new page holds, in Markdown.")
    only: dict[str, Words] = Field(
        default_factory=dict, description="Take only rows in which a column holds one of these."
    )
    without: Words = Field(
        (), description="Leave out rows in which one of these columns is not empty."
    )
    repeats: Literal["refuse", "first"] = Field(
        "refuse",
        description="What to do with a second row of the same key: refuse it, or take the first alone.",
    )
    notes: Words = Field((), description="What a person should know beforehand.")

    @property
    def used_columns(self) -> frozenset[str]:
        """Every column that it looks at."""
        fillings = [*self.fill.values(), *([self.body] if self.body else [])]
        placed = (name for each in fillings for name in placeholders(each.value or ""))
        named = (name for each in fillings for name in each.columns)
        return frozenset((*self.key.columns, *self.only, *self.without, *named, *placed))

    def with_columns(self, names: Mapping[str, str]) -> ImportMap:
        """Return the map with other names of columns."""

        def renamed(columns: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(names.get(column, column) for column in columns)

        def filled(filling: Filling) -> Filling:
            return filling.model_copy(update={"columns": renamed(filling.columns)})

        changed = {
            "needs": renamed(self.needs),
            "first": names.get(self.first, self.first) if self.first else None,
            "key": self.key.model_copy(update={"columns": renamed(self.key.columns)}),
            "fill": {name: filled(each) for name, each in self.fill.items()},
            "body": filled(self.body) if self.body else None,
            "only": {names.get(column, column): words for column, words in self.only.items()},
            "without": renamed(self.without),
        }
        return self.model_copy(update=changed)

    def of_source(self, source: str) -> ImportMap:
        """Return the map for another source, whose keys cannot be mistaken for those of this one."""
        slug = "-".join(re.findall(r"\w+", source.casefold())) or "import"
        key = self.key.model_copy(update={"prefix": f"{slug}:"}) if self.key.prefix else self.key
        return self.model_copy(update={"source": source, "key": key})


def placeholders(value: str) -> tuple[str, ...]:
    """Return the columns that a `value` names in braces."""
    return tuple(re.findall(r"\{([^{}]+)\}", value))

"""Import maps: which columns of a file fill which properties, and what identifies a row."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from notion_pm.patterns import BoundedPattern

_STRICT = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def _as_tuple(value: Any) -> Any:
    """Return a list for a single word: `from: Title` means `from: [Title]`."""
    return (value,) if isinstance(value, str) else value


def _one_group(pattern: str) -> str:
    if BoundedPattern(pattern).groups != 1:
        raise ValueError("it needs exactly one pair of parentheses, around the part to use")
    return pattern


Words = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]
Part = Annotated[str, AfterValidator(_one_group)]


class _FromColumns(BaseModel):
    model_config = _STRICT

    columns: Words = Field((), alias="from", description="The columns, by their headers.")
    part: Part | None = Field(
        None, description="Use only this part of the cell: a regular expression with one group."
    )

    @model_validator(mode="before")
    @classmethod
    def _from_a_column(cls, data: Any) -> Any:
        return {"from": data} if isinstance(data, str | list | tuple) else data


class Filling(_FromColumns):
    """How one property is filled. A word alone is the column.

    From several columns, a multi-select gets all values, other properties those of the first
    column that is not empty.
    """

    value: str | None = Field(
        None, description="The same for every row; `{Column}` is replaced by the row's cell."
    )
    text: Literal["plain", "html", "jira", "notion"] = Field(
        "plain",
        description="The markup of the text; notion: links to pages, which are replaced by titles.",
    )
    date: str | None = Field(
        None,
        description="How dates are written: iso, unix, or as %d/%m/%Y. Default: detected.",
    )
    split: str | None = Field(None, description="The separator of several values in one cell.")
    words: dict[str, str | None] = Field(
        default_factory=dict,
        description="Words of the file -> options, by key or name; empty: leave the property "
        "empty.",
    )
    length: int | None = Field(None, ge=1, description="Cut longer text to this many characters.")
    new: bool | None = Field(
        None,
        description="Create missing options and related pages. Default: where the template allows "
        "it.",
    )

    @model_validator(mode="after")
    def _has_a_source(self) -> Filling:
        # True for neither and for both. An empty text is a `value`, empty `columns` are no source.
        if bool(self.columns) == (self.value is not None):
            raise ValueError("it needs either `from` (columns) or `value`")
        return self


class RowKey(_FromColumns):
    """What identifies a row, so that it is recognised when it is imported again."""

    prefix: str = Field(
        "", description="Text before the key, so that the ids of two tools are never the same."
    )
    hashed: bool = Field(
        False,
        description="Use a hash of the cells: for files without a column that identifies a row.",
    )
    property: str | None = Field(
        None, description="The property that keeps the key. Default: the template's `import_by`."
    )

    @model_validator(mode="after")
    def _has_columns(self) -> RowKey:
        if not self.columns:
            raise ValueError("it needs `from`: the columns that identify a row")
        return self


class ImportMap(BaseModel):
    """A whole map.

    `source`: the name of the tool. `needs`: the headers by which its files are recognised.
    """

    model_config = _STRICT

    source: str = Field(min_length=1)
    into: str = Field("insights", description="The database: its key, title, id or link.")
    verified: bool = Field(
        True, description="Whether a real export of the tool has been imported with it."
    )
    complete: bool = Field(
        True,
        description="Whether it needs no choice of a person, such as which question is the quote.",
    )
    needs: tuple[str, ...] = ()
    headers: dict[str, Words] = Field(
        default_factory=dict,
        description="The tool's headers in other languages, by the English header.",
    )
    first: str | None = Field(
        None, description="The header that must be the first one in files of the tool."
    )
    key: RowKey
    fill: dict[str, Filling] = Field(description="Properties, by key or title.")
    body: Filling | None = Field(None, description="The body of a new page, in Markdown.")
    only: dict[str, Words] = Field(
        default_factory=dict,
        description="Import only rows in which a column has one of these values.",
    )
    without: Words = Field(
        (), description="Leave out rows in which one of these columns is not empty."
    )
    repeats: Literal["refuse", "first"] = Field(
        "refuse",
        description="A second row with the same key is rejected (refuse), or left out (first).",
    )
    notes: Words = Field((), description="What a person should know before the import.")

    @property
    def used_columns(self) -> frozenset[str]:
        """All columns that the map uses."""
        columns = {*self.key.columns, *self.only, *self.without}
        # A fixed value can name columns too, as in `{Company}: {Request}`.
        for filling in (*self.fill.values(), self.body):
            if filling is not None:
                columns.update(filling.columns)
                columns.update(placeholders(filling.value or ""))
        return frozenset(columns)

    def with_columns(self, names: Mapping[str, str]) -> ImportMap:
        """Return the map with other names for columns. `names`: old name -> new name."""

        def rename(columns: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(names.get(column, column) for column in columns)

        def rename_in(filling: Filling) -> Filling:
            return filling.model_copy(update={"columns": rename(filling.columns)})

        changed = {
            "needs": rename(self.needs),
            "first": names.get(self.first, self.first) if self.first else None,
            "key": self.key.model_copy(update={"columns": rename(self.key.columns)}),
            "fill": {name: rename_in(filling) for name, filling in self.fill.items()},
            "body": rename_in(self.body) if self.body else None,
            "only": {names.get(column, column): words for column, words in self.only.items()},
            "without": rename(self.without),
        }
        return self.model_copy(update=changed)

    def of_source(self, source: str) -> ImportMap:
        """Return the map for another source, with its own key prefix: its keys are never the
        same.
        """
        # "Acme Tickets" -> "acme-tickets". A name of symbols only leaves nothing, hence "import".
        slug = "-".join(re.findall(r"\w+", source.casefold())) or "import"
        key = self.key.model_copy(update={"prefix": f"{slug}:"}) if self.key.prefix else self.key
        return self.model_copy(update={"source": source, "key": key})


def placeholders(value: str) -> tuple[str, ...]:
    """Return the columns that a fixed value names in braces."""
    return tuple(re.findall(r"\{([^{}]+)\}", value))

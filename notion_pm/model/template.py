"""A template: the databases, properties, views, rows, rules and exports of a workspace.

These models are the format of a template file (docs/templates.md). With `extra="forbid"` a
misspelt key becomes a problem with its line. Everything that people may rename in Notion has a key
here, and keys form addresses. References between models, such as the target of a relation, are
checked by `template/references.py`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from notion_pm.model.condition import Where
from notion_pm.model.rule import Rule

Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
ViewAddress = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*\.[a-z0-9][a-z0-9_-]*$")
]
Color = Literal[
    "default", "gray", "brown", "orange", "yellow", "green", "blue", "purple", "pink", "red"
]
Group = Literal["to_do", "in_progress", "complete"]
Category = Literal["todo", "doing", "done", "dropped"]
Role = Literal[
    "vision", "objectives", "key_results", "opportunities", "features", "insights", "customers"
]

GROUP_NAMES: dict[str, str] = {
    "to_do": "To-do",
    "in_progress": "In progress",
    "complete": "Complete",
}
"""The names of status groups in Notion's API, which has only these three (notion-api.md 3.2)."""

_CATEGORY_OF_GROUP: dict[str, Category] = {
    "to_do": "todo",
    "in_progress": "doing",
    "complete": "done",
}
_STRICT = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class OptionSpec(BaseModel):
    """An option. The order in the list is its rank: "forward" for a rule means down the list."""

    model_config = _STRICT

    key: Key
    # Notion refuses longer names, and commas in names of options.
    name: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^,]+$")]
    color: Color = "default"
    description: str | None = None
    group: Group | None = Field(None, description="Status only: its group in Notion.")
    category: Category | None = Field(
        None, description="Status only: its meaning for rules. Default: the meaning of its group."
    )
    weight: float | None = Field(
        None, description="Select only: how much it counts in sums (importance 0 to 3)."
    )
    was: Key | None = Field(
        None, description="The key of this option in an earlier version of the template."
    )

    @property
    def meaning(self) -> Category:
        """The category that rules read."""
        return self.category or _CATEGORY_OF_GROUP[self.group or "to_do"]


class _PropertySpec(BaseModel):
    model_config = _STRICT

    title: str = Field(
        min_length=1, description="The name that people see. They may change it in Notion."
    )
    description: str | None = Field(
        None, description="Shown in Notion when the mouse is on the property's name."
    )
    was: Key | None = Field(
        None, description="The key of this property in an earlier version of the template."
    )
    stamped: bool = Field(False, description="Written by sync rules, not by people.")


class PlainProperty(_PropertySpec):
    """A property without settings."""

    type: Literal[
        "title", "rich_text", "date", "people", "files", "checkbox", "url", "email", "phone_number",
        "created_time", "created_by", "last_edited_time", "last_edited_by",
    ]  # fmt: skip


class NumberProperty(_PropertySpec):
    type: Literal["number"]
    format: str = Field(
        "number", description="One of Notion's number formats: number, percent, euro, ..."
    )


class OptionsProperty(_PropertySpec):
    type: Literal["select", "multi_select", "status"]
    options: tuple[OptionSpec, ...] = ()
    open: bool = Field(
        False,
        description="Select and multi_select: rows may use options that are not listed; Notion "
        "creates them.",
    )

    @model_validator(mode="after")
    def _can_be_open(self) -> OptionsProperty:
        if self.open and self.type == "status":
            raise ValueError(
                "a status cannot be open: Notion refuses statuses that are not in its list"
            )
        return self

    def option(self, key: str) -> OptionSpec | None:
        """Return the option with a key."""
        return next((option for option in self.options if option.key == key), None)

    def rank(self, key: str) -> int:
        """Return the index of an option in the list, from 0."""
        return next(index for index, option in enumerate(self.options) if option.key == key)


class FarSide(BaseModel):
    """The other side of a two-way relation: a property of the related database."""

    model_config = _STRICT

    key: Key
    title: str = Field(min_length=1)


class RelationProperty(_PropertySpec):
    type: Literal["relation"]
    to: Key = Field(description="The key of the related database.")
    two_way: FarSide | None = Field(
        None, description="The other side of the relation, on the related database."
    )


class RollupProperty(_PropertySpec):
    type: Literal["rollup"]
    relation: Key = Field(description="The key of a relation of this database (either side of it).")
    property: Key = Field(description="The key of a property of the related database.")
    function: str = Field(
        description="One of Notion's rollup functions: count, sum, average, show_original, ..."
    )


class FormulaProperty(_PropertySpec):
    type: Literal["formula"]
    expression: str = Field(
        min_length=1, description='Notion\'s formula language; properties by title: prop("Effort").'
    )


class UniqueIdProperty(_PropertySpec):
    type: Literal["unique_id"]
    prefix: str | None = None


PropertySpec = Annotated[
    PlainProperty
    | NumberProperty
    | OptionsProperty
    | RelationProperty
    | RollupProperty
    | FormulaProperty
    | UniqueIdProperty,
    Field(discriminator="type"),
]


Direction = Literal["ascending", "descending"]
ViewType = Literal[
    "table", "board", "list", "calendar", "timeline", "gallery", "chart", "form", "dashboard"
]
Measure = Literal["sum", "average", "median", "min", "max", "count_values", "percent_checked"]

_TYPES_WITH: dict[str, frozenset[str]] = {
    "group_by": frozenset({"table", "board", "chart"}),
    "date": frozenset({"calendar", "timeline"}),
    "end_date": frozenset({"timeline"}),
    "cover": frozenset({"gallery", "board"}),
    "chart": frozenset({"chart"}),
    "measure": frozenset({"chart"}),
    "stack_by": frozenset({"chart"}),
    "anonymous": frozenset({"form"}),
    "show": frozenset({"table", "board", "list", "calendar", "timeline", "gallery"}),
    "sort": frozenset({"table", "board", "list", "calendar", "timeline", "gallery"}),
    "where": frozenset({"table", "board", "list", "calendar", "timeline", "gallery", "chart"}),
    "quick": frozenset({"table", "board", "list", "calendar", "timeline", "gallery", "chart"}),
    "widgets": frozenset({"dashboard"}),
}
"""The types of view that have each setting (notion-api.md 2.6)."""

MOST_WIDGETS_IN_ROW = 4
"""Notion's limit (notion-api.md 2.6)."""

WidgetRow = Annotated[tuple[ViewAddress, ...], Field(max_length=MOST_WIDGETS_IN_ROW)]


class ViewSpec(BaseModel):
    """A view. The first table view replaces the view that Notion creates with every database."""

    model_config = _STRICT

    title: str = Field(min_length=1)
    type: ViewType
    group_by: Key | None = Field(
        None,
        description="Board, chart (required) and table: the property to group by.",
    )
    date: Key | None = Field(None, description="Calendar and timeline: the date property.")
    end_date: Key | None = Field(
        None, description="Timeline: the date property for the end of a bar."
    )
    cover: Key | None = Field(
        None,
        description="Gallery and board: a property of type files, `page_cover` or `page_content`.",
    )
    chart: Literal["column", "bar", "line", "donut", "number"] | None = Field(
        None, description="Chart: its kind."
    )
    measure: dict[Measure, Key] = Field(
        default_factory=dict,
        max_length=1,
        description="Chart: what it shows, such as {sum: effort}. Default: the number of pages.",
    )
    stack_by: Key | None = Field(
        None, description="Chart: the property that divides each column or bar."
    )
    anonymous: bool = Field(False, description="Form: answers are anonymous.")
    where: Where = Field(default_factory=dict, description="The pages that it shows.")
    quick: Where = Field(
        default_factory=dict,
        description="Quick filters: conditions above the view that people change with a click, one "
        "per property.",
    )
    sort: tuple[dict[Key, Direction], ...] = Field(
        (), description="The sort order: [{priority: ascending}]."
    )
    show: tuple[Key, ...] = Field((), description="The visible properties, in order. Default: all.")
    widgets: tuple[WidgetRow, ...] = Field(
        (),
        description="Dashboard: the views on it, row by row, as `database.view`. They are not tabs "
        "then.",
    )

    @model_validator(mode="after")
    def _has_only_settings_of_its_type(self) -> ViewSpec:
        for field in self.model_fields_set & _TYPES_WITH.keys():
            types = _TYPES_WITH[field]
            # An empty setting, such as `sort: []`, says the same as none.
            if getattr(self, field) and self.type not in types:
                raise ValueError(
                    f"a {self.type} has no `{field}`, only: {', '.join(sorted(types))}"
                )
        return self

    @model_validator(mode="after")
    def _has_what_its_type_needs(self) -> ViewSpec:
        match self.type:
            case "board" if self.group_by is None:
                raise ValueError("a board needs `group_by`")
            case "calendar" | "timeline" if self.date is None:
                raise ValueError(f"a {self.type} needs `date`")
            case "chart" if self.chart is None:
                raise ValueError("a chart needs `chart`: column, bar, line, donut or number")
            case "chart" if self.chart != "number" and self.group_by is None:
                raise ValueError("a chart needs `group_by`, unless it is a single number")
            case "dashboard" if not (self.widgets and all(self.widgets)):
                raise ValueError(
                    "a dashboard needs `widgets`: rows of views, such as "
                    "[[features.board, features.roadmap]]"
                )
        return self


class DatabaseSpec(BaseModel):
    """A database with one data source."""

    model_config = _STRICT

    title: str = Field(min_length=1)
    icon: str | None = Field(None, description="An emoji.")
    description: str = ""
    properties: dict[Key, PropertySpec]
    views: dict[Key, ViewSpec] = Field(default_factory=dict)
    body: str | None = Field(
        None, description="Markdown file with the body of a new page, next to the template."
    )
    rows: str | None = Field(
        None,
        description="CSV file of starter rows, next to the template: a `key` column and one per "
        "property.",
    )
    role: Role | None = Field(
        None,
        description="Its role in `trace`, `audit` and reports. Default: its key, if it is a role.",
    )
    lock: Key | None = Field(
        None, description="Checkbox property: rules do not change a page while it is ticked."
    )
    import_by: tuple[Key, ...] = Field(
        (),
        description="Properties by which an import recognises existing pages, the best first.",
    )
    bind: str | None = Field(
        None,
        description="A database that the client already has, by id, URL or title. It is only read.",
    )

    @model_validator(mode="after")
    def _has_nothing_to_write_if_bound(self) -> DatabaseSpec:
        for field in ("views", "rows", "body", "lock"):
            if self.bind is not None and getattr(self, field):
                raise ValueError(f"a bound database is only read: leave out `{field}`")
        return self

    @model_validator(mode="after")
    def _has_one_title(self) -> DatabaseSpec:
        titles = [key for key, spec in self.properties.items() if spec.type == "title"]
        if len(titles) != 1:
            raise ValueError(
                f"a database needs exactly one property of type title, this one has {len(titles)}"
            )
        return self

    @property
    def title_key(self) -> str:
        """The key of the title property."""
        return next(key for key, spec in self.properties.items() if spec.type == "title")


class Variable(BaseModel):
    model_config = _STRICT

    prompt: str
    default: str | None = None


class ExportSpec(BaseModel):
    """A named export."""

    model_config = _STRICT

    database: Key
    columns: tuple[Key, ...] = Field((), description="The properties, in order. Default: all.")
    sort: tuple[dict[Key, Direction], ...] = ()
    where: Where = Field(default_factory=dict)
    format: Literal["csv", "json", "xlsx", "markdown"] = "csv"


class Template(BaseModel):
    """A whole template file."""

    model_config = _STRICT

    template: Key = Field(description="The name of the template.")
    version: int = Field(ge=1)
    extends: str | tuple[str, ...] | None = Field(
        None,
        description="Templates to build on: shipped names, or paths relative to this file.",
    )
    title: str
    description: str = ""
    variables: dict[str, Variable] = Field(default_factory=dict)
    databases: dict[Key, DatabaseSpec]
    sync: dict[str, Rule] = Field(default_factory=dict)
    exports: dict[Key, ExportSpec] = Field(default_factory=dict)

    def far_sides(self, database: str) -> dict[str, tuple[str, str, FarSide]]:
        """Return the other sides of two-way relations to a database.

        By their key: the database and key of the relation, and the other side.
        """
        far_sides = {}
        for near, near_database in self.databases.items():
            for key, spec in near_database.properties.items():
                if isinstance(spec, RelationProperty) and spec.two_way and spec.to == database:
                    far_sides[spec.two_way.key] = (near, key, spec.two_way)
        return far_sides

    def relation_target(self, database: str, key: str) -> str | None:
        """Return the target database of a relation, seen from either side.

        None when the property is not a relation.
        """
        spec = self.databases[database].properties.get(key)
        if isinstance(spec, RelationProperty):
            return spec.to
        far = self.far_sides(database).get(key)
        return far[0] if far else None


class Row(BaseModel):
    """A starter row: its key, and the cells of the file by property key.

    A relation has row keys, separated by `;`.
    """

    model_config = ConfigDict(frozen=True)

    key: str
    cells: dict[str, str]
    line: int


class LoadedTemplate(BaseModel):
    """A template with its files: page bodies (Markdown) and starter rows, by database key."""

    model_config = ConfigDict(frozen=True)

    template: Template
    bodies: dict[str, str] = Field(default_factory=dict)
    rows: dict[str, tuple[Row, ...]] = Field(default_factory=dict)
    variables: dict[str, str] = Field(default_factory=dict)
    source: str = ""

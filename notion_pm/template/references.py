"""Check what the parts of a template say about each other: names exist and have the right type."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TypeVar

from notion_pm.conditions.check import check_quick, check_where
from notion_pm.errors import TemplateProblem, YamlPath
from notion_pm.model.number_formats import NUMBER_FORMATS
from notion_pm.model.property_lookup import property_keys, property_title, property_type
from notion_pm.model.property_types import (
    COMPUTED_TYPES,
    DATE_TYPES,
    IDENTITY_TYPES,
    OPTION_TYPES,
    ROLLUP_FUNCTIONS,
)
from notion_pm.model.template import (
    DatabaseSpec,
    ExportSpec,
    FormulaProperty,
    NumberProperty,
    OptionSpec,
    OptionsProperty,
    RelationProperty,
    RollupProperty,
    Template,
    ViewSpec,
)
from notion_pm.template.dashboards import ViewName, dashboards, format_view_name, widget_rows
from notion_pm.template.topological_order import Circular, property_levels, referenced_titles
from notion_pm.template.view_json import PAGE_COVERS

_GROUPABLE = OPTION_TYPES | {"relation", "people", "checkbox", "date", "number"}
# Charts can also group by texts: each distinct text is a group.
_GROUPABLE_IN_CHARTS = _GROUPABLE | {"title", "rich_text"}

# The types that a chart's function can be applied to. The other functions take any type.
_NUMERIC = COMPUTED_TYPES | {"number"}
_MEASURABLE = {
    **dict.fromkeys(("sum", "average", "median", "min", "max"), _NUMERIC),
    "percent_checked": frozenset({"checkbox"}),
}

# Options in one request (notion-api.md 3.1).
_MOST_OPTIONS = 100

K = TypeVar("K")


def check_references(template: Template) -> list[TemplateProblem]:
    """Return a problem for every reference to something that does not exist or does not fit."""
    problems = [*_check_titles(template), *_check_relations(template)]
    if problems:
        return problems  # all other checks depend on databases and relations
    for key, database in template.databases.items():
        problems += _check_database(template, key, database)
    for name, export in template.exports.items():
        problems += _check_export(template, name, export)
    problems += _check_dashboards(template)
    problems += _check_rules_of_bound_databases(template)
    if not problems:
        problems += _check_circles(template)
    return problems


# --- databases and relations


def _check_titles(template: Template) -> Iterator[TemplateProblem]:
    titles = {key: database.title for key, database in template.databases.items()}
    for key in _find_repeated(titles):
        message = f"two databases have the title {titles[key]!r}."
        yield TemplateProblem(("databases", key, "title"), message, "Give each its own title.")


def _relations(template: Template) -> Iterator[tuple[str, str, RelationProperty]]:
    """Yield database, key and specification of each relation."""
    for database, database_spec in template.databases.items():
        for key, spec in database_spec.properties.items():
            if isinstance(spec, RelationProperty):
                yield database, key, spec


def _check_relations(template: Template) -> Iterator[TemplateProblem]:
    for database, key, spec in _relations(template):
        path = ("databases", database, "properties", key)
        if spec.to not in template.databases:
            yield TemplateProblem.unknown((*path, "to"), "database", spec.to, template.databases)
            continue
        if spec.two_way is None:
            continue
        target = template.databases[spec.to]
        if target.bind or template.databases[database].bind:
            # Its other side would be a new property of a database that belongs to the client.
            yield TemplateProblem(
                (*path, "two_way"),
                "a relation from or to a bound database can only be one-way.",
                "Bound databases are only read. Leave out `two_way`.",
            )
        elif spec.two_way.key in target.properties:
            yield TemplateProblem(
                (*path, "two_way", "key"),
                f"{spec.to} already has a property `{spec.two_way.key}`.",
                "The other side of a relation is not listed on the other database: "
                "remove it there, or rename it here.",
            )
    yield from _check_other_sides(template)


def _check_other_sides(template: Template) -> Iterator[TemplateProblem]:
    """Find relations whose other sides have the same key on one database."""
    first_relations: dict[tuple[str, str], str] = {}
    for database, key, spec in _relations(template):
        if spec.two_way is None:
            continue
        relation = f"{database}.{key}"
        first = first_relations.setdefault((spec.to, spec.two_way.key), relation)
        if first != relation:
            path = ("databases", database, "properties", key, "two_way", "key")
            message = f"{first} already has the other side `{spec.two_way.key}` on {spec.to}."
            yield TemplateProblem(path, message)


def _check_rules_of_bound_databases(template: Template) -> Iterator[TemplateProblem]:
    """Find rules that would write to bound databases."""
    for name, rule in template.sync.items():
        database = template.databases.get(rule.set.partition(".")[0])
        if database is not None and database.bind is not None and not rule.propose:
            message = f"{rule.set} is in a bound database, which is only read."
            yield TemplateProblem(("sync", name, "set"), message, "Use `propose: true`.")


def _check_database(
    template: Template, key: str, database: DatabaseSpec
) -> Iterator[TemplateProblem]:
    path = ("databases", key)
    titles = {
        property_key: property_title(template, key, property_key)
        for property_key in property_keys(template, key)
    }
    for repeated in _find_repeated(titles):
        # The other side of a relation has no place of its own in this database.
        is_listed = repeated in database.properties
        place: YamlPath = (*path, "properties", repeated, "title") if is_listed else path
        message = f"two properties of {key} have the title {titles[repeated]!r}."
        yield TemplateProblem(place, message, "Give each its own title.")
    for property_key in database.properties:
        yield from _check_property(template, key, property_key)

    view_titles = {view_key: view.title for view_key, view in database.views.items()}
    for repeated in _find_repeated(view_titles):
        message = f"two views have the title {view_titles[repeated]!r}."
        yield TemplateProblem((*path, "views", repeated, "title"), message)
    for view_key, view in database.views.items():
        yield from _check_view(template, key, (*path, "views", view_key), view)

    if database.lock is not None:
        yield from _check_type(template, key, (*path, "lock"), database.lock, {"checkbox"})
    for index, identity in enumerate(database.import_by):
        yield from _check_type(template, key, (*path, "import_by", index), identity, IDENTITY_TYPES)


# --- properties


def _check_property(template: Template, database: str, key: str) -> Iterator[TemplateProblem]:
    spec = template.databases[database].properties[key]
    path = ("databases", database, "properties", key)
    if spec.was is not None and spec.was in property_keys(template, database):
        message = f"`{spec.was}` is still a property of {database}."
        yield TemplateProblem((*path, "was"), message, "`was` is for a key that was removed.")
    match spec:
        case NumberProperty():
            if spec.format not in NUMBER_FORMATS:
                formats = sorted(NUMBER_FORMATS)
                place = (*path, "format")
                yield TemplateProblem.unknown(place, "number format", spec.format, formats)
        case RelationProperty():
            if spec.two_way and spec.to == database:
                # Notion makes a one-way relation of it (notion-api.md 3.3).
                yield TemplateProblem(
                    (*path, "two_way"),
                    "a relation of a database to itself can only be one-way.",
                    "Notion does not support it. Leave out `two_way`.",
                )
        case OptionsProperty():
            yield from _check_options((*path, "options"), spec)
        case RollupProperty():
            yield from _check_rollup(template, database, path, spec)
        case FormulaProperty():
            yield from _check_formula(template, database, path, spec)


def _check_formula(
    template: Template, database: str, path: YamlPath, spec: FormulaProperty
) -> Iterator[TemplateProblem]:
    keys = property_keys(template, database)
    titles = {property_title(template, database, key) for key in keys}
    for title in referenced_titles(spec.expression):
        if title not in titles:
            place = (*path, "expression")
            yield TemplateProblem.unknown(place, "property title", title, sorted(titles))


def _check_options(path: YamlPath, spec: OptionsProperty) -> Iterator[TemplateProblem]:
    if len(spec.options) > _MOST_OPTIONS:
        message = f"{len(spec.options)} options; Notion takes {_MOST_OPTIONS} at once."
        yield TemplateProblem(path, message)

    keys = {index: option.key for index, option in enumerate(spec.options)}
    for index in _find_repeated(keys):
        message = f"a second option has the key `{keys[index]}`."
        yield TemplateProblem((*path, index, "key"), message)
    # Notion compares the names of options without case (notion-api.md 3.3).
    names = {index: option.name.lower() for index, option in enumerate(spec.options)}
    for index in _find_repeated(names):
        message = f"a second option has the name `{names[index]}`."
        yield TemplateProblem((*path, index, "name"), message)

    for index, option in enumerate(spec.options):
        yield from _check_option((*path, index), spec.type, option, set(keys.values()))


def _check_option(
    path: YamlPath, property_type: str, option: OptionSpec, keys: Collection[str]
) -> Iterator[TemplateProblem]:
    if option.was in keys:
        message = f"`{option.was}` is still an option of the property."
        yield TemplateProblem((*path, "was"), message, "`was` is for a key that was removed.")
    if property_type != "status" and (option.group or option.category):
        field = "group" if option.group else "category"
        yield TemplateProblem((*path, field), f"only a status has a {field}.", "Leave it out.")
    if property_type != "select" and option.weight is not None:
        message = "only the options of a select have a weight."
        yield TemplateProblem((*path, "weight"), message, "Leave it out.")


def _check_rollup(
    template: Template, database: str, path: YamlPath, spec: RollupProperty
) -> Iterator[TemplateProblem]:
    if spec.function not in ROLLUP_FUNCTIONS:
        functions = sorted(ROLLUP_FUNCTIONS)
        place = (*path, "function")
        yield TemplateProblem.unknown(place, "rollup function", spec.function, functions)
    yield from _check_type(template, database, (*path, "relation"), spec.relation, {"relation"})
    if property_type(template, database, spec.relation) != "relation":
        return
    target = template.relation_target(database, spec.relation)
    if target is not None:
        yield from _check_exists(template, target, (*path, "property"), spec.property)


# --- views, dashboards and exports


def _check_view(
    template: Template, database: str, path: YamlPath, view: ViewSpec
) -> Iterator[TemplateProblem]:
    groupable = _GROUPABLE_IN_CHARTS if view.type == "chart" else _GROUPABLE
    for field, key in (("group_by", view.group_by), ("stack_by", view.stack_by)):
        if key is not None:
            yield from _check_type(template, database, (*path, field), key, groupable)
    if view.cover is not None and view.cover not in PAGE_COVERS:
        yield from _check_type(template, database, (*path, "cover"), view.cover, {"files"})
    for function, key in view.measure.items():
        place = (*path, "measure", function)
        measurable = _MEASURABLE.get(function)
        if measurable is None:
            yield from _check_exists(template, database, place, key)
        else:
            yield from _check_type(template, database, place, key, measurable)
    date_like = DATE_TYPES | COMPUTED_TYPES
    for field, key in (("date", view.date), ("end_date", view.end_date)):
        if key is not None:
            yield from _check_type(template, database, (*path, field), key, date_like)

    for index, order in enumerate(view.sort):
        for key in order:
            yield from _check_view_sort(template, database, (*path, "sort", index), key)
    yield from check_quick(template, database, (*path, "quick"), view.quick)
    yield from check_where(template, database, (*path, "where"), view.where)
    yield from _check_sort(template, database, path, view.sort)
    yield from _check_list(template, database, (*path, "show"), view.show)


def _check_view_sort(
    template: Template, database: str, path: YamlPath, key: str
) -> Iterator[TemplateProblem]:
    # Notion refuses filters by formulas that were made by the API. Sorts by them are not measured.
    if property_type(template, database, key) == "formula":
        message = f"`{key}` is a formula: Notion may refuse to sort a view by it."
        advice = "Sort by a number that a rule writes, such as `rice`."
        yield TemplateProblem(path, message, advice)


def _check_dashboards(template: Template) -> Iterator[TemplateProblem]:
    """Find widgets that do not exist, cannot be widgets, or are on two dashboards."""
    seen: set[ViewName] = set()
    for dashboard in dashboards(template):
        database, view = dashboard
        path = ("databases", database, "views", view, "widgets")
        for row_index, row in enumerate(widget_rows(template, dashboard)):
            for index, widget in enumerate(row):
                place = (*path, row_index, index)
                yield from _check_widget(template, place, widget)
                if widget in seen:
                    message = f"`{format_view_name(widget)}` is already on a dashboard."
                    yield TemplateProblem(place, message, "Write a second view for this one.")
                seen.add(widget)


def _check_widget(
    template: Template, path: YamlPath, widget: ViewName
) -> Iterator[TemplateProblem]:
    database, key = widget
    if database not in template.databases:
        yield TemplateProblem.unknown(path, "database", database, template.databases)
        return
    views = template.databases[database].views
    if key not in views:
        yield TemplateProblem.unknown(path, f"view of {database}", key, views)
    elif views[key].type == "dashboard":
        message = "a dashboard cannot be on a dashboard."
        yield TemplateProblem(path, message, "List its views instead.")


def _check_export(template: Template, name: str, export: ExportSpec) -> Iterator[TemplateProblem]:
    path = ("exports", name)
    database = export.database
    if database not in template.databases:
        place = (*path, "database")
        yield TemplateProblem.unknown(place, "database", database, template.databases)
        return
    yield from check_where(template, database, (*path, "where"), export.where)
    yield from _check_sort(template, database, path, export.sort)
    yield from _check_list(template, database, (*path, "columns"), export.columns)


def _check_sort(
    template: Template, database: str, path: YamlPath, sort: Iterable[Mapping[str, str]]
) -> Iterator[TemplateProblem]:
    for index, order in enumerate(sort):
        for key in order:
            yield from _check_exists(template, database, (*path, "sort", index), key)


def _check_list(
    template: Template, database: str, path: YamlPath, keys: Iterable[str]
) -> Iterator[TemplateProblem]:
    for index, key in enumerate(keys):
        yield from _check_exists(template, database, (*path, index), key)


# --- what all of them use


def _check_exists(
    template: Template, database: str, path: YamlPath, key: str
) -> Iterator[TemplateProblem]:
    """Check that a database has a property."""
    keys = property_keys(template, database)
    if property_type(template, database, key) is None:
        yield TemplateProblem.unknown(path, f"property of {database}", key, keys)


def _check_type(
    template: Template, database: str, path: YamlPath, key: str, types: Collection[str]
) -> Iterator[TemplateProblem]:
    """Check that a database has a property, and that it has one of these types."""
    found = property_type(template, database, key)
    if found is None:
        yield from _check_exists(template, database, path, key)
    elif found not in types:
        advice = f"Here it must be one of: {', '.join(sorted(types))}."
        yield TemplateProblem(path, f"`{key}` is a {found}.", advice)


def _check_circles(template: Template) -> Iterator[TemplateProblem]:
    try:
        property_levels(template)
    except Circular as circle:
        database, key = circle.cycle[0].split(".")
        path = ("databases", database, "properties", key)
        yield TemplateProblem(path, f"it is computed from itself: {circle}.")


def _find_repeated(names: Mapping[K, str]) -> list[K]:
    """Return the keys with a name that an earlier key already has."""
    seen: set[str] = set()
    repeated = []
    for key, name in names.items():
        if name in seen:
            repeated.append(key)
        seen.add(name)
    return repeated

"""What the parts of a template say of each other: does everything that is named exist, and is it of the right type?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from notion_pm.conditions.notion_filters import check_quick, check_where
from notion_pm.model.condition import Where
from notion_pm.model.fault import Fault, Path
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
    OptionsProperty,
    RelationProperty,
    RollupProperty,
    Template,
    ViewSpec,
)
from notion_pm.template.dashboards import ViewName, dashboards, spelled, widgets
from notion_pm.template.topological_order import Circular, property_levels, referenced_titles
from notion_pm.template.view_json import PAGE_COVERS

_GROUPABLE = OPTION_TYPES | {"relation", "people", "checkbox", "date", "number"}
_TEXTS = frozenset({"title", "rich_text"})
"""What charts can group by besides: each text by itself."""
_NUMERIC = COMPUTED_TYPES | {"number"}
_MEASURED = {
    **dict.fromkeys(("sum", "average", "median", "min", "max"), _NUMERIC),
    "percent_checked": frozenset({"checkbox"}),
}
"""What the functions of charts can be applied to; those that are not named take anything."""
_MOST_OPTIONS = 100
_K = TypeVar("_K")


def check(template: Template) -> list[Fault]:
    """Return everything in a template that refers to something that is not there, or not fit."""
    faults = [*_check_titles(template), *_check_relations(template)]
    if faults:
        return faults  # whatever else is said depends on databases and relations
    for key, database in template.databases.items():
        faults += _check_database(template, key, database)
    for name, export in template.exports.items():
        faults += _check_export(template, name, export)
    faults += [*_check_dashboards(template), *_check_bound(template)]
    return faults + ([] if faults else _check_circles(template))


def _check_bound(template: Template) -> Iterator[Fault]:
    """Find rules that would write to databases that are not ours."""
    for name, rule in template.sync.items():
        database = template.databases.get(rule.set.partition(".")[0])
        if database is not None and database.bind is not None and not rule.propose:
            advice = "Let it only `propose`."
            yield Fault(
                ("sync", name, "set"),
                f"{rule.set} is in a bound database, which is only read.",
                advice,
            )


def _check_titles(template: Template) -> Iterator[Fault]:
    titles = {key: each.title for key, each in template.databases.items()}
    for key in _repeated(titles):
        yield Fault(
            ("databases", key, "title"),
            f"two databases have the title {titles[key]!r}.",
            "Give each its own.",
        )


def _check_relations(template: Template) -> Iterator[Fault]:
    for database, each in template.databases.items():
        for key, spec in each.properties.items():
            if not isinstance(spec, RelationProperty):
                continue
            path = ("databases", database, "properties", key)
            if spec.to not in template.databases:
                yield Fault.unknown((*path, "to"), "database", spec.to, template.databases)
            elif spec.two_way and (template.databases[spec.to].bind or each.bind):
                yield Fault(
                    (*path, "two_way"),
                    "a relation from or to a bound database can only be one-way.",
                    "Its mirror would change a database that is not ours. Leave `two_way` out.",
                )
            elif spec.two_way and spec.two_way.key in template.databases[spec.to].properties:
                yield Fault(
                    (*path, "two_way", "key"),
                    f"{spec.to} already has a property `{spec.two_way.key}`.",
                    "The mirror of a relation is not stated on the other database: remove it there, or rename it here.",
                )
    yield from _check_mirrors(template)


def _check_mirrors(template: Template) -> Iterator[Fault]:
    """Find mirrors of different relations that want the same key on one database."""
    seen: dict[tuple[str, str], str] = {}
    for database, each in template.databases.items():
        for key, spec in each.properties.items():
            if isinstance(spec, RelationProperty) and spec.two_way:
                first = seen.setdefault((spec.to, spec.two_way.key), f"{database}.{key}")
                if first != f"{database}.{key}":
                    path = ("databases", database, "properties", key, "two_way", "key")
                    yield Fault(
                        path, f"{first} already has a mirror `{spec.two_way.key}` on {spec.to}."
                    )


def _check_database(template: Template, key: str, database: DatabaseSpec) -> Iterator[Fault]:
    path = ("databases", key)
    titles = {each: property_title(template, key, each) for each in property_keys(template, key)}
    for each in _repeated(titles):
        place = (*path, "properties", each, "title") if each in database.properties else path
        yield Fault(
            place, f"two properties of {key} have the title {titles[each]!r}.", "Give each its own."
        )
    for each in database.properties:
        yield from _check_property(template, key, each)
    view_titles = {each: view.title for each, view in database.views.items()}
    for each in _repeated(view_titles):
        yield Fault(
            (*path, "views", each, "title"), f"two views have the title {view_titles[each]!r}."
        )
    for each, view in database.views.items():
        yield from _check_view(template, key, (*path, "views", each), view)
    if database.lock is not None:
        yield from _check_kind(template, key, (*path, "lock"), database.lock, {"checkbox"})
    for number, identity in enumerate(database.import_by):
        yield from _check_kind(
            template, key, (*path, "import_by", number), identity, IDENTITY_TYPES
        )


def _check_property(template: Template, database: str, key: str) -> Iterator[Fault]:
    spec = template.databases[database].properties[key]
    path = ("databases", database, "properties", key)
    if spec.was is not None and spec.was in property_keys(template, database):
        yield Fault(
            (*path, "was"),
            f"`{spec.was}` is still a property of {database}.",
            "`was` names a key that is gone.",
        )
    if isinstance(spec, NumberProperty) and spec.format not in NUMBER_FORMATS:
        yield Fault.unknown((*path, "format"), "number format", spec.format, sorted(NUMBER_FORMATS))
    if isinstance(spec, RelationProperty) and spec.two_way and spec.to == database:
        yield Fault(
            (*path, "two_way"),
            "a relation of a database to itself can only be one-way.",
            "Notion fails on it. Leave `two_way` out.",
        )
    if isinstance(spec, OptionsProperty):
        yield from _check_options(path, spec)
    if isinstance(spec, RollupProperty):
        yield from _check_rollup(template, database, path, spec)
    if isinstance(spec, FormulaProperty):
        known = {
            property_title(template, database, each) for each in property_keys(template, database)
        }
        for title in referenced_titles(spec.expression):
            if title not in known:
                yield Fault.unknown((*path, "expression"), "property title", title, sorted(known))


def _check_options(path: tuple[str | int, ...], spec: OptionsProperty) -> Iterator[Fault]:
    if len(spec.options) > _MOST_OPTIONS:
        yield Fault(
            (*path, "options"),
            f"{len(spec.options)} options; Notion takes {_MOST_OPTIONS} at once.",
        )
    for what, names in (
        ("key", [each.key for each in spec.options]),
        ("name", [each.name.lower() for each in spec.options]),
    ):
        for place in _repeated(dict(enumerate(names))):
            yield Fault(
                (*path, "options", place, what), f"a second option has the {what} `{names[place]}`."
            )
    keys = {each.key for each in spec.options}
    for place, each in enumerate(spec.options):
        if each.was in keys:
            message = f"`{each.was}` is still an option of the property."
            yield Fault(
                (*path, "options", place, "was"), message, "`was` names a key that is gone."
            )
        if spec.type != "status" and (each.group or each.category):
            field = "group" if each.group else "category"
            yield Fault(
                (*path, "options", place, field), f"only a status has a {field}.", "Leave it out."
            )
        if spec.type != "select" and each.weight is not None:
            yield Fault(
                (*path, "options", place, "weight"),
                "only the options of a select have a weight.",
                "Leave it out.",
            )


def _check_rollup(
    template: Template, database: str, path: tuple[str | int, ...], spec: RollupProperty
) -> Iterator[Fault]:
    if spec.function not in ROLLUP_FUNCTIONS:
        yield Fault.unknown(
            (*path, "function"), "rollup function", spec.function, sorted(ROLLUP_FUNCTIONS)
        )
    yield from _check_kind(template, database, (*path, "relation"), spec.relation, {"relation"})
    target = (
        template.relation_target(database, spec.relation)
        if _is_relation(template, database, spec)
        else None
    )
    if target is not None and spec.property not in property_keys(template, target):
        yield Fault.unknown(
            (*path, "property"),
            f"property of {target}",
            spec.property,
            property_keys(template, target),
        )


def _is_relation(template: Template, database: str, spec: RollupProperty) -> bool:
    return property_type(template, database, spec.relation) == "relation"


def _check_view(
    template: Template, database: str, path: tuple[str | int, ...], view: ViewSpec
) -> Iterator[Fault]:
    groupable = _GROUPABLE | (_TEXTS if view.type == "chart" else set())
    for field, key in (("group_by", view.group_by), ("stack_by", view.stack_by)):
        if key is not None:
            yield from _check_kind(template, database, (*path, field), key, groupable)
    if view.cover not in {None, *PAGE_COVERS}:
        yield from _check_kind(template, database, (*path, "cover"), view.cover or "", {"files"})
    for function, key in view.measure.items():
        yield from _check_kind(
            template, database, (*path, "measure", function), key, _MEASURED.get(function)
        )
    for field, key in (("date", view.date), ("end_date", view.end_date)):
        if key is not None:
            yield from _check_kind(
                template, database, (*path, field), key, DATE_TYPES | COMPUTED_TYPES
            )
    for place, order in enumerate(view.sort):
        for key in order:
            yield from _check_sort_key(template, database, (*path, "sort", place), key)
    yield from check_quick(template, database, (*path, "quick"), view.quick)
    yield from _check_shown(template, database, path, view.where, view.sort, {"show": view.show})


def _check_sort_key(template: Template, database: str, path: Path, key: str) -> Iterator[Fault]:
    """Refuse to sort a view by a formula: filters by formulas that the API made are refused, of sorts nobody knows."""
    if property_type(template, database, key) == "formula":
        advice = "Sort by a number that a rule writes, such as `rice`."
        yield Fault(path, f"`{key}` is a formula: Notion may refuse to order a view by it.", advice)


def _check_dashboards(template: Template) -> Iterator[Fault]:
    """Find widgets that are no views, that cannot be widgets, or that stand in two places."""
    seen: set[ViewName] = set()
    for dashboard in dashboards(template):
        for row, each in enumerate(widgets(template, dashboard)):
            for place, widget in enumerate(each):
                path = ("databases", dashboard[0], "views", dashboard[1], "widgets", row, place)
                yield from _check_widget(template, path, widget)
                if widget in seen:
                    already = f"`{spelled(widget)}` stands on a dashboard already."
                    yield Fault(path, already, "Write a second view for this place.")
                seen.add(widget)


def _check_widget(template: Template, path: Path, widget: ViewName) -> Iterator[Fault]:
    database, key = widget
    if database not in template.databases:
        yield Fault.unknown(path, "database", database, template.databases)
        return
    views = template.databases[database].views
    if key not in views:
        yield Fault.unknown(path, f"view of {database}", key, views)
    elif views[key].type == "dashboard":
        yield Fault(path, "a dashboard cannot stand on a dashboard.", "Name the views themselves.")


def _check_export(template: Template, name: str, export: ExportSpec) -> Iterator[Fault]:
    path = ("exports", name)
    if export.database not in template.databases:
        yield Fault.unknown((*path, "database"), "database", export.database, template.databases)
        return
    yield from _check_shown(
        template, export.database, path, export.where, export.sort, {"columns": export.columns}
    )


def _check_shown(
    template: Template,
    database: str,
    path: tuple[str | int, ...],
    where: Where,
    sort: tuple[Mapping[str, str], ...],
    lists: Mapping[str, tuple[str, ...]],
) -> Iterator[Fault]:
    """Check what views and exports have in common: a condition, an order, and lists of properties."""
    yield from check_where(template, database, (*path, "where"), where)
    for place, each in enumerate(sort):
        for key in each:
            yield from _check_kind(template, database, (*path, "sort", place), key)
    for field, keys in lists.items():
        for place, key in enumerate(keys):
            yield from _check_kind(template, database, (*path, field, place), key)


def _check_kind(
    template: Template,
    database: str,
    path: tuple[str | int, ...],
    key: str,
    kinds: Iterable[str] | None = None,
) -> Iterator[Fault]:
    """Check that a database has a property, and that it is of one of these types."""
    kind = property_type(template, database, key)
    if kind is None:
        yield Fault.unknown(path, f"property of {database}", key, property_keys(template, database))
    elif kinds is not None and kind not in kinds:
        yield Fault(
            path, f"`{key}` is a {kind}.", f"Here it takes one of: {', '.join(sorted(kinds))}."
        )


def _check_circles(template: Template) -> list[Fault]:
    try:
        property_levels(template)
    except Circular as circle:
        database, key = circle.cycle[0].split(".")
        return [
            Fault(("databases", database, "properties", key), f"computed from itself: {circle}.")
        ]
    return []


def _repeated(names: Mapping[_K, str]) -> list[_K]:
    """Return the keys whose name an earlier key has."""
    first: Counter[str] = Counter()
    repeated = []
    for key, name in names.items():
        first[name] += 1
        if first[name] > 1:
            repeated.append(key)
    return repeated

"""Templates for tests of planning, and the Notion that would exist if each had been applied to the
letter.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from notion_pm.model.existing import Existing, ExistingDatabase
from notion_pm.model.ids import NotionId
from notion_pm.model.manifest import DatabaseEntry, Manifest, ViewEntry
from notion_pm.model.property_lookup import property_title
from notion_pm.model.schema import (
    DataSource,
    FormulaConfig,
    NoConfig,
    NumberConfig,
    Option,
    OptionsConfig,
    Property,
    PropertyConfig,
    RelationConfig,
    RollupConfig,
    UniqueIdConfig,
)
from notion_pm.model.template import (
    GROUP_NAMES,
    FormulaProperty,
    LoadedTemplate,
    NumberProperty,
    OptionsProperty,
    PropertySpec,
    RelationProperty,
    RollupProperty,
    Row,
    Template,
    UniqueIdProperty,
)
from notion_pm.provision.plan import fingerprint

STARTED = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


def load(
    data: dict[str, Any], rows: dict[str, list[dict[str, str]]] | None = None
) -> LoadedTemplate:
    """Return a template from plain data, with starter rows of `key` and cells."""
    template = Template.model_validate({"template": "test", "version": 1, "title": "Test", **data})
    written = {
        database: tuple(
            Row(
                key=each["key"], cells={k: v for k, v in each.items() if k != "key"}, line=place + 2
            )
            for place, each in enumerate(given)
        )
        for database, given in (rows or {}).items()
    }
    return LoadedTemplate(template=template, rows=written)


def applied(loaded: LoadedTemplate) -> Existing:
    """Return what exists once a template was applied to the letter."""
    template = loaded.template
    sources = {key: _source(template, key) for key in template.databases}
    manifest = Manifest(
        template=template.template,
        version=template.version,
        variables=loaded.variables,
        state="applied",
        started=STARTED,
        databases={key: _entry(loaded, key) for key in template.databases},
    )
    databases = {
        key: ExistingDatabase(
            source, template.databases[key].title, tuple(_view_ids(template, key).values())
        )
        for key, source in sources.items()
    }
    return Existing(manifest, databases)


def property_id(database: str, key: str) -> str:
    return f"{database}.{key}"


def _view_ids(template: Template, database: str) -> dict[str, NotionId]:
    return {key: NotionId(f"view-{database}-{key}") for key in template.databases[database].views}


def _entry(loaded: LoadedTemplate, key: str) -> DatabaseEntry:
    template, spec = loaded.template, loaded.template.databases[key]
    keys = [*spec.properties, *template.far_sides(key)]
    options = {
        f"{each}.{option.key}": f"{key}.{each}.{option.key}"
        for each, prop in spec.properties.items()
        if isinstance(prop, OptionsProperty)
        for option in prop.options
    }
    prints = {each: fingerprint.of_property(prop) for each, prop in spec.properties.items()}
    return DatabaseEntry(
        database_id=NotionId(f"db-{key}"),
        data_source_id=NotionId(f"ds-{key}"),
        title=spec.title,
        properties={each: property_id(key, each) for each in keys},
        titles={each: property_title(template, key, each) for each in keys},
        options=options,
        views={
            each: ViewEntry(id=view_id, fingerprint=fingerprint.of_view(template, key, each))
            for each, view_id in _view_ids(template, key).items()
        },
        rows={row.key: NotionId(f"page-{key}-{row.key}") for row in loaded.rows.get(key, ())},
        fingerprints={**prints, "": fingerprint.of_database(spec)},
    )


def _source(template: Template, key: str) -> DataSource:
    spec = template.databases[key]
    own = [
        Property(
            property_id(key, each),
            prop.title,
            prop.type,
            _config(template, key, each, prop),
            prop.description,
        )
        for each, prop in spec.properties.items()
    ]
    far = [
        Property(
            property_id(key, each),
            side.title,
            "relation",
            RelationConfig(NotionId(f"ds-{near}"), True, property_id(near, near_key), near_key),
        )
        for each, (near, near_key, side) in template.far_sides(key).items()
    ]
    return DataSource(
        NotionId(f"ds-{key}"),
        NotionId(f"db-{key}"),
        spec.title,
        {each.id: each for each in (*own, *far)},
    )


def _config(template: Template, database: str, key: str, spec: PropertySpec) -> PropertyConfig:
    match spec:
        case NumberProperty(format=number_format):
            return NumberConfig(number_format)
        case OptionsProperty(options=options):
            return OptionsConfig(
                tuple(
                    Option(
                        each.name,
                        f"{database}.{key}.{each.key}",
                        each.color,
                        group=GROUP_NAMES.get(each.group or ""),
                    )
                    for each in options
                )
            )
        case RelationProperty(to=target, two_way=side):
            mirror = property_id(target, side.key) if side else None
            return RelationConfig(
                NotionId(f"ds-{target}"), side is not None, mirror, side.title if side else None
            )
        case RollupProperty(relation=relation, property=rolled, function=function):
            target = template.relation_target(database, relation) or ""
            return RollupConfig(
                property_id(database, relation), property_id(target, rolled), function
            )
        case FormulaProperty(expression=expression):
            return FormulaConfig(expression)
        case UniqueIdProperty(prefix=prefix):
            return UniqueIdConfig(prefix)
    return NoConfig()


# --- Templates of any shape

_KEYS = ("alpha", "beta", "gamma", "delta")
_PLAIN = (
    "rich_text",
    "date",
    "people",
    "files",
    "checkbox",
    "url",
    "email",
    "phone_number",
    "created_time",
)


@st.composite
def templates(draw: st.DrawFn) -> LoadedTemplate:
    """Draw a sound template: databases that relate to each other in any way, with rollups,
    formulas, views and rows.
    """
    databases = list(_KEYS[: draw(st.integers(1, 3))])
    data = {key: _drawn_database(draw, key, databases) for key in databases}
    rows = {key: _drawn_rows(draw, key, data[key]) for key in databases}
    return load({"databases": data}, rows)


def _drawn_database(draw: st.DrawFn, key: str, databases: list[str]) -> dict[str, Any]:
    properties: dict[str, Any] = {"name": {"type": "title", "title": "Name"}}
    for place, kind in enumerate(draw(st.lists(st.sampled_from(_PLAIN), max_size=3))):
        properties[f"plain{place}"] = {"type": kind, "title": f"Plain {place}"}
    if draw(st.booleans()):
        count = draw(st.integers(1, 4))
        options = [{"key": f"o{place}", "name": f"Option {place}"} for place in range(count)]
        kind = draw(st.sampled_from(["select", "status", "multi_select"]))
        properties["choice"] = {"type": kind, "title": "Choice", "options": options}
    for target in draw(st.lists(st.sampled_from(databases), max_size=2, unique=True)):
        relation: dict[str, Any] = {"type": "relation", "title": f"To {target}", "to": target}
        if target != key and draw(st.booleans()):
            relation["two_way"] = {"key": f"from_{key}", "title": f"From {key}"}
        properties[f"to_{target}"] = relation
        if draw(st.booleans()):
            properties[f"count_{target}"] = {
                "type": "rollup",
                "title": f"Count {target}",
                "relation": f"to_{target}",
                "property": "name",
                "function": "count",
            }
    if draw(st.booleans()):
        referenced = draw(st.sampled_from([each["title"] for each in properties.values()]))
        properties["computed"] = {
            "type": "formula",
            "title": "Computed",
            "expression": f'prop("{referenced}")',
        }
    views = {
        f"view{place}": {"title": f"View {place}", "type": kind}
        for place, kind in enumerate(
            draw(st.lists(st.sampled_from(["table", "list", "gallery"]), max_size=3))
        )
    }
    return {"title": key.title(), "properties": properties, "views": views}


def _drawn_rows(draw: st.DrawFn, key: str, database: dict[str, Any]) -> list[dict[str, str]]:
    count = draw(st.integers(0, 3))
    relations = [
        each for each, spec in database["properties"].items() if spec["type"] == "relation"
    ]
    rows = []
    for place in range(count):
        row = {"key": f"r{place}", "name": f"Row {draw(st.integers(0, 1))}"}
        for relation in relations:
            if database["properties"][relation]["to"] == key:
                row[relation] = f"r{draw(st.integers(0, count - 1))}"
        rows.append(row)
    return rows

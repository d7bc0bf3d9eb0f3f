"""The properties of a database that exists: what is to change, and what is only to be told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from notion_pm.model.existing import Existing, ExistingDatabase
from notion_pm.model.ids import address
from notion_pm.model.manifest import DatabaseEntry
from notion_pm.model.property_lookup import own_property, property_keys, property_title
from notion_pm.model.schema import (
    NumberConfig,
    OptionsConfig,
    Property,
    RelationConfig,
    RollupConfig,
    UniqueIdConfig,
)
from notion_pm.model.template import (
    FormulaProperty,
    NumberProperty,
    OptionsProperty,
    PropertySpec,
    RelationProperty,
    RollupProperty,
    Template,
    UniqueIdProperty,
)
from notion_pm.provision.plan import fingerprint
from notion_pm.provision.plan.change import Change, Note
from notion_pm.provision.plan.conversions import Conversion, classify_conversion
from notion_pm.provision.plan.diff.options import option_changes
from notion_pm.provision.plan.diff.removals import removed_properties
from notion_pm.provision.plan.plan_options import PlanOptions
from notion_pm.provision.plan.property_names import blocked_by_names
from notion_pm.template.topological_order import referenced_titles

Finding = Change | Note


def property_changes(
    template: Template,
    database: str,
    entry: DatabaseEntry,
    found: ExistingDatabase,
    existing: Existing,
    options: PlanOptions,
) -> Iterator[Finding]:
    """Compare what a template says of a database's properties with what exists."""
    findings = list(_findings(template, database, entry, found, existing, options))
    yield from blocked_by_names(template, found.data_source, findings)


def _findings(
    template: Template,
    database: str,
    entry: DatabaseEntry,
    found: ExistingDatabase,
    existing: Existing,
    options: PlanOptions,
) -> Iterator[Finding]:
    spec, source = template.databases[database], found.data_source
    claimed = set()
    for key in property_keys(template, database):
        was = (spec.properties[key].was if key in spec.properties else None) or key
        owned_as = key if key in entry.properties else was
        claimed.add(owned_as)
        property_id = entry.properties.get(owned_as)
        if property_id is None:
            yield _new(template, database, key)
        elif property_id not in source.properties:
            reason = "was deleted in Notion: made again, its values are gone"
            yield Change(
                address(database, key), "create", "property", reason, "safe", (), database, key
            )
        else:
            prop = source.properties[property_id]
            yield from _kept(template, database, key, owned_as, entry, prop, existing, options)
    yield from removed_properties(
        template, database, claimed, entry, found, existing, prune=options.prune
    )


def _new(template: Template, database: str, key: str) -> Change:
    title = property_title(template, database, key)
    spec = own_property(template, database, key)
    details = (f"{title} ({spec.type if spec else 'mirror'})",)
    return Change(
        address(database, key),
        "create",
        "property",
        "new in the template",
        "safe",
        details,
        database,
        key,
    )


def _kept(
    template: Template,
    database: str,
    key: str,
    owned_as: str,
    entry: DatabaseEntry,
    prop: Property,
    existing: Existing,
    options: PlanOptions,
) -> Iterator[Finding]:
    place, title = address(database, key), property_title(template, database, key)
    spec = own_property(template, database, key)
    written = entry.titles.get(owned_as, prop.name)
    facets: set[str] = set()
    details = []
    if owned_as != key:
        facets.add("key")
        details.append(f"its key was {owned_as}")
    if title != written and prop.name == written:
        facets.add("title")
        details.append(f"title: {written!r} becomes {title!r}")
    elif prop.name != title and options.reset_titles and not entry.is_adopted(prop.id):
        facets.add("title")
        details.append(f"title: {prop.name!r} becomes {title!r} again")
    elif prop.name != title:
        yield Note(place, f"is called {prop.name!r} in Notion (template: {title!r}); respected")
    judged = Conversion("safe", "changed in the template")
    if spec is not None and spec.type != prop.type:
        judged = classify_conversion(prop.type, spec.type)
        if entry.is_adopted(prop.id):
            judged = Conversion("blocked", "it was the client's before, and is theirs to convert")
        judged = replace(
            judged, reason=f"is {prop.type}, the template wants {spec.type}: {judged.reason}"
        )
        facets |= {"type"} | ({str(spec.type)} & {"formula", "rollup"})
    elif spec is not None:
        yield from option_changes(database, key, owned_as, spec, prop, entry, options)
        settings = _changed_settings(template, database, spec, prop, existing)
        if entry.fingerprints.get(owned_as) != fingerprint.of_property(spec):
            settings.add("description" if spec.type != "formula" else "formula")
        if isinstance(spec, FormulaProperty) and _names_deleted(template, database, spec, existing):
            settings.add("formula")
        if (
            isinstance(spec, RelationProperty)
            and isinstance(prop.config, RelationConfig)
            and "target" in settings
        ):
            judged = _redirected(spec, prop.config, existing)
        facets |= settings
        details += sorted(settings)
    if facets:
        way_out = (judged.way_out,) if judged.way_out else ()
        yield Change(
            place,
            "update",
            "property",
            judged.reason,
            judged.change_class,
            (*details, *way_out),
            database,
            key,
            frozenset(facets),
            property_id=prop.id,
        )


def _redirected(spec: RelationProperty, relation: RelationConfig, existing: Existing) -> Conversion:
    """Judge a relation that is to lead elsewhere, or to get or lose its mirror."""
    target = existing.databases.get(spec.to)
    if target is None or target.data_source.id != relation.data_source_id:
        return Conversion("lossy", "the relation leads to another database: its links are lost")
    if spec.two_way is None:
        return Conversion(
            "lossy",
            "the relation becomes one-way; whether Notion keeps the links is not documented",
        )
    return Conversion(
        "lossy", "the relation gets a mirror; whether Notion keeps the links is not documented"
    )


def _changed_settings(
    template: Template, database: str, spec: PropertySpec, prop: Property, existing: Existing
) -> set[str]:
    """Return which of a property's settings differ from the template's."""
    match spec, prop.config:
        case NumberProperty(format=wanted), NumberConfig(format=has) if wanted != has:
            return {"format"}
        case UniqueIdProperty(prefix=wanted_prefix), UniqueIdConfig(prefix=has_prefix) if (
            wanted_prefix != has_prefix
        ):
            return {"prefix"}
        case RelationProperty(), RelationConfig() as relation:
            return set() if _leads_there(spec, relation, existing) else {"target"}
        case RollupProperty(), RollupConfig() as rollup:
            return set() if _rolls_up(template, database, spec, rollup, existing) else {"rollup"}
        case OptionsProperty(), OptionsConfig():
            return set()
    return set()


def _names_deleted(
    template: Template, database: str, spec: FormulaProperty, existing: Existing
) -> bool:
    """Whether a formula names a property that people deleted: Notion keeps the id of the lost one in it."""
    titles = referenced_titles(spec.expression)
    keys = [
        key
        for key in property_keys(template, database)
        if property_title(template, database, key) in titles
    ]
    return any(existing.was_deleted(database, key) for key in keys)


def _leads_there(spec: RelationProperty, relation: RelationConfig, existing: Existing) -> bool:
    target = existing.databases.get(spec.to)
    same_target = target is not None and target.data_source.id == relation.data_source_id
    return same_target and relation.two_way == (spec.two_way is not None)


def _rolls_up(
    template: Template,
    database: str,
    spec: RollupProperty,
    rollup: RollupConfig,
    existing: Existing,
) -> bool:
    target = template.relation_target(database, spec.relation)
    if existing.was_deleted(database, spec.relation) or existing.was_deleted(
        target or "", spec.property
    ):
        return False  # it is made again, with another id
    here, there = existing.entry(database), existing.entry(target or "")
    if here is None or there is None:
        return False
    wanted = (
        here.properties.get(spec.relation),
        there.properties.get(spec.property),
        spec.function,
    )
    return wanted == (rollup.relation_property_id, rollup.rollup_property_id, rollup.function)

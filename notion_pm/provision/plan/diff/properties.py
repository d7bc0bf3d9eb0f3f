"""Compare the properties of a database that exists with the template."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from notion_pm.model.ids import Address, address
from notion_pm.model.property_lookup import own_property, property_keys, property_title
from notion_pm.model.property_types import COMPUTED_TYPES
from notion_pm.model.schema import (
    NumberConfig,
    Property,
    RelationConfig,
    RollupConfig,
    UniqueIdConfig,
)
from notion_pm.model.template import (
    FormulaProperty,
    NumberProperty,
    PropertySpec,
    RelationProperty,
    RollupProperty,
    UniqueIdProperty,
)
from notion_pm.provision.plan import fingerprint
from notion_pm.provision.plan.change import Change, Finding, Note
from notion_pm.provision.plan.conversions import Conversion, classify_conversion
from notion_pm.provision.plan.diff.compared_database import ComparedDatabase
from notion_pm.provision.plan.diff.options import option_changes
from notion_pm.provision.plan.diff.removals import removed_properties
from notion_pm.provision.plan.property_names import RECREATED, block_taken_names
from notion_pm.template.topological_order import referenced_titles

_SAFE = Conversion("safe", "changed in the template")

_SETTINGS_IN_WORDS = {
    "description": "description changes",
    "format": "number format changes",
    "formula": "formula changes",
    "prefix": "prefix changes",
    "rollup": "rollup changes",
    "target": "the relation changes",
}


def property_changes(database: ComparedDatabase) -> Iterator[Finding]:
    """Compare what the template says about a database's properties with what exists."""
    findings = list(_compare_properties(database))
    yield from block_taken_names(database.template, database.source, findings)


def new_property(database: str, key: str, title: str, kind: str) -> Change:
    """Return the change that creates a property; `kind` is its type, or what it mirrors."""
    return Change(
        address(database, key),
        "create",
        "property",
        "new in the template",
        details=(f"{title} ({kind})",),
        database=database,
        key=key,
        title=title,
        summary=f"new property ({kind})",
    )


def _compare_properties(database: ComparedDatabase) -> Iterator[Finding]:
    template, entry = database.template, database.entry
    claimed = set()
    for key in property_keys(template, database.key):
        owned_as = _recorded_key(database, key)
        claimed.add(owned_as)
        title = property_title(template, database.key, key)
        property_id = entry.properties.get(owned_as)
        if property_id is None:
            spec = own_property(template, database.key, key)
            yield new_property(database.key, key, title, spec.type if spec else "mirror")
        elif property_id not in database.source.properties:
            yield _recreated_property(database, key, title)
        else:
            prop = database.source.properties[property_id]
            yield from _PropertyDiff(database, key, owned_as, prop).findings()
    yield from removed_properties(database, claimed)


def _recorded_key(database: ComparedDatabase, key: str) -> str:
    """Return the key under which the record has a property: its former one (`was:`) until an apply
    has recorded the new one."""
    if key in database.entry.properties:
        return key
    spec = database.spec.properties.get(key)
    return (spec.was if spec else None) or key


def _recreated_property(database: ComparedDatabase, key: str, title: str) -> Change:
    return Change(
        database.address(key),
        "create",
        "property",
        "was deleted in Notion: created again, its values are gone",
        database=database.key,
        key=key,
        facets=frozenset({RECREATED}),
        title=title,
        summary="property created again: it was deleted in Notion, and its values are gone",
    )


@dataclass(slots=True)
class _PropertyDiff:
    """A property that exists beside what the template says about it, and the differences found.

    `owned_as` is its key in the record. `facets` are the parts that differ, `details` name them for
    programs, and `phrases` say the same to people.
    """

    database: ComparedDatabase
    key: str
    owned_as: str
    prop: Property
    facets: set[str] = field(default_factory=set)
    details: list[str] = field(default_factory=list)
    phrases: list[str] = field(default_factory=list)
    conversion: Conversion = _SAFE

    @property
    def _address(self) -> Address:
        return self.database.address(self.key)

    def findings(self) -> Iterator[Finding]:
        """Yield the notes, the changes of options, and the change of the property itself."""
        self._compare_key()
        yield from self._compare_title()

        spec = own_property(self.database.template, self.database.key, self.key)
        if spec is None:
            pass  # a mirror: its relation decides everything but its title
        elif spec.type != self.prop.type:
            self._compare_type(spec)
        else:
            yield from option_changes(self.database, self.key, self.owned_as, spec, self.prop)
            self._compare_settings(spec)

        if self.facets:
            yield self._change()

    def _compare_key(self) -> None:
        if self.owned_as != self.key:
            self.facets.add("key")
            self.details.append(f"its key was {self.owned_as}")
            self.phrases.append(f"recorded with the key {self.key} instead of {self.owned_as}")

    def _compare_title(self) -> Iterator[Note]:
        """Compare the title. What the last apply wrote shows who changed it: the template's change
        is carried out, a person's is respected unless --reset-titles is given."""
        title = property_title(self.database.template, self.database.key, self.key)
        title_in_notion = self.prop.name
        last_written = self.database.entry.titles.get(self.owned_as, title_in_notion)
        is_adopted = self.database.entry.is_adopted(self.prop.id)
        # The template renamed it, and people did not.
        if title != last_written and title_in_notion == last_written:
            self.facets.add("title")
            self.details.append(f"title: {last_written!r} becomes {title!r}")
            self.phrases.append(f'title "{last_written}" -> "{title}"')
        # As the template wants it; perhaps people renamed it to just that.
        elif title_in_notion == title:
            return
        elif self.database.options.reset_titles and not is_adopted:
            self.facets.add("title")
            self.details.append(f"title: {title_in_notion!r} becomes {title!r} again")
            self.phrases.append(f'title "{title_in_notion}" -> "{title}" again')
        else:
            message = f"is called {title_in_notion!r} in Notion (template: {title!r}); respected"
            yield Note(self._address, message, title)

    def _compare_type(self, spec: PropertySpec) -> None:
        self.facets.add("type")
        if spec.type in COMPUTED_TYPES:
            self.facets.add(str(spec.type))  # these wait until the properties they use exist

        if self.database.entry.is_adopted(self.prop.id):
            judged = Conversion("blocked", "the client created it, and only they may convert it")
        else:
            judged = classify_conversion(self.prop.type, spec.type)
        self.conversion = judged
        self.phrases.insert(0, f"type {self.prop.type} -> {spec.type}")

    def _compare_settings(self, spec: PropertySpec) -> None:
        settings = _changed_settings(self.database, spec, self.prop)
        # Descriptions and formulas come back from Notion in another form than they were sent. So
        # not they are compared, but the template now and at the last apply.
        recorded = self.database.entry.fingerprints.get(self.owned_as)
        if recorded != fingerprint.of_property(spec):
            settings.add("formula" if spec.type == "formula" else "description")
        if isinstance(spec, FormulaProperty) and _uses_deleted_property(self.database, spec):
            # Notion keeps the id of the deleted property in the formula, so it is sent again.
            settings.add("formula")
        if (
            "target" in settings
            and isinstance(spec, RelationProperty)
            and isinstance(self.prop.config, RelationConfig)
        ):
            self.conversion = _judge_redirection(self.database, spec, self.prop.config)
        self.facets |= settings
        self.details += sorted(settings)
        self.phrases += [_SETTINGS_IN_WORDS[setting] for setting in sorted(settings)]

    def _change(self) -> Change:
        conversion = self.conversion
        spec = own_property(self.database.template, self.database.key, self.key)
        reason = conversion.reason
        if "type" in self.facets:
            assert spec is not None, "mirrors are not converted"
            reason = f"is {self.prop.type}, the template wants {spec.type}: {reason}"
        explanation = conversion.reason if conversion is not _SAFE else ""
        details = tuple(self.details)
        if conversion.way_out:
            details = (*details, conversion.way_out)
            explanation = f"{explanation}. {conversion.way_out}"
        return Change(
            self._address,
            "update",
            "property",
            reason,
            change_class=conversion.change_class,
            details=details,
            database=self.database.key,
            key=self.key,
            facets=frozenset(self.facets),
            property_id=self.prop.id,
            title=self.prop.name,
            summary="; ".join(self.phrases),
            consequence=explanation,
        )


def _judge_redirection(
    database: ComparedDatabase, spec: RelationProperty, relation: RelationConfig
) -> Conversion:
    """Judge a relation that gets another target, or gets or loses its mirror.

    Whether Notion keeps the links is not documented, so every such change counts as lossy.
    """
    # Links point to pages of the former target, which the new one does not have.
    if not _has_target(database, spec, relation):
        return Conversion("lossy", "the relation points to another database: its links are lost")
    if spec.two_way is None:
        change = "the relation becomes one-way"
    else:
        change = "the relation gets a mirror"
    return Conversion("lossy", f"{change}; whether Notion keeps the links is not documented")


def _changed_settings(database: ComparedDatabase, spec: PropertySpec, prop: Property) -> set[str]:
    """Return which settings of a property differ from the template's.

    Options are compared elsewhere (`diff/options.py`). Formulas cannot be compared, because Notion
    returns them in another form than they were sent: the record's fingerprint is used instead.
    """
    config = prop.config
    if isinstance(spec, NumberProperty) and isinstance(config, NumberConfig):
        return {"format"} if spec.format != config.format else set()
    if isinstance(spec, UniqueIdProperty) and isinstance(config, UniqueIdConfig):
        return {"prefix"} if spec.prefix != config.prefix else set()
    if isinstance(spec, RelationProperty) and isinstance(config, RelationConfig):
        is_two_way = spec.two_way is not None
        is_same = _has_target(database, spec, config) and config.two_way == is_two_way
        return set() if is_same else {"target"}
    if isinstance(spec, RollupProperty) and isinstance(config, RollupConfig):
        return set() if _is_same_rollup(database, spec, config) else {"rollup"}
    return set()


def _uses_deleted_property(database: ComparedDatabase, spec: FormulaProperty) -> bool:
    """Whether a formula names a property that people deleted."""
    titles = referenced_titles(spec.expression)
    for key in property_keys(database.template, database.key):
        is_used = property_title(database.template, database.key, key) in titles
        if is_used and database.existing.was_deleted(database.key, key):
            return True
    return False


def _has_target(
    database: ComparedDatabase, spec: RelationProperty, relation: RelationConfig
) -> bool:
    """Whether a relation points to the database that the template wants."""
    target = database.existing.databases.get(spec.to)
    return target is not None and target.data_source.id == relation.data_source_id


def _is_same_rollup(database: ComparedDatabase, spec: RollupProperty, rollup: RollupConfig) -> bool:
    existing = database.existing
    target = database.template.relation_target(database.key, spec.relation) or ""
    relation_deleted = existing.was_deleted(database.key, spec.relation)
    # A rollup names relation and property by id, and Notion does not update these ids.
    if relation_deleted or existing.was_deleted(target, spec.property):
        return False  # it is created again, with another id

    near = existing.entry(database.key)
    far = existing.entry(target)
    if near is None or far is None:
        return False
    wanted_relation = near.properties.get(spec.relation)
    wanted_property = far.properties.get(spec.property)
    return (wanted_relation, wanted_property, spec.function) == (
        rollup.relation_property_id,
        rollup.rollup_property_id,
        rollup.function,
    )

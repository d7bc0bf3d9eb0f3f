"""Match a client's databases to those of a template, by names, types and options. Pure.

The result is a proposal for a person to check.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote

from notion_pm.model.ids import NotionId
from notion_pm.model.likeness import LIKELY, POSSIBLE, best_pairs, likeness
from notion_pm.model.property_types import COMPUTED_TYPES
from notion_pm.model.schema import Database, DataSource, Property, RelationConfig, options_of
from notion_pm.model.template import OptionsProperty, PropertySpec, RelationProperty, Template
from notion_pm.provision.plan.fingerprint import fingerprint

# How much title and properties count in the likeness of two databases.
_TITLE_WEIGHT, _PROPERTIES_WEIGHT = 0.6, 0.4

# The likeness from which a database is proposed as one of the template's.
_LEAST_LIKENESS = 0.45
# The same for a database that a person named: it is one of them, the question is only which.
_LEAST_LIKENESS_OF_NAMED = 0.1

# A key counts a little less than a title, so that a property with the same title wins.
_KEY_FACTOR = 0.98

# Names of other candidates in a remark.
_MOST_CANDIDATES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Candidate:
    """A client's database that may be one of the template's."""

    database: Database
    source: DataSource

    @property
    def mark(self) -> str:
        """A mark of its properties and options; it changes when people change them."""
        marks = sorted(_mark(prop) for prop in self.source.properties.values())
        return fingerprint([self.database.id, marks])


def _mark(prop: Property) -> list[object]:
    options = sorted([option.id or "", option.name] for option in options_of(prop))
    # The id is decoded as in mapping files of earlier versions, so that they stay valid.
    return [unquote(prop.id), prop.name, prop.type, options]


@dataclass(frozen=True, slots=True)
class Match:
    """A client's property or option that is proposed as one of the template's."""

    name: str
    likeness: float


@dataclass(frozen=True, slots=True)
class PropertyMatch:
    """What is proposed for a property of the template.

    Without a `match` the template adds the property. `remark`: why, or what to check. `options`:
    the proposed options, by the template's keys.
    """

    match: Match | None = None
    remark: str = ""
    options: Mapping[str, Match] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DatabaseMatch:
    """What is proposed for a database of the template.

    `unmatched`: the client's properties that are not proposed for anything.
    """

    candidate: Candidate
    likeness: float
    properties: Mapping[str, PropertyMatch]
    unmatched: tuple[Property, ...] = ()


def match_databases(
    template: Template,
    wanted: Sequence[str],
    candidates: Sequence[Candidate],
    *,
    named: bool = False,
) -> dict[str, DatabaseMatch]:
    """Return which candidate is proposed for which wanted database. Each is used at most once.

    `named`: a person named the candidates, so a smaller likeness is enough.
    """
    scores = {}
    for key in wanted:
        for index, candidate in enumerate(candidates):
            scores[key, index] = _database_likeness(template, key, candidate)
    least = _LEAST_LIKENESS_OF_NAMED if named else _LEAST_LIKENESS
    chosen = {key: index for (key, index), _ in best_pairs(scores, least)}

    # Relations are compared by their targets, so all databases are chosen first.
    source_ids = {key: candidates[index].source.id for key, index in chosen.items()}
    matches = {}
    for key in wanted:
        if key in chosen:
            candidate = candidates[chosen[key]]
            properties = match_properties(template, key, candidate.source, source_ids)
            score = scores[key, chosen[key]]
            unmatched = _unmatched_properties(candidate.source, properties)
            matches[key] = DatabaseMatch(candidate, score, properties, unmatched)
    return matches


def _unmatched_properties(
    source: DataSource, matches: Mapping[str, PropertyMatch]
) -> tuple[Property, ...]:
    matched_names = {found.match.name for found in matches.values() if found.match}
    return tuple(prop for prop in source.properties.values() if prop.name not in matched_names)


def _database_likeness(template: Template, key: str, candidate: Candidate) -> float:
    spec = template.databases[key]
    title = candidate.database.title
    title_likeness = max(likeness(spec.title, title), likeness(key, title))

    # Computed properties and those that rules stamp are never the client's own.
    comparable = [
        property_spec
        for property_spec in spec.properties.values()
        if property_spec.type not in COMPUTED_TYPES and not property_spec.stamped
    ]
    theirs = list(candidate.source.properties.values())
    found = sum(_has_alike(property_spec, theirs) for property_spec in comparable)
    # A small database of the client's is not less alike because the template has more properties.
    possible = max(1, min(len(comparable), len(theirs)))
    share = min(1.0, found / possible)
    return _TITLE_WEIGHT * title_likeness + _PROPERTIES_WEIGHT * share


def _has_alike(spec: PropertySpec, properties: Sequence[Property]) -> bool:
    """Return whether one of the properties has the type and about the name of a template's."""
    for prop in properties:
        is_named_alike = spec.type == "title" or likeness(spec.title, prop.name) >= LIKELY
        if prop.type == spec.type and is_named_alike:
            return True
    return False


# --- properties


def match_properties(
    template: Template, database: str, source: DataSource, source_ids: Mapping[str, NotionId]
) -> dict[str, PropertyMatch]:
    """Return what is proposed for each property that the template lists for a database.

    `source_ids`: the data sources of the template's databases, for relations.
    """
    specs = template.databases[database].properties
    scores = {}
    fitting_scores = {}
    for key, spec in specs.items():
        for prop in source.properties.values():
            scores[key, prop.id] = _property_likeness(key, spec, prop)
            if can_adopt(spec, prop, source_ids):
                fitting_scores[key, prop.id] = scores[key, prop.id]

    chosen = {
        key: (source.properties[property_id], score)
        for (key, property_id), score in best_pairs(fitting_scores, LIKELY)
    }
    chosen_ids = {prop.id for prop, _ in chosen.values()}
    matches = {}
    for key, spec in specs.items():
        others = [
            (prop, scores[key, prop.id])
            for prop in source.properties.values()
            if prop.id not in chosen_ids and scores[key, prop.id] >= POSSIBLE
        ]
        others.sort(key=lambda other: (-other[1], other[0].name))
        if key in chosen:
            prop, score = chosen[key]
            remark = _remark_on_rivals(spec, others)
            options = match_options(spec, prop)
            matches[key] = PropertyMatch(Match(prop.name, score), remark, options)
        else:
            matches[key] = PropertyMatch(remark=_remark_on_missing(spec, others))
    return matches


def _property_likeness(key: str, spec: PropertySpec, prop: Property) -> float:
    if spec.type == "title" or prop.type == "title":
        return 1.0 if spec.type == prop.type else 0.0
    return max(likeness(spec.title, prop.name), _KEY_FACTOR * likeness(key, prop.name))


def can_adopt(spec: PropertySpec, prop: Property, source_ids: Mapping[str, NotionId]) -> bool:
    """Return whether a property can be adopted as it is.

    It must have the same type, and a relation the same target and direction. Computed properties
    are never adopted: people put no work into them, and the template needs its own.
    """
    if spec.type != prop.type or spec.type in COMPUTED_TYPES:
        return False
    if isinstance(spec, RelationProperty) and isinstance(prop.config, RelationConfig):
        has_target = source_ids.get(spec.to) == prop.config.data_source_id
        return has_target and prop.config.two_way == (spec.two_way is not None)
    return True


def _remark_on_rivals(spec: PropertySpec, others: Sequence[tuple[Property, float]]) -> str:
    """Return what to check about a property that was chosen."""
    rivals = [
        repr(prop.name) for prop, score in others if prop.type == spec.type and score >= LIKELY
    ]
    return f"or is it {', '.join(rivals)}?" if rivals else ""


def _remark_on_missing(spec: PropertySpec, others: Sequence[tuple[Property, float]]) -> str:
    """Return what to check about a property that the template will add."""
    if spec.type in COMPUTED_TYPES:
        return ""
    same_type = [repr(prop.name) for prop, _ in others if prop.type == spec.type]
    if same_type:
        return f"is added; or is it {', '.join(same_type[:_MOST_CANDIDATES_SHOWN])}?"
    for prop, score in others:
        if score >= LIKELY:
            return (
                f"{prop.name!r} is of type {prop.type}, not {spec.type}: it is not used, and the "
                "template adds its own. To use yours, change its type in Notion and run adopt "
                "again."
            )
    return ""


def match_options(spec: PropertySpec, prop: Property) -> dict[str, Match]:
    """Return which options of a property are proposed as the template's; each at most once."""
    if not isinstance(spec, OptionsProperty):
        return {}
    theirs = options_of(prop)
    scores = {}
    for option in spec.options:
        for index, their_option in enumerate(theirs):
            by_name = likeness(option.name, their_option.name)
            by_key = _KEY_FACTOR * likeness(option.key, their_option.name)
            scores[option.key, index] = max(by_name, by_key)
    return {
        key: Match(theirs[index].name, score) for (key, index), score in best_pairs(scores, LIKELY)
    }

"""Matching a client's databases to those of a template: by their names, types and options. A proposal, never a deed."""

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

_TITLE_COUNTS, _PROPERTIES_COUNT = 0.6, 0.4
_ALIKE = 0.45
"""From which likeness on a database is taken for one of the template's, name and properties together."""
_SOMEWHAT = 0.1
"""The same where a person has named the database: it is one of them, the question is which."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A database of the client's."""

    database: Database
    source: DataSource

    @property
    def seen(self) -> str:
        """A mark of its properties and options: another when somebody changes them."""
        return fingerprint(
            [self.database.id, sorted(_mark(each) for each in self.source.properties.values())]
        )


@dataclass(frozen=True, slots=True)
class Match:
    """A property or option of the client's that is taken for one of the template's."""

    name: str
    likeness: float


@dataclass(frozen=True, slots=True)
class PropertyMatch:
    """What is found for a property. Without a `match` the template's is added; `told` says why, or what to look at."""

    match: Match | None = None
    told: str = ""
    options: Mapping[str, Match] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DatabaseMatch:
    """What is found for a database. `alone` are the client's properties that nothing is taken for."""

    candidate: Candidate
    likeness: float
    properties: Mapping[str, PropertyMatch]
    alone: tuple[Property, ...] = ()


def match_databases(
    template: Template,
    wanted: Sequence[str],
    candidates: Sequence[Candidate],
    *,
    named: bool = False,
) -> dict[str, DatabaseMatch]:
    """Return which database of the client's is which of those wanted, the likeliest first; each at most once.

    `named`: whether a person has named the candidates, rather than that they were found.
    """
    scores = {
        (key, place): _database_likeness(template, key, each)
        for key in wanted
        for place, each in enumerate(candidates)
    }
    chosen = {
        key: candidates[place]
        for (key, place), _ in best_pairs(scores, _SOMEWHAT if named else _ALIKE)
    }
    sources = {key: each.source.id for key, each in chosen.items()}
    return {
        key: _matched(
            template, key, chosen[key], scores[key, candidates.index(chosen[key])], sources
        )
        for key in wanted
        if key in chosen
    }


def _matched(
    template: Template,
    key: str,
    candidate: Candidate,
    score: float,
    sources: Mapping[str, NotionId],
) -> DatabaseMatch:
    matches = match_properties(template, key, candidate.source, sources)
    taken = {each.match.name for each in matches.values() if each.match}
    alone = tuple(each for each in candidate.source.properties.values() if each.name not in taken)
    return DatabaseMatch(candidate, score, matches, alone)


def _database_likeness(template: Template, key: str, candidate: Candidate) -> float:
    spec = template.databases[key]
    by_title = max(
        likeness(spec.title, candidate.database.title), likeness(key, candidate.database.title)
    )
    stated = [
        each
        for each in spec.properties.values()
        if each.type not in COMPUTED_TYPES and not each.stamped
    ]
    there = list(candidate.source.properties.values())
    found = sum(
        any(each.type == prop.type and _alike(key, each, prop) for prop in there) for each in stated
    )
    share = found / max(1, min(len(stated), len(there)))
    return _TITLE_COUNTS * by_title + _PROPERTIES_COUNT * min(1.0, share)


def _alike(key: str, spec: PropertySpec, prop: Property) -> bool:
    return spec.type == "title" or likeness(spec.title, prop.name) >= LIKELY


def match_properties(
    template: Template, database: str, source: DataSource, sources: Mapping[str, NotionId]
) -> dict[str, PropertyMatch]:
    """Return what is found for each property that the template states for a database."""
    specs = template.databases[database].properties
    scores = {
        (key, prop.id): _property_likeness(key, spec, prop)
        for key, spec in specs.items()
        for prop in source.properties.values()
    }
    fit = {
        (key, prop_id): score
        for (key, prop_id), score in scores.items()
        if fits(specs[key], source.properties[prop_id], sources)
    }
    chosen = {
        key: (source.properties[prop_id], score)
        for (key, prop_id), score in best_pairs(fit, LIKELY)
    }
    return {
        key: _property_match(spec, chosen.get(key), _others(key, scores, source, chosen))
        for key, spec in specs.items()
    }


def _property_likeness(key: str, spec: PropertySpec, prop: Property) -> float:
    if spec.type == "title" or prop.type == "title":
        return 1.0 if spec.type == prop.type else 0.0
    return max(likeness(spec.title, prop.name), 0.98 * likeness(key, prop.name))


def fits(spec: PropertySpec, prop: Property, sources: Mapping[str, NotionId]) -> bool:
    """Whether a property can be taken over as it is: of the same type, and a relation leading to the same place.

    What Notion computes is never taken over: nobody's work is in it, and the template needs its own.
    """
    if spec.type != prop.type or spec.type in COMPUTED_TYPES:
        return False
    if isinstance(spec, RelationProperty) and isinstance(prop.config, RelationConfig):
        same = sources.get(spec.to) == prop.config.data_source_id
        return same and prop.config.two_way == (spec.two_way is not None)
    return True


def _others(
    key: str,
    scores: Mapping[tuple[str, str], float],
    source: DataSource,
    chosen: Mapping[str, tuple[Property, float]],
) -> list[tuple[Property, float]]:
    """Return the properties that have a similar name and were not chosen, the likeliest first."""
    taken = {prop.id for prop, _ in chosen.values()}
    near = [
        (source.properties[prop_id], score)
        for (of, prop_id), score in scores.items()
        if of == key and score >= POSSIBLE and prop_id not in taken
    ]
    return sorted(near, key=lambda each: (-each[1], each[0].name))


def _property_match(
    spec: PropertySpec,
    chosen: tuple[Property, float] | None,
    others: Sequence[tuple[Property, float]],
) -> PropertyMatch:
    if chosen is not None:
        prop, score = chosen
        rivals = [
            repr(each.name)
            for each, likely in others
            if each.type == spec.type and likely >= LIKELY
        ]
        told = f"or is it {', '.join(rivals)}?" if rivals else ""
        return PropertyMatch(Match(prop.name, score), told, match_options(spec, prop))
    same = [
        each.name
        for each, _ in others
        if each.type == spec.type and spec.type not in COMPUTED_TYPES
    ]
    if same:
        return PropertyMatch(told=f"is added; or is it {', '.join(map(repr, same[:3]))}?")
    conflicts = [each for each, likely in others if likely >= LIKELY and each.type != spec.type]
    return PropertyMatch(
        told=_conflict(spec, conflicts[0]) if conflicts and spec.type not in COMPUTED_TYPES else ""
    )


def _conflict(spec: PropertySpec, prop: Property) -> str:
    return (
        f"{prop.name!r} is of type {prop.type}, not {spec.type}: it is left alone and one of ours is added. "
        f"To use yours, change its type in Notion and run adopt again."
    )


def match_options(spec: PropertySpec, prop: Property) -> dict[str, Match]:
    """Return which options of a property are which of the template's, each at most once."""
    if not isinstance(spec, OptionsProperty):
        return {}
    there = options_of(prop)
    scores = {
        (each.key, place): max(
            likeness(each.name, option.name), 0.98 * likeness(each.key, option.name)
        )
        for each in spec.options
        for place, option in enumerate(there)
    }
    return {
        key: Match(there[place].name, score) for (key, place), score in best_pairs(scores, LIKELY)
    }


def _mark(prop: Property) -> list[object]:
    # Decoded: mapping files of earlier versions hold marks of that form, and they go on working.
    return [
        unquote(prop.id),
        prop.name,
        prop.type,
        sorted([each.id or "", each.name] for each in options_of(prop)),
    ]

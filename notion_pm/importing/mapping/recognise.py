"""Which tool a file comes from, by its headers; and what of a tool's map fits the database at hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from notion_pm.errors import TemplateProblem
from notion_pm.importing.interpret import key_field
from notion_pm.importing.mapping.headers import Role, role_score
from notion_pm.importing.target import SOURCE_ID, Field, Target
from notion_pm.importing.values.cells import may_create
from notion_pm.importing.values.dates import is_pattern
from notion_pm.model.import_map import Filling, ImportMap
from notion_pm.model.likeness import LIKELY, best_pairs, likeness
from notion_pm.model.property_types import IDENTITY_TYPES
from notion_pm.text import suggest


def with_headers_of_file(preset: ImportMap, columns: Sequence[str]) -> ImportMap:
    """Return a preset with the headers that the file has in place of those in English."""
    there = frozenset(columns)
    names = {
        english: next((other for other in others if other in there), english)
        for english, others in preset.headers.items()
        if english not in there
    }
    if all(english == other for english, other in names.items()):
        return preset
    return preset.with_columns(names)


def recognise_preset(presets: Mapping[str, ImportMap], columns: Sequence[str]) -> str | None:
    """Return the preset whose headers are all there, of several the one that asks for most."""
    there = frozenset(columns)
    fitting = [
        name
        for name, each in presets.items()
        if each.needs and there.issuperset(each.needs) and each.first in {None, *columns[:1]}
    ]
    return max(fitting, key=lambda name: len(presets[name].needs), default=None)


@dataclass(frozen=True, slots=True)
class FittedPreset:
    """A preset as far as it fits a database and a file; `lacking` are properties that the database does not have."""

    map: ImportMap
    missing_properties: tuple[str, ...]


def fit_preset(preset: ImportMap, target: Target, columns: Sequence[str]) -> FittedPreset:
    """Return a preset without what this file, or this database, does not have: columns of a tool come and go.

    A database that people made has other names: the title is always filled, and other properties by likeness.
    """
    there = frozenset(columns)
    others = _by_likeness(preset, target)
    kept: dict[str, Filling] = {}
    lacking: list[str] = []
    for name, each in preset.fill.items():
        found = target.find_field(name) or others.get(name)
        property_name = found.key if found and name in others else name
        filling = _with_options_of(found, each) if name in others else each
        if found is None or not found.is_fillable:
            lacking.append(name)
        elif filling.value is not None:
            kept[property_name] = filling
        elif some := tuple(column for column in filling.columns if column in there):
            kept[property_name] = filling.model_copy(update={"columns": some})
    only = {column: words for column, words in preset.only.items() if column in there}
    without = tuple(each for each in preset.without if each in there)
    key = preset.key.model_copy(
        update={"columns": tuple(each for each in preset.key.columns if each in there)}
    )
    body = preset.body if preset.body and there.intersection(preset.body.columns) else None
    changed = {"fill": kept, "only": only, "without": without, "body": body}
    return FittedPreset(
        preset.model_copy(update=changed | ({"key": key} if key.columns else {})), tuple(lacking)
    )


_ROLES: Mapping[str, tuple[Role, frozenset[str]]] = {
    "quote": ("text", frozenset({"rich_text"})),
    "problem": ("text", frozenset({"rich_text"})),
    "customer": ("customer", frozenset({"relation"})),
    "observed_on": ("date", frozenset({"date"})),
    "source_url": ("link", frozenset({"url"})),
}
"""By what a preset fills: the role that a property's name may tell, and the types that can hold it."""
_SAME_NAME: Mapping[str, frozenset[str]] = {
    "tags": frozenset({"multi_select"}),
    "kind": frozenset({"select", "multi_select"}),
    "importance": frozenset({"select"}),
    "source": frozenset({"select", "rich_text"}),
}
"""By what a preset fills: the types of a property that has almost the same name."""


def _by_likeness(preset: ImportMap, target: Target) -> dict[str, Field]:
    """Return the properties of a database for what a preset fills and the database does not have by name."""
    named = {name: target.find_field(name) for name in preset.fill}
    taken = {field.key for field in named.values() if field is not None}
    wanted = [name for name, field in named.items() if field is None]
    title = target.title_field
    chosen = {"name": title} if "name" in wanted and title.key not in taken else {}
    free = {
        key: field for key, field in target.fields.items() if field.is_fillable and key not in taken
    }
    scores = {(name, key): _alike(name, field) for name in wanted for key, field in free.items()}
    return {name: free[key] for (name, key), _ in best_pairs(scores, LIKELY)} | chosen


def _alike(name: str, field: Field) -> float:
    """Return how likely it is that a property of that name and type is what a preset fills."""
    score = likeness(name, field.name)
    if name in _ROLES:
        role, types = _ROLES[name]
        return max(score, role_score(field.name, role)) if field.type in types else 0.0
    return score if field.type in _SAME_NAME.get(name, ()) else 0.0


def _with_options_of(found: Field | None, filling: Filling) -> Filling:
    """Return a filling without words for options that the property does not have: theirs are taken as they are."""
    if found is None or not filling.words:
        return filling
    words = {
        theirs: ours for theirs, ours in filling.words.items() if ours is None or found.choice(ours)
    }
    return filling.model_copy(update={"words": words})


def find_map_problems(
    map: ImportMap, target: Target, columns: Sequence[str], *, is_sparse: bool = False
) -> Iterator[TemplateProblem]:
    """Yield everything in a person's map that does not fit the database or the file.

    A sparse file lacks the columns that no row fills.
    """
    if is_sparse:
        columns = tuple(dict.fromkeys([*columns, *(map.used_columns - set(map.key.columns))]))
    for name, filling in map.fill.items():
        yield from _property_faults(name, target)
        yield from _column_faults(("fill", name), filling.columns, columns)
        if filling.date is not None and not is_pattern(filling.date):
            advice = "Write iso, unix, or the parts of a whole day such as %d/%m/%Y or %b %d, %Y."
            yield TemplateProblem(
                ("fill", name, "date"), f"`{filling.date}` says no whole day.", advice
            )
        yield from _word_faults(name, filling, target)
    yield from _column_faults(("key",), map.key.columns, columns)
    yield from _column_faults(("without",), map.without, columns)
    for column in map.only:
        yield from _column_faults(("only", column), (column,), columns)
    if map.body is not None:
        yield from _column_faults(("body",), map.body.columns, columns)
    if map.key.property is not None:
        yield from _key_faults(map.key.property, target)
    if (fault := find_key_problem(map, target)) is not None:
        yield fault


def find_key_problem(map: ImportMap, target: Target) -> TemplateProblem | None:
    """Return why a key could not be found again where it is kept: the property is filled from elsewhere."""
    kept = key_field(map, target)
    filling = next(
        (each for name, each in map.fill.items() if target.find_field(name) == kept), None
    )
    same = (map.key.columns, map.key.part, map.key.prefix, map.key.hashed)
    if filling is None or (filling.columns, filling.part, "", False) == same:
        return None
    columns = " and ".join(map.key.columns)
    message = f"rows are known by {columns}, which is kept in `{kept.name}`, and that is filled from elsewhere."
    advice = (
        f"Take `key` from the columns of `{kept.name}`, or name another property that keeps it with `property`: "
        f"a text property called {SOURCE_ID!r} is found by itself."
    )
    return TemplateProblem(("key",), message, advice)


def _property_faults(name: str, target: Target) -> Iterator[TemplateProblem]:
    found = target.find_field(name)
    known = [each.key for each in target.fillable]
    if found is None:
        yield TemplateProblem.unknown(("fill", name), f"property of {target.title}", name, known)
    elif found.stamped:
        yield TemplateProblem(
            ("fill", name),
            f"`{name}` is written by rules, not by people.",
            "Leave it out: sync fills it.",
        )
    elif not found.is_fillable:
        yield TemplateProblem(
            ("fill", name),
            f"an import cannot fill `{name}`, of type {found.type}.",
            "Leave it out.",
        )


def _key_faults(name: str, target: Target) -> Iterator[TemplateProblem]:
    found = target.find_field(name)
    if found is None:
        yield TemplateProblem.unknown(
            ("key", "property"), f"property of {target.title}", name, target.fields
        )
    elif found.type not in IDENTITY_TYPES:
        advice = "Name a text, link or title that is different on every page."
        yield TemplateProblem(
            ("key", "property"),
            f"`{name}` is of type {found.type}: it cannot tell one row from another.",
            advice,
        )


def _column_faults(
    path: tuple[str, ...], named: Sequence[str], columns: Sequence[str]
) -> Iterator[TemplateProblem]:
    for each in named:
        if each not in columns:
            yield TemplateProblem(path, f"the file has no column `{each}`.", suggest(each, columns))


def _word_faults(name: str, filling: Filling, target: Target) -> Iterator[TemplateProblem]:
    found = target.find_field(name)
    if found is None or not filling.words:
        return
    for theirs, ours in filling.words.items():
        if ours and found.choice(ours) is None and not may_create(found, filling):
            known = [each.key or each.name for each in found.choices]
            yield TemplateProblem.unknown(("fill", name, "words", theirs), "option", ours, known)

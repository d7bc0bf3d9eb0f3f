"""Recognise the tool of a file, and fit the tool's map to the file and the database."""

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

# --- which tool


def with_headers_of_file(preset: ImportMap, columns: Sequence[str]) -> ImportMap:
    """Return a preset with the headers of the file in place of the English ones.

    Tools translate headers: `Summary` in an English Jira is `Zusammenfassung` in a German one.
    """
    in_file = frozenset(columns)
    names: dict[str, str] = {}
    for english, translations in preset.headers.items():
        if english in in_file:
            continue
        for translation in translations:
            if translation in in_file:
                names[english] = translation
                break
    return preset.with_columns(names) if names else preset


def recognise_preset(presets: Mapping[str, ImportMap], columns: Sequence[str]) -> str | None:
    """Return the name of the preset whose `needs` are all in the file; of several the strictest."""
    in_file = frozenset(columns)
    first_column = columns[0] if columns else None
    best: str | None = None
    for name, preset in presets.items():
        if not preset.needs or not in_file.issuperset(preset.needs):
            continue
        # Example: a file of another tool may have `Name` and `Item ID` too, but monday.com always
        # writes `Name` first.
        if preset.first is not None and preset.first != first_column:
            continue
        # The strictest: a file with all columns of a detailed export also has those of a simple
        # one.
        if best is None or len(preset.needs) > len(presets[best].needs):
            best = name
    return best


# --- what fits


@dataclass(frozen=True, slots=True)
class FittedPreset:
    """A preset without what a file or database lacks.

    `missing_properties`: what the preset fills and the database does not have.
    """

    map: ImportMap
    missing_properties: tuple[str, ...]


def fit_preset(preset: ImportMap, target: Target, columns: Sequence[str]) -> FittedPreset:
    """Return a preset without the columns and properties that are missing here.

    Tools add and drop columns. A database that no template created has other names: its title is
    always filled, other properties when their names are similar.
    """
    in_file = frozenset(columns)
    similar = _similar_fields(preset, target)
    fill: dict[str, Filling] = {}
    missing: list[str] = []
    for name, filling in preset.fill.items():
        field = target.find_field(name)
        property_name = name
        if field is None and name in similar:
            field = similar[name]
            property_name = field.key
            filling = _without_unknown_options(filling, field)
        if field is None or not field.is_fillable:
            missing.append(name)
        # A fixed value, such as `source: Zendesk`, needs no column of the file.
        elif filling.value is not None:
            fill[property_name] = filling
        else:
            columns_in_file = _columns_in_file(filling.columns, in_file)
            if columns_in_file:
                fill[property_name] = filling.model_copy(update={"columns": columns_in_file})

    changed: dict[str, object] = {
        "fill": fill,
        "only": {column: words for column, words in preset.only.items() if column in in_file},
        "without": _columns_in_file(preset.without, in_file),
        "body": preset.body,
    }
    if preset.body is not None and in_file.isdisjoint(preset.body.columns):
        changed["body"] = None
    key_columns = _columns_in_file(preset.key.columns, in_file)
    if key_columns:
        changed["key"] = preset.key.model_copy(update={"columns": key_columns})
    return FittedPreset(preset.model_copy(update=changed), tuple(missing))


def _columns_in_file(columns: Sequence[str], in_file: frozenset[str]) -> tuple[str, ...]:
    return tuple(column for column in columns if column in in_file)


_ROLES: Mapping[str, tuple[Role, frozenset[str]]] = {
    "quote": ("text", frozenset({"rich_text"})),
    "problem": ("text", frozenset({"rich_text"})),
    "customer": ("customer", frozenset({"relation"})),
    "observed_on": ("date", frozenset({"date"})),
    "source_url": ("link", frozenset({"url"})),
}
"""Properties of presets with the role that a header may show, and the types that can hold them."""

_SIMILAR_NAMES_ONLY: Mapping[str, frozenset[str]] = {
    "tags": frozenset({"multi_select"}),
    "kind": frozenset({"select", "multi_select"}),
    "importance": frozenset({"select"}),
    "source": frozenset({"select", "rich_text"}),
}
"""Properties of presets that are found by a similar name only, and the types that can hold them."""


def _similar_fields(preset: ImportMap, target: Target) -> dict[str, Field]:
    """Return fields of a database for the properties of a preset that it does not have by name."""
    wanted: list[str] = []
    taken: set[str] = set()
    for name in preset.fill:
        field = target.find_field(name)
        if field is None:
            wanted.append(name)
        else:
            taken.add(field.key)

    free = {
        key: field for key, field in target.fields.items() if field.is_fillable and key not in taken
    }
    scores = {}
    for name in wanted:
        for key, field in free.items():
            scores[name, key] = _similarity(name, field)
    similar = {name: free[key] for (name, key), _ in best_pairs(scores, LIKELY)}
    title = target.title_field
    # Every database has exactly one title, whatever its name is, so the name of a row goes there.
    if "name" in wanted and title.key not in taken:
        similar["name"] = title
    return similar


def _similarity(name: str, field: Field) -> float:
    """Return from 0 to 1 how likely a field is the property that a preset fills."""
    if name in _ROLES:
        role, types = _ROLES[name]
        if field.type not in types:
            return 0.0
        return max(likeness(name, field.name), role_score(field.name, role))
    if field.type in _SIMILAR_NAMES_ONLY.get(name, ()):
        return likeness(name, field.name)
    return 0.0


def _without_unknown_options(filling: Filling, field: Field) -> Filling:
    """Return a filling without translations to options that the field does not have.

    Those words of the file are then taken as they are.
    """
    if not filling.words:
        return filling
    words = {
        word: option
        for word, option in filling.words.items()
        if option is None or field.choice(option)
    }
    return filling.model_copy(update={"words": words})


# --- what is wrong with a person's map


def find_map_problems(
    map: ImportMap, target: Target, columns: Sequence[str], *, is_sparse: bool = False
) -> Iterator[TemplateProblem]:
    """Yield everything in a person's map that does not fit the database or the file.

    A sparse file (JSON) does not have the columns that are empty in every row, so only the columns
    of the key have to be there.
    """
    if is_sparse:
        optional = map.used_columns - set(map.key.columns)
        columns = tuple(dict.fromkeys([*columns, *optional]))
    for name, filling in map.fill.items():
        yield from _property_problems(name, target)
        yield from _column_problems(("fill", name), filling.columns, columns)
        if filling.date is not None and not is_pattern(filling.date):
            yield TemplateProblem(
                ("fill", name, "date"),
                f"`{filling.date}` is not a pattern of a whole day.",
                "Write iso, unix, or the parts of a whole day such as %d/%m/%Y or %b %d, %Y.",
            )
        yield from _word_problems(name, filling, target)
    yield from _column_problems(("key",), map.key.columns, columns)
    yield from _column_problems(("without",), map.without, columns)
    for column in map.only:
        yield from _column_problems(("only", column), (column,), columns)
    if map.body is not None:
        yield from _column_problems(("body",), map.body.columns, columns)
    if map.key.property is not None:
        yield from _key_property_problems(map.key.property, target)
    key_problem = find_key_problem(map, target)
    if key_problem is not None:
        yield key_problem


def find_key_problem(map: ImportMap, target: Target) -> TemplateProblem | None:
    """Return why keys would not be found again: their property is filled with something else."""
    field = key_field(map, target)
    filling = None
    for name, candidate in map.fill.items():
        if target.find_field(name) == field:
            filling = candidate
            break
    if filling is None:
        return None
    # With a prefix or a hash the stored key differs from the cell, so the property cannot hold
    # both.
    is_plain_key = not map.key.prefix and not map.key.hashed
    if is_plain_key and (filling.columns, filling.part) == (map.key.columns, map.key.part):
        return None

    columns = " and ".join(map.key.columns)
    return TemplateProblem(
        ("key",),
        f"rows are known by {columns}, which is kept in `{field.name}`, but the map fills that "
        "property with something else.",
        f"Take `key` from the columns of `{field.name}`, or set `property` to another property: "
        f"a text property called {SOURCE_ID!r} is used by default.",
    )


def _property_problems(name: str, target: Target) -> Iterator[TemplateProblem]:
    field = target.find_field(name)
    path = ("fill", name)
    if field is None:
        known = [fillable.key for fillable in target.fillable]
        yield TemplateProblem.unknown(path, f"property of {target.title}", name, known)
    elif field.stamped:
        yield TemplateProblem(
            path, f"`{name}` is written by rules, not by people.", "Leave it out: sync fills it."
        )
    elif not field.is_fillable:
        yield TemplateProblem(
            path, f"an import cannot fill `{name}`, of type {field.type}.", "Leave it out."
        )


def _key_property_problems(name: str, target: Target) -> Iterator[TemplateProblem]:
    field = target.find_field(name)
    path = ("key", "property")
    if field is None:
        yield TemplateProblem.unknown(path, f"property of {target.title}", name, target.fields)
    elif field.type not in IDENTITY_TYPES:
        yield TemplateProblem(
            path,
            f"`{name}` is of type {field.type}: it cannot identify a row.",
            "Name a text, link or title that is different on every page.",
        )


def _column_problems(
    path: tuple[str, ...], named: Sequence[str], columns: Sequence[str]
) -> Iterator[TemplateProblem]:
    for column in named:
        if column not in columns:
            message = f"the file has no column `{column}`."
            yield TemplateProblem(path, message, suggest(column, columns))


def _word_problems(name: str, filling: Filling, target: Target) -> Iterator[TemplateProblem]:
    field = target.find_field(name)
    if field is None:
        return
    for word, option in filling.words.items():
        # An empty translation is allowed: it leaves the property empty for that word.
        if option and field.choice(option) is None and not may_create(field, filling):
            known = [choice.key or choice.name for choice in field.choices]
            yield TemplateProblem.unknown(("fill", name, "words", word), "option", option, known)

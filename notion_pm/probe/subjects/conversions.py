"""What a change of a property's type keeps of the values.

One database with a property for each pair of types, one row, and one PATCH that converts them all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from notion_pm.probe.lab import Json, Lab, experiment
from notion_pm.probe.objects import (
    change_schema,
    make_database,
    make_row,
    plain,
    records,
    text,
    values_of,
)
from notion_pm.probe.statement import Area, CannotTell, Finding, Source, expect, statement

# Options in the same PATCH: a conversion creates none from values (notion-measured.md 3).
_AB = {"options": [{"name": "a"}, {"name": "b"}]}


@dataclass(frozen=True, slots=True)
class Conversion:
    """A value of one type, the settings of the type it is converted to, and what is left of it.

    `left` is in a short form: texts as characters, options by name.
    """

    id: str
    sentence: str
    old: Json
    value: Any
    new: Json
    left: Any

    @property
    def name(self) -> str:
        """The name of the property that tries it."""
        return self.id.replace("-", " ")


_CONVERSIONS = (
    Conversion("text-to-number", "A text becomes its leading number.",
               {"rich_text": {}}, text("42 text"), {"number": {}}, 42),
    Conversion("word-to-number", "A text without a leading number becomes an empty number.",
               {"rich_text": {}}, text("none"), {"number": {}}, None),
    Conversion("text-to-url", "A text becomes a URL as it is, even when it is not one.",
               {"rich_text": {}}, text("not a link"), {"url": {}}, "not a link"),
    Conversion("text-to-select", "A text becomes the option that has exactly its text.",
               {"rich_text": {}}, text("a"), {"select": _AB}, "a"),
    Conversion("text-to-no-option",
               "A text without an option becomes an empty select: none is created.",
               {"rich_text": {}}, text("c"), {"select": _AB}, None),
    Conversion("text-to-multi-select", "A text is split at commas on its way to a multi-select.",
               {"rich_text": {}}, text("a, b"), {"multi_select": _AB}, ["a", "b"]),
    Conversion("text-to-date", "A text in ISO form becomes a date.",
               {"rich_text": {}}, text("2026-01-15"), {"date": {}}, "2026-01-15"),
    Conversion("text-to-checkbox", "Even the text `true` becomes an unchecked box.",
               {"rich_text": {}}, text("true"), {"checkbox": {}}, False),
    Conversion("text-to-people", "A text becomes no people.",
               {"rich_text": {}}, text("Ada"), {"people": {}}, []),
    # Large enough to show thousands separators or an exponent, if Notion wrote any.
    Conversion("number-to-text", "A number becomes its digits.",
               {"number": {}}, 1000000, {"rich_text": {}}, "1000000"),
    Conversion("number-to-date", "A number becomes no date.",
               {"number": {}}, 2026, {"date": {}}, None),
    Conversion("number-to-checkbox", "A number becomes an unchecked box.",
               {"number": {}}, 1, {"checkbox": {}}, False),
    Conversion("select-to-text", "A select becomes the name of its option.",
               {"select": _AB}, {"name": "a"}, {"rich_text": {}}, "a"),
    Conversion("select-to-multi-select", "A select becomes a multi-select with the same option.",
               {"select": _AB}, {"name": "a"}, {"multi_select": _AB}, ["a"]),
    # "b": a value that is lost may end as the first option, "a" (notion-measured.md 3).
    Conversion("select-to-status", "A select becomes the status with its name.",
               {"select": _AB}, {"name": "b"}, {"status": _AB}, "b"),
    Conversion("multi-select-to-select", "A multi-select becomes the first of its options.",
               {"multi_select": _AB}, [{"name": "a"}, {"name": "b"}], {"select": _AB}, "a"),
    Conversion("checkbox-to-text", "A checked box becomes the text `Yes`.",
               {"checkbox": {}}, True, {"rich_text": {}}, "Yes"),
    Conversion("date-to-number", "A date becomes no number.",
               {"date": {}}, {"start": "2026-01-15"}, {"number": {}}, None),
    Conversion("url-to-text", "A URL becomes its text.",
               {"url": {}}, "https://example.com", {"rich_text": {}}, "https://example.com"),
    # It reads as the default option, yet the conversion loses it (notion-measured.md 3).
    Conversion("never-set-status-to-text", "A status that was never set becomes an empty text.",
               {"status": {}}, None, {"rich_text": {}}, ""),
)  # fmt: skip


@experiment
def convert_all(lab: Lab) -> Json:
    """Convert all values in one PATCH, and return what is left of them, by property name."""
    old, values, new = {}, {}, {}
    for conversion in _CONVERSIONS:
        old[conversion.name] = conversion.old
        new[conversion.name] = conversion.new
        if conversion.value is not None:
            values[conversion.name] = {_type(conversion.old): conversion.value}
    database = make_database(lab, "Conversions", **old)
    row = make_row(lab, database, "converted", **values)["id"]
    refused: set[str] = set()
    if change_schema(lab, database, **new).status != 200:
        # One of them is refused: convert them one by one, so that the others can be judged.
        for name, settings in new.items():
            if change_schema(lab, database, **{name: settings}).status != 200:
                refused.add(name)
    left = values_of(lab.get(f"pages/{row}"))
    return {name: value for name, value in left.items() if name not in refused}


def _type(settings: Json) -> str:
    return next(iter(settings))


def _short(kind: str, value: Any) -> Any:
    """Return a value in the form of `Conversion.left`."""
    if kind == "rich_text":
        return plain(value)
    if kind in {"select", "status"}:
        return value and value["name"]
    if kind == "multi_select":
        return [option["name"] for option in value]
    if kind == "date":
        return value and value["start"]
    return value


def _register(conversion: Conversion) -> None:
    @statement(f"conversions.{conversion.id}", conversion.sentence, Area.TYPES, Source.MEASUREMENT)
    def check(lab: Lab) -> Finding:
        """Look at what is left of the value."""
        left = convert_all(lab)
        if conversion.name not in left:
            raise CannotTell("the change of the type was refused")
        return expect(conversion.left, _short(_type(conversion.new), left[conversion.name]))


for _conversion in _CONVERSIONS:
    _register(_conversion)


@statement(
    "conversions.title-refused",
    "A title cannot be converted to another type: 400.",
    Area.TYPES,
    Source.MEASUREMENT,
)
def title_refused(lab: Lab) -> Finding:
    """Try to make it a number."""
    return expect(
        "400 validation_error", change_schema(lab, records(lab), Name={"number": {}}).outcome
    )

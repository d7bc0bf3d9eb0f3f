"""Values that look real, for test data: pure, from a given randomness, in the form that requests write them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from notion_pm.emulator.store.ids import encoded
from notion_pm.emulator.store.records import Property

_VERBS = (
    "Add",
    "Improve",
    "Simplify",
    "Fix",
    "Explain",
    "Measure",
    "Automate",
    "Redesign",
    "Speed up",
    "Retire",
)
_THINGS = (
    *(
        "onboarding",
        "search",
        "billing",
        "exports",
        "the mobile app",
        "permissions",
        "notifications",
        "imports",
    ),
    *(
        "the dashboard",
        "sign-in",
        "templates",
        "comments",
        "the public API",
        "invoices",
        "reports",
        "sharing",
    ),
)
_FOR = (
    "for admins",
    "for new teams",
    "for guests",
    "on slow networks",
    "in large workspaces",
    "for auditors",
)
_REASONS = (
    "Customers ask for it in every second call.",
    "Support spends a day a week on it.",
    "It blocks a renewal.",
    "Nobody complains, but the numbers fall.",
    "Competitors have it.",
    "It is the law from next year.",
)
_NAMES = (
    "amira",
    "jonas",
    "mei",
    "luca",
    "sofia",
    "tariq",
    "ines",
    "noah",
    "yuki",
    "priya",
    "emil",
    "zoe",
)
_DOMAINS = ("example.com", "example.org", "example.net")
_CITIES = (
    ("Lisbon", 38.72, -9.14),
    ("Nairobi", -1.29, 36.82),
    ("Osaka", 34.69, 135.50),
    ("Quito", -0.18, -78.47),
)
_DAYS = 365
_EMPTY_SHARE = 0.15  # of the values that may be empty
_ALWAYS = ("title", "status", "checkbox")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What values refer to: the day, the users, and for each relation property the pages that it may name."""

    today: date
    user_ids: Sequence[str]
    related_ids: Mapping[str, Sequence[str]]


def values(schema: Mapping[str, Property], chance: Random, around: Surroundings) -> dict[str, Any]:
    """Return a request's `properties` with a value for most of the properties that can be written."""
    made: dict[str, Any] = {}
    for prop in schema.values():
        maker = _MAKERS.get(prop.type)
        if maker and (prop.type in _ALWAYS or chance.random() >= _EMPTY_SHARE):
            made[encoded(prop.id)] = {prop.type: maker(prop, chance, around)}
    return made


def _text(content: str) -> list[dict[str, Any]]:
    return [{"text": {"content": content}}]


def _title(prop: Property, chance: Random, around: Surroundings) -> Any:
    words = (chance.choice(_VERBS), chance.choice(_THINGS), chance.choice(_FOR))
    return _text(f"{' '.join(words)} {chance.randrange(1000)}")


def _rich_text(prop: Property, chance: Random, around: Surroundings) -> Any:
    return _text(" ".join(chance.sample(_REASONS, chance.randint(1, 3))))


def _number(prop: Property, chance: Random, around: Surroundings) -> Any:
    form = prop.config["format"]
    if form == "percent":
        return round(chance.random(), 2)
    return (
        chance.randint(0, 1000) if form.startswith("number") else round(chance.uniform(1, 5000), 2)
    )


def _option(prop: Property, chance: Random, around: Surroundings) -> Any:
    options = prop.config["options"]
    return {"id": chance.choice(options)["id"]} if options else None


def _options(prop: Property, chance: Random, around: Surroundings) -> Any:
    options = prop.config["options"]
    chosen = chance.sample(options, chance.randint(1, min(3, len(options)))) if options else []
    return [{"id": option["id"]} for option in chosen]


def _date(prop: Property, chance: Random, around: Surroundings) -> Any:
    start = around.today + timedelta(days=chance.randint(-_DAYS, _DAYS))
    end = start + timedelta(days=chance.randint(1, 30)) if chance.random() < 0.2 else None
    return {"start": start.isoformat(), "end": end.isoformat() if end else None}


def _people(prop: Property, chance: Random, around: Surroundings) -> Any:
    return [{"id": chance.choice(around.user_ids)}] if around.user_ids else []


def _files(prop: Property, chance: Random, around: Surroundings) -> Any:
    name = f"notes-{chance.randrange(1000)}.pdf"
    return [
        {
            "name": name,
            "type": "external",
            "external": {"url": f"https://{chance.choice(_DOMAINS)}/{name}"},
        }
    ]


def _relation(prop: Property, chance: Random, around: Surroundings) -> Any:
    targets = around.related_ids.get(prop.id, ())
    return [
        {"id": each} for each in chance.sample(targets, min(chance.randint(0, 3), len(targets)))
    ]


def _place(prop: Property, chance: Random, around: Surroundings) -> Any:
    name, latitude, longitude = chance.choice(_CITIES)
    return {"name": name, "lat": latitude, "lon": longitude}


_MAKERS: Mapping[str, Callable[[Property, Random, Surroundings], Any]] = {
    "title": _title,
    "rich_text": _rich_text,
    "number": _number,
    "select": _option,
    "status": _option,
    "multi_select": _options,
    "date": _date,
    "people": _people,
    "files": _files,
    "relation": _relation,
    "place": _place,
    "checkbox": lambda prop, chance, around: chance.random() < 0.3,
    "url": lambda prop, chance, around: (
        f"https://{chance.choice(_DOMAINS)}/{chance.randrange(10_000)}"
    ),
    "email": lambda prop, chance, around: f"{chance.choice(_NAMES)}@{chance.choice(_DOMAINS)}",
    "phone_number": lambda prop, chance, around: (
        f"+1 555 {chance.randrange(1000):03} {chance.randrange(10_000):04}"
    ),
}

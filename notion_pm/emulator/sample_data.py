"""Sample rows in bulk, with realistic values for every property, written like those of requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from notion_pm.emulator.blocks.parents import ROW
from notion_pm.emulator.pages import pages
from notion_pm.emulator.schema import databases
from notion_pm.emulator.schema.properties import Schema
from notion_pm.emulator.store import ids
from notion_pm.emulator.store.clock import Clock, to_stored
from notion_pm.emulator.store.records import DataSource, Page, Property
from notion_pm.emulator.store.session import NEW_VERSION, Session, Settings
from notion_pm.emulator.store.store import Store
from notion_pm.emulator.values.writing import write

# Rows per transaction. One takes a second or two; other writers get their turn in between.
BATCH = 5000
# 256 MB. The rows touch pages all over the index, and these should not be read again and again.
_LARGE_CACHE = "PRAGMA cache_size = -262144"
_MOST_RELATED = 1000
# Time between the creation of two rows. Like those of real rows, the times differ.
_PACE = timedelta(minutes=1)
_NEWEST_ROWS = "SELECT id FROM pages WHERE parent_id = ? AND in_trash = 0 ORDER BY seq DESC LIMIT ?"


@dataclass(frozen=True, slots=True)
class SampleRows:
    """Adds sample rows to the data sources of one workspace."""

    store: Store
    settings: Settings
    clock: Clock

    def new_data_source(self, title: str) -> str:
        """Make a database with a property of every writable type. Return its data source's id."""
        with self.store.transaction(write=True) as db:
            request = {
                "parent": {"type": "page_id", "page_id": self.settings.root_page_id},
                "title": [{"text": {"content": title}}],
                "initial_data_source": {"properties": EVERY_KIND},
            }
            database = databases.create(self._session(db), request)
            return str(database["data_sources"][0]["id"])

    def fill(
        self, data_source_id: str, count: int, seed: int, progress: Callable[[int], object]
    ) -> None:
        """Add rows. The same seed gives the same values.

        Raises ApiError (404) if there is no such data source.
        """
        chance = Random(seed)  # noqa: S311 - sample data
        times = self._creation_times(data_source_id, count)
        for done in range(0, count, BATCH):
            size = min(BATCH, count - done)
            with self.store.transaction(write=True) as db:
                db.execute(_LARGE_CACHE)
                batch = _Batch(self._session(db), data_source_id, chance)
                for _ in range(size):
                    batch.add(next(times))
            progress(done + size)

    def _creation_times(self, data_source_id: str, count: int) -> Iterator[datetime]:
        """Yield the creation times of the rows: after those of the existing rows, up to now."""
        with self.store.transaction(write=False) as db:
            session = self._session(db)
            source = session.data_source(data_source_id)
            latest = db.execute(
                "SELECT max(created_time) FROM pages WHERE parent_id = ?", (source.id,)
            ).fetchone()[0]
        now = session.moment
        pace = _PACE
        if latest:
            pace = min(_PACE, (now - datetime.fromisoformat(latest)) / count)
        return (now - pace * left for left in range(count, 0, -1))

    def _session(self, db: Any) -> Session:
        return Session(db, self.clock(), NEW_VERSION, self.settings)


class _Batch:
    """The rows of one transaction."""

    def __init__(self, session: Session, data_source_id: str, chance: Random) -> None:
        self._session, self._chance = session, chance
        self._source = session.data_source(data_source_id)
        self._schema = self._source.schema()
        self._users = [row[0] for row in session.db.execute("SELECT id FROM users ORDER BY seq")]
        related = _newest_related_pages(session, self._schema)
        self._context = SampleContext(session.moment.date(), self._users, related)

    def add(self, created: datetime) -> None:
        sent = sample_values(self._schema, self._chance, self._context)
        written = write(self._session, self._schema, self._source, sent)
        pages.insert_new(self._session, self._page(self._source, created), self._schema, written)

    def _page(self, source: DataSource, created: datetime) -> Page:
        # The fourth power makes most edits come soon after the creation.
        edited = created + (self._session.moment - created) * self._chance.random() ** 4
        return Page(
            id=ids.new_id(),
            parent_type=ROW,
            parent_id=source.id,
            title="",
            properties={},
            created_time=to_stored(created),
            created_by=self._chance.choice(self._users),
            last_edited_time=to_stored(edited),
            last_edited_by=self._chance.choice(self._users),
        )


def _newest_related_pages(session: Session, schema: Schema) -> dict[str, list[str]]:
    """Return, for each relation property, the ids of the newest pages that it may point at."""
    related = {}
    for prop in schema.values():
        if prop.type == "relation":
            target = prop.config["data_source_id"]
            rows = session.db.execute(_NEWEST_ROWS, (target, _MOST_RELATED))
            related[prop.id] = [row[0] for row in rows]
    return related


def _options_config(*names: str) -> dict[str, Any]:
    return {"options": [{"name": name} for name in names]}


EVERY_KIND: Mapping[str, Any] = {
    "Name": {"title": {}},
    "Notes": {"rich_text": {}},
    "Score": {"number": {"format": "number"}},
    "Price": {"number": {"format": "euro"}},
    "Stage": {"select": _options_config("Idea", "Discovery", "Design", "Build", "Launch")},
    "Labels": {
        "multi_select": _options_config("mobile", "web", "api", "security", "growth", "debt")
    },
    "Status": {"status": {}},
    "Due": {"date": {}},
    "Owner": {"people": {}},
    "Attachments": {"files": {}},
    "Done": {"checkbox": {}},
    "Website": {"url": {}},
    "Email": {"email": {}},
    "Phone": {"phone_number": {}},
    "Place": {"place": {}},
    "ID": {"unique_id": {"prefix": "TEST"}},
}


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
    "onboarding",
    "search",
    "billing",
    "exports",
    "the mobile app",
    "permissions",
    "notifications",
    "imports",
    "the dashboard",
    "sign-in",
    "templates",
    "comments",
    "the public API",
    "invoices",
    "reports",
    "sharing",
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
class SampleContext:
    """What sample values refer to: the day, the users, and the pages of each relation property."""

    today: date
    user_ids: Sequence[str]
    related_ids: Mapping[str, Sequence[str]]


def sample_values(
    schema: Mapping[str, Property], chance: Random, context: SampleContext
) -> dict[str, Any]:
    """Return a request's `properties`, with values for most of the writable properties."""
    values: dict[str, Any] = {}
    for prop in schema.values():
        maker = _MAKERS.get(prop.type)
        if maker and (prop.type in _ALWAYS or chance.random() >= _EMPTY_SHARE):
            values[ids.encode_property_id(prop.id)] = {prop.type: maker(prop, chance, context)}
    return values


def _text(content: str) -> list[dict[str, Any]]:
    return [{"text": {"content": content}}]


def _title(prop: Property, chance: Random, context: SampleContext) -> Any:
    words = (chance.choice(_VERBS), chance.choice(_THINGS), chance.choice(_FOR))
    return _text(f"{' '.join(words)} {chance.randrange(1000)}")


def _rich_text(prop: Property, chance: Random, context: SampleContext) -> Any:
    return _text(" ".join(chance.sample(_REASONS, chance.randint(1, 3))))


def _number(prop: Property, chance: Random, context: SampleContext) -> Any:
    form = prop.config["format"]
    if form == "percent":
        return round(chance.random(), 2)
    if form.startswith("number"):
        return chance.randint(0, 1000)
    return round(chance.uniform(1, 5000), 2)


def _option(prop: Property, chance: Random, context: SampleContext) -> Any:
    options = prop.config["options"]
    return {"id": chance.choice(options)["id"]} if options else None


def _multi_options(prop: Property, chance: Random, context: SampleContext) -> Any:
    options = prop.config["options"]
    if not options:
        return []
    count = chance.randint(1, min(3, len(options)))
    return [{"id": option["id"]} for option in chance.sample(options, count)]


def _date(prop: Property, chance: Random, context: SampleContext) -> Any:
    start = context.today + timedelta(days=chance.randint(-_DAYS, _DAYS))
    end = start + timedelta(days=chance.randint(1, 30)) if chance.random() < 0.2 else None
    return {"start": start.isoformat(), "end": end.isoformat() if end else None}


def _people(prop: Property, chance: Random, context: SampleContext) -> Any:
    return [{"id": chance.choice(context.user_ids)}] if context.user_ids else []


def _files(prop: Property, chance: Random, context: SampleContext) -> Any:
    name = f"notes-{chance.randrange(1000)}.pdf"
    url = f"https://{chance.choice(_DOMAINS)}/{name}"
    return [{"name": name, "type": "external", "external": {"url": url}}]


def _relation(prop: Property, chance: Random, context: SampleContext) -> Any:
    targets = context.related_ids.get(prop.id, ())
    count = min(chance.randint(0, 3), len(targets))
    return [{"id": target} for target in chance.sample(targets, count)]


def _place(prop: Property, chance: Random, context: SampleContext) -> Any:
    name, latitude, longitude = chance.choice(_CITIES)
    return {"name": name, "lat": latitude, "lon": longitude}


_MAKERS: Mapping[str, Callable[[Property, Random, SampleContext], Any]] = {
    "title": _title,
    "rich_text": _rich_text,
    "number": _number,
    "select": _option,
    "status": _option,
    "multi_select": _multi_options,
    "date": _date,
    "people": _people,
    "files": _files,
    "relation": _relation,
    "place": _place,
    "checkbox": lambda prop, chance, context: chance.random() < 0.3,
    "url": lambda prop, chance, context: (
        f"https://{chance.choice(_DOMAINS)}/{chance.randrange(10_000)}"
    ),
    "email": lambda prop, chance, context: f"{chance.choice(_NAMES)}@{chance.choice(_DOMAINS)}",
    "phone_number": lambda prop, chance, context: (
        f"+1 555 {chance.randrange(1000):03} {chance.randrange(10_000):04}"
    ),
}

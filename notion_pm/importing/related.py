"""Find the related pages that rows of a file name: by id or link, template key, domain or title."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from notion_pm.importing.identity import as_link, is_domain, site
from notion_pm.importing.interpret import ImportRow, RejectedRow
from notion_pm.importing.target import Field, Target
from notion_pm.importing.values.cells import InvalidCell, may_create
from notion_pm.importing.values.nothing import name_key
from notion_pm.importing.values.texts import without_page_id
from notion_pm.model.ids import NotionId, is_id, parse_notion_id
from notion_pm.model.import_map import ImportMap
from notion_pm.model.import_write import Item
from notion_pm.text import did_you_mean

EXPORTED = "notion:"
"""The prefix of remembered names that are ids of pages in a Notion export. Such an id means the
same page in all files, whatever their source."""

# In rows, placeholders take the place of the ids of pages that do not exist yet.
_NEW_PAGE = "new:"
_ROW = "row:"


@dataclass(frozen=True, slots=True)
class RelatedDatabase:
    """A database that rows are related to.

    `domain_id`: the id of the property that distinguishes two pages with one title.
    `number_id`: the id of the unique_id property. `row_keys`: the keys of its starter rows.
    """

    data_source_id: NotionId
    title: str
    title_id: str
    domain_id: str | None = None
    number_id: str | None = None
    row_keys: Mapping[str, NotionId] = field(default_factory=dict)

    @property
    def property_ids(self) -> list[str]:
        """The properties to read of its pages."""
        return [id for id in (self.title_id, self.domain_id, self.number_id) if id]


@dataclass(frozen=True, slots=True)
class RelatedPage:
    """A page that rows may be related to, with everything that it can be called."""

    id: NotionId
    title: str
    domain: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True)
class NewPage:
    """A related page to create."""

    related: RelatedDatabase
    title: str
    domain: str | None = None

    @property
    def placeholder(self) -> str:
        """The text that replaces its id until it is created."""
        return f"{_NEW_PAGE}{self.related.data_source_id}:{name_key(self.title)}"


PageOrNew = NotionId | NewPage
"""A related page: its id (or the placeholder of another row), or a page to create."""


class RelatedPageIndex:
    """The pages of one related database, by everything that they can be called."""

    def __init__(
        self,
        related: RelatedDatabase,
        pages: Iterable[RelatedPage],
        spellings: Mapping[str, NotionId] | None = None,
    ) -> None:
        """Index the pages.

        `spellings`: names that earlier files of the source used, with the pages they meant. They
        stay valid when a page is renamed.
        """
        self.related = related
        self.titles: dict[NotionId, str] = {}
        """The titles of the pages, by id."""
        self._spellings = spellings or {}
        self._by_name: defaultdict[str, dict[NotionId, None]] = defaultdict(dict)
        self._by_domain: defaultdict[str, dict[NotionId, None]] = defaultdict(dict)
        self._by_unique_name: dict[str, NotionId] = dict(related.row_keys)
        for page in pages:
            self._add(page)

    def _add(self, page: RelatedPage) -> None:
        self.titles[page.id] = page.title
        self._by_name[name_key(page.title)][page.id] = None
        if page.domain:
            self._by_domain[site(page.domain)][page.id] = None
        if page.number:
            self._by_unique_name[page.number] = page.id

    def find(self, word: str) -> NotionId | None:
        """Return the page that a word names, None when there is none.

        The cases, from the surest to the least sure: an id or link; a template key or a number
        such as CUS-12; a name that an earlier file of this source used; a title; a domain.
        Raises InvalidCell when several pages have the name.
        """
        # An id that is not among the pages is not an error here: a title may look like one.
        if is_id(word):
            page_id = parse_notion_id(word)
            if page_id in self.titles:
                return page_id
        if word in self._by_unique_name:
            return self._by_unique_name[word]
        # Example: the file says "Acme Inc.", and a person renamed that page to "ACME Corporation".
        # Without this, the next import would create "Acme Inc." again.
        remembered = self._spellings.get(name_key(word))
        # The page may have been deleted since; then the word is looked up like any other.
        if remembered in self.titles:
            return remembered

        # Titles first: only a word without a page of that title is tried as a domain, such as
        # acme.com.
        pages = self._by_name.get(name_key(word)) or self._by_domain.get(site(word)) or {}
        if len(pages) > 1:
            raise InvalidCell(
                f"{len(pages)} pages of {self.related.title} are called `{word}`: "
                "use the domain or id of one"
            )
        return next(iter(pages), None)

    def find_exported(self, exported_id: str) -> NotionId | None:
        """Return the page that was imported for a page of a Notion export."""
        page = self._spellings.get(exported_name(exported_id))
        return page if page in self.titles else None

    def suggest_title(self, word: str) -> str:
        """Return a question with the most similar title; empty when none is similar."""
        return did_you_mean(word, self.titles.values())


@dataclass(frozen=True, slots=True)
class ResolvedRows:
    """Rows with page ids in place of words, and the related pages to create for them."""

    rows: tuple[ImportRow, ...]
    new_pages: tuple[NewPage, ...]
    rejects: tuple[RejectedRow, ...]
    spellings: Mapping[NotionId, Mapping[str, str]] = field(default_factory=dict)
    """By related database: the names in the file, each with the id or placeholder of its page."""


def resolve_relations(
    rows: Sequence[ImportRow],
    target: Target,
    map: ImportMap,
    indexes: Mapping[str, RelatedPageIndex],
) -> ResolvedRows:
    """Replace the words in relations by page ids. `indexes`: the related pages, by field key."""
    resolver = _Resolver(target, _RowsOfFile(rows, target, map))
    creates = {key: _may_create_pages(target, map, key) for key in indexes}
    new_pages: dict[str, NewPage] = {}
    resolved: list[ImportRow] = []
    rejects: list[RejectedRow] = []
    spellings: defaultdict[NotionId, dict[str, str]] = defaultdict(dict)
    for row in rows:
        relations = {key: index for key, index in indexes.items() if key in row.values}
        pages_by_key: dict[str, list[PageOrNew]] = {}
        try:
            for key, index in relations.items():
                pages_by_key[key] = resolver.pages_of(row, key, index, create=creates[key])
        except InvalidCell as error:
            rejects.append(RejectedRow(row.record, str(error)))
            continue

        values = dict(row.values)
        for key, index in relations.items():
            ids = [_id_or_placeholder(page) for page in pages_by_key[key]]
            names = spellings[index.related.data_source_id]
            names.update(zip(_names_to_remember(row.values[key]), ids, strict=True))
            values[key] = tuple(dict.fromkeys(ids))
            for page in pages_by_key[key]:
                if isinstance(page, NewPage):
                    new_pages.setdefault(page.placeholder, page)
        resolved.append(replace(row, values=values))

    circular = find_circular_rows(resolved)
    for row in circular:
        rejects.append(RejectedRow(row.record, "it is its own ancestor: its parents form a circle"))
    kept = [row for row in resolved if row not in circular] if circular else resolved
    return ResolvedRows(tuple(kept), tuple(new_pages.values()), tuple(rejects), spellings)


def _id_or_placeholder(page: PageOrNew) -> str:
    return page.placeholder if isinstance(page, NewPage) else page


def _may_create_pages(target: Target, map: ImportMap, key: str) -> bool:
    """Whether an import may create related pages for a field, by the map or the template."""
    for name, filling in map.fill.items():
        found = target.find_field(name)
        if found is not None and found.key == key:
            return may_create(found, filling)
    raise AssertionError(f"the map fills no {key}")


def _names_to_remember(words: Item) -> list[str]:
    """Return the name under which each word of a relation is remembered."""
    if not isinstance(words, tuple):
        return []
    names = []
    for word in words:
        title, exported_id = without_page_id(str(word))
        names.append(exported_name(exported_id) if exported_id else name_key(title))
    return names


def exported_name(page_id: str) -> str:
    """Return the name under which the page of a Notion export is remembered."""
    return f"{EXPORTED}{page_id}"


class _RowsOfFile:
    """The rows of the file by what other rows may call them.

    A file may hold a tree, for example epics and their stories, in any order.
    """

    def __init__(self, rows: Sequence[ImportRow], target: Target, map: ImportMap) -> None:
        self._target = target
        self._by_key = {name_key(row.key.removeprefix(map.key.prefix)): row for row in rows}
        self._by_title: defaultdict[str, list[ImportRow]] = defaultdict(list)
        if any(self._is_own(field) for field in target.fields.values()):
            for row in rows:
                title = str(row.values[target.title_field.key])
                self._by_title[name_key(title)].append(row)

    def _is_own(self, field: Field) -> bool:
        """Whether a field relates rows to rows of the same database."""
        return field.related == self._target.data_source_id

    def find_by_key(self, field: Field, word: str) -> ImportRow | None:
        """Return the row with that key, for a relation to the rows' own database."""
        return self._by_key.get(name_key(word)) if self._is_own(field) else None

    def find_by_title(self, field: Field, word: str) -> ImportRow | None:
        """Return the row with that title. Raises InvalidCell when several rows have it."""
        if not self._is_own(field):
            return None
        rows = self._by_title.get(name_key(word), [])
        if len(rows) > 1:
            raise InvalidCell(f"{field.name}: {len(rows)} rows of this file are called `{word}`")
        return rows[0] if rows else None


@dataclass(frozen=True, slots=True)
class _Resolver:
    target: Target
    in_file: _RowsOfFile

    def pages_of(
        self, row: ImportRow, key: str, index: RelatedPageIndex, *, create: bool
    ) -> list[PageOrNew]:
        """Return the pages that the words of a row name in one relation. Raises InvalidCell."""
        words = row.values[key]
        assert isinstance(words, tuple)
        field = self.target.fields[key]
        return [self._page_of(field, index, word, create=create) for word in words]

    def _page_of(
        self, field: Field, index: RelatedPageIndex, word: str, *, create: bool
    ) -> PageOrNew:
        """Return the page that a word names.

        The cases, in order: a key of another row in the file; a page of an earlier Notion export;
        an existing page; a title of another row in the file; a page to create.
        """
        word, exported_id = without_page_id(word)
        row = self.in_file.find_by_key(field, exported_id or word)
        if row is not None:
            return NotionId(row_placeholder(row.key))
        try:
            page_id = index.find_exported(exported_id) or index.find(word)
        except InvalidCell as error:
            raise InvalidCell(f"{field.name}: {error}") from None
        if page_id is not None:
            return page_id
        row = self.in_file.find_by_title(field, word)
        if row is not None:
            return NotionId(row_placeholder(row.key))

        if not create or is_id(word):
            hint = index.suggest_title(word)
            message = f"{field.name}: {index.related.title} has no page `{word}`. {hint}"
            raise InvalidCell(message.rstrip())
        has_domain = index.related.domain_id is not None and is_domain(word)
        return NewPage(index.related, word, as_link(word) if has_domain else None)


def row_placeholder(key: str) -> str:
    """Return the text that replaces the id of a row's page until the page is created."""
    return f"{_ROW}{key}"


def row_placeholders_in(values: Mapping[str, Item]) -> list[str]:
    """Return the placeholders of other rows of the file in a row's values."""
    return [item for item in _items_of_lists(values) if item.startswith(_ROW)]


def _items_of_lists(values: Mapping[str, Item]) -> Iterator[str]:
    for item in values.values():
        if isinstance(item, tuple):
            yield from item


def find_circular_rows(rows: Sequence[ImportRow]) -> list[ImportRow]:
    """Return the rows that cannot be created because each waits for another one."""
    waiting = {row_placeholder(row.key): row for row in rows if row_placeholders_in(row.values)}
    while True:
        ready = [
            placeholder
            for placeholder, row in waiting.items()
            if waiting.keys().isdisjoint(row_placeholders_in(row.values))
        ]
        if not ready:
            return list(waiting.values())
        for placeholder in ready:
            del waiting[placeholder]


def replace_placeholders(
    values: Mapping[str, Item], page_ids: Mapping[str, NotionId]
) -> dict[str, Item]:
    """Return values with the ids of created pages in place of their placeholders."""
    replaced: dict[str, Item] = {}
    for key, item in values.items():
        if isinstance(item, tuple):
            item = tuple(page_ids.get(part, part) for part in item)
        replaced[key] = item
    return replaced

"""Related pages by the words of a file: an id or link, a template's key, a domain, a title."""

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
"""What the names begin with that are ids of pages in Notion's own export. They mean the same in all files."""
_NEW = "new:"
_ROW = "row:"


@dataclass(frozen=True, slots=True)
class RelatedDatabase:
    """A database that rows are related to. `domain`: the property that tells two of one name apart, by its id.

    `row_keys`: a template's keys of its starter rows.
    """

    data_source_id: NotionId
    title: str
    title_id: str
    domain_id: str | None = None
    number_id: str | None = None
    row_keys: Mapping[str, NotionId] = field(default_factory=dict)

    @property
    def property_ids(self) -> list[str]:
        """The properties to ask for."""
        return [each for each in (self.title_id, self.domain_id, self.number_id) if each]


@dataclass(frozen=True, slots=True)
class RelatedPage:
    """A page that rows may be related to, by what it can be called."""

    id: NotionId
    title: str
    domain: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True)
class NewPage:
    """A related page that is not there yet."""

    related: RelatedDatabase
    title: str
    domain: str | None = None

    @property
    def placeholder(self) -> str:
        """What stands for its id until it is there."""
        return f"{_NEW}{self.related.data_source_id}:{name_key(self.title)}"


class RelatedPageIndex:
    """The pages of one related database, by everything that they can be called."""

    def __init__(
        self,
        related: RelatedDatabase,
        pages: Iterable[RelatedPage],
        spellings: Mapping[str, NotionId] | None = None,
    ) -> None:
        """`spellings`: the pages that the file's source meant by a name before, whatever they are called now."""
        self.related = related
        self._spellings = spellings or {}
        self._titles: dict[str, str] = {}
        self.titles: dict[NotionId, str] = {}
        """The titles of the pages, by their ids."""
        self._named: defaultdict[str, dict[NotionId, None]] = defaultdict(dict)
        self._surely: dict[str, NotionId] = dict(related.row_keys)
        self._domains: defaultdict[str, dict[NotionId, None]] = defaultdict(dict)
        for each in pages:
            self._add(each)

    def _add(self, page: RelatedPage) -> None:
        self.titles[page.id] = page.title
        self._titles[page.title] = page.id
        self._named[name_key(page.title)][page.id] = None
        if page.domain:
            self._domains[site(page.domain)][page.id] = None
        if page.number:
            self._surely[page.number] = page.id

    def find(self, word: str) -> NotionId | None:
        """Return the page that a word means, None when there is none.

        Raises CellUnfit when several are called so.
        """
        if is_id(word) and (page_id := parse_notion_id(word)) in self.titles:
            return page_id
        if (sure := self._surely.get(word)) is not None:
            return sure
        if (remembered := self._spellings.get(name_key(word))) in self.titles:
            return remembered
        found = self._named.get(name_key(word)) or self._domains.get(site(word)) or {}
        if len(found) > 1:
            raise InvalidCell(
                f"{len(found)} pages of {self.related.title} are called `{word}`: name one by its domain or id"
            )
        return next(iter(found), None)

    def find_exported(self, exported_id: str) -> NotionId | None:
        """Return the page that was imported for a page of another workspace."""
        page = self._spellings.get(exported_name(exported_id))
        return page if page in self.titles else None

    def did_you_mean(self, word: str) -> str:
        """Return the question whether the nearest title was meant."""
        return did_you_mean(word, self._titles)


@dataclass(frozen=True, slots=True)
class ResolvedRows:
    """Rows with the ids of related pages in place of words, and the pages that are to be made for them."""

    rows: tuple[ImportRow, ...]
    new: tuple[NewPage, ...]
    rejects: tuple[RejectedRow, ...]
    spellings: Mapping[NotionId, Mapping[str, str]] = field(default_factory=dict)
    """By related database: the names that the file has, each with the id of its page or what stands for it."""


def resolve_relations(
    rows: Sequence[ImportRow],
    target: Target,
    map: ImportMap,
    indexes: Mapping[str, RelatedPageIndex],
) -> ResolvedRows:
    """Find the related pages that rows name; `indexes` by field."""
    makes = {key: _makes_pages(target, map, key) for key in indexes}
    in_file = _FileRows(rows, target, map)
    new: dict[str, NewPage] = {}
    done: list[ImportRow] = []
    rejects: list[RejectedRow] = []
    spellings: defaultdict[NotionId, dict[str, str]] = defaultdict(dict)
    for row in rows:
        try:
            wanted = {
                key: _pages(target.fields[key], index, row.values[key], in_file, new=makes[key])
                for key, index in indexes.items()
                if key in row.values
            }
        except InvalidCell as unfit:
            rejects.append(RejectedRow(row.record, str(unfit)))
            continue
        for page in (
            each for pages in wanted.values() for each in pages if isinstance(each, NewPage)
        ):
            new.setdefault(page.placeholder, page)
        ids: dict[str, Item] = {
            key: tuple(dict.fromkeys(_ids_of(pages))) for key, pages in wanted.items()
        }
        for key, pages in wanted.items():
            names = spellings[indexes[key].related.data_source_id]
            names.update(zip(_names(row.values[key]), _ids_of(pages), strict=True))
        done.append(replace(row, values={**row.values, **ids}))
    circles = find_circular_rows(done)
    rejects += [
        RejectedRow(row.record, "it is below itself: its parents lead back to it")
        for row in circles
    ]
    kept = [row for row in done if row not in circles] if circles else done
    return ResolvedRows(tuple(kept), tuple(new.values()), tuple(rejects), spellings)


def _names(words: Item) -> list[str]:
    return [_remembered_name(str(word)) for word in words] if isinstance(words, tuple) else []


def exported_name(page_id: str) -> str:
    """Return under which name a page is remembered that another workspace knew by an id."""
    return f"{EXPORTED}{page_id}"


def _remembered_name(word: str) -> str:
    title, page_id = without_page_id(word)
    return exported_name(page_id) if page_id else name_key(title)


class _FileRows:
    """The rows of the file, by what others of them may call them: a tree may come in one file, in any order."""

    def __init__(self, rows: Sequence[ImportRow], target: Target, map: ImportMap) -> None:
        self._target = target
        self._by_key = {name_key(row.key.removeprefix(map.key.prefix)): row for row in rows}
        self._by_title: defaultdict[str, list[ImportRow]] = defaultdict(list)
        if any(field.related == target.data_source_id for field in target.fields.values()):
            for row in rows:
                self._by_title[name_key(str(row.values[target.title_field.key]))].append(row)

    def of_key(self, field: Field, word: str) -> ImportRow | None:
        """Return the row with that id, where a property is related to the rows' own database."""
        return (
            self._by_key.get(name_key(word))
            if field.related == self._target.data_source_id
            else None
        )

    def of_title(self, field: Field, word: str) -> ImportRow | None:
        """Return the row with that title. Raises CellUnfit where there are several."""
        if field.related != self._target.data_source_id:
            return None
        found = self._by_title.get(name_key(word), [])
        if len(found) > 1:
            raise InvalidCell(f"{field.name}: {len(found)} rows of this file are called `{word}`")
        return found[0] if found else None


def row_placeholder(key: str) -> str:
    """Return what stands for the id of a row's page until it is there."""
    return f"{_ROW}{key}"


def row_placeholders_in(values: Mapping[str, Item]) -> list[str]:
    """Return the placeholders of other rows of the file that a row's values hold."""
    return [
        each
        for item in values.values()
        if isinstance(item, tuple)
        for each in item
        if isinstance(each, str) and each.startswith(_ROW)
    ]


def find_circular_rows(rows: Sequence[ImportRow]) -> list[ImportRow]:
    """Return the rows that cannot be made because each waits for another."""
    waiting = {row_placeholder(row.key): row for row in rows if row_placeholders_in(row.values)}
    while True:
        ready = [
            name
            for name, row in waiting.items()
            if not any(each in waiting for each in row_placeholders_in(row.values))
        ]
        if not ready:
            return list(waiting.values())
        for name in ready:
            del waiting[name]


def _ids_of(pages: Iterable[NotionId | NewPage]) -> Iterator[str]:
    """The id of each page, and what stands for the id of one that is not there yet."""
    return (each.placeholder if isinstance(each, NewPage) else each for each in pages)


def _makes_pages(target: Target, map: ImportMap, key: str) -> bool:
    found = next(
        filling
        for name, filling in map.fill.items()
        if (each := target.named(name)) and each.key == key
    )
    return may_create(target.fields[key], found)


def _pages(
    found: Field, index: RelatedPageIndex, words: Item, in_file: _FileRows, *, new: bool
) -> list[NotionId | NewPage]:
    assert isinstance(words, tuple)
    return [_page(found, index, word, in_file, new=new) for word in words]


def _page(
    found: Field, index: RelatedPageIndex, word: str, in_file: _FileRows, *, new: bool
) -> NotionId | NewPage:
    word, exported_id = without_page_id(word)
    if (row := in_file.of_key(found, exported_id or word)) is not None:
        return NotionId(row_placeholder(row.key))
    try:
        page_id = index.find_exported(exported_id) or index.find(word)
    except InvalidCell as unfit:
        raise InvalidCell(f"{found.name}: {unfit}") from None
    if page_id is not None:
        return page_id
    if (row := in_file.of_title(found, word)) is not None:
        return NotionId(row_placeholder(row.key))
    if not new or is_id(word):
        raise InvalidCell(
            f"{found.name}: {index.related.title} has no page `{word}`. {index.did_you_mean(word)}".rstrip()
        )
    domain = as_link(word) if index.related.domain_id and is_domain(word) else None
    return NewPage(index.related, word, domain)


def replace_placeholders(item: Item, made: Mapping[str, NotionId]) -> Item:
    """Return the item with the ids of pages that were made meanwhile in place of what stood for them."""
    return tuple(made.get(each, each) for each in item) if isinstance(item, tuple) else item

"""HTML: one page that prints well, in light and dark, with the tables one below the other.

Nothing is loaded from other addresses, and a content security policy says so. Rows are written as
they are read. All text of Notion is escaped; only http(s) and mailto addresses become links.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cache
from typing import TextIO

from jinja2 import Environment, PackageLoader, Template
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

from notion_pm.exporting.formats.cells import parse_moment, sortable, text
from notion_pm.exporting.formats.commonmark import as_commonmark
from notion_pm.exporting.formats.links import Links
from notion_pm.exporting.formats.names import Names, slug
from notion_pm.exporting.table import (
    Cell,
    Column,
    ExportContext,
    Item,
    Kind,
    Reference,
    Row,
    Table,
    references_of,
)
from notion_pm.model.ids import NotionId, compact
from notion_pm.model.number_formats import format_number
from notion_pm.model.page import DateValue, FileValue, OptionValue, PersonValue
from notion_pm.text import UNTITLED, quantity

_MOST_COLUMNS_ON_PAPER = 9
"""More columns than this do not fit side by side: each row is printed as a card."""

_MOST_PAGES_SHOWN = 4
"""Related pages that a cell shows at once; a longer list is folded."""

_LONG_TEXT = 60

_LINK_SCHEMES = ("https://", "http://", "mailto:")

_CLASSES: dict[Kind, Markup] = {
    "number": Markup(' class="n"'),
    "date": Markup(' class="d"'),
}

_EMPTY = Markup("")


@dataclass(frozen=True, slots=True)
class _Head:
    text: str
    title: str


@dataclass(frozen=True, slots=True)
class _Section:
    """A table, or a page, of the document."""

    anchor: str
    title: str
    count: str
    heads: tuple[_Head, ...]
    rows: Iterable[Markup]
    is_page: bool

    @property
    def is_wide(self) -> bool:
        return len(self.heads) > _MOST_COLUMNS_ON_PAPER


def write_html(tables: Sequence[Table], stream: TextIO, context: ExportContext) -> None:
    """Write all tables into one document."""
    pages_in_document = _link_targets(tables)

    def link_to(page: Reference) -> str:
        return f"#{anchor(page.id)}" if page.id in pages_in_document else page.url

    writer = _CellWriter(context.zone, link_to)
    names = Names(joint="-")
    sections = []
    for table in tables:
        rows = _articles(table, writer) if table.is_page else _table_rows(table, writer)
        section = _Section(
            anchor=names.free(slug(table.name)),
            title=table.title or UNTITLED,
            count=quantity(table.row_count, "row"),
            heads=tuple(_Head(column.title, column.description) for column in table.columns),
            rows=rows,
            is_page=table.is_page,
        )
        sections.append(section)
    # Part by part: the rows are generators, so a large table is never in memory as a whole.
    parts = _document_template().generate(
        title=", ".join(table.title or UNTITLED for table in tables),
        about=f"Exported from Notion on {context.now:%Y-%m-%d at %H:%M}.",
        sections=sections,
        alone=len(tables) == 1,
    )
    stream.writelines(parts)


def _link_targets(tables: Sequence[Table]) -> set[NotionId]:
    """Return the pages of the document that other rows may link to.

    A single table is read for them only if it has a relation to itself.
    """
    related_sources: set[NotionId] = set()
    for table in tables:
        related_sources.update(column.target_id for column in table.columns if column.target_id)
    page_ids: set[NotionId] = set()
    for table in tables:
        if len(tables) > 1 or table.source_id in related_sources:
            page_ids.update(row.id for row in table.rows)
    return page_ids


@cache
def _document_template() -> Template:
    environment = Environment(
        loader=PackageLoader("notion_pm", "exporting/pages"), autoescape=True, trim_blocks=True
    )
    return environment.get_template("export.html.jinja")


# --- rows and pages


def _table_rows(table: Table, writer: _CellWriter) -> Iterator[Markup]:
    is_wide = len(table.columns) > _MOST_COLUMNS_ON_PAPER
    for row in table.rows:
        cells = [
            _table_cell(row, cell, column, writer, with_label=is_wide)
            for cell, column in zip(row.cells, table.columns, strict=True)
        ]
        yield Markup('<tr id="{}">{}</tr>').format(anchor(row.id), _EMPTY.join(cells))


def _table_cell(
    row: Row, cell: Cell, column: Column, writer: _CellWriter, *, with_label: bool
) -> Markup:
    content = writer.content(cell, column)
    if column.type == "title":
        content = Markup('<a href="{}">{}</a>').format(row.url, row.title or UNTITLED)
    attributes = _CLASSES.get(column.kind, _EMPTY)
    if with_label and content:
        attributes += Markup(' data-label="{}"').format(column.title)
    key = _sort_key(cell, column)
    if key is not None:
        attributes += Markup(' data-sort="{}"').format(key)
    return Markup("<td{}>{}</td>").format(attributes, content)


def _articles(table: Table, writer: _CellWriter) -> Iterator[Markup]:
    """Yield pages as they look in Notion: title, properties, body."""
    for row in table.rows:
        properties = []
        for cell, column in zip(row.cells, table.columns, strict=True):
            content = writer.content(cell, column)
            if column.type != "title" and content:
                term = Markup("<dt>{}</dt><dd>{}</dd>").format(column.title, content)
                properties.append(term)
        listed = Markup("<dl>{}</dl>").format(_EMPTY.join(properties)) if properties else _EMPTY
        yield Markup('<article id="{}"><h1><a href="{}">{}</a></h1>{}{}</article>').format(
            anchor(row.id), row.url, row.title or UNTITLED, listed, _body(row)
        )


def _body(row: Row) -> Markup:
    """Return a body as HTML. Tags in it are text, and images are links: the page loads nothing."""
    links = Links(title_of={row.id: row.title}.get)
    markdown = links.rewritten(as_commonmark(row.markdown or ""))
    markdown = markdown.replace("<br>", " ")  # line breaks in the cells of tables
    return Markup(_markdown().render(markdown))  # noqa: S704 - the renderer escapes HTML


@cache
def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    # After parsing, so that text that only looks like an image stays text.
    markdown.core.ruler.push("images_as_links", lambda state: _replace_images(state.tokens))
    return markdown


def _replace_images(tokens: Sequence[Token]) -> None:
    for token in tokens:
        if not token.children:
            continue
        children: list[Token] = []
        for child in token.children:
            if child.type == "image":
                address = str(child.attrs["src"])
                children.append(Token("link_open", "a", 1, attrs={"href": address}))
                children.append(Token("text", "", 0, content=child.content or "image"))
                children.append(Token("link_close", "a", -1))
            else:
                children.append(child)
        token.children[:] = children


# --- cells


@dataclass(frozen=True, slots=True)
class _CellWriter:
    """Writes cells: times in `zone`, links to the address that `link_to` returns for a page."""

    zone: tzinfo
    link_to: Callable[[Reference], str]

    def content(self, cell: Cell, column: Column) -> Markup:
        """Return the content of a cell."""
        match cell:
            case None | "" | () | False:
                return _EMPTY
            case True:
                return Markup('<span role="img" aria-label="yes">✓</span>')
            case int() | float():
                return escape(format_number(column.number_format, cell))
            case tuple():
                items = [self._item(item, column) for item in cell]
                return _list(items) if references_of(cell[:1]) else Markup(" ").join(items)
            case _:
                return self._item(cell, column)

    def _item(self, item: Item, column: Column) -> Markup:
        match item:
            case Reference(title=None):
                missing = Markup('<span class="gone" title="could not be read">{}</span>')
                return missing.format(item.id)
            case Reference():
                return _link(self.link_to(item), text(item))
            case OptionValue() | PersonValue():
                return Markup('<span class="chip">{}</span>').format(text(item))
            case FileValue():
                return _link(item.url, item.name or item.url, is_local=not item.external)
            case DateValue():
                return self._date(item)
            case str() if column.type == "url":
                return _link(item, item)
            case str() if column.type == "email":
                return _link(f"mailto:{item}", item)
            case _:
                return _text(text(item))

    def _date(self, value: DateValue) -> Markup:
        start = self._moment(value.start, value.time_zone)
        if not value.end:
            return start
        return Markup("{} – {}").format(start, self._moment(value.end, value.time_zone))

    def _moment(self, written: str, time_zone: str | None) -> Markup:
        moment = parse_moment(written, time_zone)
        shown = moment.isoformat()
        if isinstance(moment, datetime):
            shown = f"{moment.astimezone(self.zone):%Y-%m-%d %H:%M}"
        return Markup('<time datetime="{}">{}</time>').format(moment.isoformat(), shown)


def anchor(page_id: NotionId) -> str:
    """Return the id of a page's element in the document."""
    return f"p-{compact(page_id)}"


def _sort_key(cell: Cell, column: Column) -> str | None:
    """Return the text by which the browser sorts a cell, None where it is the text shown."""
    match cell:
        case bool():
            return str(int(cell))
        case int() | float():
            return repr(cell)
        case OptionValue() if cell.name in column.options:
            return str(column.options.index(cell.name))
        case DateValue():
            return sortable(cell)
        case _:
            return None


def _text(shown: str) -> Markup:
    if len(shown) > _LONG_TEXT or "\n" in shown:
        return Markup('<span class="long">{}</span>').format(shown)
    return escape(shown)


def _link(url: str, shown: str, *, is_local: bool = False) -> Markup:
    """Return a link, or only its text where the address may not be followed.

    `is_local`: the address of a downloaded file is a relative path that the export has made.
    """
    is_allowed = url.startswith((*_LINK_SCHEMES, "#")) or (is_local and ":" not in url)
    if not is_allowed:
        return escape(shown)
    return Markup('<a href="{}">{}</a>').format(url, shown)


def _list(items: Sequence[Markup]) -> Markup:
    """Return related pages as a list; a long one is folded behind its number."""
    entries = _EMPTY.join(Markup("<li>{}</li>").format(item) for item in items)
    listed = Markup("<ul>{}</ul>").format(entries)
    if len(items) <= _MOST_PAGES_SHOWN:
        return listed
    return Markup("<details><summary>{} pages</summary>{}</details>").format(len(items), listed)

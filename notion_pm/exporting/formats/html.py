"""HTML: one self-contained page that prints well, in light and dark, with the tables one below the other.

Nothing is loaded from anywhere, and a content security policy says so. Rows are written as they are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TextIO

from jinja2 import Environment, PackageLoader, Template
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from notion_pm.exporting.formats.commonmark import as_commonmark
from notion_pm.exporting.formats.export_context import Surroundings
from notion_pm.exporting.formats.html_cells import CellWriter, anchor, sort_key
from notion_pm.exporting.formats.links import Links
from notion_pm.exporting.formats.names import Names, slug
from notion_pm.exporting.table import Cell, Column, Kind, Reference, Row, Table
from notion_pm.text import UNTITLED, quantity

_WIDE = 9
"""Columns that fit on paper side by side."""

_CLASSES: dict[Kind, Markup] = {
    "number": Markup(' class="n"'),
    "date": Markup(' class="d"'),
}


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
        return len(self.heads) > _WIDE


def _related_to(tables: Sequence[Table]) -> Iterator[Table]:
    """The tables whose rows others may lead to: of several any, of one its own relations to itself."""
    targets = {column.target_id for table in tables for column in table.columns if column.target_id}
    return (table for table in tables if len(tables) > 1 or table.source_id in targets)


def write_html(tables: Sequence[Table], stream: TextIO, surroundings: Surroundings) -> None:
    """Write all tables into one document."""
    here = {row.id for table in _related_to(tables) for row in table.rows}

    def link_to(page: Reference) -> str:
        return f"#{anchor(page.id)}" if page.id in here else page.url

    cells = CellWriter(surroundings.zone, link_to)
    names = Names(joint="-")
    sections = [_section(each, names.free(slug(each.name)), cells) for each in tables]
    alone = len(tables) == 1
    stream.writelines(
        _page().generate(
            title=", ".join(each.title or UNTITLED for each in tables),
            about=f"Exported from Notion on {surroundings.now:%Y-%m-%d at %H:%M}.",
            sections=sections,
            alone=alone,
        )
    )


@cache
def _page() -> Template:
    environment = Environment(
        loader=PackageLoader("notion_pm", "exporting/pages"), autoescape=True, trim_blocks=True
    )
    return environment.get_template("export.html.jinja")


def _section(table: Table, name: str, cells: CellWriter) -> _Section:
    count = quantity(table.row_count, "row")
    heads = tuple(_Head(each.title, each.description) for each in table.columns)
    rows = _articles(table, cells) if table.is_page else _lines(table, cells)
    return _Section(name, table.title or UNTITLED, count, heads, rows, table.is_page)


def _lines(table: Table, cells: CellWriter) -> Iterator[Markup]:
    labelled = len(table.columns) > _WIDE
    for row in table.rows:
        written = [
            _cell(row, cell, column, cells, labelled=labelled)
            for cell, column in zip(row.cells, table.columns, strict=True)
        ]
        yield Markup('<tr id="{}">{}</tr>').format(anchor(row.id), Markup("").join(written))


def _cell(row: Row, cell: Cell, column: Column, cells: CellWriter, *, labelled: bool) -> Markup:
    inside = cells.content(cell, column)
    if column.type == "title":
        inside = Markup('<a href="{}">{}</a>').format(row.url, row.title or UNTITLED)
    label = Markup(' data-label="{}"').format(column.title) if labelled and inside else ""
    key = sort_key(cell, column)
    sorts = Markup(' data-sort="{}"').format(key) if key is not None else ""
    return Markup("<td{}{}{}>{}</td>").format(_CLASSES.get(column.kind, ""), label, sorts, inside)


def _articles(table: Table, cells: CellWriter) -> Iterator[Markup]:
    """A page as it reads in Notion: its title, its properties, its body."""
    for row in table.rows:
        properties = [
            Markup("<dt>{}</dt><dd>{}</dd>").format(column.title, inside)
            for cell, column in zip(row.cells, table.columns, strict=True)
            if column.type != "title" and (inside := cells.content(cell, column))
        ]
        listed = Markup("<dl>{}</dl>").format(Markup("").join(properties)) if properties else ""
        yield Markup('<article id="{}"><h1><a href="{}">{}</a></h1>{}{}</article>').format(
            anchor(row.id), row.url, row.title or UNTITLED, listed, _body(row)
        )


def _body(row: Row) -> Markup:
    """A body as HTML. Tags in it are text, and images are links: the page loads nothing."""
    links = Links(title_of={row.id: row.title}.get)
    body = links.rewritten(as_commonmark(row.markdown or "")).replace(
        "<br>", " "
    )  # those in tables
    return Markup(_markdown().render(body))  # noqa: S704 - html is off


@cache
def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    markdown.core.ruler.push("images_as_links", lambda state: _unload(state.tokens))
    return markdown


def _unload(tokens: Sequence[Token]) -> None:
    for token in tokens:
        if token.children:
            token.children[:] = [part for child in token.children for part in _without_image(child)]


def _without_image(token: Token) -> Iterator[Token]:
    if token.type != "image":
        yield token
        return
    yield Token("link_open", "a", 1, attrs={"href": str(token.attrs["src"])})
    yield Token("text", "", 0, content=token.content or "image")
    yield Token("link_close", "a", -1)

"""Markdown: a file per page with YAML front matter, the page's body, and its relations as links that work.

A folder of files has an index, and a note (`.notion-pm-export.json`) of what was written, so that the next export of
the same database can take away the file of a page that was renamed or removed, and nothing else. All files are written
beside the folder first, and moved into it when the last one is whole.
"""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any, TextIO

import yaml

from notion_pm.exporters import dates
from notion_pm.exporters.cells import plain
from notion_pm.exporters.commonmark import as_commonmark
from notion_pm.exporters.files import staged
from notion_pm.exporters.flat import unique
from notion_pm.exporters.links import Links, escaped
from notion_pm.exporters.names import Names, slug
from notion_pm.exporters.table import UNTITLED, Cell, Column, Reference, Row, Table
from notion_pm.model.ids import NotionId, compact
from notion_pm.model.page import DateValue

_RECORD = ".notion-pm-export.json"
_INDEX = "index.md"
_OURS = ("title", "notion_id", "notion_url", "created", "last_edited")


def write_page(table: Table, stream: TextIO) -> None:
    """Write the one page of a table."""
    (row,) = table.rows
    stream.write(document(table.columns, row, Links(titles={row.id: row.title})))


def write_folder(tables: Sequence[Table], folder: Path) -> None:
    """Write a file per page and an index; of several databases each gets a folder, single pages lie side by side."""
    paths = _paths(tables)
    titles = {row.id: row.title for table in tables for row in table.rows}
    with staged(folder) as stage:
        written = dict(_write_pages(tables, stage.folder, Links(paths, titles)))
        written |= dict(_write_indexes(tables, stage.folder, paths))
        written |= dict(_copy_attached(tables, stage.folder))
        files = {str(path): name for path, name in written.items()}
        stale, kept = _divided(folder, {each.name for each in tables}, files)
        _write(stage.folder / _RECORD, json.dumps({"files": kept}, ensure_ascii=False, indent=1) + "\n")
        stage.install(stale)


def document(columns: Sequence[Column], row: Row, links: Links) -> str:
    """Return a page as a Markdown document."""
    head = yaml.safe_dump(_front_matter(columns, row), allow_unicode=True, sort_keys=False, width=10**6)
    parts = [
        f"---\n{head}---",
        f"# {escaped(row.title or UNTITLED)}",
        links.rewritten(as_commonmark(row.markdown or "")).strip(),
    ]
    return "\n\n".join(part for part in [*parts, _related(columns, row, links)] if part) + "\n"


def _front_matter(columns: Sequence[Column], row: Row) -> dict[str, Any]:
    ours = (row.title, row.id, row.url, row.created_time.isoformat(), row.last_edited_time.isoformat())
    named = [(column, cell) for column, cell in zip(columns, row.cells, strict=True) if column.type != "title"]
    keys = unique([*_OURS, *(column.title for column, _ in named)])
    return dict(zip(keys, [*ours, *(_yaml(cell) for _, cell in named)], strict=True))


def _yaml(cell: Cell) -> Any:
    """A cell as YAML data: as in JSON, but that a date is YAML's own and what is empty is null."""
    match cell:
        case DateValue(end=None):
            return dates.start(cell)
        case "" | ():
            return None
        case _:
            return plain(cell)


def _related(columns: Sequence[Column], row: Row, links: Links) -> str:
    lines = [
        line
        for column, cell in zip(columns, row.cells, strict=True)
        if column.type == "relation" and isinstance(cell, tuple) and cell
        for line in (f"- {escaped(column.title)}:", *_items(cell, links))
    ]
    return "\n".join(["## Linked pages", "", *lines]) if lines else ""


def _items(cells: Sequence[Cell], links: Links) -> Iterator[str]:
    return (f"    - {links.link(each)}" for each in cells if isinstance(each, Reference))


def _paths(tables: Sequence[Table]) -> dict[NotionId, PurePosixPath]:
    """A path for each page, from its title; of two that are the same, the later one gets a part of its id."""
    names: dict[PurePosixPath, Names] = defaultdict(lambda: Names("index"))
    return {
        row.id: place / f"{names[place].free(slug(row.title), compact(row.id)[-8:])}.md"
        for place, table in _placed(tables)
        for row in table.rows
    }


def _placed(tables: Sequence[Table]) -> Iterator[tuple[PurePosixPath, Table]]:
    """Each table with its folder: one of its own where there are several, none for single pages."""
    names = Names("index")
    for table in tables:
        alone = len(tables) == 1 or table.is_page
        yield PurePosixPath() if alone else PurePosixPath(names.free(slug(table.name))), table


def _write_pages(tables: Sequence[Table], folder: Path, links: Links) -> Iterator[tuple[PurePosixPath, str]]:
    """Yield each file that was written, and the name of its table."""
    for table in tables:
        for row in table.rows:
            here = links.paths[row.id]
            _write(folder / here, document(table.columns, row, replace(links, here=here)))
            yield here, table.name


def _write_indexes(
    tables: Sequence[Table], folder: Path, paths: dict[NotionId, PurePosixPath]
) -> Iterator[tuple[PurePosixPath, str]]:
    contents: dict[PurePosixPath, list[Table]] = defaultdict(list)
    for place, table in _placed(tables):
        contents[place].append(table)
    for place, inside in contents.items():
        links = Links(paths, here=place / _INDEX)
        title = "Pages" if len(inside) > 1 else inside[0].title
        lines = [f"- {links.link(Reference(row.id, row.title))}" for table in inside for row in table.rows]
        _write(folder / place / _INDEX, "\n".join([f"# {escaped(title)}", "", *lines]) + "\n")
        yield place / _INDEX, inside[0].name


def _copy_attached(tables: Sequence[Table], folder: Path) -> Iterator[tuple[PurePosixPath, str]]:
    """Put the files of pages beside the pages' own, and yield each with the name of its table."""
    for place, table in _placed(tables):
        if table.attached:
            inside = place / table.attached.name
            shutil.copytree(table.attached.folder, folder / inside, dirs_exist_ok=True)
            yield from ((inside / each.name, table.name) for each in table.attached.folder.iterdir())


def _write(path: Path, document: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document, encoding="utf-8", newline="\n")


def _divided(folder: Path, tables: set[str], written: dict[str, str]) -> tuple[list[str], dict[str, str]]:
    """What an earlier export of these tables wrote and this one did not; and all that will be there of ours."""
    before = _written_before(folder / _RECORD)
    stale = sorted({path for path, table in before.items() if table in tables} - written.keys())
    others = {path: table for path, table in before.items() if table not in tables}
    return stale, dict(sorted({**others, **written}.items()))


def _written_before(record: Path) -> dict[str, str]:
    """What the record says; somebody's broken edit of it means that we know of nothing to take away."""
    try:
        return dict(json.loads(record.read_text(encoding="utf-8"))["files"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return {}

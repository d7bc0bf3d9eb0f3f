"""Markdown: a file per page with YAML front matter, the page's body, and its relations as links that work.

A folder of files has an index, and a note (`.notion-pm-export.json`) of what was written, so that the next export of
the same database can take away the file of a page that was renamed or removed, and nothing else. All files are written
beside the folder first, and moved into it when the last one is whole.
"""

from __future__ import annotations

import json
import posixpath
import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any, TextIO

import yaml

from notion_pm.exporting.folders import staged
from notion_pm.exporting.formats import dates
from notion_pm.exporting.formats.cells import plain
from notion_pm.exporting.formats.commonmark import as_commonmark
from notion_pm.exporting.formats.flat import unique
from notion_pm.exporting.formats.links import Links, escaped
from notion_pm.exporting.formats.names import Names, slug
from notion_pm.exporting.table import Cell, Column, Reference, Row, Table
from notion_pm.exporting.temp_database import Shelf
from notion_pm.model.ids import compact
from notion_pm.model.page import DateValue
from notion_pm.text import UNTITLED

_RECORD = ".notion-pm-export.json"
_INDEX = "index.md"
_FAST_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_ESCAPED = "\\U000"
"""How libyaml begins a character beyond the first 65,536."""
_OURS = ("title", "notion_id", "notion_url", "created", "last_edited")


def write_page(table: Table, stream: TextIO) -> None:
    """Write the one page of a table."""
    (row,) = table.rows
    stream.write(document(table.columns, row, Links(title_of={row.id: row.title}.get)))


def write_folder(tables: Sequence[Table], folder: Path) -> None:
    """Write a file per page and an index; of several databases each gets a folder, single pages lie side by side."""
    with staged(folder) as stage, Shelf() as titles, Shelf() as paths, Shelf() as written:
        _note(tables, titles, paths)
        for path, table in chain(
            _write_pages(tables, stage.folder, Links(paths, titles.get)),
            _write_indexes(tables, stage.folder, paths),
            _copy_attached(tables, stage.folder),
        ):
            written[path] = table
        stale = _settle(written, _written_before(folder / _RECORD), {each.name for each in tables})
        _write_record(stage.folder / _RECORD, written)
        stage.install(stale)


def document(columns: Sequence[Column], row: Row, links: Links) -> str:
    """Return a page as a Markdown document."""
    parts = [
        f"---\n{_as_yaml(_front_matter(columns, row))}---",
        f"# {escaped(row.title or UNTITLED)}",
        links.rewritten(as_commonmark(row.markdown or "")).strip(),
    ]
    return "\n\n".join(part for part in [*parts, _related(columns, row, links)] if part) + "\n"


def _as_yaml(data: dict[str, Any]) -> str:
    """The data as YAML. libyaml takes a tenth of the time, but escapes emoji: what has some is left to Python."""
    for dumper in (_FAST_DUMPER, yaml.SafeDumper):
        text: str = yaml.dump(data, Dumper=dumper, allow_unicode=True, sort_keys=False, width=10**6)
        if _ESCAPED not in text:
            break
    return text


def _front_matter(columns: Sequence[Column], row: Row) -> dict[str, Any]:
    ours = (
        row.title,
        row.id,
        row.url,
        row.created_time.isoformat(),
        row.last_edited_time.isoformat(),
    )
    named = [
        (column, cell)
        for column, cell in zip(columns, row.cells, strict=True)
        if column.type != "title"
    ]
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


def _note(tables: Sequence[Table], titles: Shelf, paths: Shelf) -> None:
    """Note each page's title, and from it its path; of two that are the same, the later one gets a part of its id."""
    with Shelf() as taken:
        names = Names(
            *(posixpath.join(place, "index") for place, _ in _placed(tables)), memory=taken
        )
        for place, table in _placed(tables):
            for row in table.rows:
                titles[row.id] = row.title
                paths[row.id] = (
                    names.free(posixpath.join(place, slug(row.title)), compact(row.id)[-8:]) + ".md"
                )


def _placed(tables: Sequence[Table]) -> Iterator[tuple[str, Table]]:
    """Each table with its folder: one of its own where there are several, none for single pages."""
    names = Names("index")
    for table in tables:
        alone = len(tables) == 1 or table.is_page
        yield "" if alone else names.free(slug(table.name)), table


def _write_pages(tables: Sequence[Table], folder: Path, links: Links) -> Iterator[tuple[str, str]]:
    """Yield each file that was written, and the name of its table."""
    for table in tables:
        for row in table.rows:
            here = links.paths[row.id]
            _write(folder / here, document(table.columns, row, replace(links, here=here)))
            yield here, table.name


def _write_indexes(
    tables: Sequence[Table], folder: Path, paths: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    contents: dict[str, list[Table]] = defaultdict(list)
    for place, table in _placed(tables):
        contents[place].append(table)
    for place, inside in contents.items():
        here = posixpath.join(place, _INDEX)
        title = "Pages" if len(inside) > 1 else inside[0].title
        (folder / place).mkdir(exist_ok=True)
        with (folder / here).open("w", encoding="utf-8", newline="\n") as index:
            index.write(f"# {escaped(title)}\n\n")
            index.writelines(_entries(inside, Links(paths, here=here)))
        yield here, inside[0].name


def _entries(tables: Sequence[Table], links: Links) -> Iterator[str]:
    return (
        f"- {links.link(Reference(row.id, row.title))}\n" for table in tables for row in table.rows
    )


def _copy_attached(tables: Sequence[Table], folder: Path) -> Iterator[tuple[str, str]]:
    """Put the files of pages beside the pages' own, and yield each with the name of its table."""
    for place, table in _placed(tables):
        if table.attached:
            inside = posixpath.join(place, table.attached.name)
            shutil.copytree(table.attached.folder, folder / inside, dirs_exist_ok=True)
            yield from (
                (f"{inside}/{each.name}", table.name) for each in table.attached.folder.iterdir()
            )


def _write(path: Path, document: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document, encoding="utf-8", newline="\n")


def _settle(written: Shelf, before: Mapping[str, str], tables: set[str]) -> list[str]:
    """Return what an earlier export of these tables wrote and this one did not, and keep what it wrote of others."""
    gone = {path: table for path, table in before.items() if path not in written}
    for path, table in gone.items():
        if table not in tables:
            written[path] = table
    return sorted(path for path, table in gone.items() if table in tables)


def _write_record(path: Path, written: Shelf) -> None:
    """Write which file came from which table, a line each: a change of one is a line in Git."""
    with path.open("w", encoding="utf-8", newline="\n") as record:
        record.write('{\n "files": {')
        for number, (file, table) in enumerate(written.items()):
            record.write(f"{',' if number else ''}\n  {_dumps(file)}: {_dumps(table)}")
        record.write("\n }\n}\n")


def _dumps(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _written_before(record: Path) -> dict[str, str]:
    """What the record says; somebody's broken edit of it means that we know of nothing to take away."""
    try:
        return dict(json.loads(record.read_text(encoding="utf-8"))["files"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return {}

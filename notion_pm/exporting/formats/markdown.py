"""Markdown: a file per page with YAML front matter, the page's body, and its relations as links.

A folder of files has an index, and a record (`.notion-pm-export.json`) of what was written. So the
next export of the same database can delete the file of a page that was renamed or removed, and
nothing else. All files are written beside the folder first, and moved into it when the last one is
complete.
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
from notion_pm.exporting.formats.cells import plain, start_of
from notion_pm.exporting.formats.commonmark import as_commonmark
from notion_pm.exporting.formats.flat import unique
from notion_pm.exporting.formats.links import Links, escaped
from notion_pm.exporting.formats.names import Names, slug
from notion_pm.exporting.table import (
    Cell,
    Column,
    ExportContext,
    Reference,
    Row,
    Table,
    references_of,
)
from notion_pm.exporting.temp_storage import DiskDict
from notion_pm.model.ids import compact
from notion_pm.model.page import DateValue
from notion_pm.text import UNTITLED

_RECORD = ".notion-pm-export.json"
_INDEX = "index.md"
_FAST_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_LIBYAML_ESCAPE = "\\U000"
"""How libyaml writes a character beyond the first 65,536, such as an emoji."""
_PAGE_KEYS = ("title", "notion_id", "notion_url", "created", "last_edited")


def write_first_as_page(tables: Sequence[Table], stream: TextIO, context: ExportContext) -> None:
    """Write the one page of the only table of a file."""
    write_page(tables[0], stream)


def write_page(table: Table, stream: TextIO) -> None:
    """Write the one page of a table."""
    (row,) = table.rows
    stream.write(_document(table.columns, row, Links(title_of={row.id: row.title}.get)))


def write_folder(tables: Sequence[Table], folder: Path) -> None:
    """Write a file per page and an index.

    Each of several databases gets a folder of its own; single pages are side by side.
    """
    with staged(folder) as stage, DiskDict() as titles, DiskDict() as paths, DiskDict() as written:
        _choose_paths(tables, titles, paths)
        links = Links(paths, titles.get)
        files = chain(
            _write_pages(tables, stage.folder, links),
            _write_indexes(tables, stage.folder, paths),
            _copy_attached(tables, stage.folder),
        )
        for path, table_name in files:
            written[path] = table_name

        earlier = _read_record(folder / _RECORD)
        exported = {table.name for table in tables}
        # Deleted last, and only by `install`: an interrupted export keeps the old files.
        stale = _merge_earlier_files(written, earlier, exported)
        _write_record(stage.folder / _RECORD, written)
        stage.install(stale)


# --- one page


def _document(columns: Sequence[Column], row: Row, links: Links) -> str:
    """Return a page as a Markdown document."""
    parts = [
        f"---\n{_as_yaml(_front_matter(columns, row))}---",
        f"# {escaped(row.title or UNTITLED)}",
        links.rewritten(as_commonmark(row.markdown or "")).strip(),
        _linked_pages(columns, row, links),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _as_yaml(data: dict[str, Any]) -> str:
    """Return the data as YAML.

    libyaml takes a tenth of the time of Python's dumper, but escapes emoji; so data with emoji is
    dumped again, by Python.
    """
    text = _dump_yaml(data, _FAST_DUMPER)
    return _dump_yaml(data, yaml.SafeDumper) if _LIBYAML_ESCAPE in text else text


def _dump_yaml(data: dict[str, Any], dumper: Any) -> str:
    text: str = yaml.dump(data, Dumper=dumper, allow_unicode=True, sort_keys=False, width=10**6)
    return text


def _front_matter(columns: Sequence[Column], row: Row) -> dict[str, Any]:
    names: list[str] = [*_PAGE_KEYS]
    values: list[Any] = [
        row.title,
        row.id,
        row.url,
        row.created_time.isoformat(),
        row.last_edited_time.isoformat(),
    ]
    for column, cell in zip(columns, row.cells, strict=True):
        if column.type != "title":
            names.append(column.title)
            values.append(_yaml_value(cell))
    return dict(zip(unique(names), values, strict=True))


def _yaml_value(cell: Cell) -> Any:
    """Return a cell as YAML data: as in JSON, but with YAML's dates, and null for empty cells."""
    match cell:
        case DateValue(end=None):
            return start_of(cell)
        case "" | ():
            return None
        case _:
            return plain(cell)


def _linked_pages(columns: Sequence[Column], row: Row, links: Links) -> str:
    lines = []
    for column, cell in zip(columns, row.cells, strict=True):
        if column.type == "relation" and cell:
            lines.append(f"- {escaped(column.title)}:")
            lines += [f"    - {links.link(page)}" for page in references_of(cell)]
    return "\n".join(["## Linked pages", "", *lines]) if lines else ""


# --- a folder


def _choose_paths(tables: Sequence[Table], titles: DiskDict, paths: DiskDict) -> None:
    """Store each page's title and path.

    Of two pages with one title, the later one gets the end of its id in its file name.
    """
    with DiskDict() as used:
        indexes = [posixpath.join(folder, "index") for folder, _ in _table_folders(tables)]
        # The names of the indexes are taken from the start: a page called "Index" must not replace
        # one.
        names = Names(*indexes, memory=used)
        for folder, table in _table_folders(tables):
            for row in table.rows:
                name = posixpath.join(folder, slug(row.title))
                titles[row.id] = row.title
                paths[row.id] = names.free(name, compact(row.id)[-8:]) + ".md"


def _table_folders(tables: Sequence[Table]) -> Iterator[tuple[str, Table]]:
    """Yield each table with its folder: "" for a single table and for single pages."""
    names = Names("index")
    for table in tables:
        if len(tables) == 1 or table.is_page:
            yield "", table
        else:
            yield names.free(slug(table.name)), table


def _write_pages(tables: Sequence[Table], folder: Path, links: Links) -> Iterator[tuple[str, str]]:
    """Yield each file that was written, with the name of its table."""
    for table in tables:
        for row in table.rows:
            path = links.paths[row.id]
            document = _document(table.columns, row, replace(links, here=path))
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            # The same line ends on all systems: otherwise Git would show every line as changed on
            # Windows.
            file.write_text(document, encoding="utf-8", newline="\n")
            yield path, table.name


def _write_indexes(
    tables: Sequence[Table], folder: Path, paths: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Write an index into each folder; yield it with the name of a table."""
    tables_by_folder: dict[str, list[Table]] = defaultdict(list)
    for table_folder, table in _table_folders(tables):
        tables_by_folder[table_folder].append(table)
    for table_folder, listed in tables_by_folder.items():
        path = posixpath.join(table_folder, _INDEX)
        title = "Pages" if len(listed) > 1 else listed[0].title
        links = Links(paths, here=path)
        (folder / table_folder).mkdir(exist_ok=True)
        with (folder / path).open("w", encoding="utf-8", newline="\n") as index:
            index.write(f"# {escaped(title)}\n\n")
            for table in listed:
                for row in table.rows:
                    index.write(f"- {links.link(Reference(row.id, row.title))}\n")
        yield path, listed[0].name


def _copy_attached(tables: Sequence[Table], folder: Path) -> Iterator[tuple[str, str]]:
    """Copy downloaded files beside their pages; yield each with the name of its table."""
    for table_folder, table in _table_folders(tables):
        if table.attached:
            destination = posixpath.join(table_folder, table.attached.name)
            shutil.copytree(table.attached.folder, folder / destination, dirs_exist_ok=True)
            for file in table.attached.folder.iterdir():
                yield f"{destination}/{file.name}", table.name


# --- the record of earlier exports


def _merge_earlier_files(
    written: DiskDict, earlier: Mapping[str, str], exported: set[str]
) -> list[str]:
    """Return the files that an earlier export wrote for these tables, and this one did not.

    Adds the files of tables that are not exported now to `written`: they stay, and stay recorded.
    """
    stale = []
    for path, table_name in earlier.items():
        if path in written:
            continue
        # Example: a page was renamed in Notion, so its file has another name now. The file with the
        # old name is stale; files of databases that are not exported this time are not.
        if table_name in exported:
            stale.append(path)
        else:
            written[path] = table_name
    return sorted(stale)


def _write_record(path: Path, written: DiskDict) -> None:
    """Write which file came from which table, one line each, so that Git shows small changes."""
    with path.open("w", encoding="utf-8", newline="\n") as record:
        record.write('{\n "files": {')
        separator = "\n  "
        for file, table_name in written.items():
            record.write(f"{separator}{_dumps(file)}: {_dumps(table_name)}")
            separator = ",\n  "
        record.write("\n }\n}\n")


def _dumps(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _read_record(record: Path) -> dict[str, str]:
    """Return the recorded files; none if people broke the record: then nothing is deleted."""
    try:
        return dict(json.loads(record.read_text(encoding="utf-8"))["files"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return {}

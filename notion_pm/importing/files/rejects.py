"""The file of rejected rows: it can be corrected and imported by the same map.

It has the columns of the imported file, and before them the line in that file and the problem. An
import ignores these two columns.

Each run updates the file of its source. What was written is remembered by its digest, so that a
file that a person has begun to correct is never overwritten.
"""

from __future__ import annotations

import csv
import hashlib
import itertools
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from notion_pm.files.writing import atomic_path, write_private
from notion_pm.importing.interpret import RejectedRow
from notion_pm.model.spreadsheet import escape_formula

LINE, PROBLEM = "_line", "_problem"
_ADDED_COLUMNS = frozenset({LINE, PROBLEM})

_DIGESTS_FILE = "rejects.json"
_DIGESTS = TypeAdapter(dict[str, str])
"""Path of a file of rejected rows -> SHA-256 of what was written to it."""


def write_rejects(rejects: Sequence[RejectedRow], path: Path, columns: Sequence[str] = ()) -> None:
    """Write rejected rows, readable only by their owner. JSON rows become JSON Lines, others CSV.

    `columns` are those of the imported file. All of them are written, so that the file's map is
    recognised when the corrected file is imported.
    """
    with (
        atomic_path(path, private=True) as part,
        part.open("w", encoding="utf-8", newline="") as stream,
    ):
        if _are_json(rejects):
            for reject in rejects:
                stream.write(json.dumps(_json_object(reject), ensure_ascii=False) + "\n")
            return
        columns = _csv_columns(rejects, columns)
        writer = csv.writer(stream)
        # Formulas are escaped: a cell such as =HYPERLINK(...) comes from a stranger, and a
        # spreadsheet would run it when the file is opened.
        writer.writerow([LINE, PROBLEM, *map(escape_formula, columns)])
        for reject in rejects:
            problem = escape_formula(reject.problem)
            writer.writerow([reject.record.line, problem, *_csv_cells(reject, columns)])


def suffix_for(rejects: Sequence[RejectedRow]) -> str:
    """Return the suffix of a file with these rows: `.jsonl` or `.csv`."""
    return ".jsonl" if _are_json(rejects) else ".csv"


def _are_json(rejects: Sequence[RejectedRow]) -> bool:
    return any(reject.record.original is not None for reject in rejects)


def _json_object(reject: RejectedRow) -> dict[str, object]:
    added: dict[str, object] = {LINE: reject.record.line, PROBLEM: reject.problem}
    original = reject.record.original
    if isinstance(original, dict):
        return {**added, **original}
    return {**added, "text": original}  # a line that is no JSON object


def _csv_columns(rejects: Sequence[RejectedRow], columns_of_file: Sequence[str]) -> list[str]:
    """Return the columns, each as often as the row that has most cells of it.

    Jira, for example, writes one column "Labels" per label.
    """
    # The added columns are left out: this file may itself be a file of rejects that was imported
    # again.
    counts = {name: 1 for name in columns_of_file if name not in _ADDED_COLUMNS}
    for reject in rejects:
        in_row = Counter(name for name, _ in reject.record.cells if name not in _ADDED_COLUMNS)
        for name, number in in_row.items():
            counts[name] = max(number, counts.get(name, 0))
    return list(Counter(counts).elements())


def _csv_cells(reject: RejectedRow, columns: Sequence[str]) -> Iterator[str]:
    unwritten = {name: iter(reject.record.all(name)) for name in columns}
    for name in columns:
        yield escape_formula(next(unwritten[name], ""))


def path_to_write(path: Path, state_directory: Path) -> Path:
    """Return the path, with a number where a person has begun to correct the file there."""
    numbered = (path.with_stem(f"{path.stem}-{number}") for number in itertools.count(2))
    for candidate in itertools.chain([path], numbered):
        # Example: pulse.rejects.csv was written, and a person corrected two rows in it. The next
        # import writes pulse.rejects-2.csv instead of losing these corrections.
        if not candidate.exists() or _is_unedited(state_directory, candidate):
            return candidate
    raise AssertionError("the numbers never end")


def remember_as_written(state_directory: Path, path: Path) -> None:
    """Remember the content of a file that was just written. Raises FileUnusable."""
    digests = {**_read_digests(state_directory), str(path.resolve()): _digest(path)}
    write_private(state_directory / _DIGESTS_FILE, _DIGESTS.dump_json(digests))


def _is_unedited(state_directory: Path, path: Path) -> bool:
    """Whether a file still holds what an import wrote to it."""
    if not path.is_file():
        return False
    return _read_digests(state_directory).get(str(path.resolve())) == _digest(path)


def _read_digests(state_directory: Path) -> dict[str, str]:
    try:
        return _DIGESTS.validate_json((state_directory / _DIGESTS_FILE).read_bytes())
    # Without the memory each existing file counts as edited, which is the safe side.
    except (FileNotFoundError, ValidationError):
        return {}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()

"""The rows that an import refused, as a file that can be corrected and imported by the same map.

It has the columns of the file that was imported, before them the line there and what is wrong. An import takes no
notice of these two.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from notion_pm.files.writing import atomic_path
from notion_pm.importing.interpret import RejectedRow
from notion_pm.model.spreadsheet import escape_formula

LINE, PROBLEM = "_line", "_problem"


def write_rejects(rejects: Sequence[RejectedRow], path: Path, columns: Sequence[str] = ()) -> None:
    """Write rejected rows, readable by their owner alone: JSON Lines where they came from JSON, else CSV.

    `columns` are those of the file; all of them are written, so that the file's map is found again.
    """
    with (
        atomic_path(path, private=True) as part,
        part.open("w", encoding="utf-8", newline="") as stream,
    ):
        if any(each.record.original is not None for each in rejects):
            stream.writelines(
                f"{json.dumps(_object(each), ensure_ascii=False)}\n" for each in rejects
            )
            return
        columns = _columns(rejects, columns)
        writer = csv.writer(stream)
        writer.writerow([LINE, PROBLEM, *(escape_formula(each) for each in columns)])
        writer.writerows(
            [each.record.line, escape_formula(each.problem), *_cells(each, columns)]
            for each in rejects
        )


def suffix_for(rejects: Sequence[RejectedRow]) -> str:
    """Return the ending of a file with these rows."""
    return ".jsonl" if any(each.record.original is not None for each in rejects) else ".csv"


def _object(reject: RejectedRow) -> dict[str, object]:
    told: dict[str, object] = {LINE: reject.record.line, PROBLEM: reject.problem}
    original = reject.record.original
    return {**told, **original} if isinstance(original, dict) else {**told, "text": original}


def _columns(rejects: Sequence[RejectedRow], of_file: Sequence[str]) -> list[str]:
    """Each column as often as the row that has most of it, in the order of the file."""
    counts = {name: 1 for name in of_file if name not in {LINE, PROBLEM}}
    for each in rejects:
        for name, number in Counter(name for name, _ in each.record.cells).items():
            if name not in {LINE, PROBLEM}:
                counts[name] = max(number, counts.get(name, 0))
    return [name for name, number in counts.items() for _ in range(number)]


def _cells(reject: RejectedRow, columns: Sequence[str]) -> Iterator[str]:
    left = {name: iter(reject.record.all(name)) for name in columns}
    return (escape_formula(next(left[name], "")) for name in columns)

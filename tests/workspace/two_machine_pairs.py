"""Two machines that run a command each, almost at once: what they work on, and what may come out.

The template and the client's databases are small, so that a cell of the matrix is cheap: everything
that the commands do to a large template, they do to this one.
"""

from __future__ import annotations

import os
import shutil
import time
from collections import Counter
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from notion_pm.model.ids import NotionId
from notion_pm.model.schema import PropertyPatch
from notion_pm.workspace.claims import read_claims
from tests.support.machines import TwoMachines, two_machines
from tests.support.notion_clients import notion_client_for
from tests.support.program import Finished

_FIRST = """\
template: small
version: 1
title: Small
databases:
  tasks:
    title: Tasks
    properties:
      name: {type: title, title: Name}
      parent: {type: relation, title: Parent, to: tasks}
      parts: {type: number, title: Parts, stamped: true}
      source_id: {type: rich_text, title: Source id}
"""
_RULES = """\
sync:
  T1-parts:
    why: How large it is.
    set: tasks.parts
    value: {count: inverse(parent)}
"""
_SECOND = "      hours: {type: number, title: Hours}\n"
_THIRD = """\
      minutes: {type: number, title: Minutes}
  notes:
    title: Notes
    properties: {text: {type: title, title: Text}}
  voices:
    title: Voices
    properties: {said: {type: title, title: Said}}
"""
"""Databases come last: the properties before them are of `tasks`."""

TEMPLATES = (_FIRST + _RULES, _FIRST + _SECOND + _RULES, _FIRST + _SECOND + _THIRD + _RULES)

_MAP = "source: Test\ninto: tasks\nkey: {from: Id, prefix: 'test:'}\nfill: {name: Task}\n"
_FIRST_ROWS = "Id,Task\n0,Plan\n"
_ROWS = "Id,Task\n1,Write\n2,Read\n"

COMMANDS = {
    "apply": ("apply", "./small.yaml", "--yes"),
    "import": ("import", "rows.csv", "--map", "map.yaml", "--yes"),
    "adopt": ("adopt", "--apply", "mapping.yaml", "--yes"),
    "undo": ("undo", "--yes"),
    "sync": ("sync",),
    "destroy": ("destroy", "small", "--confirm", "small"),
}

DIFFERENCES = (0.0, 0.1, 0.3, 0.6, 2.0)
LATENCIES = (0.02, 0.08, 0.3)


@dataclass(frozen=True)
class Cell:
    """One race: two commands, the seconds between their starts, and the seconds that a request
    takes.

    `is_new`: in a workspace without a record; otherwise the template has been applied there.
    """

    first: str
    second: str
    difference: float
    latency: float
    is_new: bool = False

    def __str__(self) -> str:
        start = "new-" if self.is_new else ""
        return f"{start}{self.first}-{self.second}-{self.difference:g}s-{self.latency * 1000:g}ms"


_MOMENTS = list(product(DIFFERENCES, LATENCIES))
_NEW = [
    Cell(first, second, *moment, is_new=True)
    for first, second in product(("apply", "adopt"), repeat=2)
    for moment in _MOMENTS
]
_APPLIED = [
    Cell(first, second, *moment)
    for first, second in product(COMMANDS, repeat=2)
    for moment in _MOMENTS
]


def _by_pair(cells: list[Cell]) -> list[list[Cell]]:
    return [cells[start : start + len(_MOMENTS)] for start in range(0, len(cells), len(_MOMENTS))]


SAMPLE = [
    Cell("apply", "apply", 0, 0.02, is_new=True),
    Cell("apply", "apply", 0.3, 0.08, is_new=True),
    Cell("apply", "destroy", 0.1, 0.02),
    Cell("import", "import", 0, 0.02),
    Cell("undo", "adopt", 0, 0.02),
]

# A moment is a difference and a latency. Of the pairs in a workspace with a record each one races
# once. 7 has no divisor in common with the 15 moments, so that all of them occur. In a new
# workspace each pair races at each latency.
_PART = [cells[number * 7 % 15] for number, cells in enumerate(_by_pair(_APPLIED))]
_NEW_PART = [
    cells[(number + 4 * turn) % 15]
    for number, cells in enumerate(_by_pair(_NEW))
    for turn in range(3)
]
PARTS = {"all": _NEW + _APPLIED, "ci": _NEW_PART + _PART}


def matrix() -> list[Cell]:
    """Return the cells that NOTION_PM_MATRIX asks for; a small sample without it."""
    return PARTS.get(os.environ.get("NOTION_PM_MATRIX", ""), SAMPLE)


@dataclass(frozen=True)
class Prepared:
    """Folders with a workspace and two homes, to copy for each cell."""

    new: Path
    applied: Path

    def of(self, cell: Cell) -> Path:
        return self.new if cell.is_new else self.applied


def prepare(folder: Path) -> Prepared:
    """Make the workspaces of the matrix, in which each of the commands has something to do."""
    prepared = Prepared(folder / "new", folder / "applied")
    with two_machines(prepared.new) as machines:
        _prepare_adoption(machines)
    with two_machines(prepared.applied) as machines:
        _write(machines.anna.folder, TEMPLATES[0], _FIRST_ROWS)
        for arguments in (COMMANDS["apply"], COMMANDS["import"]):
            _succeed(machines.anna.run(*arguments))
        _write(machines.anna.folder, TEMPLATES[1], _ROWS)
        _succeed(machines.anna.run(*COMMANDS["apply"]))
        _prepare_adoption(machines)
    return prepared


def _prepare_adoption(machines: TwoMachines) -> None:
    """Let the client have a database to adopt, and both machines the newest template and a mapping.

    Both have the journal of what was applied before, so that both can undo it.
    """
    notion, _ = notion_client_for(machines.workspace)
    root, title = NotionId(machines.workspace.root_page_id), {"Said": PropertyPatch(type="title")}
    database = notion.create_database(root, "Stimmen", title, look_up=lambda: None)
    notion.close()
    anna = machines.anna
    _write(anna.folder, TEMPLATES[2], _ROWS)
    _succeed(anna.run("adopt", "./small.yaml", database.id))
    assert f"database: {database.id}" in (anna.folder / "mapping.yaml").read_text()
    shutil.copytree(anna.folder, machines.ben.folder, dirs_exist_ok=True)


def _succeed(result: Finished) -> None:
    assert result.code == 0, result


def _write(folder: Path, template: str, rows: str) -> None:
    (folder / "small.yaml").write_text(template)
    (folder / "rows.csv").write_text(rows)
    (folder / "map.yaml").write_text(_MAP)


def race(machines: TwoMachines, cell: Cell) -> tuple[Finished, Finished]:
    """Start both commands, and wait for both to end."""
    machines.line.latency = cell.latency
    first = machines.anna.start(*COMMANDS[cell.first])
    time.sleep(cell.difference)
    second = machines.ben.start(*COMMANDS[cell.second])
    results = first.end(), second.end()
    machines.line.latency = 0
    return results


def check(machines: TwoMachines, cell: Cell, results: tuple[Finished, Finished]) -> None:
    """Nothing exists twice, no claim is left, one has worked, and the other says why it has not."""
    check_workspace(machines, results)
    assert 0 in {result.code for result in results}, results
    _check_end(cell.first, results[0], after=cell.second)
    _check_end(cell.second, results[1], after=cell.first)


def _check_end(name: str, result: Finished, *, after: str) -> None:
    assert "Traceback" not in result.out + result.err, result
    if result.code == 0:
        return
    assert any(line.startswith("Error: ") for line in result.err.splitlines()), result
    # Whoever comes after a command that took something away has nothing to work on, and says so.
    if result.code == 1:
        assert after in _TAKES_AWAY[name], result
    elif result.code == 3:
        assert (name, after) in _EDITED, result
    else:
        assert result.code == 5, result


_TAKES_AWAY = {
    "apply": {"destroy"},
    "import": {"destroy"},
    "adopt": {"destroy", "apply"},
    "undo": {"destroy", "undo"},
    "sync": {"destroy"},
    "destroy": {"destroy"},
}
"""After which commands each may have nothing to work on."""

_EDITED = {("destroy", "sync"), ("destroy", "import")}
"""Destroy stops with 3 when pages were edited after it counted them; those two edit pages."""


def check_workspace(
    machines: TwoMachines, results: object, *, may_have_claims: bool = False
) -> None:
    """Every database, record page and row exists once at most, and no claim is left."""
    notion, _ = notion_client_for(machines.workspace)
    everything = notion.list_children(NotionId(machines.workspace.root_page_id))
    blocks = [block for block in everything if not block.in_trash]
    titles = Counter(
        block.title for block in blocks if block.type in {"child_database", "child_page"}
    )
    assert set(titles.values()) <= {1}, (titles, results)
    for block in blocks:
        if block.type == "child_page":
            assert may_have_claims or read_claims(notion.list_children(block.id)) == (), results
        if block.title == "Tasks":
            source = notion.get_database(block.id).data_source_ids[0]
            rows = Counter(page.title for page in notion.query(source))
            assert set(rows.values()) <= {1}, (rows, results)
    notion.close()

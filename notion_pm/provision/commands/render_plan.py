"""Render a plan as text: grouped by database, with counts and requests last.

The lines are made without any output, for `plan`, `apply`, `adopt` and the documentation alike.
"""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import click

from notion_pm.provision.plan.change import Change, Kind, Note
from notion_pm.provision.plan.plan import Plan
from notion_pm.text import one_line, quantity

_MARKS = {"create": "+", "update": "~", "delete": "-"}
_MARK_COLORS = {"+": "green", "~": "yellow", "-": "red"}
_CLASS_COLORS = {"slow": "yellow", "lossy": "red", "blocked": "red"}
_NOTE_MARK = "i"

_COUNTED_KINDS: tuple[tuple[Kind, str, str], ...] = (
    ("database", "database", "databases"),
    ("property", "property", "properties"),
    ("option", "option", "options"),
    ("view", "view", "views"),
    ("row", "row", "rows"),
)

_PIPE_WIDTH = 100
_MIN_WIDTH = 60
_CLASS_WIDTH = 22  # "blocked", or "lossy, 12,345 pages"
_ENTRY_INDENT = 4
_LEGEND_INDENT = 11


@dataclass(frozen=True, slots=True)
class Layout:
    """How wide the lines are, and whether they are coloured."""

    width: int = _PIPE_WIDTH
    color: bool = False

    def style(self, text: str, color: str = "", *, bold: bool = False) -> str:
        """Return a text in a colour, or as it is."""
        if not self.color or not (color or bold):
            return text
        return click.style(text, fg=color or None, bold=bold or None)


@dataclass(frozen=True, slots=True)
class _Entry:
    """One change or note as a line: `mark text   tail`, with explanations below it.

    `tail` is the class of the change and the number of pages that it affects.
    """

    mark: str
    text: str
    tail: str = ""
    tail_color: str = ""
    explanations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Group:
    """The entries of one database under its title. A new database is one line: title and entry."""

    title: str
    entries: list[_Entry]
    is_one_line: bool = False


def terminal_layout() -> Layout:
    """Return the layout for stdout: its width and colours if it is a terminal.

    Colours are left out if the variable NO_COLOR is set (https://no-color.org).
    """
    # A fixed width keeps the logs of jobs and the printed plans of the documentation stable.
    if not sys.stdout.isatty():
        return Layout()
    width = max(_MIN_WIDTH, shutil.get_terminal_size().columns)
    return Layout(width, color=not os.environ.get("NO_COLOR"))


def plan_lines(
    plan: Plan,
    budget: int,
    *,
    details: bool = False,
    layout: Layout | None = None,
    clients: Sequence[str] = (),
) -> Iterator[str]:
    """Yield the lines of a plan.

    `budget`: requests a minute that are allowed. With `details` every property, view and row has a
    line of its own, with its address and the reason. `clients`: those that have this very plan.
    """
    layout = layout or Layout()
    yield from _header(plan, clients, layout)
    yield from plan_body(plan, budget, details=details, layout=layout)


def plan_body(plan: Plan, budget: int, *, details: bool, layout: Layout) -> list[str]:
    """Return the lines of a plan below its header. Clients with equal bodies are shown together."""
    lines: list[str] = []
    groups = _groups(plan, details=details)
    all_entries = []
    for group in groups:
        all_entries += group.entries
    tail_column = _tail_column(all_entries, layout)
    previous_is_one_line = False
    for group in groups:
        # New databases in a row are one line each, without blank lines between them.
        if not (group.is_one_line and previous_is_one_line):
            lines.append("")
        previous_is_one_line = group.is_one_line
        lines += _group_lines(group, tail_column, layout)
    legend = _legend(plan)
    if legend:
        lines.append("")
    for word, text in legend:
        lines += _legend_lines(word, text, layout)
    lines.append("")
    for line in summary(plan, budget):
        lines += textwrap.wrap(line, layout.width)
    return lines


# --- header and groups


def _header(plan: Plan, clients: Sequence[str], layout: Layout) -> Iterator[str]:
    if plan.recorded_version is None or plan.recorded_version == plan.version:
        version = f"version {plan.version}"
    else:
        version = f"version {plan.recorded_version} -> {plan.version}"
    template = f"template {plan.template}, {version}"
    names = ", ".join(f'"{one_line(client)}"' for client in clients)
    if len(clients) > 1:
        header = f"The same plan for {len(clients)} clients: {names} ({template})"
    elif clients:
        header = f"Plan for {names} ({template})"
    else:
        header = f"Plan ({template})"
    for line in textwrap.wrap(header, layout.width, subsequent_indent="  "):
        yield layout.style(line, bold=True)


def _groups(plan: Plan, *, details: bool) -> list[_Group]:
    """Return the entries by database. Those of the record and of no database have the key ""."""
    new_databases = {
        change.database
        for change in plan.changes
        if change.kind == "database" and change.action == "create"
    }
    # Changes are sorted by address, so the databases come in the order of their keys.
    entries: dict[str, list[_Entry]] = defaultdict(list)
    for change in plan.changes:
        entry = _entry_of(plan, change, new_databases, details=details)
        if entry is not None:
            entries[change.database].append(entry)
    if not details:
        for database, count in _count_new_rows(plan, new_databases).items():
            entries[database].append(_Entry("+", quantity(count, "starter row")))
    for note in plan.notes:
        database = note.address.partition(".")[0]
        # The address of a note begins with its database; that of the record has none.
        key = database if database in plan.database_titles else ""
        entries[key].append(_note_entry(note))

    groups = []
    for key, group in entries.items():
        title = plan.database_titles.get(key, key) if key else "Workspace"
        is_one_line = key in new_databases and len(group) == 1
        groups.append(_Group(one_line(title), group, is_one_line=is_one_line))
    return groups


def _entry_of(
    plan: Plan, change: Change, new_databases: Collection[str], *, details: bool
) -> _Entry | None:
    """Return a change as a line; None if another line or the header covers it."""
    if change.kind == "manifest" and "version" in change.facets:
        return None  # the header shows both versions
    is_inside_new_database = change.database in new_databases and change.kind != "database"
    if change.database in new_databases and change.kind == "database":
        return _new_database_entry(plan, change)
    if not details and (is_inside_new_database or change.kind == "row"):
        return None  # counted in one line
    return _change_entry(change, details=details)


def _new_database_entry(plan: Plan, change: Change) -> _Entry:
    inside = [
        other
        for other in plan.changes
        if other.database == change.database and other.kind != "database"
    ]
    return _Entry("+", f"new database with {counts(inside)}", *_tail(change))


def _count_new_rows(plan: Plan, new_databases: Collection[str]) -> Counter[str]:
    """Return how many starter rows each existing database gets."""
    return Counter(
        change.database
        for change in plan.changes
        if change.kind == "row" and change.database not in new_databases
    )


def _change_entry(change: Change, *, details: bool) -> _Entry:
    text = _capitalized(change.title or str(change.address))
    summary = change.summary or change.reason
    text = f"{text}: {summary}"
    explanations = []
    if details:
        explanations.append(f"{change.address}: {change.reason_with_pages}")
    needs_attention = change.change_class in {"lossy", "blocked"}
    # With --details the reason often contains the consequence: a property that cannot be converted.
    is_said_already = change.consequence in " ".join(explanations)
    if change.consequence and not is_said_already and (details or needs_attention):
        explanations.append(_sentence(change.consequence))
    return _Entry(
        _MARKS[change.action], one_line(text), *_tail(change), explanations=tuple(explanations)
    )


def _note_entry(note: Note) -> _Entry:
    text = f"{note.title}: {note.message}" if note.title else note.message
    return _Entry(_NOTE_MARK, one_line(_capitalized(text)))


def _tail(change: Change) -> tuple[str, str]:
    """Return the class of a change with the number of pages, and its colour; safe is not named."""
    if change.change_class == "safe":
        return "", ""
    tail: str = change.change_class
    if change.pages is not None:
        tail += f", {quantity(change.pages, 'page')}"
    return tail, _CLASS_COLORS[change.change_class]


# --- lines


def _tail_column(entries: Iterable[_Entry], layout: Layout) -> int:
    """Return where the classes begin: right of the longest text, as far as the width allows."""
    lengths = [len(entry.text) for entry in entries if entry.tail]
    longest = max(lengths, default=0)
    wanted = _ENTRY_INDENT + 2 + longest + 3
    return min(wanted, layout.width - _CLASS_WIDTH)


def _group_lines(group: _Group, tail_column: int, layout: Layout) -> list[str]:
    if group.is_one_line:
        (entry,) = group.entries
        one_liner = replace(entry, text=f"{group.title}: {entry.text}")
        return list(_entry_lines(one_liner, tail_column, layout, indent=2))
    lines = [f"  {layout.style(group.title, bold=True)}"]
    for entry in group.entries:
        lines += _entry_lines(entry, tail_column, layout)
    return lines


def _entry_lines(
    entry: _Entry, tail_column: int, layout: Layout, *, indent: int = _ENTRY_INDENT
) -> Iterator[str]:
    margin = " " * (indent + 2)
    # Only lines with a class leave room for it; the others use the whole width.
    right_edge = tail_column - 2 if entry.tail else layout.width
    first, *rest = textwrap.wrap(
        entry.text,
        right_edge - len(margin),
        break_long_words=False,
        break_on_hyphens=False,
    ) or [""]
    mark = layout.style(entry.mark, _MARK_COLORS.get(entry.mark, ""))
    line = f"{' ' * indent}{mark} {first}"
    if entry.tail:
        gap = " " * max(2, tail_column - len(margin) - len(first))
        line += gap + layout.style(entry.tail, entry.tail_color)
    yield line
    for text in rest:
        yield margin + text
    for explanation in entry.explanations:
        yield from textwrap.wrap(
            explanation,
            layout.width,
            initial_indent=margin + "  ",
            subsequent_indent=margin + "  ",
            break_long_words=False,
            break_on_hyphens=False,
        )


def _legend_lines(word: str, text: str, layout: Layout) -> Iterator[str]:
    indent = " " * _LEGEND_INDENT
    lines = textwrap.wrap(
        text, layout.width - _LEGEND_INDENT, break_long_words=False, break_on_hyphens=False
    )
    label = layout.style(word, _CLASS_COLORS.get(word, ""))
    padding = " " * (_LEGEND_INDENT - 2 - len(word))
    yield f"  {label}{padding}{lines[0]}"
    for line in lines[1:]:
        yield indent + line


def _legend(plan: Plan) -> list[tuple[str, str]]:
    """Return what the classes and notes in a plan mean. Each is explained once, not per line."""
    legend = []
    slow = plan.of_class("slow")
    if slow:
        text = (
            "Notion cannot rename or recolour an option in place, so its pages move to a new one "
            "(1 request each)."
        )
        if any(change.replacement is not None and change.replacement.renames for change in slow):
            text += " Filters that people made with the old name must be set again."
        legend.append(("slow", text))
    if plan.of_class("lossy"):
        text = "Values on these pages are lost. To accept that, apply with --allow-lossy."
        legend.append(("lossy", text))
    if plan.of_class("blocked"):
        text = "These changes cannot be made. Do what is written below each, then plan again."
        legend.append(("blocked", text))
    messages = [note.message for note in plan.notes]
    if any("respected" in message for message in messages):
        text = "What people changed in Notion is kept. To reset titles and options: --reset-titles."
        legend.append((_NOTE_MARK, text))
    if any("no longer in the template" in message for message in messages):
        text = "To remove what is no longer in the template: --prune (never databases or rows)."
        legend.append((_NOTE_MARK, text))
    return legend


# --- summary


def summary(plan: Plan, budget: int) -> list[str]:
    """Return the last lines: how many changes there are, and what they cost."""
    if not plan.changes:
        return [
            f"No changes: the workspace matches the template. {quantity(plan.requests, 'request')} "
            "to read it."
        ]
    by_action = []
    for action in ("create", "update", "delete"):
        changes = [change for change in plan.changes if change.action == action]
        if changes:
            by_action.append(f"{counts(changes)} to {action}")
    by_class = []
    for change_class in _CLASS_COLORS:
        number = sum(1 for change in plan.changes if change.change_class == change_class)
        if number:
            by_class.append(f"{number} {change_class}")
    minutes = quantity(plan.minutes(budget), "minute")
    requests = quantity(plan.requests, "request")
    lines = [_capitalized(f"{'; '.join(by_action)}.")]
    if by_class:
        lines.append(f"Of these: {', '.join(by_class)}.")
    lines.append(f"{requests}, about {minutes} at Notion's {budget} a minute.")
    return lines


def counts(changes: Sequence[Change]) -> str:
    """Return how many changes of each kind there are: `2 properties, 1 view and 3 rows`."""
    counted = Counter(change.kind for change in changes)
    parts = [
        quantity(counted[kind], singular, plural)
        for kind, singular, plural in _COUNTED_KINDS
        if counted[kind]
    ]
    if counted["manifest"]:
        parts.append("the record")
    if len(parts) < 2:
        return parts[0] if parts else "nothing in it"
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]


def _sentence(text: str) -> str:
    text = _capitalized(one_line(text))
    return text if text.endswith((".", "!", "?")) else f"{text}."

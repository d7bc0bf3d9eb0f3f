"""`notion-pm import`: bring rows of other tools into Notion, without duplicates."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from notion_pm.console.catalogue import catalogue_of
from notion_pm.console.completion_values import (
    complete_database,
    complete_file,
    complete_preset,
    complete_template,
)
from notion_pm.console.context import Context, pass_context
from notion_pm.console.links import program_name, where_to_look
from notion_pm.console.locking import check_template, locks_workspace
from notion_pm.console.output import echo, echo_json, json_option, note, progress
from notion_pm.console.thread_options import sync_context_of
from notion_pm.errors import FileMissing, RowsRejected, UsageError
from notion_pm.importing.commands.render_import import (
    empty_file_as_data,
    import_as_data,
    overtaken_lines,
    preview_lines,
    result_line,
)
from notion_pm.importing.commands.render_import_map import map_lines
from notion_pm.importing.files.records import Records
from notion_pm.importing.files.records_file import FORMATS, STDIN, ReadOptions, read_records
from notion_pm.importing.files.rejects import (
    path_to_write,
    remember_as_written,
    suffix_for,
    write_rejects,
)
from notion_pm.importing.find_target import Destination, open_destination
from notion_pm.importing.interpret import RejectedRow
from notion_pm.importing.mapping import map_files
from notion_pm.importing.mapping.choose import (
    ChosenMap,
    ImportOptions,
    choose_map,
    count_known_keys,
    maps_of_other_sources,
    settle_date_patterns,
)
from notion_pm.importing.plan import ImportPlan, ImportRequest, keep_shown_writes, plan_import
from notion_pm.importing.values.dates import DatesAmbiguous, is_day_first
from notion_pm.importing.writing import ImportResult, run_import
from notion_pm.notion.limiter import NOTION_BUDGET
from notion_pm.state.lock import hold_run_lock
from notion_pm.state.state import State
from notion_pm.text import quantity
from notion_pm.workspace.lock import workspace_lock

_EXAMPLES = """\b
  notion-pm import jira.csv --dry-run         show what would happen to each
                                              row of an export of Jira
  notion-pm import feedback.csv --map ours.yaml
                                              a file of your own: proposes a
                                              map, then imports by that map
  notion-pm import accounts.csv --into customers
  notion-pm import --show-preset jira > jira.yaml
                                              start your own map from a known
                                              one
  gh issue list --state all -L 1000 \\
      --json number,title,body,url,labels,createdAt |
    notion-pm import - --format json --yes    from a pipe
"""


@dataclass(frozen=True, slots=True)
class _CommandOptions:
    """The options of the command line; the names are those of the options."""

    into: str | None
    map_path: Path | None
    preset: str | None
    format_: str | None
    source: str | None
    dates: str | None
    encoding: str | None
    separator: str | None
    header_line: int | None
    sheet: str | None
    json_path: str | None
    dry_run: bool
    details: bool
    overwrite: bool
    rejects: Path | None
    yes: bool
    template: str | None
    as_json: bool

    @property
    def reading(self) -> ReadOptions:
        """The options that say how to read the file."""
        return ReadOptions(
            self.encoding, self.separator, self.header_line, self.sheet, self.json_path
        )

    @property
    def may_ask(self) -> bool:
        """Whether a person can be asked: there is a terminal, and no program reads the output."""
        return not self.as_json and sys.stdin.isatty()


def _parse_separator(_: click.Context, __: click.Parameter, separator: str | None) -> str | None:
    """Return the sign that separates cells. Raises UsageError."""
    if separator is None:
        return None
    sign = {"tab": "\t", "\\t": "\t"}.get(separator, separator)
    if len(sign) != 1:
        raise UsageError(f"{sign!r} is not a separator.", "Give one character, or the word tab.")
    return sign


def _check_input(_: Context, options: Mapping[str, Any]) -> str | None:
    """Read the file, the map and the template. Return the template's name where one is given."""
    file, map_path = options["file"], options["map_path"]
    if file is None:
        raise UsageError("No file given.", "For example:  notion-pm import feedback.csv")
    if file != STDIN:  # what comes through a pipe can be read only once
        if not Path(file).exists():
            raise FileMissing(Path(file))
        names = ("encoding", "separator", "header_line", "sheet", "json_path")
        reading = ReadOptions(*(options[name] for name in names))
        read_records(file, options["format_"], reading)
    if map_path is not None and map_path.exists():
        map_files.read_map(map_path)
    if options["preset"] is not None:
        map_files.load_preset(options["preset"])
    template = options["template"]
    return None if template is None else check_template(template, {})


@click.command(epilog=_EXAMPLES)
@click.argument("file", metavar="FILE|-", required=False, shell_complete=complete_file)
@click.option(
    "--into",
    metavar="DATABASE",
    shell_complete=complete_database,
    help="The database: its key, title or link. Default: that of the map, else insights.",
)
@click.option(
    "--map",
    "map_path",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The map to import by. If the file does not exist, a proposed map is written to it.",
)
@click.option(
    "--preset",
    metavar="TOOL",
    shell_complete=complete_preset,
    help="Treat the file as an export of this tool. Default: recognised by its headers.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    help="The format of the file. Default: by its extension.",
)
@click.option(
    "--source",
    metavar="NAME",
    help="Where the file comes from, such as the tool and project. Rows of two sources are never "
    "the same row. It is remembered for files of this name. Default: the file's name without "
    "dates and numbers.",
)
@click.option(
    "--dates",
    type=click.Choice(["day-first", "month-first"]),
    help="How to read dates such as 03/04/2026, if no date of the column shows it.",
)
@click.option(
    "--encoding",
    metavar="NAME",
    help="The encoding of the file, such as cp1251. Default: detected.",
)
@click.option(
    "--separator",
    metavar="SIGN",
    callback=_parse_separator,
    help="The character between the cells of a CSV file. Default: detected.",
)
@click.option(
    "--header-line",
    metavar="N",
    type=click.IntRange(1),
    help="The line of the headers. Default: detected.",
)
@click.option(
    "--sheet",
    metavar="NAME",
    help="The sheet of a workbook, or the database of a Notion export.",
)
@click.option(
    "--path",
    "json_path",
    metavar="PATH",
    help="The path of the list of rows in JSON, such as data.items.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be imported; write nothing.")
@click.option("--details", is_flag=True, help="Show every row.")
@click.option(
    "--overwrite",
    is_flag=True,
    help="Also overwrite values that people changed, and create pages again that they deleted.",
)
@click.option(
    "--rejects",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file for rows that cannot be imported. Default: next to the imported file.",
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--template",
    metavar="NAME|FILE",
    shell_complete=complete_template,
    help="The template of the databases. Default: the applied one.",
)
@click.option(
    "--show-preset",
    metavar="TOOL",
    shell_complete=complete_preset,
    help="Print the map of a known tool, and exit.",
)
@json_option
@pass_context
@locks_workspace(_check_input)
def command(
    context: Context, /, *, file: str | None, show_preset: str | None, **values: Any
) -> None:
    """Import insights and customers from other tools, without duplicates.

    FILE is CSV, JSON, JSON Lines, a workbook (.xlsx, .ods), or a Notion export (.zip, or its
    folder). Exports of known tools are recognised by their headers. For other files a map is
    proposed; you confirm it, and it is remembered for files of the same source.

    Each row has a key. Importing a file again updates its rows and keeps what people changed since
    then; an interrupted import continues where it stopped. Rows that cannot be imported go to a
    separate file.
    """
    if show_preset is not None:
        echo(map_files.preset_text(show_preset).rstrip())
        return
    if file is None:
        raise UsageError("No file given.", "For example:  notion-pm import feedback.csv")

    options = _CommandOptions(**values)
    records = read_records(file, options.format_, options.reading)
    if records.records or records.broken:
        _ImportRun(context, file, options, records).run()
    elif options.as_json:
        echo_json(empty_file_as_data())
    else:
        echo(f"{file}: 0 rows. Nothing to import.")


class _ImportRun:
    """One import, from choosing the map to the summary."""

    def __init__(
        self, context: Context, file: str, options: _CommandOptions, records: Records
    ) -> None:
        self._context = context
        self._file = file
        self._options = options
        self._records = records
        self._catalogue = catalogue_of(context, options.template)
        self._requests_before = context.notion.requests.logical
        stem = "import" if file == STDIN else Path(file).stem
        self._file_name = records.source or map_files.source_name(stem)
        """The part of the file's name that stays the same, without dates and numbers."""
        self._source = options.source or map_files.load_source_name(
            context.state_directory, self._file_name
        )

    def run(self) -> None:
        """Show the map and the preview, ask, write, and show the result."""
        options = self._options
        chosen = self._choose_map()
        if not options.as_json:
            rows = quantity(len(self._records.records), "row")
            columns = quantity(len(self._records.columns), "column")
            echo(f"{self._file}: {rows}, {columns}.")
            self._echo_all(map_lines(chosen, self._records))
        # Written before the question, so that a person can read the map in an editor before
        # answering.
        if chosen.origin == "proposed" and options.map_path is not None:
            map_files.write_map(options.map_path, chosen.map)

        result = None
        home = self._context.state_home
        with hold_run_lock(home), State(home, chosen.destination.memory) as state:
            plan = self._plan(state, chosen)
            if not options.as_json:
                budget = self._context.budget or NOTION_BUDGET
                self._echo_all(preview_lines(plan, budget=budget, details=options.details))
            if not options.dry_run and self._is_confirmed(chosen, plan):
                self._remember_answers(chosen)
                plan, result = self._write(state, chosen, plan)

        requests = self._context.notion.requests.logical - self._requests_before
        if options.as_json:
            echo_json(import_as_data(chosen, plan, result, requests))
        elif result is not None:
            self._echo_all(overtaken_lines(result, plan))
            echo(f"{result_line(result)} {requests:,} requests in all.")
            if result.created or result.updated:
                echo(where_to_look(self._context))
                echo(f"Next:  {program_name()} sync  to count the new evidence")
        if result is not None:
            self._save_rejects([*plan.rejects, *result.rejects])

    @staticmethod
    def _echo_all(lines: Iterable[str]) -> None:
        for line in lines:
            echo(line)

    def _open_database(self, name: str) -> Destination:
        return open_destination(self._context.notion, self._catalogue, name)

    # --- the map

    def _choose_map(self) -> ChosenMap:
        """Return the map to import by; ask for the source and for date patterns where needed."""
        options = self._options
        wanted = ImportOptions(
            options.map_path,
            options.preset,
            options.into,
            self._source,
            is_source_stated=options.source is not None,
        )
        directory = self._context.state_directory
        chosen = choose_map(self._records, wanted, self._open_database, directory)
        if chosen.origin == "proposed" and options.source is None:
            known_source = self._ask_for_known_source(chosen)
            if known_source is not None:
                self._source = known_source
                wanted = replace(wanted, source=known_source)
                chosen = choose_map(self._records, wanted, self._open_database, directory)

        # Without a terminal, the proposed map is only written to a file for a person to correct.
        is_draft = (
            chosen.origin == "proposed" and options.map_path is not None and not options.may_ask
        )

        def settle(column: str, ambiguous: DatesAmbiguous) -> str:
            return self._choose_date_pattern(column, ambiguous, is_draft=is_draft)

        return settle_date_patterns(chosen, self._records, settle)

    def _ask_for_known_source(self, chosen: ChosenMap) -> str | None:
        """Return the earlier source of an unknown file, None when a person says that it is new.

        Only asked when rows of the file have keys that rows of an earlier source have: they may be
        the same rows, or other rows with the same numbers. Raises UsageError without a terminal.
        """
        others = maps_of_other_sources(self._records, chosen, self._context.state_directory)
        if not others:
            return None
        target = chosen.destination.target
        home = self._context.state_home
        with hold_run_lock(home), State(home, chosen.destination.memory) as state:
            known = state.imports.imported(target.data_source_id).keys()
        counts = {map.source: count_known_keys(self._records, map, target, known) for map in others}
        source = max(counts, key=lambda name: counts[name])
        if not counts[source]:
            return None

        rows = quantity(counts[source], "row of this file has", "rows of this file have")
        message = f"{rows} the same ids as rows of the source {source!r}."
        if not self._options.may_ask:
            raise UsageError(
                f"{message} They may be the same rows, or rows of another source.",
                f"Add  --source {source!r}  if they are the same, "
                f"else another name, such as  --source {chosen.map.source!r}.",
            )
        note(message)
        is_same = click.confirm(
            f"Is this the same source as {source!r}, so that those rows are updated?"
        )
        return source if is_same else None

    def _choose_date_pattern(
        self, column: str, ambiguous: DatesAmbiguous, *, is_draft: bool
    ) -> str:
        """Return the date pattern of a column, from --dates or a person's answer.

        A draft of a map gets the first pattern. Raises UsageError without a terminal.
        """
        patterns = {}
        for pattern in ambiguous.patterns:
            patterns["day-first" if is_day_first(pattern) else "month-first"] = pattern
        if self._options.dates in patterns:
            return patterns[self._options.dates]
        if is_draft:
            return ambiguous.patterns[0]

        ways = [f"{ambiguous.example} as {pattern}" for pattern in ambiguous.patterns]
        question = f"The dates of `{column}` can be read in two ways: {' or '.join(ways)}."
        if not self._options.may_ask or len(patterns) < 2:
            raise UsageError(
                question,
                "Add --dates day-first or --dates month-first, or in the map: "
                f' date: "{ambiguous.patterns[0]}"',
            )
        note(question)
        answer = click.prompt(
            "What comes first, day or month?", type=click.Choice(["day", "month"])
        )
        return patterns[f"{answer}-first"]

    # --- the plan and its confirmation

    def _plan(self, state: State, chosen: ChosenMap) -> ImportPlan:
        context = self._context
        request = ImportRequest(self._records, chosen.map, context.now(), self._options.overwrite)
        with progress(context) as drawn:
            return plan_import(
                context.notion, state, chosen.destination, request, context.jobs, drawn
            )

    def _is_confirmed(self, chosen: ChosenMap, plan: ImportPlan) -> bool:
        """Ask a person to confirm the writes, and a map that was only proposed.

        --yes confirms the writes, but not a proposed map: no person has seen it yet.
        Raises UsageError without a terminal, Abort when the answer is no.
        """
        is_proposed = chosen.origin == "proposed"
        # A known tool or a map from an earlier import has been checked before; a proposal is a
        # guess.
        if self._options.yes and not is_proposed:
            return True
        if self._options.may_ask:
            click.confirm("Import by this map?" if is_proposed else "Import?", abort=True)
            return True

        if is_proposed:
            self._refuse_unconfirmed_map()
            return False
        if not plan.writes:
            return True
        raise UsageError(
            f"{quantity(plan.writes, 'write')} to confirm, but no terminal to ask on.",
            "Nothing was changed. Look at the plan with --dry-run, then add --yes.",
        )

    def _refuse_unconfirmed_map(self) -> None:
        """Name the file with the proposed map. Raises UsageError without such a file."""
        map_path = self._options.map_path
        if map_path is None:
            raise UsageError(
                "This file is not from a known tool, and the proposed map is not confirmed.",
                "Nothing was changed. Write the map to a file with  --map ours.yaml,  check it, "
                "and run the same command again.",
            )
        note(f"Nothing was imported. Check {map_path}, correct it, and run the same command again.")

    def _remember_answers(self, chosen: ChosenMap) -> None:
        """Remember the confirmed map and the source's name for the next file."""
        directory = self._context.state_directory
        if chosen.origin == "proposed":
            map_files.save_confirmed_map(directory, chosen.map)
        # Example: a person answered that pulse-export.csv is the source "Pulse". The next file of
        # that name is recognised without a question.
        if self._source != self._file_name:
            map_files.save_source_name(directory, self._file_name, self._source)

    # --- writing

    def _write(
        self, state: State, chosen: ChosenMap, plan: ImportPlan
    ) -> tuple[ImportPlan, ImportResult]:
        """Carry out a confirmed plan. Return what was carried out of it, and the result."""
        context = self._context
        with self._lock(plan):
            if plan.creates or plan.new_pages:
                # Between the preview and the lock, another machine may have imported the same
                # rows. So plan again, and leave out what the preview did not show.
                plan = keep_shown_writes(self._plan(state, chosen), plan)
            with progress(context) as drawn:
                result = run_import(
                    sync_context_of(context, drawn),
                    context.notion,
                    state,
                    plan,
                    context.jobs,
                    drawn,
                )
        return plan, result

    def _lock(self, plan: ImportPlan) -> AbstractContextManager[object]:
        """Hold the lock of the workspace. Without an applied template there is no lock."""
        page_id = plan.destination.record_page
        # The lock costs requests, and without a write there is nothing to protect.
        if page_id is None or not plan.writes:
            return nullcontext()
        context = self._context
        return workspace_lock(context.notion, page_id, context.claimant("import"))

    def _save_rejects(self, rejects: Sequence[RejectedRow]) -> None:
        """Write the rows that were not imported to a file.

        Raises RowsRejected, unless an earlier run wrote exactly the same rows to that file. Then
        a note is enough, so that a nightly import does not fail every night for the same rows.
        """
        if not rejects:
            return
        directory = self._context.state_directory
        path = self._options.rejects
        if path is None:
            name = Path("import" if self._file == STDIN else self._file)
            path = path_to_write(name.with_suffix(f".rejects{suffix_for(rejects)}"), directory)
        # A pipe or a terminal is never compared: reading it would wait without end.
        before = path.read_bytes() if path.is_file() else None
        write_rejects(rejects, path, self._records.columns)
        if not path.is_file():
            raise RowsRejected(len(rejects), path)
        remember_as_written(directory, path)
        if path.read_bytes() != before:
            raise RowsRejected(len(rejects), path)
        rows = quantity(len(rejects), "row")
        note(f"{rows} still cannot be imported, the same as last time: see {path}.")

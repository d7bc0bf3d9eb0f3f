"""`notion-pm import`: feedback of other tools in, without duplicates."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

import click

from notion_pm.console.catalogue import catalogue_of
from notion_pm.console.completion_values import (
    complete_database,
    complete_file,
    complete_preset,
    complete_template,
)
from notion_pm.console.context import Context, pass_context
from notion_pm.console.locking import locks_workspace
from notion_pm.console.output import echo, echo_json, json_option, note, progress
from notion_pm.console.thread_options import place_of
from notion_pm.errors import RowsRejected, UsageError
from notion_pm.importing.commands.render_import import (
    as_data,
    done_line,
    nothing_as_data,
    overtaken_lines,
    preview_lines,
)
from notion_pm.importing.commands.render_import_map import map_lines
from notion_pm.importing.files import rejects_memory
from notion_pm.importing.files.records import Records
from notion_pm.importing.files.records_file import FORMATS, STDIN, ReadOptions, read_records
from notion_pm.importing.files.rejects import suffix_for, write_rejects
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
from notion_pm.importing.mapping.sources import source_name
from notion_pm.importing.plan import ImportPlan, ImportRequest, keep_shown_writes, plan_import
from notion_pm.importing.values.dates import DatesAmbiguous, is_day_first
from notion_pm.importing.writing import run_import
from notion_pm.notion.limiter import NOTION_BUDGET
from notion_pm.state.lock import hold_run_lock
from notion_pm.state.state import State
from notion_pm.text import quantity
from notion_pm.workspace.lock import workspace_lock

_EXAMPLES = """\b
  notion-pm import jira.csv --dry-run         what would become of each row of
                                              a tool whose files are known
  notion-pm import feedback.csv --map ours.yaml
                                              a file of your own: proposes a
                                              map, or imports by the one there
  notion-pm import accounts.csv --into customers
  notion-pm import --show-preset jira > jira.yaml
                                              make your own of a known map
  gh issue list --state all -L 1000 \\
      --json number,title,body,url,labels,createdAt |
    notion-pm import - --format json --yes    from a pipe
"""


def _read_separator(_: click.Context, __: click.Parameter, separator: str | None) -> str | None:
    """Return the sign that separates cells. Raises UsageError."""
    if separator is None:
        return None
    sign = {"tab": "\t", "\\t": "\t"}.get(separator, separator)
    if len(sign) != 1:
        raise UsageError(f"{sign!r} is no separator.", "Give one sign, or the word tab.")
    return sign


@click.command(epilog=_EXAMPLES)
@click.argument("file", metavar="FILE|-", required=False, shell_complete=complete_file)
@click.option(
    "--into",
    metavar="DATABASE",
    shell_complete=complete_database,
    help="Its key, title or link. Default: as the map says, else insights.",
)
@click.option(
    "--map",
    "map_path",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The map to import by. Where there is no such file, a proposal is written there.",
)
@click.option(
    "--preset",
    metavar="TOOL",
    shell_complete=complete_preset,
    help="Take the file for one of this tool, rather than by its headers.",
)
@click.option(
    "--format", "format_", type=click.Choice(FORMATS), help="Default: by the ending of the file."
)
@click.option(
    "--source",
    metavar="NAME",
    help="What the file comes from, such as the tool and project. Rows of two sources are never the same. Said once, "
    "it is remembered. Default: by the file's name, without dates and numbers.",
)
@click.option(
    "--dates",
    type=click.Choice(["day-first", "month-first"]),
    help="How to read dates such as 03/04/2026 where a whole column can be read both ways.",
)
@click.option(
    "--encoding", metavar="NAME", help="How a file is encoded, such as cp1251. Default: found out."
)
@click.option(
    "--separator",
    metavar="SIGN",
    callback=_read_separator,
    help="What separates the cells of CSV. Default: found out.",
)
@click.option(
    "--header-line",
    metavar="N",
    type=click.IntRange(1),
    help="The line of the headers. Default: found out.",
)
@click.option(
    "--sheet",
    metavar="NAME",
    help="The sheet of a workbook, or the database of an export of Notion.",
)
@click.option(
    "--path", "json_path", metavar="PATH", help="Where the rows are in JSON, such as data.items."
)
@click.option("--dry-run", is_flag=True, help="Show what would become of each row; write nothing.")
@click.option("--details", is_flag=True, help="Show every row.")
@click.option(
    "--overwrite",
    is_flag=True,
    help="Take what the file says also where people changed or removed it.",
)
@click.option(
    "--rejects",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where rows go that cannot be imported. Default: beside the file.",
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--template",
    metavar="NAME|FILE",
    shell_complete=complete_template,
    help="The template of the databases, if not the applied one.",
)
@click.option(
    "--show-preset",
    metavar="TOOL",
    shell_complete=complete_preset,
    help="Print the map of a known tool, and end.",
)
@json_option
@pass_context
@locks_workspace
def command(
    context: Context,
    *,
    file: str | None,
    into: str | None,
    map_path: Path | None,
    preset: str | None,
    format_: str | None,
    source: str | None,
    dates: str | None,
    encoding: str | None,
    separator: str | None,
    header_line: int | None,
    sheet: str | None,
    json_path: str | None,
    dry_run: bool,
    details: bool,
    overwrite: bool,
    rejects: Path | None,
    yes: bool,
    template: str | None,
    show_preset: str | None,
    as_json: bool,
) -> None:
    """Import insights and customers from other tools, without duplicates.

    FILE is CSV, JSON, JSON Lines, a workbook (.xlsx, .ods), or Notion's own export (.zip, or its folder). Files of
    known tools are recognised by their headers; for others a map is proposed, which you confirm and which is remembered
    for files of the same source. Rows are known by a key: importing again updates, what people changed meanwhile stays,
    and an interrupted import goes on where it ended. Rows that cannot be imported go to a file of their own.
    """
    if show_preset is not None:
        echo(map_files.preset_text(show_preset).rstrip())
        return
    if file is None:
        raise UsageError("Which file?", "For one:  notion-pm import feedback.csv")
    records = read_records(
        file, format_, ReadOptions(encoding, separator, header_line, sheet, json_path)
    )
    if not (records.records or records.broken):
        echo_json(nothing_as_data()) if as_json else echo(f"{file}: 0 rows. Nothing to import.")
        return
    stem = records.source or source_name("import" if file == STDIN else Path(file).stem)
    named = source or map_files.load_source_name(context.state_directory, stem)
    wishes = ImportOptions(map_path, preset, into, named, is_source_stated=source is not None)
    before = context.gateway.requests.logical
    may_ask = not as_json and sys.stdin.isatty()
    opener = _opener(context, template)
    chosen = choose_map(records, wishes, opener, context.state_directory)
    if (
        chosen.how == "proposed"
        and source is None
        and (same := _same_source(context, records, chosen, may_ask=may_ask))
    ):
        named = same
        chosen = choose_map(records, replace(wishes, source=same), opener, context.state_directory)
    is_draft = chosen.how == "proposed" and map_path is not None and not may_ask
    settle = partial(_settle_dates, stated=dates, may_ask=may_ask, is_draft=is_draft)
    chosen = settle_date_patterns(chosen, records, settle)
    if not as_json:
        echo(
            f"{file}: {quantity(len(records.records), 'row')}, {quantity(len(records.columns), 'column')}."
        )
        for line in map_lines(chosen, records):
            echo(line)
    if chosen.how == "proposed" and map_path is not None:
        map_files.write_map(map_path, chosen.map)
    done = None
    with (
        hold_run_lock(context.state_home),
        State(context.state_home, chosen.destination.memory) as state,
    ):
        order = ImportRequest(records, chosen.map, context.now(), overwrite)
        with progress(context) as drawn:
            prepared = plan_import(
                context.gateway, state, chosen.destination, order, context.jobs, drawn
            )
        if not as_json:
            for line in preview_lines(
                prepared, budget=context.budget or NOTION_BUDGET, details=details
            ):
                echo(line)
        if not dry_run and _is_agreed(chosen, prepared, map_path, yes=yes, as_json=as_json):
            if chosen.how == "proposed":
                map_files.save_confirmed_map(context.state_directory, chosen.map)
            if named != stem:
                map_files.save_source_name(context.state_directory, stem, named)
            with _locked(context, prepared), progress(context) as drawn:
                if prepared.creates or prepared.new:
                    # Another machine may have imported the same rows since the preview.
                    again = plan_import(
                        context.gateway, state, chosen.destination, order, context.jobs, drawn
                    )
                    prepared = keep_shown_writes(again, prepared)
                place = place_of(context, drawn)
                done = run_import(place, context.gateway, state, prepared, context.jobs, drawn)
    requests = context.gateway.requests.logical - before
    if as_json:
        echo_json(as_data(chosen, prepared, done, requests))
    elif done is not None:
        for line in overtaken_lines(done, prepared):
            echo(line)
        echo(f"{done_line(done)} {requests:,} requests in all.")
    if done is not None:
        rejected = [*prepared.rejects, *done.rejects]
        _set_aside(rejected, rejects, file, context.state_directory, records.columns)


def _same_source(
    context: Context, records: Records, chosen: ChosenMap, *, may_ask: bool
) -> str | None:
    """Return the source that an unknown file is of, where a person says that it is one that was imported before.

    Asked only where rows of the file have keys that another source has: they may be the same rows, or others.
    Raises UsageError where there is nobody to ask.
    """
    others = maps_of_other_sources(records, chosen, context.state_directory)
    if not others:
        return None
    target = chosen.destination.target
    with (
        hold_run_lock(context.state_home),
        State(context.state_home, chosen.destination.memory) as state,
    ):
        known = state.imports.imported(target.data_source_id).keys()
    counts = {each.source: count_known_keys(records, each, target, known) for each in others}
    source = max(counts, key=lambda each: counts[each])
    if not counts[source]:
        return None
    keys = f"{quantity(counts[source], 'row')} of this file have ids that rows of the source {source!r} have."
    if not may_ask:
        raise UsageError(
            f"{keys} They may be the same rows, or those of another source.",
            f"Say it with  --source {source!r}  or with another name, such as  --source {chosen.map.source!r}.",
        )
    note(keys)
    return (
        source
        if click.confirm(f"Is it the same source as {source!r}, so that those rows are updated?")
        else None
    )


def _settle_dates(
    column: str, ambiguous: DatesAmbiguous, *, stated: str | None, may_ask: bool, is_draft: bool
) -> str:
    """Return the pattern by which the dates of a column are to be read: as was stated, or as a person answers.

    A draft of a map gets one of them, for a person to look at. Raises UsageError where there is nobody to ask.
    """
    patterns = {
        ("day-first" if is_day_first(each) else "month-first"): each for each in ambiguous.patterns
    }
    if stated in patterns:
        return patterns[stated]
    if is_draft:
        return ambiguous.patterns[0]
    question = (
        f"The dates of `{column}` can be read in two ways: "
        f"{' or '.join(f'{ambiguous.example} as {each}' for each in ambiguous.patterns)}."
    )
    if not may_ask or len(patterns) < 2:
        raise UsageError(
            question,
            f'Say it with --dates day-first or --dates month-first, or in a map:  date: "{ambiguous.patterns[0]}"',
        )
    note(question)
    answer = click.prompt("What comes first, day or month?", type=click.Choice(["day", "month"]))
    return patterns[f"{answer}-first"]


def _locked(context: Context, prepared: ImportPlan) -> AbstractContextManager[object]:
    """Hold the lock of the workspace; where no template was applied, there is no record page to claim."""
    page_id = prepared.destination.record_page
    if page_id is None or not prepared.writes:
        return nullcontext()
    return workspace_lock(context.gateway, page_id, context.claimant("import"))


def _opener(context: Context, template: str | None) -> Callable[[str], Destination]:
    catalogue = catalogue_of(context, template)
    return lambda name: open_destination(context.gateway, catalogue, name)


def _is_agreed(
    chosen: ChosenMap, prepared: ImportPlan, map_path: Path | None, *, yes: bool, as_json: bool
) -> bool:
    """Get a person's word: on what is to be written, and on a map that was only proposed, which --yes does not cover.

    Raises UsageError where there is nobody to ask, Abort when the answer is no.
    """
    is_proposed = chosen.how == "proposed"
    if yes and not is_proposed:
        return True
    asked = not as_json and sys.stdin.isatty()
    if asked:
        click.confirm("Import it by this map?" if is_proposed else "Import it?", abort=True)
        return True
    if not is_proposed and not prepared.writes:
        return True
    if not is_proposed:
        raise UsageError(
            f"{prepared.writes} writes wait for a yes, and there is no terminal to ask on.",
            "Nothing was changed. Look at them with --dry-run, then run it again with --yes.",
        )
    if map_path is not None:
        note(
            f"Nothing was imported. Look at {map_path}, correct it, and run the same command again."
        )
        return False
    raise UsageError(
        "This file is of no tool that is known here, and nobody has confirmed the map that is proposed.",
        "Nothing was changed. Write it to a file with  --map ours.yaml, look at it, and run the same command again.",
    )


def _set_aside(
    rejects: Sequence[RejectedRow],
    path: Path | None,
    file: str,
    directory: Path,
    columns: Sequence[str],
) -> None:
    """Write the rows that were not imported to the file of this source.

    Raises RowsRejected, unless an earlier run has reported the very same rows there. A pipe or a
    terminal holds nothing of an earlier run, and reading it back would wait for ever.
    """
    if not rejects:
        return
    default = Path("import" if file == STDIN else file).with_suffix(
        f".rejects{suffix_for(rejects)}"
    )
    path = path or _file_to_update(default, directory)
    before = path.read_bytes() if path.is_file() else None
    write_rejects(rejects, path, columns)
    if not path.is_file():
        raise RowsRejected(len(rejects), path)
    rejects_memory.remember(directory, path)
    if path.read_bytes() != before:
        raise RowsRejected(len(rejects), path)
    note(f"{quantity(len(rejects), 'row')} still cannot be imported, as before: see {path}.")


def _file_to_update(path: Path, directory: Path) -> Path:
    """Return the path, numbered where somebody has begun to correct the file there."""
    numbered = (path.with_stem(f"{path.stem}-{number}") for number in itertools.count(2))
    candidates = itertools.chain([path], numbered)
    return next(
        each
        for each in candidates
        if not each.exists() or rejects_memory.is_as_written(directory, each)
    )

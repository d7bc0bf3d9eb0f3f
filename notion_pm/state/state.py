"""What sync remembers of a workspace between two runs: pages as they were read, the baseline, and what has happened.

The cache of pages may be lost at any time, it is read anew. The baseline is memory: without it differing values are
reported rather than written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Concatenate, ParamSpec, Self, TypeVar

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from notion_pm.model.ids import NotionId
from notion_pm.model.import_write import ImportWrite
from notion_pm.model.manifest import Manifest
from notion_pm.model.snapshot import BaseValue, SnapshotPage
from notion_pm.model.state_home import SharedState, StateHome
from notion_pm.rules.evaluation import PropertyRef, QuarantinedValue
from notion_pm.rules.history import Actor, HistoryChange, pages_before
from notion_pm.rules.intents import Intent, Intents
from notion_pm.rules.sightings import Sighting
from notion_pm.state import history
from notion_pm.state.baseline import (
    drop_intent,
    put_baseline,
    put_intents,
    read_baseline,
    read_intents,
)
from notion_pm.state.cache import Cache, put_pages, read_cache
from notion_pm.state.connection import FILE, damaged, opened, unusable
from notion_pm.state.history import (
    RunRecord,
    changes_lately,
    drop_hold,
    put_changes,
    put_holds,
    put_run,
    read_changes,
    read_holds,
    read_runs,
)
from notion_pm.state.import_writes import put_import_writes, read_import_writes
from notion_pm.state.imports import (
    ImportedRow,
    put_imported,
    read_imported,
    spelling_key,
    spellings_of,
)
from notion_pm.state.parts import Part, drop_parts, put_part, read_parts
from notion_pm.state.plain_json import moment_from
from notion_pm.state.rows import Rows, transaction
from notion_pm.state.sightings import put_sightings, read_sightings
from notion_pm.state.tables import (
    ABSENT,
    HISTORY,
    IMPORT_WRITES,
    IMPORTED,
    MARKS,
    OPTION_NAMES,
    PAGES,
    RUNS,
    TEMPLATES,
)


@dataclass(frozen=True, slots=True)
class WorkspaceMemory:
    """What is remembered of a template's place: where its file is, its manifest, when it was last read in full.

    `ahead`: how far our clock is ahead of Notion's, so that no edit is missed for it.
    """

    source: str
    manifest: Manifest | None = None
    scope: str = ""
    read_in_full: datetime | None = None
    ahead: timedelta = timedelta()


_DAMAGE = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError)
"""What reading raises where a column holds what was never written to it, such as cut JSON."""

P = ParamSpec("P")
T = TypeVar("T")


def _reads(method: Callable[Concatenate[State, P], T]) -> Callable[Concatenate[State, P], T]:
    """Turn damage that a method meets into an error for people."""

    @wraps(method)
    def reading(state: State, /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(state, *args, **kwargs)
        except _DAMAGE as error:
            raise damaged(state.home, error) from error

    return reading


def _yields(
    method: Callable[Concatenate[State, P], Iterator[T]],
) -> Callable[Concatenate[State, P], Iterator[T]]:
    """Do so for a method that yields what it reads one by one."""

    @wraps(method)
    def reading(state: State, /, *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        found = method(state, *args, **kwargs)
        while True:
            try:
                item = next(found)
            except StopIteration:
                return
            except _DAMAGE as error:
                raise damaged(state.home, error) from error
            yield item

    return reading


class State:
    """The memory of one template in one workspace. Use it as a context manager; writes are atomic, call by call.

    What the database refuses while it is in use becomes FileUnusable or StateUnusable: a full disk, a folder or file
    that is not ours, damage, a lost connection. So does what was never written there, such as cut JSON.
    """

    def __init__(self, home: StateHome, template: str) -> None:
        self.home = home
        self._template = template
        self._connection = opened(home)
        self._rows = Rows(self._connection, template)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        self.close()
        if isinstance(error, SQLAlchemyError):
            raise unusable(self.home, error) from error

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    # --- what is remembered of the template

    @_reads
    def remembered(self) -> WorkspaceMemory | None:
        """Return what is remembered of the template, None when it is new here."""
        statement = select(TEMPLATES).where(TEMPLATES.c.name == self._template)
        row = self._connection.execute(statement).one_or_none()
        if row is None:
            return None
        return WorkspaceMemory(
            row.source,
            Manifest.model_validate_json(row.manifest) if row.manifest else None,
            row.scope,
            moment_from(row.read_in_full) if row.read_in_full else None,
            timedelta(seconds=row.ahead),
        )

    def remember(self, remembered: WorkspaceMemory) -> None:
        """Set what is remembered of the template."""
        manifest = remembered.manifest.model_dump_json() if remembered.manifest else None
        read_in_full = remembered.read_in_full.isoformat() if remembered.read_in_full else None
        ahead = remembered.ahead.total_seconds()
        self._rows.put(
            TEMPLATES, [(remembered.source, manifest, remembered.scope, read_in_full, ahead)]
        )

    # --- the cache

    @_reads
    def cache(self) -> Cache:
        """Return the pages as they were last read."""
        return read_cache(self._rows)

    def keep(
        self,
        pages: Iterable[SnapshotPage],
        marks: Mapping[str, datetime],
        absent: Mapping[NotionId, str],
        *,
        anew: bool = False,
        changes: Iterable[HistoryChange] = (),
    ) -> None:
        """Remember pages that were read, and what has changed, in one transaction.

        `anew`: they are all there are. Other pages are forgotten, and what was read on the way to them.
        """
        with transaction(self._connection):
            if anew:
                for table in (PAGES, MARKS, ABSENT):
                    self._rows.drop(table)
                drop_parts(self._rows)
            put_pages(self._rows, PAGES, pages)
            self._rows.put(MARKS, ((database, at.isoformat()) for database, at in marks.items()))
            self._rows.put(ABSENT, absent.items())
            put_changes(self._rows, changes)

    @_reads
    def parts(self) -> dict[str, Part]:
        """Return what a full read has got that did not come to its end, by database."""
        return read_parts(self._rows)

    def keep_part(self, database: str, part: Part) -> None:
        """Remember pages that a full read has got on its way, beside those that it had before."""
        with transaction(self._connection):
            put_part(self._rows, database, part)

    def forget_parts(self) -> None:
        """Let the next full read begin anew."""
        with transaction(self._connection):
            drop_parts(self._rows)

    @_reads
    def option_names(self) -> dict[str, str]:
        """Return the names that options were last seen with, by id."""
        return dict(self._rows.all(OPTION_NAMES, "option name"))

    def keep_option_names(self, names: Mapping[str, str]) -> None:
        """Remember the names of options."""
        with transaction(self._connection):
            self._rows.put(OPTION_NAMES, names.items())

    # --- the baseline

    @_reads
    def baseline(self) -> dict[NotionId, dict[str, BaseValue]]:
        """Return what pages held after the last sync, by page and property."""
        return read_baseline(self._rows)

    def keep_baseline(self, pages: Mapping[NotionId, Mapping[str, BaseValue]]) -> None:
        """Remember what pages hold after a sync, in one transaction."""
        with transaction(self._connection):
            put_baseline(self._rows, pages)

    @_reads
    def intents(self) -> dict[NotionId, dict[str, Intent]]:
        """Return what interrupted runs were about to write."""
        return read_intents(self._rows)

    def begin_writing(
        self, pages: Mapping[NotionId, Mapping[str, BaseValue]], intents: Intents
    ) -> None:
        """Remember what pages hold that are not written or were taken up, and what is about to be written."""
        with transaction(self._connection):
            for page_id in (*pages, *intents):
                drop_intent(self._rows, page_id)
            put_baseline(self._rows, pages)
            put_intents(self._rows, intents)

    def keep_written(
        self,
        page: SnapshotPage,
        memory: Mapping[str, BaseValue],
        changes: Iterable[HistoryChange] = (),
    ) -> None:
        """Remember a page that was just written: what it holds now, its baseline, its history, in one transaction."""
        with transaction(self._connection):
            put_pages(self._rows, PAGES, [page])
            put_baseline(self._rows, {page.id: memory})
            drop_intent(self._rows, page.id)
            put_changes(self._rows, changes)

    def forget(self, page_id: NotionId, reason: str, changes: Iterable[HistoryChange] = ()) -> None:
        """Drop a page that is no longer there from the cache, and remember why and what it held."""
        with transaction(self._connection):
            self._rows.drop(PAGES, page=page_id)
            self._rows.put(ABSENT, [(page_id, reason)])
            drop_intent(self._rows, page_id)
            put_changes(self._rows, changes)

    # --- what has happened

    def keep_run(self, run: RunRecord) -> None:
        """Remember that a run has begun, or how it ended."""
        put_run(self._rows, run)

    @_reads
    def runs(self, since: datetime | None = None) -> list[RunRecord]:
        """Return the runs that began at a moment or later, all without one; the oldest first."""
        return read_runs(self._rows, since)

    @_yields
    def changes(self, since: datetime) -> Iterator[HistoryChange]:
        """Yield what has changed on pages from a moment on, in its order."""
        return read_changes(self._rows, history.since(since))

    @_yields
    def changes_of(self, page_id: NotionId) -> Iterator[HistoryChange]:
        """Yield what has changed on a page, the latest first."""
        return read_changes(self._rows, HISTORY.c.page == page_id, latest_first=True)

    @_reads
    def changes_in(self, run: str, actor: Actor) -> list[HistoryChange]:
        """Return what rules or an undo have changed in a run, or what it noticed of people."""
        return list(read_changes(self._rows, HISTORY.c.run == run, HISTORY.c.actor == actor))

    @_reads
    def changes_lately(self, runs: int, before: str) -> list[list[HistoryChange]]:
        """Return what each of the last so many syncs before a run noticed and wrote, the oldest first."""
        return changes_lately(self._rows, runs, besides=before)

    @_reads
    def pages_at(self, moment: datetime) -> dict[NotionId, SnapshotPage]:
        """Return the pages as they were at a moment, as far back as history is kept."""
        now = (page for pages in self.cache().pages.values() for page in pages.values())
        later = read_changes(self._rows, history.after(moment), latest_first=True)
        return pages_before(now, later)

    def forget_before(self, moment: datetime) -> None:
        """Drop the history before a moment, so that it does not grow for ever."""
        with transaction(self._connection):
            history.prune(self._rows, moment)
            self._rows.drop_before(
                IMPORT_WRITES, "at", moment.astimezone(UTC).isoformat(timespec="microseconds")
            )

    # --- what reports saw

    @_reads
    def sightings(self) -> list[Sighting]:
        """Return what reports saw of pages, in the order of time."""
        return read_sightings(self._rows)

    def keep_sightings(self, sightings: Iterable[Sighting]) -> None:
        """Remember what a report saw."""
        with transaction(self._connection):
            put_sightings(self._rows, sightings)

    # --- what imports brought

    @_reads
    def imported(self, source_id: NotionId) -> dict[str, ImportedRow]:
        """Return what imports put into a data source, by the keys of their rows."""
        return read_imported(self._rows, source_id)

    def spellings(self, source_id: NotionId, *, source: str) -> dict[str, NotionId]:
        """Return the pages of a data source that the source of an import means by names."""
        return spellings_of(self.imported(source_id), source)

    def keep_spellings(
        self, source_id: NotionId, source: str, pages: Mapping[str, NotionId]
    ) -> None:
        """Remember which pages of a data source the source of an import means by names."""
        known = self.spellings(source_id, source=source)
        changed = {name: page for name, page in pages.items() if known.get(name) != page}
        self.keep_imported(
            source_id,
            ((spelling_key(source, name), ImportedRow(page, {})) for name, page in changed.items()),
        )

    def keep_imported(
        self, source_id: NotionId, imported: Iterable[tuple[str, ImportedRow]]
    ) -> None:
        """Remember rows that were imported, in one transaction."""
        with transaction(self._connection):
            put_imported(self._rows, source_id, imported)

    def forget_imported(self, source_id: NotionId, key: str) -> None:
        """Forget a row that was imported, as if it had never been."""
        self._rows.drop(IMPORTED, source=source_id, key=key)

    def keep_import_writes(self, run: str, at: datetime, writes: Iterable[ImportWrite]) -> None:
        """Remember what an import is about to write, or has written, in one transaction."""
        with transaction(self._connection):
            put_import_writes(self._rows, run, at, writes)

    def drop_import_write(self, run: str, entry: str) -> None:
        """Forget a write that Notion refused."""
        self._rows.drop(IMPORT_WRITES, run=run, entry=entry)

    @_reads
    def import_writes(self, run: str) -> list[ImportWrite]:
        """Return what an import wrote, or was about to write when it was interrupted."""
        return read_import_writes(self._rows, run)

    # --- quarantine

    @_reads
    def holds(self) -> dict[PropertyRef, QuarantinedValue]:
        """Return what is in quarantine."""
        return read_holds(self._rows)

    def keep_holds(
        self, holds: Mapping[PropertyRef, QuarantinedValue], released: Iterable[PropertyRef] = ()
    ) -> None:
        """Put properties in quarantine, and let others go."""
        with transaction(self._connection):
            for spot in released:
                drop_hold(self._rows, spot)
            put_holds(self._rows, holds)


def known_templates(home: StateHome) -> dict[str, str]:
    """Return the templates that were synced here: name -> where its file is."""
    if not isinstance(home, SharedState) and not (home / FILE).exists():
        return {}
    try:
        with closing(opened(home)) as connection:
            statement = select(TEMPLATES.c.name, TEMPLATES.c.source).order_by(TEMPLATES.c.name)
            return dict(connection.execute(statement).all())
    except SQLAlchemyError as error:
        raise unusable(home, error) from error


def template_of_last_import(home: StateHome) -> str | None:
    """Return under which template the last import is remembered, None where no import is."""
    if not isinstance(home, SharedState) and not (home / FILE).exists():
        return None
    try:
        with closing(opened(home)) as connection:
            runs = (
                select(RUNS.c.template)
                .where(RUNS.c.kind == "import")
                .order_by(RUNS.c.started.desc())
            )
            return connection.execute(runs.limit(1)).scalar()
    except SQLAlchemyError as error:
        raise unusable(home, error) from error


def remembered_manifests(home: StateHome) -> dict[str, Manifest]:
    """Return the records as they are remembered here, by template: {} where nothing is."""
    found = {}
    for name in known_templates(home):
        with State(home, name) as state:
            remembered = state.remembered()
        if remembered is not None and remembered.manifest is not None:
            found[name] = remembered.manifest
    return found


def forget_manifest(home: StateHome, template: str) -> None:
    """Forget the record of a template that was taken back; what else is remembered of it stays."""
    if template not in known_templates(home):
        return
    with State(home, template) as state:
        remembered = state.remembered()
        if remembered is not None:
            state.remember(replace(remembered, manifest=None))

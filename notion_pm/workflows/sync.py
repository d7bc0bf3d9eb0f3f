"""Sync: read what rules need, decide, write one request per changed page, remember."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from notion_pm.errors import NotShared, RequestRefused, UsageError
from notion_pm.gateway.notion import Gateway
from notion_pm.model.ids import NotionId
from notion_pm.model.manifest import Manifest
from notion_pm.model.rule import OnConflict
from notion_pm.model.template import LoadedTemplate
from notion_pm.rules import RuleSet, evaluate, require_modest
from notion_pm.rules.evaluation import Evaluation
from notion_pm.rules.values import Snapshot, SnapshotPage
from notion_pm.storage import template_files, templates
from notion_pm.storage.state import Remembered, State, exclusive, known_templates
from notion_pm.workflows.progress import Progress, silent
from notion_pm.workflows.sync_reading import FULL_AFTER, OVERLAP, Reader, Reading, vanished_pages
from notion_pm.workflows.sync_writing import Dropped, Writer, Written
from notion_pm.workflows.workspace import open_manifest


@dataclass(frozen=True, slots=True)
class Place:
    """Where to sync: the door, the page under which the databases are, and where the memory is kept."""

    gateway: Gateway
    parent_id: NotionId
    state_directory: Path
    now: datetime
    jobs: int = 4
    progress: Progress = silent


@dataclass(frozen=True, slots=True)
class Options:
    """How to sync. `policy` overrides the rules' own `on_conflict`; `force` passes the thresholds."""

    template: str | None = None
    dry_run: bool = False
    full: bool = False
    force: bool = False
    policy: OnConflict | None = None


@dataclass(frozen=True, slots=True)
class SyncResult:
    """What a sync came to, with what it takes to show it."""

    template: LoadedTemplate
    manifest: Manifest
    evaluation: Evaluation
    snapshot: Snapshot
    option_names: Mapping[str, str]
    requests: int
    dry_run: bool
    vanished: tuple[SnapshotPage, ...] = ()
    dropped: tuple[Dropped, ...] = ()


def sync(place: Place, options: Options = Options()) -> SyncResult:
    """Carry status and evidence along the relations of a workspace, by the rules of its template.

    Raises AlreadyRunning, UnsafeChange before the first write, IncompleteRead, UsageError when the workspace is not
    what the template says.
    """
    with exclusive(place.state_directory):
        before = place.gateway.requests.logical
        reference = options.template or _only_known(place.state_directory)
        loaded, manifest = _open(place, reference)
        with State(place.state_directory, loaded.template.template) as state:
            run = _Run(place, options, state, loaded, manifest)
            try:
                result = run.finished()
            except (NotShared, RequestRefused):
                if run.manifest_is_fresh:
                    raise
                result = _Run(place, replace(options, full=True), state, loaded, None).finished()
        return replace(result, requests=place.gateway.requests.logical - before)


def _only_known(state_directory: Path) -> str | None:
    """The template that is synced here, when there is exactly one."""
    known = known_templates(state_directory)
    return next(iter(known.values())) if len(known) == 1 else None


def _open(place: Place, reference: str | None) -> tuple[LoadedTemplate, Manifest | None]:
    """The template, and the manifest when it had to be read to find out which template it is."""
    if reference is not None:
        return _loaded(place, reference), None
    _, manifest = open_manifest(place.gateway, place.parent_id, None)
    if manifest.template not in template_files.shipped():
        raise UsageError(
            f"This workspace was made from a template of its own, {manifest.template!r}.",
            "Name its file:  notion-pm sync --template path/to/template.yaml",
        )
    return templates.load(manifest.template, manifest.variables), manifest


def source_of(loaded: LoadedTemplate) -> str:
    """Return what to call a template's file another time: its shipped name, or its path."""
    path = Path(loaded.source).resolve()
    return next((name for name, each in template_files.shipped().items() if each.resolve() == path), str(path))


def _loaded(place: Place, reference: str) -> LoadedTemplate:
    """The template with the variables that it was applied with."""
    loaded = templates.load(reference)
    with State(place.state_directory, loaded.template.template) as state:
        remembered = state.remembered()
    variables = remembered.manifest.variables if remembered and remembered.manifest else {}
    return templates.load(reference, variables) if variables else loaded


class _Run:
    """One sync of one template."""

    def __init__(
        self, place: Place, options: Options, state: State, loaded: LoadedTemplate, manifest: Manifest | None
    ) -> None:
        self._place = place
        self._options = options
        self._state = state
        self._loaded = loaded
        self._remembered = state.remembered() or Remembered(source_of(loaded))
        self._rules = RuleSet(loaded.template)
        cached = None if options.full else self._remembered.manifest
        if cached is not None and cached.version != loaded.template.version:
            cached = None
        self.manifest_is_fresh = cached is None
        self._manifest = cached or manifest or self._read_manifest()

    def finished(self) -> SyncResult:
        reader = Reader(
            self._place.gateway, self._rules, self._manifest, jobs=self._place.jobs, progress=self._place.progress
        )
        reading, vanished = self._read(reader)
        today = self._place.now.date()
        baseline = self._state.baseline()
        evaluation = evaluate(self._rules, reading.snapshot, baseline, today=today, policy=self._options.policy)
        if not self._options.force:
            require_modest(self._rules.vocabulary, evaluation, reading.snapshot)
        written = Written() if self._options.dry_run else self._carried_out(reader, reading, evaluation)
        return SyncResult(
            template=self._loaded,
            manifest=self._manifest,
            evaluation=evaluation,
            snapshot=reading.snapshot,
            option_names={**self._state.option_names(), **reading.option_names, **written.option_names},
            requests=0,
            dry_run=self._options.dry_run,
            vanished=vanished,
            dropped=written.dropped,
        )

    def _read_manifest(self) -> Manifest:
        name = self._loaded.template.template
        _, manifest = open_manifest(self._place.gateway, self._place.parent_id, name)
        if manifest.state == "applying":
            raise UsageError(
                f"An apply of {name} has begun and not ended.", f"Run it again first:  notion-pm apply {name}"
            )
        return manifest

    def _read(self, reader: Reader) -> tuple[Reading, tuple[SnapshotPage, ...]]:
        """Read what is needed; tell also which pages are no longer there."""
        cache = self._state.cache() if self._remembered.scope == reader.scope else None
        reading = reader.read(cache if cache and not self._is_due() else None, now=self._notions_now)
        vanished = vanished_pages(cache, reading, force=self._options.force) if cache and reading.full else ()
        return reading, vanished

    def _is_due(self) -> bool:
        """Whether everything is to be read anew."""
        last = self._remembered.read_in_full
        return self._options.full or last is None or self._place.now - last >= FULL_AFTER

    def _carried_out(self, reader: Reader, reading: Reading, evaluation: Evaluation) -> Written:
        """Remember what was read, write the updates, remember each."""
        self._keep(reader, reading)
        updated = {update.page.id for update in evaluation.updates}
        self._state.keep_baseline({id: each for id, each in evaluation.baseline.items() if id not in updated})
        writer = Writer(
            self._place.gateway,
            self._state,
            reader.exchanges,
            jobs=self._place.jobs,
            progress=self._place.progress,
        )
        written = writer.write(evaluation)
        self._state.keep_option_names(written.option_names)
        if written.began is not None:
            self._compare_clocks(written.began, reading)
        return written

    def _compare_clocks(self, began: datetime, reading: Reading) -> None:
        """Learn from the answers to our writes whether our clock is ahead of Notion's: its edits would be missed."""
        ahead = self._place.now - began
        self._remembered = replace(self._remembered, ahead=ahead if ahead > OVERLAP else timedelta())
        self._state.remember(self._remembered)
        self._state.keep((), dict.fromkeys(reading.marks, self._notions_now), {})

    @property
    def _notions_now(self) -> datetime:
        """When this run began, by Notion's clock as far as it is known."""
        return self._place.now - self._remembered.ahead

    def _keep(self, reader: Reader, reading: Reading) -> None:
        self._state.keep(reading.changed, reading.marks, reading.absent, anew=reading.full)
        self._state.keep_option_names(reading.option_names)
        read_in_full = self._place.now if reading.full else self._remembered.read_in_full
        self._remembered = replace(
            self._remembered,
            source=source_of(self._loaded),
            manifest=self._manifest,
            scope=reader.scope,
            read_in_full=read_in_full,
        )
        self._state.remember(self._remembered)

"""Applying with a journal: what `undo` needs to know is told before and after each write."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

from notion_pm.model.journal import Begun
from notion_pm.model.state_home import StateHome
from notion_pm.model.template import Template
from notion_pm.notion.client import NotionClient
from notion_pm.provision import provision
from notion_pm.provision.apply.sync_memory import remember_for_sync
from notion_pm.provision.journal_files import JournalWriter, path_of
from notion_pm.provision.plan.plan import Plan
from notion_pm.provision.provision import ApplyResult, Reading
from notion_pm.workspace.lock import Claimant
from notion_pm.workspace.progress import Progress, no_progress


def apply_recorded(
    gateway: NotionClient,
    plan: Plan,
    reading: Reading,
    state_directory: Path,
    *,
    state_home: StateHome,
    now: datetime,
    jobs: int = 4,
    progress: Progress = no_progress,
    force: bool = False,
    allow_lossy: bool = False,
    claimant: Claimant | None = None,
    again: Callable[[], tuple[Reading, Plan]] | None = None,
) -> ApplyResult:
    """Apply a plan, and remember what sync and `undo` will want to know of it. Errors are those of `provision.apply`.

    `now` is the time of this machine. The apply is recorded with Notion's time instead, in the same time zone: after an
    interruption, another machine compares it with the times of what was made.

    Raises FileUnusable as well: what cannot be told is not done.
    """
    now = gateway.server_time(now).astimezone(now.tzinfo)
    plan.raise_if_unsafe(force=force, allow_lossy=allow_lossy)
    if not plan.operations:
        return provision.apply(gateway, plan, reading, now=now)
    begun = _begun(reading, now)
    with JournalWriter(path_of(state_directory, plan.template, begun.started), begun) as journal:
        result = provision.apply(
            gateway,
            plan,
            reading,
            now=now,
            jobs=jobs,
            progress=progress,
            force=force,
            allow_lossy=allow_lossy,
            made=partial(remember_for_sync, state_home, reading.loaded),
            recorder=journal,
            claimant=claimant or Claimant(marks=state_directory / "claims"),
            again=again,
        )
        journal.ended(now)
    return result


def _begun(reading: Reading, now: datetime) -> Begun:
    """Return the journal's first line; one that is there already keeps its own."""
    template, existing = reading.loaded.template, reading.existing
    manifest = existing.manifest
    return Begun(
        loaded=reading.loaded,
        started=manifest.started if manifest and existing.interrupted else now,
        manifest=manifest,
        stamped={key: _stamped(template, key) for key in template.databases},
        partial=existing.interrupted,
    )


def _stamped(template: Template, database: str) -> tuple[str, ...]:
    """Return the properties that rules fill in: numbers, dates and notes, which are nobody's work."""
    stated = {key for key, each in template.databases[database].properties.items() if each.stamped}
    by_rules = {
        each.set.partition(".") for each in template.sync.values() if each.mode in {"stamp", "flag"}
    }
    return tuple(sorted(stated | {key for of, _, key in by_rules if of == database}))

"""Apply a plan, and remember what `undo` and sync need to know about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

from notion_pm.model.journal import Begun
from notion_pm.model.snapshot import BaseValue, RuleValue
from notion_pm.model.state_home import StateHome
from notion_pm.model.template import LoadedTemplate, Template
from notion_pm.model.template_schema import TemplateSchema
from notion_pm.notion.client import NotionClient
from notion_pm.provision import provision
from notion_pm.provision.journal_files import JournalWriter, journal_path
from notion_pm.provision.plan.plan import Plan
from notion_pm.provision.provision import AppliedRow, ApplyResult, ApplySettings, Reading
from notion_pm.rules import RuleSet
from notion_pm.rules.page_codec import PageCodec
from notion_pm.state.state import State
from notion_pm.state.workspace_memory import WorkspaceMemory
from notion_pm.workspace.lock import Claimant
from notion_pm.workspace.sync_context import template_source


def apply_recorded(
    client: NotionClient,
    plan: Plan,
    reading: Reading,
    settings: ApplySettings,
    *,
    state_directory: Path,
    state_home: StateHome,
) -> ApplyResult:
    """Apply a plan with a journal for `undo`, and remember its rows for sync.

    `settings.now` is the time of this machine. The apply is recorded with Notion's time, in the
    same time zone: after an interruption, another machine compares it with the times of what was
    created.

    Raises what `provision.apply` raises, and FileUnusable if the journal cannot be written: what
    could not be undone is not done.
    """
    now = client.server_time(settings.now).astimezone(settings.now.tzinfo)
    claimant = settings.claimant or Claimant(marks=state_directory / "claims")
    settings = replace(settings, now=now, claimant=claimant)
    plan.raise_if_unsafe(force=settings.force, allow_lossy=settings.allow_lossy)
    if not plan.operations:
        return provision.apply(client, plan, reading, settings)
    begun = _first_line(reading, now)
    path = journal_path(state_directory, plan.template, begun.started)
    # Opened before the first write: without a journal nothing may be changed.
    with JournalWriter(path, begun) as journal:
        result = provision.apply(
            client,
            plan,
            reading,
            settings,
            on_applied=partial(remember_for_sync, state_home, reading.loaded),
            recorder=journal,
        )
        journal.ended(now)
    return result


def _first_line(reading: Reading, now: datetime) -> Begun:
    """Return the journal's first line. An existing journal of an interrupted apply keeps its
    own."""
    template = reading.loaded.template
    manifest = reading.existing.manifest
    is_interrupted = reading.existing.is_interrupted
    return Begun(
        loaded=reading.loaded,
        started=manifest.started if manifest and is_interrupted else now,
        manifest=manifest,
        stamped={key: _properties_set_by_rules(template, key) for key in template.databases},
        partial=is_interrupted,
    )


def _properties_set_by_rules(template: Template, database: str) -> tuple[str, ...]:
    """Return the properties that rules fill in (numbers, dates and notes): their values are not the
    work of people."""
    keys = set()
    for key, prop in template.databases[database].properties.items():
        if prop.stamped:
            keys.add(key)
    for rule in template.sync.values():
        target_database, _, key = rule.set.partition(".")
        if rule.mode in {"stamp", "flag"} and target_database == database:
            keys.add(key)
    return tuple(sorted(keys))


def remember_for_sync(home: StateHome, loaded: LoadedTemplate, applied: ApplyResult) -> None:
    """Remember the manifest that an apply has left, and its rows as the baseline of the first sync.

    Rows that a sync knows already stay as it knows them.
    """
    manifest = applied.manifest
    if manifest is None:
        return
    rules = RuleSet(loaded.template)
    codecs = {
        key: PageCodec(rules.schema, key, manifest.databases[key], keys)
        for key, keys in rules.needs.items()
    }
    with State(home, loaded.template.template) as state:
        source = template_source(loaded)
        # The settings that sync remembers stay; only template and record are new.
        memory = state.workspace.read() or WorkspaceMemory(source)
        state.workspace.save(replace(memory, source=source, manifest=manifest))
        known_pages = state.baseline.read()
        baseline = {}
        for row in applied.applied_rows:
            if row.page_id not in known_pages and row.database in codecs:
                baseline[row.page_id] = _baseline_of_row(rules.schema, codecs[row.database], row)
        state.baseline.save(baseline)


def _baseline_of_row(
    schema: TemplateSchema, codec: PageCodec, row: AppliedRow
) -> Mapping[str, BaseValue]:
    """Return the values of a new row. Relations have no baseline."""
    values: dict[str, BaseValue] = {}
    for key in codec.keys:
        kind = schema.type(row.database, key)
        if kind == "relation":
            continue
        value: RuleValue = codec.decode_value(key, row.values.get(key))
        if value is None and kind == "status":
            # Notion shows the first option of a status that was never set.
            options = schema.options(row.database, key)
            value = options[0].key if options else None
        values[key] = BaseValue(value, starter=True)
    return values

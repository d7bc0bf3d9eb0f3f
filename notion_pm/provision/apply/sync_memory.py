"""What an apply tells sync: which rows it made, and with what values. They are nobody's work yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from notion_pm.model.snapshot import BaseValue, RuleValue
from notion_pm.model.state_home import StateHome
from notion_pm.model.template import LoadedTemplate
from notion_pm.model.template_schema import TemplateSchema
from notion_pm.provision.provision import AppliedRow, ApplyResult
from notion_pm.rules import RuleSet
from notion_pm.rules.page_codec import PageCodec
from notion_pm.state.state import State
from notion_pm.state.workspace_memory import WorkspaceMemory
from notion_pm.workspace.sync_context import template_source


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
        remembered = state.workspace.read() or WorkspaceMemory(template_source(loaded))
        state.workspace.save(replace(remembered, source=template_source(loaded), manifest=manifest))
        known = state.baseline.read()
        new = [
            row
            for row in applied.applied_rows
            if row.page_id not in known and row.database in codecs
        ]
        state.baseline.save(
            {row.page_id: _memory(rules.schema, codecs[row.database], row) for row in new}
        )


def _memory(
    vocabulary: TemplateSchema, codec: PageCodec, row: AppliedRow
) -> Mapping[str, BaseValue]:
    """What a new row holds: what was written, and in a status that was not, Notion's default, its first option."""
    held: dict[str, RuleValue] = {
        key: codec.decode_value(key, row.values.get(key)) for key in codec.keys
    }
    for key in codec.keys:
        if held[key] is None and vocabulary.type(row.database, key) == "status":
            held[key] = next((each.key for each in vocabulary.options(row.database, key)), None)
    scalar = {key for key in codec.keys if vocabulary.type(row.database, key) != "relation"}
    return {key: BaseValue(value, starter=True) for key, value in held.items() if key in scalar}

"""Check the applied templates for `doctor`: records, databases, state, and what rules need."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress

from notion_pm.clients.check import Check
from notion_pm.errors import NotionError, NotionPmError, NotShared, TemplateInvalid, UsageError
from notion_pm.model.ids import NotionId
from notion_pm.model.manifest import DatabaseEntry, Manifest
from notion_pm.model.schema import ChildBlock, DataSource
from notion_pm.model.state_home import StateHome
from notion_pm.model.template import Template
from notion_pm.notion.client import NotionClient
from notion_pm.rules import RuleSet
from notion_pm.state.state import State
from notion_pm.template import template_files, templates
from notion_pm.workspace.claims import Claim
from notion_pm.workspace.record import find_record, missing_record_error, record_blocks
from notion_pm.workspace.record_text import template_of


def examine_templates(
    notion: NotionClient, parent_id: NotionId, children: Sequence[ChildBlock], home: StateHome
) -> Iterator[Check]:
    """Yield the checks of each template that was applied under the parent page."""
    names = list(dict.fromkeys(template_of(block.title) for block in record_blocks(children)))
    # Without a record page of a known title, look for any record: people may have renamed it.
    for name in names or [None]:
        what = f"template {name}" if name else "templates"
        try:
            page = find_record(notion, parent_id, children, name, home)
        except NotionPmError as error:
            # One damaged record must not hide the state of the other templates.
            yield Check(what, ok=False, detail=str(error), advice=error.advice)
            continue
        if page is not None:
            yield from _locks(page.claims)
            yield from _AppliedTemplate(notion, page.manifest, home).checks()
        elif name is None:
            yield _without_record(what, children)


def _without_record(what: str, children: Sequence[ChildBlock]) -> Check:
    """Return the check for a page without a record.

    Either nothing was applied yet, or the record was deleted.
    """
    titles = {
        block.title for block in children if block.type == "child_database" and not block.in_trash
    }
    found = _template_of_databases(titles)
    if found is not None:
        database_titles = sorted(database.title for database in found.databases.values())
        lost = missing_record_error(found.template, database_titles)
        return Check(what, ok=False, detail=str(lost), advice=lost.advice)
    step = "Run  notion-pm apply product."
    if titles:
        step += (
            " If the databases of a template are here and its record page was deleted:"
            "  notion-pm repair NAME"
        )
    return Check(what, ok=None, detail="none applied yet", advice=step)


def _template_of_databases(titles: Collection[str]) -> Template | None:
    """Return the largest shipped template with a database of every title, or None."""
    candidates = []
    for name in template_files.shipped_templates():
        template = templates.load(name).template
        if all(database.title in titles for database in template.databases.values()):
            candidates.append(template)
    # The largest: all databases of a small template may also be in a larger one.
    return max(candidates, key=lambda template: len(template.databases), default=None)


def _locks(claims: Sequence[Claim]) -> Iterator[Check]:
    # All claims are shown: only the server's clock decides whether one has expired.
    for claim in claims:
        advice = (
            f"Wait until it ends. The claim of a dead run expires ({claim.expires_at}); "
            "--break-lock removes it at once."
        )
        yield Check("lock", ok=None, detail=f"another run is active: {claim}", advice=advice)


class _AppliedTemplate:
    """The checks of one applied template."""

    def __init__(self, notion: NotionClient, manifest: Manifest, home: StateHome) -> None:
        self._notion = notion
        self._name = manifest.template
        self._manifest = manifest
        self._home = home
        self._sources: dict[str, DataSource] = {}

    def checks(self) -> Iterator[Check]:
        manifest = self._manifest
        yield self._record(manifest)
        for entry_key, entry in manifest.databases.items():
            trouble = self._database(entry_key, entry)
            if trouble is not None:
                yield trouble
        count = len(self._sources)
        if count == len(manifest.databases):
            yield Check(
                f"databases of {self._name}", ok=True, detail=f"{count} of {count} can be read"
            )
        yield from self._views(manifest)
        yield from self._state(manifest)

    def _record(self, manifest: Manifest) -> Check:
        if manifest.state == "applying":
            advice = f"Run  notion-pm apply {self._name}  again: it creates only what is missing."
            return Check(
                f"template {self._name}", ok=False, detail="an apply was interrupted", advice=advice
            )
        return Check(
            f"template {self._name}",
            ok=True,
            detail=f"applied: {self._name}, version {manifest.version}",
        )

    def _database(self, key: str, entry: DatabaseEntry) -> Check | None:
        """Read a database of the template. Return its problem, or None."""
        what = f"{'bound ' if entry.bound else ''}database {entry.title or key!r}"
        try:
            source = self._notion.get_data_source(entry.data_source_id)
        except NotShared:
            advice = (
                "Share it (••• top right > Connections > your connection), "
                "or restore it if it was deleted."
            )
            return Check(
                what,
                ok=False,
                detail="it was deleted, or is not shared with the connection",
                advice=advice,
            )
        except NotionError as error:
            return Check(what, ok=False, detail=str(error), advice=error.advice)
        if source.in_trash:
            advice = "Restore it in Notion: Trash in the sidebar, its name, Restore."
            return Check(what, ok=False, detail="it is in the trash", advice=advice)
        self._sources[key] = source
        return None

    def _views(self, manifest: Manifest) -> Iterator[Check]:
        """Try on one database whether the connection can read views."""
        readable = (entry for key, entry in manifest.owned.items() if key in self._sources)
        entry = next(readable, None)
        if entry is None:
            return
        try:
            self._notion.list_view_ids(entry.database_id)
        except NotionError as error:
            yield Check(f"views of {self._name}", ok=False, detail=str(error), advice=error.advice)
        else:
            yield Check(f"views of {self._name}", ok=True, detail="can be read")

    def _state(self, manifest: Manifest) -> Iterator[Check]:
        """Open the state of sync, and check the properties that the rules need."""
        try:
            with State(self._home, self._name) as state:
                remembered = state.workspace.read()
        except NotionPmError as error:
            yield Check("local state", ok=False, detail=str(error), advice=error.advice)
            return
        yield Check("local state", ok=True, detail="can be read and written")
        # A template from another folder may not exist on this machine.
        with suppress(TemplateInvalid, UsageError):
            source = remembered.source if remembered else self._name
            yield from self._needs(
                manifest, RuleSet(templates.load(source, manifest.variables).template)
            )

    def _needs(self, manifest: Manifest, rules: RuleSet) -> Iterator[Check]:
        missing = []
        for database, keys in rules.needs.items():
            if database not in self._sources:
                continue
            existing = self._sources[database].properties
            # Compared by id: people may rename a property, and its id stays (notion-api.md 6, item
            # 11).
            recorded = manifest.databases[database].properties
            missing += [f"{database}.{key}" for key in keys if recorded.get(key) not in existing]
        if missing:
            advice = f"See how to restore them:  notion-pm plan {self._name}"
            yield Check(
                "rules",
                ok=False,
                detail=f"these properties of the rules are missing: {', '.join(missing)}",
                advice=advice,
            )
        elif rules.needs:
            yield Check("rules", ok=True, detail="all properties that they need exist")

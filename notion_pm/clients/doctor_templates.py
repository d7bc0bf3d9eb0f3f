"""What `doctor` finds of the templates that were applied: their records, their databases, and what rules need."""

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
    gateway: NotionClient, parent_id: NotionId, children: Sequence[ChildBlock], home: StateHome
) -> Iterator[Check]:
    """Yield what is found of each template that was applied under the parent page."""
    names = list(dict.fromkeys(template_of(block.title) for block in record_blocks(children)))
    for name in names or [
        None
    ]:  # without a title, any template: its record page may have been renamed
        what = f"template {name}" if name else "templates"
        try:
            page = find_record(gateway, parent_id, children, name, home)
        except NotionPmError as error:
            yield Check(what, ok=False, detail=str(error), advice=error.advice)
            continue
        if page is not None:
            yield from _locks(page.claims)
            yield from _Template(gateway, page.manifest, home).checks()
        elif name is None:
            yield _without_record(what, children)


def _without_record(what: str, children: Sequence[ChildBlock]) -> Check:
    """Say what to do where no record is: nothing was applied yet, or the record was deleted."""
    titles = {
        block.title for block in children if block.type == "child_database" and not block.in_trash
    }
    found = _template_of_databases(titles)
    if found is not None:
        lost = missing_record_error(
            found.template, sorted(each.title for each in found.databases.values())
        )
        return Check(what, ok=False, detail=str(lost), advice=lost.advice)
    step = "Run  notion-pm apply product."
    if titles:
        step += " If a template's databases are here and its record page was deleted:  notion-pm repair NAME"
    return Check(what, ok=None, detail="none applied yet", advice=step)


def _template_of_databases(titles: Collection[str]) -> Template | None:
    """Return the largest shipped template whose databases are all there by their titles."""
    candidates = []
    for name in template_files.shipped():
        template = templates.load(name).template
        if all(each.title in titles for each in template.databases.values()):
            candidates.append(template)
    return max(candidates, key=lambda template: len(template.databases), default=None)


def _locks(claims: Sequence[Claim]) -> Iterator[Check]:
    """Say who holds the lock. Whether a claim has expired only the server's clock tells, so each is shown."""
    for claim in claims:
        advice = (
            f"Let it end. A claim of a dead run expires ({claim.expires_at}) and is removed by the next run; "
            "--break-lock removes it at once."
        )
        yield Check("lock", ok=None, detail=f"at work: {claim}", advice=advice)


class _Template:
    """One applied template."""

    def __init__(self, gateway: NotionClient, manifest: Manifest, home: StateHome) -> None:
        self._gateway = gateway
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
        yield from self._memory(manifest)

    def _record(self, manifest: Manifest) -> Check:
        if manifest.state == "applying":
            advice = f"Run  notion-pm apply {self._name}  again: it makes only what is missing."
            return Check(
                f"template {self._name}", ok=False, detail="an apply was interrupted", advice=advice
            )
        return Check(
            f"template {self._name}",
            ok=True,
            detail=f"applied: {self._name}, version {manifest.version}",
        )

    def _database(self, key: str, entry: DatabaseEntry) -> Check | None:
        """Read a database of the template; None when it is well."""
        what = f"{'bound ' if entry.bound else ''}database {entry.title or key!r}"
        try:
            source = self._gateway.get_data_source(entry.data_source_id)
        except NotShared:
            advice = "Share it (••• top right > Connections > your connection), or restore it if it was deleted."
            return Check(
                what,
                ok=False,
                detail="it is gone, or no longer shared with the connection",
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
        """Prove on one database that Notion lets the connection see views."""
        entry = next((each for key, each in manifest.owned.items() if key in self._sources), None)
        if entry is None:
            return
        try:
            self._gateway.list_view_ids(entry.database_id)
        except NotionError as error:
            yield Check(f"views of {self._name}", ok=False, detail=str(error), advice=error.advice)
        else:
            yield Check(f"views of {self._name}", ok=True, detail="can be read")

    def _memory(self, manifest: Manifest) -> Iterator[Check]:
        """Open what sync remembers, and see whether the properties that its rules need are still there."""
        try:
            with State(self._home, self._name) as state:
                remembered = state.workspace.read()
        except NotionPmError as error:
            yield Check("local state", ok=False, detail=str(error), advice=error.advice)
            return
        yield Check("local state", ok=True, detail="can be read and written")
        with suppress(
            TemplateInvalid, UsageError
        ):  # a template of another folder, which this machine does not have
            source = remembered.source if remembered else self._name
            yield from self._needs(
                manifest, RuleSet(templates.load(source, manifest.variables).template)
            )

    def _needs(self, manifest: Manifest, rules: RuleSet) -> Iterator[Check]:
        missing_record_error = [
            f"{database}.{key}"
            for database, keys in rules.needs.items()
            if database in self._sources
            for key in keys
            if manifest.databases[database].properties.get(key)
            not in self._sources[database].properties
        ]
        if missing_record_error:
            advice = f"See what would bring it back:  notion-pm plan {self._name}"
            yield Check(
                "rules",
                ok=False,
                detail=f"they need what is gone: {', '.join(missing_record_error)}",
                advice=advice,
            )
        elif rules.needs:
            yield Check("rules", ok=True, detail="everything that they need is there")

"""What is remembered of a workspace as a whole: its template, its record, when it was read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from notion_pm.model.manifest import Manifest
from notion_pm.state.plain_json import moment_from
from notion_pm.state.rows import Rows, damage_reported
from notion_pm.state.tables import TEMPLATES


@dataclass(frozen=True, slots=True)
class WorkspaceMemory:
    """What is remembered of the workspace of a template.

    `source`: the template's shipped name or path. `scope`: a fingerprint of what the cached pages
    hold. `read_in_full`: when all pages were last read. `ahead`: how far our clock is ahead of
    Notion's; without it, edits would be missed.
    """

    source: str
    manifest: Manifest | None = None
    scope: str = ""
    read_in_full: datetime | None = None
    ahead: timedelta = timedelta()


class WorkspaceStore:
    """The one row of a template in the table of templates."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def read(self) -> WorkspaceMemory | None:
        """Return what is remembered of the workspace, None when its template is new here."""
        statement = select(TEMPLATES).where(TEMPLATES.c.name == self._rows.template)
        row = self._rows.connection.execute(statement).one_or_none()
        if row is None:
            return None
        with damage_reported():
            return WorkspaceMemory(
                source=row.source,
                manifest=Manifest.model_validate_json(row.manifest) if row.manifest else None,
                scope=row.scope,
                read_in_full=moment_from(row.read_in_full) if row.read_in_full else None,
                ahead=timedelta(seconds=row.ahead),
            )

    def save(self, memory: WorkspaceMemory) -> None:
        """Replace what is remembered of the workspace."""
        manifest = memory.manifest.model_dump_json() if memory.manifest else None
        read_in_full = memory.read_in_full.isoformat() if memory.read_in_full else None
        ahead = memory.ahead.total_seconds()
        row = (memory.source, manifest, memory.scope, read_in_full, ahead)
        self._rows.put(TEMPLATES, [row])

"""Where the memory of a workspace is kept: in a folder of this machine, or in a database that machines share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from notion_pm.model.ids import NotionId


@dataclass(frozen=True, slots=True)
class SharedState:
    """A PostgreSQL database. In it each workspace, told by its parent page, has a schema of its own."""

    url: SecretStr
    workspace: NotionId

    @property
    def schema(self) -> str:
        """The name of the schema that holds this workspace's tables."""
        return f"notion_pm_{self.workspace.replace('-', '')}"


StateHome = Path | SharedState
"""A folder, with a SQLite file in it, or a database."""

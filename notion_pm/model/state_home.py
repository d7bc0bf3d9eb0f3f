"""Where the state of a workspace is stored: in a folder, or in a database that machines share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from notion_pm.model.ids import NotionId


@dataclass(frozen=True, slots=True)
class SharedState:
    """A PostgreSQL database. Each workspace (by its parent page) has its own schema in it."""

    url: SecretStr
    workspace: NotionId

    @property
    def schema(self) -> str:
        """The name of the schema with this workspace's tables."""
        # 42 characters. PostgreSQL would cut a name after 63.
        return f"notion_pm_{self.workspace.replace('-', '')}"


StateHome = Path | SharedState
"""A folder with a SQLite file, or a database."""

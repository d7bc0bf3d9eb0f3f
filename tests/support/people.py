"""What people can do in Notion and its API cannot: done where the local workspace keeps things."""

from __future__ import annotations

import json
from typing import Any

from notion_pm.emulator import LocalWorkspace


def edit_option(workspace: LocalWorkspace, option_id: str, *, name: str, color: str) -> None:
    """Rename and recolour an option in place: pages that hold it show it at once."""

    def edited(json_object: dict[str, Any]) -> dict[str, Any]:
        return (
            {**json_object, "name": name, "color": color}
            if json_object.get("id") == option_id
            else json_object
        )

    with workspace._store.transaction(write=True) as db:
        for table in ("data_sources", "pages"):
            for row_id, text in db.execute(f"SELECT id, properties FROM {table}").fetchall():
                changed = json.dumps(json.loads(text, object_hook=edited), ensure_ascii=False)
                db.execute(f"UPDATE {table} SET properties = ? WHERE id = ?", (changed, row_id))

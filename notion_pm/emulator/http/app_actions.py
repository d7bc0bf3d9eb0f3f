"""Actions of people in Notion's app that the API has no request for.

Tests use them by control routes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from notion_pm.emulator.http import checks
from notion_pm.emulator.pages import page_templates
from notion_pm.emulator.schema import data_sources
from notion_pm.emulator.store import bootstrap
from notion_pm.emulator.store.clock import Clock
from notion_pm.emulator.store.ids import new_id
from notion_pm.emulator.store.session import NEW_VERSION, Session, Settings
from notion_pm.emulator.store.store import Store
from notion_pm.emulator.values import custom_emojis, users

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class AppActions:
    """The actions on one workspace, done as its first person."""

    store: Store
    settings: Settings
    clock: Clock

    def add_user(self, body: Json) -> Json:
        """Add a person, or the bot of another connection, and return it. Raises ApiError (400)."""
        kind = checks.one_of(body.get("type", "person"), ("person", "bot"), "body.type")
        name = checks.a_string(checks.require(body, "name"), "body.name")
        picture = body.get("avatar_url")
        user_id = new_id()
        if kind == "person":
            user: Json = {
                "object": "user",
                "id": user_id,
                "name": name,
                "avatar_url": None,
                "type": kind,
            }
            user["person"] = checks.optional_object(body, "person")
        else:
            user = bootstrap.bot(replace(self.settings, bot_id=user_id, integration_name=name))
        if picture is not None:
            user["avatar_url"] = checks.an_address(picture, "body.avatar_url")
        with self.store.transaction(write=True) as db:
            bootstrap.add_user(db, user)
        return user

    def is_person(self, user_id: str) -> bool:
        """Return whether the workspace has a person with this id."""
        with self.store.transaction(write=False) as db:
            return users.is_person(db, user_id)

    def add_custom_emoji(self, body: Json) -> Json:
        """Add a custom emoji and return it. Raises ApiError (400)."""
        name = checks.a_string(checks.require(body, "name"), "body.name")
        url = checks.an_address(checks.require(body, "url"), "body.url")
        with self._session() as session:
            return custom_emojis.add(session, name, url)

    def turn_into_wiki(self, data_source_id: str) -> Json:
        """Turn a data source into a wiki and return it. Raises ApiError (404)."""
        with self._session() as session:
            data_sources.turn_into_wiki(session, data_source_id)
            return data_sources.serialize(session, session.data_source(data_source_id))

    def add_template(self, data_source_id: str, body: Json) -> Json:
        """Add a page template to a data source and return its id. Raises ApiError (400, 404)."""
        name = checks.a_string(checks.require(body, "name"), "body.name")
        markdown = checks.a_string(body.get("markdown", ""), "body.markdown")
        is_default = checks.flag(body, "is_default", default=False)
        with self._session() as session:
            template_id = page_templates.add(
                session, data_source_id, name, markdown, is_default=is_default
            )
        return {"id": template_id, "name": name, "is_default": is_default}

    @contextmanager
    def _session(self) -> Iterator[Session]:
        with self.store.transaction(write=True) as db:
            person = users.first_person(db) or self.settings.bot_id
            # The author of what is made. A workspace always has a person, see bootstrap.py.
            acting = replace(self.settings, bot_id=person, is_person=True)
            yield Session(db, self.clock(), NEW_VERSION, acting)

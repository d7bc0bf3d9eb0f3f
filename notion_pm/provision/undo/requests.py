"""Doing the acts of an undo, each one request."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from notion_pm.errors import NotShared
from notion_pm.model.ids import NotionId
from notion_pm.model.schema import View, options_of
from notion_pm.notion.client import NotionClient
from notion_pm.notion.connection import Postponed
from notion_pm.provision.undo.steps import (
    Act,
    DeleteView,
    MakeView,
    SetDatabase,
    SetProperties,
    SetView,
    TrashDatabase,
    TrashPage,
)
from notion_pm.workspace.fresh_updates import UpdateSender


class Doing:
    """Does the acts. `views` and `options` are those that were made again, by database and key.

    The key of an option is `property.option`.
    """

    def __init__(self, gateway: NotionClient) -> None:
        self._gateway = gateway
        self._sender = UpdateSender(gateway)
        self.views: dict[tuple[str, str], NotionId] = {}
        self.options: dict[tuple[str, str], str] = {}

    def start_batch(self) -> None:
        """Call this when what the next acts take away has just been read."""
        self._sender.start_batch()

    def __call__(self, act: Act) -> bool:
        """Do an act; return False for a row that has to be judged again first."""
        if isinstance(act, TrashPage):
            return not isinstance(self._sender.trash(act.page_id), Postponed)
        self._do(act)
        return True

    def _do(self, act: Act) -> None:
        match act:
            case TrashDatabase(_, database_id):
                self._gateway.trash_database(database_id)
            case DeleteView(_, view_id):
                with suppress(NotShared):  # a widget goes with its dashboard
                    self._gateway.delete_view(view_id)
            case SetView(_, before, current):
                self._set_view(before, current)
            case MakeView():
                self.views[act.database, act.key] = act.twin or self._make_view(act)
            case SetDatabase(_, database_id, title, icon, description):
                self._gateway.update_database(
                    database_id, title=title, icon=icon, description=description
                )
            case SetProperties():
                self._set_properties(act)

    def _set_properties(self, act: SetProperties) -> None:
        source = self._gateway.update_data_source(act.data_source_id, act.patches)
        for place, back in act.options_back.items():
            options = options_of(source.properties[back.property_id])
            named = [
                option.id for option in options if option.name.casefold() == back.name.casefold()
            ]
            if named and named[0]:
                self.options[act.database, place] = named[0]

    def _set_view(self, before: View, current: View) -> None:
        """Set a view as it was: settings that it did not have are emptied (notion-api.md 2.6)."""
        emptied = dict.fromkeys(current.configuration.keys() - before.configuration.keys())
        self._gateway.update_view(
            current.id,
            name=before.name,
            filter=before.filter,
            sorts=before.sorts or None,
            configuration={**emptied, **_writable(before.configuration)},
            whole=True,
        )

    def _make_view(self, act: MakeView) -> NotionId:
        before, known = act.before, set(self._gateway.list_view_ids(act.database_id))

        def look_up() -> View | None:
            new = set(self._gateway.list_view_ids(act.database_id)) - known
            return self._gateway.get_view(new.pop()) if new else None

        assert before.data_source_id is not None, "views of ours show a data source"
        view = self._gateway.create_view(
            act.database_id,
            before.data_source_id,
            before.name,
            before.type,
            filter=before.filter,
            sorts=before.sorts or None,
            configuration=_writable(before.configuration),
            look_up=look_up,
        )
        return view.id


def _writable(json: Any) -> Any:
    """Return a configuration as requests take it: answers name properties beside their ids."""
    if isinstance(json, list):
        return [_writable(each) for each in json]
    if isinstance(json, Mapping):
        return {key: _writable(each) for key, each in json.items() if key != "property_name"}
    return json

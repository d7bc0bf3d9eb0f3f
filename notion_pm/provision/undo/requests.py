"""Send the requests of an undo."""

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
    DeleteView,
    MakeView,
    SetDatabase,
    SetProperties,
    SetView,
    TrashDatabase,
    TrashPage,
    UndoRequest,
)
from notion_pm.workspace.fresh_updates import UpdateSender


class RequestSender:
    """Sends the requests of an undo and remembers what they made.

    `remade_views`: the ids of views that were made again, by database and key. `remade_options`:
    the ids of options that were made again, by database and `property key.option key`.
    """

    def __init__(self, client: NotionClient) -> None:
        self._client = client
        self._sender = UpdateSender(client)
        self.remade_views: dict[tuple[str, str], NotionId] = {}
        self.remade_options: dict[tuple[str, str], str] = {}

    def start_batch(self) -> None:
        """Call this right after reading what the next requests take away."""
        self._sender.start_batch()

    def send(self, request: UndoRequest) -> bool:
        """Send a request. Return False for a row that must be read and judged again first."""
        if isinstance(request, TrashPage):
            outcome = self._sender.trash(request.page_id)
            return not isinstance(outcome, Postponed)
        self._send(request)
        return True

    def _send(self, request: UndoRequest) -> None:
        match request:
            case TrashDatabase(_, database_id):
                self._client.trash_database(database_id)
            case DeleteView(_, view_id):
                with suppress(NotShared):  # a widget is deleted with its dashboard
                    self._client.delete_view(view_id)
            case SetView(_, before, now):
                self._set_view(before, now)
            case MakeView():
                view_id = request.existing_id or self._make_view(request)
                self.remade_views[request.database, request.key] = view_id
            case SetDatabase(_, database_id, title, icon, description):
                self._client.update_database(
                    database_id, title=title, icon=icon, description=description
                )
            case SetProperties():
                self._set_properties(request)

    def _set_properties(self, request: SetProperties) -> None:
        source = self._client.update_data_source(request.data_source_id, request.patches)
        for place, remade in request.remade_options.items():
            for option in options_of(source.properties[remade.property_id]):
                if option.id and option.name.casefold() == remade.name.casefold():
                    self.remade_options[request.database, place] = option.id

    def _set_view(self, before: View, now: View) -> None:
        """Give a view its old settings; settings that it did not have are cleared."""
        # A PATCH of a view merges the configuration, so a setting is only removed by sending null
        # (notion-api.md 2.6).
        cleared = dict.fromkeys(now.configuration.keys() - before.configuration.keys())
        self._client.update_view(
            now.id,
            name=before.name,
            filter=before.filter,
            sorts=before.sorts or None,
            configuration={**cleared, **_writable(before.configuration)},
            whole=True,
        )

    def _make_view(self, request: MakeView) -> NotionId:
        before = request.before
        assert before.data_source_id is not None, "a view of a template shows a data source"
        ids_before = set(self._client.list_view_ids(request.database_id))

        def find_new_view() -> View | None:
            """Find the view after an answer was lost, so that it is not made twice."""
            new_ids = set(self._client.list_view_ids(request.database_id)) - ids_before
            return self._client.get_view(new_ids.pop()) if new_ids else None

        view = self._client.create_view(
            request.database_id,
            before.data_source_id,
            before.name,
            before.type,
            filter=before.filter,
            sorts=before.sorts or None,
            configuration=_writable(before.configuration),
            look_up=find_new_view,
        )
        return view.id


def _writable(json: Any) -> Any:
    """Return a configuration without property names: answers have them, requests refuse them."""
    if isinstance(json, list):
        return [_writable(item) for item in json]
    if isinstance(json, Mapping):
        return {key: _writable(value) for key, value in json.items() if key != "property_name"}
    return json

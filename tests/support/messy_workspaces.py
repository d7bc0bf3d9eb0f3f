"""Workspaces as consultants find them: names in other languages and words, other types, columns of
their own, rows.
"""

from __future__ import annotations

from typing import Any

import httpx

from notion_pm.emulator import LocalWorkspace
from notion_pm.model.ids import NotionId
from notion_pm.model.page import OptionValue, PropertyValue, RelationValue
from notion_pm.model.schema import (
    Database,
    NumberConfig,
    Option,
    OptionsConfig,
    PropertyConfig,
    PropertyPatch,
    RelationConfig,
    UniqueIdConfig,
)
from notion_pm.notion.client import NotionClient
from tests.conftest import client_of


def _is(
    kind: str, config: PropertyConfig | None = None, description: str | None = None
) -> PropertyPatch:
    return PropertyPatch(type=kind, config=config, description=description)


def _options(*names: str) -> OptionsConfig:
    return OptionsConfig(tuple(Option(each, color="gray") for each in names))


def _made(notion: NotionClient, parent: str, title: str, **properties: PropertyPatch) -> Database:
    named = {key.replace("_", " "): each for key, each in properties.items()}
    return notion.create_database(parent, title, named, icon="🗂", look_up=lambda: None)


def german(notion: NotionClient, parent: str) -> dict[str, Database]:
    """Feedback in German: a select where the template has a status, and options in other words and
    cases.
    """
    feedback = _made(
        notion,
        parent,
        "🗣 Kundenfeedback",
        Titel=_is("title"),
        Zitat=_is("rich_text", description="Wörtlich"),
        Kunde=_is("rich_text"),
        Wichtigkeit=_is("select", _options("Kritisch", "hoch", "egal")),
        Status=_is("select", _options("Neu", "Erledigt")),
        Betreuer=_is("people"),
        ARR=_is("number", NumberConfig("euro")),
        Mittagessen=_is("checkbox"),
    )
    source = notion.get_data_source(feedback.data_source_ids[0])
    held = {
        "Titel": "Zu langsam",
        "Zitat": "Das dauert ewig",
        "Status": OptionValue("", "Neu"),
        "ARR": 12000,
    }
    _write(notion, source.id, held)
    return {"insights": feedback}


def english(notion: NotionClient, parent: str) -> dict[str, Database]:
    """A roadmap with columns that are called nearly the same, texts for people and numbers, and an
    id of its own.
    """
    roadmap = _made(
        notion,
        parent,
        "Roadmap",
        Item=_is("title"),
        Stage=_is("status"),
        stage_=_is("rich_text"),
        Prio=_is("select", _options("P1", "p3", "Someday")),
        Estimate=_is("number", NumberConfig("percent")),
        Owner=_is("rich_text"),
        DRI=_is("people"),
        Due=_is("date"),
        ID=_is("unique_id", UniqueIdConfig("RM")),
        Evidence_count=_is("rich_text"),
    )
    source_id = roadmap.data_source_ids[0]
    _write(
        notion,
        source_id,
        {"Item": "Dark mode", "Owner": "Kim", "Estimate": 0.5, "Stage": OptionValue("", "Done")},
    )
    _made(notion, parent, "Lunch menu", Dish=_is("title"), Veggie=_is("checkbox"))
    return {"features": roadmap}


def related(notion: NotionClient, parent: str) -> dict[str, Database]:
    """Two databases that a two-way relation ties together already, as the template does."""
    requests = _made(
        notion, parent, "Customer requests", Name=_is("title"), Customer=_is("rich_text")
    )
    backlog = _made(notion, parent, "Product backlog", Name=_is("title"), Impact=_is("number"))
    near, far = backlog.data_source_ids[0], requests.data_source_ids[0]
    relation = RelationConfig(far, two_way=True)
    notion.update_data_source(near, {"Requests": PropertyPatch(type="relation", config=relation)})
    asked = _write(notion, far, {"Name": "Slow", "Customer": "Globex"})
    link = next(
        each for each in notion.get_data_source(near).properties.values() if each.type == "relation"
    )
    values = [
        PropertyValue("title", "title", "Fast"),
        PropertyValue(link.id, "relation", RelationValue((asked,))),
    ]
    notion.create_row(near, values, look_up=lambda: None)
    return {"insights": requests, "features": backlog}


def _write(notion: NotionClient, source_id: NotionId, held: dict[str, Any]) -> NotionId:
    types = {each.name: each for each in notion.get_data_source(source_id).properties.values()}
    values = [
        PropertyValue(types[name].id, types[name].type, value) for name, value in held.items()
    ]
    return notion.create_row(source_id, values, look_up=lambda: None).id


def theirs(workspace: LocalWorkspace, databases: dict[str, Database]) -> dict[str, Any]:
    """All that the client has: titles, columns with their settings and options, and what rows hold
    in them.
    """
    with client_of(workspace) as api:
        return {key: _whole(api, each) for key, each in databases.items()}


def _whole(api: httpx.Client, database: Database) -> dict[str, Any]:
    source_id = database.data_source_ids[0]
    shown = api.get(f"databases/{database.id}").json()
    source = api.get(f"data_sources/{source_id}").json()
    rows = api.post(f"data_sources/{source_id}/query", json={}).json()["results"]
    views = api.get("views", params={"database_id": database.id}).json()["results"]
    return {
        "look": {each: shown[each] for each in ("title", "icon", "description", "in_trash")},
        "properties": source["properties"],
        "rows": {row["id"]: row["properties"] for row in rows},
        "views": [api.get(f"views/{each['id']}").json() | {"request_id": ""} for each in views],
    }


def is_kept(before: Any, after: Any) -> bool:
    """Whether everything that was there before is there now, as it was; more may be there."""
    if isinstance(before, dict):
        return isinstance(after, dict) and all(
            key in after and is_kept(before[key], after[key]) for key in before
        )
    if isinstance(before, list):
        return isinstance(after, list) and all(
            any(is_kept(each, one) for one in after) for each in before
        )
    return bool(before == after)

"""Read and write databases, properties, views and blocks: the API's JSON <-> the model.

Reading ignores unknown fields and types: Notion adds them without a new version (notion-api.md
1.1). Property ids stay percent-encoded, as Notion gives them. Only rollups and settings of views
contain decoded ids.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from notion_pm.model.ids import NotionId
from notion_pm.model.property_ids import as_received
from notion_pm.model.property_types import OPTION_TYPES
from notion_pm.model.schema import (
    ChildBlock,
    Database,
    DataSource,
    FormulaConfig,
    NoConfig,
    NumberConfig,
    Option,
    OptionsConfig,
    PageTemplate,
    Property,
    PropertyConfig,
    PropertyPatch,
    RelationConfig,
    RollupConfig,
    UniqueIdConfig,
    User,
    View,
    WidgetPlace,
    WidgetRows,
)
from notion_pm.model.view_settings import (
    conditions_as_received,
    configuration_as_received,
    quick_filters_as_received,
)
from notion_pm.notion.wire_text import plain, rich_text

Json = Mapping[str, Any]


def read_time(text: str | None) -> datetime | None:
    """Return a timestamp of the API; both its spellings (`Z`, `+00:00`) carry an offset."""
    return datetime.fromisoformat(text) if text else None


def expect(json: Json, kind: str) -> None:
    """Refuse a response that is not an object of this kind.

    Most fields are optional when responses are read, so another object could pass for an empty one.

    Raises ValueError.
    """
    if json.get("object", kind) != kind or not isinstance(json["id"], str):
        raise ValueError(f"not a {kind}")


def read_database(json: Json) -> Database:
    """Return a database."""
    expect(json, "database")
    return Database(
        id=NotionId(json["id"]),
        title=plain(json.get("title", ())),
        data_source_ids=tuple(NotionId(source["id"]) for source in json.get("data_sources", ())),
        parent_id=read_parent_id(json),
        description=plain(json.get("description", ())),
        icon=_emoji(json),
        in_trash=bool(json.get("in_trash")),
        created_time=read_time(json.get("created_time")),
        url=json.get("url", ""),
        icon_type=(json.get("icon") or {}).get("type"),
        has_cover=bool(json.get("cover")),
    )


def read_data_source(json: Json) -> DataSource:
    """Return a data source with its properties."""
    expect(json, "data_source")
    properties = [read_property(property) for property in json.get("properties", {}).values()]
    return DataSource(
        id=NotionId(json["id"]),
        database_id=NotionId(json["parent"]["database_id"]),
        title=plain(json.get("title", ())),
        properties={property.id: property for property in properties},
        description=plain(json.get("description", ())),
        icon=_emoji(json),
        in_trash=bool(json.get("in_trash")),
        created_time=read_time(json.get("created_time")),
        created_by=_user_id(json, "created_by"),
        url=json.get("url", ""),
    )


def read_property(json: Json) -> Property:
    """Return a property of a data source."""
    kind = json["type"]
    config = json.get(kind) or {}
    return Property(json["id"], json["name"], kind, _config(kind, config), json.get("description"))


def _config(kind: str, json: Json) -> PropertyConfig:
    if kind in OPTION_TYPES:
        return OptionsConfig(_options(json))
    reader = _CONFIG_READERS.get(kind)
    return reader(json) if reader else NoConfig()


def _options(json: Json) -> tuple[Option, ...]:
    group_of = {}
    for group in json.get("groups", ()):
        for option_id in group.get("option_ids", ()):
            group_of[option_id] = group["name"]
    options = []
    for option in json.get("options", ()):
        color, description = option.get("color", "default"), option.get("description")
        group = group_of.get(option["id"])
        options.append(Option(option["name"], option["id"], color, description, group))
    return tuple(options)


def _relation(json: Json) -> RelationConfig:
    mirror = json.get("dual_property")
    return RelationConfig(
        data_source_id=NotionId(json["data_source_id"]),
        two_way=mirror is not None,
        synced_property_id=mirror["synced_property_id"] if mirror else None,
        synced_property_name=mirror["synced_property_name"] if mirror else None,
    )


def _rollup(json: Json) -> RollupConfig:
    # Unlike all others, the ids in a rollup are decoded (seen in recordings).
    relation = as_received(json["relation_property_id"])
    target = as_received(json["rollup_property_id"])
    return RollupConfig(relation, target, json["function"])


_CONFIG_READERS: dict[str, Callable[[Json], PropertyConfig]] = {
    "number": lambda json: NumberConfig(json["format"]),
    "relation": _relation,
    "rollup": _rollup,
    "formula": lambda json: FormulaConfig(json["expression"]),
    "unique_id": lambda json: UniqueIdConfig(json.get("prefix")),
}


def property_patch(patch: PropertyPatch | None) -> dict[str, Any] | None:
    """Return the JSON that creates or changes a property; None removes it."""
    if patch is None:
        return None
    json: dict[str, Any] = {}
    if patch.name is not None:
        json["name"] = patch.name
    if patch.description is not None:
        json["description"] = patch.description
    if patch.type is not None:
        json["type"] = patch.type
        json[patch.type] = _config_json(patch.config)
    return json


def _config_json(config: PropertyConfig | None) -> dict[str, Any]:
    match config:
        case NumberConfig(number_format):
            return {"format": number_format}
        case OptionsConfig(options):
            return {"options": [_option_json(option) for option in options]}
        case RelationConfig():
            return _relation_json(config)
        case RollupConfig():
            return _rollup_json(config)
        case FormulaConfig(expression):
            return {"expression": expression}
        case UniqueIdConfig(prefix):
            return {"prefix": prefix}
        case _:
            return {}


def _option_json(option: Option) -> dict[str, Any]:
    # An existing option is sent by its id and without its colour, which cannot change
    # (notion-api.md 3.2).
    json: dict[str, Any] = {"id": option.id} if option.id else {"color": option.color}
    json["name"] = option.name
    if option.description is not None:
        json["description"] = option.description
    if option.group is not None:
        json["group"] = option.group
    return json


def _rollup_json(config: RollupConfig) -> dict[str, Any]:
    json: dict[str, Any] = {"function": config.function}
    if config.relation_property_id:
        json["relation_property_id"] = config.relation_property_id
    else:
        json["relation_property_name"] = config.relation_property_name
    if config.rollup_property_id:
        json["rollup_property_id"] = config.rollup_property_id
    else:
        json["rollup_property_name"] = config.rollup_property_name
    return json


def _relation_json(config: RelationConfig) -> dict[str, Any]:
    json: dict[str, Any] = {"data_source_id": config.data_source_id}
    if not config.two_way:
        return json | {"type": "single_property", "single_property": {}}
    name = config.synced_property_name
    return json | {
        "type": "dual_property",
        "dual_property": {"synced_property_name": name} if name else {},
    }


def icon_json(emoji: str | None) -> dict[str, Any] | None:
    """Return the JSON of an emoji as an icon."""
    return {"type": "emoji", "emoji": emoji} if emoji else None


def page_parent(page_id: str) -> dict[str, Any]:
    """Return the JSON of a page as a parent."""
    return {"type": "page_id", "page_id": page_id}


def read_view(json: Json) -> View:
    """Return a view."""
    expect(json, "view")
    return View(
        id=NotionId(json["id"]),
        name=json.get("name", ""),
        type=json["type"],
        data_source_id=json.get("data_source_id"),
        database_id=json.get("parent", {}).get("database_id"),
        filter=conditions_as_received(json["filter"]) if json.get("filter") else None,
        sorts=tuple(conditions_as_received(sort) for sort in json.get("sorts") or ()),
        quick_filters=quick_filters_as_received(json.get("quick_filters") or {}),
        configuration=configuration_as_received(json.get("configuration") or {}),
        dashboard_id=json.get("dashboard_view_id"),
        rows=_widget_rows(json),
    )


def _widget_rows(json: Json) -> WidgetRows:
    """Return the widgets of a dashboard, from its configuration (notion-api.md 2.6)."""
    rows = []
    for row in (json.get("configuration") or {}).get("rows") or ():
        rows.append(tuple(NotionId(widget["view_id"]) for widget in row["widgets"]))
    return tuple(rows)


def widget_placement(place: WidgetPlace) -> Json:
    """Return the position of a new widget in a dashboard."""
    placement: dict[str, Any] = {"type": "existing_row" if place.beside else "new_row"}
    if place.row is not None:
        placement["row_index"] = place.row
    return placement


def read_child_block(json: Json) -> ChildBlock:
    """Return a block of a page, without its children."""
    expect(json, "block")
    kind = json["type"]
    inside = json.get(kind) or {}
    return ChildBlock(
        id=NotionId(json["id"]),
        type=kind,
        title=inside.get("title", "") if kind in {"child_page", "child_database"} else "",
        text=plain(inside.get("rich_text", ())),
        in_trash=bool(json.get("in_trash")),
        created_time=read_time(json.get("created_time")),
        last_edited_time=read_time(json.get("last_edited_time")),
        created_by=_user_id(json, "created_by"),
        has_children=bool(json.get("has_children")),
        last_edited_by=_user_id(json, "last_edited_by"),
    )


def text_block(kind: str, text: str, settings: Json) -> dict[str, Any]:
    """Return the JSON of a block that holds text."""
    return {kind: {"rich_text": rich_text(text), **settings}}


def read_page_template(json: Json) -> PageTemplate:
    """Return a page template, as it is listed."""
    return PageTemplate(NotionId(json["id"]), json.get("name", ""), bool(json.get("is_default")))


def read_user(json: Json) -> User:
    """Return a person or bot."""
    expect(json, "user")
    bot = json.get("bot") or {}
    return User(
        id=NotionId(json["id"]),
        name=json.get("name") or "",
        type=json.get("type", ""),
        email=(json.get("person") or {}).get("email"),
        workspace_name=bot.get("workspace_name"),
    )


def read_parent_id(json: Json) -> NotionId | None:
    """Return the id of the object that contains this one, None at the top of the workspace."""
    parent = json.get("parent") or {}
    parent_id = parent.get(parent.get("type", ""))
    return NotionId(parent_id) if isinstance(parent_id, str) else None


def _user_id(json: Json, key: str) -> NotionId | None:
    user = json.get(key)
    return NotionId(user["id"]) if user else None


def _emoji(json: Json) -> str | None:
    icon = json.get("icon") or {}
    emoji = icon.get("emoji")
    return emoji if isinstance(emoji, str) else None

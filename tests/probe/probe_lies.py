"""A false answer for every statement of the probe, with which that statement must differ.

A lie is a function that changes an answer: it gets the body of the request and the answer's body.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import httpx

from notion_pm.probe.statement import all_statements

Json = dict[str, Any]
Change = Callable[[Json, Json], None]

_DATA_SOURCE = "data_sources/?*"
_QUERY = "data_sources/*/query"
_PAGE = "pages/????????-*"
_CHILDREN = "blocks/*/children"
_MARKDOWN = "pages/*/markdown"


@dataclass(frozen=True)
class Lie:
    """Which answers are changed, and how. A refusal is changed only by `accept`."""

    method: str
    path: str
    change: Change | None = None
    status: int = 200
    first: int = 0
    """How many answers are left alone before."""


def tell(method: str, path: str, change: Change, *, first: int = 0) -> Lie:
    """Change the bodies of successful answers."""
    return Lie(method, path, change, first=first)


def refuse(method: str, path: str) -> Lie:
    """Refuse what Notion accepts."""
    return Lie(method, path, status=400)


def accept(method: str = "*", path: str = "*") -> Lie:
    """Accept what Notion refuses."""
    return Lie(method, path, status=299)


class LyingTransport(httpx.BaseTransport):
    """Passes requests on, and changes the responses that a lie is about."""

    def __init__(self, inner: httpx.BaseTransport, lie: Lie) -> None:
        self._inner = inner
        self._lie = lie
        self._met = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        sent = json.loads(request.read() or b"{}")
        answer = self._inner.handle_request(request)
        body = json.loads(answer.read())
        lie = self._lie
        path = request.url.path.removeprefix("/v1/")
        if not (fnmatchcase(request.method, lie.method) and fnmatchcase(path, lie.path)):
            return httpx.Response(answer.status_code, json=body)
        self._met += 1
        if self._met <= lie.first:
            return httpx.Response(answer.status_code, json=body)
        if lie.status == 400:
            error = {
                "object": "error",
                "status": 400,
                "code": "validation_error",
                "message": "A lie.",
            }
            return httpx.Response(400, json=error)
        if lie.status == 299 and answer.status_code >= 400:
            taken = {"object": "page", "results": [], "properties": {}, "in_trash": False}
            return httpx.Response(200, json=taken)
        if lie.change is not None and answer.status_code == 200:
            lie.change(sent, body)
        return httpx.Response(answer.status_code, json=body)


def value(name: str, kind: str, new: Any) -> Change:
    """Change the value of a page's property, where the page has it."""

    def change(sent: Json, body: Json) -> None:
        if name in body.get("properties", {}):
            body["properties"][name][kind] = new

    return change


def field(name: str, new: Any) -> Change:
    """Change a field of the answer itself."""

    def change(sent: Json, body: Json) -> None:
        body[name] = new

    return change


def without_property(name: str) -> Change:
    """Leave a property out."""

    def change(sent: Json, body: Json) -> None:
        body.get("properties", {}).pop(name, None)

    return change


def setting(name: str, kind: str, key: str, new: Any) -> Change:
    """Change a part of a property's settings or value."""

    def change(sent: Json, body: Json) -> None:
        entry = body.get("properties", {}).get(name, {})
        if entry.get(kind):
            entry[kind][key] = new

    return change


def each_property(edit: Callable[[Json], None]) -> Change:
    """Change every property of a schema or page."""

    def change(sent: Json, body: Json) -> None:
        for entry in body.get("properties", {}).values():
            edit(entry)

    return change


def dual(key: str, new: str) -> Change:
    """Change what a schema says about the far side of relations."""

    def edit(entry: Json) -> None:
        if entry.get("type") == "relation" and "dual_property" in entry["relation"]:
            entry["relation"]["dual_property"][key] = new

    return each_property(edit)


def fewer(sent: Json, body: Json) -> None:
    """Leave the last result out."""
    body["results"] = body["results"][:-1]


def nothing_found(sent: Json, body: Json) -> None:
    """Find nothing by a filter."""
    if "filter" in sent:
        body["results"] = []


def reversed_results(sent: Json, body: Json) -> None:
    """Turn the order around."""
    body["results"].reverse()


def _rename(entry: Json) -> None:
    if entry.get("name", "").startswith("Related to"):
        entry["name"] = "Another name"


def _same_id(entry: Json) -> None:
    entry["id"] = "same"


def _needless_encoding(entry: Json) -> None:
    entry["id"] += "%41"


def _ids_by_option_name(entry: Json) -> None:
    for option in (entry.get("select") or {}).get("options", ()):
        option["id"] = option["name"]


def _other_option_ids(entry: Json) -> None:
    for option in (entry.get("select") or {}).get("options", ()):
        option["id"] += "0"


def _move_options_to_one_group(entry: Json) -> None:
    if entry.get("type") == "status":
        groups = entry["status"]["groups"]
        groups[0]["option_ids"] = [id for group in groups for id in group["option_ids"]]
        for group in groups[1:]:
            group["option_ids"] = []


def _rename_first_option(sent: Json, body: Json) -> None:
    body["properties"]["Kept"]["select"]["options"][0]["name"] = "Other"


def _keep_removed_option(sent: Json, body: Json) -> None:
    body["properties"]["Cut"]["select"]["options"].append({"id": "1", "name": "Gone"})


def _two_data_sources(sent: Json, body: Json) -> None:
    body["data_sources"] *= 2


def _titles_in_relations(sent: Json, body: Json) -> None:
    for page in body["properties"].get("Link", {}).get("relation", ()):
        page["title"] = "A"


def _show_deleted_block(sent: Json, body: Json) -> None:
    body["results"].append({"paragraph": {"rich_text": [{"plain_text": "second"}]}})


def _add_property(sent: Json, body: Json) -> None:
    body["properties"]["More"] = {}


def _add_archived(sent: Json, body: Json) -> None:
    body["archived"] = False


def _find_a_database(sent: Json, body: Json) -> None:
    body["results"].append({"object": "database", "id": "1"})


def _find_row_a(sent: Json, body: Json) -> None:
    body["results"].append(
        {"object": "page", "properties": {"Name": {"title": [{"plain_text": "A"}]}}}
    )


def _name_views(sent: Json, body: Json) -> None:
    for view in body["results"]:
        view["name"] = "Default view"


def _only_the_first(sent: Json, body: Json) -> None:
    body["results"] = body["results"][:1]


_WRONG: dict[str, Any] = {
    "number": 999,
    "rich_text": [{"plain_text": "wrong"}],
    "url": "wrong",
    "select": {"name": "wrong"},
    "status": {"name": "wrong"},
    "multi_select": [{"name": "wrong"}],
    "date": {"start": "1999-01-01"},
    "checkbox": True,
    "people": [{"object": "user"}],
}


def _wrong_values(entry: Json) -> None:
    if entry["type"] in _WRONG:
        entry[entry["type"]] = _WRONG[entry["type"]]


_LIES = {
    "schema.one-data-source": tell("POST", "databases", _two_data_sources),
    "schema.only-what-was-sent": tell("GET", _DATA_SOURCE, without_property("Notes")),
    "schema.settings-kept": tell(
        "GET", _DATA_SOURCE, setting("Size", "number", "format", "number")
    ),
    "schema.patch-leaves-others": tell("GET", _DATA_SOURCE, without_property("Size")),
    "schema.patch-adds": tell("GET", _DATA_SOURCE, without_property("Added")),
    "schema.null-removes": tell(
        "GET", _DATA_SOURCE, lambda _, body: body["properties"].update(Notes={})
    ),
    "schema.new-id-after-removal": tell("*", _DATA_SOURCE, each_property(_same_id)),
    "schema.empty-patch": tell("PATCH", _DATA_SOURCE, without_property("Size")),
    "schema.second-title-refused": accept(),
    "schema.database-title-shared": tell("GET", _DATA_SOURCE, field("title", [])),
    "schema.database-icon-shared": tell("GET", _DATA_SOURCE, field("icon", None)),
    "schema.database-description-shared": tell("GET", _DATA_SOURCE, field("description", [])),
    "schema.database-times-exact": tell(
        "POST", "databases", field("created_time", "2026-01-01T00:00:00.000Z")
    ),
    "ids.percent-encoded": tell("POST", "pages", each_property(_needless_encoding)),
    "ids.page-values-as-received": refuse("PATCH", _PAGE),
    "ids.page-values-by-name": refuse("PATCH", _PAGE),
    "ids.filter-as-received": refuse("POST", _QUERY),
    "ids.filter-by-name": refuse("POST", _QUERY),
    "ids.sort-as-received": refuse("POST", _QUERY),
    "ids.sort-by-name": refuse("POST", _QUERY),
    "ids.query-string": tell("GET", _PAGE, _add_property),
    "ids.property-path": tell("GET", "pages/*/properties/*", fewer),
    "ids.decoded-refused": accept(),
    "ids.schema-patch-as-received": refuse("PATCH", _DATA_SOURCE),
    "options.rename-by-id": tell("PATCH", _DATA_SOURCE, _rename_first_option),
    "options.recolour-refused": accept(),
    "options.omitted-removed": tell("PATCH", _DATA_SOURCE, _keep_removed_option),
    "options.name-keeps-id": tell("PATCH", _DATA_SOURCE, each_property(_other_option_ids)),
    "options.removed-select-empties": tell("GET", _PAGE, value("Cut", "select", {"name": "Gone"})),
    "options.removed-multi-select-drops": tell("GET", _PAGE, value("Cut_many", "multi_select", [])),
    "options.removed-status-moves": tell("GET", _PAGE, value("Cut_status", "status", None)),
    "options.removed-status-not-default": tell(
        "GET", _PAGE, value("Cut_status", "status", {"name": "Idea"})
    ),
    "options.added-again-new-id": tell("*", _DATA_SOURCE, each_property(_ids_by_option_name)),
    "options.unknown-select-created": tell("POST", "pages", value("Open", "select", None)),
    "options.unknown-status-refused": accept(),
    "options.status-never-set": tell("POST", "pages", value("Default_status", "status", None)),
    "options.status-default-groups": tell(
        "GET", _DATA_SOURCE, each_property(_move_options_to_one_group)
    ),
    "options.status-groups-created": tell(
        "GET", _DATA_SOURCE, each_property(_move_options_to_one_group)
    ),
    "options.status-groups-kept": tell(
        "PATCH", _DATA_SOURCE, each_property(_move_options_to_one_group)
    ),
    "options.status-group-changed": tell(
        "PATCH", _DATA_SOURCE, each_property(_move_options_to_one_group)
    ),
    "options.status-group-names": accept(),
    "conversions.title-refused": accept(),
    "pages.times-of-minutes": tell(
        "POST", "pages", field("created_time", "2026-01-01T00:00:12.345Z")
    ),
    "pages.other-values-untouched": tell("PATCH", _PAGE, value("Text", "rich_text", [])),
    "pages.null-clears": tell("PATCH", _PAGE, value("Link", "url", "any text")),
    "pages.empty-url-refused": accept(),
    "pages.any-text-as-url": tell("POST", "pages", value("Link", "url", None)),
    "pages.computed-refused": accept(),
    "pages.formula-computed": tell(
        "POST", "pages", value("Sum", "formula", {"type": "number", "number": None})
    ),
    "pages.date-with-zone": tell(
        "POST", "pages", setting("Due", "date", "time_zone", "Europe/Berlin")
    ),
    "pages.parent-of-row": tell("POST", "pages", field("parent", {"type": "database_id"})),
    "pages.trash-keys": tell("POST", "pages", _add_archived),
    "pages.read-after-write": tell("GET", _PAGE, value("Size", "number", 6)),
    "pages.templates-listed": refuse("GET", "data_sources/*/templates"),
    "pages.template-without-children": accept(),
    "queries.new-rows-found": tell("POST", _QUERY, fewer),
    "queries.whole-pages": tell("POST", _QUERY, _find_a_database),
    "queries.envelope": tell("POST", _QUERY, field("type", "page")),
    "queries.pages-of-results": tell("POST", _QUERY, field("has_more", new=True)),
    "queries.select-one-of": refuse("POST", _QUERY),
    "queries.filter-of-another-type": accept(),
    "queries.text-ignores-case": tell("POST", _QUERY, _find_row_a),
    "queries.default-status": tell("POST", _QUERY, nothing_found),
    "queries.formula-filter-refused": accept(),
    "queries.edited-since": tell("POST", _QUERY, nothing_found),
    "queries.three-levels-refused": accept(),
    "queries.edit-found": tell("POST", _QUERY, nothing_found),
    "queries.trashed-row-gone": tell("POST", _QUERY, nothing_found),
    "relations.mirror-made": tell("GET", _DATA_SOURCE, each_property(_rename)),
    "relations.synced-id": tell("GET", _DATA_SOURCE, dual("synced_property_id", "other")),
    "relations.written-on-one-side": tell(
        "GET", _PAGE, each_property(lambda entry: entry.update(relation=[]))
    ),
    "relations.ids-only": tell("POST", "pages", _titles_in_relations),
    "relations.25-shown": tell("GET", _PAGE, value("Links", "has_more", new=False)),
    "relations.all-by-path": tell("GET", "pages/*/properties/*", fewer),
    "relations.rename-of-mirror": tell("GET", _DATA_SOURCE, dual("synced_property_name", "Old")),
    "relations.one-way-keeps-id": tell("PATCH", _DATA_SOURCE, each_property(_same_id)),
    "relations.one-way-keeps-mirror": tell("GET", _DATA_SOURCE, without_property("Renamed")),
    "relations.mirror-removed-by-id": tell(
        "PATCH", _DATA_SOURCE, lambda _, body: body["properties"].update(Renamed={})
    ),
    "relations.synced-name-honoured": tell(
        "PATCH", _DATA_SOURCE, dual("synced_property_name", "Other")
    ),
    "relations.target-in-schema": tell(
        "GET", _DATA_SOURCE, setting("Link", "relation", "data_source_id", "other")
    ),
    "limits.100-blocks": accept(),
    "limits.2000-characters": refuse("PATCH", _CHILDREN),
    "limits.2001-characters-refused": accept(),
    "limits.two-levels": accept(),
    "bodies.markdown-read-back": tell("GET", _MARKDOWN, field("markdown", "# Goal")),
    "bodies.markdown-complete": tell("GET", _MARKDOWN, field("truncated", new=True)),
    "bodies.markdown-makes-blocks": tell("GET", _CHILDREN, fewer),
    "bodies.bookmark-unknown": tell(
        "GET", _MARKDOWN, field("markdown", "[link](https://example.com)")
    ),
    "bodies.markdown-text-not-found": accept(),
    "bodies.markdown-replaced": tell("GET", _MARKDOWN, field("markdown", "# Goal")),
    "bodies.order-of-pages": tell("GET", _CHILDREN, reversed_results),
    "bodies.child-page-protected": accept(),
    "views.one-table": tell("GET", "views/*", field("type", "board")),
    "views.references-only": tell("GET", "views", _name_views),
    "views.dashboard": refuse("POST", "views"),
    "views.widget": tell("POST", "views", field("dashboard_view_id", None)),
    "views.filter-and-sort": tell("POST", "views", field("filter", None)),
    "views.status-filter": tell("POST", "views", field("filter", None)),
    "views.properties-as-received": tell(
        "POST", "views", field("configuration", {"type": "table"})
    ),
    "views.last-one-kept": accept(),
    "views.linked": refuse("POST", "views"),
    "views.linked-not-read": accept(),
    "trash.page-still-read": refuse("GET", _PAGE),
    "trash.page-below": tell("GET", _PAGE, field("in_trash", new=False)),
    "trash.database-below": tell("GET", "databases/*", field("in_trash", new=True)),
    "trash.data-source-below": accept(),
    "trash.writes-below-refused": accept(),
    "trash.restored": tell("GET", _PAGE, field("in_trash", new=True)),
    "trash.database-by-block": tell("GET", "databases/*", field("in_trash", new=False)),
    "trash.row-of-trashed-database": tell("GET", _PAGE, field("in_trash", new=False)),
    "trash.database-restored": refuse("PATCH", "databases/*"),
    "locks.appends-in-order": tell("GET", _CHILDREN, reversed_results),
    "locks.append-after-a-block": tell("PATCH", _CHILDREN, _only_the_first),
    "locks.deleted-at-once": tell("GET", _CHILDREN, _show_deleted_block, first=1),
    "locks.deleted-block-unchangeable": accept(),
    "locks.two-connections-at-once": tell("GET", _CHILDREN, fewer),
    "locks.two-connections-in-time": tell("GET", _CHILDREN, fewer),
    "locks.two-connections-one-order": tell("GET", _CHILDREN, reversed_results),
    "locks.two-connections-order-sent": tell("GET", _CHILDREN, reversed_results),
    "search.pages-only": tell("POST", "search", _find_a_database),
    "search.finds-scratch-page": tell("POST", "search", nothing_found),
    "errors.unknown-page": accept(),
    "errors.malformed-id": accept(),
    "errors.unknown-property-written": accept(),
    "errors.unknown-property-filtered": accept(),
    "errors.wrong-value-type": accept(),
    "errors.unknown-path": accept(),
}

_VIEWS = ("table", "board", "list", "calendar", "timeline", "gallery", "form", "chart", "map")


def lies() -> dict[str, Lie]:
    """Return a lie for each statement, by its id."""
    conversions = [each.id for each in all_statements() if each.id.startswith("conversions.")]
    return {
        **dict.fromkeys(conversions, tell("GET", _PAGE, each_property(_wrong_values))),
        **{f"views.{kind}": refuse("POST", "views") for kind in _VIEWS},
        **_LIES,
    }

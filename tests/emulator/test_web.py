"""The workspace as a browser sees it, and what can be changed there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from notion_pm.emulator import LocalWorkspace, ManualClock

from .conftest import Notion, text
from .web_fixtures import ORIGIN, STATUS, Visitor, chooser, hidden_fields, path_of, seen, visitor

Json = dict[str, Any]
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def site(workspace: LocalWorkspace) -> Iterator[Visitor]:
    yield from visitor(workspace)


@pytest.fixture
def features(notion: Notion) -> str:
    """A data source with a status, a select and values of many kinds."""
    return notion.database(
        "Features",
        Status=STATUS,
        Priority={
            "select": {
                "options": [{"name": "P0", "color": "red"}, {"name": "P1", "color": "orange"}]
            }
        },
        Notes={"rich_text": {}},
        Link={"url": {}},
        Size={"number": {"format": "dollar"}},
        Due={"date": {}},
    )


def options(notion: Notion, source: str, name: str = "Status") -> dict[str, str]:
    prop = notion.schema(source)[name]
    return {option["name"]: option["id"] for option in prop[prop["type"]]["options"]}


def database_of(notion: Notion, source: str) -> str:
    return str(notion.get(f"/data_sources/{source}")["parent"]["database_id"])


def view(notion: Notion, source: str, kind: str, **more: Any) -> str:
    """Create a view and return where the site shows it."""
    made = notion.post(
        "/views",
        database_id=database_of(notion, source),
        data_source_id=source,
        name=f"My {kind}",
        type=kind,
        **more,
    )
    return path_of(made)


def path(source_or_page: str) -> str:
    return f"/p/{source_or_page.replace('-', '')}"


def test_the_front_page_shows_databases_and_what_was_touched(
    notion: Notion, features: str, site: Visitor
) -> None:
    notion.row(features, "Search")
    shown = seen(site.get("/"))
    assert "Features 1 row Default view" in shown
    assert "Recently edited Search Features 1 Jul 2026, 09:00" in shown


def test_an_empty_workspace_explains_how_to_fill_it(site: Visitor) -> None:
    assert "notion-pm --local FILE apply product" in seen(site.get("/"))


def test_titles_and_values_are_only_text(notion: Notion, features: str, site: Visitor) -> None:
    row = notion.row(
        features,
        SCRIPT,
        Notes={"rich_text": text(f"{SCRIPT}\"'>")},
        Link={"url": "javascript:alert(1)"},
    )
    notion.patch(
        f"/databases/{database_of(notion, features)}", title=text(SCRIPT), description=text(SCRIPT)
    )
    notion.patch(
        f"/blocks/{row['id']}/children", children=[{"paragraph": {"rich_text": text(SCRIPT)}}]
    )
    for place in (
        "/",
        path_of(row),
        path(database_of(notion, features)),
        view(notion, features, "board"),
    ):
        html = site.get(place)
        assert "<script>alert" not in html
        assert SCRIPT in seen(html) or SCRIPT in html.replace("&lt;", "<").replace("&gt;", ">")
        assert 'href="javascript' not in html


def test_a_page_shows_its_properties_and_its_body(
    notion: Notion, features: str, site: Visitor
) -> None:
    row = notion.row(
        features,
        "Search",
        Size={"number": 1234.5},
        Due={"date": {"start": "2026-07-03", "end": "2026-07-09"}},
        Link={"url": "https://example.com/spec"},
        Priority={"select": {"name": "P0"}},
    )
    markdown = "# Why\nBecause **people** ask.\n- [x] Asked\n- [ ] Built\n1. One\n2. Two\n> Said\n```python\nx = 1\n```"
    notion.patch(
        f"/pages/{row['id']}/markdown", type="insert_content", insert_content={"content": markdown}
    )
    html = site.get(path_of(row))
    shown = seen(html)
    assert "$1,234.50" in shown
    assert "3 Jul 2026 → 9 Jul 2026" in shown
    assert (
        '<a class="reference" href="https://example.com/spec" rel="noreferrer">example.com/spec</a>'
        in html
    )
    assert "<h2" in html
    assert "<strong>people</strong>" in html
    assert "<ol><li" in html
    assert "<blockquote" in html
    assert "1 more property, without a value Notes Empty" in shown
    assert 'aria-label="Breadcrumb"' in html
    assert "Edited 1 Jul 2026, 09:00 by notion-pm local" in shown


def test_relations_link_to_the_related_pages(notion: Notion, features: str, site: Visitor) -> None:
    needs = notion.database(
        "Needs", Feature={"relation": {"data_source_id": features, "single_property": {}}}
    )
    feature = notion.row(features, "Search")
    need = notion.row(needs, "Find things", Feature={"relation": [{"id": feature["id"]}]})
    assert (
        f'<a class="reference" href="{path_of(feature)}" rel="noreferrer">Search</a>'
        in site.get(path_of(need))
    )


def test_pictures_of_other_places_are_links(notion: Notion, site: Visitor) -> None:
    image = {"image": {"type": "external", "external": {"url": "https://example.com/a.png"}}}
    notion.patch(f"/blocks/{notion.root}/children", children=[image])
    html = site.get(path(notion.root))
    assert "<img" not in html
    assert 'href="https://example.com/a.png"' in html


def test_a_table_honours_its_view(notion: Notion, features: str, site: Visitor) -> None:
    for name, status in (("Apple", "Idea"), ("Berry", "Shipped"), ("Cherry", "Idea")):
        notion.row(features, name, Status={"status": {"name": status}}, Size={"number": 3})
    place = view(
        notion,
        features,
        "table",
        filter={"property": "Status", "status": {"equals": "Idea"}},
        sorts=[{"property": "Name", "direction": "descending"}],
        configuration={"type": "table", "properties": [{"property_id": "title", "visible": True}]},
    )
    html = site.get(place)
    shown = seen(html)
    assert "Only Status is Idea Sorted by Name descending Name Cherry Apple 1–2 of 2" in shown
    assert 'aria-current="page"' in html
    assert '<th scope="col">Name</th>' in html
    assert '<th scope="row"><a class="title"' in html


def test_a_board_has_a_column_for_each_status(notion: Notion, features: str, site: Visitor) -> None:
    notion.row(features, "Apple", Status={"status": {"name": "Shipped"}})
    html = site.get(view(notion, features, "board"))
    columns = html.split('<section class="column')[1:]
    found = [column.partition('aria-label="')[2].partition('"')[0] for column in columns]
    assert found == ["Idea, 0", "In progress, 0", "Shipped, 1"]
    assert "Apple" in columns[2]
    assert f'data-option="{options(notion, features)["Shipped"]}"' in columns[2]


def test_a_grouped_table_still_lets_its_status_be_changed(
    notion: Notion, features: str, site: Visitor
) -> None:
    row = notion.row(features, "Apple")
    status = notion.schema(features)["Status"]["id"]
    group_by = {
        "type": "status",
        "property_id": status,
        "group_by": "option",
        "sort": {"type": "manual"},
    }
    config = {
        "type": "table",
        "properties": [{"property_id": status, "visible": True}],
        "group_by": group_by,
    }
    place = view(notion, features, "table", configuration=config)
    answer = site.choose(site.get(place), row["id"], options(notion, features)["Shipped"])
    html = site.get(answer.headers["location"].partition("#")[0])
    assert "Idea 0 In progress 0 Shipped 1 Name Status Apple" in seen(html)


def test_a_long_column_is_cut_and_can_be_seen_whole(
    notion: Notion, features: str, site: Visitor
) -> None:
    for number in range(27):
        notion.row(features, f"Row {number}")
    place = view(notion, features, "board")
    html = site.get(place)
    assert html.count("data-card") == 25
    more = f"{place}&amp;group={options(notion, features)['Idea']}"
    assert f'<a href="{more}">All 27' in html
    whole = site.get(more.replace("&amp;", "&"))
    assert whole.count("data-card") == 27
    assert "Back to all groups" in seen(whole)


def test_a_long_table_is_paged(notion: Notion, features: str, site: Visitor) -> None:
    for number in range(101):
        notion.row(features, f"Row {number}")
    place = path(database_of(notion, features))
    first = site.get(place)
    assert "1–100 of 101" in seen(first)
    following = first.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    last = site.get(following)
    assert "101–101 of 101" in seen(last)
    assert "Row 0" in seen(last)
    assert "101–101 of 101" in seen(site.get(f"{place}?page=99"))


@pytest.mark.parametrize(
    "kind", ["list", "gallery", "calendar", "timeline", "chart", "form", "map", "dashboard"]
)
def test_every_layout_shows_something(
    notion: Notion, features: str, site: Visitor, kind: str
) -> None:
    notion.row(features, "Dated", Due={"date": {"start": "2026-07-03"}})
    notion.row(features, "Undated")
    shown = seen(site.get(view(notion, features, kind)))
    if kind in ("calendar", "timeline"):
        assert "July 2026 Dated 3 Jul 2026" in shown
        assert "No date Undated" in shown
    elif kind == "dashboard":
        assert "This dashboard has no views." in shown
    else:
        assert "Dated" in shown


def test_a_dashboard_shows_its_widgets_in_rows(
    notion: Notion, features: str, site: Visitor
) -> None:
    notion.row(features, "Search", Status={"status": {"name": "Shipped"}})
    database_id = database_of(notion, features)
    dashboard = notion.post(
        "/views",
        database_id=database_id,
        data_source_id=features,
        name="Overview",
        type="dashboard",
    )
    for name in ("First", "Second"):
        notion.post(
            "/views", view_id=dashboard["id"], data_source_id=features, name=name, type="table"
        )
    html = site.get(path_of(dashboard))
    assert (html.count('class="dashboard-row"'), html.count('class="widget"')) == (2, 2)
    assert seen(html).count("Search") == 2


@pytest.mark.parametrize(
    ("chart", "figures"),
    [
        ({"chart_type": "donut"}, "Count by Status Idea 2 Shipped 1"),
        (
            {"chart_type": "bar", "y_axis": {"aggregator": "sum", "property_id": "Effort"}},
            "Sum of Effort by Status",
        ),
        ({"chart_type": "number", "value": {"aggregator": "count"}}, "Count 3"),
    ],
)
def test_charts_are_drawn(notion: Notion, site: Visitor, chart: Json, figures: str) -> None:
    source = notion.database("Drawn", Status=STATUS, Effort={"number": {}})
    for name, status, effort in (("A", "Idea", 3), ("B", "Idea", 4), ("C", "Shipped", 5)):
        notion.row(source, name, Status={"status": {"name": status}}, Effort={"number": effort})
    group = {
        "type": "status",
        "property_id": "Status",
        "group_by": "option",
        "sort": {"type": "manual"},
    }
    axis = {} if chart["chart_type"] == "number" else {"x_axis": group}
    html = site.get(view(notion, source, "chart", configuration={"type": "chart", **chart, **axis}))
    assert figures in seen(html)
    if "y_axis" in chart:
        assert "Idea 7 Shipped 5" in seen(html)
        assert 'width="100.0%"' in html
        assert 'width="71.43%"' in html


def test_a_stacked_chart_divides_its_bars(notion: Notion, site: Visitor) -> None:
    kinds = {"select": {"options": [{"name": "X", "color": "red"}, {"name": "Y", "color": "blue"}]}}
    source = notion.database("Drawn", Kind=kinds, Owner={"rich_text": {}})
    for owner, kind in (("Ada", "X"), ("Ada", "Y"), ("Ada", "Y"), ("Bo", "X")):
        notion.row(
            source,
            kind,
            Kind={"select": {"name": kind}},
            Owner={"rich_text": [{"text": {"content": owner}}]},
        )
    by = {"sort": {"type": "manual"}}
    configuration = {
        "type": "chart",
        "chart_type": "column",
        "x_axis": {"type": "text", "property_id": "Owner", "group_by": "exact", **by},
        "stack_by": {"type": "select", "property_id": "Kind", **by},
    }
    html = site.get(view(notion, source, "chart", configuration=configuration))
    assert "Ada X Y 3 Bo X 1" in seen(html)
    assert '<rect class="f-blue" x="33.33%" width="66.67%"' in html


@pytest.mark.parametrize("kind", ["select", "multi_select", "checkbox", "people", "status"])
def test_boards_of_other_groups(notion: Notion, site: Visitor, kind: str) -> None:
    config = (
        STATUS["status"]
        if kind == "status"
        else {"options": [{"name": "A"}]}
        if "select" in kind
        else {}
    )
    source = notion.database("Things", Kind={kind: config})
    notion.row(source, "Thing")
    group_by: Json = {
        "type": "person" if kind == "people" else kind,
        "property_id": notion.schema(source)["Kind"]["id"],
    }
    group_by |= {"sort": {"type": "descending"}} | (
        {"group_by": "group"} if kind == "status" else {}
    )
    html = site.get(
        view(notion, source, "board", configuration={"type": "board", "group_by": group_by})
    )
    assert html.count('class="card"') == 1
    assert ("data-option" in html) is (kind in ("select", "status"))


def test_a_status_is_changed_as_by_a_teammate(
    notion: Notion, features: str, site: Visitor, clock: ManualClock
) -> None:
    row = notion.row(features, "Search")
    place = view(notion, features, "board")
    clock.advance(hours=1)
    answer = site.choose(site.get(place), row["id"], options(notion, features)["Shipped"])
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(place)
    page = notion.get(f"/pages/{row['id']}")
    assert page["properties"]["Status"]["status"]["name"] == "Shipped"
    assert notion.get(f"/users/{page['last_edited_by']['id']}")["type"] == "person"
    assert page["last_edited_time"] == "2026-07-01T10:00:00.000Z"
    assert "Search: Status is now “Shipped”." in seen(
        site.get(answer.headers["location"].partition("#")[0])
    )


def test_an_invented_note_is_not_shown(notion: Notion, features: str, site: Visitor) -> None:
    row = notion.row(features, "Search")
    for changed, prop in ((row["id"], "title"), (row["id"], "x"), ("1" * 32, "Status"), ("x", "")):
        assert 'id="note"></p>' in site.get(f"{path_of(row)}?changed={changed}&property={prop}")


def test_a_select_can_be_emptied(notion: Notion, features: str, site: Visitor) -> None:
    row = notion.row(features, "Search", Priority={"select": {"name": "P0"}})
    site.choose(site.get(path_of(row)), row["id"], "", "Priority")
    assert notion.values(row["id"])["Priority"] is None


def test_a_change_follows_the_rules_of_the_api(
    notion: Notion, features: str, site: Visitor
) -> None:
    row = notion.row(features, "Search")
    html = site.get(path_of(row))
    refused = site.choose(html, row["id"], "no-such-option")
    assert refused.status_code == 400
    fields = hidden_fields(chooser(html, row["id"]))
    title = site.send(f"{path(row['id'])}/choose", {**fields, "property": "title", "option": "x"})
    assert title.status_code == 400
    notion.patch(f"/pages/{row['id']}", in_trash=True)
    assert site.choose(html, row["id"], options(notion, features)["Shipped"]).status_code == 400
    assert 'class="chooser"' not in site.get(path_of(row))
    assert "in the trash" in seen(site.get(path_of(row)))


@pytest.mark.parametrize(
    ("headers", "fields"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, {}),
        ({"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:9999"}, {}),
        ({"Host": "evil.example"}, {}),
        ({}, {"token": ""}),
        ({}, {"token": "0" * 64}),
        ({"Cookie": ""}, {}),
    ],
)
def test_a_site_elsewhere_changes_nothing(
    notion: Notion, features: str, site: Visitor, headers: dict[str, str], fields: dict[str, str]
) -> None:
    row = notion.row(features, "Search")
    sent = {
        **hidden_fields(chooser(site.get(path_of(row)), row["id"])),
        "option": options(notion, features)["Shipped"],
    }
    answer = site.send(f"{path(row['id'])}/choose", {**sent, **fields}, **headers)
    assert answer.status_code == 403
    assert notion.values(row["id"])["Status"]["name"] == "Idea"


def test_a_change_never_redirects_elsewhere(notion: Notion, features: str, site: Visitor) -> None:
    row = notion.row(features, "Search")
    sent = {
        **hidden_fields(chooser(site.get(path_of(row)), row["id"])),
        "option": options(notion, features)["Shipped"],
    }
    answer = site.send(f"{path(row['id'])}/choose", {**sent, "back": "https://evil.example/"})
    assert answer.headers["location"].startswith(f"/p/{row['id'].replace('-', '')}?changed=")


def test_other_names_and_machines_are_not_answered(
    workspace: LocalWorkspace, notion: Notion
) -> None:
    for origin, remote in (("http://evil.example", "127.0.0.1"), ("http://localhost", "10.0.0.7")):
        transport = httpx.WSGITransport(app=workspace.app, remote_addr=remote)
        with httpx.Client(transport=transport, base_url=origin) as client:
            for place in ("/", path(notion.root), "/assets/site.css"):
                answer = client.get(place)
                assert answer.status_code == 403
                assert "Local workspace:" not in answer.text


def test_every_answer_is_strict(notion: Notion, site: Visitor) -> None:
    for place in ("/", path(notion.root), "/p/nothing", "/assets/site.css"):
        headers = site.client.get(place).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'self';")
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
    cookie = (
        httpx.Client(transport=site.client._transport, base_url=ORIGIN)
        .get("/")
        .headers["Set-Cookie"]
    )
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_what_is_not_there_is_a_404(notion: Notion, features: str, site: Visitor) -> None:
    assert site.client.get("/p/nothing").status_code == 404
    assert site.client.get("/p/" + "1" * 32).status_code == 404
    other = notion.post("/databases", parent={"page_id": notion.root}, title=text("Other"))
    strange = view(notion, features, "list").partition("?")[2]
    assert site.client.get(f"{path(other['id'])}?{strange}").status_code == 404
    moved = site.client.get(path(features))
    assert moved.headers["location"] == path(database_of(notion, features))


def test_the_api_still_needs_its_token(site: Visitor) -> None:
    answer = site.client.get("/v1/users/me", headers={"Notion-Version": "2026-03-11"})
    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/json"


def test_an_uploaded_page_is_shut_in(api: httpx.Client, notion: Notion, site: Visitor) -> None:
    upload = notion.post("/file_uploads", filename="evil.html", content_type="text/html")
    sent = api.post(
        f"/file_uploads/{upload['id']}/send",
        files={"file": ("evil.html", SCRIPT.encode(), "text/html")},
    )
    assert sent.status_code == 200, sent.text
    block = {"file": {"type": "file_upload", "file_upload": {"id": upload["id"]}}}
    notion.patch(f"/blocks/{notion.root}/children", children=[block])
    html = site.get(path(notion.root))
    address = (
        html.partition('href="' + ORIGIN + "/files/")[2].partition('"')[0].replace("&amp;", "&")
    )
    answer = site.client.get(f"/files/{address}")
    assert answer.text == SCRIPT
    assert answer.headers["Content-Security-Policy"].startswith("sandbox;")


def test_the_moment_is_the_workspaces_own(
    notion: Notion, features: str, site: Visitor, clock: ManualClock
) -> None:
    clock.now = datetime(2027, 2, 3, 4, 5, tzinfo=UTC)
    notion.row(features, "Later")
    assert "3 Feb 2027, 04:05" in seen(site.get("/"))

"""Queries over HTTP: what is computed filters and sorts like what is stored, page after page."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Notion, text

Json = dict[str, Any]


@pytest.fixture
def features(notion: Notion) -> str:
    """Features with an effort, a formula of it, and a rollup of the weights of insights."""
    insights = notion.database("Insights", Weight={"number": {}})
    features = notion.database(
        "Features",
        Effort={"number": {}},
        Insights={"relation": {"data_source_id": insights, "single_property": {}}},
        Evidence={
            "rollup": {
                "function": "sum",
                "relation_property_name": "Insights",
                "rollup_property_name": "Weight",
            }
        },
        Names={
            "rollup": {
                "function": "show_original",
                "relation_property_name": "Insights",
                "rollup_property_name": "Name",
            }
        },
        Score={"formula": {"expression": 'prop("Evidence") / prop("Effort")'}},
    )
    made = [notion.row(insights, f"Insight {n}", Weight={"number": n})["id"] for n in range(1, 6)]
    for n in range(1, 6):
        related = [{"id": page_id} for page_id in made[:n]]
        notion.row(
            features, f"Feature {n}", Effort={"number": 6 - n}, Insights={"relation": related}
        )
    return features


def names(answer: Json) -> list[str]:
    return [
        "".join(part["plain_text"] for part in page["properties"]["Name"]["title"])
        for page in answer["results"]
    ]


def query(notion: Notion, source: str, **body: Any) -> list[str]:
    """Return the names of all results, in pages of two."""
    found: list[str] = []
    while True:
        answer = notion.post(f"/data_sources/{source}/query", page_size=2, **body)
        found += names(answer)
        if not answer["has_more"]:
            assert answer["next_cursor"] is None
            return found
        body["start_cursor"] = answer["next_cursor"]


def test_a_rollup_filters(notion: Notion, features: str) -> None:
    heavy = {"property": "Evidence", "rollup": {"number": {"greater_than": 5}}}
    assert query(notion, features, filter=heavy) == ["Feature 5", "Feature 4", "Feature 3"]
    named = {"property": "Names", "rollup": {"any": {"rich_text": {"ends_with": "4"}}}}
    assert query(notion, features, filter=named) == ["Feature 5", "Feature 4"]


@pytest.mark.usefixtures("formula_filters")
def test_a_formula_filters_beside_a_stored_value(notion: Notion, features: str) -> None:
    both = [
        {"property": "Score", "formula": {"number": {"greater_than": 1}}},
        {"property": "Effort", "number": {"greater_than": 1}},
    ]
    assert query(notion, features, filter={"and": both}) == ["Feature 4", "Feature 3"]
    assert query(notion, features, filter={"or": both}) == [f"Feature {n}" for n in (5, 4, 3, 2, 1)]


def test_a_formula_sorts(notion: Notion, features: str) -> None:
    by_score = [{"property": "Score", "direction": "ascending"}]
    assert query(notion, features, sorts=by_score) == [f"Feature {n}" for n in (1, 2, 3, 4, 5)]


def test_a_new_option_of_the_schema_sorts_last(notion: Notion) -> None:
    source = notion.database(Kind={"select": {"options": [{"name": "b"}, {"name": "a"}]}})
    for name in ("c", "a", "b"):
        notion.row(source, name, Kind={"select": {"name": name}})
    notion.row(source, "none")
    by_kind = [{"property": "Kind", "direction": "ascending"}]
    assert query(notion, source, sorts=by_kind) == ["b", "a", "c", "none"]


def test_lists_sort_by_their_items(notion: Notion) -> None:
    options = [{"name": name} for name in ("first", "second")]
    source = notion.database(Tags={"multi_select": {"options": options}}, Files={"files": {}})
    for tags in (["second"], ["first", "second"], [], ["first"]):
        files = [{"name": tag, "external": {"url": "https://x.org/a"}} for tag in tags]
        notion.row(
            source,
            "+".join(tags),
            Tags={"multi_select": [{"name": tag} for tag in tags]},
            Files={"files": files},
        )
    expected = ["first", "first+second", "second", ""]
    assert query(notion, source, sorts=[{"property": "Tags", "direction": "ascending"}]) == expected
    assert (
        query(notion, source, sorts=[{"property": "Files", "direction": "ascending"}]) == expected
    )


def test_what_is_written_moves_in_the_index(notion: Notion) -> None:
    source = notion.database(Note={"rich_text": {}})
    page = notion.row(source, "One", Note={"rich_text": text("Old")})["id"]
    has_new = {"property": "Note", "rich_text": {"equals": "new"}}
    assert query(notion, source, filter=has_new) == []
    notion.patch(f"/pages/{page}", properties={"Note": {"rich_text": text("New")}})
    assert query(notion, source, filter=has_new) == ["One"]
    notion.patch(f"/pages/{page}", in_trash=True)
    assert query(notion, source, filter=has_new) == []


def test_a_converted_property_is_indexed_again(notion: Notion) -> None:
    source = notion.database(Size={"rich_text": {}})
    notion.row(source, "Small", Size={"rich_text": text("3")})
    notion.patch(f"/data_sources/{source}", properties={"Size": {"type": "number", "number": {}}})
    assert query(notion, source, filter={"property": "Size", "number": {"less_than": 5}}) == [
        "Small"
    ]


def test_wrong_queries_are_refused(notion: Notion, features: str) -> None:
    path = f"/data_sources/{features}/query"
    gone = notion.refused("POST", path, filter={"property": "Gone", "number": {"equals": 1}})
    assert gone["message"] == "Could not find property with name or id: Gone"
    assert notion.refused("POST", path, start_cursor="x")["code"] == "validation_error"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("NaN", "invalid_json"),
        ("-Infinity", "invalid_json"),
        ("1e400", "validation_error"),
        ('"\\ud800"', "invalid_json"),
    ],
)
def test_what_no_store_could_keep_is_refused(
    notion: Notion, features: str, value: str, code: str
) -> None:
    content = f'{{"filter": {{"property": "Effort", "number": {{"equals": {value}}}}}}}'
    response = notion.client.post(f"/data_sources/{features}/query", content=content)
    assert (response.status_code, response.json()["code"]) == (400, code)


def test_characters_beyond_the_first_plane_are_kept(notion: Notion) -> None:
    source = notion.database()
    notion.client.post("/pages", content=_PAGE_WITH_EMOJI.replace("SOURCE", source))
    assert query(notion, source, filter={"property": "Name", "title": {"equals": "🤝"}}) == ["🤝"]


_PAGE_WITH_EMOJI = (
    '{"parent": {"data_source_id": "SOURCE"}, '
    '"properties": {"Name": {"title": [{"text": {"content": "\\ud83e\\udd1d"}}]}}}'
)

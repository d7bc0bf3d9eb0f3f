"""Schemas: create, rename, convert and delete properties (notion-api.md 3.1 to 3.3)."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import pytest

from .conftest import Notion, text

EVERY_TYPE: dict[str, Any] = {
    "Text": {"rich_text": {}},
    "Number": {"number": {"format": "euro"}},
    "Select": {"select": {"options": [{"name": "One", "color": "red"}, {"name": "Two"}]}},
    "Multi": {"multi_select": {"options": []}},
    "Status": {"status": {}},
    "Date": {"date": {}},
    "People": {"people": {}},
    "Files": {"files": {}},
    "Checkbox": {"checkbox": {}},
    "URL": {"url": {}},
    "Email": {"email": {}},
    "Phone": {"phone_number": {}},
    "ID": {"unique_id": {"prefix": "F"}},
    "Created": {"created_time": {}},
    "Creator": {"created_by": {}},
    "Edited": {"last_edited_time": {}},
    "Editor": {"last_edited_by": {}},
    "Place": {"place": {}},
    "Button": {"button": {}},
    "Double": {"formula": {"expression": 'prop("Number") * 2'}},
}


def test_every_type_can_be_created_and_read(notion: Notion) -> None:
    source = notion.database(**EVERY_TYPE)
    schema = notion.schema(source)
    assert {name: prop["type"] for name, prop in schema.items()} == {
        "Name": "title",
        **{name: next(iter(spec)) for name, spec in EVERY_TYPE.items()},
    }
    assert all(prop["description"] is None for prop in schema.values())
    values = notion.row(source, "One")["properties"]
    assert {name: value["type"] for name, value in values.items()} == {
        n: p["type"] for n, p in schema.items()
    }


def test_properties_are_ordered_by_id_with_the_title_last(notion: Notion) -> None:
    schema = notion.schema(notion.database(**EVERY_TYPE))
    ids = [unquote(prop["id"]) for prop in schema.values()]
    assert ids[-1] == "title"
    assert ids[:-1] == sorted(ids[:-1])
    assert all(len(one) == 4 for one in ids[:-1])


def test_database_without_schema_has_a_title_called_name(notion: Notion) -> None:
    made = notion.post("/databases", parent={"type": "page_id", "page_id": notion.root})
    source = notion.get(f"/data_sources/{made['data_sources'][0]['id']}")
    # An empty title is shown on the database alone (recorded).
    assert made["title"][0]["plain_text"] == "New database"
    assert source["title"] == []
    assert list(source["properties"]) == ["Name"]


def test_rename_keeps_id_and_values(notion: Notion) -> None:
    source = notion.database(Effort={"number": {}})
    row = notion.row(source, "A", Effort={"number": 3})
    before = notion.schema(source)["Effort"]["id"]
    notion.patch(
        f"/data_sources/{source}",
        properties={before: {"name": "Cost"}, "title": {"name": "Feature"}},
    )
    schema = notion.schema(source)
    assert schema["Cost"]["id"] == before
    assert schema["Feature"]["id"] == "title"
    assert notion.values(row["id"])["Cost"] == 3


def test_delete_forgets_values(notion: Notion) -> None:
    source = notion.database(Effort={"number": {}})
    row = notion.row(source, "A", Effort={"number": 3})
    notion.patch(f"/data_sources/{source}", properties={"Effort": None})
    assert list(notion.schema(source)) == ["Name"]
    notion.patch(f"/data_sources/{source}", properties={"Effort": {"number": {}}})
    assert notion.values(row["id"])["Effort"] is None


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"Nope": None}, "Nope is not a property that exists."),
        ({"Nope": {"name": "Other"}}, "Nope is not a property that exists."),
        ({"Name": None}, "Cannot delete the title property."),
        ({"Name": {"number": {}}}, "Cannot convert to or from the title property."),
        ({"Other": {"title": {}}}, "a data source has exactly one"),
        ({"Effort": {"name": "Name"}}, 'Property name "Name" is already in use'),
        (
            {"Effort": {"number": {"format": "cowries"}}},
            "body.properties.Effort.number.format should be",
        ),
        ({"New": {"colour": {}}}, "body.properties.New.colour should be not present"),
        ({"Sum": {"formula": {"expression": 'prop("Gone") + 1'}}}, "Gone"),
        ({"Sum": {"formula": {"expression": "1 +"}}}, "Invalid formula"),
        (
            {"Roll": {"rollup": {"function": "sum", "relation_property_name": "Gone"}}},
            "with name or id: Gone",
        ),
        ({"Rel": {"relation": {"single_property": {}}}}, "data_source_id should be defined"),
        ({"Wiki": {"verification": {}}}, "cannot be created"),
    ],
)
def test_wrong_schema_changes_are_refused(notion: Notion, properties: Any, message: str) -> None:
    source = notion.database(Effort={"number": {}})
    before = notion.schema(source)
    error = notion.refused("PATCH", f"/data_sources/{source}", properties=properties)
    assert error["code"] == "validation_error"
    assert message in error["message"]
    assert notion.schema(source) == before


def test_refused_request_changes_nothing_at_all(notion: Notion) -> None:
    source = notion.database()
    notion.refused(
        "PATCH", f"/data_sources/{source}", properties={"New": {"number": {}}, "Gone": None}
    )
    assert list(notion.schema(source)) == ["Name"]


def test_formulas_of_one_request_may_use_each_other_in_any_order(notion: Notion) -> None:
    source = notion.database(
        A={"formula": {"expression": 'prop("B") + 1'}},
        B={"formula": {"expression": 'prop("N") + 1'}},
        N={"number": {}},
    )
    row = notion.row(source, "x", N={"number": 1})
    assert row["properties"]["A"]["formula"] == {"type": "number", "number": 3}


def test_formula_is_kept_by_id_and_survives_a_rename(notion: Notion) -> None:
    source = notion.database(N={"number": {}}, Double={"formula": {"expression": 'prop("N") * 2'}})
    number_id = notion.schema(source)["N"]["id"]
    notion.patch(f"/data_sources/{source}", properties={"N": {"name": "Renamed"}})
    expression = notion.schema(source)["Double"]["formula"]["expression"]
    assert expression.startswith(f"{{{{notion:block_property:{number_id}:{source}:")
    row = notion.row(source, "x", Renamed={"number": 21})
    assert row["properties"]["Double"]["formula"] == {"type": "number", "number": 42}


def test_formula_cannot_need_itself(notion: Notion) -> None:
    source = notion.database(N={"number": {}}, A={"formula": {"expression": 'prop("N")'}})
    notion.patch(
        f"/data_sources/{source}", properties={"B": {"formula": {"expression": 'prop("A")'}}}
    )
    error = notion.refused(
        "PATCH",
        f"/data_sources/{source}",
        properties={"A": {"formula": {"expression": 'prop("B")'}}},
    )
    assert "cannot refer to itself" in error["message"]


@pytest.mark.parametrize(
    ("former", "value", "kind", "expected"),
    [
        ("number", 3, "rich_text", "3"),
        ("url", "https://a.example", "rich_text", "https://a.example"),
        ("number", 3, "date", None),
        ("checkbox", True, "number", None),
        ("email", "12", "number", 12),
    ],
)
def test_conversion_keeps_what_fits(
    notion: Notion, former: str, value: Any, kind: str, expected: Any
) -> None:
    source = notion.database(P={former: {}})
    row = notion.row(source, "x", P={former: value})
    before = notion.schema(source)["P"]["id"]
    notion.patch(f"/data_sources/{source}", properties={"P": {kind: {}}})
    assert notion.schema(source)["P"]["id"] == before
    got = notion.values(row["id"])["P"]
    assert (got[0]["plain_text"] if kind == "rich_text" else got) == expected


def test_unique_ids_count_on_and_number_existing_rows(notion: Notion) -> None:
    source = notion.database()
    first, second = notion.row(source, "1"), notion.row(source, "2")
    notion.patch(f"/data_sources/{source}", properties={"ID": {"unique_id": {"prefix": "F"}}})
    third = notion.row(source, "3")
    numbers = [notion.values(row["id"])["ID"] for row in (first, second, third)]
    assert numbers == [{"prefix": "F", "number": n} for n in (1, 2, 3)]


def test_oversize_schema_names_its_largest_property(notion: Notion) -> None:
    source = notion.database()
    options = [{"name": f"{n}", "description": "x" * 600} for n in range(99)]
    error = notion.refused(
        "PATCH", f"/data_sources/{source}", properties={"Big": {"select": {"options": options}}}
    )
    assert 'The largest property is "Big"' in error["message"]


def test_properties_may_be_described(notion: Notion) -> None:
    source = notion.database(
        Effort={"number": {}, "description": "In days"}, Stage={"select": {}, "description": "x"}
    )
    assert notion.schema(source)["Effort"]["description"] == "In days"
    changed = {"Effort": {"name": "Cost"}, "Stage": {"select": {"options": [{"name": "A"}]}}}
    notion.patch(f"/data_sources/{source}", properties=changed)
    # Settings of a select sent without a description clear it (3.1).
    schema = notion.schema(source)
    assert (schema["Cost"]["description"], schema["Stage"]["description"]) == ("In days", None)


def test_description_belongs_to_the_database(notion: Notion) -> None:
    source = notion.database()
    database = notion.get(f"/data_sources/{source}")["parent"]["database_id"]
    notion.patch(f"/databases/{database}", description=text("All of it"))
    assert notion.get(f"/data_sources/{source}")["description"][0]["plain_text"] == "All of it"

"""The record in the workspace, which people can edit: what is believed of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from notion_pm.errors import RecordUnreadable
from notion_pm.model.ids import NotionId
from notion_pm.model.manifest import FORMAT, DatabaseEntry, Manifest, ViewEntry
from notion_pm.workspace.record_text import DecodedRecord, decode, encode

ID = NotionId("00000000-0000-4000-8000-000000000000")


def manifest(**ids: str) -> Manifest:
    each = {name: NotionId(ids.get(name, ID)) for name in ("database", "source", "view", "row")}
    entry = DatabaseEntry(
        database_id=each["database"],
        data_source_id=each["source"],
        views={"all": ViewEntry(id=each["view"], fingerprint="f")},
        rows={"one": each["row"]},
    )
    started = datetime(2026, 11, 22, tzinfo=UTC)
    return Manifest(
        template="t", version=1, state="applied", started=started, databases={"features": entry}
    )


def test_a_record_round_trips() -> None:
    assert decode(encode(manifest())) == DecodedRecord(manifest(), is_edited=False)


@pytest.mark.parametrize("name", ["database", "source", "view", "row"])
@pytest.mark.parametrize("strange", ["../../users/me", f"{ID}?x=1", f"{ID}\n", "", "*"])
def test_only_ids_become_part_of_request_paths(name: str, strange: str) -> None:
    with pytest.raises(RecordUnreadable, match="not an id of Notion"):
        decode(encode(manifest(**{name: strange})))


def test_a_record_of_a_later_version_is_not_called_damaged() -> None:
    later = encode(manifest()).replace(f'"format":{FORMAT}', f'"format":{FORMAT + 1},"more":{{}}')
    with pytest.raises(RecordUnreadable, match="later version") as failure:
        decode(later)
    assert "Install" in failure.value.advice


@pytest.mark.parametrize("damaged", ["", "{}", "[]", "{", '{"format":1}', "null", "hello"])
def test_damage_is_reported_with_advice(damaged: str) -> None:
    with pytest.raises(RecordUnreadable, match="cannot be read") as failure:
        decode(damaged)
    assert "page history" in failure.value.advice


def test_edits_by_hand_are_detected_and_a_new_layout_is_not_an_edit() -> None:
    text = encode(manifest())
    laid_out = json.dumps(dict(reversed(json.loads(text).items())), indent=2)
    assert decode(laid_out) == DecodedRecord(manifest(), is_edited=False)
    assert decode(text.replace('"version":1', '"version":2')).is_edited
    without = {key: value for key, value in json.loads(text).items() if key != "checksum"}
    assert decode(json.dumps(without)).is_edited
    assert not decode(json.dumps({**without, "format": 2})).is_edited


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"version": "many"}, "version should be a whole number"),
        ({"started": "soon"}, "started should be a date"),
        ({"state": "done"}, "state should be"),
        ({"databases": []}, "databases should be"),
        ({"databases": {"features": {}}}, "databases.features.database_id is missing"),
        ({"databases": {"features": 1}}, "databases.features should be"),
        ({"template": None}, "template should be text"),
        ({"colour": 1}, "colour"),
    ],
)
def test_damage_names_the_field_in_words(change: dict[str, Any], field: str) -> None:
    with pytest.raises(RecordUnreadable) as failure:
        decode(json.dumps(json.loads(encode(manifest())) | change))
    assert field in str(failure.value)
    assert "input" not in str(failure.value).casefold()  # a word of pydantic's


@pytest.mark.parametrize(
    "text", ["[" * 1800, "[" * 100_000, '{"a":' * 3000, '{"a":' + "1" * 6000 + "}", "\ud800"]
)
def test_text_that_breaks_a_parser_is_damage_in_words(text: str) -> None:
    with pytest.raises(RecordUnreadable, match="cannot be read"):
        decode(text)

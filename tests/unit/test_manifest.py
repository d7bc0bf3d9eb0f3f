"""The record in the workspace, which people can edit: what is believed of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from notion_pm.errors import ManifestUnreadable
from notion_pm.model.ids import NotionId
from notion_pm.model.manifest import FORMAT, DatabaseEntry, Manifest, ViewEntry
from notion_pm.workspace.record_text import decode, encode

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
    return Manifest(template="t", version=1, state="applied", started=started, databases={"features": entry})


def test_what_was_written_is_read() -> None:
    assert decode(encode(manifest())) == manifest()


@pytest.mark.parametrize("name", ["database", "source", "view", "row"])
@pytest.mark.parametrize("strange", ["../../users/me", f"{ID}?x=1", f"{ID}\n", "", "*"])
def test_nothing_but_ids_goes_into_the_paths_of_requests(name: str, strange: str) -> None:
    with pytest.raises(ManifestUnreadable, match="no id of Notion's"):
        decode(encode(manifest(**{name: strange})))


def test_a_record_of_a_later_version_is_not_called_damaged() -> None:
    later = encode(manifest()).replace(f'"format":{FORMAT}', f'"format":{FORMAT + 1},"more":{{}}')
    with pytest.raises(ManifestUnreadable, match="later version") as failure:
        decode(later)
    assert "Install" in failure.value.advice


@pytest.mark.parametrize("damaged", ["", "{}", "[]", "{", '{"format":1}', "null", "hello"])
def test_damage_is_told_with_the_way_back(damaged: str) -> None:
    with pytest.raises(ManifestUnreadable, match="cannot be read") as failure:
        decode(damaged)
    assert "page history" in failure.value.advice

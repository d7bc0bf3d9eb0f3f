"""Texts that name a page: ids and URLs."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notion_pm.errors import InvalidNotionId
from notion_pm.model.ids import compact, parse_notion_id

ID = "393abc1e-edcd-80f3-813b-e205934558c6"
HEX = compact(ID)


@pytest.mark.parametrize(
    "text",
    [
        ID,
        HEX,
        ID.upper(),
        f" {HEX}\n",
        f"collection://{ID}",
        f"https://www.notion.so/{HEX}",
        f"https://www.notion.so/acme/Product-{HEX}?pvs=4",
        f"https://app.notion.com/p/Product-{HEX}",
        f"https://app.notion.com/p/{HEX}?v=6aff91aec0ba490682e227dc02cd6d98",
        f"https://acme.notion.site/Product-{HEX}/",
        f"https://www.notion.so/acme/6aff91aec0ba490682e227dc02cd6d98?v=1&p={HEX}&pm=s",
    ],
)
def test_every_notation_of_a_page_id(text: str) -> None:
    assert parse_notion_id(text) == ID


@pytest.mark.parametrize(
    "text", ["", "product", "https://www.notion.so/acme", HEX[:-1], f"x{HEX}", f"{HEX}0"]
)
def test_a_text_without_an_id_is_refused(text: str) -> None:
    with pytest.raises(InvalidNotionId):
        parse_notion_id(text)


@given(st.uuids())
def test_ids_are_found_in_urls(uuid: UUID) -> None:
    assert parse_notion_id(f"https://app.notion.com/p/My-page-{uuid.hex}") == str(uuid)

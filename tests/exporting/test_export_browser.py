"""The exported page in a real browser: it opens from a file, sorts, filters, links and prints."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from notion_pm.exporting.formats.html import write_html
from notion_pm.exporting.table import Cell, Column, ExportContext, Reference
from notion_pm.model.page import DateValue, OptionValue
from tests.support.browser import chromium
from tests.support.exporter_tables import NOW, page_id, row, table

pytestmark = pytest.mark.browser
__all__ = ["chromium"]  # a fixture

COLUMNS = (
    Column("title", "Name", "title"),
    Column("n", "RICE", "number"),
    Column("s", "Status", "status", options=("Idea", "Spec", "Done")),
    Column("d", "Target", "date"),
    Column("r", "After", "relation", target_id=page_id(100)),
)


def _cells(name: str, rice: float | None, status: str, target: str, after: int) -> tuple[Cell, ...]:
    return (
        name,
        rice,
        OptionValue(status, status),
        DateValue(target),
        (Reference(page_id(after), "Before"),),
    )


ROWS = (
    _cells("Ten <script>document.title=1</script>", 3.84, "Done", "2026-03-01", 2),
    _cells("item 10", -2, "Idea", "1999-12-31", 3),
    _cells("Item 9", 3.9, "Spec", "2026-02-01T10:00:00.000+02:00", 4),
    _cells("Zero", 0, "Spec", "2026-04-01", 9),
    _cells("None", None, "Idea", "2027-01-01", 1),
    _cells("Many", 1e6, "Idea", "2026-01-01", 1),
)


@pytest.fixture
def page(chromium: webdriver.Chrome, tmp_path: Path) -> webdriver.Chrome:
    """The page on the screen."""
    with TextIOWrapper(BytesIO(), encoding="utf-8") as stream:
        rows = [row(number, cells) for number, cells in enumerate(ROWS, start=1)]
        written = replace(table(rows, COLUMNS), source_id=page_id(100))  # related to itself
        write_html([written], stream, ExportContext(NOW, UTC, BytesIO()))
        stream.flush()
        (tmp_path / "page.html").write_bytes(stream.buffer.getvalue())
    chromium.get((tmp_path / "page.html").as_uri())
    return chromium


def _button(page: webdriver.Chrome, name: str) -> WebElement:
    return next(
        each
        for each in page.find_elements(By.CSS_SELECTOR, "thead button")
        if each.text.startswith(name)
    )


@pytest.mark.parametrize(
    ("column", "order"),
    [
        ("RICE", [-2, 0, 3.84, 3.9, 1e6, None]),
        ("Target", [-2, 1e6, 3.9, 3.84, 0, None]),
        ("Name", [3.9, -2, 1e6, None, 3.84, 0]),
    ],
)
def test_a_click_sorts_by_the_values_of_a_column(
    page: webdriver.Chrome, column: str, order: list[float | None]
) -> None:
    by_name = {str(cells[0]): cells[1] for cells in ROWS}

    def shown() -> list[Cell]:
        return [
            by_name[each.text]
            for each in page.find_elements(By.CSS_SELECTOR, "tbody tr > :first-child")
        ]

    _button(page, column).click()
    assert shown() == order
    _button(page, column).click()
    filled = [each for each in reversed(order) if each is not None or column != "RICE"]
    assert shown() == [*filled, *([None] if column == "RICE" else [])]


def test_the_box_filters_and_counts(page: webdriver.Chrome) -> None:
    page.find_element(By.CSS_SELECTOR, "section input").send_keys("ITEM")
    rows = [each for each in page.find_elements(By.CSS_SELECTOR, "tbody tr") if each.is_displayed()]
    assert len(rows) == 2
    assert page.find_element(By.CSS_SELECTOR, ".count").text == "2 of 6 rows"


def test_links_to_related_rows_work_and_titles_run_no_script(page: webdriver.Chrome) -> None:
    anchors = [
        each.get_attribute("href") or ""
        for each in page.find_elements(By.CSS_SELECTOR, "td a[href^='#']")
    ]
    ids = [each.get_attribute("id") for each in page.find_elements(By.CSS_SELECTOR, "[id]")]
    assert len(anchors) == 5  # the sixth leads to Notion: that page is not here
    assert {each.split("#", 1)[1] for each in anchors} <= set(ids)
    assert page.title != "1"
    assert page.get_log("browser") == []  # type: ignore[no-untyped-call]


def test_it_prints(page: webdriver.Chrome) -> None:
    printed = base64.b64decode(page.execute_cdp_cmd("Page.printToPDF", {})["data"])
    assert printed.startswith(b"%PDF")

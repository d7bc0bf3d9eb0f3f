"""The report in a real browser: it opens from a file, filters, zooms, prints, and is accessible."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait

from notion_pm.model.ids import NotionId
from notion_pm.report.compose import compose_report
from notion_pm.report.html import write_report
from notion_pm.report.past import Past
from tests.support.browser import chromium
from tests.support.npm import installed
from tests.support.rules_world import EDITED, World
from tests.support.thread_world import discovery, thread_of

pytestmark = pytest.mark.browser
__all__ = ["chromium"]  # a fixture

THEN = datetime(2026, 11, 1, tzinfo=UTC)
MEAN = '</script><img src=x onerror="document.title=1">'
WIDTHS = {"desk": 1400, "phone": 390}
SECONDS = 10
DARK = {"name": "prefers-color-scheme", "value": "dark"}
AXE = Path(__file__).resolve().parent.parent / "axe"


def world() -> World:
    """A workspace with something in every section."""
    made = World(template=discovery()).add(
        "vision", "why", kind="vision", status="active", statement="We fly."
    )
    for name, health, progress in (("aim", "at_risk", 0.5), ("goal", "on_track", 0.25)):
        made.add(
            "objectives",
            name,
            vision=["why"],
            status="in_progress",
            health=health,
            progress=progress,
        )
    made.add("customers", "acme", arr=5000, segment="enterprise").add("customers", "zeta", arr=100)
    made.add("opportunities", "need", objective=["aim"], status="targeted")
    made.feature(
        "wings", "in_progress", objective=["aim"], opportunity=["need"], target="2026-11-01"
    )
    made.feature("tail", "spec", objective=["goal"]).feature(
        "claws", "shipped", objective=["goal"]
    ).feature("mean")
    made.pages["mean"] = replace(made.pages["mean"], title=MEAN)
    said: dict[str, Any] = {
        "quote": "We want to fly.",
        "importance": "critical",
        "customer": ["acme"],
        "arr": 5000,
    }
    made.insight("ask", features=["wings"], observed_on="2026-10-01", **said)
    made.insight(
        "late", features=["tail", "mean"], customer=["zeta"], quote=MEAN, observed_on="2026-11-02"
    )
    return made.insight("got", "shipped", features=["claws"], customer=["acme"]).insight("loose")


@dataclass
class Page:
    """The report on the screen."""

    chrome: webdriver.Chrome
    url: str

    def open(self, anchor: str = "") -> None:
        self.chrome.get("about:blank")
        self.chrome.get(self.url + anchor)

    def find(self, selector: str) -> WebElement:
        return self.chrome.find_element(By.CSS_SELECTOR, selector)

    def shown(self, selector: str) -> list[str]:
        """The texts of those elements that are on the screen."""
        return [
            each.text
            for each in self.chrome.find_elements(By.CSS_SELECTOR, selector)
            if each.is_displayed()
        ]

    def run(self, script: str) -> Any:
        return self.chrome.execute_script(script)

    def command(self, name: str, **parameters: Any) -> Any:
        return self.chrome.execute_cdp_cmd(name, parameters)

    def until(self, holds: Callable[[], object]) -> None:
        WebDriverWait(self.chrome, SECONDS, ignored_exceptions=[WebDriverException]).until(
            lambda _: holds()
        )

    def resize(self, width: int) -> None:
        self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=False,
        )

    def prefer(self, scheme: str) -> None:
        self.command(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": scheme}],
        )


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = world()
    then = {page.id: page for page in made.pages.values()}
    aim = made.pages["aim"]
    then[NotionId("aim")] = replace(
        aim, values={**aim.values, "progress": 0.2, "health": "on_track"}
    )
    told = compose_report(thread_of(made), Past(THEN, THEN, then), title="Product", now=EDITED)
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(write_report(told), encoding="utf-8")
    return path


@pytest.fixture
def page(chromium: webdriver.Chrome, file: Path) -> Iterator[Page]:
    opened = Page(chromium, file.as_uri())
    opened.resize(WIDTHS["desk"])
    opened.open()
    chromium.get_log("browser")  # type: ignore[no-untyped-call]
    yield opened
    opened.prefer("light")
    assert chromium.get_log("browser") == []  # type: ignore[no-untyped-call]


def test_it_opens_and_nothing_that_a_title_holds_runs(page: Page) -> None:
    page.open()
    assert page.chrome.title == "Product: report of 2026-11-22"
    assert page.shown("h2")[:3] == ["At a glance", "Strategy", "Roadmap"]
    assert page.run("return document.images.length") == 0
    assert page.run("return performance.getEntriesByType('resource').length") == 0
    assert MEAN in page.find("#roadmap").text


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_nothing_is_wider_than_the_screen(page: Page, width: int) -> None:
    page.resize(width)
    page.run("for (const each of document.querySelectorAll('details')) each.open = true")
    assert page.run("return document.documentElement.scrollWidth <= innerWidth")


def test_words_filter_every_section_and_say_how_much_is_left(page: Page) -> None:
    page.find("#words").send_keys("WINGS")
    assert page.shown("#roadmap [data-item]")[0].startswith("Wings")
    assert len(page.shown("#roadmap [data-item]")) == 1
    assert page.shown("#roadmap h3") == ["Aim"]
    assert len(page.shown("#evidence article")) == 1
    assert re.match(r"\d+ of \d+ shown", page.shown("#said")[0])
    page.find("#words").send_keys(Keys.CONTROL, "a", Keys.NULL, Keys.BACKSPACE)
    assert len(page.shown("#roadmap h3")) == 3


def test_a_draft_stays_closed_until_it_is_opened(page: Page) -> None:
    page.find("#words").send_keys("acme")
    assert [each.split() for each in page.shown("#waiting .draft")] == [["Draft", "to", "Acme"]]
    page.find("#waiting .draft summary").click()
    assert page.shown("#waiting .draft p")[0].startswith("Hello Acme,")


def test_an_objective_filters_what_serves_it(page: Page) -> None:
    Select(page.find("#aim")).select_by_visible_text("Goal")
    assert page.shown("#roadmap h3") == ["Goal"]
    assert page.shown("#strategy tbody th a") == ["Goal"]
    assert page.shown("#evidence h3") == ["Tail", "Claws"]
    Select(page.find("#aim")).select_by_visible_text("All objectives")


def test_a_filter_acts_on_tiles_tables_charts_and_tree(page: Page) -> None:
    whole, headings = page.shown("[data-tile] b"), page.shown("#brief h3")
    assert page.shown("figure")
    Select(page.find("#aim")).select_by_visible_text("Goal")
    assert page.shown("[data-tile=objectives] b") == ["1 of 2"]
    assert page.shown("[data-tile=signal] b") == ["2 of 2"]
    assert page.shown("[data-tile=waiting] b") == ["1 of 2"]
    assert page.shown("#waiting tbody th")[0] == "Zeta"
    assert page.shown("#brief h3") == headings[:2]
    assert "Goal" in page.shown("#tree summary .title")
    assert "Aim" not in page.shown("#tree summary .title")
    Select(page.find("#aim")).select_by_visible_text("All objectives")
    assert page.shown("[data-tile] b") == whole
    assert page.shown("#brief h3") == headings
    assert page.shown("figure")


NUMBERS = """
    return [...document.querySelectorAll("figure[data-parts]")].map(figure => ({
      name: figure.querySelector("svg").id,
      drawn: [...figure.querySelectorAll("text:not(.label, .month)")].map(text => text.textContent),
      table: [...figure.querySelectorAll("td")].map(cell => cell.textContent),
      bars: [...figure.querySelectorAll("rect[data-s]")].map(bar => [bar.x, bar.y, bar.width, bar.height]
        .map(length => Math.round(length.baseVal.value * 10) / 10)),
      labels: [...figure.querySelectorAll("text.label, text.month")].map(text => text.textContent),
    }))
"""


def test_a_filter_acts_on_charts(page: Page) -> None:
    whole = {chart["name"]: chart for chart in page.run(NUMBERS)}
    Select(page.find("#aim")).select_by_visible_text("Goal")
    charts = {chart["name"]: chart for chart in page.run(NUMBERS)}
    assert charts["chart-progress"]["drawn"] == ["", "", "25 %", "25 %"]
    assert charts["chart-progress"]["bars"][0][2] == 0
    stages = charts["chart-stages"]
    assert stages["labels"] == whole["chart-stages"]["labels"]
    assert sum(int(number or 0) for number in stages["table"]) == 2
    for chart in charts.values():
        assert sum(map(bool, chart["table"])) < sum(map(bool, whole[chart["name"]]["table"]))
    Select(page.find("#aim")).select_by_visible_text("All objectives")
    assert {chart["name"]: chart for chart in page.run(NUMBERS)} == whole
    page.find("#words").send_keys("tail")
    assert page.shown("figure") == []
    assert "Charts are hidden" in page.shown("#said")[0]


def test_a_filter_lives_in_the_address(page: Page) -> None:
    Select(page.find("#aim")).select_by_visible_text("Goal")
    page.find("#words").send_keys("tail")
    address = page.run("return location.hash")
    assert address.startswith("#filter=")
    page.open()
    assert len(page.shown("#roadmap h3")) == 3
    page.open(address)
    assert page.shown("#roadmap h3") == ["Goal"]
    assert [each.split()[0] for each in page.shown("#roadmap [data-item]")] == ["Tail"]
    assert page.find("#words").get_attribute("value") == "tail"
    page.run("location.hash = '#filter=objective=Aim'")
    page.until(lambda: page.shown("#roadmap h3") == ["Aim"])


def test_segments_filter_what_their_customers_say(page: Page) -> None:
    Select(page.find("#segment")).select_by_visible_text("enterprise")
    assert page.shown("#evidence h3") == ["Wings", "Claws"]
    quotes = page.shown("#tree blockquote")
    assert quotes
    assert all("Zeta" not in each for each in quotes)


def test_the_tree_zooms_to_a_quote_and_back_by_keyboard(page: Page) -> None:
    page.run("document.querySelector('#tree .tree summary').focus()")
    assert page.shown("#tree .title")[0] == "Why"
    page.run("location.hash = 't-need'")
    page.until(lambda: page.shown(".crumbs li") == ["Everything", "Why", "Aim", "Need"])
    assert page.shown("#tree summary .title") == ["Need", "Wings"]
    page.run("document.querySelector('#t-wings > details > summary').focus()")
    page.chrome.switch_to.active_element.send_keys(Keys.ENTER)
    page.until(lambda: page.shown("#t-wings blockquote"))
    page.run("document.querySelector('#t-ask .tools a').focus()")
    page.chrome.switch_to.active_element.send_keys(Keys.ENTER)
    page.until(lambda: page.shown(".crumbs li")[-1:] == ["Ask"])
    assert "“We want to fly.”" in page.shown("#tree blockquote")[0]
    assert len(page.shown("#tree blockquote")) == 1
    page.chrome.switch_to.active_element.send_keys(Keys.ESCAPE)
    page.until(lambda: page.shown(".crumbs li")[-1:] == ["Wings"])
    page.chrome.back()
    page.until(lambda: page.shown(".crumbs li")[-1:] == ["Ask"])
    page.find(".crumbs a").click()
    page.until(lambda: not page.shown(".crumbs li"))
    assert "Why" in page.shown("#tree .title")


def test_only_the_vision_is_open_at_first(page: Page) -> None:
    assert page.shown("#tree summary .title") == ["Why", "Aim", "Goal", MEAN, "Not linked"]


def test_a_link_into_the_tree_opens_zoomed(page: Page) -> None:
    page.open("#t-wings")
    assert page.shown(".crumbs li") == ["Everything", "Why", "Aim", "Need", "Wings"]
    page.open("#t-nothing-of-the-kind")
    assert page.shown(".crumbs li") == []


def test_all_of_a_section_opens_and_closes(page: Page) -> None:
    page.find("[data-in=evidence][data-set=open]").click()
    assert len(page.shown("#evidence blockquote")) == 4
    page.find("[data-in=evidence][data-set=close]").click()
    assert page.shown("#evidence blockquote") == []


def test_it_reads_without_a_script(page: Page) -> None:
    page.command("Emulation.setScriptExecutionDisabled", value=True)
    try:
        page.open()
        assert "Wings" in page.find("#roadmap").text
        assert page.shown(".filter") == []
        assert page.shown(".controls") == []
    finally:
        page.command("Emulation.setScriptExecutionDisabled", value=False)


def test_it_prints_with_the_strategy_on_the_first_page(page: Page, tmp_path: Path) -> None:
    printed = page.command("Page.printToPDF", preferCSSPageSize=True, printBackground=True)["data"]
    document = base64.b64decode(printed)
    assert document.startswith(b"%PDF")
    assert 2 <= document.count(b"/Type /Page\n") + document.count(b"/Type /Page ") <= 10
    page.command("Emulation.setEmulatedMedia", media="print", features=[DARK])
    try:
        assert page.shown(".top") == []
        assert page.shown(".controls") == []
        assert (
            page.run("return getComputedStyle(document.body).backgroundColor")
            == "rgb(255, 255, 255)"
        )
        assert (
            page.run("return getComputedStyle(document.querySelector('#roadmap')).breakBefore")
            == "page"
        )
    finally:
        page.command("Emulation.setEmulatedMedia", media="")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_it_is_accessible(page: Page, scheme: str, width: int) -> None:
    axe = (installed(AXE) / "axe-core/axe.min.js").read_text(encoding="utf-8")
    page.resize(width)
    page.prefer(scheme)
    page.run("for (const each of document.querySelectorAll('details')) each.open = true")
    page.run(axe)
    found = page.chrome.execute_async_script(
        "const done = arguments[0]; axe.run(document).then(done)"
    )
    assert {"color-contrast", "heading-order", "svg-img-alt"} <= {
        each["id"] for each in found["passes"]
    }
    assert [
        (each["id"], node["html"][:200]) for each in found["violations"] for node in each["nodes"]
    ] == []

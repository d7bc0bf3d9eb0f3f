"""The site in headless Chromium, with a workspace that another process serves."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait

from notion_pm.emulator import LocalWorkspace
from tests.support.browser import chromium

from .conftest import Notion, text
from .web_fixtures import STATUS, chooser, hidden_fields, path_of

pytestmark = pytest.mark.browser
__all__ = ["chromium"]  # a fixture

SECONDS = 20


@pytest.fixture
def served(workspace: LocalWorkspace) -> Iterator[str]:
    """Where another process serves the test's workspace."""
    command = [
        sys.executable,
        "-m",
        "notion_pm",
        "local",
        "serve",
        str(workspace.path),
        "--port",
        "0",
    ]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.terminate()


@dataclass
class Board:
    """A board on the screen, with one card in its first column."""

    chrome: webdriver.Chrome
    notion: Notion
    url: str
    row: str

    def open(self) -> None:
        """Open the board."""
        self.chrome.get(self.url)

    def card(self) -> WebElement:
        """Return the card."""
        return self.chrome.find_element(By.CSS_SELECTOR, "[data-card]")

    def choice(self) -> WebElement:
        """Return the card's menu."""
        return self.card().find_element(By.TAG_NAME, "select")

    def column(self, name: str) -> WebElement:
        """Return a column."""
        return self.chrome.find_element(By.CSS_SELECTOR, f'.column[aria-label^="{name},"]')

    def until(self, holds: Callable[[webdriver.Chrome], bool]) -> None:
        """Wait until something is so."""
        WebDriverWait(self.chrome, SECONDS, ignored_exceptions=[WebDriverException]).until(
            lambda _: holds(self.chrome)
        )

    def wait_for(self, note: str) -> None:
        """Wait until the page shows the note about the change."""
        self.until(lambda chrome: chrome.find_element(By.ID, "note").text == note)

    def status(self) -> str:
        """Return the card's status, as the API has it."""
        return str(self.notion.values(self.row)["Status"]["name"])


@pytest.fixture
def board(chromium: webdriver.Chrome, served: str, notion: Notion) -> Iterator[Board]:
    """A board of one card."""
    source = notion.database("Features", Status=STATUS)
    row = notion.row(source, "Search")
    parent = notion.get(f"/data_sources/{source}")["parent"]["database_id"]
    view = notion.post(
        "/views", database_id=parent, data_source_id=source, name="Board", type="board"
    )
    chromium.get_log("browser")  # type: ignore[no-untyped-call]
    yield Board(chromium, notion, served + path_of(view), row["id"])
    assert chromium.get_log("browser") == []  # type: ignore[no-untyped-call]


def test_a_card_is_dragged_to_another_column(board: Board) -> None:
    board.open()
    title = board.card().find_element(By.CLASS_NAME, "title")
    hand = ActionChains(board.chrome).click_and_hold(title).move_by_offset(20, 20)
    hand.move_to_element(board.column("Shipped")).move_by_offset(5, 5).pause(
        0.2
    ).release().perform()
    board.wait_for("Search: Status is now “Shipped”.")
    assert board.status() == "Shipped"
    assert board.column("Shipped").find_elements(By.CSS_SELECTOR, "[data-card]")
    page = board.notion.get(f"/pages/{board.row}")
    assert board.notion.get(f"/users/{page['last_edited_by']['id']}")["type"] == "person"


def test_a_status_is_chosen_with_the_mouse(board: Board) -> None:
    board.open()
    ActionChains(board.chrome).click(board.choice()).perform()
    Select(board.choice()).select_by_visible_text("In progress")
    board.wait_for("Search: Status is now “In progress”.")
    assert board.status() == "In progress"


def test_a_status_is_chosen_with_the_keyboard(board: Board) -> None:
    board.open()
    button = board.card().find_element(By.CSS_SELECTOR, ".chooser button")
    assert not button.is_displayed()
    board.choice().send_keys("S")
    assert button.is_displayed()
    assert board.status() == "Idea"  # walking through the options changes nothing
    board.choice().send_keys(Keys.ENTER)
    board.wait_for("Search: Status is now “Shipped”.")
    assert board.status() == "Shipped"
    board.until(lambda chrome: "changed=" not in chrome.current_url)
    assert board.chrome.switch_to.active_element == board.choice()


def test_a_status_is_chosen_without_scripts(board: Board) -> None:
    board.chrome.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        board.open()
        Select(board.choice()).select_by_visible_text("Shipped")
        assert board.status() == "Idea"
        board.card().find_element(By.CSS_SELECTOR, ".chooser button").click()
        board.wait_for("Search: Status is now “Shipped”.")
    finally:
        board.chrome.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert board.status() == "Shipped"


def test_a_title_is_never_a_script(board: Board) -> None:
    evil = '</title><script>document.documentElement.dataset.evil = 1</script><img src=x onerror="alert(1)">'
    board.notion.patch(f"/pages/{board.row}", properties={"Name": {"title": text(evil)}})
    page = board.notion.get(f"/pages/{board.row}")
    for url in (
        board.url,
        board.url.partition("/p/")[0] + path_of(page),
        board.url.partition("/p/")[0],
    ):
        board.chrome.get(url)
        assert evil in board.chrome.find_element(By.TAG_NAME, "body").text
        assert board.chrome.execute_script("return document.documentElement.dataset.evil") is None


def test_the_first_tab_stop_skips_to_the_content(board: Board) -> None:
    board.open()
    ActionChains(board.chrome).send_keys(Keys.TAB).perform()
    skip = board.chrome.switch_to.active_element
    assert skip.text == "Skip to content"
    skip.send_keys(Keys.ENTER)
    assert board.chrome.switch_to.active_element.get_attribute("id") == "content"


def test_it_is_dark_where_the_reader_wants_it_dark(board: Board) -> None:
    grounds = []
    for scheme in ("light", "dark"):
        media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        board.chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
        board.open()
        grounds.append(
            board.chrome.find_element(By.TAG_NAME, "html").value_of_css_property("background-color")
        )
    board.chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert grounds[0] == "rgba(255, 255, 255, 1)"
    assert grounds[1] == "rgba(27, 27, 26, 1)"


def test_the_page_never_scrolls_sideways(board: Board) -> None:
    for width in (400, 1400):
        board.chrome.set_window_size(width, 1000)
        board.open()
        widths = (
            "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        )
        needed, given = board.chrome.execute_script(widths)
        assert needed <= given
    board.chrome.set_window_size(1400, 1000)


def test_a_form_on_another_site_changes_nothing(board: Board) -> None:
    board.open()
    fields = hidden_fields(chooser(board.chrome.page_source, board.row))
    options = board.notion.schema(
        board.notion.get(f"/pages/{board.row}")["parent"]["data_source_id"]
    )["Status"]
    fields["option"] = options["status"]["options"][2]["id"]
    target = board.url.partition("/p/")[0] + f"/p/{board.row.replace('-', '')}/choose"
    with another_site(target, fields) as elsewhere:  # even with a token that somehow leaked
        board.chrome.get(elsewhere)
        heading = (By.TAG_NAME, "h1")
        WebDriverWait(board.chrome, SECONDS).until(
            lambda chrome: chrome.find_element(*heading).text == "Not from there"
        )
    assert board.status() == "Idea"
    log = board.chrome.get_log("browser")  # type: ignore[no-untyped-call]
    assert all("403" in json.dumps(entry) or "favicon" in json.dumps(entry) for entry in log)


class another_site:  # noqa: N801 - read as a word
    """A foreign web server with a page that sends a form to the site when it is opened."""

    def __init__(self, target: str, fields: dict[str, str]) -> None:
        inputs = "".join(f'<input name="{name}" value="{value}">' for name, value in fields.items())
        page = f'<form method="post" action="{target}">{inputs}</form><script>document.forms[0].submit()</script>'

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(page.encode())

            def log_message(self, *_: object) -> None:
                """Log nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.block_on_close = False  # browsers hold connections open that they may need
        self._thread = threading.Thread(target=self._server.serve_forever)

    def __enter__(self) -> str:
        self._thread.start()
        return f"http://127.0.0.1:{self._server.server_port}/"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

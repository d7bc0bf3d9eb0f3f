"""The bars on stderr: how far the work is, how much was asked of Notion, and what is waited for."""

from __future__ import annotations

import io
from dataclasses import dataclass

import pytest
from rich.console import Console

from notion_pm.console.progress_bars import Bars
from notion_pm.notion.limiter import WindowLimiter


@dataclass
class Asker:
    """A client with these request figures."""

    requests_sent: int = 0
    wait: float = 0.0


def shown(bars: Bars) -> list[str]:
    """Return the lines on the screen."""
    console = Console(file=io.StringIO(), width=100, force_terminal=False)
    console.print(bars.display.get_renderable())
    out = console.file
    assert isinstance(out, io.StringIO)
    return [line.strip() for line in out.getvalue().splitlines()]


def bars_of(*askers: Asker) -> Bars:
    return Bars(Console(file=io.StringIO()), askers)


def test_the_first_bar_shows_the_number_of_requests() -> None:
    one, other = Asker(1), Asker(0)
    bars = bars_of(one, other)
    (line,) = shown(bars)
    assert line.startswith("Asking Notion")
    assert line.endswith(" 1 request")
    other.requests_sent = 1234
    assert shown(bars)[0].endswith(" 1,235 requests")


def test_each_kind_of_work_has_a_bar_with_its_count() -> None:
    bars = bars_of()
    bars.draw("Reading", 1, 3)
    bars.draw("Pages", 40, 0)
    bars.draw("Reading", 2, 3)
    reading, pages = shown(bars)
    assert reading.startswith("Reading")
    assert " 2/3 " in reading
    assert pages.startswith("Pages")
    assert " 40 " in pages


@pytest.mark.parametrize(
    ("waits", "told"), [((43.2, 12.0), "12 s to wait"), ((43.2, 0.0), "0 requests"), ((), "")]
)
def test_a_wait_is_shown_when_all_clients_wait(waits: tuple[float, ...], told: str) -> None:
    (line,) = shown(bars_of(*(Asker(wait=each) for each in waits)))
    assert ("to wait" in line) == ("to wait" in told)
    assert told.removeprefix("0 requests") in line


def test_a_limiter_tells_how_long_the_next_request_waits_and_spends_nothing_by_telling() -> None:
    now = [100.0]
    limiter = WindowLimiter(1, clock=lambda: now[0], sleep=lambda seconds: None)
    assert [limiter.wait, limiter.wait] == [0, 0]
    limiter.acquire()
    now[0] += 20
    assert limiter.wait == 40
    now[0] += 40
    assert limiter.wait == 0
    limiter.pause(7)
    assert limiter.wait == 7

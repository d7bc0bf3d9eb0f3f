"""The flowcharts of `trace --mermaid`, drawn by Mermaid itself: every title is a box with these
words, and no more.
"""

from __future__ import annotations

import html
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver

from notion_pm.thread.branches import trace
from notion_pm.thread.mermaid import flowchart
from tests.support.browser import chromium
from tests.support.npm import installed
from tests.support.rules_world import World
from tests.support.thread_world import thread_of

pytestmark = pytest.mark.browser
__all__ = ["chromium"]  # a fixture

MERMAID = Path(__file__).resolve().parent.parent / "mermaid"
DRAW = """
const [source, done] = arguments;
mermaid.initialize({startOnLoad: false});
mermaid.render("drawn", source).then(({svg}) => {
  document.body.innerHTML = svg;
  const boxes = [...document.querySelectorAll(".node")].map(box => box.textContent.trim());
  done({boxes, edges: document.querySelectorAll(".edgePaths path").length, images: document.images.length});
}, error => done({error: String(error)}));
"""
TITLES = (
    "RuleValue",
    '</script><img src=x onerror="alert(1)">',
    'He said "no"; 50% (of 9) & more',
    "end",
    "graph TD; a-->b",
    "`code` **bold** _it_ ~~no~~ #35; &lt;",
    "[link](https://x) {{ 7 * 7 }} | pipe \\ back",
    "%% comment",
    "🚀 مرحبا بالعالم नमस्ते 你好",
    "1. A list",
    "- A list",
    "Two\nlines",
)


def drawn(chromium: webdriver.Chrome, folder: Path, source: str) -> Any:
    script = (installed(MERMAID) / "mermaid/dist/mermaid.min.js").as_uri()
    page = folder / "page.html"
    page.write_text(
        '<!doctype html><meta charset="utf-8"><body></body><script '
        f'src="{html.escape(script)}"></script>'
    )
    chromium.get(page.as_uri())
    return chromium.execute_async_script(DRAW, source)


def test_mermaid_draws_titles_unchanged(chromium: webdriver.Chrome, tmp_path: Path) -> None:
    world = World().add("vision", "aim", kind="objective", status="active")
    world.feature("wings", "in_progress", vision=["aim"])
    for number, title in enumerate(TITLES):
        world.insight(f"ask {number}", features=["wings"])
        world.pages[f"ask {number}"] = replace(world.pages[f"ask {number}"], title=title)
    thread = thread_of(world)
    told = drawn(chromium, tmp_path, flowchart(thread, trace(thread, world.pages["wings"])))
    wanted = {
        "Aim – Active",
        "Wings – In progress",
        *(f"{' '.join(each.split())} – New" for each in TITLES),
    }
    assert "error" not in told, told["error"]
    assert set(told["boxes"]) == wanted
    assert (told["edges"], told["images"]) == (len(TITLES) + 1, 0)

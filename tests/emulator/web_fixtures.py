"""What the tests of the site share: a workspace with something to see, and a browser's manners."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from html.parser import HTMLParser
from typing import Any

import httpx

from notion_pm.emulator import LocalWorkspace

ORIGIN = "http://localhost:8200"
_HIDDEN = re.compile(r'<input type="hidden" name="(?P<name>\w+)" value="(?P<value>[^"]*)">')
_TAG = re.compile(r"<[^>]+>")

STATUS = {
    "status": {
        "options": [
            {"name": "Idea", "color": "gray", "group": "To-do"},
            {"name": "In progress", "color": "blue", "group": "In progress"},
            {"name": "Shipped", "color": "green", "group": "Complete"},
        ]
    }
}


@dataclass
class Visitor:
    """Open pages and sends forms, as a browser would."""

    client: httpx.Client

    def get(self, path: str) -> str:
        """Return the HTML of a page that is there."""
        response = self.client.get(path)
        assert response.status_code == 200, response.text
        check_markup(response.text)
        return response.text

    def send(self, path: str, fields: dict[str, str], **headers: str) -> httpx.Response:
        """Send a form like a page of the site, unless the headers differ."""
        return self.client.post(
            path, data=fields, headers={"Sec-Fetch-Site": "same-origin", **headers}
        )

    def choose(
        self, html: str, page_id: str, option_id: str, property_name: str = "Status"
    ) -> httpx.Response:
        """Fills in the form for a page's property, and sends it."""
        form = chooser(html, page_id, property_name)
        return self.send(
            f"/p/{page_id.replace('-', '')}/choose", {**hidden_fields(form), "option": option_id}
        )


def visitor(workspace: LocalWorkspace, origin: str = ORIGIN) -> Iterator[Visitor]:
    """Yields a visitor of a workspace."""
    transport = httpx.WSGITransport(app=workspace.app)
    with httpx.Client(transport=transport, base_url=origin) as client:
        yield Visitor(client)


def chooser(html: str, page_id: str, property_name: str = "Status") -> str:
    """Return the form that sets a page's property."""
    forms: list[str] = re.findall(r'<form class="chooser".*?</form>', html, re.DOTALL)
    action = f'action="/p/{page_id.replace("-", "")}/choose"'
    return next(
        form for form in forms if action in form and f'aria-label="{property_name} of' in form
    )


def hidden_fields(form: str) -> dict[str, str]:
    """Return what a form carries beside the choice."""
    return {found["name"]: unescape(found["value"]) for found in _HIDDEN.finditer(form)}


def seen(html: str) -> str:
    """Return the text of a page, white space joined."""
    body = html.partition("<body>")[2]
    return " ".join(unescape(_TAG.sub(" ", body)).split())


def path_of(thing: dict[str, Any]) -> str:
    """Return where the site shows an object of the API."""
    return str(thing["url"]).removeprefix("https://app.notion.com")


class _Markup(HTMLParser):
    """Check that elements are closed in order, ids are unique, and nothing inline would need a
    weaker policy.
    """

    _VOID = frozenset(("meta", "link", "input", "hr", "img", "br"))

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        assert not any(name == "style" or name.startswith("on") for name in given), (tag, given)
        assert tag != "script" or given == {"src": "/assets/site.js", "defer": None}
        assert given.get("id") not in self.ids, given
        self.ids |= {given_id} if (given_id := given.get("id")) else set()
        if tag not in self._VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, tag


def check_markup(html: str) -> None:
    """Asserts that a page is sound HTML without anything inline."""
    parser = _Markup()
    parser.feed(html)
    parser.close()
    assert parser.open == []
    assert html.count("<h1") == 1

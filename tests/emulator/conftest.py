"""Fixtures of the local workspace's own tests: requests that must succeed, and requests that must
be refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from notion_pm.emulator import LocalWorkspace
from notion_pm.emulator.behaviour import Behaviour
from notion_pm.emulator.faults import Faults

Json = dict[str, Any]


@dataclass
class Notion:
    """Speaks to a workspace, and asserts that it answers as expected."""

    client: httpx.Client
    root: str

    def get(self, path: str, **query: Any) -> Json:
        """Return what a GET answers."""
        return self._ok(self.client.get(path, params=query))

    def post(self, path: str, **body: Any) -> Json:
        """Return what a POST answers."""
        return self._ok(self.client.post(path, json=body))

    def patch(self, path: str, **body: Any) -> Json:
        """Return what a PATCH answers."""
        return self._ok(self.client.patch(path, json=body))

    def refused(self, method: str, path: str, **body: Any) -> Json:
        """Return the error body of a request that must be refused."""
        response = self.client.request(method, path, json=body or None)
        assert response.status_code >= 400, response.text
        error: Json = response.json()
        assert error["object"] == "error"
        assert error["status"] == response.status_code
        assert error["request_id"] == response.headers["x-notion-request-id"]
        return error

    def database(self, title: str = "Features", **properties: Any) -> str:
        """Create a database with the title property Name, and return the id of its data source."""
        schema = {"Name": {"title": {}}, **properties}
        made = self.post(
            "/databases",
            parent={"type": "page_id", "page_id": self.root},
            title=text(title),
            initial_data_source={"properties": schema},
        )
        return str(made["data_sources"][0]["id"])

    def row(self, data_source: str, name: str = "", **properties: Any) -> Json:
        """Create a row and return it."""
        values = {"Name": {"title": text(name)}, **properties}
        return self.post("/pages", parent={"data_source_id": data_source}, properties=values)

    def schema(self, data_source: str) -> Json:
        """Return a data source's properties."""
        properties: Json = self.get(f"/data_sources/{data_source}")["properties"]
        return properties

    def values(self, page_id: str) -> Json:
        """Return a page's bare values by property name."""
        properties = self.get(f"/pages/{page_id}")["properties"]
        return {name: value[value["type"]] for name, value in properties.items()}

    @staticmethod
    def _ok(response: httpx.Response) -> Json:
        assert response.status_code == 200, response.text
        body: Json = response.json()
        return body


def text(content: str) -> list[Json]:
    """Return rich text of one plain item."""
    return [{"text": {"content": content}}]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints the figures that tests recorded."""
    reports = [
        each for outcome in ("passed", "failed") for each in terminalreporter.stats.get(outcome, ())
    ]
    figures = [
        value for report in reports for name, value in report.user_properties if name == "figure"
    ]
    for figure in figures:
        terminalreporter.write_line(str(figure))


@pytest.fixture
def notion(api: httpx.Client, workspace: LocalWorkspace) -> Notion:
    """The workspace, spoken to in the newest version."""
    return Notion(api, workspace.root_page_id)


@pytest.fixture
def formula_filters(workspace: LocalWorkspace) -> None:
    """Let filters take formulas, as the service does with those that people made in its app."""
    workspace.faults.change(Faults(behaviour=Behaviour(formula_filters="accepted")))

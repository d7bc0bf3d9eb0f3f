"""Print plans for docs/provisioning.md: the product template, fresh, upgraded, and after drift.

The program itself makes each plan, on a local workspace. So the document shows what people see.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from notion_pm.emulator import open_workspace
from notion_pm.model.ids import NotionId
from notion_pm.model.schema import Option, OptionsConfig, PropertyPatch
from notion_pm.model.template import LoadedTemplate, Template
from notion_pm.notion.client import NotionClient
from notion_pm.notion.connection import Connection
from notion_pm.notion.limiter import NOTION_BUDGET, WindowLimiter
from notion_pm.provision import provision
from notion_pm.provision.affected_page_counts import with_affected_page_counts
from notion_pm.provision.commands.render_plan import plan_lines
from notion_pm.provision.plan.plan_options import DEFAULT_PLAN_OPTIONS, PlanOptions
from notion_pm.template import templates
from notion_pm.workspace.record import read_manifest


@dataclass(frozen=True)
class Client:
    """A client's workspace."""

    notion: NotionClient
    page_id: NotionId

    def plan(self, loaded: LoadedTemplate, options: PlanOptions = DEFAULT_PLAN_OPTIONS) -> str:
        """Return what `notion-pm plan` prints."""
        reading = provision.read_for(self.notion, self.page_id, loaded)
        plan = with_affected_page_counts(self.notion, provision.plan(reading, options), reading)
        return "\n".join(plan_lines(plan, NOTION_BUDGET, clients=["Acme"]))

    def apply(self, loaded: LoadedTemplate) -> None:
        """Apply a template."""
        reading = provision.read_for(self.notion, self.page_id, loaded)
        provision.apply(
            self.notion,
            provision.plan(reading),
            reading,
            provision.ApplySettings(datetime(2026, 11, 22, 9, tzinfo=UTC)),
        )


@contextmanager
def _client() -> Iterator[Client]:
    with TemporaryDirectory() as folder:
        workspace = open_workspace(Path(folder) / "workspace.sqlite")
        transport = httpx.WSGITransport(app=workspace.app)
        limiter = WindowLimiter(None, clock=time.monotonic, sleep=time.sleep)
        notion = NotionClient(
            Connection(
                workspace.token,
                limiter=limiter,
                sleep=time.sleep,
                base_url="http://local",
                transport=transport,
            )
        )
        yield Client(notion, NotionId(workspace.root_page_id))
        notion.close()
        workspace.close()


def fresh() -> str:
    """Return the plan of the product template for an empty page."""
    with _client() as client:
        return client.plan(templates.load("product"))


def upgrade() -> str:
    """Return the plan of a next version that renames, recolours, converts and removes things."""
    with _client() as client:
        client.apply(templates.load("product"))
        return client.plan(next_version(), PlanOptions(prune=True))


def drift() -> str:
    """Return the plan after the client has made the workspace their own."""
    with _client() as client:
        client.apply(templates.load("product"))
        _settle_in(client)
        return client.plan(templates.load("product"))


def next_version() -> LoadedTemplate:
    """Return the product template as a later version might have it."""
    loaded = templates.load("product")
    data = loaded.template.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    data["version"] = loaded.template.version + 1
    vision, insights, features = (
        data["databases"][key]["properties"] for key in ("vision", "insights", "features")
    )
    _option(vision["horizon"], "3y")["color"] = "orange"
    _option(insights["importance"], "critical")["name"] = "3 Must have"
    features["priority"]["options"].remove(_option(features["priority"], "p3"))
    insights["tags"]["type"] = "select"
    vision["confidence"] = {"type": "number", "title": "Confidence", "format": "percent"}
    insights["contact"].update(type="email", title="Contact e-mail")
    insights["arr"]["format"] = "euro"
    return loaded.model_copy(update={"template": Template.model_validate(data), "rows": {}})


def _option(spec: dict[str, Any], key: str) -> dict[str, Any]:
    return next(option for option in spec["options"] if option["key"] == key)


def _settle_in(client: Client) -> None:
    """Rename a database and a property, add an option, delete a property and a view, as
    clients do.
    """
    notion = client.notion
    entries = read_manifest(notion, client.page_id)[1].databases
    vision, insights = entries["vision"], entries["insights"]
    notion.update_database(insights.database_id, title="Voice of the customer")
    horizon = notion.get_data_source(vision.data_source_id).properties[vision.properties["horizon"]]
    assert isinstance(horizon.config, OptionsConfig)
    theirs = OptionsConfig((*horizon.config.options, Option("10 years", color="red")))
    patches = {horizon.id: PropertyPatch(name="Time frame", type="select", config=theirs)}
    notion.update_data_source(vision.data_source_id, patches)
    notion.update_data_source(insights.data_source_id, {insights.properties["source_url"]: None})
    notion.delete_view(insights.views["all"].id)


if __name__ == "__main__":
    for situation in (fresh, upgrade, drift):
        print(f"{situation.__name__}:\n\n{situation()}\n")  # noqa: T201

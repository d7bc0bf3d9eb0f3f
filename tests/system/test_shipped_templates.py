"""The templates that ship, applied to an empty local workspace: what they make, what it costs, and that it holds."""

from __future__ import annotations

from notion_pm.emulator import LocalWorkspace
from notion_pm.model.schema import OptionsConfig
from tests.gateways import gateway_to
from tests.system.provisioned import apply_to, plan_for
from tests.unit.template_worlds import load

_NAME = {"type": "title", "title": "Name"}


def test_rows_bring_the_options_of_an_open_property(workspace: LocalWorkspace) -> None:
    listed = [{"key": "pm", "name": "PM"}]
    loaded = load(
        {
            "databases": {
                "notes": {
                    "title": "Notes",
                    "properties": {
                        "name": _NAME,
                        "tags": {"type": "multi_select", "title": "Tags", "open": True},
                        "from": {"type": "select", "title": "From", "options": listed, "open": True},
                    },
                }
            }
        },
        {
            "notes": [
                {"key": "a", "name": "A", "tags": "csv;api", "from": "Sales"},
                {"key": "b", "name": "B", "from": "pm"},
            ]
        },
    )
    gateway, transport = gateway_to(workspace)
    result = apply_to(gateway, workspace, loaded)
    assert result.planned == result.sent == len(transport.seen)
    assert result.manifest is not None
    entry = result.manifest.databases["notes"]
    source = gateway.get_data_source(entry.data_source_id)
    assert _names(source.properties[entry.properties["tags"]].config) == {"csv", "api"}
    assert _names(source.properties[entry.properties["from"]].config) == {"PM", "Sales"}
    again = plan_for(gateway, workspace, loaded)
    assert (again.changes, again.notes) == ((), ())
    gateway.close()


def _names(config: object) -> set[str]:
    assert isinstance(config, OptionsConfig)
    return {each.name for each in config.options}

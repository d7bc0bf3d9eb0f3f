"""A record that was copied with its page is refused by every command: it names another client's
databases.
"""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from notion_pm.emulator import LocalWorkspace
from notion_pm.errors import RecordCopied
from notion_pm.model.ids import NotionId
from notion_pm.state.state import State
from notion_pm.state.workspace_memory import WorkspaceMemory
from notion_pm.template import templates
from notion_pm.workspace.record import read_manifest
from notion_pm.workspace.sync_context import SyncContext, load_workspace
from tests.support.duplicates import create_copied_page, record_page, record_text
from tests.support.notion_clients import notion_client_for
from tests.support.program import Program
from tests.support.provisioned import NOW, apply_to

COMMANDS = [
    "plan product",
    "apply product --yes",
    "capture",
    "sync",
    "sync --dry-run",
    "export",
    "import new.csv --into insights",
    "trace Nothing",
    "audit",
    "loop",
    "report -o report.html",
    "why Nothing",
    "history",
    "undo --yes",
    "destroy product --confirm product",
    "doctor",
    "status",
    "plan --all",
    "apply --all --yes",
    "sync --all",
]


@pytest.fixture
def client(connected: Program) -> Program:
    """The program, connected to a workspace in which the product template was applied."""
    applied = connected("apply", "product", "--no-rows", "--yes")
    assert applied.code == 0, applied.err
    return connected


def _use(client: Program, parent_id: str) -> None:
    client.environment["NOTION_PM_PARENT_PAGE"] = parent_id
    client.environment["B_NOTION_TOKEN"] = client.environment["NOTION_TOKEN"]
    client.environment["B_NOTION_PM_BASE_URL"] = client.environment["NOTION_PM_BASE_URL"]
    settings = f'[workspaces.b]\nparent_page = "{parent_id}"\ntoken_env = "B_NOTION_TOKEN"\n'
    (client.folder / "notion-pm.toml").write_text(settings)
    (client.folder / "new.csv").write_text("Insight\nExports are slow\n")


def _as_format_1(text: str) -> str:
    record = json.loads(text)
    del record["page_id"], record["parent_id"], record["checksum"]
    return json.dumps({**record, "format": 1})


@pytest.mark.parametrize(
    ("record_format", "commands"),
    [(3, COMMANDS), (1, ["plan product", "export", "sync", "destroy product --confirm product"])],
)
def test_every_command_refuses_a_copied_record(
    client: Program,
    workspace: LocalWorkspace,
    api: httpx.Client,
    record_format: int,
    commands: list[str],
) -> None:
    text = record_text(api, record_page(api, workspace.root_page_id))
    copy = create_copied_page(
        api, workspace.root_page_id, _as_format_1(text) if record_format == 1 else text
    )
    before = workspace.counts()
    _use(client, copy)
    for command in commands:
        done = client(*command.split())
        said = done.out + done.err
        assert done.code == 1, f"{command}: {said}"
        assert "is a copy" in said and "notion-pm adopt product" in said, f"{command}: {said}"
    assert workspace.counts() == before
    assert sorted(each.name for each in client.folder.iterdir()) == [
        "new.csv",
        "notion-pm.toml",
        "state",
    ]


def test_a_record_of_format_1_is_used_and_names_its_place_with_the_next_write(
    client: Program, workspace: LocalWorkspace, api: httpx.Client
) -> None:
    page = record_page(api, workspace.root_page_id)
    blocks = api.get(f"blocks/{page}/children").json()["results"]
    block = next(each["id"] for each in blocks if each["type"] == "code")
    old = _as_format_1(record_text(api, page))
    pieces = [
        {"text": {"content": old[start : start + 2000]}} for start in range(0, len(old), 2000)
    ]
    assert api.patch(
        f"blocks/{block}", json={"code": {"language": "json", "rich_text": pieces}}
    ).is_success

    assert client("plan", "product", "--exit-code").code == 0
    assert client("sync").code == 0
    assert client("apply", "product", "--rows", "--yes").code == 0
    record = json.loads(record_text(api, page))
    assert (record["format"], record["page_id"], record["parent_id"]) == (
        3,
        page,
        workspace.root_page_id,
    )


def test_a_record_page_that_was_duplicated_by_itself_is_named_and_not_used(
    client: Program, workspace: LocalWorkspace, api: httpx.Client
) -> None:
    page = record_page(api, workspace.root_page_id)
    copied = client("local", "duplicate", str(workspace.path), page)
    assert copied.code == 0, copied.err
    for command in ("plan --exit-code", "plan product --exit-code", "export", "status"):
        done = client(*command.split())
        assert done.code == 0, f"{command}: {done.err}"
        assert copied.out.strip().replace("-", "") in done.err, command


def test_doctor_sees_databases_whose_record_is_gone(
    client: Program, workspace: LocalWorkspace, api: httpx.Client
) -> None:
    page = record_page(api, workspace.root_page_id)
    renamed = {"title": {"title": [{"text": {"content": "Old notes"}}]}}
    assert api.patch(f"pages/{page}", json={"properties": renamed, "in_trash": True}).is_success
    # Another machine, which remembers nothing.
    client.environment["NOTION_PM_STATE"] = str(client.folder / "elsewhere")
    done = client("doctor")
    assert done.code == 1
    assert "notion-pm repair product" in done.out


def test_a_copy_that_an_older_version_took_for_a_record_is_refused_as_well(
    workspace: LocalWorkspace, api: httpx.Client, tmp_path: Path
) -> None:
    """It is remembered on this machine, so sync would not ask the workspace for it."""
    notion, _ = notion_client_for(workspace)
    apply_to(notion, workspace, templates.load("product").model_copy(update={"rows": {}}))
    copy = NotionId(create_copied_page(api, workspace.root_page_id))
    manifest = read_manifest(notion, workspace.root_page_id)[1]
    old = manifest.model_copy(update={"format": 1, "page_id": None, "parent_id": None})
    place = SyncContext(notion, copy, tmp_path, NOW)
    for remembered in (old, manifest):
        with State(tmp_path, "product") as state:
            state.workspace.save(WorkspaceMemory("product", remembered))
        with pytest.raises(RecordCopied):
            load_workspace(place, None)
    notion.close()

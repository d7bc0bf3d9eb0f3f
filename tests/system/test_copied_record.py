"""A record that was copied with its page is refused by every command: it names another client's databases."""

from __future__ import annotations

import json

import httpx
import pytest

from notion_pm.emulator import LocalWorkspace
from tests.program import Program
from tests.system.duplicates import create_copied_page, record_page, record_text

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
def client(program: Program, workspace: LocalWorkspace, url: str) -> Program:
    """The program, connected to a workspace in which the product template was applied."""
    program.environment |= {
        "NOTION_TOKEN": workspace.token,
        "NOTION_PM_BASE_URL": url,
        "NOTION_PM_PARENT_PAGE": workspace.root_page_id,
    }
    applied = program("apply", "product", "--no-rows", "--yes")
    assert applied.code == 0, applied.err
    return program


def _use(client: Program, parent_id: str) -> None:
    client.environment["NOTION_PM_PARENT_PAGE"] = parent_id
    client.environment["B_NOTION_TOKEN"] = client.environment["NOTION_TOKEN"]
    settings = f'[workspaces.b]\nparent_page = "{parent_id}"\ntoken_env = "B_NOTION_TOKEN"\n'
    settings += f'base_url = "{client.environment["NOTION_PM_BASE_URL"]}"\n'
    (client.folder / "notion-pm.toml").write_text(settings)
    (client.folder / "new.csv").write_text("Insight\nExports are slow\n")


def _as_format_1(text: str) -> str:
    record = json.loads(text)
    del record["page_id"], record["parent_id"]
    return json.dumps({**record, "format": 1})


@pytest.mark.parametrize(
    ("record_format", "commands"),
    [(2, COMMANDS), (1, ["plan product", "export", "sync", "destroy product --confirm product"])],
)
def test_every_command_refuses_a_copied_record(
    client: Program, workspace: LocalWorkspace, api: httpx.Client, record_format: int, commands: list[str]
) -> None:
    text = record_text(api, record_page(api, workspace.root_page_id))
    copy = create_copied_page(api, workspace.root_page_id, _as_format_1(text) if record_format == 1 else text)
    before = workspace.counts()
    _use(client, copy)
    for command in commands:
        done = client(*command.split())
        said = done.out + done.err
        assert done.code == 1, f"{command}: {said}"
        assert "is a copy" in said and "notion-pm adopt product" in said, f"{command}: {said}"
    assert workspace.counts() == before
    assert sorted(each.name for each in client.folder.iterdir()) == ["new.csv", "notion-pm.toml", "state"]


def test_a_record_of_format_1_is_used_and_names_its_place_with_the_next_write(
    client: Program, workspace: LocalWorkspace, api: httpx.Client
) -> None:
    page = record_page(api, workspace.root_page_id)
    blocks = api.get(f"blocks/{page}/children").json()["results"]
    block = next(each["id"] for each in blocks if each["type"] == "code")
    old = _as_format_1(record_text(api, page))
    pieces = [{"text": {"content": old[start : start + 2000]}} for start in range(0, len(old), 2000)]
    assert api.patch(f"blocks/{block}", json={"code": {"language": "json", "rich_text": pieces}}).is_success

    assert client("plan", "product", "--exit-code").code == 0
    assert client("sync").code == 0
    assert client("apply", "product", "--rows", "--yes").code == 0
    record = json.loads(record_text(api, page))
    assert (record["format"], record["page_id"], record["parent_id"]) == (2, page, workspace.root_page_id)

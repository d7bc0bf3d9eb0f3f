"""`repair` rebuilds a lost or damaged record; `adopt` makes a duplicated page a new client."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from notion_pm.emulator import LocalWorkspace
from notion_pm.errors import (
    RecordChanged,
    RecordCopied,
    RecordLost,
    RecordUnreadable,
    UsageError,
    WorkspaceLocked,
)
from notion_pm.model.ids import NotionId
from notion_pm.model.schema import PropertyPatch
from notion_pm.notion.client import NotionClient
from notion_pm.provision import provision
from notion_pm.provision.apply.recording import remember_for_sync
from notion_pm.provision.repair.repair import Repair, carry_out_repair, plan_repair
from notion_pm.template import templates
from notion_pm.workspace.lock import Claimant, WorkspaceLock
from notion_pm.workspace.record import open_record_page, read_manifest
from tests.support.duplicates import (
    create_database,
    create_page,
    create_record_page,
    record_page,
    record_text,
)
from tests.support.notion_clients import notion_client_for
from tests.support.program import Program
from tests.support.provisioned import NOW, manifest_pages, tables


class Client:
    """A client's workspace with the product template and some of its starter rows, and two
    machines.
    """

    def __init__(self, workspace: LocalWorkspace, folder: Path) -> None:
        self.workspace = workspace
        self.notion: NotionClient = notion_client_for(workspace)[0]
        self.root = NotionId(workspace.root_page_id)
        self.home, self.bare = folder / "home", folder / "bare"
        self.home.mkdir()
        self.bare.mkdir()
        full = templates.load("product")
        self.loaded = full.model_copy(update={"rows": {"vision": full.rows["vision"]}})
        reading = provision.read_for(self.notion, self.root, self.loaded)
        made = provision.apply(
            self.notion, provision.plan(reading), reading, provision.ApplySettings(NOW)
        )
        remember_for_sync(self.home, self.loaded, made)
        self.record = record_of(self.notion, self.root)

    def repair(self, home: Path) -> Repair:
        """Build the record again."""
        repair = plan_repair(self.notion, self.root, "product", home, now=NOW)
        assert repair is not None
        carry_out_repair(self.notion, self.root, repair, home)
        return repair

    def changes(self, home: Path | None = None) -> list[str]:
        reading = provision.read_for(self.notion, self.root, self.loaded, home=home)
        return [change.address for change in provision.plan(reading).changes]


def record_of(notion: NotionClient, parent_id: str) -> NotionId:
    return read_manifest(notion, parent_id)[0]


@pytest.fixture
def client(workspace: LocalWorkspace, tmp_path: Path) -> Iterator[Client]:
    made = Client(workspace, tmp_path)
    yield made
    made.notion.close()


def _trash(api: httpx.Client, page: str) -> None:
    assert api.patch(f"pages/{page}", json={"in_trash": True}).is_success


def _delete_for_good(client: Client, api: httpx.Client) -> None:
    _trash(api, client.record)
    with client.workspace._store.transaction(write=True) as db:  # emptied from the trash
        db.execute("DELETE FROM pages WHERE id = ?", (client.record,))
        db.execute(
            "DELETE FROM blocks WHERE id = ? OR parent_id = ?", (client.record, client.record)
        )


def _overwrite(client: Client, api: httpx.Client) -> None:
    blocks = api.get(f"blocks/{client.record}/children").json()["results"]
    block = next(each["id"] for each in blocks if each["type"] == "code")
    assert api.patch(
        f"blocks/{block}", json={"code": {"rich_text": [{"text": {"content": "oops"}}]}}
    ).is_success


def _empty(client: Client, api: httpx.Client) -> None:
    for block in api.get(f"blocks/{client.record}/children").json()["results"]:
        assert api.delete(f"blocks/{block['id']}").is_success


@pytest.mark.parametrize("damage", [_delete_for_good, _overwrite, _empty])
@pytest.mark.parametrize("machine", ["home", "bare"])
def test_an_untouched_workspace_needs_nothing_after_a_repair(
    client: Client, api: httpx.Client, damage: Callable[[Client, httpx.Client], None], machine: str
) -> None:
    before = tables(client.notion, client.workspace)
    damage(client, api)
    with pytest.raises((RecordLost, RecordUnreadable)):
        client.changes()
    repair = client.repair(getattr(client, machine))
    assert repair.missing == ()
    assert client.changes() == []
    assert tables(client.notion, client.workspace) == before
    assert manifest_pages(client.notion, client.workspace) == {"notion-pm: product": 1}
    page = open_record_page(client.notion, client.root)
    record = json.loads(record_text(api, page.id))
    assert (record["page_id"], record["parent_id"]) == (page.id, client.root)
    assert len(record["databases"]["vision"]["rows"]) == len(client.loaded.rows["vision"])


def test_repair_finds_renamed_things_by_remembered_ids(client: Client, api: httpx.Client) -> None:
    _rename_things(client)
    _delete_for_good(client, api)
    assert client.repair(client.home).missing == ()
    assert client.changes() == []


def test_repair_without_memory_finds_unmistakable_things_and_reports_the_rest(
    client: Client, api: httpx.Client
) -> None:
    _rename_things(client)
    _delete_for_good(client, api)
    repair = client.repair(client.bare)
    assert "alike" in repair.found["insights"].how
    assert set(repair.missing) == {"insights.kind"}
    entry = repair.manifest.databases["insights"]
    assert {"name", "status", "features"} <= entry.properties.keys()


def _rename_things(client: Client) -> None:
    entry = read_manifest(client.notion, client.root)[1].databases["insights"]
    client.notion.update_database(entry.database_id, title="Voice of the customer")
    names = {"name": "Erkenntnis", "status": "Zustand", "features": "Merkmale", "kind": "Art"}
    patches = {entry.properties[key]: PropertyPatch(name=name) for key, name in names.items()}
    client.notion.update_data_source(entry.data_source_id, patches)


def test_a_readable_record_needs_no_repair(client: Client) -> None:
    assert plan_repair(client.notion, client.root, "product", client.home, now=NOW) is None


def test_there_is_nothing_to_repair_without_databases(client: Client, api: httpx.Client) -> None:
    empty = NotionId(create_page(api, client.root, "Empty"))
    create_database(api, empty, "Lunch menu")
    with pytest.raises(UsageError, match="No database"):
        plan_repair(client.notion, empty, "product", None, now=NOW)


def test_a_copied_record_is_not_repaired(client: Client, api: httpx.Client, tmp_path: Path) -> None:
    page = NotionId(create_page(api, client.root, "Client A"))
    reading = provision.read_for(client.notion, page, client.loaded)
    provision.apply(client.notion, provision.plan(reading), reading, provision.ApplySettings(NOW))
    copy = NotionId(client.workspace.duplicate(page))
    with pytest.raises(RecordCopied):
        plan_repair(client.notion, copy, "product", client.bare, now=NOW)


def test_a_duplicated_page_becomes_a_new_client(
    program: Program, workspace: LocalWorkspace, api: httpx.Client, url: str
) -> None:
    original = create_page(api, workspace.root_page_id, "Client A")
    program.environment |= {
        "NOTION_TOKEN": workspace.token,
        "NOTION_PM_BASE_URL": url,
        "NOTION_PM_PARENT_PAGE": original,
    }
    assert program("apply", "product", "--no-rows", "--yes").code == 0
    copy = workspace.duplicate(original)
    copied_record = record_page(api, copy)

    program.environment["NOTION_PM_PARENT_PAGE"] = copy
    assert program("plan", "product").code == 1
    refused = program("adopt", "product")
    assert refused.code == 1 and "--yes" in refused.err
    assert record_page(api, copy) == copied_record
    adopted = program("adopt", "product", "--yes")
    assert adopted.code == 0, adopted.err
    assert api.get(f"pages/{copied_record}").json()["in_trash"]
    record = json.loads(record_text(api, record_page(api, copy)))
    assert (record["page_id"], record["parent_id"]) == (record_page(api, copy), copy)
    assert program("plan", "product", "--exit-code").code == 0
    assert program("sync").code == 0
    assert program("destroy", "--confirm", "product").code == 0

    program.environment["NOTION_PM_PARENT_PAGE"] = original
    assert program("plan", "product", "--exit-code").code == 0


def test_repair_writes_nothing_without_confirmation(
    program: Program, workspace: LocalWorkspace, api: httpx.Client, url: str
) -> None:
    program.environment |= {
        "NOTION_TOKEN": workspace.token,
        "NOTION_PM_BASE_URL": url,
        "NOTION_PM_PARENT_PAGE": workspace.root_page_id,
    }
    assert program("apply", "product", "--no-rows", "--yes").code == 0
    page = record_page(api, workspace.root_page_id)
    code = next(
        b for b in api.get(f"blocks/{page}/children").json()["results"] if b["type"] == "code"
    )
    assert api.delete(f"blocks/{code['id']}").is_success
    before = workspace.counts()
    asked = program("repair", "product")
    assert asked.code == 1 and "Feature specs" in asked.out and "--yes" in asked.err
    assert workspace.counts() == before
    assert program("apply", "product", "--yes").code == 1
    done = program("repair", "product", "--yes", "--json")
    assert done.code == 0 and done.json["repaired"] and done.json["missing"] == []
    assert program("plan", "product", "--exit-code").code == 0
    again = program("repair", "--json")
    assert again.code == 0 and not again.json["repaired"]


def test_a_record_page_in_the_trash_is_restored_after_confirmation(
    program: Program, workspace: LocalWorkspace, api: httpx.Client, url: str, tmp_path: Path
) -> None:
    program.environment |= {
        "NOTION_TOKEN": workspace.token,
        "NOTION_PM_BASE_URL": url,
        "NOTION_PM_PARENT_PAGE": workspace.root_page_id,
    }
    assert program("apply", "product", "--no-rows", "--yes").code == 0
    page = record_page(api, workspace.root_page_id)
    before = record_text(api, page)
    for machine in (program.environment.get("NOTION_PM_STATE"), str(tmp_path / "another machine")):
        if machine is not None:
            program.environment["NOTION_PM_STATE"] = machine
        _trash(api, page)
        asked = program("repair", "product")
        assert asked.code == 1 and "--yes" in asked.err
        assert api.get(f"pages/{page}").json()["in_trash"]
        assert program("apply", "product", "--yes").code == 1
        assert program("repair", "product", "--yes").code == 0
        assert record_text(api, page) == before
        assert program("plan", "product", "--exit-code").code == 0


@pytest.mark.parametrize("is_first", [True, False])
def test_a_good_record_is_kept_when_a_second_page_with_its_title_is_damaged(
    client: Client, api: httpx.Client, is_first: bool
) -> None:
    if is_first:
        bad = create_page(api, client.root, "notion-pm: product")
        good = str(client.record)
    else:
        # The page that this machine remembers is damaged, and a good one is below it.
        text = record_text(api, client.record)
        data = json.loads(text) | {"page_id": None}
        good = create_record_page(api, client.root, "notion-pm: product", json.dumps(data))
        bad = str(client.record)
        _overwrite(client, api)
    before = record_text(api, good)
    with pytest.raises(UsageError) as refused:
        plan_repair(client.notion, client.root, "product", client.home, now=NOW)
    assert bad.replace("-", "") in refused.value.advice
    assert good.replace("-", "") not in refused.value.advice
    assert record_text(api, good) == before
    _trash(api, bad)
    assert client.changes() == []


def test_a_renamed_good_record_is_kept_too(client: Client, api: httpx.Client) -> None:
    title = {"title": {"title": [{"text": {"content": "Our record"}}]}}
    assert api.patch(f"pages/{client.record}", json={"properties": title}).is_success
    create_page(api, client.root, "notion-pm: product")
    with pytest.raises(UsageError):
        plan_repair(client.notion, client.root, "product", client.bare, now=NOW)


@pytest.mark.parametrize("damage", [_delete_for_good, _overwrite, _empty])
def test_a_repair_writes_nothing_when_the_record_was_restored_since(
    client: Client, api: httpx.Client, damage: Callable[[Client, httpx.Client], None]
) -> None:
    good = record_text(api, client.record)
    damage(client, api)
    repair = plan_repair(client.notion, client.root, "product", client.home, now=NOW)
    assert repair is not None
    if damage is _delete_for_good:
        create_record_page(
            api, client.root, "notion-pm: product", json.dumps(json.loads(good) | {"page_id": None})
        )
    else:
        _write_back(client, api, good)
    before = _pages_and_texts(client, api)
    with pytest.raises(RecordChanged):
        carry_out_repair(client.notion, client.root, repair, client.home)
    assert _pages_and_texts(client, api) == before


def test_a_repair_writes_nothing_when_other_databases_are_found_now(
    client: Client, api: httpx.Client
) -> None:
    _overwrite(client, api)
    repair = plan_repair(client.notion, client.root, "product", client.home, now=NOW)
    assert repair is not None
    client.notion.trash_database(repair.found["insights"].database.id)
    before = _pages_and_texts(client, api)
    with pytest.raises(RecordChanged):
        carry_out_repair(client.notion, client.root, repair, client.home)
    assert _pages_and_texts(client, api) == before


def test_a_page_without_its_record_is_kept_while_another_run_holds_the_lock(
    client: Client, api: httpx.Client, workspace: LocalWorkspace
) -> None:
    _empty(client, api)
    repair = plan_repair(client.notion, client.root, "product", client.home, now=NOW)
    assert repair is not None
    other = notion_client_for(workspace)[0]
    with WorkspaceLock(other, Claimant("notion-pm repair", holder="ben@office")) as lock:
        lock.take(client.record)
        with pytest.raises(WorkspaceLocked):
            carry_out_repair(client.notion, client.root, repair, client.home)
        assert not api.get(f"pages/{client.record}").json()["in_trash"]
    other.close()
    carry_out_repair(client.notion, client.root, repair, client.home)
    assert client.changes() == []


def _write_back(client: Client, api: httpx.Client, text: str) -> None:
    """Restore the record on its page, as a person does with the page's history."""
    for block in api.get(f"blocks/{client.record}/children").json()["results"]:
        assert api.delete(f"blocks/{block['id']}").is_success
    pieces = [
        {"text": {"content": text[start : start + 2000]}} for start in range(0, len(text), 2000)
    ]
    block = {"type": "code", "code": {"language": "json", "rich_text": pieces}}
    assert api.patch(f"blocks/{client.record}/children", json={"children": [block]}).is_success


def _pages_and_texts(client: Client, api: httpx.Client) -> dict[str, list[object]]:
    """Return the pages under the parent page, with what is written on them."""
    return {
        block["id"]: [
            (each["type"], each[each["type"]])
            for each in api.get(f"blocks/{block['id']}/children").json()["results"]
        ]
        for block in api.get(f"blocks/{client.root}/children").json()["results"]
        if block["type"] == "child_page"
    }


def test_two_record_pages_are_listed_with_their_dates(
    program: Program, workspace: LocalWorkspace, api: httpx.Client, url: str
) -> None:
    program.environment |= {
        "NOTION_TOKEN": workspace.token,
        "NOTION_PM_BASE_URL": url,
        "NOTION_PM_PARENT_PAGE": workspace.root_page_id,
    }
    assert program("apply", "product", "--no-rows", "--yes").code == 0
    record = json.loads(record_text(api, record_page(api, workspace.root_page_id)))
    # A record that does not name its page yet: so both may be the right one.
    old = {key: value for key, value in record.items() if key not in {"page_id", "checksum"}} | {
        "format": 2
    }
    second = create_record_page(api, workspace.root_page_id, "notion-pm: product", json.dumps(old))
    refused = program("plan", "product")
    assert refused.code == 1
    assert refused.err.count("created 20") == 2
    assert second.replace("-", "") in refused.err

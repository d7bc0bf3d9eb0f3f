"""A record page that people renamed, moved or deleted: nothing is ever created a second time for
it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from notion_pm.emulator import LocalWorkspace
from notion_pm.errors import RecordCopied, RecordLost
from notion_pm.model.ids import NotionId
from notion_pm.model.state_home import StateHome
from notion_pm.model.template import LoadedTemplate
from notion_pm.notion.client import NotionClient
from notion_pm.provision import provision
from notion_pm.provision.apply.recording import remember_for_sync
from notion_pm.provision.destroy import destroy, plan_destroy
from notion_pm.provision.plan.plan import Plan
from notion_pm.workspace.record import read_manifest
from tests.support.duplicates import (
    create_database,
    create_page,
    create_record_page,
    record_page,
    record_text,
)
from tests.support.notion_clients import notion_client_for
from tests.support.program import Program
from tests.support.provisioned import NOW
from tests.support.template_worlds import load


def _template(name: str = "small", title: str = "Features") -> LoadedTemplate:
    properties = {"name": {"type": "title", "title": "Name"}}
    return load(
        {"template": name, "databases": {"features": {"title": title, "properties": properties}}}
    )


class Machine:
    """A machine that works on the workspace, with a memory of its own."""

    def __init__(self, workspace: LocalWorkspace, home: StateHome) -> None:
        self.notion, self.transport = notion_client_for(workspace)
        self.root = NotionId(workspace.root_page_id)
        self.home = home

    def plan(self, loaded: LoadedTemplate | None = None) -> Plan:
        reading = provision.read_for(self.notion, self.root, loaded or _template(), home=self.home)
        return provision.plan(reading)

    def apply(self, loaded: LoadedTemplate | None = None) -> None:
        loaded = loaded or _template()
        reading = provision.read_for(self.notion, self.root, loaded, home=self.home)
        made = provision.apply(
            self.notion, provision.plan(reading), reading, provision.ApplySettings(NOW)
        )
        remember_for_sync(self.home, loaded, made)


@pytest.fixture
def ours(workspace: LocalWorkspace, home: StateHome) -> Iterator[Machine]:
    """The machine that applied the template."""
    machine = Machine(workspace, home)
    machine.apply()
    yield machine
    machine.notion.close()


@pytest.fixture
def bare(workspace: LocalWorkspace, tmp_path: Path) -> Iterator[Machine]:
    """Another machine, which remembers nothing: a runner in CI."""
    (tmp_path / "bare").mkdir()
    machine = Machine(workspace, tmp_path / "bare")
    yield machine
    machine.notion.close()


def _rename(api: httpx.Client, page: str, title: str) -> None:
    body = {"properties": {"title": {"title": [{"text": {"content": title}}]}}}
    assert api.patch(f"pages/{page}", json=body).is_success


def _move(workspace: LocalWorkspace, page: str, parent_id: str) -> None:
    """Move a page to another page, as people do: the local workspace's API has no way to do it from
    outside.
    """
    with workspace._store.transaction(write=True) as db:
        db.execute("UPDATE pages SET parent_id = ? WHERE id = ?", (parent_id, page))
        db.execute("UPDATE blocks SET parent_id = ? WHERE id = ?", (parent_id, page))


def _databases(api: httpx.Client, workspace: LocalWorkspace) -> int:
    blocks = api.get(f"blocks/{workspace.root_page_id}/children").json()["results"]
    return sum(block["type"] == "child_database" for block in blocks)


def test_a_renamed_record_is_used_as_before(
    ours: Machine, bare: Machine, workspace: LocalWorkspace, api: httpx.Client
) -> None:
    create_page(api, workspace.root_page_id, "Meeting notes")
    _rename(api, record_page(api, workspace.root_page_id), "PM setup")
    ours.transport.seen.clear()
    assert ours.plan().changes == ()
    assert len(ours.transport.seen) == 4, (
        "its id is remembered, and the page is in the list: no request more than ever"
    )
    assert bare.plan().changes == ()
    bare.apply(_template(title="Specs"))
    assert bare.plan(_template(title="Specs")).changes == ()
    assert _databases(api, workspace) == 1


def test_renamed_records_of_two_templates_are_told_apart(
    ours: Machine, bare: Machine, workspace: LocalWorkspace, api: httpx.Client
) -> None:
    _rename(api, record_page(api, workspace.root_page_id), "One")
    other = _template("other", "Insights")
    ours.apply(other)
    pages = api.get(f"blocks/{workspace.root_page_id}/children").json()["results"]
    second = next(
        each["id"]
        for each in pages
        if each.get("child_page", {}).get("title") == "notion-pm: other"
    )
    _rename(api, second, "Two")
    for machine in (ours, bare):
        assert machine.plan().changes == ()
        assert machine.plan(other).changes == ()


def test_a_renamed_copy_is_still_refused(
    ours: Machine, bare: Machine, api: httpx.Client, workspace: LocalWorkspace
) -> None:
    copy = create_page(api, workspace.root_page_id, "Client B")
    text = record_text(api, record_page(api, workspace.root_page_id))
    create_record_page(api, copy, "PM setup of B", text)
    create_database(api, copy, "Renamed for B")
    bare.root = NotionId(copy)
    with pytest.raises(RecordCopied):
        bare.plan()


def test_a_moved_record_is_used_as_before(
    ours: Machine, bare: Machine, workspace: LocalWorkspace, api: httpx.Client
) -> None:
    page = record_page(api, workspace.root_page_id)
    _move(workspace, page, create_page(api, workspace.root_page_id, "Archive"))
    for machine in (ours, bare):
        assert machine.plan().changes == ()
    bare.apply(_template(title="Specs"))
    assert ours.plan(_template(title="Specs")).changes == ()
    assert _databases(api, workspace) == 1


def test_a_record_in_the_trash_is_a_conflict_while_its_databases_live(
    ours: Machine, bare: Machine, workspace: LocalWorkspace, api: httpx.Client
) -> None:
    page = record_page(api, workspace.root_page_id)
    assert api.patch(f"pages/{page}", json={"in_trash": True}).is_success
    for machine in (ours, bare):
        with pytest.raises(RecordLost, match="trash") as failure:
            machine.plan()
        assert (
            page.replace("-", "") in failure.value.advice
            and "notion-pm repair small" in failure.value.advice
        )
    assert _databases(api, workspace) == 1
    assert api.patch(f"pages/{page}", json={"in_trash": False}).is_success
    assert ours.plan().changes == bare.plan().changes == ()


def test_a_template_that_was_destroyed_can_be_applied_again(
    ours: Machine, bare: Machine, workspace: LocalWorkspace
) -> None:
    stale = Machine(workspace, ours.home)
    destroy(
        ours.notion, plan_destroy(ours.notion, ours.root, "small")
    )  # as another machine would: ours remembers it
    assert [change.action for change in stale.plan().changes if change.kind == "database"] == [
        "create"
    ]
    bare.apply()
    assert bare.plan().changes == ()
    stale.notion.close()


def test_without_any_record_nothing_is_created_beside_databases_of_these_titles(
    bare: Machine, workspace: LocalWorkspace, api: httpx.Client
) -> None:
    create_database(api, workspace.root_page_id, "features")
    with pytest.raises(RecordLost) as failure:
        bare.plan()
    for way in ("restore it", "notion-pm repair small", "notion-pm adopt small"):
        assert way in failure.value.advice


def test_databases_of_other_titles_are_no_reason_to_refuse(
    bare: Machine, workspace: LocalWorkspace, api: httpx.Client
) -> None:
    create_database(api, workspace.root_page_id, "Lunch menu")
    create_page(api, workspace.root_page_id, "Meeting notes")
    bare.apply()
    assert bare.plan().changes == ()


def test_a_template_may_have_the_titles_of_another_one_under_the_same_page(ours: Machine) -> None:
    """The databases of that title belong to a record that is there."""
    ours.apply(_template("other"))
    assert ours.plan(_template("other")).changes == ours.plan().changes == ()


def test_every_command_finds_a_renamed_record(
    program: Program, workspace: LocalWorkspace, api: httpx.Client, url: str, tmp_path: Path
) -> None:
    program.environment |= {
        "NOTION_TOKEN": workspace.token,
        "NOTION_PM_BASE_URL": url,
        "NOTION_PM_PARENT_PAGE": workspace.root_page_id,
    }
    assert program("apply", "product", "--no-rows", "--yes").code == 0
    _rename(api, record_page(api, workspace.root_page_id), "PM setup")
    program.environment["NOTION_PM_STATE"] = str(tmp_path / "another machine")
    planned = program("plan", "product", "--exit-code")
    assert planned.code == 0 and "'PM setup'" in planned.err
    assert program("doctor").code == 0
    assert program("status", "--exit-code").code == 0
    assert program("export", "insights", "-o", "-", "--format", "csv").code == 0
    assert program("sync").code == 0
    assert program("destroy", "--confirm", "product").code == 0
    assert program("plan", "product", "--exit-code").code == 2


def test_the_search_includes_the_trash(
    ours: Machine, api: httpx.Client, workspace: LocalWorkspace
) -> None:
    notion: NotionClient = ours.notion
    page = record_page(api, workspace.root_page_id)
    assert [each.id for each in notion.search_pages("notion-pm: small", in_trash=False)] == [page]
    assert list(notion.search_pages("notion-pm: small", in_trash=True)) == []
    assert read_manifest(notion, ours.root)[0] == page

"""`adopt` makes messy databases a template's, and changes nothing of the client's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from notion_pm.emulator import LocalWorkspace, open_workspace
from notion_pm.errors import MappingInvalid, UsageError
from notion_pm.model.ids import NotionId
from notion_pm.model.page import OptionValue, PropertyValue
from notion_pm.model.schema import Database, PropertyPatch
from notion_pm.notion.client import NotionClient
from notion_pm.provision import provision
from notion_pm.provision.adopt import mapping_file
from notion_pm.provision.adopt.adopt import Adoption, adopt, plan_adoption, propose_mapping
from notion_pm.provision.apply.recording import apply_recorded
from notion_pm.provision.destroy import destroy, plan_destroy
from notion_pm.provision.provision import PlanOptions
from notion_pm.provision.undo.undo import prepare_undo, undo
from notion_pm.workspace.lock import Claimant
from notion_pm.workspace.record import read_manifest
from tests.support.faults import Killed, killed
from tests.support.messy_workspaces import english, german, is_kept, related, theirs
from tests.support.notion_clients import notion_client_for
from tests.support.program import Program
from tests.support.provisioned import NOW

Messy = Callable[[NotionClient, str], dict[str, Database]]
_FOUND: dict[str, dict[str, dict[str, str]]] = {
    "german": {
        "insights": {
            "name": "Titel", "quote": "Zitat", "customer": "Kunde", "importance": "Wichtigkeit", "owner": "Betreuer",
            "arr": "ARR",
        }
    },
    "english": {
        "features": {
            "name": "Item", "status": "Stage", "priority": "Prio", "effort": "Estimate", "owner": "DRI",
            "target": "Due", "id": "ID",
        }
    },
    "related": {
        "insights": {"name": "Name", "customer": "Customer"},
        "features": {"name": "Name", "insights": "Requests", "impact": "Impact"},
    },
}  # fmt: skip


class Client:
    """A client's workspace, and a consultant who adopts it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.workspace: LocalWorkspace = open_workspace(folder / "workspace.sqlite")
        self.notion, self.transport = notion_client_for(self.workspace)
        self.root = NotionId(self.workspace.root_page_id)
        self.databases: dict[str, Database] = {}

    def close(self) -> None:
        self.notion.close()
        self.workspace.close()

    def propose(self, *named: str) -> Path:
        proposal = propose_mapping(self.notion, self.root, "product", named)
        path = self.folder / "mapping.yaml"
        path.unlink(missing_ok=True)
        template = proposal.loaded.template
        mapping_file.write(
            path, mapping_file.text(path, "product", template, proposal.wanted, proposal.matches)
        )
        return path

    def look(self, path: Path) -> Adoption:
        return plan_adoption(self.notion, self.root, mapping_file.read(path), now=NOW)

    def adopt(self) -> Adoption:
        adoption = self.look(self.propose())
        adopt(self.notion, self.root, adoption)
        return adoption

    def apply(self, **options: Any) -> int:
        reading = provision.read(self.notion, self.root, "product")
        plan = provision.plan(reading, PlanOptions(**options))
        state = self.folder / "state"
        apply_recorded(
            self.notion,
            plan,
            reading,
            provision.ApplySettings(NOW, force=True),
            state_directory=state,
            state_home=state,
        )
        return len(plan.changes)

    def theirs(self) -> dict[str, Any]:
        return theirs(self.workspace, self.databases)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    made = Client(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("messy", [german, english, related], ids=lambda each: each.__name__)
def test_adopting_a_messy_workspace_changes_nothing_in_it(client: Client, messy: Messy) -> None:
    client.databases = messy(client.notion, client.root)
    before = client.theirs()
    proposal = propose_mapping(client.notion, client.root, "product")
    found = {
        key: {
            each: property_.match.name
            for each, property_ in match.properties.items()
            if property_.match
        }
        for key, match in proposal.matches.items()
    }
    assert found == _FOUND[messy.__name__]
    asked = len(client.transport.seen)
    adoption = client.adopt()
    writes = [each for each in client.transport.seen[asked:] if each.method != "GET"]
    # The page that keeps the record, the record once more with the page's own id in it, and the end
    # of the claim.
    sent = [
        (each.method, each.url.path.split("/")[2])
        for each in writes
        if each.url.path != "/v1/search"
    ]
    assert sent == [("POST", "pages"), ("PATCH", "blocks"), ("DELETE", "blocks")]
    assert client.theirs() == before
    assert {each.action for each in adoption.plan.changes} == {"create"}

    assert client.apply() == len(adoption.plan.changes)
    assert is_kept(before, client.theirs())
    assert client.apply() == 0
    assert client.apply(reset_titles=True, prune=True) == 0
    with pytest.raises(UsageError, match="nothing to adopt"):
        client.propose()

    state = client.folder / "state"
    undo(client.notion, prepare_undo(client.notion, client.root, state), state, now=NOW)
    assert is_kept(before, client.theirs())
    assert {key: each["properties"].keys() for key, each in client.theirs().items()} == {
        key: each["properties"].keys() for key, each in before.items()
    }
    destroy(client.notion, plan_destroy(client.notion, client.root))
    assert is_kept(before, client.theirs())


def test_a_name_already_used_by_the_client_gives_ours_another_name(client: Client) -> None:
    client.databases = german(client.notion, client.root)
    client.adopt()
    client.apply()
    entry = read_manifest(client.notion, client.root)[1].databases["insights"]
    properties = client.notion.get_data_source(entry.data_source_id).properties
    assert (
        properties[entry.properties["status"]].name,
        properties[entry.properties["status"]].type,
    ) == (
        "Status (product)",
        "status",
    )
    assert {(each.name, each.type) for each in properties.values()} >= {("Status", "select")}


def test_an_existing_relation_is_adopted_with_its_other_side(client: Client) -> None:
    client.databases = related(client.notion, client.root)
    client.adopt()
    client.apply()
    manifest = read_manifest(client.notion, client.root)[1]
    source = client.notion.get_data_source(manifest.databases["insights"].data_source_id)
    assert [each.name for each in source.properties.values() if each.type == "relation"] == [
        "Related to Product backlog (Requests)"
    ]
    assert manifest.databases["insights"].properties["features"] in source.properties


def test_names_that_the_client_changes_later_are_kept(client: Client) -> None:
    client.databases = english(client.notion, client.root)
    client.adopt()
    client.apply()
    entry = read_manifest(client.notion, client.root)[1].databases["features"]
    effort = {entry.properties["effort"]: PropertyPatch(name="Size")}
    client.notion.update_data_source(entry.data_source_id, effort)
    client.notion.update_database(entry.database_id, title="Our plan")
    assert client.apply() == 0
    assert client.apply(reset_titles=True) == 0


def test_rules_work_on_adopted_databases(tmp_path: Path) -> None:
    client = Client(tmp_path)
    client.databases = related(client.notion, client.root)
    status = {"Status": PropertyPatch(type="status")}
    client.notion.update_data_source(client.databases["features"].data_source_ids[0], status)
    client.close()
    program = Program(tmp_path, NOTION_PM_LOCAL="workspace.sqlite")
    assert program("adopt", "product").code == 0
    assert program("adopt", "--apply", "mapping.yaml", "--yes").code == 0
    assert program("apply", "product", "--yes").code == 0
    synced = program("sync", "--json")
    assert synced.code == 0, synced.err

    client = Client(tmp_path)
    entry = read_manifest(client.notion, client.root)[1].databases["features"]
    (page,) = client.notion.query(entry.data_source_id)
    assert page.properties[entry.properties["evidence_count"]].value == 1
    shipped = OptionValue(entry.options["status.shipped"], "")
    client.notion.update_page(
        page.id, [PropertyValue(entry.properties["status"], "status", shipped)]
    )
    client.close()
    assert program("sync", "--full").code == 0
    client = Client(tmp_path)
    insights = read_manifest(client.notion, client.root)[1].databases["insights"]
    (asked,) = client.notion.query(insights.data_source_id)
    value = asked.properties[insights.properties["status"]].value
    assert isinstance(value, OptionValue)
    assert value.name == "Shipped"
    client.close()


@pytest.mark.parametrize("moment", [12, 24, 36])
def test_a_killed_apply_to_adopted_databases_can_be_continued(client: Client, moment: int) -> None:
    client.databases = english(client.notion, client.root)
    before = client.theirs()
    client.adopt()
    door, _ = notion_client_for(client.workspace, weather=killed(moment, after=True))
    reading = provision.read(door, client.root, "product")
    with pytest.raises(Killed):
        claimant = Claimant(marks=client.folder / "state" / "claims")
        plan = provision.plan(reading)
        provision.apply(
            door,
            plan,
            reading,
            provision.ApplySettings(datetime.now(UTC), force=True, claimant=claimant),
        )
    door.close()
    client.apply()
    assert client.apply() == 0
    assert is_kept(before, client.theirs())


def test_all_problems_of_a_mapping_are_reported_with_their_lines(client: Client) -> None:
    client.databases = english(client.notion, client.root)
    path = client.propose()
    text = path.read_text()
    for was, becomes in (
        ('effort: "Estimate"', 'effort: "Estimat"'),
        ('owner: "DRI"', 'owner: "Owner"'),
        ("designer:", 'designer: "DRI"'),
        ("tech_lead:", 'tech_lead: "DRI"'),
        ("reach:", "rech:"),
        ('shipped: "Done"', 'shipped: "Don"'),
    ):
        assert was in text
        text = text.replace(was, becomes, 1)
    path.write_text(text)
    with pytest.raises(MappingInvalid) as caught:
        client.look(path)
    told = [str(each) for each in caught.value.problems]
    lines = {n: line.split("#")[0].strip() for n, line in enumerate(text.splitlines(), 1)}
    assert [lines[each.line].partition(":")[0] for each in caught.value.problems] == [
        "owner", "designer", "tech_lead", "rech", "effort", "shipped",
    ]  # fmt: skip
    assert "'Owner' is of type rich_text, the template needs people" in told[0]
    assert "'DRI' is named 2 times" in told[1]
    assert "Did you mean `Estimate`?" in told[4]


def test_a_stale_mapping_is_refused(client: Client) -> None:
    client.databases = german(client.notion, client.root)
    path = client.propose()
    source_id = client.databases["insights"].data_source_ids[0]
    client.notion.update_data_source(source_id, {"Neu": PropertyPatch(type="checkbox")})
    with pytest.raises(MappingInvalid, match="has changed since the mapping was made"):
        client.look(path)


def test_a_file_that_is_not_a_mapping_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text("adopt: product\ndatabases:\n  features:\n    properties: []\n")
    with pytest.raises(MappingInvalid) as caught:
        mapping_file.read(path)
    assert {each.line for each in caught.value.problems} == {3, 4}


def test_the_command_proposes_asks_and_records(tmp_path: Path) -> None:
    client = Client(tmp_path)
    german(client.notion, client.root)
    named = english(client.notion, client.root)["features"]
    client.close()
    program = Program(tmp_path, NOTION_PM_LOCAL="workspace.sqlite")
    one = program("adopt", "product", named.url, "-o", "one.yaml", "--json")
    assert (one.code, list(one.json["databases"])) == (0, ["features"])
    proposed = program("adopt", "product")
    assert proposed.code == 0
    assert "insights         is '🗣 Kundenfeedback'" in proposed.out
    assert "not used: 'Lunch menu'" in proposed.out
    assert "The file mapping.yaml already exists" in program("adopt", "product").err
    silent = program("adopt", "--apply", "mapping.yaml")
    assert (silent.code, "--yes" in silent.err) == (1, True)
    assert program("adopt", "--apply", "mapping.yaml", "--yes", "--json").json[
        "adopted"
    ].keys() == {
        "features",
        "insights",
    }
    again = program("adopt", "--apply", "mapping.yaml")
    assert (again.code, "No changes" in again.out) == (0, True)
    done = program("apply", "product", "--yes")
    assert done.code == 0, done.err
    assert program("plan", "product", "--exit-code").code == 0
    kept = program("destroy", "product", "--confirm", "product")
    _, _, adopted = kept.out.partition("existed before the template and are kept:")
    assert "  - Roadmap\n" in adopted

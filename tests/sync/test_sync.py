"""Sync on a local workspace: what it reads, decides, writes and remembers."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from notion_pm.emulator import LocalWorkspace
from notion_pm.errors import AlreadyRunning, NotShared, Unavailable, UnsafeChange, UsageError
from notion_pm.model.ids import NotionId
from notion_pm.model.page import OptionValue, PropertyValue
from notion_pm.model.schema import NoConfig, OptionsConfig, PropertyPatch
from notion_pm.notion.retry import Patience
from notion_pm.state.connection import FILE as STATE_FILE
from notion_pm.state.lock import hold_run_lock
from notion_pm.sync.summary import SyncReport
from notion_pm.sync.sync import sync
from notion_pm.workspace.sync_context import SyncContext
from tests.conftest import client_of
from tests.support.faults import Fault, Killed, LastBreath
from tests.support.notion_clients import notion_client_for
from tests.support.product_workspace import READ_AGAIN, Product, apply_product, changed

QUERIES = ["POST query"] * 3


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return apply_product(tmp_path_factory.mktemp("applied"))


@pytest.fixture
def product(applied: Path, tmp_path: Path) -> Iterator[Product]:
    opened = Product.copied(applied, tmp_path)
    yield opened
    opened.close()


def test_a_shipped_feature_marks_its_insights_for_the_customers(product: Product) -> None:
    wings = product.add("features", "Wings", status="in_progress", effort=2)
    goal = product.add("vision", "Fly", kind="objective", features=[wings])
    asked = product.add(
        "insights", "Let us fly", customer="Acme", importance="critical", features=[wings]
    )
    product.sync()
    assert product.get("insights", asked, "status") == "Planned"
    product.later()
    product.set("features", wings, status="shipped")
    product.sync()
    assert product.get("insights", asked, "status") == "Shipped"
    assert product.get("insights", asked, "loop") == "Tell customer"
    assert product.get("features", wings, "shipped_on") == product.clock.now.date().isoformat()
    assert product.get("features", wings, "customers") == 1
    assert (
        product.get("vision", goal, "progress"),
        product.get("vision", goal, "features_shipped"),
    ) == (1, 1)


class TestRequests:
    @pytest.fixture
    def product(self, product: Product) -> Product:
        wings = product.add("features", "Wings", status="in_progress")
        for number in range(5):
            product.add("insights", f"Ask {number}", features=[wings])
        return product

    def test_the_first_sync_reads_the_manifest_and_each_database_once(
        self, product: Product
    ) -> None:
        result, sent = product.requests_of_sync()
        read = ["GET children", "GET children", *QUERIES]
        written = [READ_AGAIN, "PATCH pages", READ_AGAIN, *["PATCH pages"] * 5, "PATCH blocks"]
        assert sorted(sent) == sorted([*read, *written])
        assert result.requests == len(sent)

    @pytest.mark.parametrize("minutes", [0, 10])
    def test_a_second_sync_changes_nothing_and_costs_a_query_per_database(
        self, product: Product, minutes: int
    ) -> None:
        product.sync()
        product.later(minutes=minutes)
        result, sent = product.requests_of_sync()
        assert sent == QUERIES
        assert (result.evaluation.updates, result.evaluation.conflicts) == ((), ())

    def test_many_edits_of_one_minute_are_not_read_again_at_once(self, product: Product) -> None:
        first = product.add("insights", "The first")
        for number in range(120):
            product.add("insights", f"More {number}")
        product.sync()
        assert product.requests_of_sync()[1] == QUERIES
        product.later(seconds=5)
        product.set("insights", first, told_on="2026-07-01")
        result = product.sync()
        assert changed(result.evaluation) == {
            "The first.status": "closed",
            "The first.loop": "told",
        }
        product.later(minutes=3)
        assert product.requests_of_sync()[1] == [*QUERIES, "POST query"], (
            "the rest of that minute, once"
        )
        product.later(minutes=3)
        assert product.requests_of_sync()[1] == QUERIES

    def test_a_later_sync_asks_only_for_what_was_edited_and_for_what_rules_need(
        self, product: Product
    ) -> None:
        product.sync()
        product.later()
        product.sync()
        for request in product.transport.seen[-3:]:
            assert b"last_edited_time" in request.read()
            assert 1 < len(request.url.params.get_list("filter_properties")) < 25

    def test_a_dry_run_writes_nothing_anywhere(self, product: Product) -> None:
        result, sent = product.requests_of_sync(dry_run=True)
        assert not any(each.startswith("PATCH") for each in sent)
        again = product.sync()
        assert changed(again.evaluation) == changed(result.evaluation) != {}

    def test_everything_is_read_once_a_day_and_on_request(self, product: Product) -> None:
        product.sync()
        _, sent = product.requests_of_sync(full=True)
        asked = ["GET databases"] * 3  # whether they are in the trash: a query does not tell
        assert sent == ["GET children", "GET children", *QUERIES, *asked]
        product.later(days=1)
        product.requests_of_sync()
        assert b"last_edited_time" not in product.transport.seen[-1].read()


class TestReading:
    def test_an_edit_is_seen_on_either_side_of_a_relation(self, product: Product) -> None:
        wings = product.add("features", "Wings", status="beta")
        one, other = product.add("insights", "One"), product.add("insights", "Other")
        product.sync()
        product.later()
        product.set("features", wings, insights=[one])
        assert changed(product.sync().evaluation) == {
            "One.status": "planned",
            "Wings.evidence_count": 1,
        }
        product.later()
        product.set("insights", other, features=[wings])
        assert changed(product.sync().evaluation) == {
            "Other.status": "planned",
            "Wings.evidence_count": 2,
        }
        product.later()
        product.set("insights", one, features=[])
        assert changed(product.sync().evaluation) == {"Wings.evidence_count": 1}

    def test_an_edit_within_the_minute_of_the_last_read_is_not_missed(
        self, product: Product
    ) -> None:
        wings = product.add("features", "Wings")
        product.sync()
        product.later(seconds=5)
        product.set("features", wings, reach=4, impact=2, confidence=1, effort=2)
        assert changed(product.sync().evaluation) == {"Wings.rice": 4}

    def test_a_clock_that_is_ahead_of_notions_misses_nothing(self, product: Product) -> None:
        wings = product.add("features", "Wings")
        place = SyncContext(
            product.notion,
            NotionId(product.workspace.root_page_id),
            product.state,
            product.clock.now,
        )
        ahead = replace(place, now=product.clock.now + timedelta(hours=3))
        sync(ahead)
        product.later(minutes=30)
        product.set("features", wings, reach=4, impact=2, confidence=1, effort=2)
        result = sync(replace(ahead, now=ahead.now + timedelta(minutes=31)))
        assert changed(result.evaluation) == {"Wings.rice": 4}

    def test_a_page_in_the_trash_counts_no_longer(self, product: Product) -> None:
        wings = product.add("features", "Wings")
        asks = [product.add("insights", f"Ask {n}", features=[wings]) for n in range(2)]
        product.sync()
        product.later()
        product.notion.trash_page(asks[0])
        result = product.sync(full=True)
        assert changed(result.evaluation) == {"Wings.evidence_count": 1}
        assert [(each.page.title, each.reason) for each in result.vanished] == [
            ("Ask 0", "trashed")
        ]
        assert changed(product.sync().evaluation) == {}

    @pytest.mark.parametrize("named", [False, True])
    @pytest.mark.parametrize("reason", ["trashed", "archived", "moved", "unshared"])
    def test_deleted_moved_and_unshared_pages_are_distinguished(
        self, product: Product, reason: str, named: bool
    ) -> None:
        wings = product.add("features", "Wings")
        ask = product.add("insights", "Ask", features=[wings])
        product.sync()
        product.later(days=1)
        root = product.workspace.root_page_id
        token = product.workspace.connect(
            "partial", shared=[e.id for e in product.notion.list_children(root)]
        )
        private = product.notion.create_page(NotionId(root), "Private", look_up=lambda: None).id
        there = wings if reason == "moved" else private
        with client_of(product.workspace) as person:
            person.patch(
                f"pages/{ask}",
                json={"properties": {}, "is_archived": True} if reason == "archived" else {},
            )
            if reason == "trashed":
                product.notion.trash_page(ask)
            elif reason != "archived":
                parent = {"type": "page_id", "page_id": there}
                person.post(f"pages/{ask}/move", json={"parent": parent}).raise_for_status()
        partial, _ = notion_client_for(product.workspace, token=token)
        result = product.sync(partial, only=frozenset({ask}) if named else None)
        partial.close()
        assert [(each.page.title, each.reason) for each in result.vanished] == [("Ask", reason)]
        (note,) = (
            text for text, page in SyncReport(result).notes() if page and page.title == "Ask"
        )
        assert (
            note
            == {
                "trashed": "It is in the trash. Rules no longer count it.",
                "archived": "It is archived. Rules no longer count it.",
                "moved": "It was moved elsewhere. Rules no longer count it.",
                "unshared": "It is no longer shared with the connection. Rules no longer count it.",
            }[reason]
        )
        assert product.get("features", wings, "evidence_count") == 0

    def test_relations_past_25_are_whole(self, product: Product) -> None:
        wings = product.add("features", "Wings")
        for number in range(30):
            product.add("insights", f"Ask {number}", features=[wings])
        product.sync()
        assert product.get("features", wings, "evidence_count") == 30

    def test_pages_that_vanish_in_numbers_stop_the_run(self, product: Product) -> None:
        asks = [product.add("insights", f"Ask {n}") for n in range(12)]
        product.sync()
        for each in asks[:5]:
            product.notion.trash_page(each)
        with pytest.raises(UnsafeChange, match="5 of 12 pages of insights can no longer be found"):
            product.sync(full=True)
        assert len(product.sync(full=True, force=True).vanished) == 5

    def test_a_workspace_without_a_template_says_what_to_do(
        self, workspace: LocalWorkspace, tmp_path: Path
    ) -> None:
        notion, _ = notion_client_for(workspace)
        now = datetime(2026, 7, 1, tzinfo=UTC)
        with pytest.raises(UsageError) as raised:
            sync(SyncContext(notion, NotionId(workspace.root_page_id), tmp_path / "state", now))
        assert "notion-pm apply product" in raised.value.advice
        notion.close()


class TestStructure:
    """What people do to the databases themselves."""

    def restructure(self, product: Product, changes: dict[str, PropertyPatch | None]) -> None:
        entry = product.manifest.databases["features"]
        by_id = {entry.properties[key]: change for key, change in changes.items()}
        product.notion.update_data_source(entry.data_source_id, by_id)

    def test_properties_that_were_deleted_are_named(self, product: Product) -> None:
        product.sync()
        self.restructure(product, {"customers": None, "insights": None})
        with pytest.raises(UsageError, match="customers was deleted") as failure:
            product.sync()
        assert (
            "features.insights was deleted" in str(failure.value)
            and "apply" in failure.value.advice
        )
        shutil.rmtree(product.state)
        with pytest.raises(UsageError, match="customers was deleted"):
            product.sync()

    def test_a_property_that_was_turned_into_another_type_is_named(self, product: Product) -> None:
        wings = product.add("features", "Wings", reach=1, confidence=1, effort=2)
        product.sync()
        self.restructure(product, {"effort": PropertyPatch(type="rich_text", config=NoConfig())})
        product.set("features", wings, reach=3)
        with pytest.raises(UsageError, match="effort is now rich_text, not number"):
            product.sync()


class TestPeople:
    def test_a_persons_value_is_kept_and_reported(self, product: Product) -> None:
        wings = product.add("features", "Wings", status="in_progress")
        asked = product.add("insights", "Ask", features=[wings])
        product.sync()
        product.later()
        product.set("insights", asked, status="triaged")
        data = SyncReport(product.sync()).as_data()
        assert data["updates"] == []
        (conflict,) = data["conflicts"]
        assert (conflict["title"], conflict["property"], conflict["value"]) == (
            "Ask",
            "Status",
            "Triaged",
        )
        assert (conflict["derived"], conflict["rule"], conflict["new"]) == (
            "Planned",
            "I2-plan",
            True,
        )
        assert product.get("insights", asked, "status") == "Triaged"
        product.set("features", wings, status="shipped")
        product.sync()
        assert product.get("insights", asked, "status") == "Shipped"

    def test_options_that_people_renamed_keep_working(self, product: Product) -> None:
        wings = product.add("features", "Wings", status="in_progress")
        asked = product.add("insights", "Ask", features=[wings])
        rename(product, "Planned", "On the plan")
        data = SyncReport(product.sync()).as_data()
        assert product.get("insights", asked, "status") == "On the plan"
        (told,) = [each for each in data["updates"] if each["address"] == "insights.status"]
        assert (told["from"], told["to"], told["rule"]) == ("New", "On the plan", "I2-plan")
        product.later()
        assert changed(product.sync().evaluation) == {}

    def test_an_option_that_people_added_is_left_alone(self, product: Product) -> None:
        entry = product.manifest.databases["insights"]
        status = product.notion.get_data_source(entry.data_source_id).properties[
            entry.properties["status"]
        ]
        assert isinstance(status.config, OptionsConfig)
        more = OptionsConfig((*status.config.options, type(status.config.options[0])("On ice")))
        product.notion.update_data_source(
            entry.data_source_id, {status.id: PropertyPatch(type="status", config=more)}
        )
        wings = product.add("features", "Wings", status="shipped")
        asked = product.add("insights", "Ask", features=[wings])
        product.notion.update_page(
            asked, [PropertyValue(status.id, "status", OptionValue("", "On ice"))]
        )
        result = product.sync()
        assert "Ask.status" not in changed(result.evaluation)
        assert any("'On ice'" in note.message for note in result.evaluation.notes)


class TestSafety:
    def test_a_wrong_rule_cannot_rewrite_a_workspace_unseen(self, product: Product) -> None:
        wings = product.add("features", "Wings", status="idea")
        for number in range(12):
            product.add(
                "insights",
                f"Ask {number}",
                status="triaged",
                features=[wings] if number < 5 else [],
            )
        with pytest.raises(UnsafeChange, match="5 of 12 pages of insights"):
            product.sync()
        assert len(product.sync(force=True).evaluation.updates) == 6

    def test_two_syncs_never_overlap(self, product: Product) -> None:
        with hold_run_lock(product.state), pytest.raises(AlreadyRunning):
            product.sync()
        product.sync()

    def test_a_failure_half_way_keeps_what_was_written(self, product: Product) -> None:
        wings = product.add("features", "Wings", status="beta")
        for number in range(8):
            product.add("insights", f"Ask {number}", features=[wings])
        writes: list[str] = []

        def storm(number: int, request: httpx.Request) -> Fault | None:
            if request.method == "PATCH":
                writes.append(request.url.path)
            return (
                Fault(500, "internal_server_error")
                if len(writes) > 3 and request.method == "PATCH"
                else None
            )

        stormy, _ = notion_client_for(
            product.workspace, weather=storm, patience=Patience(attempts=2)
        )
        with pytest.raises(Unavailable):
            product.sync(stormy)
        stormy.close()
        result, sent = product.requests_of_sync()
        assert 0 < len(result.evaluation.updates) == sent.count("PATCH pages") < 9
        assert changed(product.sync().evaluation) == {}
        assert product.get("features", wings, "evidence_count") == 8

    def test_a_page_deleted_during_the_write_is_reported_and_dropped(
        self, product: Product
    ) -> None:
        wings = product.add("features", "Wings", status="beta")
        asked = product.add("insights", "Ask", features=[wings])

        def thief(number: int, request: httpx.Request) -> Fault | None:
            if (
                request.method == "PATCH"
                and asked in request.url.path
                and not product.page(asked).in_trash
            ):
                product.notion.trash_page(asked)
            return None

        robbed, _ = notion_client_for(product.workspace, weather=thief)
        result = product.sync(robbed)
        robbed.close()
        assert [(each.page.title, each.reason) for each in result.dropped] == [("Ask", "trashed")]
        product.later()
        product.sync()
        assert product.get("features", wings, "evidence_count") == 0

    def test_lost_memory_is_no_licence(self, product: Product) -> None:
        wings = product.add("features", "Wings", evidence_count=7)
        product.sync()
        for each in product.state.glob(f"{STATE_FILE}*"):
            each.unlink()
        result = product.sync()
        assert [each.reason for each in result.evaluation.conflicts] != []
        assert product.get("features", wings, "evidence_count") == 7
        product.sync(policy="rule")
        assert product.get("features", wings, "evidence_count") == 0


class TestLost:
    """Databases that people delete, or take from the connection: told by name, and never a reason
    to write.
    """

    @pytest.fixture
    def synced(self, product: Product) -> Product:
        product.add(
            "insights", "Ask", features=[product.add("features", "Wings", status="in_progress")]
        )
        product.sync()
        return product

    def test_a_database_in_the_trash(self, synced: Product) -> None:
        synced.notion.trash_database(synced.manifest.databases["insights"].database_id)
        synced.later(days=1)
        with pytest.raises(UsageError, match="'Customer insights' is in the trash") as told:
            synced.sync()
        assert "Restore it" in told.value.advice

    def test_a_database_that_is_no_longer_shared(self, synced: Product) -> None:
        root = synced.notion.list_children(synced.workspace.root_page_id)
        insights = synced.manifest.databases["insights"].database_id
        shared = [each.id for each in root if each.id != insights]
        token = synced.workspace.connect("partial", shared=shared)
        partial, _ = notion_client_for(synced.workspace, token=token)
        with pytest.raises(NotShared, match="cannot be reached") as told:
            synced.sync(partial)
        partial.close()
        assert "Share it with the connection" in told.value.advice
        assert synced.sync().evaluation.updates == (), "what is remembered was not touched"

    def test_a_database_moved_to_another_page_is_still_the_same(self, synced: Product) -> None:
        page = synced.notion.create_page(
            NotionId(synced.workspace.root_page_id), "Archive", look_up=lambda: None
        )
        insights = synced.manifest.databases["insights"].database_id
        with client_of(synced.workspace) as person:
            moved = person.patch(
                f"databases/{insights}", json={"parent": {"type": "page_id", "page_id": page.id}}
            )
            assert moved.status_code == 200, moved.text
        synced.later(days=1)
        assert synced.sync().evaluation.updates == ()


class TestInterrupted:
    """A run that ends between Notion's work and its answer."""

    @staticmethod
    def interrupted(product: Product) -> NotionId:
        """A feature with two asks, of which Notion has counted the second though no answer came."""
        wings = product.add("features", "Wings")
        product.add("insights", "Ask", features=[wings])
        product.sync()
        product.later()
        product.add("insights", "Ask 2", features=[wings])

        def deaf(number: int, request: httpx.Request) -> Fault | None:
            counting = request.method == "PATCH" and wings in request.url.path
            return LastBreath(after=True) if counting else None

        lost, _ = notion_client_for(product.workspace, weather=deaf)
        with pytest.raises(Killed):
            product.sync(lost)
        lost.close()
        assert product.get("features", wings, "evidence_count") == 2
        return wings

    def test_its_own_writes_are_not_taken_for_edits_of_people(self, product: Product) -> None:
        wings = self.interrupted(product)
        product.add("insights", "Ask 3", features=[wings])
        assert product.sync().evaluation.conflicts == ()
        assert product.get("features", wings, "evidence_count") == 3

    def test_edits_since_then_are_kept(self, product: Product) -> None:
        wings = self.interrupted(product)
        product.set("features", wings, evidence_count=9)
        (conflict,) = product.sync().evaluation.conflicts
        assert (conflict.property, conflict.value, conflict.derived) == ("evidence_count", 9, 2)
        product.later()
        assert product.sync().evaluation.updates == ()

    def test_ctrl_c_sends_nothing_more(self, product: Product) -> None:
        wings = product.add("features", "Wings", status="beta")
        for number in range(40):
            product.add("insights", f"Ask {number}", features=[wings])
        sent: list[str] = []

        def interrupt(number: int, request: httpx.Request) -> Fault | None:
            if request.method == "PATCH":
                sent.append(request.url.path)
                if len(sent) == 2:
                    raise KeyboardInterrupt
            return None

        stopped, _ = notion_client_for(product.workspace, weather=interrupt)
        with pytest.raises(KeyboardInterrupt):
            product.sync(stopped)
        stopped.close()
        assert len(sent) < 30  # those that were under way, and a few until the news has come round
        product.sync()
        assert product.get("features", wings, "evidence_count") == 40


def rename(product: Product, old: str, new: str) -> None:
    """Let a person rename an option in Notion's own interface; the API has no way (notion-api.md
    3.2).
    """
    with closing(sqlite3.connect(product.workspace.path)) as connection, connection:
        replaced = "UPDATE data_sources SET properties = replace(properties, ?, ?)"
        connection.execute(replaced, (json.dumps(old), json.dumps(new)))

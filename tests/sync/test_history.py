"""What sync remembers of what happened: runs, changes by people and by rules, undo, quarantine, and
`why`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from notion_pm.errors import RequestRefused, UsageError
from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import SnapshotPage, is_empty
from notion_pm.rules.history import THE_PAGE, HistoryChange
from notion_pm.rules.quarantine import UNDONE
from notion_pm.state.state import State
from notion_pm.sync.undo import CHANGED_SINCE, GONE, LOCKED, SyncUndo, plan_undo, undo_sync
from notion_pm.sync.why import why
from tests.support.faults import Fault, Killed, LastBreath
from tests.support.notion_clients import notion_client_for
from tests.support.product_workspace import Product, apply_product


def remembered(product: Product) -> State:
    return State(product.state, "product")


def happened(product: Product) -> list[tuple[str, str, object, object, str]]:
    with remembered(product) as state:
        return [
            (each.title, each.property, each.before, each.after, each.actor)
            for each in state.history.changes(product.clock.now - timedelta(days=9))
        ]


def what_they_hold(pages: Mapping[NotionId, SnapshotPage]) -> dict[str, dict[str, object]]:
    return {
        each.title: {key: value for key, value in each.values.items() if not is_empty(value)}
        for each in pages.values()
    }


def dies_of_a_write(_: int, request: httpx.Request) -> Fault | None:
    """The process ends after Notion has carried out the write."""
    return LastBreath(after=True) if request.method == "PATCH" else None


def undo(product: Product) -> SyncUndo:
    found = plan_undo(product.place(), None)
    undo_sync(product.place(), found)
    return found


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return apply_product(tmp_path_factory.mktemp("applied"))


@pytest.fixture
def product(applied: Path, tmp_path: Path) -> Iterator[Product]:
    opened = Product.copied(applied, tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def shipped(product: Product) -> Product:
    """A workspace in which a sync has just told an insight that its feature has shipped."""
    ask = product.add("insights", "Ask")
    product.add("features", "Wings", status="in_progress", insights=[ask])
    product.sync()
    product.later()
    wings = page_named(product, "Wings")
    product.set("features", wings.id, status="shipped")
    product.sync()
    product.later()
    return product


def page_named(product: Product, title: str) -> SnapshotPage:
    with remembered(product) as state:
        pages = [page for those in state.pages.read().pages.values() for page in those.values()]
    return next(page for page in pages if page.title == title)


class TestHistory:
    def test_it_tells_people_from_rules(self, shipped: Product) -> None:
        told = happened(shipped)
        assert ("Wings", "status", "in_progress", "shipped", "person") in told
        assert ("Ask", "status", "planned", "shipped", "rule") in told
        with remembered(shipped) as state:
            ours = [
                each
                for each in state.history.changes_of(page_named(shipped, "Ask").id)
                if each.property == "status"
            ]
        assert [each.rules for each in ours] == [("I3-ship",), ("I2-plan",)]
        assert ours[0].because == (page_named(shipped, "Wings").id,)

    def test_every_run_is_there_and_a_dry_one_is_not(self, shipped: Product) -> None:
        shipped.sync(dry_run=True)
        shipped.sync()
        with remembered(shipped) as state:
            runs = state.history.runs()
        assert [(each.kind, each.outcome) for each in runs] == [("sync", "changed")] * 2 + [
            ("sync", "unchanged")
        ]
        assert all(each.finished for each in runs)
        assert (runs[1].told or {})["updates"] == 2

    def test_a_run_that_fails_is_there_with_its_error(self, product: Product) -> None:
        product.sync()
        notion, _ = notion_client_for(
            product.workspace,
            weather=lambda _, request: (
                Fault(400, "validation_error") if "query" in request.url.path else None
            ),
        )
        product.later()
        with pytest.raises(RequestRefused):
            product.sync(notion)
        notion.close()
        with remembered(product) as state:
            assert [each.outcome for each in state.history.runs()][-1] == "failed"

    def test_pages_that_come_are_renamed_and_go(self, product: Product) -> None:
        product.add("features", "Wings")
        product.sync()
        product.later()
        new = product.add("features", "Fins")
        product.sync()
        product.later()
        product.set("features", new, name="Big fins")
        product.sync()
        product.later()
        product.notion.trash_page(new)
        product.sync(full=True)
        titles = [each[2:4] for each in happened(product) if each[1] == THE_PAGE]
        assert titles == [(None, "Fins"), ("Fins", "Big fins"), ("Big fins", None)]

    def test_pages_are_to_be_had_as_they_were_at_any_moment(self, product: Product) -> None:
        moments = []
        wings = product.add("features", "Wings", status="idea")
        ask = product.add("insights", "Ask")
        for status, links in (("in_progress", [wings]), ("shipped", [wings]), ("dropped", [])):
            product.sync()
            with remembered(product) as state:
                moments.append((product.clock.now, state.pages_at(product.clock.now)))
            product.later()
            product.set("features", wings, status=status)
            product.set("insights", ask, features=links)
        product.notion.trash_page(ask)
        product.sync(full=True)
        with remembered(product) as state:
            for moment, pages in moments:
                assert what_they_hold(state.pages_at(moment)) == what_they_hold(pages)

    def test_it_is_kept_for_so_long_and_no_longer(self, shipped: Product) -> None:
        shipped.later(days=400)
        shipped.sync(keep_history=timedelta(days=300))
        with remembered(shipped) as state:
            assert len(state.history.runs()) == 1
            assert not list(state.history.changes(shipped.clock.now - timedelta(days=401)))

    def test_writes_of_an_interrupted_run_are_not_attributed_to_a_person(
        self, product: Product
    ) -> None:
        ask = product.add("insights", "Ask")
        product.sync()
        product.later()
        product.add("features", "Wings", status="in_progress", insights=[ask])
        notion, _ = notion_client_for(product.workspace, weather=dies_of_a_write)
        with pytest.raises(Killed):
            product.sync(notion)
        notion.close()
        product.later()
        product.sync()
        assert [each[4] for each in happened(product) if each[:2] == ("Ask", "status")] == ["rule"]


class TestUndo:
    def test_values_of_the_last_sync_are_undone_and_stay(self, shipped: Product) -> None:
        ask = page_named(shipped, "Ask").id
        found = undo(shipped)
        assert len(found.updates) == 2
        assert shipped.get("insights", ask, "status") == "Planned"
        assert shipped.get("insights", ask, "loop") is None
        shipped.later()
        result = shipped.sync()
        assert not result.evaluation.updates
        told = {each.property: each for each in result.evaluation.conflicts}
        assert told["status"].new
        assert not any(each.new for each in shipped.sync().evaluation.conflicts)

    def test_it_sends_one_request_per_page_and_none_for_a_second_undo(
        self, shipped: Product
    ) -> None:
        undo(shipped)
        again = plan_undo(shipped.place(), None)
        assert not again.updates
        assert not again.not_undone

    def test_an_emptied_value_stays_empty_until_the_rules_change(self, product: Product) -> None:
        wings = product.add("features", "Wings", insights=[product.add("insights", "One")])
        product.sync()
        product.later()
        undo(product)
        assert product.get("features", wings, "evidence_count") is None
        product.later()
        held = next(
            each
            for each in product.sync().evaluation.conflicts
            if each.property == "evidence_count"
        )
        assert (held.reason, held.new) == (UNDONE, True)
        product.later()
        product.add("insights", "Two", features=[wings])
        product.sync()
        assert product.get("features", wings, "evidence_count") == 2

    def test_taking_the_rules_side_writes_it_again(self, product: Product) -> None:
        wings = product.add("features", "Wings", insights=[product.add("insights", "One")])
        product.sync()
        undo(product)
        product.later()
        product.sync(policy="rule")
        assert product.get("features", wings, "evidence_count") == 1

    def test_values_changed_locked_or_deleted_since_are_kept(self, product: Product) -> None:
        pages = {
            title: product.add(
                "features", title, insights=[product.add("insights", f"For {title}")]
            )
            for title in ("Changed", "Locked", "Thrown away", "Free")
        }
        product.sync()
        product.later()
        product.set("features", pages["Changed"], evidence_count=9)
        product.set("features", pages["Locked"], sync_lock=True)
        product.notion.trash_page(pages["Thrown away"])
        product.sync(full=True)  # changes nothing: the last that did is undone
        product.later()
        found = undo(product)
        reasons = {
            (each.change.title, each.change.property): each.reason for each in found.not_undone
        }
        assert reasons["Changed", "evidence_count"] == CHANGED_SINCE
        assert reasons["Locked", "evidence_count"] == LOCKED
        assert reasons["Thrown away", "evidence_count"] == GONE
        assert product.get("features", pages["Changed"], "evidence_count") == 9
        assert product.get("features", pages["Free"], "evidence_count") is None

    def test_an_undo_that_is_interrupted_is_ended_by_another(self, shipped: Product) -> None:
        notion, _ = notion_client_for(shipped.workspace, weather=dies_of_a_write)
        found = plan_undo(shipped.place(), None)
        with pytest.raises(Killed):
            undo_sync(shipped.place(notion), found)
        notion.close()
        undo(shipped)
        assert not plan_undo(shipped.place(), None).updates

    def test_each_undo_of_one_second_is_remembered(self, shipped: Product) -> None:
        undo(shipped)
        shipped.later(milliseconds=1)
        undo(shipped)
        with remembered(shipped) as state:
            assert [each.kind for each in state.history.runs()] == ["sync", "sync", "undo", "undo"]

    def test_there_is_nothing_to_undo_where_nothing_was_synced(self, product: Product) -> None:
        with pytest.raises(UsageError, match="nothing to undo"):
            plan_undo(product.place(), None)


class TestQuarantine:
    @pytest.fixture
    def flipping(self, product: Product) -> Product:
        """Something empties a number after each sync, twice."""
        self.wings = product.add("features", "Wings", insights=[product.add("insights", "One")])
        for _ in range(2):
            product.sync()
            assert product.get("features", self.wings, "evidence_count") == 1
            product.later()
            product.set("features", self.wings, evidence_count=None)
        return product

    def test_a_value_reverted_twice_is_reported_once_and_not_written_again(
        self, flipping: Product
    ) -> None:
        result = flipping.sync()
        assert flipping.get("features", self.wings, "evidence_count") is None
        conflict = next(
            each for each in result.evaluation.conflicts if each.property == "evidence_count"
        )
        with remembered(flipping) as state:
            runs = [each.id for each in state.history.runs()]
        assert all(each in conflict.reason for each in runs[:2])
        assert (conflict.value, conflict.derived, conflict.new) == (None, 1, True)
        for _ in range(3):
            flipping.later()
            again = flipping.sync()
            assert not again.evaluation.updates
            assert [
                each.new for each in again.evaluation.conflicts if each.property == "evidence_count"
            ] == [False]

    @pytest.mark.parametrize(("every", "flips"), [(1, True), (2, True), (3, True), (4, False)])
    def test_a_value_reverted_within_three_runs_counts_as_flapping(
        self, product: Product, every: int, flips: bool
    ) -> None:
        wings = product.add("features", "Wings", insights=[product.add("insights", "One")])
        for run in range(3 * every):
            product.sync()
            product.later(minutes=15)
            if run % every == every - 1:
                product.set("features", wings, evidence_count=None)
        product.sync()
        assert product.get("features", wings, "evidence_count") == (None if flips else 1)

    def test_it_is_released_when_the_rules_move_on(self, flipping: Product) -> None:
        flipping.sync()
        flipping.later()
        flipping.add("insights", "Two", features=[self.wings])
        flipping.sync()
        assert flipping.get("features", self.wings, "evidence_count") == 2
        with remembered(flipping) as state:
            assert not state.quarantine.read()

    def test_it_is_released_when_a_person_sets_and_empties_it(self, flipping: Product) -> None:
        flipping.sync()
        flipping.later()
        flipping.set("features", self.wings, evidence_count=7)
        flipping.sync()
        flipping.later()
        flipping.set("features", self.wings, evidence_count=None)
        flipping.sync()
        assert flipping.get("features", self.wings, "evidence_count") == 1

    def test_counts_that_follow_people_are_no_flips(self, product: Product) -> None:
        wings, one, two = (
            product.add(*each) for each in (("features", "W"), ("insights", "1"), ("insights", "2"))
        )
        product.sync()
        for links in (
            [one],
            [one, two],
            [one],
            [one, two],
            [one],
            [],
            [one],
            [],
            [one],
            [one, two],
        ):
            product.later()
            product.set("features", wings, insights=links)
            product.sync()
            assert product.get("features", wings, "evidence_count") == len(links)


class TestWhy:
    def test_a_rules_value_names_the_rule_and_the_pages_behind_it(self, shipped: Product) -> None:
        found = why(shipped.place(), "Ask", "Status")
        (answer,) = found.properties
        assert found.set_by(answer).startswith("I3-ship, ")
        rules = {each["rule"]: each for each in found.as_data()["properties"][0]["rules"]}
        assert [each["title"] for each in rules["I3-ship"]["because"]] == ["Wings"]
        assert rules["I3-ship"]["because"][0]["url"]
        assert (answer.explanation.agrees, found.requests) == (True, 3)

    def test_a_persons_value_is_theirs(self, shipped: Product) -> None:
        ask = page_named(shipped, "Ask").id
        shipped.set("insights", ask, status="linked")
        (answer,) = why(shipped.place(), ask, "status").properties
        assert answer.edited_since
        assert answer.explanation.reason
        shipped.sync()
        (later,) = why(shipped.place(), ask, "status").properties
        assert isinstance(later.last, HistoryChange)
        assert (later.last.actor, later.explanation.decision.value) == ("person", "conflict")

    def test_it_reports_quarantined_properties(self, shipped: Product) -> None:
        undo(shipped)
        found = why(shipped.place(), "Ask", "status")
        assert found.set_by(found.properties[0]).startswith("an undo of what I3-ship wrote")
        assert "person's value stays" in found.next(found.properties[0])

    def test_a_property_that_no_rule_sets_is_an_error(self, shipped: Product) -> None:
        with pytest.raises(UsageError, match="No rule sets a property 'Quote'"):
            why(shipped.place(), "Ask", "Quote")
        with pytest.raises(UsageError):
            why(shipped.place(), "There is no such page")

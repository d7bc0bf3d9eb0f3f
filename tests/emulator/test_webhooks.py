"""Webhooks: verification, events, signatures, attempts."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from notion_pm.emulator import ApiError, LocalWorkspace, ManualClock
from notion_pm.emulator.webhooks import UnreachableError
from notion_pm.emulator.webhooks.events import TYPES

from .conftest import Notion, text

Json = dict[str, Any]


@dataclass
class Subscriber:
    """A server that takes deliveries, and answers them as a test wants."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)  # of the next answers; then 200
    bodies: list[bytes] = field(default_factory=list)
    signatures: list[str | None] = field(default_factory=list)

    def take(self, body: bytes, signature: str | None) -> int:
        self.bodies.append(body)
        self.signatures.append(signature)
        return self.statuses.pop(0) if self.statuses else 200

    @property
    def token(self) -> str:
        return str(json.loads(self.bodies[0])["verification_token"])

    @property
    def events(self) -> list[Json]:
        return [json.loads(body) for body in self.bodies[1:]]


@pytest.fixture
def subscriber() -> Iterator[Subscriber]:
    """A server that takes deliveries."""
    taken = Subscriber()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(taken.take(body, self.headers["X-Notion-Signature"]))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Keeps the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.block_on_close = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    taken.url = f"http://127.0.0.1:{server.server_port}/hook"
    yield taken
    server.shutdown()
    server.server_close()
    thread.join()


@dataclass
class Told:
    """A workspace with a subscriber."""

    workspace: LocalWorkspace
    clock: ManualClock
    subscriber: Subscriber

    def subscribe(self, *types: str) -> str:
        made = self.workspace.webhooks.subscribe(self.subscriber.url, types or None)
        self.workspace.webhooks.verify(made["id"], self.subscriber.token)
        return str(made["id"])

    def events(self) -> list[Json]:
        """Return the events from here on, after the aggregation."""
        before = len(self.subscriber.events)
        self.workspace.webhooks.deliver()
        self.clock.advance(seconds=5)
        while self.workspace.webhooks.deliver():
            pass
        return self.subscriber.events[before:]

    def types(self) -> list[str]:
        return sorted(event["type"] for event in self.events())


@pytest.fixture
def told(workspace: LocalWorkspace, clock: ManualClock, subscriber: Subscriber) -> Told:
    """A workspace with a subscriber that has yet to subscribe."""
    return Told(workspace, clock, subscriber)


def page_on(notion: Notion, parent: str, title: str = "Page") -> str:
    body = {"parent": {"page_id": parent}, "properties": {"title": {"title": text(title)}}}
    return str(notion.post("/pages", **body)["id"])


def test_nothing_is_sent_before_the_token_is_verified(told: Told, notion: Notion) -> None:
    made = told.workspace.webhooks.subscribe(told.subscriber.url)
    assert (made["status"], made["event_types"]) == ("pending", None)
    assert told.subscriber.token.startswith("secret_")
    page_on(notion, notion.root)
    assert told.events() == []
    with pytest.raises(ApiError, match="verification token"):
        told.workspace.webhooks.verify(made["id"], "secret_wrong")
    assert told.workspace.webhooks.verify(made["id"], told.subscriber.token)["status"] == "active"
    assert told.events() == []
    page_on(notion, notion.root)
    assert told.types() == ["page.content_updated", "page.created"]


def test_delivery_is_signed_and_complete(told: Told, notion: Notion, clock: ManualClock) -> None:
    subscription = told.subscribe("page.created")
    page = page_on(notion, notion.root)
    (event,) = told.events()
    me = notion.get("/users/me")
    moment = event.pop("timestamp")
    assert datetime.fromisoformat(moment).tzinfo is not None and moment.endswith("Z")
    assert event == {
        "id": event["id"],
        "workspace_id": me["bot"]["workspace_id"],
        "workspace_name": me["bot"]["workspace_name"],
        "subscription_id": subscription,
        "integration_id": me["id"],
        "authors": [{"id": me["id"], "type": "bot"}],
        "attempt_number": 1,
        "api_version": "2026-03-11",
        "entity": {"id": page, "type": "page"},
        "type": "page.created",
        "data": {"parent": {"id": notion.root, "type": "page"}},
    }
    raw = told.subscriber.bodies[-1]
    expected = hmac.new(told.subscriber.token.encode(), raw, hashlib.sha256).hexdigest()
    assert told.subscriber.signatures[-1] == f"sha256={expected}"


def test_events_of_one_kind_are_gathered(told: Told, notion: Notion, clock: ManualClock) -> None:
    source = notion.database(Done={"checkbox": {}}, Score={"number": {}})
    row = notion.row(source, "One")
    told.subscribe("page.properties_updated")
    schema = notion.schema(source)
    notion.patch(f"/pages/{row['id']}", properties={"Done": {"checkbox": True}})
    told.workspace.webhooks.deliver()
    clock.advance(seconds=1)
    notion.patch(
        f"/pages/{row['id']}", properties={"Score": {"number": 4}, "Done": {"checkbox": True}}
    )
    (event,) = told.events()
    assert set(event["data"]["updated_properties"]) == {schema["Done"]["id"], schema["Score"]["id"]}
    parent = row["parent"]
    assert event["data"]["parent"] == {
        "id": parent["database_id"],
        "type": "database",
        "data_source_id": parent["data_source_id"],
    }
    notion.patch(f"/pages/{row['id']}", properties={"Score": {"number": 4}})
    assert told.events() == []


def test_events_wait_for_their_delay(told: Told, notion: Notion, clock: ManualClock) -> None:
    told.subscribe("page.created", "page.locked")
    page = page_on(notion, notion.root)
    notion.patch(f"/pages/{page}", is_locked=True)
    told.workspace.webhooks.deliver()
    assert [event["type"] for event in told.subscriber.events] == ["page.locked"]
    clock.advance(seconds=2)
    told.workspace.webhooks.deliver()
    assert [event["type"] for event in told.subscriber.events] == ["page.locked", "page.created"]


def test_updates_after_a_creation_are_not_sent_separately(told: Told, notion: Notion) -> None:
    told.subscribe(
        "data_source.created",
        "data_source.schema_updated",
        "page.created",
        "page.properties_updated",
    )
    source = notion.database(Done={"checkbox": {}})
    row = notion.row(source, "One")
    notion.patch(f"/pages/{row['id']}", properties={"Done": {"checkbox": True}})
    assert told.types() == ["data_source.created", "page.created"]


def test_life_of_a_page(told: Told, notion: Notion) -> None:
    page, other = page_on(notion, notion.root), page_on(notion, notion.root)
    told.subscribe(*(event_type for event_type in TYPES if event_type.startswith("page.")))
    notion.patch(f"/pages/{page}", is_locked=True)
    assert told.types() == ["page.locked"]
    notion.patch(f"/pages/{page}", is_locked=False)
    assert told.types() == ["page.unlocked"]
    notion.patch(f"/pages/{page}", in_trash=True)
    assert told.types() == ["page.content_updated", "page.deleted"]
    notion.patch(f"/pages/{page}", in_trash=False)
    assert told.types() == ["page.content_updated", "page.undeleted"]
    notion.post(f"/pages/{page}/move", parent={"page_id": other})
    assert "page.moved" in told.types()


def test_content_events_name_the_page_of_the_block(told: Told, notion: Notion) -> None:
    page = page_on(notion, notion.root)
    told.subscribe("page.content_updated")
    toggle = {
        "toggle": {
            "rich_text": text("Outer"),
            "children": [{"paragraph": {"rich_text": text("Inner")}}],
        }
    }
    outer = notion.patch(f"/blocks/{page}/children", children=[toggle])["results"][0]["id"]
    inner = notion.get(f"/blocks/{outer}/children")["results"][0]["id"]
    (event,) = told.events()
    assert event["entity"] == {"id": page, "type": "page"}
    assert {block["id"] for block in event["data"]["updated_blocks"]} == {outer, inner}
    notion.patch(f"/blocks/{inner}", paragraph={"rich_text": text("Changed")})
    (event,) = told.events()
    assert event["data"]["updated_blocks"] == [{"id": inner, "type": "block"}]
    child = page_on(notion, page)
    (event,) = told.events()
    assert event["data"]["updated_blocks"] == [{"id": child, "type": "page"}]


def test_life_of_a_data_source(told: Told, notion: Notion) -> None:
    source = notion.database(Done={"checkbox": {}})
    told.subscribe(
        *(
            event_type
            for event_type in TYPES
            if event_type.startswith(("data_source.", "database."))
        )
    )
    done = notion.schema(source)["Done"]["id"]
    notion.patch(
        f"/data_sources/{source}",
        properties={"Done": {"name": "Finished"}, "Score": {"number": {}}},
    )
    (event,) = told.events()
    assert event["type"] == "data_source.schema_updated"
    assert event["entity"] == {"id": source, "type": "data_source"}
    changes = {
        each["name"]: (each["id"], each["action"]) for each in event["data"]["updated_properties"]
    }
    assert changes["Finished"] == (done, "updated")
    assert changes["Score"][1] == "created"
    row = notion.row(source, "One")
    (event,) = told.events()
    assert event["type"] == "data_source.content_updated"
    assert event["data"] == {
        "parent": {"id": row["parent"]["database_id"], "type": "database"},
        "updated_blocks": [{"id": row["id"], "type": "page"}],
    }
    notion.patch(f"/databases/{row['parent']['database_id']}", in_trash=True)
    assert told.types() == ["database.deleted"]
    notion.patch(f"/databases/{row['parent']['database_id']}", in_trash=False)
    assert told.types() == ["database.undeleted"]


def test_relation_events_are_sent_for_both_sides(told: Told, notion: Notion) -> None:
    goals = notion.database("Goals")
    source = notion.database(Goal={"relation": {"data_source_id": goals, "dual_property": {}}})
    goal, row = notion.row(goals, "Goal"), notion.row(source, "Row")
    told.subscribe("page.properties_updated")
    notion.patch(f"/pages/{row['id']}", properties={"Goal": {"relation": [{"id": goal["id"]}]}})
    events = told.events()
    assert {event["entity"]["id"] for event in events} == {goal["id"], row["id"]}


def test_views_comments_and_uploads(told: Told, notion: Notion) -> None:
    row = notion.row(notion.database(), "One")
    database, source = row["parent"]["database_id"], row["parent"]["data_source_id"]
    told.subscribe(
        *(event for event in TYPES if event.startswith(("view.", "comment.", "file_upload.")))
    )
    view = notion.post(
        "/views", database_id=database, data_source_id=source, name="More", type="list"
    )["id"]
    (event,) = told.events()
    assert (event["type"], event["data"]["view_type"]) == ("view.created", "list")
    notion.patch(f"/views/{view}", name="Even more")
    (event,) = told.events()
    assert (event["type"], event["data"]["updated_fields"]) == ("view.updated", ["name"])
    assert event["data"]["parent"] == {"id": database, "type": "database"}
    notion.client.delete(f"/views/{view}")
    assert told.types() == ["view.deleted"]
    comment = notion.post("/comments", parent={"page_id": row["id"]}, rich_text=text("?"))["id"]
    (event,) = told.events()
    assert event["entity"] == {"id": comment, "type": "comment"}
    assert event["data"] == {"parent": {"id": row["id"], "type": "page"}, "page_id": row["id"]}
    notion.patch(f"/comments/{comment}", rich_text=text("!"))
    notion.client.delete(f"/comments/{comment}")
    assert told.types() == ["comment.deleted", "comment.updated"]
    upload = notion.post("/file_uploads", filename="a.txt", content_type="text/plain")["id"]
    notion.client.post(
        f"/file_uploads/{upload}/send", files={"file": ("a.txt", b"hello", "text/plain")}
    )
    assert told.types() == ["file_upload.completed", "file_upload.created"]


def test_failed_deliveries_are_tried_again_with_growing_rests(
    told: Told, notion: Notion, clock: ManualClock
) -> None:
    told.subscribe("comment.created")
    told.subscriber.statuses = [500, 404, 302]
    notion.post("/comments", parent={"page_id": notion.root}, rich_text=text("?"))
    for rest in (1, 2, 4):
        assert told.workspace.webhooks.deliver() == 1
        clock.advance(seconds=rest - 0.5)
        assert told.workspace.webhooks.deliver() == 0
        clock.advance(seconds=0.5)
    assert told.workspace.webhooks.deliver() == 1
    assert [event["attempt_number"] for event in told.subscriber.events] == [1, 2, 3, 4]
    assert len({event["id"] for event in told.subscriber.events}) == 1
    assert told.workspace.webhooks.list_subscriptions()[0]["delivered"] == 1


def test_eighth_attempt_is_the_last(told: Told, notion: Notion, clock: ManualClock) -> None:
    told.subscribe("comment.created")
    told.subscriber.statuses = [500] * 20
    notion.post("/comments", parent={"page_id": notion.root}, rich_text=text("?"))
    for _ in range(12):
        told.workspace.webhooks.deliver()
        clock.advance(hours=1)
    assert [event["attempt_number"] for event in told.subscriber.events] == list(range(1, 9))
    listed = told.workspace.webhooks.list_subscriptions()[0]
    assert (listed["given_up"], listed["waiting"], listed["delivered"]) == (1, 0, 0)


def test_what_a_killed_server_had_taken_is_sent_later(
    told: Told, notion: Notion, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    told.subscribe("comment.created")
    notion.post("/comments", parent={"page_id": notion.root}, rich_text=text("?"))

    class Killed(BaseException):
        pass

    def killed(self: object, url: str, **options: object) -> httpx.Response:
        raise Killed

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(httpx.Client, "post", killed)
        told.workspace.webhooks.deliver()
    assert told.workspace.webhooks.deliver() == 0
    clock.advance(minutes=2)
    assert told.workspace.webhooks.deliver() == 1


def test_faulty_subscriptions_are_refused(told: Told) -> None:
    webhooks = told.workspace.webhooks
    with pytest.raises(ApiError, match="not an http"):
        webhooks.subscribe("ftp://127.0.0.1/x")
    with pytest.raises(ApiError, match="Unknown event type"):
        webhooks.subscribe(told.subscriber.url, ["page.exploded"])
    told.subscriber.statuses = [500]
    with pytest.raises(UnreachableError, match="status 500"):
        webhooks.subscribe(told.subscriber.url)
    with pytest.raises(UnreachableError):
        webhooks.subscribe("http://127.0.0.1:9/closed")
    with pytest.raises(UnreachableError):
        webhooks.subscribe("http://127.0.0.1:99999/no-port")
    for act in (webhooks.unsubscribe, lambda unknown: webhooks.verify(unknown, "x")):
        with pytest.raises(ApiError, match="Could not find"):
            act("7855b161-f63e-4683-b7c7-8ca6e97ee266")
    assert webhooks.list_subscriptions() == []


def test_unsubscribing_ends_everything(told: Told, notion: Notion) -> None:
    subscription = told.subscribe()
    page_on(notion, notion.root)
    told.workspace.webhooks.deliver()
    assert told.workspace.webhooks.list_subscriptions()[0]["waiting"] == 2
    told.workspace.webhooks.unsubscribe(subscription)
    assert told.events() == []


def test_reset_sends_no_events(told: Told, notion: Notion) -> None:
    told.subscribe()
    notion.database()
    told.workspace.reset()
    assert told.events() == []
    assert told.workspace.webhooks.list_subscriptions()[0]["status"] == "active"


def test_control_routes(told: Told, notion: Notion) -> None:
    with httpx.Client(
        transport=httpx.WSGITransport(app=told.workspace.app),
        base_url="http://local/_local",
        headers={"Authorization": f"Bearer {told.workspace.token}"},
    ) as control:
        made = control.post(
            "/webhooks", json={"url": told.subscriber.url, "event_types": ["page.created"]}
        ).json()
        path = f"/webhooks/{made['id']}"
        assert control.post(f"{path}/verify", json={"verification_token": "x"}).status_code == 400
        token = {"verification_token": told.subscriber.token}
        assert control.post(f"{path}/verify", json=token).json()["status"] == "active"
        listed = control.get("/webhooks")
        assert [each["id"] for each in listed.json()["results"]] == [made["id"]]
        assert told.subscriber.token not in listed.text
        page_on(notion, notion.root)
        assert told.types() == ["page.created"]
        assert control.delete(path).json()["results"] == []
        assert control.delete(path).status_code == 404
        assert control.post("/webhooks", content=b"[]").json()["code"] == "invalid_json"


def test_served_workspace_delivers_by_itself(told: Told, notion: Notion) -> None:
    told.subscribe("comment.created")
    stop = threading.Event()
    courier = threading.Thread(target=told.workspace.webhooks.run, args=(stop,))
    courier.start()
    notion.post("/comments", parent={"page_id": notion.root}, rich_text=text("?"))
    deadline = threading.Event()
    for _ in range(200):
        if told.subscriber.events:
            break
        deadline.wait(0.05)
    stop.set()
    courier.join()
    assert [event["type"] for event in told.subscriber.events] == ["comment.created"]


def test_default_pace_is_within_what_the_service_promises(told: Told) -> None:
    pace = told.workspace.webhooks.pace
    assert pace.delay < timedelta(minutes=1)
    assert pace.wait_after(3) == 4 * pace.wait_after(1)

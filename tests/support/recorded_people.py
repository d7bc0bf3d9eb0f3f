"""Replay recorded traffic of the real Notion on a local workspace, with what people had made there
beforehand.

    python tests/support/recorded_people.py --tools ../shared/tools --recordings ../shared/recordings -- --base-url URL ...

The tool that replays (`replay.py`) seeds through the API alone what a recording takes for granted,
so everything is made by the bot, now, and what only Notion's app can make is missing. Here the
control routes of the local workspace make the rest: the people, and through them whatever a person
made; custom emojis, wikis, unsupported blocks; and each thing at the time at which it was made.
What follows `--` are options of the tool.
"""

from __future__ import annotations

import argparse
import importlib
import re
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

Json = Any

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
_WIKI_PROPERTIES = frozenset(("verification", "verification_owner"))
_A_PICTURE = b"\x89PNG\r\n\x1a\n"
_LAST_SECOND = 59.0


class Clock:
    """Sets the clock of the workspace to times of a recording, which have minutes only.

    The seconds are those since the replay of the recording began: so of two things made in the same
    minute the second stays the younger one.
    """

    def __init__(self, emulator: Json) -> None:
        self._http, self._headers = emulator.http, {"authorization": f"Bearer {emulator.token}"}
        self._began = time.monotonic()
        self._set_to = ""

    def begin(self) -> None:
        """Begin with another recording."""
        self._began = time.monotonic()
        self._set_to = ""

    def set(self, minute: str) -> None:
        """Set the clock to a recorded time, unless it is there already."""
        if minute and minute != self._set_to:
            seconds = min(time.monotonic() - self._began, _LAST_SECOND)
            moment = datetime.fromisoformat(minute).replace(tzinfo=UTC) + timedelta(seconds=seconds)
            self._http.put("/_local/clock", json={"now": moment.isoformat()}, headers=self._headers)
            self._set_to = minute


def latest_minute(value: Json) -> str:
    """Return the latest minute in which something in a response was made or edited; "" for none."""
    found = [""]
    for each in _objects(value):
        found += [_minute(each.get("created_time")), _minute(each.get("last_edited_time"))]
    return max(found)


def _minute(text: Json) -> str:
    match = _TIME.match(text) if isinstance(text, str) else None
    return match[0] if match else ""


def _objects(value: Json) -> Iterator[dict[str, Json]]:
    if isinstance(value, dict):
        yield value
        for child in value.values():
            yield from _objects(child)
    elif isinstance(value, list):
        for child in value:
            yield from _objects(child)


def emulator_class(replay: Json) -> type[Json]:
    """Return the tool's client, which has the workspace's clock at hand."""
    base: Any = replay.Emulator

    class Emulator(base):  # type: ignore[misc]
        """Speaks to the workspace."""

        def __init__(self, *arguments: Json, **options: Json) -> None:
            super().__init__(*arguments, **options)
            self.clock = Clock(self)

    return Emulator


def seeder_class(replay: Json, bots: frozenset[str]) -> type[Json]:
    """Return the tool's seeder, taught what the control routes can do.

    `bots` are the ids of recorded bots.
    """
    base: Any = replay.Seeder
    people: dict[str, str] = {}  # recorded id -> id here; a person is made once for all recordings
    emojis: dict[str, str] = {}

    class Seeder(base):  # type: ignore[misc]
        """Makes what a recording takes for granted as those made it who had made it there."""

        def __init__(
            self, emulator: Json, interactions: Json, world: Json, ids: Json, root: Json
        ) -> None:
            super().__init__(emulator, interactions, world, ids, root)
            self._plain = emulator
            self.emulator = self  # the tool calls `self.emulator.call`
            self._last_number: dict[str, int] = {}
            self._in_trash: list[str] = []
            self._recorded_at = max(
                (latest_minute(each.response_json) for each in interactions), default=""
            )

        def run(self) -> None:
            """Make everything, then let those edit it who edited it last."""
            self._custom_emojis()
            super().run()
            self._file_uploads()
            for recorded in [*self.ids.uuids]:
                self._edit_as_last_editor(recorded)
            for recorded in self._in_trash:
                database = self.ids.uuids[self.world.database_of(recorded)]
                self._plain.call("DELETE", f"/v1/blocks/{database}", version=self.version)

        def _needed(self) -> Iterator[tuple[str, str]]:
            """Yield what the tool makes, and everything that a search found."""
            yield from super()._needed()
            for interaction in self.interactions:
                if interaction.path == "/v1/search" and interaction.status == 200:
                    for found in reversed(
                        interaction.response_json["results"]
                    ):  # the oldest comes last
                        yield replay.dashed(found["id"]), found["object"]

        # -- who, and when

        def call(
            self, method: str, path: str, body: Json = None, *, version: str, seed: str = ""
        ) -> Json:
            """Send a request of the tool as the author of what it makes, at the recorded time."""
            known = self.world.get(seed) or {}
            if method == "GET":
                return self._plain.call(method, path, body, version=version, seed=seed)
            if method == "POST" and path == "/v1/databases":
                body = self._with_details(body, known)
            if method == "PATCH" and path.startswith("/v1/data_sources/"):
                body = _with_far_names(body, known)
            return self._as_author(method, path, body, known, version=version)

        def _as_author(
            self, method: str, path: str, body: Json, recorded: Json, *, version: str
        ) -> Json:
            self._plain.clock.set(min(_minute(recorded.get("created_time")), self._recorded_at))
            return self._as(
                self._author(recorded, "created_by"), method, path, body, version=version
            )

        def _as(
            self, person: str | None, method: str, path: str, body: Json, *, version: str
        ) -> Json:
            prefix = f"/_local/as/{person}" if person else ""
            return self._plain.call(method, prefix + path, body, version=version)

        def _author(self, recorded: Json, role: str) -> str | None:
            """Return the id here of the person who made something; None where it was the bot."""
            author = (recorded.get(role) or {}).get("id")
            if author is None or replay.dashed(author) in bots:
                return None
            self.user(replay.dashed(author))
            return people.get(replay.dashed(author))

        def _edit_as_last_editor(self, recorded: str) -> None:
            known = self.world.get(recorded) or {}
            paths = {"page": "/v1/pages/", "data_source": "/v1/data_sources/"}
            path = paths.get(known.get("object", ""))
            if path is None or recorded in self._made:
                return
            self._plain.clock.set(min(_minute(known["last_edited_time"]), self._recorded_at))
            editor = self._author(known, "last_edited_by")
            self._as(
                editor,
                "PATCH",
                path + self.ids.uuids[recorded],
                {"in_trash": False},
                version=self.version,
            )

        def user(self, recorded: str) -> None:
            """Map a user: the bot of the token to ours, everybody else to one that is made for it."""
            known = self.world.get(recorded) or {}
            if recorded in self.ids.uuids:
                return
            if recorded in bots:
                super().user(recorded)
                return
            if recorded not in people:
                body = {
                    "type": "person",
                    "name": known.get("name") or "A person",
                    "person": known.get("person") or {},
                }
                made = self._control(
                    "/_local/users", {**body, "avatar_url": known.get("avatar_url")}
                )
                people[recorded] = made["id"]
            self.ids.add(recorded, people[recorded])

        def _control(self, path: str, body: Json) -> Json:
            response = self._plain.http.post(
                path, json=body, headers=self._plain.headers(self.version)
            )
            response.raise_for_status()
            return response.json()

        # -- pages

        def page(self, recorded: str, known: Json) -> None:
            """Make a page.

            One that the recording shows as a block alone is made as other recordings show it.
            """
            if known is None:
                known = self._page_known_as_block(recorded)
            if known:
                self._make_numbers_pass(known)
            super().page(recorded, known)

        def _page_known_as_block(self, recorded: str) -> Json:
            elsewhere = self.world.base.get(recorded) or {}
            if elsewhere.get("object") == "page":
                return elsewhere
            block = self.world.get(recorded) or {}
            if block.get("type") != "child_page":
                return None
            text = {
                "type": "text",
                "text": {"content": block["child_page"]["title"]},
                "annotations": {},
            }
            return {
                "parent": block["parent"],
                "properties": {"title": {"type": "title", "title": [text]}},
            }

        def _make_numbers_pass(self, known: Json) -> None:
            """Make and trash rows until the next one gets the recorded number: it followed rows
            that are gone.
            """
            numbers = [
                each["unique_id"]["number"]
                for each in known["properties"].values()
                if each["type"] == "unique_id"
            ]
            source = replay.dashed(known["parent"].get("data_source_id", ""))
            for _ in range(self._last_number.get(source, 0) + 1, max(numbers, default=0)):
                body = {"parent": self._parent(known["parent"]), "properties": {}}
                made = self._plain.call("POST", "/v1/pages", body, version=self.version)
                self._plain.call("DELETE", f"/v1/blocks/{made['id']}", version=self.version)
            self._last_number[source] = max(numbers, default=0)

        # -- databases

        def data_source(self, recorded: str) -> None:
            """Make a data source, and a wiki of it where it was one."""
            super().data_source(recorded)
            known = self.world.get(recorded)
            made = self.ids.uuids.get(recorded)
            if (
                known
                and made
                and _WIKI_PROPERTIES & {each["id"] for each in known["properties"].values()}
            ):
                self._control(f"/_local/data_sources/{made}/wiki", {})
            if known and made and known["in_trash"]:
                self._in_trash.append(recorded)

        def _with_details(self, body: Json, known: Json) -> Json:
            details = {key: self._media(known.get(key)) for key in ("icon", "cover")}
            details["description"] = self._rich_text(known.get("description") or [])
            return {**body, **{key: value for key, value in details.items() if value}}

        def _schema(self, recorded: Json, own: str) -> Json:
            kept = {
                name: each for name, each in recorded.items() if each["id"] not in _WIKI_PROPERTIES
            }
            first, later = super()._schema(kept, own)
            for name, spec in first.items():
                if "status" in spec:
                    spec["status"] = {"options": _grouped_options(kept[name]["status"])}
                if kept[name]["description"]:
                    spec["description"] = kept[name]["description"]
            return first, later

        # -- icons and files

        def _media(self, value: Json) -> Json:
            if isinstance(value, dict) and value.get("type") == "custom_emoji":
                return {
                    "type": "custom_emoji",
                    "custom_emoji": {"id": self._emoji(value["custom_emoji"])},
                }
            return super()._media(value)

        def _custom_emojis(self) -> None:
            """Make the emojis that requests name."""
            for interaction in self.interactions:
                for each in _objects(interaction.request_json):
                    emoji = each.get("custom_emoji")
                    if isinstance(emoji, dict) and emoji.keys() >= {"id", "name", "url"}:
                        self._emoji(emoji)

        def _emoji(self, recorded: Json) -> str:
            key = replay.dashed(recorded["id"])
            if key not in emojis:
                made = self._control(
                    "/_local/custom_emojis", {"name": recorded["name"], "url": recorded["url"]}
                )
                emojis[key] = made["id"]
            self.ids.add(key, emojis[key])
            return emojis[key]

        def _file_uploads(self) -> None:
            """Make the uploads that the recording lists, but those from other addresses: their size
            is not known.
            """
            for interaction in self.interactions:
                if interaction.method == "GET" and interaction.path == "/v1/file_uploads":
                    for upload in reversed(
                        interaction.response_json["results"]
                    ):  # the oldest comes last
                        self._file_upload(upload)

        def _file_upload(self, recorded: Json) -> None:
            key = replay.dashed(recorded["id"])
            if key in self.ids.uuids or key in self._made or "file_import_result" in recorded:
                return
            self._plain.clock.set(_minute(recorded["created_time"]))
            body = {"filename": recorded["filename"], "content_type": recorded["content_type"]}
            made = self._plain.call("POST", "/v1/file_uploads", body, version=self.version)
            self.ids.add(key, made["id"])
            if recorded["content_length"] is not None:
                self._send(made, b"x" * recorded["content_length"])

        def _upload(self, name: str) -> str:
            """Upload a file of this name and return the id of the upload."""
            made = self._plain.call(
                "POST", "/v1/file_uploads", {"filename": name}, version=self.version
            )
            self._send(made, _A_PICTURE)
            return str(made["id"])

        def _send(self, upload: Json, data: bytes) -> None:
            files = {"file": (upload["filename"], data, upload["content_type"])}
            path = f"/v1/file_uploads/{upload['id']}/send"
            self._plain.http.post(
                path, files=files, headers=self._plain.headers(self.version)
            ).raise_for_status()

        # -- blocks

        def ensure(self, recorded: str, kind: str) -> Json:
            """Make something; a block also where the recording shows nothing but the block of its
            page.
            """
            known = self.world.get(recorded)
            if (
                kind == "block"
                and known
                and known["object"] == "block"
                and recorded not in self.ids.uuids
            ):
                self._lone_block(recorded, known)
            return super().ensure(recorded, kind)

        def _lone_block(self, recorded: str, known: Json) -> None:
            parent = known["parent"]
            if (
                known["type"].startswith("child_")
                or recorded in self._made
                or parent["type"] != "page_id"
            ):
                return
            page = replay.dashed(parent["page_id"])
            holder = self.ensure(page, "page")
            if holder and recorded not in self.ids.uuids and not self._listed_children(page):
                self._append(page, [known])

        def _children(self, recorded: str) -> None:
            """Put the recorded children on a page or into a block, in their order."""
            together: list[Json] = []
            for block in self._listed_children(recorded):
                if together and not _can_be_sent_with(together[-1], block):
                    self._append(recorded, together)
                    together = []
                if block["type"] in ("child_page", "child_database"):
                    self.ensure(replay.dashed(block["id"]), block["type"].removeprefix("child_"))
                else:
                    self._ensure_targets(block)
                    together.append(block)
            if together:
                self._append(recorded, together)

        def _ensure_targets(self, block: Json) -> None:
            content = block[block["type"]]
            source = content.get("synced_from") or (
                content if block["type"] == "link_to_page" else {}
            )
            kind = source.get("type", "")
            if kind:
                self.ensure(replay.dashed(source[kind]), kind.removesuffix("_id"))

        def _append(self, recorded: str, blocks: list[Json]) -> None:
            path = f"/v1/blocks/{self.ids.uuids[recorded]}/children"
            body = {"children": [self._block(each) for each in blocks]}
            made = self._as_author("PATCH", path, body, blocks[0], version=self.version)
            if made is None:
                self.notes.append(f"not seeded: the children of {recorded}")
                return
            self._pair_blocks(blocks, made["results"])

        def _block(self, recorded: Json) -> Json:
            kind = recorded["type"]
            sent = super()._block(recorded)
            content = recorded[kind]
            if content.get("type") == "file":
                name = content["file"]["url"].split("?")[0].rsplit("/", 1)[-1]
                payload = {
                    key: value
                    for key, value in sent[kind].items()
                    if key not in ("type", "external")
                }
                uploaded = {"type": "file_upload", "file_upload": {"id": self._upload(name)}}
                return {"type": kind, kind: {**payload, **uploaded}}
            return sent

    return Seeder


def _can_be_sent_with(block: Json, following: Json) -> bool:
    """Tell whether two neighbouring blocks have one author and time, and can be made by one
    request.
    """
    separate = ("child_page", "child_database")
    keys = ("created_by", "created_time")
    alike = all(block[key] == following[key] for key in keys)
    return alike and block["type"] not in separate and following["type"] not in separate


def _grouped_options(status: Json) -> list[Json]:
    groups = {
        option_id: group["name"] for group in status["groups"] for option_id in group["option_ids"]
    }
    return [
        {"name": option["name"], "color": option["color"], "group": groups[option["id"]]}
        for option in status["options"]
    ]


def _with_far_names(body: Json, known: Json) -> Json:
    """Return a change of a schema in which two-way relations give the recorded name to their far
    side.
    """
    properties = {}
    for name, spec in body.get("properties", {}).items():
        relation = spec.get("relation") or {}
        if relation.get("type") == "dual_property":
            far = known["properties"][name]["relation"]["dual_property"].get("synced_property_name")
            relation = {**relation, "dual_property": {"synced_property_name": far}}
            spec = {**spec, "relation": relation}
        properties[name] = spec
    return {**body, "properties": properties}


def replayer_class(replay: Json) -> type[Json]:
    """Return the tool's replayer, which sets the clock before each request."""
    base: Any = replay.Replayer

    class Replayer(base):  # type: ignore[misc]
        """Sends each request at the time at which it was recorded."""

        def replay(self, cassette: Path) -> Json:
            """Replay one recording."""
            self.emulator.clock.begin()
            self._now = ""
            return super().replay(cassette)

        def _one(self, i: Json, ids: Json, world: Json, comparer: Json) -> Json:
            self._now = max(self._now, latest_minute(i.response_json))
            self.emulator.clock.set(self._now)
            return super()._one(i, ids, world, comparer)

    return Replayer


def comparer_class(replay: Json, bot_names: frozenset[str]) -> type[Json]:
    """Return the tool's comparer, for which all bots have the same name: ours is called otherwise
    than the recorded.
    """
    base: Any = replay.Comparer

    class Comparer(base):  # type: ignore[misc]
        """Compares values and, with these, times; but not the names of bots."""

        def _strings(self, recorded: str, actual: str, path: str, key: str) -> Json:
            if key in ("name", "resolved_name") and recorded in bot_names and actual:
                return iter(())
            if (
                self.values
                and key in ("created_time", "last_edited_time")
                and _minute(recorded) != _minute(actual)
            ):
                return iter((replay.Difference(path, recorded, actual),))
            return super()._strings(recorded, actual, path, key)

    return Comparer


def recorded_bots(replay: Json, recordings: list[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the ids and the names of the bots that speak in recordings: those shown, and the
    authors of answers.
    """
    ids: set[str] = set()
    names: set[str] = set()
    for path in replay.find(recordings):
        for interaction in replay.load(path):
            for each in _objects(interaction.response_json):
                if each.get("type") == "bot" and each.get("object") == "user":
                    ids.add(replay.dashed(each["id"]))
                    names.add(each["name"])
            if replay.creates(interaction) and interaction.status == 200:
                author = (interaction.response_json.get("created_by") or {}).get("id")
                ids |= {replay.dashed(author)} if author else set()
    return frozenset(ids), frozenset(names)


def main() -> int:
    """Replay as the options say; return the tool's exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tools", type=Path, required=True, help="folder with replay.py")
    parser.add_argument(
        "--recordings", nargs="+", required=True, help="recordings, or folders of them"
    )
    parser.add_argument("options", nargs="*", help="options of the tool, after --")
    arguments = parser.parse_args()
    sys.path.insert(0, str(arguments.tools))
    replay: Any = importlib.import_module("replay")
    replay.UNSEEDABLE_SCHEMAS = _WIKI_PROPERTIES
    replay.Emulator = emulator_class(replay)
    bots, bot_names = recorded_bots(replay, arguments.recordings)
    replay.Seeder = seeder_class(replay, bots)
    replay.Comparer = comparer_class(replay, bot_names)
    replay.Replayer = replayer_class(replay)
    return int(replay.main([*arguments.options, "--", *arguments.recordings]))


if __name__ == "__main__":
    sys.exit(main())

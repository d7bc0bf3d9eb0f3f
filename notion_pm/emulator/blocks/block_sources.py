"""Where the content of a block comes from, said in one of several ways: a file's place, a link's target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from notion_pm.emulator.http import checks
from notion_pm.emulator.http.errors import body_error
from notion_pm.emulator.store.session import Session
from notion_pm.emulator.values.file_uploads import hosted_file

Json = dict[str, Any]
_TARGETS = ("page_id", "database_id", "comment_id")


class _Read(Protocol):
    def __call__(
        self,
        session: Session,
        kind: str,
        old: Mapping[str, Any],
        sent: Mapping[str, Any],
        path: str,
        /,
    ) -> Json: ...


@dataclass(frozen=True, slots=True)
class Source:
    """The keys that say it, and how they are read; `old` is the content before an update."""

    keys: tuple[str, ...]
    read: _Read


def _file(
    session: Session, kind: str, old: Mapping[str, Any], sent: Mapping[str, Any], path: str
) -> Json:
    place = _place(session, sent, path) or {
        key: old[key] for key in ("type", "external", "file") if key in old
    }
    if not place:
        raise body_error(f"{path}.external", "defined")
    name = sent.get("name")
    if kind != "file":
        return place
    url = place[place["type"]]["url"]
    return {
        **place,
        "name": _file_name(checks.a_string(name, f"{path}.name"), url)
        if name
        else old.get("name") or _base(url),
    }


def _place(session: Session, sent: Mapping[str, Any], path: str) -> Json | None:
    if "external" in sent:
        external = checks.an_object(sent["external"], f"{path}.external")
        url = checks.an_address(
            checks.require(external, "url", f"{path}.external"), f"{path}.external.url"
        )
        return {"type": "external", "external": {"url": url}}
    if "file_upload" in sent:
        upload = checks.an_object(sent["file_upload"], f"{path}.file_upload")
        return {
            "type": "file",
            "file": hosted_file(session, checks.body_id(upload, "id", f"{path}.file_upload")),
        }
    return None


def _base(url: str) -> str:
    return PurePosixPath(unquote(urlsplit(url).path)).name


def _file_name(name: str, url: str) -> str:
    """Return the name a file block shows: with the file's ending, where the request left it out (recorded)."""
    suffix = PurePosixPath(_base(url)).suffix
    return name if not suffix or name.endswith(suffix) else name + suffix


def _link(
    session: Session, kind: str, old: Mapping[str, Any], sent: Mapping[str, Any], path: str
) -> Json:
    target = next((key for key in _TARGETS if sent.get(key)), None)
    if target is None:
        raise body_error(f"{path}.page_id", "defined")
    return {"type": target, target: checks.body_id(sent, target, path)}


FILE = Source(("type", "external", "file_upload", "name"), _file)
LINK = Source(("type", *_TARGETS), _link)

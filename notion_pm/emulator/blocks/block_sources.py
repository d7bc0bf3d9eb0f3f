"""Block content that requests give in one of several forms: a file, or the target of a link."""

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
    """The keys of the forms, and the function that reads them.

    `old` is the content before an update, empty for a new block.
    """

    keys: tuple[str, ...]
    read: _Read


def _read_file(
    session: Session, kind: str, old: Mapping[str, Any], sent: Mapping[str, Any], path: str
) -> Json:
    location = _read_location(session, sent, path)
    if location is None:  # the request does not change the file
        location = {key: old[key] for key in ("type", "external", "file") if key in old}
    if not location:
        raise body_error(f"{path}.external", "defined")
    if kind != "file":
        return location

    # Only a file block has a name: the one sent, the former one, or that of the URL.
    url = location[location["type"]]["url"]
    if sent.get("name"):
        name = _with_suffix(checks.a_string(sent["name"], f"{path}.name"), url)
    else:
        name = old.get("name") or _file_name(url)
    return {**location, "name": name}


def _read_location(session: Session, sent: Mapping[str, Any], path: str) -> Json | None:
    """Return where the file of a request is, None if the request does not say it."""
    if "external" in sent:
        external = checks.an_object(sent["external"], f"{path}.external")
        url = checks.an_address(
            checks.require(external, "url", f"{path}.external"), f"{path}.external.url"
        )
        return {"type": "external", "external": {"url": url}}
    if "file_upload" in sent:
        upload = checks.an_object(sent["file_upload"], f"{path}.file_upload")
        upload_id = checks.body_id(upload, "id", f"{path}.file_upload")
        return {"type": "file", "file": hosted_file(session, upload_id)}
    return None


def _file_name(url: str) -> str:
    return PurePosixPath(unquote(urlsplit(url).path)).name


def _with_suffix(name: str, url: str) -> str:
    """Return a file's name with the suffix of its URL, which Notion adds if missing (recorded)."""
    suffix = PurePosixPath(_file_name(url)).suffix
    return name if not suffix or name.endswith(suffix) else name + suffix


def _read_link(
    session: Session, kind: str, old: Mapping[str, Any], sent: Mapping[str, Any], path: str
) -> Json:
    target = next((key for key in _TARGETS if sent.get(key)), None)
    if target is None:
        raise body_error(f"{path}.page_id", "defined")
    return {"type": target, target: checks.body_id(sent, target, path)}


FILE = Source(("type", "external", "file_upload", "name"), _read_file)
LINK = Source(("type", *_TARGETS), _read_link)

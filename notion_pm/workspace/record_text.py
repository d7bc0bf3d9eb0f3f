"""The record as text: the manifest in a code block of a page in the client's workspace."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from notion_pm.errors import RecordFromLaterVersion, RecordUnreadable
from notion_pm.model.ids import is_canonical
from notion_pm.model.manifest import FORMAT, Manifest

_PREFIX = "notion-pm: "
_MOST_CHARACTERS = 100 * 2000
"""A block holds at most 100 pieces of rich text of 2000 characters each (notion-api.md 4.2)."""

_NUMBER_OF_COPY = re.compile(r" \(\d+\)$")

_CHECKSUM = "checksum"
_FIRST_WITH_CHECKSUM = 3
"""The first format in which every record has a checksum.

People can edit the block. Without a checksum, `destroy` would put any database in the trash whose
id was written into the record.
"""

WHAT_THIS_IS = (
    "This page belongs to notion-pm. It records which databases, properties, views and rows came "
    "from the template, so that they can be renamed and moved freely. Keep the block below as it "
    "is, and this page beside the databases. Without it notion-pm no longer knows that they are "
    "its own, and stops; restore the page, or run  notion-pm repair."
)

_OF_SYNC = "Sync: "
NOT_SYNCED = _OF_SYNC + "has not changed anything yet."


def page_title(template: str) -> str:
    """Return the title of the page that keeps the manifest of a template."""
    return _PREFIX + template


def removed_title(template: str) -> str:
    """Return the title of a record page that is put in the trash because it is no longer needed.

    Notion does not return the content of a page in the trash. This title shows a later run that
    the page was not deleted by mistake.
    """
    return f"Removed: {page_title(template)}"


def template_of(title: str) -> str | None:
    """Return the template named in the title of a record page; None for other titles.

    Notion's *Duplicate* adds a number to the title of a copy: `notion-pm: product (1)`.
    """
    if not title.startswith(_PREFIX):
        return None
    return _NUMBER_OF_COPY.sub("", title.removeprefix(_PREFIX))


@dataclass(frozen=True, slots=True)
class DecodedRecord:
    """A record as it was read. `is_edited`: its checksum does not match, so a person changed it."""

    manifest: Manifest
    is_edited: bool


def encode(manifest: Manifest) -> str:
    """Return the record, with a checksum over its content.

    Raises RecordUnreadable when it is longer than a block can hold.
    """
    content = manifest.model_dump(mode="json")
    # json.dumps writes plain ASCII. Notion counts characters in UTF-16 units; for ASCII that
    # number equals len().
    text = json.dumps({**content, _CHECKSUM: _checksum_of(content)}, separators=(",", ":"))
    if len(text) > _MOST_CHARACTERS:
        raise RecordUnreadable(
            f"The record of {manifest.template} has {len(text)} characters; "
            f"a block holds {_MOST_CHARACTERS}.",
            "Give the template fewer starter rows.",
        )
    return text


def decode(text: str) -> DecodedRecord:
    """Return the manifest that a record contains.

    Raises RecordUnreadable for damaged text, RecordFromLaterVersion for an unknown later format.
    """
    content = _read_json(text)
    # First the format: a record of a later version may have fields that fail the checks below,
    # and "install a later version" is then the right advice.
    _refuse_later_format(content)
    stated = content.pop(_CHECKSUM, None)
    try:
        manifest = Manifest.model_validate(content)
    except ValidationError as error:
        raise RecordUnreadable(f"The record cannot be read: {_problem(error)}.") from None
    _refuse_strange_ids(manifest)
    has_checksum = manifest.format >= _FIRST_WITH_CHECKSUM or stated is not None
    return DecodedRecord(manifest, has_checksum and stated != _checksum_of(content))


def _checksum_of(content: Mapping[str, Any]) -> str:
    """Return the checksum of a record's content; the order of keys and spaces do not matter."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:32]


def _read_json(text: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except RecursionError:
        raise RecordUnreadable("The record cannot be read: it is nested too deeply.") from None
    except json.JSONDecodeError as error:
        where = f"at character {error.pos + 1} of {len(text)}"
        raise RecordUnreadable(
            f"The record cannot be read: it is not valid JSON {where}."
        ) from None
    except ValueError:  # a number with thousands of digits
        raise RecordUnreadable("The record cannot be read: it is not valid JSON.") from None
    if not isinstance(content, dict):
        raise RecordUnreadable("The record cannot be read: it is not a JSON object.")
    return content


_SHOULD_BE = {
    "string": "text",
    "int": "a whole number",
    "bool": "true or false",
    "datetime": "a date with a time",
    "dict": "a JSON object",
    "model": "a JSON object",
    "tuple": "a list",
}
"""How to name the type that a field should have, by the first word of pydantic's error type."""


def _problem(error: ValidationError) -> str:
    """Return a sentence part that names the wrong field of a record and its problem."""
    first = error.errors(include_url=False)[0]
    field = ".".join(str(step) for step in first["loc"])[:100]
    kind = first["type"]
    if kind == "missing":
        return f"{field} is missing"
    if kind == "extra_forbidden":
        return f"it has {field}, which no record has"
    if kind == "literal_error":
        return f"{field} should be {first['ctx']['expected']}"
    should_be = _SHOULD_BE.get(kind.partition("_")[0])
    return f"{field} should be {should_be}" if should_be else f"{field} cannot be read"


def _refuse_strange_ids(manifest: Manifest) -> None:
    """Raise RecordUnreadable for ids that are not Notion's.

    People can edit the record, and ids become part of request paths.
    """
    strange = [notion_id for notion_id in manifest.ids if not is_canonical(notion_id)]
    if strange:
        raise RecordUnreadable(
            f"The record cannot be read: {strange[0][:100]!r} is not an id of Notion."
        )


def _refuse_later_format(content: Mapping[str, Any]) -> None:
    """Raise RecordFromLaterVersion for a record of a later version, which is not damaged."""
    stated = content.get("format")
    if isinstance(stated, int) and stated > FORMAT:
        raise RecordFromLaterVersion(
            f"A later version of notion-pm wrote the record (format {stated}; "
            f"this version knows {FORMAT}).",
            "Install that version of notion-pm or a later one.",
        )


def apply_summary_text(manifest: Manifest, moment: datetime) -> str:
    """Return the summary of the last apply, for people."""
    when = _when(moment)
    if manifest.state == "applying":
        return (
            f"Template {manifest.template}, version {manifest.version}. "
            f"An apply began on {when} and is not finished."
        )
    count = len(manifest.databases)
    return (
        f"Template {manifest.template}, version {manifest.version}: {count} databases. "
        f"Last apply: {when}. See what would change with  notion-pm plan {manifest.template}"
    )


def sync_summary_text(what: str, moment: datetime) -> str:
    """Return the summary of the last sync that changed something, for people."""
    return f"{_OF_SYNC}{_when(moment)}. {what}"


def is_sync_summary(text: str) -> bool:
    """Return whether a paragraph of the page is the summary of a sync."""
    return text.startswith(_OF_SYNC)


def _when(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M %Z").strip()

"""The manifest as text: the record that is kept in a code block of a page in the client's workspace."""

from __future__ import annotations

import json
from datetime import datetime

from pydantic import ValidationError

from notion_pm.errors import ManifestUnreadable, RecordFromLaterVersion
from notion_pm.model.ids import is_canonical
from notion_pm.model.manifest import FORMAT, Manifest

_PREFIX = "notion-pm: "
_MOST_CHARACTERS = 100 * 2000
"""Notion takes 100 pieces of rich text in a block, of 2000 characters each (notion-api.md 4.2)."""

WHAT_THIS_IS = (
    "This page belongs to notion-pm. It records which databases, properties, views and rows came from the template, so "
    "that they can be renamed and moved freely. Keep the block below as it is, and this page beside the databases. "
    "Without it notion-pm no longer knows that they are its own, and stops; restore the page, or run  notion-pm repair."
)

_OF_SYNC = "Sync: "
NOT_SYNCED = _OF_SYNC + "has not changed anything yet."


def page_title(template: str) -> str:
    """Return the title of the page that keeps the manifest of a template."""
    return _PREFIX + template


def removed_title(template: str) -> str:
    """Return the title of a record page that is put in the trash because it is no longer needed.

    Notion does not show what is on a page in the trash. By this title a later run knows that the
    page is not a record that somebody deleted by mistake.
    """
    return f"Removed: {page_title(template)}"


def template_of(title: str) -> str | None:
    """Return the template whose manifest a page of that title keeps, None for other pages."""
    return title.removeprefix(_PREFIX) if title.startswith(_PREFIX) else None


def encode(manifest: Manifest) -> str:
    """Return the record.

    Raises ManifestUnreadable when it is longer than a block can hold.
    """
    # Plain ASCII: Notion counts characters in UTF-16, and so they are as many as here.
    text = json.dumps(manifest.model_dump(mode="json"), separators=(",", ":"))
    if len(text) > _MOST_CHARACTERS:
        raise ManifestUnreadable(
            f"The record of {manifest.template} has {len(text)} characters; a block holds {_MOST_CHARACTERS}.",
            "Give the template fewer starter rows.",
        )
    return text


def decode(text: str) -> Manifest:
    """Return the manifest that a record holds.

    Raises ManifestUnreadable when it is damaged or of a format that this version does not know.
    """
    try:
        manifest = Manifest.model_validate_json(text)
    except ValidationError as error:
        _refuse_later_format(text)
        first = error.errors(include_url=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise ManifestUnreadable(f"The manifest cannot be read: {place} {first['msg']}".replace("  ", " ")) from None
    _refuse_strange_ids(manifest)
    return manifest


def _refuse_strange_ids(manifest: Manifest) -> None:
    """People can edit the record, and its ids go into the paths of requests: nothing else may come from it."""
    strange = [each for each in manifest.ids if not is_canonical(each)]
    if strange:
        raise ManifestUnreadable(f"The manifest cannot be read: {strange[0]!r} is no id of Notion's.")


def _refuse_later_format(text: str) -> None:
    """Raise ManifestUnreadable for a record that a later version wrote: there is nothing wrong with it."""
    try:
        data = json.loads(text)
    except ValueError:
        return
    stated = data.get("format") if isinstance(data, dict) else None
    if isinstance(stated, int) and stated > FORMAT:
        raise RecordFromLaterVersion(
            f"The manifest was written by a later version of notion-pm (format {stated}; this one knows {FORMAT}).",
            "Install the version of notion-pm that this workspace was last worked on with, or a later one.",
        )


def told(manifest: Manifest, moment: datetime) -> str:
    """Return what the page tells people about the last apply."""
    when = _when(moment)
    if manifest.state == "applying":
        return (
            f"Template {manifest.template}, version {manifest.version}. An apply began on {when} and is not finished."
        )
    count = len(manifest.databases)
    return (
        f"Template {manifest.template}, version {manifest.version}: {count} databases. Last apply: {when}. "
        f"See what would change with  notion-pm plan {manifest.template}"
    )


def told_of_sync(what: str, moment: datetime) -> str:
    """Return what the page tells people about the last sync that did something."""
    return f"{_OF_SYNC}{_when(moment)}. {what}"


def is_of_sync(text: str) -> bool:
    """Return whether a paragraph of the page is the one about sync."""
    return text.startswith(_OF_SYNC)


def _when(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M %Z").strip()

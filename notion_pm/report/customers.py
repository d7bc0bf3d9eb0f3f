"""The roadmap that customers may see: only public titles and notes of the workspace."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from notion_pm.model.snapshot import SnapshotPage
from notion_pm.report.html import asset, environment, hash_source
from notion_pm.report.page_values import day_of
from notion_pm.report.roadmap import Horizon, horizon
from notion_pm.thread import Thread

PUBLIC_TITLE, PUBLIC_NOTE = "public_title", "public_note"
"""Properties of features. A feature without a public title is not shown."""

DEFAULT_TITLE = "Roadmap"
"""Not the title of the template: that is internal."""

_HORIZONS: dict[Horizon, str] = {"now": "Now", "next": "Next", "later": "Later"}


@dataclass(frozen=True, slots=True)
class PublicItem:
    """A feature in words for customers. `target` is empty without --dates."""

    title: str
    note: str
    target: str = ""


@dataclass(frozen=True, slots=True)
class PublicRoadmap:
    """Features by horizon. `as_of` is empty without --dates."""

    title: str
    # Shipped features are left out: this is what customers may expect, not a changelog.
    items: dict[Horizon, tuple[PublicItem, ...]]
    as_of: str = ""

    @property
    def count(self) -> int:
        """The number of features that are shown."""
        return sum(len(items) for items in self.items.values())


def can_be_public(thread: Thread) -> bool:
    """Whether the features of a workspace have a property for a public title."""
    return thread.chain.has(thread.chain.database("features"), PUBLIC_TITLE)


def public_roadmap(
    thread: Thread, *, title: str = DEFAULT_TITLE, dates: bool = False
) -> PublicRoadmap:
    """Return the open features that have a public title, in the order of the internal roadmap."""
    items: dict[Horizon, list[PublicItem]] = {name: [] for name in _HORIZONS}
    for feature in thread.sort_for_reading(thread.pages("features")):
        if not isinstance(feature, SnapshotPage) or not thread.is_open(feature):
            continue
        public_title = thread.text(feature, PUBLIC_TITLE).strip()
        if public_title:
            target = day_of(thread.text(feature, "target")) if dates else ""
            note = thread.text(feature, PUBLIC_NOTE).strip()
            items[horizon(thread, feature)].append(PublicItem(public_title, note, target))
    as_of = thread.today.isoformat() if dates else ""
    return PublicRoadmap(title, {key: tuple(found) for key, found in items.items()}, as_of)


def write_public_roadmap(roadmap: PublicRoadmap) -> str:
    """Return the page, which has no links and no script."""
    style = asset("customers.css")
    return (
        environment()
        .get_template("customers.html.jinja")
        .render(
            roadmap=roadmap,
            horizons=list(_HORIZONS.items()),
            style=Markup(style),  # noqa: S704 - our own file
            style_hash=hash_source(style),
        )
    )

"""Databases that the apply made: each is trashed whole, or kept whole when people use it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from notion_pm.model.ids import address
from notion_pm.model.schema import DataSource, RelationConfig
from notion_pm.provision.plan.change import Change
from notion_pm.provision.plan.order.views import default_view
from notion_pm.provision.undo.rows import describe_edit
from notion_pm.provision.undo.steps import (
    MADE_BY_APPLY,
    DatabaseHistory,
    Step,
    TrashDatabase,
    keep,
)
from notion_pm.text import quantity

# Titles in a message; the rest is counted.
_TITLES_SHOWN = 3


def databases_to_keep(
    made: Mapping[str, DatabaseHistory], related_to: Iterable[str] = ()
) -> dict[str, str]:
    """Return which databases made by the apply are kept, with the reason.

    Kept are databases that people use, databases that a kept relation links to (`related_to`), and
    databases that a kept database links to.
    """
    reasons = {}
    for key, history in made.items():
        use = _describe_use(history)
        if use:
            reasons[key] = use
    for key in related_to:
        reasons.setdefault(key, "a relation that people filled in links to it")

    to_follow = list(reasons)
    while to_follow:
        kept = to_follow.pop()
        for key in related_databases(made[kept].now.source, made):
            if key not in reasons:
                reasons[key] = f"{kept}, which is kept, links to it"
                to_follow.append(key)
    return reasons


def related_databases(source: DataSource, made: Mapping[str, DatabaseHistory]) -> set[str]:
    """Return the databases made by the apply that relations of a data source link to."""
    target_ids = {
        prop.config.data_source_id
        for prop in source.properties.values()
        if isinstance(prop.config, RelationConfig)
    }
    return {key for key, history in made.items() if history.now.source.id in target_ids}


def made_database_steps(
    made: Mapping[str, DatabaseHistory], kept: Mapping[str, str]
) -> Iterator[Step]:
    """Trash the databases that the apply made, except those to keep (with the reason)."""
    for key, history in made.items():
        database = history.now.database
        change = Change(
            address(key),
            "delete",
            "database",
            kept.get(key, MADE_BY_APPLY),
            details=(database.title, quantity(len(history.now.pages), "row")),
            database=key,
        )
        yield keep(change) if key in kept else Step(change, TrashDatabase(key, database.id))


def _describe_use(history: DatabaseHistory) -> str:
    """Return what people added or changed in a database, an empty text for nothing."""
    uses = []

    made_rows = set(history.made_rows.values())
    added_pages = [page for page in history.now.pages if page.id not in made_rows]
    if added_pages:
        uses.append(f"{quantity(len(added_pages), 'page')} added by people")

    edited_rows = [
        page for page in history.now.pages if page.id in made_rows and describe_edit(history, page)
    ]
    if edited_rows:
        titles = _list_titles([page.title for page in edited_rows])
        uses.append(f"{quantity(len(edited_rows), 'row')} edited by people ({titles})")

    template_properties = set(history.after.properties.values())
    added_properties = [
        prop.name
        for prop in history.now.source.properties.values()
        if prop.id not in template_properties
    ]
    if added_properties:
        uses.append(f"people added properties ({_list_titles(added_properties)})")

    # Notion adds a view named "Default view" to each new database. It is not a person's work.
    template_views = {entry.id for entry in history.after.views.values()}
    added_views = [
        view.name
        for view in history.now.views.values()
        if view.id not in template_views and default_view([view]) is None
    ]
    if added_views:
        uses.append(f"people added views ({_list_titles(added_views)})")
    return "; ".join(uses)


def _list_titles(titles: Sequence[str]) -> str:
    shown = ", ".join(repr(title) for title in titles[:_TITLES_SHOWN])
    hidden = len(titles) - _TITLES_SHOWN
    return f"{shown} and {hidden} more" if hidden > 0 else shown

"""Views that filter by an option which is about to get another name: Notion's filters name options."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from notion_pm.conditions.notion_filters import as_filter, as_quick_filters
from notion_pm.model.existing import Existing
from notion_pm.model.ids import address
from notion_pm.model.manifest import DatabaseEntry
from notion_pm.model.template import Template, ViewSpec
from notion_pm.provision.plan.change import Change, Note

Finding = Change | Note


def filter_changes(
    template: Template,
    database: str,
    entry: DatabaseEntry,
    existing: Existing,
    findings: Iterable[Finding],
) -> Iterator[Change]:
    """Find the views that have to be set anew, beside those that these findings change anyway."""
    changes = [each for each in findings if isinstance(each, Change)]
    renamed = {
        (each.key, each.replacement.option)
        for each in changes
        if each.replacement and each.replacement.renames
    }
    changed = {each.key for each in changes if each.kind == "view"}
    ours = {*existing.databases[database].view_ids, *existing.widget_ids}
    there = {key for key, each in entry.views.items() if each.id in ours}
    for key, view in template.databases[database].views.items():
        if (
            key in there
            and key not in changed
            and renamed & _options_named(template, database, view)
        ):
            reason = "filters by an option that gets another name"
            where = address(database, "views", key)
            yield Change(where, "update", "view", reason, "safe", (view.title,), database, key)


def _options_named(template: Template, database: str, view: ViewSpec) -> set[tuple[str, str]]:
    """Return the options that a view filters by, each with its property."""
    named: set[tuple[str, str]] = set()

    def note(key: str, option: str) -> str:
        named.add((key, option))
        return option

    keys = {each: each for each in (*view.where, *view.quick)}
    as_filter(template, database, view.where, keys, note)
    as_quick_filters(template, database, view.quick, keys, note)
    return named

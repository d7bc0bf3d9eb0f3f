"""Titles of properties that are taken.

No two properties of a database ever get the same title, not even for a moment: what Notion does
then is not documented. So a title is given only after the property that has it now was renamed or
removed, which takes a request of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from notion_pm.model.property_lookup import property_title
from notion_pm.model.schema import DataSource, Property
from notion_pm.model.template import Template
from notion_pm.provision.plan.change import Change, Finding

RECREATED = "recreated"
"""Facet of a property that people deleted and that is created again."""


def block_taken_names(
    template: Template, source: DataSource, findings: Sequence[Finding]
) -> Iterator[Finding]:
    """Yield the findings, with those changes blocked that need a title which stays taken."""
    changes = [finding for finding in findings if isinstance(finding, Change)]
    for finding in findings:
        if isinstance(finding, Change):
            yield _blocked_if_name_is_taken(template, source, changes, finding)
        else:
            yield finding


def _blocked_if_name_is_taken(
    template: Template, source: DataSource, changes: Sequence[Change], change: Change
) -> Change:
    holder = holder_of_name(template, source, change)
    if holder is None:
        return change
    if change_that_frees(changes, holder) is None:
        reason = f"a property {holder.name!r} that does not belong to the template has this title"
        way_out = "Rename it in Notion, or give the template's property another title."
        return _block(change, reason, way_out)
    # Example: "Start" becomes "End" while "End" becomes "Start". Neither title is ever free.
    if _waits_for_itself(template, source, changes, change):
        reason = f"the title {holder.name!r} becomes free only after this change itself"
        way_out = "Give one of these properties a third title first, and apply that."
        return _block(change, reason, way_out)
    return change


def holder_of_name(template: Template, source: DataSource, change: Change) -> Property | None:
    """Return the other property that now has the title which a change gives; None if it is free.

    A property that people deleted and that is created again may take its title back: its id in
    the record is the old one.
    """
    is_new = change.action == "create" and RECREATED not in change.facets
    gives_title = is_new or "title" in change.facets
    if change.kind != "property" or not gives_title:
        return None
    holder = source.find_property(property_title(template, change.database, change.key))
    if holder is None or holder.id == change.property_id:
        return None
    return holder


def change_that_frees(changes: Sequence[Change], holder: Property) -> Change | None:
    """Return the change that renames or removes the property that has a title now."""
    for change in changes:
        gives_up_title = change.action == "delete" or "title" in change.facets
        if change.kind == "property" and change.property_id == holder.id and gives_up_title:
            return None if change.change_class == "blocked" else change
    return None


def _waits_for_itself(
    template: Template, source: DataSource, changes: Sequence[Change], change: Change
) -> bool:
    """Whether a change waits, over any number of steps, for a title that waits for another one of
    the same circle."""
    seen = {change.address}
    holder = holder_of_name(template, source, change)
    while holder is not None:
        freeing = change_that_frees(changes, holder)
        if freeing is None:
            return False
        if freeing.address in seen:
            return True
        seen.add(freeing.address)
        holder = holder_of_name(template, source, freeing)
    return False


def _block(change: Change, reason: str, way_out: str) -> Change:
    return replace(
        change,
        reason=reason,
        change_class="blocked",
        details=(way_out,),
        consequence=f"{reason}. {way_out}",
    )

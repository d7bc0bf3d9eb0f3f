"""Names of properties that are taken: no two properties of a database ever have one name, not even for a moment.

What Notion does with a second property of the same name is not known. So a name is given only once the
property that has it now has another name, or is gone: that takes a request of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from notion_pm.model.property_lookup import property_title
from notion_pm.model.schema import DataSource, Property
from notion_pm.model.template import Template
from notion_pm.provision.plan.change import Change, Note


def blocked_by_names(
    template: Template, source: DataSource, findings: Sequence[Change | Note]
) -> Iterator[Change | Note]:
    """Yield the findings; changes that give a name that stays taken are blocked."""
    changes = [each for each in findings if isinstance(each, Change)]
    for finding in findings:
        holder = holder_of_name(template, source, finding) if isinstance(finding, Change) else None
        if holder is None or not isinstance(finding, Change):
            yield finding
        elif change_that_frees(changes, holder) is None:
            reason = f"a property {holder.name!r} that is not the template's is in the way"
            yield _blocked(
                finding,
                reason,
                "Rename it in Notion, or give the template's property another title.",
            )
        elif _is_in_circle(template, source, changes, finding):
            reason = f"the name {holder.name!r} becomes free only after this change itself"
            yield _blocked(
                finding, reason, "Give one of these properties a third title first, and apply that."
            )
        else:
            yield finding


def holder_of_name(template: Template, source: DataSource, change: Change) -> Property | None:
    """Return the other property that has the name now which a change gives; None where the name is free."""
    is_new = change.action == "create" and "was deleted" not in change.reason
    if change.kind != "property" or not (is_new or "title" in change.facets):
        return None
    found = source.find_property(property_title(template, change.database, change.key))
    return found if found is not None and found.id != change.property_id else None


def change_that_frees(changes: Sequence[Change], holder: Property) -> Change | None:
    """Return the change that renames or removes the property that has a name now."""
    for change in changes:
        leaves = change.action == "delete" or "title" in change.facets
        if change.kind == "property" and change.property_id == holder.id and leaves:
            return change if change.change_class != "blocked" else None
    return None


def _is_in_circle(
    template: Template, source: DataSource, changes: Sequence[Change], change: Change
) -> bool:
    """Whether a change waits for a name that waits, over any number of steps, for a name of its own circle."""
    seen = {change.address}
    while (holder := holder_of_name(template, source, change)) is not None:
        freeing = change_that_frees(changes, holder)
        if freeing is None:
            return False
        if freeing.address in seen:
            return True
        seen.add(freeing.address)
        change = freeing
    return False


def _blocked(change: Change, reason: str, way_out: str) -> Change:
    return replace(change, reason=reason, change_class="blocked", details=(way_out,))

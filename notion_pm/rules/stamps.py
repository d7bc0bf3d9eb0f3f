"""What rules would stamp on the pages as they are now, without a sync.

For figures that must agree with the pages beside them: a report computes all of them from one reading and never shows
what the last sync stamped, which may be a day old.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date

from notion_pm.model.ids import NotionId
from notion_pm.model.rule import Rule
from notion_pm.model.snapshot import NoResult, RelatedPages, RuleValue, Snapshot, SnapshotPage
from notion_pm.model.template import Template
from notion_pm.model.template_schema import TemplateSchema
from notion_pm.rules.paths import parse_target
from notion_pm.rules.rule_results import combine_results
from notion_pm.rules.ruleset import CompiledRule, RuleSet
from notion_pm.rules.view import View

IsThere = Callable[[str, str], bool]
"""Whether the workspace has a property: database key, property key."""


def with_computed_stamps(
    template: Template, snapshot: Snapshot, today: date, is_there: IsThere
) -> Snapshot:
    """Return the pages with the values that rules stamp computed from the pages themselves.

    Statuses and notes stay as they are. A rule that follows a relation which the workspace does not have is left out.
    """
    stamping = {name: rule for name, rule in template.sync.items() if _stamps(template, rule)}
    rules = RuleSet(template.model_copy(update={"sync": stamping}))
    complete = _with_both_sides(rules.schema, snapshot)
    view = View(rules.schema, complete, {}, today)
    computed: dict[NotionId, dict[str, RuleValue]] = {}
    for target in (target for group in rules.groups for target in group):
        database, key = target
        writers = [ready for ready in rules.writers[target] if _can_be_followed(ready, is_there)]
        if not writers:
            continue
        for page in complete.databases.get(database, {}).values():
            derived = combine_results(view, page, writers)
            if not isinstance(derived.value, NoResult):
                view.set(page, key, derived.value)
                computed.setdefault(page.id, {})[key] = derived.value
    return Snapshot(
        {
            database: {id: _updated(page, computed.get(id, {})) for id, page in pages.items()}
            for database, pages in snapshot.databases.items()
        }
    )


def _stamps(template: Template, rule: Rule) -> bool:
    """Whether a rule fills a property that is stamped, with what follows from other pages alone.

    A rule that only moves forward depends on what was there before.
    """
    if rule.propose or rule.note is not None or rule.forward_only:
        return False
    database, key = parse_target(TemplateSchema(template), rule.set)
    spec = template.databases[database].properties.get(key)
    return spec is not None and spec.stamped


def _can_be_followed(ready: CompiledRule, is_there: IsThere) -> bool:
    return all(
        is_there(hop.holder, hop.relation) for path in ready.paths.values() for hop in path.hops
    )


def _updated(page: SnapshotPage, values: Mapping[str, RuleValue]) -> SnapshotPage:
    return replace(page, values={**page.values, **values}) if values else page


def _with_both_sides(schema: TemplateSchema, snapshot: Snapshot) -> Snapshot:
    """Return the pages with both sides of each two-way relation, where only one was read."""
    added: dict[str, dict[NotionId, dict[str, RelatedPages]]] = {}
    for database, pages in snapshot.databases.items():
        for key in _relations(pages):
            target, mirror = schema.target(database, key), schema.mirror(database, key)
            if not target or not mirror or mirror in _relations(snapshot.databases.get(target, {})):
                continue
            there = added.setdefault(target, {})
            for id in snapshot.databases.get(target, {}):
                there.setdefault(id, {})[mirror] = RelatedPages()
            for page in pages.values():
                links = page.values.get(key)
                for id in links.ids if isinstance(links, RelatedPages) else ():
                    if id in there:
                        held = there[id][mirror]
                        there[id][mirror] = RelatedPages((*held.ids, page.id), held.complete)
    return Snapshot(
        {
            database: {
                id: _updated(page, added.get(database, {}).get(id, {}))
                for id, page in pages.items()
            }
            for database, pages in snapshot.databases.items()
        }
    )


def _relations(pages: Mapping[NotionId, SnapshotPage]) -> set[str]:
    return {
        key
        for page in pages.values()
        for key, value in page.values.items()
        if isinstance(value, RelatedPages)
    }

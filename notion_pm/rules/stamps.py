"""Compute what rules stamp on pages as they are now, without a sync.

A report computes all its figures from one reading, so that they agree with the pages beside them:
the stamps of the last sync may be a day old.
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
from notion_pm.rules.paths import Hop, parse_target
from notion_pm.rules.rule_results import combine_results
from notion_pm.rules.ruleset import CompiledRule, RuleSet
from notion_pm.rules.view import View

IsThere = Callable[[str, str], bool]
"""Whether the workspace has a property: database key, property key."""


def with_computed_stamps(
    template: Template, snapshot: Snapshot, today: date, is_there: IsThere
) -> Snapshot:
    """Return the pages with the values that rules stamp, computed from the pages themselves.

    Statuses and notes stay as they are. Rules that follow a relation which the workspace does not
    have are left out.
    """
    # Stamps are arithmetic, so a report may replace them. A status may be a person's decision.
    stamping = {name: rule for name, rule in template.sync.items() if _is_stamp(template, rule)}
    rules = RuleSet(template.model_copy(update={"sync": stamping}))
    complete = _with_both_sides(rules.schema, snapshot)
    view = View(rules.schema, complete, {}, today)
    computed: dict[NotionId, dict[str, RuleValue]] = {}
    for group in rules.groups:
        for target in group:
            writers = [rule for rule in rules.writers[target] if _can_follow(rule, is_there)]
            if not writers:
                continue
            database, key = target
            for page in complete.databases.get(database, {}).values():
                result = combine_results(view, page, writers)
                if not isinstance(result.value, NoResult):
                    view.set(page, key, result.value)
                    computed.setdefault(page.id, {})[key] = result.value
    return _with_values(snapshot, computed)


def _is_stamp(template: Template, rule: Rule) -> bool:
    """Whether a rule fills a stamped property from other pages alone.

    A rule that only moves forward depends on the value before, so it does not count.
    """
    if rule.propose or rule.note is not None or rule.forward_only:
        return False
    database, key = parse_target(TemplateSchema(template), rule.set)
    spec = template.databases[database].properties.get(key)
    return spec is not None and spec.stamped


def _can_follow(rule: CompiledRule, is_there: IsThere) -> bool:
    """Whether the workspace has all relations that a rule follows."""
    hops: list[Hop] = []
    for path in rule.paths.values():
        hops += path.hops
    return all(is_there(hop.holder, hop.relation) for hop in hops)


def _with_values(
    snapshot: Snapshot, values: Mapping[NotionId, Mapping[str, RuleValue]]
) -> Snapshot:
    """Return a snapshot with other values of some pages."""
    databases = {}
    for database, pages in snapshot.databases.items():
        updated = dict(pages)
        for id, page in pages.items():
            if id in values:
                updated[id] = replace(page, values={**page.values, **values[id]})
        databases[database] = updated
    return Snapshot(databases)


def _with_both_sides(schema: TemplateSchema, snapshot: Snapshot) -> Snapshot:
    """Return the pages with both sides of each two-way relation, where only one was read."""
    added: dict[NotionId, dict[str, RelatedPages]] = {}
    for database, pages in snapshot.databases.items():
        for key in _relation_keys(pages):
            target, mirror = schema.target(database, key), schema.mirror(database, key)
            if not target or not mirror:
                continue
            related_pages = snapshot.databases.get(target, {})
            if mirror in _relation_keys(related_pages):
                continue  # both sides were read
            # Every page gets the property: "no related page" must not look like "not read".
            for id in related_pages:
                added.setdefault(id, {})[mirror] = RelatedPages()
            for page in pages.values():
                related = page.values.get(key)
                if not isinstance(related, RelatedPages):
                    continue
                for id in related.ids:
                    if id in related_pages:
                        ids = added[id][mirror].ids
                        added[id][mirror] = RelatedPages((*ids, page.id))
    return _with_values(snapshot, added)


def _relation_keys(pages: Mapping[NotionId, SnapshotPage]) -> set[str]:
    keys = set()
    for page in pages.values():
        for key, value in page.values.items():
            if isinstance(value, RelatedPages):
                keys.add(key)
    return keys

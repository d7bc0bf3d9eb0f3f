"""A small product workspace for tests of rules: pages by short names, evaluated by the product
template's own rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from notion_pm.model.ids import NotionId
from notion_pm.model.rule import OnConflict, Rule
from notion_pm.model.snapshot import (
    BaseValue,
    RelatedPages,
    RuleValue,
    Snapshot,
    SnapshotPage,
    is_empty,
)
from notion_pm.model.template import Template
from notion_pm.rules import RuleSet, evaluate
from notion_pm.rules.evaluation import Evaluation
from notion_pm.template import templates

TODAY = date(2026, 11, 22)
EDITED = datetime(2026, 11, 22, 12, tzinfo=UTC)


@cache
def product() -> Template:
    """The product template as it ships."""
    return templates.load("product").template


def with_rules(rules: Mapping[str, Any]) -> Template:
    """The product template with other rules."""
    return product().model_copy(
        update={"sync": {name: Rule.model_validate(each) for name, each in rules.items()}}
    )


def only(*names: str) -> Template:
    """The product template with some of its rules only."""
    return product().model_copy(update={"sync": {name: product().sync[name] for name in names}})


_READY: dict[int, RuleSet] = {}


def ready(template: Template) -> RuleSet:
    """The rules of a template, made ready once: they keep their template, so its identity is a key."""
    if id(template) not in _READY:
        _READY[id(template)] = RuleSet(template)
    return _READY[id(template)]


@dataclass
class World:
    """Pages, and what is remembered of them. Relations are given on one side, the mirror follows."""

    template: Template = field(default_factory=product)
    pages: dict[str, SnapshotPage] = field(default_factory=dict)
    baseline: dict[NotionId, dict[str, BaseValue]] = field(default_factory=dict)

    def add(self, database: str, name: str, **values: Any) -> World:
        """Add a page. A list stands for the related pages of a relation."""
        plain = {
            key: RelatedPages(tuple(each)) if isinstance(each, list) else each
            for key, each in values.items()
        }
        self.pages[name] = SnapshotPage(
            NotionId(name), database, name.title(), f"https://x/{name}", EDITED, plain
        )
        for key, each in plain.items():
            self._mirror(database, name, key, each)
        return self

    def feature(self, name: str, status: RuleValue = "idea", **values: Any) -> World:
        return self.add("features", name, status=status, **values)

    def insight(self, name: str, status: RuleValue = "new", **values: Any) -> World:
        return self.add("insights", name, status=status, **values)

    def set(self, name: str, **values: Any) -> World:
        """Let a person change a page."""
        page = self.pages[name]
        self.pages[name] = replace(page, values={**page.values, **values})
        return self

    def edited(self, name: str, when: datetime) -> World:
        """Say when a page was edited."""
        self.pages[name] = replace(self.pages[name], last_edited=when)
        return self

    def get(self, name: str, key: str) -> RuleValue:
        return self.pages[name].values.get(key)

    def decide(self, policy: OnConflict | None = None) -> Evaluation:
        """Evaluate, and change nothing."""
        return evaluate(
            ready(self.template), self.snapshot, self.baseline, today=TODAY, policy=policy
        )

    def sync(self, policy: OnConflict | None = None) -> Evaluation:
        """Evaluate, carry it out and remember it."""
        evaluation = self.decide(policy)
        for update in evaluation.updates:
            self.set(
                str(update.page.id), **{change.property: change.after for change in update.changes}
            )
        self.baseline.update(evaluation.baseline)
        return evaluation

    @property
    def snapshot(self) -> Snapshot:
        databases: dict[str, dict[NotionId, SnapshotPage]] = {
            key: {} for key in self.template.databases
        }
        for page in self.pages.values():
            databases[page.database][page.id] = page
        return Snapshot(databases)

    def _mirror(self, database: str, name: str, key: str, links: RuleValue) -> None:
        mirror = ready(self.template).schema.mirror(database, key)
        if mirror is None or not isinstance(links, RelatedPages):
            return
        for other in links.ids:
            held = self.pages[other].values.get(mirror)
            ids = held.ids if isinstance(held, RelatedPages) else ()
            if name not in ids:
                self.set(other, **{mirror: RelatedPages((*ids, NotionId(name)))})


def changes(evaluation: Evaluation) -> dict[str, RuleValue]:
    """What an evaluation changes: `page.property` -> value."""
    return {
        f"{update.page.id}.{change.property}": change.after
        for update in evaluation.updates
        for change in update.changes
    }


def filled(evaluation: Evaluation) -> dict[str, RuleValue]:
    """The same, without numbers that are zero."""
    return {
        key: value
        for key, value in changes(evaluation).items()
        if not is_empty(value) and value != 0
    }

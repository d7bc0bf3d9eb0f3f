"""CPU and memory of deciding: all rules of a template on 100,000 pages.

    python benchmarks/rules.py [--pages 100000] [--template product] [--json]

Pages are made up, the same on every run. `first` is a workspace that was never synced: nothing is
remembered, and nearly everything is derived anew. `again` is the run after it: nothing changes. `1
% edited` is a run after people have set the status of one feature in a hundred. Seconds are CPU
seconds of this machine, beside those of reading and writing the same pages as JSON once: compare
ratios. Memory is the peak of the process, beside what the pages alone take.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import Baseline, RelatedPages, RuleValue, Snapshot, SnapshotPage
from notion_pm.model.template import OptionsProperty, Template
from notion_pm.rules import RuleSet, evaluate
from notion_pm.rules.evaluation import Evaluation
from notion_pm.state.plain_json import values_from_json, values_to_json
from notion_pm.template import templates

TODAY = date(2026, 11, 22)
EDITED = datetime(2026, 11, 22, 12, tzinfo=UTC)
SHARES = {
    "insights": 60,
    "features": 30,
    "customers": 5,
    "opportunities": 3,
    "objectives": 1,
    "releases": 1,
}
"""How many pages each database has, relative to the others; those not named get one."""
LINKS = 3
"""Links that a page has along a relation, at most."""

T = TypeVar("T")
Pages = dict[str, dict[NotionId, SnapshotPage]]


def made_up(template: Template, count: int, seed: int = 1) -> Snapshot:
    """Return so many pages, about, with values for everything that rules read."""
    chance = random.Random(seed)
    rules = RuleSet(template)
    total = sum(SHARES.get(database, 1) for database in rules.needs)
    ids = {
        database: [
            NotionId(f"{database}-{n}") for n in range(count * SHARES.get(database, 1) // total)
        ]
        for database in rules.needs
    }
    links = _links(rules, ids, chance)
    pages: Pages = {}
    for database, keys in rules.needs.items():
        pages[database] = {}
        for page_id in ids[database]:
            values = {
                key: links[database, key].get(page_id, RelatedPages())
                if (database, key) in links
                else _value(rules, database, key, chance)
                for key in keys
            }
            pages[database][page_id] = SnapshotPage(
                page_id, database, page_id, "https://notion.so/x", EDITED, values
            )
    return Snapshot(pages)


def _links(
    rules: RuleSet, ids: Mapping[str, list[NotionId]], chance: random.Random
) -> dict[tuple[str, str], dict[NotionId, RelatedPages]]:
    """Relate pages; both sides of a two-way relation say the same.

    A relation of a database to itself is a tree.
    """
    found: dict[tuple[str, str], dict[NotionId, RelatedPages]] = {}
    for database, keys in rules.needs.items():
        for key in keys:
            end = rules.schema.target(database, key)
            if end is None or end not in ids or (database, key) in found:
                continue
            forward = _related(ids[database], ids[end], chance, tree=end == database)
            found[database, key] = forward
            if mirror := rules.schema.mirror(database, key):
                found[end, mirror] = _turned(forward)
    return found


def _related(
    pages: list[NotionId], others: list[NotionId], chance: random.Random, *, tree: bool
) -> dict[NotionId, RelatedPages]:
    if tree:  # a page hangs below an earlier one, eight below each
        return {page: RelatedPages((others[(n - 1) // 8],)) for n, page in enumerate(pages) if n}
    if not others:
        return {}
    return {
        page: RelatedPages(tuple(set(chance.choices(others, k=chance.randint(0, LINKS)))))
        for page in pages
    }


def _turned(forward: Mapping[NotionId, RelatedPages]) -> dict[NotionId, RelatedPages]:
    back: dict[NotionId, list[NotionId]] = {}
    for page, links in forward.items():
        for other in links.ids:
            back.setdefault(other, []).append(page)
    return {page: RelatedPages(tuple(others)) for page, others in back.items()}


def _value(rules: RuleSet, database: str, key: str, chance: random.Random) -> RuleValue:
    """Return a value; none for what rules compute, for nobody has typed that."""
    vocabulary = rules.schema
    if any(each.spec.value is not None for each in rules.writers.get((database, key), ())):
        return None
    spec = vocabulary.spec(database, key)
    if isinstance(spec, OptionsProperty) and spec.options:
        return chance.choice(spec.options).key
    match vocabulary.type(database, key):
        case "number":
            return chance.randint(0, 1000)
        case "checkbox":
            return chance.random() < 0.1
        case "date":
            return f"2026-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
        case "people":
            return (f"person-{chance.randint(1, 20)}",)
        case "relation":
            return RelatedPages()
        case _:
            return f"Customer {chance.randint(1, 5000)}" if key == "customer" else ""


def left_behind(snapshot: Snapshot, evaluation: Evaluation) -> Snapshot:
    """Return the pages as an evaluation leaves them."""
    changed = {
        update.page.id: {each.property: each.after for each in update.changes}
        for update in evaluation.updates
    }
    return Snapshot(
        {
            database: {
                page_id: replace(page, values={**page.values, **changed[page_id]})
                if page_id in changed
                else page
                for page_id, page in pages.items()
            }
            for database, pages in snapshot.databases.items()
        }
    )


def edited(snapshot: Snapshot, template: Template, seed: int = 2) -> Snapshot:
    """Return the pages after people have set the status of one feature in a hundred."""
    chance = random.Random(seed)
    spec = template.databases["features"].properties["status"]
    assert isinstance(spec, OptionsProperty)
    features = dict(snapshot.databases["features"])
    for page_id in chance.sample(list(features), len(features) // 100):
        values = {**features[page_id].values, "status": chance.choice(spec.options).key}
        features[page_id] = replace(features[page_id], values=values)
    return Snapshot({**snapshot.databases, "features": features})


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """Do something, and return what it came to with the CPU seconds that it took."""
    began = time.process_time()
    done = work()
    return done, time.process_time() - began


def peak_megabytes() -> float:
    """Return the most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def as_json_and_back(snapshot: Snapshot) -> None:
    """Do what the figures are compared with."""
    for pages in snapshot.databases.values():
        for page in pages.values():
            values_from_json(values_to_json(page.values))


def measured(template: Template, count: int) -> dict[str, Any]:
    """Return the figures."""
    snapshot = made_up(template, count)
    rules = RuleSet(template)
    pages = sum(map(len, snapshot.databases.values()))
    alone = peak_megabytes()
    _, yardstick = timed(lambda: as_json_and_back(snapshot))

    def run(title: str, snapshot: Snapshot, baseline: Baseline) -> Evaluation:
        evaluation, seconds = timed(lambda: evaluate(rules, snapshot, baseline, today=TODAY))
        runs[title] = {
            "cpu_seconds": round(seconds, 2),
            "of_json": round(seconds / yardstick, 1),
            "us_per_page": round(seconds / pages * 1e6),
            "pages_changed": len(evaluation.updates),
            "conflicts": len(evaluation.conflicts),
            "peak_mb": round(peak_megabytes()),
        }
        return evaluation

    runs: dict[str, Any] = {}
    first = run("first", snapshot, {})
    after = left_behind(snapshot, first)
    run("again", after, first.baseline)
    run("1 % edited", edited(after, template), first.baseline)
    return {"template": template.template, "pages": pages, "pages_mb": round(alone), "runs": runs}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description="CPU and memory of all rules on many pages.")
    parser.add_argument("--pages", type=int, default=100_000)
    parser.add_argument("--template", default="product")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures = measured(templates.load(options.template).template, options.pages)
    if options.json:
        print(json.dumps(figures))
        return
    print(
        f"{figures['template']}: {figures['pages']:,} pages, {figures['pages_mb']} MB before any "
        "rule runs"
    )
    print(
        f"{'':12} {'CPU s':>7} {'x JSON':>7} {'us a page':>10} {'changed':>9} {'conflicts':>10} "
        f"{'peak MB':>8}"
    )
    for title, each in figures["runs"].items():
        print(
            f"{title:12} {each['cpu_seconds']:7.2f} {each['of_json']:7.1f} "
            f"{each['us_per_page']:10} "
            f"{each['pages_changed']:9} {each['conflicts']:10} {each['peak_mb']:8}"
        )


if __name__ == "__main__":
    main()

"""Limit how much one run may change: a wrong rule must not rewrite a workspace unseen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from notion_pm.errors import UnsafeChange
from notion_pm.model.change_limits import MAX_SHARE, is_over_limit
from notion_pm.model.snapshot import Snapshot, is_empty
from notion_pm.model.template_schema import TemplateSchema
from notion_pm.rules.evaluation import Change, Evaluation


def change_limit_violation(
    schema: TemplateSchema,
    evaluation: Evaluation,
    snapshot: Snapshot,
    done: str = "Nothing was changed.",
) -> UnsafeChange | None:
    """Return the error that stops a run which would change too much; None when it may go on.

    `done`: a sentence about what the run has changed so far.

    A page counts if something changes on it that may be a person's work. These do not count:
    filling an empty property; a status that is still the first option, which Notion gives to every
    new page; and a starter value that apply wrote and that neither a person nor a sync has touched.
    A rule's own `max_changes` counts every change.
    """
    violations = [
        *_share_violations(schema, evaluation, snapshot),
        *_max_changes_violations(schema, evaluation),
    ]
    if not violations:
        return None
    return UnsafeChange(
        f"{'; '.join(violations)}. {done}",
        "Preview the changes with  notion-pm sync --dry-run --explain, then accept them with "
        "--force.",
    )


def _share_violations(
    schema: TemplateSchema, evaluation: Evaluation, snapshot: Snapshot
) -> Iterator[str]:
    changed: Counter[str] = Counter()
    for update in evaluation.updates:
        database = update.page.database
        if any(_may_be_work(schema, database, change) for change in update.changes):
            changed[database] += 1
    for database, count in changed.items():
        total = len(snapshot.databases[database])
        if is_over_limit(count, total):
            yield (
                f"{count} of {total} pages of {database} would be changed "
                f"({count / total:.0%} > {MAX_SHARE:.0%})"
            )


def _max_changes_violations(schema: TemplateSchema, evaluation: Evaluation) -> Iterator[str]:
    pages_by_rule: Counter[str] = Counter()
    for update in evaluation.updates:
        # A set: a rule counts once per page, although several changes may name it.
        rules: set[str] = set()
        for change in update.changes:
            rules.update(change.rules)
        pages_by_rule.update(rules)
    for rule, count in pages_by_rule.items():
        limit = schema.template.sync[rule].max_changes
        if limit is not None and count > limit:
            yield f"{rule} would change {count} pages (more than its {limit})"


def _may_be_work(schema: TemplateSchema, database: str, change: Change) -> bool:
    if is_empty(change.before) or change.starter:
        return False
    target = (database, change.property)
    # Example: 200 features were created without a status, and rules move them on from Idea. Notion
    # chose Idea, no person did.
    is_default = schema.type(*target) == "status" and schema.rank(*target, change.before) == 0
    return not is_default

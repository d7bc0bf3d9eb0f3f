"""How much one run may change: a wrong rule must not rewrite a workspace unseen."""

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
    """Return why a run must not go on, naming the databases and the way out; None when its changes are modest.

    `done` is a sentence on what the run has changed so far.

    Counted are pages of which something changes that may be somebody's work. Not counted: filling an empty property;
    a status that is still Notion's default, its first option, which a page has without anybody's doing; and a starter
    value that apply wrote and that neither a person nor a sync has touched since. A rule's `max_changes` counts all.
    """
    excessive = [
        *_excessive(schema, evaluation, snapshot),
        *_beyond_their_own(schema, evaluation),
    ]
    if not excessive:
        return None
    return UnsafeChange(
        f"{'; '.join(excessive)}. {done}",
        "See what it would be with  notion-pm sync --dry-run --explain, then accept it with --force.",
    )


def _excessive(schema: TemplateSchema, evaluation: Evaluation, snapshot: Snapshot) -> Iterator[str]:
    touched = Counter(
        update.page.database
        for update in evaluation.updates
        if any(_may_be_work(schema, update.page.database, change) for change in update.changes)
    )
    for database, count in touched.items():
        total = len(snapshot.databases[database])
        if is_over_limit(count, total):
            yield f"{count} of {total} pages of {database} would be changed ({count / total:.0%} > {MAX_SHARE:.0%})"


def _beyond_their_own(schema: TemplateSchema, evaluation: Evaluation) -> Iterator[str]:
    """Tell the rules that would change more pages than they state themselves; here every change counts."""
    pages = Counter(
        name
        for update in evaluation.updates
        for name in {rule for change in update.changes for rule in change.rules}
    )
    for name, count in pages.items():
        most = schema.template.sync[name].max_changes
        if most is not None and count > most:
            yield f"{name} would change {count} pages (more than its {most})"


def _may_be_work(schema: TemplateSchema, database: str, change: Change) -> bool:
    target = (database, change.property)
    default = schema.type(*target) == "status" and schema.rank(*target, change.before) == 0
    return not (default or is_empty(change.before) or change.starter)

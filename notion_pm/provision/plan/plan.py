"""A plan: what would change, why, how many requests it takes, and whether it is safe."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

from notion_pm.errors import UnsafeChange
from notion_pm.model.change_limits import MAX_SHARE, is_over_limit
from notion_pm.model.existing import Existing
from notion_pm.model.template import LoadedTemplate
from notion_pm.provision.plan.change import Change, ChangeClass, Note
from notion_pm.provision.plan.diff.databases import diff
from notion_pm.provision.plan.fingerprint import of_plan_input
from notion_pm.provision.plan.operation import Operation, list_requests
from notion_pm.provision.plan.order.order import operations
from notion_pm.provision.plan.plan_options import DEFAULT_PLAN_OPTIONS, PlanOptions
from notion_pm.provision.plan.twins import twin_search
from notion_pm.text import quantity


@dataclass(frozen=True)
class Plan:
    """What would change in a workspace, and how many requests that takes.

    Requests: `reads` were sent to make the plan. `rereads` will plan again right before the first
    write. `lock` keep other machines from writing. `proof` will read the workspace again after the
    apply.

    `input_fingerprint` identifies what the plan was made from. `owned`: number of our properties by
    database. `pages`: number of pages of each database where values may be lost.
    `recorded_version`: the version of the template that is applied now, None before the first
    apply. `database_titles`: what Notion calls the databases, by key; new ones have the template's
    titles.
    """

    template: str
    version: int
    changes: tuple[Change, ...]
    notes: tuple[Note, ...]
    operations: tuple[Operation, ...]
    reads: int
    proof: int
    lock: int = 0
    options: PlanOptions = DEFAULT_PLAN_OPTIONS
    with_rows: bool = True
    owned: tuple[tuple[str, int], ...] = ()
    pages: tuple[tuple[str, int], ...] = ()
    input_fingerprint: str = ""
    rereads: int = 0
    recorded_version: int | None = None
    database_titles: Mapping[str, str] = field(default_factory=dict)

    @property
    def requests(self) -> int:
        """How many requests an apply sends, from its first read to its proof."""
        return self.reads + self.rereads + self.lock + self.writes + self.proof

    @property
    def writes(self) -> int:
        """How many requests carry it out."""
        return sum(operation.requests for operation in self.operations)

    def minutes(self, budget: int) -> int:
        """Return how long an apply takes, at `budget` requests a minute."""
        return max(1, -(-self.requests // budget))

    def is_same_as(self, other: Plan) -> bool:
        """Return whether a person who agreed to the other plan has agreed to this one."""
        return self._content == other._content and self._state_to_overwrite == (
            other._state_to_overwrite
        )

    def shown_again(self, agreed: Plan) -> Plan:
        """Return this plan, which replaces one that was agreed to, as it is shown to a person.

        It counts the requests of both, because it will be made once more.
        """
        return replace(self, reads=agreed.reads + self.rereads)

    @cached_property
    def checksum(self) -> str:
        """A checksum of the changes and of what they were made from: template, variables,
        workspace."""
        text = json.dumps(
            [self._content, self._state_to_overwrite, self.input_fingerprint],
            sort_keys=True,
            ensure_ascii=False,
            default=dict,
        )
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def _content(self) -> dict[str, Any]:
        return {
            "template": self.template,
            "version": self.version,
            "changes": [change.as_data() for change in self.changes],
        }

    @property
    def _state_to_overwrite(self) -> dict[str, Any]:
        """What is overwritten as a whole, as it was. People may edit it without changing the
        plan."""
        return {
            str(change.address): change.planned.content
            for change in self.changes
            if change.planned is not None
        }

    def as_data(self) -> dict[str, Any]:
        """Return the plan as JSON data with stable keys."""
        return self._content | {
            "requests": self.requests,
            "requests_detail": {
                "reads": self.reads,
                "lock": self.lock,
                "rereads": self.rereads,
                "writes": self.writes,
                "proof": self.proof,
            },
            "notes": [note.as_data() for note in self.notes],
            "checksum": self.checksum,
        }

    @property
    def dangerous(self) -> tuple[Change, ...]:
        """The changes that may lose values, or cannot be made."""
        return tuple(
            change for change in self.changes if change.change_class in {"lossy", "blocked"}
        )

    def of_class(self, change_class: ChangeClass) -> tuple[Change, ...]:
        """Return the changes of one class."""
        return tuple(change for change in self.changes if change.change_class == change_class)

    def with_page_counts(
        self,
        changes: tuple[Change, ...],
        operations: tuple[Operation, ...],
        pages: tuple[tuple[str, int], ...],
        reads: int,
    ) -> Plan:
        """Return the plan with changes whose pages were counted; `reads` requests counted them."""
        return replace(
            self, changes=changes, operations=operations, pages=pages, reads=self.reads + reads
        )

    def raise_if_unsafe(self, *, force: bool = False, allow_lossy: bool = False) -> None:
        """Refuse what a person has to agree to before the first write.

        Raises UnsafeChange for blocked changes, for lossy ones unless `allow_lossy`, and for more
        changes than the limits unless `force`.
        """
        blocked = self.of_class("blocked")
        if blocked:
            raise UnsafeChange(
                _list_changes("cannot be made", blocked),
                "Nothing was changed. Fix these, then run it again.",
            )
        lossy = self.of_class("lossy")
        if lossy and not allow_lossy:
            raise UnsafeChange(
                _list_changes("may lose values", lossy),
                "Nothing was changed. To accept the loss, run again with --allow-lossy.",
            )
        if not force:
            self._raise_if_over_limits()

    def _raise_if_over_limits(self) -> None:
        # New properties do not count: they change nothing that people have.
        changed = Counter(
            change.database
            for change in self.changes
            if change.kind == "property" and change.action in {"update", "delete"}
        )
        for database, total in self.owned:
            what = f"properties of {database} would be changed"
            _raise_if_over_limit(changed[database], total, what)
        page_totals = dict(self.pages)
        for change in self.of_class("lossy"):
            total = page_totals.get(change.database, 0)
            what = f"pages of {change.database} would lose {change.address}"
            _raise_if_over_limit(change.pages or 0, total, what)


def _raise_if_over_limit(count: int, total: int, what: str) -> None:
    if is_over_limit(count, total):
        raise UnsafeChange(
            f"{count} of {total} {what} ({count / total:.0%} > {MAX_SHARE:.0%}). "
            "Nothing was changed.",
            "Look at the plan; run again with --force to accept.",
        )


def _list_changes(what: str, changes: tuple[Change, ...]) -> str:
    lines = [f"{quantity(len(changes), 'change')} {what}:"]
    for change in changes:
        line = f"  {change.address}: {change.reason_with_pages}. {' '.join(change.details)}"
        lines.append(line.rstrip())
    return "\n".join(lines)


def make_plan(
    desired: LoadedTemplate,
    existing: Existing,
    *,
    reads: int = 0,
    siblings: int = 0,
    options: PlanOptions = DEFAULT_PLAN_OPTIONS,
) -> Plan:
    """Compare a template with what exists.

    `reads`: requests that were sent to read it. `siblings`: number of blocks on the parent page.
    """
    manifest = existing.manifest
    with_rows = options.with_rows
    if with_rows is None:
        # People who declined starter rows once do not get them with the next version.
        with_rows = manifest.with_rows if manifest else True
    changes, notes = diff(desired, existing, with_rows=with_rows, options=options)
    steps = operations(desired, existing, changes)
    return Plan(
        template=desired.template.template,
        version=desired.template.version,
        changes=changes,
        notes=notes,
        operations=steps,
        reads=reads,
        proof=_count_proof(desired, existing, changes, siblings, steps) if steps else 0,
        lock=_count_lock(existing, siblings) if steps else 0,
        options=options,
        with_rows=with_rows,
        owned=_count_owned_properties(existing),
        input_fingerprint=of_plan_input(desired, existing, asdict(options)),
        recorded_version=manifest.version if manifest else None,
        database_titles=_database_titles(desired, existing),
    )


def _database_titles(desired: LoadedTemplate, existing: Existing) -> dict[str, str]:
    """Return what Notion calls the databases, or else the template or the record."""
    titles = {key: entry.title for key, entry in existing.owned.items()}
    # Later sources overwrite earlier ones: what Notion shows is what people know.
    titles |= {key: spec.title for key, spec in desired.template.databases.items()}
    for key, found in existing.databases.items():
        title = found.title or found.data_source.title
        if title:
            titles[key] = title
    return titles


def _count_owned_properties(existing: Existing) -> tuple[tuple[str, int], ...]:
    return tuple((key, len(entry.properties)) for key, entry in sorted(existing.owned.items()))


def _count_proof(
    desired: LoadedTemplate,
    existing: Existing,
    changes: tuple[Change, ...],
    siblings: int,
    steps: tuple[Operation, ...],
) -> int:
    """Count the requests that read the workspace again after an apply.

    These are the list of the parent page, the record, and the data source of each database. A bound
    database takes one more, to find its data source. Rows and views that were created are searched
    for twins.
    """
    new_databases = sum(
        1 for change in changes if change.kind == "database" and change.action == "create"
    )
    new_record_page = 1 if existing.manifest is None else 0
    parent_page = list_requests(siblings + new_databases + new_record_page)
    record = 1
    databases = len({*desired.template.databases, *existing.owned})
    twins = twin_search(desired.template, existing, steps).requests
    return parent_page + record + databases + len(existing.bound) + twins


def _count_lock(existing: Existing, siblings: int) -> int:
    """Count the requests of the lock.

    With a record page: append a claim, list the claims, list them once more before the first write,
    remove the claim; and remove the claims of runs that died. Without: the new record page contains
    the claim; list the parent page, and remove the claim.
    """
    if existing.manifest is not None:
        return 4 + existing.claims
    return list_requests(siblings + 1) + 1

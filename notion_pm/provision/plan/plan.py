"""A plan: what would change, why, how many requests it takes, and whether it is safe."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

from notion_pm.errors import UnsafeChange
from notion_pm.model.existing import Existing
from notion_pm.model.template import LoadedTemplate
from notion_pm.provision.plan.change import Change, ChangeClass, Note
from notion_pm.provision.plan.diff.databases import diff
from notion_pm.provision.plan.input_fingerprint import compute_input_fingerprint
from notion_pm.provision.plan.operation import Operation
from notion_pm.provision.plan.order.order import operations
from notion_pm.provision.plan.plan_options import DEFAULT_PLAN_OPTIONS, PlanOptions
from notion_pm.provision.plan.twins import twin_search
from notion_pm.text import quantity

_PAGE = 100  # items that Notion lists per request
_SHARE, _FROM = 0.3, 10  # design: thresholds stop a run at 30 %, from 10 properties or pages up


@dataclass(frozen=True)
class Plan:
    """What would change in a workspace, and how many requests that takes.

    `reads`: requests sent to make the plan. `rereads`: requests that will plan again right before
    the first write. `lock`: requests that keep other machines from writing. `proof`: requests that
    will read the workspace again after the apply. `input_fingerprint` identifies what the plan was
    made from. `owned`: number of properties of ours per database. `pages`: number of pages of each
    database where values may be lost.
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

    @property
    def requests(self) -> int:
        """How many requests an apply sends from its first read to its proof."""
        return self.reads + self.rereads + self.lock + self.writes + self.proof

    def says_the_same_as(self, other: Plan) -> bool:
        """Return whether a person who agreed to the other plan has agreed to this one."""
        return self._content == other._content and self._planned == other._planned

    @property
    def _planned(self) -> dict[str, Any]:
        """What is overwritten as a whole, as it was: people may have edited it without a change of the plan."""
        return {
            str(each.address): each.planned.content
            for each in self.changes
            if each.planned is not None
        }

    def shown_again(self, before: Plan) -> Plan:
        """Return this plan, made after the one `before` was agreed to, as it is shown: it will be made again, too."""
        return replace(self, reads=before.reads + self.rereads)

    @property
    def writes(self) -> int:
        """How many requests carry it out."""
        return sum(each.requests for each in self.operations)

    def minutes(self, budget: int) -> int:
        """Return how long an apply takes at so many requests a minute."""
        return max(1, -(-self.requests // budget))

    @cached_property
    def checksum(self) -> str:
        """A mark of the changes and of what they were made from: template, variables, and what exists."""
        text = json.dumps(
            [self._content, self._planned, self.input_fingerprint],
            sort_keys=True,
            ensure_ascii=False,
            default=dict,
        )
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def dangerous(self) -> tuple[Change, ...]:
        """The changes that take something away, or cannot be made."""
        return tuple(each for each in self.changes if each.change_class in {"lossy", "blocked"})

    @property
    def _content(self) -> dict[str, Any]:
        return {
            "template": self.template,
            "version": self.version,
            "changes": [each.as_data() for each in self.changes],
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
            "notes": [each.as_data() for each in self.notes],
            "checksum": self.checksum,
        }

    def of_class(self, change_class: ChangeClass) -> tuple[Change, ...]:
        """Return the changes of one class."""
        return tuple(each for each in self.changes if each.change_class == change_class)

    def with_page_counts(
        self,
        changes: tuple[Change, ...],
        operations: tuple[Operation, ...],
        pages: tuple[tuple[str, int], ...],
        reads: int,
    ) -> Plan:
        """Return the plan with changes whose pages were counted, which took so many more requests."""
        return replace(
            self, changes=changes, operations=operations, pages=pages, reads=self.reads + reads
        )

    def raise_if_unsafe(self, *, force: bool = False, allow_lossy: bool = False) -> None:
        """Refuse what needs a person's word before the first write.

        Raises UnsafeChange for blocked changes, for lossy ones unless allowed, and beyond the thresholds unless forced.
        """
        if blocked := self.of_class("blocked"):
            raise UnsafeChange(
                _listed("cannot be made", blocked),
                "Nothing was changed. Do what is said there first.",
            )
        if not allow_lossy and (lossy := self.of_class("lossy")):
            advice = "Nothing was changed. Run again with --allow-lossy to accept the loss."
            raise UnsafeChange(_listed("may lose values", lossy), advice)
        if not force:
            self._raise_beyond_threshold()

    def _raise_beyond_threshold(self) -> None:
        changed = Counter(
            each.database
            for each in self.changes
            if each.kind == "property" and each.action in {"update", "delete"}
        )
        for database, total in self.owned:
            _raise_beyond(changed[database], total, f"properties of {database} would be changed")
        for change in self.of_class("lossy"):
            total = dict(self.pages).get(change.database, 0)
            _raise_beyond(
                change.pages or 0, total, f"pages of {change.database} would lose {change.address}"
            )


def _raise_beyond(count: int, total: int, what: str) -> None:
    share = count / total if total else 0
    if total >= _FROM and share > _SHARE:
        raise UnsafeChange(
            f"{count} of {total} {what} ({share:.0%} > {_SHARE:.0%}). Nothing was changed.",
            "Look at the plan; run again with --force to accept.",
        )


def make_plan(
    desired: LoadedTemplate,
    existing: Existing,
    *,
    reads: int = 0,
    siblings: int = 0,
    options: PlanOptions = DEFAULT_PLAN_OPTIONS,
) -> Plan:
    """Compare a template with what exists. `siblings` is how many blocks the parent page holds."""
    with_rows = options.with_rows
    if with_rows is None:
        with_rows = existing.manifest.with_rows if existing.manifest else True
    changes, notes = diff(desired, existing, with_rows=with_rows, options=options)
    steps = operations(desired, existing, changes)
    return Plan(
        template=desired.template.template,
        version=desired.template.version,
        changes=changes,
        notes=notes,
        operations=steps,
        reads=reads,
        proof=_proof(desired, existing, changes, siblings, steps) if steps else 0,
        lock=_lock(existing, siblings) if steps else 0,
        options=options,
        with_rows=with_rows,
        owned=_owned(existing),
        input_fingerprint=compute_input_fingerprint(desired, existing, asdict(options)),
    )


def _owned(existing: Existing) -> tuple[tuple[str, int], ...]:
    return tuple((key, len(entry.properties)) for key, entry in sorted(existing.owned.items()))


def _proof(
    desired: LoadedTemplate,
    existing: Existing,
    changes: tuple[Change, ...],
    siblings: int,
    steps: tuple[Operation, ...],
) -> int:
    """Count the requests that read the workspace again: the parent page, the manifest, and each data source.

    A bound database is asked for its data source first. Rows and views that were created are looked through for twins.
    """
    new = [each for each in changes if each.kind == "database" and each.action == "create"]
    manifest = 1 if existing.manifest is None else 0
    known = {*desired.template.databases, *existing.owned}
    twins = twin_search(desired.template, existing, steps).requests
    return _pages(siblings + len(new) + manifest) + 1 + len(known) + len(existing.bound) + twins


def _lock(existing: Existing, siblings: int) -> int:
    """Count the requests of the lock.

    On a record page that is there: append a claim, list the claims, list them once more before the first write, remove
    the claim; and remove those that dead runs have left. A new record page comes with its claim: list the parent page,
    remove the claim.
    """
    return 4 + existing.claims if existing.manifest is not None else _pages(siblings + 1) + 1


def _pages(items: int) -> int:
    return max(1, -(-items // _PAGE))


def _listed(what: str, changes: tuple[Change, ...]) -> str:
    count = quantity(len(changes), "change")
    lines = [
        f"  {each.address}: {each.explained}. {' '.join(each.details)}".rstrip() for each in changes
    ]
    return "\n".join([f"{count} {what}:", *lines])

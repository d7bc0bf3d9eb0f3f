"""The result of a sync in the words that people read: titles, names of options, numbers, dates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import RuleValue, SnapshotPage
from notion_pm.model.template_schema import TemplateSchema
from notion_pm.rules.evaluation import Change, Conflict, PageUpdate, Proposal
from notion_pm.rules.wording import Wording
from notion_pm.sync.sync import SyncResult
from notion_pm.text import UNTITLED
from notion_pm.workspace.missing_pages import ARCHIVED, GONE, MOVED, TRASHED, UNSHARED

Json = dict[str, Any]

_REASON_IN_WORDS = {
    TRASHED: "is in the trash",
    ARCHIVED: "is archived",
    MOVED: "was moved elsewhere",
    UNSHARED: "is no longer shared with the connection",
    GONE: "is in the trash, was moved, or is no longer shared",
}


@dataclass(frozen=True, slots=True)
class PageChanges:
    """One page and what changes on it.

    `changes`: titles of properties with `from -> to`. `reasons`: rules with their explanations.
    `because`: titles of the pages that are the reason.
    """

    page: SnapshotPage
    changes: tuple[tuple[str, str], ...]
    reasons: tuple[str, ...]
    because: tuple[str, ...]


class SyncReport:
    """One result, as data for programs and in words for people."""

    def __init__(self, result: SyncResult) -> None:
        self._result = result
        schema = TemplateSchema(result.template.template)
        self._wording = Wording(schema, result.manifest, result.option_names)
        self._pages: dict[NotionId, SnapshotPage] = {}
        for pages in result.snapshot.databases.values():
            self._pages.update(pages)

    def as_data(self) -> Json:
        """Return everything as one JSON document; its keys are stable."""
        evaluation = self._result.evaluation
        updates: list[Json] = []
        for update in evaluation.updates:
            updates += self._update_as_data(update)
        notes = []
        for message, page in self.notes():
            page_facts = _page_as_data(page) if page else {}
            notes.append({"message": message} | page_facts)
        return {
            "updates": updates,
            "conflicts": [self._conflict_as_data(conflict) for conflict in evaluation.conflicts],
            "proposals": [self._proposal_as_data(proposal) for proposal in evaluation.proposals],
            "notes": notes,
            "requests": self._result.requests,
            "dry_run": self._result.dry_run,
        }

    def changes_by_page(self) -> Iterator[PageChanges]:
        """Yield the changes, page by page."""
        for update in self._result.evaluation.updates:
            changes = []
            # Dicts keep the order and drop repetitions.
            reasons: dict[str, None] = {}
            because: dict[NotionId, None] = {}
            for change in update.changes:
                arrow = self._arrow(update.page, change)
                changes.append((self.title(update.page, change.property), arrow))
                reasons[f"{change.rules[0]}: {change.why}"] = None
                because.update(dict.fromkeys(change.because))
            yield PageChanges(update.page, tuple(changes), tuple(reasons), self.titles(because))

    def notes(self) -> Iterator[tuple[str, SnapshotPage | None]]:
        """Yield what else a person should know, each with its page."""
        for note in self._result.evaluation.notes:
            yield note.message, note.page
        for dropped in self._result.dropped:
            yield f"It {_REASON_IN_WORDS[dropped.reason]} and was not written.", dropped.page
        for (_, key), page in self._result.kept.items():
            value = text(self.readable(page, key, page.values.get(key)))
            title = self.title(page, key)
            yield f"{title} was set to {value} during this sync. The person's value stays.", page
        for vanished in self._result.vanished:
            reason = _REASON_IN_WORDS[vanished.reason]
            yield f"It {reason}. Rules no longer count it.", vanished.page

    def title(self, page: SnapshotPage, key: str) -> str:
        """Return the title of a property, as people see it."""
        return self._wording.title(page.database, key)

    def titles(self, page_ids: Iterable[NotionId]) -> tuple[str, ...]:
        """Return the titles of pages; pages that were not read are left out."""
        pages = [self._pages[page_id] for page_id in page_ids if page_id in self._pages]
        return tuple(page.title or UNTITLED for page in pages)

    def readable(self, page: SnapshotPage, key: str, value: RuleValue) -> Any:
        """Return a value as people read it: an option's name, a number, an ISO date, or None."""
        return self._wording.readable(page, key, value)

    def _arrow(self, page: SnapshotPage, change: Change) -> str:
        before = self.readable(page, change.property, change.before)
        after = text(self.readable(page, change.property, change.after))
        return after if before is None else f"{text(before)} → {after}"

    def _update_as_data(self, update: PageUpdate) -> Iterator[Json]:
        for change in update.changes:
            yield {
                **self._property_as_data(update.page, change.property),
                "from": self.readable(update.page, change.property, change.before),
                "to": self.readable(update.page, change.property, change.after),
                **self._reason_as_data(change.rules, change.why, change.because),
            }

    def _conflict_as_data(self, conflict: Conflict) -> Json:
        return {
            **self._property_as_data(conflict.page, conflict.property),
            "value": self.readable(conflict.page, conflict.property, conflict.value),
            "derived": self.readable(conflict.page, conflict.property, conflict.derived),
            "reason": conflict.reason,
            "new": conflict.new,
            **self._reason_as_data(conflict.rules, conflict.why, conflict.because),
        }

    def _proposal_as_data(self, proposal: Proposal) -> Json:
        return {
            **self._property_as_data(proposal.page, proposal.property),
            "value": self.readable(proposal.page, proposal.property, proposal.value),
            "proposed": self.readable(proposal.page, proposal.property, proposal.proposed),
            **self._reason_as_data((proposal.rule,), proposal.why, proposal.because),
        }

    def _property_as_data(self, page: SnapshotPage, key: str) -> Json:
        return {
            **_page_as_data(page),
            "property": self.title(page, key),
            "address": f"{page.database}.{key}",
        }

    def _reason_as_data(self, rules: Sequence[str], why: str, because: Iterable[NotionId]) -> Json:
        pages = [
            _page_as_data(self._pages[page_id]) for page_id in because if page_id in self._pages
        ]
        return {"rule": ", ".join(rules), "why": why, "because": pages}


def text(value: Any) -> str:
    """Return a readable value as text; a dash when there is none."""
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)


def _page_as_data(page: SnapshotPage) -> Json:
    return {"page": page.id, "title": page.title, "url": page.url}

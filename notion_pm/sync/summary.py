"""What a sync came to, in the words that people read: titles, names of options, numbers, dates."""

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

_WHY = {
    TRASHED: "is in the trash",
    ARCHIVED: "is archived",
    MOVED: "was moved elsewhere",
    UNSHARED: "is no longer shared with the connection",
    GONE: "is in the trash, was moved, or is no longer shared",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One page and what changes on it, for a table: pairs of a property's title and `from -> to`, and why."""

    page: SnapshotPage
    changes: tuple[tuple[str, str], ...]
    whys: tuple[str, ...]
    because: tuple[str, ...]


class SyncReport:
    """Tells about one result."""

    def __init__(self, result: SyncResult) -> None:
        self._result = result
        self._wording = Wording(
            TemplateSchema(result.template.template), result.manifest, result.option_names
        )
        self._pages = {
            id: page for pages in result.snapshot.databases.values() for id, page in pages.items()
        }

    def as_data(self) -> Json:
        """Return everything as one JSON document; its keys are stable."""
        evaluation = self._result.evaluation
        return {
            "updates": [each for update in evaluation.updates for each in self._update(update)],
            "conflicts": [self._conflict(each) for each in evaluation.conflicts],
            "proposals": [self._proposal(each) for each in evaluation.proposals],
            "notes": [
                {"message": text} | (_named(page) if page else {}) for text, page in self.notes()
            ],
            "requests": self._result.requests,
            "dry_run": self._result.dry_run,
        }

    def lines(self) -> Iterator[Line]:
        """Yield the changes, page by page."""
        for update in self._result.evaluation.updates:
            yield Line(
                update.page,
                tuple(
                    (self.title(update.page, each.property), self._arrow(update.page, each))
                    for each in update.changes
                ),
                tuple(dict.fromkeys(f"{each.rules[0]}: {each.why}" for each in update.changes)),
                self.titles(dict.fromkeys(id for each in update.changes for id in each.because)),
            )

    def notes(self) -> Iterator[tuple[str, SnapshotPage | None]]:
        """Yield what a person should know besides."""
        for note in self._result.evaluation.notes:
            yield note.message, note.page
        for dropped in self._result.dropped:
            yield f"It {_WHY[dropped.reason]} and was not written.", dropped.page
        for (_, key), page in self._result.kept.items():
            value = text(self.readable(page, key, page.values.get(key)))
            yield (
                f"{self.title(page, key)} was set to {value} while sync was running: it stays.",
                page,
            )
        for vanished in self._result.vanished:
            yield f"It {_WHY[vanished.reason]}: it counts no more.", vanished.page

    def title(self, page: SnapshotPage, key: str) -> str:
        """Return the title of a property, as people see it."""
        return self._wording.title(page.database, key)

    def titles(self, page_ids: Iterable[NotionId]) -> tuple[str, ...]:
        """Return the titles of pages."""
        return tuple(self._pages[id].title or UNTITLED for id in page_ids if id in self._pages)

    def readable(self, page: SnapshotPage, key: str, value: RuleValue) -> Any:
        """Return a value as a person reads it: an option's name, a number, an ISO date; None when it is empty."""
        return self._wording.readable(page, key, value)

    def _arrow(self, page: SnapshotPage, change: Change) -> str:
        before, after = (
            self.readable(page, change.property, each) for each in (change.before, change.after)
        )
        return text(after) if before is None else f"{text(before)} → {text(after)}"

    def _update(self, update: PageUpdate) -> Iterator[Json]:
        for change in update.changes:
            yield {
                **self._place(update.page, change.property),
                "from": self.readable(update.page, change.property, change.before),
                "to": self.readable(update.page, change.property, change.after),
                **self._reason(change.rules, change.why, change.because),
            }

    def _conflict(self, conflict: Conflict) -> Json:
        return {
            **self._place(conflict.page, conflict.property),
            "value": self.readable(conflict.page, conflict.property, conflict.value),
            "derived": self.readable(conflict.page, conflict.property, conflict.derived),
            "reason": conflict.reason,
            "new": conflict.new,
            **self._reason(conflict.rules, conflict.why, conflict.because),
        }

    def _proposal(self, proposal: Proposal) -> Json:
        return {
            **self._place(proposal.page, proposal.property),
            "value": self.readable(proposal.page, proposal.property, proposal.value),
            "proposed": self.readable(proposal.page, proposal.property, proposal.proposed),
            **self._reason((proposal.rule,), proposal.why, proposal.because),
        }

    def _place(self, page: SnapshotPage, key: str) -> Json:
        return {
            **_named(page),
            "property": self.title(page, key),
            "address": f"{page.database}.{key}",
        }

    def _reason(self, rules: Sequence[str], why: str, because: Iterable[NotionId]) -> Json:
        pages = [_named(self._pages[id]) for id in because if id in self._pages]
        return {"rule": ", ".join(rules), "why": why, "because": pages}


def text(value: Any) -> str:
    """Return a readable value as text; a dash when there is none."""
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)


def _named(page: SnapshotPage) -> Json:
    return {"page": page.id, "title": page.title, "url": page.url}

"""Explain the values of a page that rules set: who set them, and what would change them next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from notion_pm.errors import UsageError
from notion_pm.model.ids import NotionId
from notion_pm.model.number_formats import format_number
from notion_pm.model.snapshot import NoResult, SnapshotPage, same_value
from notion_pm.model.template import NumberProperty
from notion_pm.rules.aggregates import Summand, summands
from notion_pm.rules.history import HistoryChange
from notion_pm.rules.intents import recover_interrupted_writes
from notion_pm.rules.property_explanation import (
    PropertyExplanation,
    explain_properties,
    has_value,
)
from notion_pm.rules.quarantine import LOOK_BACK, Quarantine, detect_flapping
from notion_pm.rules.rule_results import RuleResult
from notion_pm.rules.settle import RULES_DISAGREE, Decision
from notion_pm.rules.view import View
from notion_pm.state.state import State
from notion_pm.sync.snapshot import CurrentPages, read_current_pages
from notion_pm.sync.summary import text
from notion_pm.thread import Chain, Thread
from notion_pm.thread.lookup import find_page, page_not_found
from notion_pm.thread.read_thread import read_thread
from notion_pm.workspace.sync_context import SyncContext, load_workspace

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PropertyAnswer:
    """Why one property has its value.

    `last`: its last change in the history, or None. `edited_since`: a person has changed it since
    the last sync.
    """

    explanation: PropertyExplanation
    last: HistoryChange | None
    edited_since: bool


@dataclass(frozen=True, slots=True)
class PageAnswer:
    """Why the properties of a page have their values, in people's words."""

    page: SnapshotPage
    properties: tuple[PropertyAnswer, ...]
    current: CurrentPages
    requests: int
    view: View

    def as_data(self) -> Json:
        """Return it as JSON data with stable keys."""
        return {
            **_page_as_data(self.page),
            "properties": [self._property_as_data(answer) for answer in self.properties],
            "requests": self.requests,
        }

    def title(self, answer: PropertyAnswer) -> str:
        """Return the title of the property."""
        return self.current.wording.title(self.page.database, answer.explanation.key)

    def readable(self, answer: PropertyAnswer, value: Any) -> Any:
        """Return a value of the property as people read it."""
        return self.current.wording.readable(self.page, answer.explanation.key, value)

    def shown(self, answer: PropertyAnswer, value: Any) -> str:
        """Return a value as text, with numbers as Notion shows them."""
        return text(self._format_number(answer, self.readable(answer, value)))

    def set_by(self, answer: PropertyAnswer) -> str:
        """Return who set the value, and when."""
        if answer.edited_since:
            edited = f"{self.page.last_edited:%Y-%m-%d %H:%M}"
            return f"a person, after the last sync (page edited {edited})"
        last = answer.last
        # The history starts with the first sync, and entries older than two years are deleted.
        if last is None:
            return "unknown: no change since the history begins"
        at = f"{last.at:%Y-%m-%d %H:%M}"
        rules = ", ".join(last.rules)
        if last.actor == "rule":
            return f"{rules or 'a rule, in a run that was interrupted'}, {at}"
        if last.actor == "undo":
            return f"an undo of what {rules or 'a rule'} wrote, {at}"
        return f"a person, {last.edited:%Y-%m-%d %H:%M} (noticed {at})"

    def next(self, answer: PropertyAnswer) -> str:
        """Return what would change the value next."""
        explanation = answer.explanation
        wanted = "nothing"
        if explanation.has_result:
            wanted = self.shown(answer, explanation.wanted)
        match explanation.decision:
            case Decision.WRITE:
                return f"The next sync sets it to {wanted}."
            case Decision.CONFLICT if explanation.quarantined:
                return (
                    f"It stays until the rules want something else than {wanted}, "
                    "or a person sets or empties it."
                )
            case Decision.CONFLICT if explanation.reason == RULES_DISAGREE:
                return (
                    "It stays until the rules agree, "
                    "or the template gives one of them a higher priority."
                )
            case Decision.CONFLICT:
                return (
                    f"The person's value stays. To give it back to the rule, empty it "
                    f"or set it to {wanted}."
                )
            case Decision.LOCKED:
                return (
                    f"The page is locked. After it is unlocked, the next sync sets it to {wanted}."
                )
            case Decision.UNKNOWN_OPTION:
                return (
                    "Its option is not in the template. "
                    "Rules leave it alone until a person chooses another."
                )
            case Decision.UNKNOWN:
                return "A related page could not be read. Share it with the connection."
        if explanation.agrees:
            return "It follows the pages it depends on."
        if explanation.has_result:
            return (
                f"The rules want {wanted}, but do not change it from its present value: "
                "a person decides, or it is further on already."
            )
        return "People set it, until one of its rules applies."

    def pages(self, page_ids: Iterable[NotionId]) -> list[SnapshotPage]:
        """Return pages; those that are gone are left out."""
        pages = [self.current.page(page_id) for page_id in page_ids]
        return [page for page in pages if page is not None]

    def amounts(self, result: RuleResult) -> tuple[Summand, ...]:
        """Return the amounts that a rule adds up, the largest first; none if it adds nothing up."""
        value = result.rule.value
        if value is None or not has_value(result):
            return ()
        return summands(self.view, self.page, value)

    def amount(self, answer: PropertyAnswer, number: float) -> str:
        """Return an amount as Notion shows it."""
        return str(self._format_number(answer, number))

    def result(self, answer: PropertyAnswer, result: RuleResult) -> str:
        """Return what a rule yields, as people read it."""
        if isinstance(result.value, NoResult):
            return result.value.value
        return self.shown(answer, result.value)

    def only(self, wanted: str) -> PageAnswer:
        """Return the answer for one property, given by its title or key. Raises UsageError."""
        chosen = []
        for answer in self.properties:
            names = {answer.explanation.key.casefold(), self.title(answer).casefold()}
            if wanted.casefold() in names:
                chosen.append(answer)
        if not chosen:
            known = ", ".join(self.title(answer) for answer in self.properties) or "none"
            raise UsageError(
                f"No rule sets a property {wanted!r} of this page.",
                f"Rules set these: {known}.",
            )
        return replace(self, properties=tuple(chosen))

    def _format_number(self, answer: PropertyAnswer, value: Any) -> Any:
        """Return a number in the format of its property ($1,010,000); other values unchanged."""
        spec = self.current.rules.schema.spec(self.page.database, answer.explanation.key)
        # In Python True and False are numbers, too.
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if is_number and isinstance(spec, NumberProperty):
            return format_number(spec.format, value)
        return value

    def _property_as_data(self, answer: PropertyAnswer) -> Json:
        explanation = answer.explanation
        # After an edit by a person the last change in the history explains an older value.
        last = None if answer.edited_since else answer.last
        set_by = last.actor if last else None
        return {
            "property": self.title(answer),
            "address": f"{self.page.database}.{explanation.key}",
            "value": self.readable(answer, explanation.value),
            "set_by": "person" if answer.edited_since else set_by,
            "set_at": last.at.isoformat() if last else None,
            "run": last.run if last else None,
            "told": self.set_by(answer),
            "state": "quarantine" if explanation.quarantined else explanation.decision.value,
            "reason": explanation.reason,
            "next": self.next(answer),
            "rules": [self._rule_as_data(answer, result) for result in explanation.results],
        }

    def _rule_as_data(self, answer: PropertyAnswer, result: RuleResult) -> Json:
        amounts = []
        for summand in self.amounts(result):
            through = [_page_as_data(page) for page in summand.through]
            amounts.append(
                {
                    "of": summand.name,
                    "page": summand.page.id,
                    "amount": summand.number,
                    "through": through,
                }
            )
        return {
            "rule": result.rule.name,
            "why": result.rule.spec.why,
            "says": self.readable(answer, result.known_value) if has_value(result) else None,
            "speaks": has_value(result),
            "because": [_page_as_data(page) for page in self.pages(result.causes)],
            "amounts": amounts,
        }


def why(
    context: SyncContext, words: str, wanted: str | None = None, *, template: str | None = None
) -> PageAnswer:
    """Explain the properties of a page that rules set, or only the `wanted` property.

    `words`: the page's link, id, number or title. Costs a request per database where little was
    edited since the last sync. Nothing is written.

    Raises UsageError when the words name no page or several, or no rule sets the wanted property.
    """
    sent_before = context.notion.requests.logical
    today = context.now.date()
    workspace = load_workspace(context, template)
    with State(context.state_home, workspace.loaded.template.template) as state:
        current = read_current_pages(context, state, workspace)
        page = _find_page(context, current, words, template)
        baseline = state.baseline.read()
        # The same inputs as a sync uses, so that the answer is what the next sync will do.
        recovered = recover_interrupted_writes(baseline, state.baseline.intents(), current.snapshot)
        last_runs = state.history.changes_of_last_syncs(LOOK_BACK, besides="")
        quarantine = Quarantine(state.quarantine.read(), detect_flapping(last_runs))
        explanations = explain_properties(
            current.rules, current.snapshot, {**baseline, **recovered}, quarantine, page, today
        )
        last_changes = _last_changes(state.history.changes_of(page.id))
        known = state.pages.read().pages.get(page.database, {}).get(page.id)

    answers = [
        PropertyAnswer(
            explanation,
            last_changes.get(explanation.key),
            _was_edited_since(known, page, explanation.key),
        )
        for explanation in explanations
    ]
    view = View(current.rules.schema, current.snapshot, {}, today)
    requests = context.notion.requests.logical - sent_before
    answer = PageAnswer(page, tuple(answers), current, requests, view)
    return answer if wanted is None else answer.only(wanted)


def _find_page(
    context: SyncContext, current: CurrentPages, words: str, template: str | None
) -> SnapshotPage:
    """Return the page that words name. Raises UsageError.

    A page's number (FEAT-12) is not among the properties that rules read. So if the words fit no
    page here, the thread is read, which has the numbers.
    """
    schema = current.rules.schema
    properties = {
        key: tuple(entry.properties)
        for key, entry in current.workspace.manifest.databases.items()
        if key in schema.template.databases
    }
    thread = Thread(
        Chain(schema, properties), current.snapshot, {}, current.wording, context.now.date()
    )
    page = find_page(thread, words)
    if page is not None:
        return page
    found = find_page(read_thread(context, template).thread, words)
    page = current.page(found.id) if found else None
    if page is None:
        raise page_not_found(thread, words)
    return page


def _last_changes(latest_first: Iterable[HistoryChange]) -> Mapping[str, HistoryChange]:
    """Return the last change of each property."""
    last: dict[str, HistoryChange] = {}
    # setdefault keeps the first change that it sees, which is the latest.
    for change in latest_first:
        last.setdefault(change.property, change)
    return last


def _was_edited_since(known: SnapshotPage | None, page: SnapshotPage, key: str) -> bool:
    """Return whether a value differs from what the last sync read or wrote."""
    return known is not None and not same_value(known.values.get(key), page.values.get(key))


def _page_as_data(page: SnapshotPage) -> Json:
    return {"page": page.id, "title": page.title, "url": page.url}

"""The story of `why`: how a page's properties came to be what they are, and what would change them next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from notion_pm.errors import UsageError
from notion_pm.model.ids import NotionId
from notion_pm.model.number_formats import format_number as number_as_shown
from notion_pm.model.snapshot import NoResult, SnapshotPage, same_value
from notion_pm.model.template import NumberProperty
from notion_pm.rules.aggregates import Summand, summands
from notion_pm.rules.history import HistoryChange
from notion_pm.rules.intents import recover_interrupted_writes
from notion_pm.rules.property_explanation import PropertyExplanation, explain_properties, has_value
from notion_pm.rules.quarantine import LOOK_BACK, Quarantine, detect_flapping
from notion_pm.rules.rule_results import RuleResult
from notion_pm.rules.settle import RULES_DISAGREE, Decision
from notion_pm.rules.view import View
from notion_pm.state.state import State
from notion_pm.sync.snapshot import Look, look
from notion_pm.sync.summary import text
from notion_pm.thread import Chain, Thread
from notion_pm.thread.lookup import find_page, page_not_found
from notion_pm.thread.read_thread import read_thread
from notion_pm.workspace.sync_context import SyncContext, load_workspace

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """Why one property is what it is. `last` is its last change as far as history tells; None: it has not changed."""

    standing: PropertyExplanation
    last: HistoryChange | None
    edited_since: bool


@dataclass(frozen=True, slots=True)
class Why:
    """The answers about one page."""

    page: SnapshotPage
    answers: tuple[Answer, ...]
    looked: Look
    requests: int
    view: View

    def as_data(self) -> Json:
        """Return it as JSON data with stable keys."""
        named = {"page": self.page.id, "title": self.page.title, "url": self.page.url}
        return {
            **named,
            "properties": [self._data(each) for each in self.answers],
            "requests": self.requests,
        }

    def title(self, answer: Answer) -> str:
        """Return what people call the property."""
        return self.looked.wording.title(self.page.database, answer.standing.key)

    def readable(self, answer: Answer, value: Any) -> Any:
        """Return a value of the property as people read it."""
        return self.looked.wording.readable(self.page, answer.standing.key, value)

    def set_by(self, answer: Answer) -> str:
        """Say who set the value, and when."""
        if answer.edited_since:
            return f"a person, after the last sync (page edited {self.page.last_edited:%Y-%m-%d %H:%M})"
        if answer.last is None:
            return "nobody since history is kept"
        when = f"{answer.last.at:%Y-%m-%d %H:%M}"
        match answer.last.actor:
            case "rule":
                return f"{', '.join(answer.last.rules) or 'a rule, in a run that was interrupted'}, {when}"
            case "undo":
                return f"an undo of what {', '.join(answer.last.rules) or 'a rule'} wrote, {when}"
            case _:
                return f"a person, {answer.last.edited:%Y-%m-%d %H:%M} (noticed {when})"

    def next(self, answer: Answer) -> str:
        """Say what would change the value next."""
        standing = answer.standing
        says = self.shown(answer, standing.wanted) if standing.has_result else "nothing"
        match standing.decision:
            case Decision.WRITE:
                return f"The next sync sets it to {says}."
            case Decision.CONFLICT if standing.quarantined:
                return f"It stays until the rules say something else than {says}, or somebody sets or empties it."
            case Decision.CONFLICT if standing.reason == RULES_DISAGREE:
                return "It stays until the rules agree, or the template gives one of them a higher priority."
            case Decision.CONFLICT:
                return f"The person's value stays. Empty it, or set it to {says}, to hand it back to the rule."
            case Decision.LOCKED:
                return f"The page is locked. Unlocked, the next sync sets it to {says}."
            case Decision.UNKNOWN_OPTION:
                return "Its option is none of the template's: rules leave it alone until somebody chooses another."
            case Decision.UNKNOWN:
                return "A related page could not be read: share it with the connection."
        if standing.agrees:
            return "It follows the pages behind it."
        if standing.has_result:
            return f"The rules say {says}, and do not lead it there from what it is: it belongs to people, or is ahead."
        return "It is for people to set, until one of its rules has something to say."

    def pages(self, ids: Iterable[NotionId]) -> list[SnapshotPage]:
        """Return pages that are still there."""
        return [page for id in ids if (page := self.looked.page(id))]

    def amounts(self, answer: Answer, opinion: RuleResult) -> tuple[Summand, ...]:
        """Return the amounts that a rule adds up, the largest first; none where it does not sum."""
        value = opinion.rule.value
        if value is None or not has_value(opinion):
            return ()
        return summands(self.view, self.page, value)

    def amount(self, answer: Answer, number: float) -> str:
        """Return an amount as Notion shows it."""
        return str(self._formatted(answer, number))

    def _formatted(self, answer: Answer, value: Any) -> Any:
        """Return a number in the format of its property, such as $1,010,000; anything else as it is."""
        spec = self.looked.rules.schema.spec(self.page.database, answer.standing.key)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return (
            number_as_shown(spec.format, value)
            if is_number and isinstance(spec, NumberProperty)
            else value
        )

    def shown(self, answer: Answer, value: Any) -> str:
        """Return a value as text, with numbers as Notion shows them."""
        return text(self._formatted(answer, self.readable(answer, value)))

    def says(self, answer: Answer, opinion: RuleResult) -> str:
        """Return what a rule says, as people read it."""
        if isinstance(opinion.value, NoResult):
            return opinion.value.value
        return self.shown(answer, opinion.value)

    def _data(self, answer: Answer) -> Json:
        standing, last = answer.standing, answer.last
        return {
            "property": self.title(answer),
            "address": f"{self.page.database}.{standing.key}",
            "value": self.readable(answer, standing.value),
            "set_by": "person" if answer.edited_since else last.actor if last else None,
            "set_at": last.at.isoformat() if last and not answer.edited_since else None,
            "run": last.run if last and not answer.edited_since else None,
            "told": self.set_by(answer),
            "state": "quarantine" if standing.quarantined else standing.decision.value,
            "reason": standing.reason,
            "next": self.next(answer),
            "rules": [self._rule(answer, each) for each in standing.results],
        }

    def _amount(self, summand: Summand) -> Json:
        through = [
            {"page": each.id, "title": each.title, "url": each.url} for each in summand.through
        ]
        return {
            "of": summand.name,
            "page": summand.page.id,
            "amount": summand.number,
            "through": through,
        }

    def _rule(self, answer: Answer, opinion: RuleResult) -> Json:
        because = [
            {"page": each.id, "title": each.title, "url": each.url}
            for each in self.pages(opinion.causes)
        ]
        return {
            "rule": opinion.rule.name,
            "why": opinion.rule.spec.why,
            "says": self.readable(answer, opinion.known_value) if has_value(opinion) else None,
            "speaks": has_value(opinion),
            "because": because,
            "amounts": [self._amount(each) for each in self.amounts(answer, opinion)],
        }


def why(
    place: SyncContext, words: str, wanted: str | None = None, *, template: str | None = None
) -> Why:
    """Return how the properties of a page stand that rules set; of one property where it is named.

    A request per database where little was edited since the last sync; nothing is written.

    Raises UsageError when the words name no page or several, or the page has no such property that rules set.
    """
    before = place.gateway.requests.logical
    opened = load_workspace(place, template)
    with State(place.state_home, opened.loaded.template.template) as state:
        looked = look(place, state, opened)
        page = _meant(place, looked, words, template)
        baseline = state.baseline.read()
        there = explain_properties(
            looked.rules,
            looked.snapshot,
            {
                **baseline,
                **recover_interrupted_writes(baseline, state.baseline.intents(), looked.snapshot),
            },
            Quarantine(
                state.quarantine.read(),
                detect_flapping(state.history.changes_of_last_syncs(LOOK_BACK, besides="")),
            ),
            page,
            place.now.date(),
        )
        last = _last_changes(state.history.changes_of(page.id))
        known = state.pages.read().pages.get(page.database, {}).get(page.id)
    answers = tuple(
        Answer(each, last.get(each.key), _is_new(known, page, each.key)) for each in there
    )
    view = View(looked.rules.schema, looked.snapshot, {}, place.now.date())
    found = Why(page, answers, looked, place.gateway.requests.logical - before, view)
    return found if wanted is None else _only(found, wanted)


def _meant(place: SyncContext, looked: Look, words: str, template: str | None) -> SnapshotPage:
    """The page that words name. Its number is nothing that rules read: for that the thread is read."""
    there = {key: tuple(each.properties) for key, each in looked.opened.manifest.databases.items()}
    databases = looked.rules.schema.template.databases
    chain = Chain(
        looked.rules.schema, {key: each for key, each in there.items() if key in databases}
    )
    thread = Thread(chain, looked.snapshot, {}, looked.wording, place.now.date())
    if page := find_page(thread, words):
        return page
    found = find_page(read_thread(place, template).thread, words)
    page = looked.page(found.id) if found else None
    if page is None:
        raise page_not_found(thread, words)
    return page


def _last_changes(latest_first: Iterable[HistoryChange]) -> Mapping[str, HistoryChange]:
    last: dict[str, HistoryChange] = {}
    for change in latest_first:
        last.setdefault(change.property, change)
    return last


def _is_new(known: SnapshotPage | None, page: SnapshotPage, key: str) -> bool:
    """Whether a value has changed since the last sync looked."""
    return known is not None and not same_value(known.values.get(key), page.values.get(key))


def _only(found: Why, wanted: str) -> Why:
    chosen = tuple(
        each
        for each in found.answers
        if wanted.casefold() in {each.standing.key.casefold(), found.title(each).casefold()}
    )
    if not chosen:
        known = ", ".join(found.title(each) for each in found.answers) or "none"
        raise UsageError(
            f"Rules set no property {wanted!r} of this page.", f"Those that they set: {known}."
        )
    return Why(found.page, chosen, found.looked, found.requests, found.view)

"""Writing of a sync: one request per changed page, each remembered as soon as it has succeeded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from notion_pm.errors import NotionError, NotShared, RequestRefused
from notion_pm.gateway.notion import Gateway
from notion_pm.model.page import Page
from notion_pm.rules.evaluation import Evaluation, PageUpdate
from notion_pm.rules.exchange import Exchange, names_of_options
from notion_pm.rules.history import Actor, Moment, gone, made
from notion_pm.rules.values import SnapshotPage
from notion_pm.storage.state import State
from notion_pm.workflows.progress import Progress
from notion_pm.workflows.side_by_side import side_by_side
from notion_pm.workflows.sync_absence import UNSHARED, Gone, thrown_away


@dataclass(frozen=True, slots=True)
class Written:
    """What became of the updates: pages that were no longer there, and what the answers tell.

    That is the names of the options that were set, and what Notion's clock said at the first write.
    """

    dropped: tuple[Gone, ...] = ()
    option_names: Mapping[str, str] = field(default_factory=dict)
    began: datetime | None = None


class Writer:
    """Carries out updates."""

    def __init__(
        self,
        gateway: Gateway,
        state: State,
        exchanges: Mapping[str, Exchange],
        moment: Moment,
        *,
        jobs: int,
        progress: Progress,
        actor: Actor = "rule",
    ) -> None:
        self._gateway = gateway
        self._state = state
        self._exchanges = exchanges
        self._moment = moment
        self._actor = actor
        self._jobs = jobs
        self._progress = progress

    def write(self, evaluation: Evaluation) -> Written:
        """Write all updates, some side by side.

        When one fails nothing new is begun; what was written stays remembered, and the first error is raised.
        """
        dropped: list[Gone] = []
        answers: list[Page] = []
        outcomes = side_by_side(self._send, evaluation.updates, self._jobs)
        for done, (update, outcome) in enumerate(outcomes, start=1):
            if isinstance(outcome, Page):
                answers.append(outcome)
                self._remember(update, evaluation)
            else:
                dropped.append(self._forget(update.page, outcome))
            self._progress("Writing", done, len(evaluation.updates))
        began = min((page.last_edited_time for page in answers), default=None)
        return Written(tuple(dropped), names_of_options(answers), began)

    def _send(self, update: PageUpdate) -> Page | str:
        """Send one update; return the page, or why it is not there."""
        values = self._exchanges[update.page.database].write(update.changes)
        try:
            return self._gateway.update_page(update.page.id, values)
        except NotShared:
            return UNSHARED
        except RequestRefused as refused:
            return self._why_refused(update, refused)

    def _why_refused(self, update: PageUpdate, refused: RequestRefused) -> str:
        """A page in the trash refuses to be written; any other refusal is an error."""
        try:
            page = self._gateway.get_page(update.page.id)
        except NotionError:
            raise refused from None
        if reason := thrown_away(page):
            return reason
        raise refused

    def _remember(self, update: PageUpdate, evaluation: Evaluation) -> None:
        page = update.page
        values = {**page.values, **{change.property: change.after for change in update.changes}}
        written, memory = replace(page, values=values), evaluation.baseline.get(page.id, {})
        self._state.keep_written(written, memory, made(self._moment, update, self._actor))

    def _forget(self, page: SnapshotPage, reason: str) -> Gone:
        self._state.forget(page.id, reason, gone(self._moment, page))
        return Gone(page, reason)

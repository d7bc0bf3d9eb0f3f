"""Writing of a sync: one request per changed page, each remembered as soon as it has succeeded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace

from notion_pm.errors import NotionError, NotShared, RequestRefused
from notion_pm.gateway.notion import Gateway
from notion_pm.rules.evaluation import Evaluation, PageUpdate
from notion_pm.rules.exchange import Exchange
from notion_pm.rules.values import SnapshotPage
from notion_pm.storage.state import State
from notion_pm.workflows.progress import Progress
from notion_pm.workflows.sync_reading import GONE, UNSHARED


@dataclass(frozen=True, slots=True)
class Dropped:
    """A page that could not be written because it is no longer there, and why."""

    page: SnapshotPage
    reason: str


class Writer:
    """Carries out updates."""

    def __init__(
        self, gateway: Gateway, state: State, exchanges: Mapping[str, Exchange], *, jobs: int, progress: Progress
    ) -> None:
        self._gateway = gateway
        self._state = state
        self._exchanges = exchanges
        self._jobs = jobs
        self._progress = progress

    def write(self, evaluation: Evaluation) -> tuple[Dropped, ...]:
        """Write all updates, some side by side, and return the pages that are no longer there.

        When one fails nothing new is begun; what was written stays remembered, and the first error is raised.
        """
        updates = evaluation.updates
        dropped: list[Dropped] = []
        first_error: BaseException | None = None
        with ThreadPoolExecutor(self._jobs) as pool:
            futures = {pool.submit(self._send, update): update for update in updates}
            for done, (update, outcome) in enumerate(_outcomes(futures), start=1):
                if isinstance(outcome, BaseException):
                    first_error = first_error or outcome
                    pool.shutdown(wait=False, cancel_futures=True)
                else:
                    dropped += self._remember(update, outcome, evaluation)
                    self._progress("Writing", done, len(updates))
        if first_error:
            raise first_error
        return tuple(dropped)

    def _send(self, update: PageUpdate) -> str:
        """Send one update; return why the page is not there, or nothing."""
        values = self._exchanges[update.page.database].write(update.changes)
        try:
            self._gateway.update_page(update.page.id, values)
        except NotShared:
            return UNSHARED
        except RequestRefused as refused:
            return self._why_refused(update, refused)
        return ""

    def _why_refused(self, update: PageUpdate, refused: RequestRefused) -> str:
        """A page in the trash refuses to be written; any other refusal is an error."""
        try:
            page = self._gateway.get_page(update.page.id)
        except NotionError:
            raise refused from None
        if page.in_trash or page.is_archived:
            return GONE
        raise refused

    def _remember(self, update: PageUpdate, reason: str, evaluation: Evaluation) -> Sequence[Dropped]:
        page = update.page
        if reason:
            self._state.forget(page.id, reason)
            return [Dropped(page, reason)]
        values = {**page.values, **{change.property: change.after for change in update.changes}}
        self._state.keep_written(replace(page, values=values), evaluation.baseline.get(page.id, {}))
        return []


def _outcomes(futures: Mapping[Future[str], PageUpdate]) -> Iterator[tuple[PageUpdate, str | BaseException]]:
    """What became of each update, as it comes; those that were not begun are left out."""
    for future in as_completed(futures):
        try:
            yield futures[future], future.result()
        except CancelledError:
            continue
        except Exception as error:
            yield futures[future], error

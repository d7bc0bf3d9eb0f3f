"""Many clients: their errors stay their own, and a token's budget is one, however many clients it
serves.
"""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from notion_pm.config import Remote
from notion_pm.console.all_clients import continue_with, for_each_client, most_serious
from notion_pm.console.context import Context, Limiters
from notion_pm.console.root_options import RootOptions
from notion_pm.errors import NotionPmError, UnsafeChange, UsageError

_OPTIONS = RootOptions(None, False, "acme", 4, 900, False)


def _clients(count: int) -> list[Context]:
    return [Context(_OPTIONS, lambda close: None) for _ in range(count)]


def test_each_failure_stays_with_its_client() -> None:
    ok, unsafe, broken, missing = _clients(4)
    faults = {
        unsafe: UnsafeChange("Too much.", "Look."),
        broken: KeyError("x"),
        missing: FileNotFoundError(2, "gone"),
    }

    def work(client: Context) -> int | None:
        if client in faults:
            raise faults[client]
        return None

    outcomes = for_each_client([ok, unsafe, broken, missing], work)
    assert [each.exit_code for each in outcomes] == [0, 3, 1, 1]
    assert [each.problem.split(".")[0] for each in outcomes[1:]] == [
        "Too much",
        "Internal error in notion-pm: KeyError (all_clients",
        "The output cannot be used: gone",
    ]
    further = continue_with(outcomes, lambda client, result: (client is ok, result))
    assert further[0].value == (True, None)
    assert [each.error for each in further[1:]] == [each.error for each in outcomes[1:]]
    with pytest.raises(UnsafeChange):
        _ = further[1].value


def test_an_error_is_more_serious_than_what_is_unsafe_and_that_than_changes() -> None:
    assert most_serious([]) == 0
    assert most_serious([0, 2, 0]) == 2
    assert most_serious([2, 4, 0]) == 4
    assert most_serious([4, 3, 2]) == 3
    assert most_serious([0, 3, 1]) == 1


def test_every_error_has_its_place_in_the_order() -> None:
    known = [NotionPmError]
    for kind in known:
        assert most_serious([0, kind.exit_code]) == kind.exit_code
        known += kind.__subclasses__()


def test_a_token_has_one_limiter_with_the_smallest_budget_and_another_token_its_own() -> None:
    limiters = Limiters()
    first = limiters.of(Remote("acme", SecretStr("a"), None), 600)
    assert limiters.of(Remote("globex", SecretStr("a"), None), 2) is first
    assert limiters.of(Remote("initech", SecretStr("b"), None), 600) is not first
    first.acquire()
    first.acquire()
    assert first._try_to_spend() > 0


def test_all_is_refused_beside_a_single_workspace() -> None:
    with pytest.raises(UsageError, match="--all"):
        _clients(1)[0].all_clients()

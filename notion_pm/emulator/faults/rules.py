"""Fault rules, which strike chosen requests, and rate limits. All pure.

The fields are settings that users write, in files and after `--weather`: they keep their names.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from random import Random
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from notion_pm.emulator.behaviour import Behaviour

Trouble = Literal[409, 429, 500, 502, 503, 504, 529, "dropped", "slow", "repeated"]
# With 409, 429 and 529 Notion says that nothing was done. A slow or repeated request is answered.
NEVER_AFTER = (409, 429, 529, "slow", "repeated")
_WITH_RETRY_AFTER = (429, 503, 529)


def _split_methods(value: object) -> object:
    return tuple(value.upper().split(",")) if isinstance(value, str) else value


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Rule(_Strict):
    """One fault, and the requests that it strikes.

    A rule counts the requests that match `methods` and `path`. It skips the first `skip` of them,
    then considers the next `first` (without `first`: at all that follow). Of these it strikes every
    `every`th one, each with `probability`.
    """

    trouble: Trouble
    when: Literal["before", "after"] = "before"
    """Whether the fault comes before or after the work of the request is done."""
    methods: Annotated[
        tuple[Literal["GET", "POST", "PATCH", "PUT", "DELETE"], ...],
        BeforeValidator(_split_methods),
    ] = ()
    path: str = "*"
    """A shell pattern for the path without its query: `/v1/pages/*`. A star matches slashes too."""
    skip: int = Field(0, ge=0)
    first: int | None = Field(None, ge=0)
    every: int = Field(1, ge=1)
    probability: float = Field(1, ge=0, le=1)
    retry_after: int | None = Field(None, ge=0)
    """Seconds to wait, for 429, 503 and 529."""
    reason: str = "public_api_request_rate_limit"
    seconds: float = Field(0, ge=0)
    """How long the answer is delayed. For `slow`: the longest delay, drawn for each answer."""

    answer: Literal["first", "second"] | None = None
    """For `repeated`: which of the two answers the client gets. By default the second."""

    @model_validator(mode="after")
    def _check_combination(self) -> Self:
        if self.when == "after" and self.trouble in NEVER_AFTER:
            raise ValueError(f"{self.trouble} cannot come after the work: it loses no answer")
        if self.retry_after is not None and self.trouble not in _WITH_RETRY_AFTER:
            raise ValueError(f"{self.trouble} has no retry_after")
        if self.answer is not None and self.trouble != "repeated":
            raise ValueError(f"{self.trouble} has no answer to choose")
        if self.trouble == "slow" and not self.seconds:
            raise ValueError("slow needs seconds")
        return self

    def is_about(self, method: str, path: str) -> bool:
        """Return whether the rule counts a request."""
        matches_method = not self.methods or method in self.methods
        return matches_method and fnmatchcase(path, self.path)

    def strikes(self, number: int, chance: Random) -> bool:
        """Return whether the rule strikes the `number`th (from 1) request that it counts."""
        position = number - self.skip
        if position < 1:
            return False
        if self.first is not None and position > self.first:
            return False
        if position % self.every:
            return False
        return self.probability == 1 or chance.random() < self.probability


class Limits(_Strict):
    """How many requests are allowed in a fixed window of time (notion-api.md 4.1)."""

    connection: int | None = Field(None, ge=1)
    workspace: int | None = Field(None, ge=1)
    connection_seconds: int = Field(60, ge=1)
    workspace_seconds: int = Field(60, ge=1)


class Faults(_Strict):
    """Limits, rules and behaviour. With the same seed the same requests meet the same faults."""

    seed: int = 0
    limits: Limits = Limits()
    rules: tuple[Rule, ...] = ()
    behaviour: Behaviour = Behaviour()

    def chance(self, rule: int, number: int) -> Random:
        """Return the randomness of one rule's decision on one request.

        It depends on nothing else, so that adding a rule does not change what the others do.
        """
        return Random(f"{self.seed}/{rule}/{number}")  # noqa: S311 - repeatable on purpose


NO_FAULTS = Faults()

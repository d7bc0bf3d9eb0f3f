"""What weather is made of: rules that strike chosen requests, and limits on how many there may be. All pure."""

from __future__ import annotations

from fnmatch import fnmatchcase
from random import Random
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from notion_pm.emulator.behaviour import Behaviour

Trouble = Literal[409, 429, 500, 502, 503, 504, 529, "dropped", "slow", "repeated"]
NEVER_AFTER = (
    409,
    429,
    529,
    "slow",
    "repeated",
)  # these say that nothing was done, or something twice
_WAITING = (429, 503, 529)


def _split(value: object) -> object:
    return tuple(value.upper().split(",")) if isinstance(value, str) else value


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Rule(_Strict):
    """One trouble, and which requests it strikes.

    A rule counts the requests that it is about (`methods`, `path`). After `skip` of them it strikes the next `first`
    (without: all), of those every `every`th, and of those each with `probability`.
    """

    trouble: Trouble
    when: Literal["before", "after"] = "before"
    """Whether the request's work was done when the trouble comes."""
    methods: Annotated[
        tuple[Literal["GET", "POST", "PATCH", "PUT", "DELETE"], ...], BeforeValidator(_split)
    ] = ()
    path: str = "*"
    """A pattern as of shells, for the path without its query: `/v1/pages/*`. A star passes slashes too."""
    skip: int = Field(0, ge=0)
    first: int | None = Field(None, ge=0)
    every: int = Field(1, ge=1)
    probability: float = Field(1, ge=0, le=1)
    retry_after: int | None = Field(None, ge=0)
    """Seconds to wait, for 429, 503 and 529."""
    reason: str = "public_api_request_rate_limit"
    seconds: float = Field(0, ge=0)
    """How long the answer is held back; of a `slow` rule, each answer a different part of it, the whole at most."""

    answer: Literal["first", "second"] | None = None
    """Of `repeated`: which of the two answers the client gets; the second one by default."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.when == "after" and self.trouble in NEVER_AFTER:
            raise ValueError(f"{self.trouble} cannot come after the work: it loses no answer")
        if self.retry_after is not None and self.trouble not in _WAITING:
            raise ValueError(f"{self.trouble} has no retry_after")
        if self.answer is not None and self.trouble != "repeated":
            raise ValueError(f"{self.trouble} has no answer to choose")
        if self.trouble == "slow" and not self.seconds:
            raise ValueError("slow needs seconds")
        return self

    def is_about(self, method: str, path: str) -> bool:
        """Return whether the rule counts a request."""
        return (not self.methods or method in self.methods) and fnmatchcase(path, self.path)

    def strikes(self, number: int, chance: Random) -> bool:
        """Return whether the rule strikes the request of this number (from 1) among those that it is about."""
        place = number - self.skip
        if place < 1 or (self.first is not None and place > self.first) or place % self.every:
            return False
        return self.probability == 1 or chance.random() < self.probability


class Limits(_Strict):
    """How many requests there may be in a fixed window of time (notion-api.md 4.1)."""

    connection: int | None = Field(None, ge=1)
    workspace: int | None = Field(None, ge=1)
    connection_seconds: int = Field(60, ge=1)
    workspace_seconds: int = Field(60, ge=1)


class Weather(_Strict):
    """Limits, rules and behaviour; with the same seed the same requests meet the same troubles."""

    seed: int = 0
    limits: Limits = Limits()
    rules: tuple[Rule, ...] = ()
    behaviour: Behaviour = Behaviour()

    def chance(self, rule: int, number: int) -> Random:
        """Return the randomness of one rule's decision on one request, whatever else happens."""
        return Random(f"{self.seed}/{rule}/{number}")  # noqa: S311 - repeatable on purpose


CALM = Weather()

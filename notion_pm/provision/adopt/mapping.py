"""A mapping: which of a client's databases, properties and options are those that a template asks for."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

_STRICT = ConfigDict(extra="forbid", frozen=True)


class DatabaseMapping(BaseModel):
    """One database, in the client's words. What is empty is added by the template.

    `seen` marks what the database looked like: a mapping that was made of another is stale.
    """

    model_config = _STRICT

    database: str
    seen: str
    properties: dict[str, str | None] = Field(default_factory=dict)
    options: dict[str, dict[str, str | None]] = Field(default_factory=dict)


class Mapping(BaseModel):
    """A whole mapping file. `adopt` is the template: a shipped name or a path; databases that are empty are made."""

    model_config = _STRICT

    adopt: str
    databases: dict[str, DatabaseMapping | None]

"""Words for what is wrong with settings."""

from __future__ import annotations


def without_prefix(message: str) -> str:
    """Return a message of pydantic without what it adds to ours."""
    return message.removeprefix("Value error, ")

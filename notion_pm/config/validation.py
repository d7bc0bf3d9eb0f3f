"""Texts about invalid settings."""

from __future__ import annotations


def without_prefix(message: str) -> str:
    """Return a message of pydantic without the prefix that it adds to our own texts."""
    return message.removeprefix("Value error, ")

"""One finding of `doctor`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One finding with its next step.

    `ok` None: unknown, or only a note.
    """

    name: str
    ok: bool | None
    detail: str
    advice: str = ""

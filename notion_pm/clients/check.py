"""What `doctor` finds: one thing that is in place, or is not, and the next step."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. `ok` None: could not be told, or nothing to worry about."""

    name: str
    ok: bool | None
    detail: str
    advice: str = ""

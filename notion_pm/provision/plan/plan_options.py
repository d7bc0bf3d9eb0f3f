"""What a person wants of a plan beyond what the template says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What to do beyond the template.

    `with_rows` None: as at the first apply. `prune` removes what the template no longer has, but for databases and
    rows. `reset_titles` gives databases and properties the template's titles again. `downgrade` permits a version of
    the template that is older than the recorded one.
    """

    with_rows: bool | None = None
    prune: bool = False
    reset_titles: bool = False
    downgrade: bool = False


DEFAULT_PLAN_OPTIONS = PlanOptions()
"""The template as it is, and nothing beyond it."""

"""What a person wants from a plan beyond what the template says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What to do beyond the template.

    `with_rows`: write starter rows; None keeps to the choice of the first apply. `prune`: remove
    what the template no longer has, except databases and rows. `reset_titles`: give databases,
    properties and options the template's names again. `downgrade`: accept a template older than the
    one applied.
    """

    with_rows: bool | None = None
    prune: bool = False
    reset_titles: bool = False
    downgrade: bool = False


DEFAULT_PLAN_OPTIONS = PlanOptions()
"""The template as it is, and nothing beyond it."""

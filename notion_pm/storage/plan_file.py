"""Plan files: what `plan -o` writes and `apply` carries out, if nothing has moved since."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from notion_pm.errors import UsageError
from notion_pm.files import write_shared
from notion_pm.planning.plan import Plan
from notion_pm.planning.wishes import Wishes
from notion_pm.safe_read import TABLE_LIMIT, read_bytes

SUFFIX = ".json"


class PlanFile(BaseModel):
    """A plan that was looked at: how to make it again, and the plan itself as people and programs read it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1] = 1
    reference: str = Field(description="The template: a shipped name, or a path from where the plan was made.")
    variables: dict[str, str]
    with_rows: bool | None
    prune: bool
    reset_titles: bool
    allow_lossy: bool
    force: bool
    checksum: str
    plan: dict[str, Any]

    @property
    def wishes(self) -> Wishes:
        """What was wished for."""
        return Wishes(self.with_rows, self.prune, self.reset_titles)


def of(plan: Plan, reference: str, variables: Mapping[str, str], *, allow_lossy: bool, force: bool) -> PlanFile:
    """Return the file of a plan, with what is needed to make it again."""
    return PlanFile(
        reference=reference,
        variables=dict(variables),
        with_rows=plan.wishes.with_rows,
        prune=plan.wishes.prune,
        reset_titles=plan.wishes.reset_titles,
        allow_lossy=allow_lossy,
        force=force,
        checksum=plan.checksum,
        plan=plan.as_data(),
    )


def write(path: Path, planned: PlanFile) -> None:
    """Write a plan file.

    Raises FileUnusable.
    """
    write_shared(path, planned.model_dump_json(indent=2) + "\n")


def read(path: Path) -> PlanFile:
    """Read a plan file.

    Raises UsageError when it is none, FileUnusable when it cannot be read.
    """
    try:
        return PlanFile.model_validate_json(read_bytes(path, limit=TABLE_LIMIT))
    except ValidationError:
        advice = "Write one with  notion-pm plan TEMPLATE -o plan.json"
        raise UsageError(f"{path} is not a plan that this version of notion-pm wrote.", advice) from None

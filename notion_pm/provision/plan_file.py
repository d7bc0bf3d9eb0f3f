"""Plan files: what `plan -o` writes, and `apply` carries out if nothing has changed since.

`apply` never carries out what a file says. It makes the plan again from the template and the
workspace, and compares. What only the file can say, such as `allow_lossy`, is covered by its seal.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from hmac import compare_digest
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from notion_pm.errors import UsageError
from notion_pm.files.safe_read import TABLE_LIMIT, read_bytes
from notion_pm.files.writing import require_folder, write_shared
from notion_pm.provision.plan.plan import Plan
from notion_pm.provision.plan.plan_options import PlanOptions

SUFFIX = ".json"


class PlanFile(BaseModel):
    """A reviewed plan: how to make it again, and the plan as people and programs read
    it.

    The seal covers every field, also those that later versions add.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[2] = 2
    reference: str = Field(
        description="The template: a shipped name, or a path from where the plan was made."
    )
    variables: dict[str, str]
    with_rows: bool | None
    prune: bool
    reset_titles: bool
    downgrade: bool = False
    allow_lossy: bool
    force: bool
    checksum: str
    plan: dict[str, Any]
    seal: str = ""

    @property
    def options(self) -> PlanOptions:
        """The options that the plan was made with."""
        return PlanOptions(self.with_rows, self.prune, self.reset_titles, self.downgrade)

    @property
    def given_consents(self) -> tuple[str, ...]:
        """The options of `apply` that the file includes."""
        consents = []
        if self.allow_lossy:
            consents.append("--allow-lossy")
        if self.force:
            consents.append("--force")
        return tuple(consents)

    def is_unedited(self, plan: Plan) -> bool:
        """Whether the file is unchanged. `plan` is the same plan, made again."""
        return compare_digest(self.seal, self._compute_seal(plan))

    def with_seal(self, plan: Plan) -> PlanFile:
        """Return the file with its seal."""
        return self.model_copy(update={"seal": self._compute_seal(plan)})

    def _compute_seal(self, plan: Plan) -> str:
        """Return a checksum of the whole file, keyed with the fingerprint of the plan's input.

        That fingerprint depends on the workspace and is not in the file. So only people who
        can read the workspace can write a file that is accepted.
        """
        content = json.dumps(self.model_dump(mode="json", exclude={"seal"}), sort_keys=True)
        return hmac.new(plan.input_fingerprint.encode(), content.encode(), "sha256").hexdigest()


def make_plan_file(
    plan: Plan, reference: str, variables: Mapping[str, str], *, allow_lossy: bool, force: bool
) -> PlanFile:
    """Return the file of a plan, with what is needed to make the plan again."""
    # The seal covers all other fields, so it is computed last.
    unsealed = PlanFile(
        reference=reference,
        variables=dict(variables),
        with_rows=plan.options.with_rows,
        prune=plan.options.prune,
        reset_titles=plan.options.reset_titles,
        downgrade=plan.options.downgrade,
        allow_lossy=allow_lossy,
        force=force,
        checksum=plan.checksum,
        plan=plan.as_data(),
    )
    return unsealed.with_seal(plan)


def write_plan_file(path: Path, planned: PlanFile) -> None:
    """Write a plan file.

    Raises FileUnusable.
    """
    require_folder(path)
    write_shared(path, planned.model_dump_json(indent=2) + "\n")


def read_plan_file(path: Path) -> PlanFile:
    """Read a plan file.

    Raises UsageError if it is not one, FileUnusable if it cannot be read.
    """
    try:
        return PlanFile.model_validate_json(read_bytes(path, limit=TABLE_LIMIT))
    except ValidationError:
        raise UsageError(
            f"{path} is not a plan that this version of notion-pm wrote.",
            "Write one with  notion-pm plan TEMPLATE -o plan.json",
        ) from None

"""Where a client's workspace stands: which version it has, what would change, and what its people made their own."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from notion_pm.model.ids import NotionId
from notion_pm.model.state_home import StateHome
from notion_pm.notion.client import NotionClient
from notion_pm.provision import provision
from notion_pm.provision.plan.plan import Plan


@dataclass(frozen=True, slots=True)
class Standing:
    """One client. `version` is the one that was applied, `wanted` the template's; `problem` is why nothing is known.

    `drift` counts what people made otherwise and what the template no longer has: it is respected, and told by `plan`.
    `at_work`: the runs whose claims are on the record page.
    """

    client: str
    template: str = ""
    version: int | None = None
    wanted: int | None = None
    changes: int = 0
    lossy: int = 0
    blocked: int = 0
    drift: int = 0
    requests: int = 0
    problem: str = ""
    at_work: tuple[str, ...] = ()

    @property
    def word(self) -> str:
        """The state in a word or two."""
        if self.problem:
            return "failed"
        if self.version is None:
            return "not applied"
        if self.blocked or self.lossy:
            return "look twice"
        return "behind" if self.changes else "up to date"

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON data with stable keys."""
        return {"client": self.client, "state": self.word} | asdict(self)


def standing(
    gateway: NotionClient,
    parent_id: NotionId,
    client: str,
    reference: str | None,
    *,
    jobs: int = 4,
    home: StateHome | None = None,
) -> Standing:
    """Compare a client's workspace with a template; without one with the shipped one that was applied there.

    Raises UsageError when nothing was applied and no template is named, or what planning raises.
    """
    reading, plan = provision.plan_workspace(gateway, parent_id, reference, jobs=jobs, home=home)
    manifest = reading.existing.manifest
    found = _of(client, plan, manifest.version if manifest else None)
    claims = reading.page.claims if reading.page else ()
    return replace(
        found, at_work=tuple(f"{claim}, expires at {claim.expires_at}" for claim in claims)
    )


def _of(client: str, plan: Plan, version: int | None) -> Standing:
    return Standing(
        client,
        plan.template,
        version,
        plan.version,
        changes=len(plan.changes),
        lossy=len(plan.of_class("lossy")),
        blocked=len(plan.of_class("blocked")),
        drift=len(plan.notes),
        requests=plan.requests,
    )

"""The status of a client: its template version, what apply would change, and its own edits."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from notion_pm.model.ids import NotionId
from notion_pm.model.state_home import StateHome
from notion_pm.notion.client import NotionClient
from notion_pm.provision import provision
from notion_pm.provision.plan.plan import Plan


@dataclass(frozen=True, slots=True)
class ClientStatus:
    """The status of one client.

    `version`: the applied version. `wanted`: the version of the template. `problem`: why the rest
    is unknown. `drift`: the number of things that people changed or that the template no longer
    has; apply keeps them. `at_work`: the runs with a claim on the record page.
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
        """The state in one or two words."""
        if self.problem:
            return "failed"
        if self.version is None:
            return "not applied"
        # Before "behind": a person has to look at these changes before an apply.
        if self.blocked or self.lossy:
            return "look twice"
        return "behind" if self.changes else "up to date"

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON data with stable keys."""
        return {"client": self.client, "state": self.word} | asdict(self)


def read_client_status(
    notion: NotionClient,
    parent_id: NotionId,
    client: str,
    reference: str | None,
    *,
    jobs: int = 4,
    home: StateHome | None = None,
) -> ClientStatus:
    """Compare a client's workspace with a template, by default with the applied one.

    Raises UsageError when no template is named and none was applied, and what planning raises.
    """
    reading, plan = provision.plan_workspace(notion, parent_id, reference, jobs=jobs, home=home)
    manifest = reading.existing.manifest
    status = _status_of(client, plan, manifest.version if manifest else None)
    # Also for a workspace whose plan is empty: a run that is at work may be about to change it.
    claims = reading.page.claims if reading.page else ()
    at_work = tuple(f"{claim}, expires at {claim.expires_at}" for claim in claims)
    return replace(status, at_work=at_work)


def _status_of(client: str, plan: Plan, version: int | None) -> ClientStatus:
    return ClientStatus(
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

"""What a plan was made from, as one mark: when the template or what exists has moved since, the mark is another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic_core import to_jsonable_python

from notion_pm.model.existing import Existing
from notion_pm.model.template import LoadedTemplate
from notion_pm.provision.plan.fingerprint import fingerprint


def compute_input_fingerprint(
    desired: LoadedTemplate, existing: Existing, options: Mapping[str, Any]
) -> str:
    """Return the mark of a template with its variables and files, of what exists, and of what was wished for."""
    template = desired.model_dump(mode="json", exclude={"source"})  # wherever the file lies
    found = [existing.manifest, existing.databases, sorted(existing.lost), existing.bound]
    return fingerprint([template, to_jsonable_python(found), dict(options)])

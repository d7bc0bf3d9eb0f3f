"""Notion's own errors: every refusal of the local workspace is one of these.

Codes and messages follow developers.notion.com (status codes) and answers recorded from the real service.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(eq=False)  # not frozen: Python itself sets an exception's traceback
class ApiError(Exception):
    """A request that Notion refuses, with all that its error body says."""

    status: int
    code: str
    message: str
    additional_data: Mapping[str, Any] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """Return the error body, without the request id."""
        body = {
            "object": "error",
            "status": self.status,
            "code": self.code,
            "message": self.message,
        }
        return (
            {**body, "additional_data": dict(self.additional_data)}
            if self.additional_data
            else body
        )


def shown(value: object) -> str:
    """Write a value as Notion's validation messages do: JSON in backticks, and `undefined` for what is absent."""
    return f"`{'undefined' if value is ABSENT else json.dumps(value, ensure_ascii=False)}`"


ABSENT = object()


def validation_error(message: str, **additional_data: object) -> ApiError:
    """Make the 400 that says what is wrong with a request."""
    return ApiError(400, "validation_error", message, additional_data)


def body_error(path: str, expectation: str, value: object = ABSENT) -> ApiError:
    """Make the 400 for one value: `body failed validation: body.parent should be defined, instead was `undefined`.`

    Where the value stands is the first word of its path: body, query or path.
    """
    place = path.partition(".")[0].partition("[")[0]
    return validation_error(
        f"{place} failed validation: {path} should be {expectation}, instead was {shown(value)}."
    )


def invalid_json() -> ApiError:
    """Make the 400 for a body that is no JSON object."""
    return ApiError(400, "invalid_json", "Error parsing JSON body.")


def invalid_request_url() -> ApiError:
    """Make the 400 for an unknown path or method."""
    return ApiError(400, "invalid_request_url", "Invalid request URL.")


def unauthorized() -> ApiError:
    """Make the 401 for a missing or wrong token."""
    return ApiError(401, "unauthorized", "API token is invalid.")


def object_not_found(kind: str, notion_id: str, integration: Mapping[str, str]) -> ApiError:
    """Make the 404 for an object that is missing or not shared; `integration` has its `id` and `name`."""
    message = (
        f"Could not find {kind} with ID: {notion_id}. Make sure the relevant pages and databases are shared "
        f'with your integration "{integration["name"]}".'
    )
    return ApiError(404, "object_not_found", message, {"integration_id": integration["id"]})


def wrong_kind(notion_id: str, kind: str, wanted: str) -> ApiError:
    """Make the 400 for a database's id where a page's is wanted, and the other way round."""
    advice = f"Use the retrieve {kind} API instead: https://developers.notion.com/reference/retrieve-a-{kind}"
    return validation_error(f"Provided ID {notion_id} is a {kind}, not a {wanted}. {advice}")


def archived_block() -> ApiError:
    """Make the 400 for an edit of something in the trash."""
    return validation_error(
        "Can't edit block that is archived. You must unarchive the block before editing."
    )


def archived_ancestor() -> ApiError:
    """Make the 400 for an edit of something that stands below something in the trash (measured)."""
    return validation_error(
        "Can't edit page on block with an archived ancestor. You must unarchive the ancestor before editing page."
    )


def linked_database(database_id: str, *, status: int) -> ApiError:
    """Make the error for a block that only shows a data source of another database (ultimate-notion #110)."""
    if status == 404:
        message = f"Database with ID {database_id} does not contain any data sources accessible by this API bot."
        return ApiError(404, "object_not_found", message)
    advice = "Database retrievals do not support linked databases."
    return validation_error(f"Database with ID {database_id} is a linked database. {advice}")


def multiple_sources(database_id: str, data_source_ids: Sequence[str]) -> ApiError:
    """Make the 400 for a database that stands for one data source and has several (notion-api.md 1.1)."""
    message = "Databases with multiple data sources are not supported in this API version."
    return validation_error(
        message,
        error_type="multiple_data_sources_for_database",
        database_id=database_id,
        child_data_source_ids=list(data_source_ids),
        minimum_api_version="2025-09-03",
    )

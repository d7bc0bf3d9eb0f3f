"""Notion's own errors. Everything that the local workspace refuses gets one of these.

Codes and messages follow developers.notion.com (status codes) and recorded answers of the service.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(eq=False)  # not frozen: Python itself sets an exception's traceback
class ApiError(Exception):
    """A request that Notion refuses, with the content of its error body."""

    status: int
    code: str
    message: str
    additional_data: Mapping[str, Any] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """Return the error body, without the request id."""
        body: dict[str, Any] = {
            "object": "error",
            "status": self.status,
            "code": self.code,
            "message": self.message,
        }
        if self.additional_data:
            body["additional_data"] = dict(self.additional_data)
        return body


ABSENT = object()


def quote_value(value: object) -> str:
    """Write a value as Notion's messages do: JSON in backticks; `undefined` if it is ABSENT."""
    text = "undefined" if value is ABSENT else json.dumps(value, ensure_ascii=False)
    return f"`{text}`"


def validation_error(message: str, **additional_data: object) -> ApiError:
    """Return the 400 that says what is wrong with a request."""
    return ApiError(400, "validation_error", message, additional_data)


def body_error(path: str, expectation: str, value: object = ABSENT) -> ApiError:
    """Return the 400 for one wrong value.

    Example: body failed validation: body.parent should be defined, instead was `undefined`.
    The message begins with the first word of the value's path: body, query or path.
    """
    part = path.partition(".")[0].partition("[")[0]
    return validation_error(
        f"{part} failed validation: {path} should be {expectation}, "
        f"instead was {quote_value(value)}."
    )


def invalid_json() -> ApiError:
    """Return the 400 for a body that is not a JSON object."""
    return ApiError(400, "invalid_json", "Error parsing JSON body.")


def invalid_request_url() -> ApiError:
    """Return the 400 for an unknown path or method."""
    return ApiError(400, "invalid_request_url", "Invalid request URL.")


def invalid_token() -> ApiError:
    """Return the 401 for a missing or wrong token."""
    return ApiError(401, "unauthorized", "API token is invalid.")


def object_not_found(kind: str, notion_id: str, integration: Mapping[str, str]) -> ApiError:
    """Return the 404 for an object that is missing or not shared.

    `integration` has the `id` and the `name` of the integration that asked.
    """
    message = (
        f"Could not find {kind} with ID: {notion_id}. Make sure the relevant pages and databases "
        f'are shared with your integration "{integration["name"]}".'
    )
    return ApiError(404, "object_not_found", message, {"integration_id": integration["id"]})


def wrong_kind(notion_id: str, kind: str, wanted: str) -> ApiError:
    """Return the 400 for the id of a database where a page is wanted, or the reverse."""
    return validation_error(
        f"Provided ID {notion_id} is a {kind}, not a {wanted}. "
        f"Use the retrieve {kind} API instead: "
        f"https://developers.notion.com/reference/retrieve-a-{kind}"
    )


def archived_block() -> ApiError:
    """Return the 400 for an edit of something in the trash."""
    return validation_error(
        "Can't edit block that is archived. You must unarchive the block before editing."
    )


def archived_ancestor() -> ApiError:
    """Return the 400 for an edit of something inside a page or block in the trash (measured)."""
    return validation_error(
        "Can't edit page on block with an archived ancestor. "
        "You must unarchive the ancestor before editing page."
    )


def linked_database(database_id: str, *, status: int) -> ApiError:
    """Return the error for a linked database, which only shows another one's data source.

    Both statuses were seen: 404 here, 400 in ultimate-notion #110.
    """
    if status == 404:
        message = (
            f"Database with ID {database_id} does not contain any data sources "
            "accessible by this API bot."
        )
        return ApiError(404, "object_not_found", message)
    advice = "Database retrievals do not support linked databases."
    return validation_error(f"Database with ID {database_id} is a linked database. {advice}")


def multiple_sources(database_id: str, data_source_ids: Sequence[str]) -> ApiError:
    """Return the 400 for a database that should have one data source (notion-api.md 1.1)."""
    message = "Databases with multiple data sources are not supported in this API version."
    return validation_error(
        message,
        error_type="multiple_data_sources_for_database",
        database_id=database_id,
        child_data_source_ids=list(data_source_ids),
        minimum_api_version="2025-09-03",
    )

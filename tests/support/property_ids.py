"""Which form the ids of properties have in recorded traffic."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


def decoded_ids_in(traffic: Path) -> tuple[list[str], int]:
    """Return the requests that name a property by its decoded id, and how many name one by its id
    as received.

    Known are the ids that answers hold anywhere. An id that reads the same in both forms proves
    nothing.
    """
    exchanges = [json.loads(line) for line in traffic.read_text().splitlines()]
    known: set[str] = set()
    for exchange in exchanges:
        known |= set(_ids_in_schemas(exchange["response"]))
    telling = {each for each in known if unquote(each) != each}
    decoded = {unquote(each) for each in telling}
    wrong, right = [], 0
    for exchange in exchanges:
        texts = set(_texts(exchange["request"]))
        url = urlsplit(exchange["path"])
        # In a query string an id is encoded once, so that reading the query string must give the
        # decoded form.
        queried = {
            value for key, value in parse_qsl(url.query) if key.startswith("filter_properties")
        }
        if texts & decoded or queried & telling:
            wrong.append(
                f"{exchange['method']} {exchange['path']} {json.dumps(exchange['request'])[:300]}"
            )
        right += bool(texts & telling or queried & decoded)
    return wrong, right


def _ids_in_schemas(answer: Any) -> Iterator[str]:
    """Yield the ids of properties in data sources and pages, in the form in which they are
    received.
    """
    if isinstance(answer, list):
        for each in answer:
            yield from _ids_in_schemas(each)
    elif isinstance(answer, dict):
        if answer.get("object") in {"data_source", "page"}:
            yield from (each["id"] for each in answer.get("properties", {}).values())
        yield from _ids_in_schemas(answer.get("results"))


def _texts(request: Any) -> Iterator[str]:
    """Yield all keys and texts of a request's body, but what people wrote: texts of more than an
    id's length.
    """
    if isinstance(request, str):
        yield request
    elif isinstance(request, list):
        for each in request:
            yield from _texts(each)
    elif isinstance(request, dict):
        for key, value in request.items():
            yield key
            yield from _texts(value)

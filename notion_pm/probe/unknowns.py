"""What no public source says about Notion, and how notion-pm does without it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unknown:
    """An open question. `local`: what the local workspace does. `statement`: which one a probe answers it with."""

    question: str
    local: str
    notion_pm: str
    statement: str = ""


UNKNOWNS = (
    Unknown(
        "`in_trash` of a row of a trashed database",
        "true",
        "asks the database",
        "trash.row-of-trashed-database",
    ),
    Unknown(
        "whether bodies take decoded property ids",
        "refused",
        "sends ids as received, and names where Notion refuses one that exists",
        "ids.decoded-refused",
    ),
    Unknown(
        "whether a two-way relation gets the name that was sent for its far side",
        "yes",
        "finds the far side by its id, and renames it",
        "relations.synced-name-honoured",
    ),
    Unknown(
        "how soon another connection sees an append",
        "at once, or after `read_lag` seconds",
        "waits before it reads the claims of others, and reads them again before its first write",
        "locks.two-connections-at-once",
    ),
    Unknown(
        "in which order blocks of two connections are listed",
        "as sent, or the other way (`append_order`)",
        "orders claims by their time and id, never by their place",
        "locks.two-connections-order-sent",
    ),
    Unknown(
        "how soon a query shows what was written",
        "at once, or after `query_lag` seconds",
        "reads pages by their ids again before it writes them",
        "queries.edit-found",
    ),
    Unknown(
        "which option takes over the pages of a removed status option",
        "the last one that is left, or the default (`removed_status`)",
        "moves the pages itself before it removes an option",
    ),
    Unknown(
        "what a conversion does to `email`, `phone_number` and `files`",
        "as `url`; nothing is kept of files",
        "counts what is not known to be kept as lost; refuses files",
    ),
    Unknown(
        "whether the mirror stays when a two-way relation leads elsewhere",
        "it goes",
        "plans this as lossy",
    ),
    Unknown("an empty text in `email` and `phone_number`", "it clears", "sends null"),
    Unknown(
        "an icon that names a custom emoji which is not there",
        "it is taken with the name and picture that the request gives it; without them it is refused",
        "sends none",
    ),
    Unknown(
        "relative links and pictures in Markdown",
        "the text is kept, without the link",
        "sends them as they are in the template",
    ),
)

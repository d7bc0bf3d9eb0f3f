"""What no public source says about Notion, and how notion-pm does without it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unknown:
    """An open question.

    `local`: what the local workspace does. `statement`: which one a probe answers it with.
    """

    question: str
    local: str
    notion_pm: str
    statement: str = ""


# Most are marked "unknown" in notion-measured.md, or "[?]" in notion-api.md. A question names a
# statement only if a probe with one or two connections can answer it.
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
        "waits 2 seconds (`NOTION_PM_READ_LAG`) before it reads the claims of others, and reads "
        "them again before "
        "its first write; if Notion took longer, two first applies at the same moment could both "
        "go on",
        "locks.two-connections-at-once",
    ),
    Unknown(
        "the order of two appends from two connections",
        "as sent, or the later one first (`append_order`)",
        "orders claims by their time and a random number, never by their place",
        "locks.two-connections-order-sent",
    ),
    Unknown(
        "how soon queries know of an edit",
        "at once, or after `query_lag` seconds",
        "sync reads a page by its id where a query shows it older than sync left it; an edit of "
        "the last seconds "
        "may be seen only by the next sync, which then reports it",
        "queries.edit-found",
    ),
    Unknown(
        "how soon search knows of a page",
        "at once, or after `search_lag` seconds",
        "never takes what search does not find for absent: records are found by their ids",
    ),
    Unknown(
        "whether two properties of a data source may have one name",
        "no",
        "gives a name in a request of its own, after the property that had it was renamed or "
        "removed",
    ),
    Unknown(
        "whether views and queries can be sorted by a formula that the API made",
        "yes; filters by it are refused (`formula_filters`)",
        "sorts and filters by formulas itself; refuses templates that order a view by one",
    ),
    Unknown(
        "whether a linked view answers 400 or 404 as a database",
        "400, or 404 (`linked_databases`)",
        "leaves it out in both cases, with a note",
    ),
    Unknown(
        "what a query of a data source below a trashed page answers",
        "404",
        "names the page that is in the trash after a 404; takes no empty answer for deleted "
        "pages, but asks for each",
    ),
    Unknown(
        "which ids a duplicate of a page with databases has",
        "new ones, and relations to the copies",
        "refuses a record that names another page than the one it is on",
    ),
    Unknown(
        "an empty filter object",
        "refused",
        "sends no filter where there is no condition",
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
        "it is taken with the name and picture that the request gives it; without them there is "
        "no icon",
        "sends none",
    ),
    Unknown(
        "relative links and pictures in Markdown",
        "the text is kept, without the link",
        "sends them as they are in the template",
    ),
)

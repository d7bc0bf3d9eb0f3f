"""The trash: pages, databases, and what is below a page in the trash."""

from __future__ import annotations

from dataclasses import dataclass

from notion_pm.probe.lab import Answer, Lab, experiment
from notion_pm.probe.objects import make_database, make_database_below, make_page, make_row, text
from notion_pm.probe.statement import Area, Finding, Source, expect, statement


@dataclass(frozen=True, slots=True)
class Below:
    """A page in the trash, and what is below it: a page in a page, and a database."""

    top: str
    page_below: str
    database: str
    source: str


@experiment
def trash_top_page(lab: Lab) -> Below:
    """Make them, and put the page on top in the trash."""
    # Measured (notion-measured.md 1.1): pages inherit `in_trash` over two levels, databases do not,
    # and their data sources answer 404. So there is one of each.
    top = make_page(lab, "Top")["id"]
    page = make_page(lab, "Below", top)["id"]
    below = make_page(lab, "Two levels below", page)["id"]
    database = make_database_below(lab, top, "Database below")
    lab.patch(f"pages/{top}", in_trash=True)["id"]
    return Below(top, below, database.id, database.source)


@dataclass(frozen=True, slots=True)
class DatabaseInTrash:
    """A database in the trash with a row, and the answer to the request that put it there."""

    id: str
    row: str
    deleted: Answer


@experiment
def database_in_trash(lab: Lab) -> DatabaseInTrash:
    """Put a database in the trash by its block."""
    database = make_database(lab, "In the trash")
    row = make_row(lab, database, "row")["id"]
    return DatabaseInTrash(database.id, row, lab.delete(f"blocks/{database.id}"))


@statement(
    "trash.page-still-read",
    "A page in the trash can be read, and says so.",
    Area.TRASH,
    Source.MEASUREMENT,
)
def page_still_read(lab: Lab) -> Finding:
    """Read it."""
    answer = lab.get(f"pages/{trash_top_page(lab).top}")
    return expect(["200", True], [answer.outcome, answer.body.get("in_trash")])


@statement(
    "trash.page-below",
    "A page below a page in the trash says that it is in the trash, however deep it is.",
    Area.TRASH,
    Source.MEASUREMENT,
)
def page_below(lab: Lab) -> Finding:
    """Read the page two levels below."""
    return expect(True, lab.get(f"pages/{trash_top_page(lab).page_below}")["in_trash"])


@statement(
    "trash.database-below",
    "A database below a page in the trash does not say so.",
    Area.TRASH,
    Source.MEASUREMENT,
)
def database_below(lab: Lab) -> Finding:
    """Read it."""
    answer = lab.get(f"databases/{trash_top_page(lab).database}")
    return expect(["200", False], [answer.outcome, answer.body.get("in_trash")])


@statement(
    "trash.data-source-below",
    "A data source below a page in the trash is not found.",
    Area.TRASH,
    Source.MEASUREMENT,
)
def data_source_below(lab: Lab) -> Finding:
    """Read it."""
    return expect(
        "404 object_not_found", lab.get(f"data_sources/{trash_top_page(lab).source}").outcome
    )


@statement(
    "trash.writes-below-refused",
    "Writes below a page in the trash are refused with 400, and the message says `archived "
    "ancestor`.",
    Area.TRASH,
    Source.MEASUREMENT,
)
def writes_below_refused(lab: Lab) -> Finding:
    """Write to a page and to a database."""
    below = trash_top_page(lab)
    answers = [
        lab.patch(f"pages/{below.page_below}", properties={"title": {"title": text("New")}}),
        lab.patch(f"databases/{below.database}", title=text("New")),
    ]
    seen = [[answer.outcome, "archived ancestor" in answer.message] for answer in answers]
    return expect([["400 validation_error", True]] * 2, seen)


@statement(
    "trash.restored",
    "A page that is restored brings back what is below it.",
    Area.TRASH,
    Source.MEASUREMENT,
)
def restore_top_page(lab: Lab) -> Finding:
    """Restore the page on top, and read the page below and the data source."""
    # After all statements that need the page in the trash.
    below = trash_top_page(lab)
    lab.patch(f"pages/{below.top}", in_trash=False)["id"]
    # Measured: writes below it are refused for about 3 s. Reads below it were not measured.
    lab.settle()
    page = lab.get(f"pages/{below.page_below}")["in_trash"]
    source = lab.get(f"data_sources/{below.source}").outcome
    return expect([False, "200"], [page, source])


@statement(
    "trash.database-by-block",
    "DELETE of the block with a database's id puts the database in the trash.",
    Area.TRASH,
    Source.RECORDING,
)
def database_by_block(lab: Lab) -> Finding:
    """Read the database afterwards."""
    trashed_one = database_in_trash(lab)
    read = lab.get(f"databases/{trashed_one.id}")["in_trash"]
    return expect(["200", True], [trashed_one.deleted.outcome, read])


@statement(
    "trash.row-of-trashed-database",
    "A row of a database in the trash says that it is in the trash.",
    Area.UNUSED,
    Source.ASSUMED,
)
def row_of_trashed_database(lab: Lab) -> Finding:
    """Read the row."""
    return expect(True, lab.get(f"pages/{database_in_trash(lab).row}")["in_trash"])


@statement(
    "trash.database-restored",
    "PATCH with `in_trash: false` restores a database.",
    Area.TRASH,
    Source.RECORDING,
)
def database_restored(lab: Lab) -> Finding:
    """Restore it."""
    answer = lab.patch(f"databases/{database_in_trash(lab).id}", in_trash=False)
    return expect(["200", False], [answer.outcome, answer.body.get("in_trash")])

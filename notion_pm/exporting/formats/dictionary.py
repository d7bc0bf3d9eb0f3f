"""The data dictionary: what each column of a workbook means, for the person who was sent it."""

from __future__ import annotations

from notion_pm.exporting.formats.flat import FlatColumn
from notion_pm.exporting.table import Column

HEADERS = (
    "Sheet",
    "Column",
    "What it holds",
    "Type in Notion",
    "Values",
    "Meaning",
    "Template key",
)

_HELD = {
    "title": "Name of the page",
    "rich_text": "Text",
    "number": "Number",
    "select": "One of the values",
    "status": "One of the values, in this order",
    "multi_select": "Any of the values, separated by semicolons",
    "date": "Date",
    "people": "People, separated by semicolons",
    "files": "Names of files, separated by semicolons",
    "checkbox": "TRUE or FALSE",
    "url": "Web address",
    "email": "E-mail address",
    "phone_number": "Telephone number, as text",
    "formula": "Computed by Notion from the same page",
    "rollup": "Computed by Notion from related pages",
    "unique_id": "Number that Notion gives to each page",
    "created_time": "When the page was created",
    "last_edited_time": "When the page was last edited",
    "created_by": "Who created the page",
    "last_edited_by": "Who last edited the page",
}
_ROLES = {
    "id": "Notion ids of the related pages, in the same order",
    "url": "Addresses of the files; those that Notion stores work for about an hour",
    "end": "End of the span; empty when there is only one date",
}


def entry(sheet: str, header: str, column: FlatColumn, time_zone: str) -> tuple[str, ...]:
    """Return the dictionary's row about a column of a sheet, under the header that it has there."""
    source = column.source
    if source is None:
        held = "Notion's id of the page" if column.role == "id" else "Address of the page in Notion"
        return (sheet, header, held, "", "", "", "")
    held = _ROLES.get(column.role) or _held(source)
    zone = (
        f"; times are in {time_zone}" if source.has_time and column.role in {"value", "end"} else ""
    )
    values = ", ".join(source.options)
    return (sheet, header, held + zone, _type(source), values, source.description, source.key or "")


def _held(column: Column) -> str:
    if column.type == "relation":
        return f"Pages of {column.target or 'a related database'}, separated by semicolons"
    return _HELD.get(column.type, "As Notion gives it")


def _type(column: Column) -> str:
    named = column.type.replace("_", " ")
    return (
        f"{named} ({column.number_format.replace('_', ' ')})"
        if column.number_format != "number"
        else named
    )

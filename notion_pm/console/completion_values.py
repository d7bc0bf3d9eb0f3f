"""Shell completion of templates, clients, databases, exports and import presets.

Completion never sends a request to Notion, and ignores files that cannot be read.
"""

from __future__ import annotations

from collections.abc import Iterable

import click
from click.shell_completion import CompletionItem

from notion_pm.config import read_config
from notion_pm.console.context import DEFAULT_TEMPLATE
from notion_pm.errors import NotionPmError
from notion_pm.importing.mapping import map_files
from notion_pm.template import template_files, templates


def complete_template(
    _context: click.Context, _parameter: click.Parameter, typed: str
) -> list[CompletionItem]:
    """Return the shipped templates that start like this, else files."""
    return _items_starting_with(template_files.shipped_templates(), typed) or complete_file(
        _context, _parameter, typed
    )


def complete_file(
    _context: click.Context, _parameter: click.Parameter, typed: str
) -> list[CompletionItem]:
    """Let the shell complete the name of a file."""
    return [CompletionItem(typed, type="file")]


def complete_client(
    _context: click.Context, _parameter: click.Parameter, typed: str
) -> list[CompletionItem]:
    """Return the workspaces of notion-pm.toml."""
    try:
        return _items_starting_with(read_config().workspaces, typed)
    # A shell that waits for completions has nowhere to show an error: no suggestions are better
    # than a message in the middle of the line.
    except NotionPmError:
        return []


def complete_database(
    context: click.Context, _parameter: click.Parameter, typed: str
) -> list[CompletionItem]:
    """Return the databases of the named template, or of `product`."""
    try:
        return _items_starting_with(
            templates.load(_template_name(context)).template.databases, typed
        )
    except NotionPmError:
        return []


def complete_preset(
    _context: click.Context, _parameter: click.Parameter, typed: str
) -> list[CompletionItem]:
    """Return the names of the import presets."""
    return _items_starting_with(map_files.preset_names(), typed)


def complete_exported(
    context: click.Context, _parameter: click.Parameter, typed: str
) -> list[CompletionItem]:
    """Return the databases and named exports of the named template, or of `product`."""
    try:
        template = templates.load(_template_name(context)).template
    except NotionPmError:
        return []
    return _items_starting_with([*template.databases, *template.exports], typed)


def _template_name(context: click.Context) -> str:
    # The command line comes first, then the client's entry in notion-pm.toml, then `product`.
    client = read_config().workspaces.get(context.find_root().params.get("workspace") or "")
    return (
        context.params.get("template") or (client.template if client else None) or DEFAULT_TEMPLATE
    )


def _items_starting_with(words: Iterable[str], typed: str) -> list[CompletionItem]:
    return [CompletionItem(word) for word in words if word.startswith(typed)]

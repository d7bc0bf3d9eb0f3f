"""What a shell completes besides commands and options: names of templates, clients, databases, exports and tools.

Nothing is asked of Notion while somebody types, and what cannot be read is not completed.
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
    """Return the shipped templates of which this may be one, else files."""
    return _those_of(template_files.shipped(), typed) or complete_file(_context, _parameter, typed)


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
        return _those_of(read_config().workspaces, typed)
    except NotionPmError:
        return []


def complete_database(
    context: click.Context, _parameter: click.Parameter, typed: str
) -> list[CompletionItem]:
    """Return the databases of the template that is named, or of the shipped one."""
    try:
        return _those_of(templates.load(_named(context)).template.databases, typed)
    except NotionPmError:
        return []


def complete_preset(
    _context: click.Context, _parameter: click.Parameter, typed: str
) -> list[CompletionItem]:
    """Return the tools whose files are known."""
    return _those_of(map_files.preset_names(), typed)


def complete_exported(
    context: click.Context, _parameter: click.Parameter, typed: str
) -> list[CompletionItem]:
    """Return the databases and the named exports of the template that is named, or of the shipped one."""
    try:
        template = templates.load(_named(context)).template
    except NotionPmError:
        return []
    return _those_of([*template.databases, *template.exports], typed)


def _named(context: click.Context) -> str:
    """The template of the command line, else the one that notion-pm.toml names for the client, else `product`."""
    client = read_config().workspaces.get(context.find_root().params.get("workspace") or "")
    return (
        context.params.get("template") or (client.template if client else None) or DEFAULT_TEMPLATE
    )


def _those_of(words: Iterable[str], typed: str) -> list[CompletionItem]:
    return [CompletionItem(each) for each in words if each.startswith(typed)]

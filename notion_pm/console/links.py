"""Where a person can see what a command changed, and how to run the next command."""

from __future__ import annotations

from shlex import quote

import click
from click.core import ParameterSource

from notion_pm.config import Local
from notion_pm.console.context import Context
from notion_pm.model.ids import page_url


def where_to_look(context: Context) -> str:
    """Return how to open the parent page: its link, or the command that shows a local workspace."""
    if isinstance(context.target, Local):
        return f"See it in a browser:  notion-pm local serve {quote(str(context.target.path))}"
    return f"Open: {page_url(context.parent_page)}"


def program_name() -> str:
    """Return the program's name with the options that chose the workspace on the command line."""
    root = click.get_current_context().find_root()
    words = ["notion-pm"]
    for parameter, option in (("workspace", "-w"), ("local", "--local")):
        value = root.params.get(parameter)
        # A value from a variable is there for the next command as well, so it is not repeated.
        if value and root.get_parameter_source(parameter) is ParameterSource.COMMANDLINE:
            words += [option, quote(str(value))]
    return " ".join(words)

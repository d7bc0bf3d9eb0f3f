"""`notion-pm init`: from nothing to a connection that works, question by question."""

from __future__ import annotations

from pathlib import Path
from shlex import quote

import click

from notion_pm.clients.commands.init_questions import chosen_page, named_page, working_connection
from notion_pm.clients.config_file import NAME, add_workspace, token_variable
from notion_pm.clients.env_file import write_env
from notion_pm.clients.git_ignore import ignore_in_git
from notion_pm.config import CONFIG_FILE, NOTION_URL, Server, Source, read_config, read_variables
from notion_pm.config.server import server_variable
from notion_pm.config.variables import Variable
from notion_pm.console.context import DEFAULT_TEMPLATE, open_local
from notion_pm.console.output import echo, note
from notion_pm.console.root_options import RootOptions
from notion_pm.errors import FileUnusable, UsageError
from notion_pm.model.page import Page
from notion_pm.notion.client import NotionClient
from notion_pm.template import template_files
from notion_pm.workspace.default_template import recorded_templates


@click.command()
@click.option(
    "--parent-page",
    metavar="PAGE",
    help="Id or link of the page under which the databases are to live.",
)
@click.option(
    "--env-file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=".env",
    show_default=True,
    help="File to write tokens to; its other lines stay.",
)
@click.pass_obj
def command(options: RootOptions, parent_page: str | None, env_file: Path) -> None:
    """Connect a Notion workspace: ask for the token, check it, choose the parent page, remember both.

    For one workspace they are written to .env. With -w NAME a client of that name is added to notion-pm.toml, and its
    token to .env as NAME_NOTION_TOKEN; with --local FILE as well, a local workspace that needs no token.

    A token that is in the environment already (NOTION_TOKEN, or the client's own variable) is taken from there, so that
    with --parent-page nothing is asked. No token is ever shown.
    """
    name = options.workspace
    if name is not None:
        _check_name(name)
    if options.local and not (name and options.local_from_environment):
        _init_local(Path(options.local), name)
        return
    variable = token_variable(name) if name else "NOTION_TOKEN"
    variables = read_variables(is_named=name is not None)
    variables.settings()  # says now what is wrong with any of them
    known = variables.get(variable)
    server = variables.server(variable, known.source if known else Source.ENVIRONMENT) or Server()
    token, page, template = _connect(known, parent_page, server)
    _keep_out_of_git(env_file)
    # The server goes where the token goes: it may get the token only if both come from one source.
    access = _access(variable, token, server)
    if name is None:
        learned = {"NOTION_PM_TEMPLATE": template} if template else {}
        write_env(env_file, access | {"NOTION_PM_PARENT_PAGE": page.id} | learned)
        echo(f"Wrote {env_file} (readable by you alone).")
    else:
        learned = {"template": template} if template else {}
        write_env(env_file, access)
        add_workspace(
            CONFIG_FILE,
            name,
            {"parent_page": page.url or page.id, "token_env": variable, **learned},
        )
        echo(
            f"Wrote {env_file} (the token, readable by you alone) and added {name} to {CONFIG_FILE}."
        )
    echo(f"Everything will live under {page.title!r}.")
    if template:
        echo(f"The template {template} was applied there: commands without a template take it.")
    _tell_next(f" -w {name}" if name else "", template or DEFAULT_TEMPLATE)


def _connect(
    known: Variable | None, parent_page: str | None, server: Server
) -> tuple[str, Page, str | None]:
    """Return the token, the chosen page, and the template that was applied there before."""
    token, gateway, bot = working_connection(known, server)
    try:
        page = named_page(gateway, parent_page) if parent_page else chosen_page(gateway, bot)
        return token, page, _applied_template(gateway, page)
    finally:
        gateway.close()


def _applied_template(gateway: NotionClient, page: Page) -> str | None:
    """Return the shipped template that was applied under a page; None where there is none, or several."""
    recorded = recorded_templates(gateway.list_children(page.id))
    return recorded[0] if len(recorded) == 1 and recorded[0] in template_files.shipped() else None


def _access(variable: str, token: str, server: Server) -> dict[str, str]:
    """Return the variables that hold the token and, unless it is Notion's, the server."""
    elsewhere = {} if server.url == NOTION_URL else {server_variable(variable): server.url}
    return {variable: token, **elsewhere}


def _keep_out_of_git(env_file: Path) -> None:
    """Have Git ignore the file before a token is in it."""
    try:
        changed = ignore_in_git(env_file)
    except FileUnusable as error:
        note(f"{error} Keep {env_file} out of Git: it holds the token.")
        return
    if changed:
        echo(f"Added {env_file.name} to {changed}, so that the token is not committed.")


def _init_local(file: Path, name: str | None) -> None:
    """Make a local workspace, which needs no connection."""
    open_local(file).close()
    echo(f"The local workspace {file} is there: no token, no network.")
    if name is None:
        _tell_next(f" --local {quote(str(file))}", DEFAULT_TEMPLATE)
        return
    add_workspace(CONFIG_FILE, name, {"local": str(file)})
    echo(f"Added {name} to {CONFIG_FILE}.")
    _tell_next(f" -w {name}", DEFAULT_TEMPLATE)


def _check_name(name: str) -> None:
    """Raises UsageError for a name that cannot be used, or is."""
    if not NAME.fullmatch(name):
        raise UsageError(f"A client cannot be called {name!r}.", "Use letters, digits, - and _.")
    if name in read_config(is_named=True).workspaces:
        raise UsageError(
            f"{CONFIG_FILE} has a workspace {name!r} already.",
            f"Check it with  notion-pm -w {name} doctor , change it in the file, or choose another name.",
        )


def _tell_next(where: str, template: str) -> None:
    echo("Next:")
    for command, what in (
        (f"notion-pm{where} doctor --write", "prove that everything works"),
        ("notion-pm templates list", "see what there is to choose from"),
        (f"notion-pm{where} plan {template}", "see what would be made"),
        (f"notion-pm{where} apply {template}", "make it: asks first"),
    ):
        echo(f"  {command:45} {what}")

"""`notion-pm init`: set up a connection, question by question."""

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
    help="Id or link of the page that will hold the databases.",
)
@click.option(
    "--env-file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=".env",
    show_default=True,
    help="The file for tokens; its other lines are kept.",
)
@click.pass_obj
def command(options: RootOptions, parent_page: str | None, env_file: Path) -> None:
    """Connect a Notion workspace.

    It asks for the token, checks it, asks for the parent page, and saves both in .env. With -w NAME
    it adds a client to notion-pm.toml and saves its token in .env as NAME_NOTION_TOKEN. With -w
    NAME --local FILE the client is a local workspace, which needs no token.

    A token in the environment (NOTION_TOKEN, or the variable of the client) is used without asking;
    with --parent-page as well, init asks nothing. Tokens are never shown.
    """
    name = options.workspace
    if name is not None:
        _check_name(name)
    # NOTION_PM_LOCAL with -w NAME: the command line wins, as for every other command.
    if options.local and not (name and options.local_from_environment):
        _init_local(Path(options.local), name)
        return
    variable = token_variable(name) if name else "NOTION_TOKEN"
    variables = read_variables(is_named=name is not None)
    variables.settings()  # raises now if one of them is invalid
    known = variables.get(variable)
    server = variables.server(variable, known.source if known else Source.ENVIRONMENT) or Server()
    token, page, template = _connect(known, parent_page, server)
    _keep_out_of_git(env_file)
    # Token and server are saved together: a token may go only to a server that the same file names.
    access = _access(variable, token, server)
    if name is None:
        template_setting = {"NOTION_PM_TEMPLATE": template} if template else {}
        write_env(env_file, access | {"NOTION_PM_PARENT_PAGE": page.id} | template_setting)
        echo(f"Wrote {env_file} (only you can read it).")
    else:
        template_setting = {"template": template} if template else {}
        write_env(env_file, access)
        add_workspace(
            CONFIG_FILE,
            name,
            {"parent_page": page.url or page.id, "token_env": variable, **template_setting},
        )
        echo(
            f"Wrote the token to {env_file} (only you can read it) and added {name} to "
            f"{CONFIG_FILE}."
        )
    echo(f"The databases will be created under {page.title!r}.")
    if template:
        echo(f"The template {template} was applied there: commands use it by default.")
    _print_next_steps(f" -w {name}" if name else "", template or DEFAULT_TEMPLATE)


def _connect(
    known: Variable | None, parent_page: str | None, server: Server
) -> tuple[str, Page, str | None]:
    """Return the token, the chosen page, and the template that was applied there before."""
    token, notion, bot = working_connection(known, server)
    try:
        page = named_page(notion, parent_page) if parent_page else chosen_page(notion, bot)
        return token, page, _applied_template(notion, page)
    finally:
        notion.close()


def _applied_template(notion: NotionClient, page: Page) -> str | None:
    """Return the shipped template that was applied under a page, None for none or several."""
    # With several templates there is no default to save, and one from another folder may not be
    # found by its name later.
    recorded = recorded_templates(notion.list_children(page.id))
    return (
        recorded[0]
        if len(recorded) == 1 and recorded[0] in template_files.shipped_templates()
        else None
    )


def _access(variable: str, token: str, server: Server) -> dict[str, str]:
    """Return the variables for the token and, unless it is Notion's, the server."""
    elsewhere = {} if server.url == NOTION_URL else {server_variable(variable): server.url}
    return {variable: token, **elsewhere}


def _keep_out_of_git(env_file: Path) -> None:
    # This comes before the token is written.
    try:
        changed = ignore_in_git(env_file)
    except FileUnusable as error:
        note(f"{error} Keep {env_file} out of Git: it holds the token.")
        return
    if changed:
        echo(f"Added {env_file.name} to {changed}, so that the token is not committed.")


def _init_local(file: Path, name: str | None) -> None:
    """Create a local workspace, which needs no connection."""
    open_local(file).close()
    echo(f"The local workspace {file} is ready. It needs no token and no network.")
    if name is None:
        _print_next_steps(f" --local {quote(str(file))}", DEFAULT_TEMPLATE)
        return
    add_workspace(CONFIG_FILE, name, {"local": str(file)})
    echo(f"Added {name} to {CONFIG_FILE}.")
    _print_next_steps(f" -w {name}", DEFAULT_TEMPLATE)


def _check_name(name: str) -> None:
    """Raise UsageError for a name that is invalid or taken."""
    if not NAME.fullmatch(name):
        raise UsageError(f"Invalid client name: {name!r}.", "Use letters, digits, - and _.")
    if name in read_config(is_named=True).workspaces:
        raise UsageError(
            f"{CONFIG_FILE} has a workspace {name!r} already.",
            f"Check it with  notion-pm -w {name} doctor , change it in the file, "
            "or choose another name.",
        )


def _print_next_steps(where: str, template: str) -> None:
    echo("Next:")
    for next_command, purpose in (
        (f"notion-pm{where} doctor --write", "check that everything works"),
        ("notion-pm templates list", "list the templates"),
        (f"notion-pm{where} plan {template}", "see what apply would create"),
        (f"notion-pm{where} apply {template}", "create it (asks first)"),
    ):
        echo(f"  {next_command:45} {purpose}")

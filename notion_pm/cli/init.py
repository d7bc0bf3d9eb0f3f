"""`notion-pm init`: from nothing to a connection that works, question by question."""

from __future__ import annotations

import os
from pathlib import Path
from shlex import quote

import click

from notion_pm.cli import RootOptions
from notion_pm.cli.context import open_local
from notion_pm.cli.init_questions import chosen_page, named_page, working_connection
from notion_pm.cli.output import echo
from notion_pm.config import CONFIG_FILE, NOTION_URL, read_config, read_env_file, read_environment
from notion_pm.errors import UsageError
from notion_pm.model.page import Page
from notion_pm.storage.config_file import NAME, add_workspace, token_variable
from notion_pm.storage.env_file import write_env


@click.command()
@click.option("--parent-page", metavar="PAGE", help="Id or link of the page under which the databases are to live.")
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
    settings = read_environment()
    token, page = _connect(name, parent_page, settings.base_url)
    elsewhere = settings.base_url if settings.base_url != NOTION_URL else None
    if name is None:
        _remember_only(env_file, token, page, elsewhere)
    else:
        _remember_client(name, env_file, token, page, elsewhere)
    echo(f"Everything will live under {page.title!r}.")
    _tell_next(f" -w {name}" if name else "")


def _connect(name: str | None, parent_page: str | None, base_url: str) -> tuple[str, Page]:
    variables = {**read_env_file(), **os.environ}
    known = variables.get(token_variable(name)) if name else variables.get("NOTION_TOKEN")
    token, gateway, bot = working_connection(known, base_url)
    try:
        return token, named_page(gateway, parent_page) if parent_page else chosen_page(gateway, bot)
    finally:
        gateway.close()


def _remember_only(env_file: Path, token: str, page: Page, base_url: str | None) -> None:
    server = {"NOTION_PM_BASE_URL": base_url} if base_url else {}
    write_env(env_file, {"NOTION_TOKEN": token, "NOTION_PM_PARENT_PAGE": page.id, **server})
    echo(f"Wrote {env_file} (readable by you alone).")


def _remember_client(name: str, env_file: Path, token: str, page: Page, base_url: str | None) -> None:
    variable = token_variable(name)
    server = {"base_url": base_url} if base_url else {}
    write_env(env_file, {variable: token})
    add_workspace(CONFIG_FILE, name, {"parent_page": page.url or page.id, "token_env": variable, **server})
    echo(f"Wrote {env_file} (the token, readable by you alone) and added {name} to {CONFIG_FILE}.")


def _init_local(file: Path, name: str | None) -> None:
    """Make a local workspace, which needs no connection."""
    open_local(file).close()
    echo(f"The local workspace {file} is there: no token, no network.")
    if name is None:
        _tell_next(f" --local {quote(str(file))}")
        return
    add_workspace(CONFIG_FILE, name, {"local": str(file)})
    echo(f"Added {name} to {CONFIG_FILE}.")
    _tell_next(f" -w {name}")


def _check_name(name: str) -> None:
    """Raises UsageError for a name that cannot be used, or is."""
    if not NAME.fullmatch(name):
        raise UsageError(f"A client cannot be called {name!r}.", "Use letters, digits, - and _.")
    if name in read_config(CONFIG_FILE).workspaces:
        raise UsageError(
            f"{CONFIG_FILE} has a workspace {name!r} already.",
            f"Check it with  notion-pm -w {name} doctor , change it in the file, or choose another name.",
        )


def _tell_next(where: str) -> None:
    echo("Next:")
    for command, what in (
        (f"notion-pm{where} doctor --write", "prove that everything works"),
        ("notion-pm templates list", "see what there is to choose from"),
        (f"notion-pm{where} plan product", "see what would be made"),
        (f"notion-pm{where} apply product", "make it: asks first"),
    ):
        echo(f"  {command:45} {what}")

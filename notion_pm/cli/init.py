"""`notion-pm init`: from nothing to a connection that works, question by question."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import click

from notion_pm.cli.context import connect
from notion_pm.cli.output import echo, note
from notion_pm.config import NOTION_URL, read_environment
from notion_pm.errors import NotionError, NotShared, RequestRefused, Unauthorized, UsageError
from notion_pm.gateway.notion import Gateway
from notion_pm.model.ids import parse_notion_id
from notion_pm.model.page import Page
from notion_pm.model.schema import User
from notion_pm.storage.env_file import write_env
from notion_pm.storage.manifest import template_of
from notion_pm.workflows.doctor import sharing_advice

_LOOKED_AT, _SHOWN = 300, 30
_INSTRUCTIONS = """\
A connection's token lets notion-pm work in your Notion workspace.
  1. Open https://www.notion.so/profile/integrations and make a connection (internal is enough).
  2. Give it the capabilities to read, update and insert content.
  3. In Notion, open the page under which the databases are to live: ••• > Connections > your connection.
  4. Copy the connection's token (it starts with ntn_).
"""


@click.command()
@click.option("--parent-page", metavar="PAGE", help="Id or link of the page under which the databases are to live.")
@click.option(
    "--env-file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=".env",
    show_default=True,
    help="File to write; its other lines stay.",
)
def command(parent_page: str | None, env_file: Path) -> None:
    """Connect a Notion workspace: ask for the token, check it, choose the parent page, write .env.

    The token is taken from NOTION_TOKEN when that is set, and never shown.
    """
    settings = read_environment()
    known = settings.token.get_secret_value() if settings.token else None
    token, gateway = _working_connection(known, settings.base_url)
    try:
        page = _named_page(gateway, parent_page) if parent_page else _choose_page(gateway)
    finally:
        gateway.close()
    values = {"NOTION_TOKEN": token, "NOTION_PM_PARENT_PAGE": page.id}
    if settings.base_url != NOTION_URL:
        values["NOTION_PM_BASE_URL"] = settings.base_url
    write_env(env_file, values)
    echo(f"Wrote {env_file} (readable by you alone). Everything will live under {page.title!r}.")
    echo("Next:  notion-pm plan product")


def _working_connection(known: str | None, base_url: str) -> tuple[str, Gateway]:
    """Return a token that Notion accepts: the known one, or the one that a person gives instead."""
    token = known or _ask_for_token()
    try:
        gateway, bot = _connected(token, base_url)
    except Unauthorized:
        note("Notion does not accept that token.")
        if not sys.stdin.isatty() and known is None:
            raise
        return _working_connection(None, base_url)
    echo(f"The token works: connection {bot.name!r}, workspace {bot.workspace_name or '(not named)'!r}.")
    return token, gateway


def _connected(token: str, base_url: str) -> tuple[Gateway, User]:
    gateway = connect(token, base_url)
    try:
        return gateway, gateway.me()
    except NotionError:
        gateway.close()
        raise


def _ask_for_token() -> str:
    note(_INSTRUCTIONS)
    token: str = click.prompt("Token (not shown)", hide_input=sys.stdin.isatty(), err=True)
    return token.strip()


def _named_page(gateway: Gateway, text: str) -> Page:
    page_id = parse_notion_id(text)
    try:
        return gateway.get_page(page_id)
    except (NotShared, RequestRefused) as error:  # the id of a database is refused, rather than not found
        raise UsageError(str(error), sharing_advice(page_id, gateway.me())) from None


def _choose_page(gateway: Gateway) -> Page:
    """Let a person choose among the shared pages; a link always works, also where search lags behind."""
    found = islice(gateway.shared_pages(), _LOOKED_AT)
    pages = [each for each in found if each.data_source_id is None and template_of(each.title) is None][:_SHOWN]
    _show(pages)
    while True:
        answer: str = click.prompt("Number, or the link of a page", err=True)
        if answer.isdecimal() and 1 <= int(answer) <= len(pages):
            return pages[int(answer) - 1]
        try:
            return _named_page(gateway, answer)
        except UsageError as error:
            note(f"{error} {error.advice}")


def _show(pages: Sequence[Page]) -> None:
    if not pages:
        note("No shared page was found yet. Share one: open it in Notion, ••• > Connections > your connection.")
        return
    note("Pages shared with the connection:")
    for number, page in enumerate(pages, start=1):
        note(f"  {number:2}  {page.title or '(no title)'}")

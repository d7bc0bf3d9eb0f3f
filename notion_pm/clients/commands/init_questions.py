"""What `init` asks a person: for a token, and for a page."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from itertools import islice
from typing import Any

import click

from notion_pm.clients.doctor import sharing_advice
from notion_pm.config import NOTION_URL, Server, Source, TokenOrigin, raise_if_redirected
from notion_pm.config.variables import Variable
from notion_pm.console.context import connect
from notion_pm.console.output import echo, note
from notion_pm.errors import NotionError, NotShared, RequestRefused, Unauthorized, UsageError
from notion_pm.model.ids import is_id, parse_notion_id
from notion_pm.model.page import Page
from notion_pm.model.schema import User
from notion_pm.notion.client import NotionClient
from notion_pm.workspace.record_text import template_of

_LOOKED_AT, _SHOWN = 300, 30
_TOKEN = re.compile(r"(ntn_|secret_)\w{20,}$", re.ASCII)
_HOW_TO_CONNECT = """\
A connection's token lets notion-pm work in a Notion workspace. To make one:
  1. Open https://www.notion.so/profile/integrations and choose New integration: internal, in the client's workspace.
  2. Under Capabilities tick Read content, Update content and Insert content. Nothing else is needed.
  3. Copy the Internal Integration Secret (it starts with ntn_): that is the token.
Then let it see the page under which the databases are to live:
  4. Open that page in Notion, ••• (top right) > Connections, and choose your connection.
"""
_HOW_TO_SHARE = "Open it in Notion, ••• (top right) > Connections > {connection}; then press Enter to look again."


_TYPED = TokenOrigin(Source.COMMAND_LINE, "The token that you type")


def working_connection(known: Variable | None, server: Server) -> tuple[str, NotionClient, User]:
    """Return a token that Notion accepts, the known one or one that a person gives instead, and its connection.

    Raises Unauthorized where nobody is there to give another, UsageError where the server must not get the token.
    """
    origin = TokenOrigin(known.source, known.name) if known else _TYPED
    raise_if_redirected(origin, server)
    token = known.value if known else _ask_for_token(server.url)
    try:
        gateway, bot = _connected(token, server.url, str(origin))
    except Unauthorized:
        note(
            "Notion does not accept that token. Copy it again: on the connection's page, Show and then Copy."
        )
        if not sys.stdin.isatty() and known is None:
            raise
        return working_connection(None, server)
    echo(
        f"The token works: connection {bot.name!r}, workspace {bot.workspace_name or '(not named)'!r}."
    )
    return token, gateway, bot


def named_page(gateway: NotionClient, text: str) -> Page:
    """Return the page of an id or link. Raises UsageError, with how to share it, when it is not there."""
    page_id = parse_notion_id(text)
    try:
        return gateway.get_page(page_id)
    except (
        NotShared,
        RequestRefused,
    ) as error:  # the id of a database is refused, rather than not found
        raise UsageError(str(error), sharing_advice(page_id, gateway.me())) from None


def chosen_page(gateway: NotionClient, bot: User) -> Page:
    """Let a person choose among the shared pages; a link always works, also where search lags behind."""
    pages = _listed(gateway, bot)
    while True:
        answer = _prompt("Number, or the link of a page", default="", show_default=False).strip()
        if not answer:
            pages = _listed(gateway, bot)
        elif answer.isdecimal() and 1 <= int(answer) <= len(pages):
            return pages[int(answer) - 1]
        else:
            try:
                return named_page(gateway, answer)
            except UsageError as error:
                note(f"{error} {error.advice}")


def _has_terminal() -> bool:
    return sys.stdin is not None and not sys.stdin.closed and sys.stdin.isatty()


def _prompt(text: str, **options: Any) -> str:
    """Ask a person. Raises UsageError where the input has ended, Abort when they press Ctrl-C."""
    try:
        answer: str = click.prompt(text, err=True, **options)
    except click.Abort:
        if _has_terminal():
            raise
        raise UsageError(
            "init has a question, and its input has ended.",
            "Without a terminal, set the variable NOTION_TOKEN, and name the page:  notion-pm init --parent-page LINK",
        ) from None
    return answer


def _ask_for_token(base_url: str) -> str:
    note(_HOW_TO_CONNECT)
    token = _prompt("Token (not shown)", hide_input=_has_terminal()).strip().strip("\"'")
    token = token.removeprefix("NOTION_TOKEN=")
    if is_id(token):
        note(
            "That is the id or link of a page. The token is on the connection's page, and starts with ntn_."
        )
        return _ask_for_token(base_url) if _has_terminal() else token
    if base_url == NOTION_URL and not _TOKEN.match(token):
        note("That does not look like a token (ntn_ and some 40 letters); trying it all the same.")
    return token


def _connected(token: str, base_url: str, token_name: str) -> tuple[NotionClient, User]:
    gateway = connect(token, base_url, token_name)
    try:
        return gateway, gateway.me()
    except NotionError:
        gateway.close()
        raise


def _listed(gateway: NotionClient, bot: User) -> Sequence[Page]:
    """Show the pages that can hold databases: neither rows nor records of templates."""
    found = islice(gateway.shared_pages(), _LOOKED_AT)
    pages = [
        each for each in found if each.data_source_id is None and template_of(each.title) is None
    ][:_SHOWN]
    if not pages:
        note(
            f"No shared page was found yet. Share one: {_HOW_TO_SHARE.format(connection=bot.name)}"
        )
        return pages
    note("Under which page are the databases to live? These are shared with the connection:")
    for number, page in enumerate(pages, start=1):
        note(f"  {number:2}  {page.title or '(no title)'}")
    note(f"Another one? {_HOW_TO_SHARE.format(connection=bot.name)}")
    return pages

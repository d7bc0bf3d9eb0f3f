"""The questions of `init`: the token and the page."""

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

# Most shared pages may be rows of databases, which are read but not shown.
_MAX_PAGES_READ = 300
_MAX_PAGES_SHOWN = 30
_TOKEN = re.compile(r"(ntn_|secret_)\w{20,}$", re.ASCII)
_HOW_TO_CONNECT = """\
notion-pm needs the token of a connection to your Notion workspace. To create one:
  1. Open https://www.notion.so/profile/integrations and choose New integration:
     internal, in the workspace of the client.
  2. Under Capabilities tick Read content, Update content and Insert content.
     Nothing else is needed.
  3. Copy the Internal Integration Secret (it starts with ntn_): this is the token.
Then share the page that will hold the databases:
  4. Open that page in Notion, ••• (top right) > Connections, and choose your connection.
"""
_HOW_TO_SHARE = (
    "Open it in Notion, ••• (top right) > Connections > {connection}; "
    "then press Enter to search again."
)


_TYPED = TokenOrigin(Source.COMMAND_LINE, "The token that you type")


def working_connection(known: Variable | None, server: Server) -> tuple[str, NotionClient, User]:
    """Return a token that Notion accepts, with its client and connection.

    It is the known token, or one that a person enters. Raises Unauthorized when no one can enter
    another one, UsageError when the token must not be sent to this server.
    """
    origin = TokenOrigin(known.source, known.name) if known else _TYPED
    raise_if_redirected(origin, server)
    token = known.value if known else _ask_for_token(server.url)
    try:
        notion, bot = _connect_with(token, server.url, str(origin))
    except Unauthorized:
        note(
            "Notion does not accept this token. Copy it again on the page of the connection: "
            "Show, then Copy."
        )
        # A known token that fails may be followed by one from a pipe. When that fails too, there is
        # nothing left to ask for.
        if not sys.stdin.isatty() and known is None:
            raise
        return working_connection(None, server)
    echo(
        f"The token works: connection {bot.name!r}, "
        f"workspace {bot.workspace_name or '(not named)'!r}."
    )
    return token, notion, bot


def named_page(notion: NotionClient, text: str) -> Page:
    """Return the page with an id or link.

    Raises UsageError, with how to share it, when the page cannot be read.
    """
    page_id = parse_notion_id(text)
    try:
        return notion.get_page(page_id)
    except (NotShared, RequestRefused) as error:
        # Notion refuses the id of a database here; it does not report it as missing.
        raise UsageError(str(error), sharing_advice(page_id, notion.me())) from None


def chosen_page(notion: NotionClient, bot: User) -> Page:
    """Let a person choose a shared page.

    A link works too: Notion's search shows newly shared pages only after some time.
    """
    pages = _list_shared_pages(notion, bot)
    while True:
        answer = _prompt("Number, or the link of a page", default="", show_default=False).strip()
        if not answer:
            pages = _list_shared_pages(notion, bot)
        elif answer.isdecimal() and 1 <= int(answer) <= len(pages):
            return pages[int(answer) - 1]
        else:
            try:
                return named_page(notion, answer)
            except UsageError as error:
                note(f"{error} {error.advice}")


def _has_terminal() -> bool:
    return sys.stdin is not None and not sys.stdin.closed and sys.stdin.isatty()


def _prompt(text: str, **options: Any) -> str:
    """Ask a person. Raises UsageError when the input has ended, Abort on Ctrl-C."""
    try:
        answer: str = click.prompt(text, err=True, **options)
    except click.Abort:
        if _has_terminal():
            raise
        raise UsageError(
            "init has a question, but its input has ended.",
            "Without a terminal, set NOTION_TOKEN and name the page:  "
            "notion-pm init --parent-page LINK",
        ) from None
    return answer


def _ask_for_token(base_url: str) -> str:
    note(_HOW_TO_CONNECT)
    token = _prompt("Token (not shown)", hide_input=_has_terminal()).strip().strip("\"'")
    # People paste the whole line of another `.env`, or the quotes around the value.
    token = token.removeprefix("NOTION_TOKEN=")
    if is_id(token):
        note(
            "This is the id or link of a page. The token is on the page of the connection "
            "and starts with ntn_."
        )
        return _ask_for_token(base_url) if _has_terminal() else token
    # Only a hint: Notion may change the form of tokens, and other servers have their own.
    if base_url == NOTION_URL and not _TOKEN.match(token):
        note("This does not look like a token (ntn_ and about 40 letters). Trying it anyway.")
    return token


def _connect_with(token: str, base_url: str, token_name: str) -> tuple[NotionClient, User]:
    notion = connect(token, base_url, token_name)
    try:
        return notion, notion.me()
    except NotionError:
        notion.close()
        raise


def _list_shared_pages(notion: NotionClient, bot: User) -> Sequence[Page]:
    """Show and return the pages that can hold databases."""
    pages: list[Page] = []
    for page in islice(notion.shared_pages(), _MAX_PAGES_READ):
        # Rows and record pages are shared as well, but are not meant to hold databases.
        is_row = page.data_source_id is not None
        is_record = template_of(page.title) is not None
        if not is_row and not is_record and len(pages) < _MAX_PAGES_SHOWN:
            pages.append(page)
    if not pages:
        note(
            f"No shared page was found yet. Share one: {_HOW_TO_SHARE.format(connection=bot.name)}"
        )
        return pages
    note("Which page shall hold the databases? These are shared with the connection:")
    for number, page in enumerate(pages, start=1):
        note(f"  {number:2}  {page.title or '(no title)'}")
    note(f"To choose another one: {_HOW_TO_SHARE.format(connection=bot.name)}")
    return pages

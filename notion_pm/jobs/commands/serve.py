"""`notion-pm serve`: take Notion's webhooks, and sync what they name."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime

import click

from notion_pm.console.completion_values import complete_template
from notion_pm.console.context import Context, pass_context
from notion_pm.console.durations import duration
from notion_pm.console.logs import LEVELS, RunId
from notion_pm.console.output import echo, note, progress
from notion_pm.console.signals import sleep, time_limit
from notion_pm.errors import NotionError, Stopped, UsageError
from notion_pm.jobs.webhooks.app import Door, Health, make_app
from notion_pm.jobs.webhooks.deliveries import ACCEPTED_FOR, Edit, Named
from notion_pm.jobs.webhooks.inbox import Inbox
from notion_pm.jobs.webhooks.key import Key
from notion_pm.jobs.webhooks.listening import listen
from notion_pm.jobs.webhooks.server import serving
from notion_pm.jobs.webhooks.verification import TOKEN_FILE, SeenEvents, keep_token, read_token
from notion_pm.sync.commands.runs import (
    RunOptions,
    handle_signals_and_log,
    new_run_id,
    report_in_a_line,
    start_run,
)
from notion_pm.sync.run import SyncRun
from notion_pm.sync.sync import SyncOptions, SyncResult


@click.command(short_help="Receive Notion's webhooks and sync the pages they name.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8300,
    show_default=True,
    help="0 takes a free one.",
)
@click.option(
    "--template",
    metavar="NAME|FILE",
    shell_complete=complete_template,
    help="The template whose rules count. Default: the applied one.",
)
@click.option(
    "--every",
    type=duration,
    metavar="TIME",
    default="15m",
    show_default=True,
    help="Read all that was edited so often.",
)
@click.option(
    "--quiet-for",
    type=duration,
    metavar="TIME",
    default="5s",
    show_default=True,
    help="Sync after so long a silence.",
)
@click.option(
    "--token",
    envvar="NOTION_PM_WEBHOOK_TOKEN",
    metavar="TOKEN",
    help="The verification token; better in the environment. Default: the one that the handshake has left.",
)
@click.option(
    "--handshake",
    is_flag=True,
    help="Take a new verification token in the place of the one that is known.",
)
@click.option(
    "--notify",
    metavar="URL",
    envvar="NOTION_PM_NOTIFY",
    help="Tell a Slack-compatible webhook, as in sync.",
)
@click.option("--time-limit", type=duration, metavar="TIME", help="Let each run take so long.")
@click.option(
    "--explain",
    is_flag=True,
    help="Say for each change which rule made it, and because of which pages.",
)
@click.option(
    "--log-level",
    type=click.Choice(LEVELS),
    default="warning",
    help="Log to stderr from this level on.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each run.")
@pass_context
def command(
    context: Context,
    *,
    host: str,
    port: int,
    template: str | None,
    every: int,
    quiet_for: int,
    token: str | None,
    handshake: bool,
    notify: str | None,
    time_limit: int | None,
    explain: bool,
    log_level: str,
    as_json: bool,
) -> None:
    """Receive Notion's webhooks and sync the pages they name, until asked to stop (SIGTERM, Ctrl-C).

    Deliveries must bear Notion's signature. They are gathered until it is quiet; then the pages that they name are read
    and the rules run. On start, and on the beat of --every, all that was edited is read, for deliveries get lost.

    Notion needs an https address: put a proxy before it that passes POST / on. GET /health tells how things are.
    """
    if token and handshake:
        raise UsageError(
            "--token and --handshake were given.",
            "A handshake brings the token: leave out --token.",
        )
    manner = RunOptions(
        explain=explain, as_json=as_json, notify=notify, time_limit=time_limit, log_level=log_level
    )
    inbox = Inbox(quiet=quiet_for, clock=time.monotonic)
    listener = Listener(context, SyncOptions(template=template), manner, inbox)
    key = _key(context, token, handshake=handshake)
    with closing(SeenEvents(context.state_directory, keep=2 * ACCEPTED_FOR)) as seen:
        door = Door(key, inbox, is_new=seen.is_new, now=lambda: datetime.now(UTC))
        with serving(make_app(door, inbox, listener.health), host, port) as url:
            _announce(url, key)
            listener.listen(every)


class Listener:
    """Syncs one workspace as deliveries ask for it. Settings that are wrong end it before the first."""

    def __init__(
        self, context: Context, options: SyncOptions, manner: RunOptions, inbox: Inbox
    ) -> None:
        _ = context.gateway, context.parent_page, context.state_home
        self._context = context
        self._options = options
        self._manner = manner
        self._inbox = inbox
        self._bot = ""
        self.health = Health()

    def listen(self, every: float) -> None:
        """Sync what was missed, what is named, and everything on a beat, until the process is asked to stop."""
        with (
            handle_signals_and_log(self._manner, finish_on_ctrl_c=True) as run_id,
            suppress(Stopped),
        ):
            listen(
                self._inbox,
                lambda named: self._sync(named, run_id),
                every=every,
                clock=time.monotonic,
                sleep=sleep,
            )

    def _sync(self, named: Named, run_id: RunId) -> SyncRun:
        run_id.run = new_run_id(self._context.now())
        options = replace(self._options, only=None if named.everything else named.pages)
        with progress(self._context) as drawn, time_limit(self._manner.time_limit):
            done = start_run(self._context, options, self._manner, run_id.run, drawn)
            self._expect_our_edits(done)
        self.health.outcome, self.health.ended = done.outcome, self._context.now()
        report_in_a_line(done, self._manner)
        return done

    def _expect_our_edits(self, done: SyncRun) -> None:
        """Know the deliveries that this run's writes will cause."""
        if done.result is not None and done.result.written:
            with suppress(NotionError):  # then they are read, and change nothing
                self._bot = self._bot or self._context.gateway.me().id
            self._inbox.expect(self._bot, _edits(done.result))


def _edits(result: SyncResult) -> Iterator[Edit]:
    """What a sync has written: pages and ids of properties."""
    for update in result.evaluation.updates:
        properties = result.manifest.databases[update.page.database].properties
        yield from ((update.page.id, properties[change.property]) for change in update.changes)


def _key(context: Context, token: str | None, *, handshake: bool) -> Key:
    """The key of signatures: the given token, else the stored one, else what the first handshake brings."""
    directory = context.state_directory
    known = token or (None if handshake else read_token(directory))

    def keep(brought: str) -> None:
        keep_token(directory, brought)
        note(
            "Notion has sent its verification token. Paste it where you made the subscription; it is not shown again:"
        )
        note(f"  {brought}")
        note(f"It is kept in {directory / TOKEN_FILE}, which only you can read.")

    return Key(known, is_open=known is None, keep=keep)


def _announce(url: str, key: Key) -> None:
    echo(url)
    if key.token is None:
        note(
            "Waiting for Notion's verification token: add a subscription in the connection's settings, under Webhooks,"
        )
        note("with the https address that leads here. docs/webhooks.md tells how.")

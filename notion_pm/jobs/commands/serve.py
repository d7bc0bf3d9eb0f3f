"""`notion-pm serve`: receive Notion's webhooks and sync the pages that they name."""

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
from notion_pm.jobs.webhooks.app import Health, Receiver, make_app
from notion_pm.jobs.webhooks.deliveries import ACCEPTED_FOR, Edit, Named
from notion_pm.jobs.webhooks.inbox import Inbox
from notion_pm.jobs.webhooks.listening import listen
from notion_pm.jobs.webhooks.server import serving
from notion_pm.jobs.webhooks.verification import TOKEN_FILE, Key, SeenEvents, keep_token, read_token
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
    help="How often to read everything that was edited.",
)
@click.option(
    "--quiet-for",
    type=duration,
    metavar="TIME",
    default="5s",
    show_default=True,
    help="Sync when no webhook has come for this long.",
)
@click.option(
    "--token",
    envvar="NOTION_PM_WEBHOOK_TOKEN",
    metavar="TOKEN",
    help="The verification token; better in the environment. Default: the stored one.",
)
@click.option(
    "--handshake",
    is_flag=True,
    help="Accept a new verification token in place of the stored one.",
)
@click.option(
    "--notify",
    metavar="URL",
    envvar="NOTION_PM_NOTIFY",
    help="Post news to a Slack-compatible webhook, as sync does.",
)
@click.option("--time-limit", type=duration, metavar="TIME", help="Stop each run after this time.")
@click.option(
    "--explain",
    is_flag=True,
    help="Show for each change its rule and the pages that are the reason.",
)
@click.option(
    "--log-level",
    type=click.Choice(LEVELS),
    default="warning",
    help="Log to stderr at this level and above.",
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
    """Receive Notion's webhooks and sync the pages they name, until stopped (SIGTERM, Ctrl-C).

    Only deliveries with Notion's signature are accepted. They are collected until none has come for
    a while; then the pages that they name are read and the rules run. At the start, and at the
    interval of --every, everything that was edited is read, because deliveries can get lost.

    Notion needs an https address: put a proxy in front that passes POST / on. GET /health returns
    how the last sync ended.
    """
    if token and handshake:
        raise UsageError(
            "--token and --handshake cannot be used together.",
            "A handshake brings a new token: leave out --token.",
        )
    run_options = RunOptions(
        explain=explain, as_json=as_json, notify=notify, time_limit=time_limit, log_level=log_level
    )
    inbox = Inbox(quiet=quiet_for, clock=time.monotonic)
    listener = Listener(context, SyncOptions(template=template), run_options, inbox)
    key = _key(context, token, handshake=handshake)
    with closing(SeenEvents(context.state_directory, keep=2 * ACCEPTED_FOR)) as seen:
        receiver = Receiver(key, inbox, is_new=seen.is_new, now=lambda: datetime.now(UTC))
        with serving(make_app(receiver, inbox, listener.health), host, port) as url:
            _announce(url, key)
            listener.listen(every)


class Listener:
    """Syncs one workspace when deliveries ask for it."""

    def __init__(
        self, context: Context, options: SyncOptions, run_options: RunOptions, inbox: Inbox
    ) -> None:
        # Wrong settings raise their error here, and not in each run.
        _ = context.notion, context.parent_page, context.state_home
        self._context = context
        self._options = options
        self._run_options = run_options
        self._inbox = inbox
        self._bot = ""
        self.health = Health()

    def listen(self, every: float) -> None:
        """Sync what deliveries name, and everything at the start and at an interval, until
        stopped.
        """
        with (
            handle_signals_and_log(self._run_options, finish_on_ctrl_c=True) as run_id,
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
        with progress(self._context) as drawn, time_limit(self._run_options.time_limit):
            done = start_run(self._context, options, self._run_options, run_id.run, drawn)
            self._expect_our_edits(done)
        self.health.outcome, self.health.ended = done.outcome, self._context.now()
        report_in_a_line(done, self._run_options)
        return done

    def _expect_our_edits(self, done: SyncRun) -> None:
        """Prepare to ignore the deliveries that the writes of this run cause."""
        if done.result is not None and done.result.written:
            # If the id of our bot cannot be read, our own edits cause one more run without changes.
            with suppress(NotionError):
                self._bot = self._bot or self._context.notion.me().id
            self._inbox.expect(self._bot, _edits(done.result))


def _edits(result: SyncResult) -> Iterator[Edit]:
    """Yield what a sync has written: pages and ids of properties."""
    for update in result.evaluation.updates:
        properties = result.manifest.databases[update.page.database].properties
        yield from ((update.page.id, properties[change.property]) for change in update.changes)


def _key(context: Context, token: str | None, *, handshake: bool) -> Key:
    """Return the key of signatures: the given or stored token, else that of the first handshake."""
    directory = context.state_directory
    known = token or (None if handshake else read_token(directory))

    def keep(brought: str) -> None:
        keep_token(directory, brought)
        note(
            "Notion has sent its verification token. Paste it where you created the subscription. "
            "It is not shown again:"
        )
        note(f"  {brought}")
        note(f"It is stored in {directory / TOKEN_FILE}, which only you can read.")

    return Key(known, is_open=known is None, keep=keep)


def _announce(url: str, key: Key) -> None:
    echo(url)
    if key.token is None:
        note(
            "Waiting for Notion's verification token. In the connection's settings, under "
            "Webhooks, "
            "add a subscription with your https address. See docs/webhooks.md."
        )

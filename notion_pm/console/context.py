"""What a command works with: made here, once, from the settings. The only place that knows the local workspace."""

from __future__ import annotations

import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property, update_wrapper
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

import click
import httpx

from notion_pm.config import (
    CONFIG_FILE,
    Local,
    Remote,
    Source,
    Target,
    choose_target,
    configured_state,
    read_config,
    second_token,
)
from notion_pm.config.server import is_loopback
from notion_pm.config.state_place import (
    StateSetting,
    raise_if_state_redirected,
    state_folder,
    state_home,
)
from notion_pm.console.root_options import RootOptions
from notion_pm.console.signals import go_on, sleep
from notion_pm.errors import UsageError
from notion_pm.model.ids import NotionId
from notion_pm.model.state_home import SharedState, StateHome
from notion_pm.notion.client import NotionClient
from notion_pm.notion.connection import Connection, Patience
from notion_pm.notion.limiter import NOTION_BUDGET, WindowLimiter

if TYPE_CHECKING:
    from notion_pm.emulator import LocalWorkspace
    from notion_pm.workspace.lock import Claimant

P = ParamSpec("P")
R = TypeVar("R")

DEFAULT_TEMPLATE = "product"

LOCAL_URL = "http://notion-pm.local"
"""Where a local workspace is, to clients in this process."""

_READ_LAG = 2.0
"""Seconds until a read from Notion shows what another connection has written: an assumption, on the safe side."""


class Context:
    """The workspace of a command, opened when first needed and closed with the command."""

    def __init__(
        self,
        options: RootOptions,
        closing: Callable[[Callable[[], object]], object],
        limiters: Limiters | None = None,
        *,
        is_named: bool = True,
    ) -> None:
        """Make a context. `is_named`: where the options have a workspace, the user named it (no --all did)."""
        self._options = options
        self._closing = closing
        self._limiters = limiters or Limiters()
        self._is_named = is_named and options.workspace is not None

    @property
    def jobs(self) -> int:
        """How many requests may run side by side."""
        return self._options.jobs

    @property
    def name(self) -> str:
        """What the workspace is called here."""
        if self._options.workspace:
            return self._options.workspace
        return self.target.path.name if isinstance(self.target, Local) else self.target.name

    def clients(self) -> list[Context]:
        """Return a context for every workspace of notion-pm.toml; the chosen one alone where one is chosen."""
        names = read_config(is_named=self._options.workspace is not None).workspaces
        if self._options.local or self._options.workspace or not names:
            return [self]
        return self._each(names)

    def all_clients(self) -> list[Context]:
        """Return a context for every workspace of notion-pm.toml, whatever the environment names.

        Raises UsageError where one workspace is chosen as well, or the file has none.
        """
        options = self._options
        if options.workspace or (options.local and not options.local_from_environment):
            raise UsageError(
                "--all and a single workspace were asked for.",
                "Leave out --all, or -w and --local.",
            )
        names = read_config().workspaces
        if not names:
            raise UsageError(
                f"--all means every workspace of {CONFIG_FILE}, and there is none.",
                "Add one with  notion-pm init --workspace NAME.",
            )
        return self._each(names)

    def _each(self, names: Iterable[str]) -> list[Context]:
        """One context a client. They share the limiters: a budget belongs to a token, not to a page."""
        return [
            Context(
                replace(self._options, workspace=name),
                self._closing,
                self._limiters,
                is_named=False,
            )
            for name in names
        ]

    @cached_property
    def target(self) -> Target:
        """The workspace that the settings name."""
        options = self._options
        local = None if options.workspace and options.local_from_environment else options.local
        return choose_target(
            local=Path(local) if local else None,
            workspace=options.workspace,
            local_source=Source.ENVIRONMENT
            if options.local_from_environment
            else Source.COMMAND_LINE,
            is_named=self._is_named,
        )

    def template(self, given: str | None) -> str | None:
        """Return the template that was given, or else the one in the settings; None leaves it to the record."""
        return given or self.target.template

    @property
    def budget(self) -> int | None:
        """Requests a minute, None where there is no limit of ours."""
        return (
            None
            if isinstance(self.target, Local)
            else _budget(self.target.base_url, self.target.budget)
        )

    @property
    def is_on_this_machine(self) -> bool:
        """Whether the workspace is a local one, in a file or served, rather than Notion's."""
        target = self.target
        return isinstance(target, Local) or is_loopback(httpx.URL(target.base_url).host)

    @cached_property
    def gateway(self) -> NotionClient:
        """The door to the workspace."""
        return NotionClient(self.connection)

    @cached_property
    def connection(self) -> Connection:
        """The connection below the gateway, for requests that the gateway has no verb for."""
        connection = self._connect(self.target)
        self._closing(connection.close)
        return connection

    def second_connection(self, variable: str) -> Connection:
        """Return a connection to the same workspace with the token that a variable holds.

        Raises UsageError for a variable that holds no token, or one that must not be sent there.
        """
        token, origin = second_token(self.target, variable, is_named=self._is_named)
        if isinstance(self.target, Local):
            connection = self._connect_local(token.get_secret_value())
        else:
            connection = self._connect(replace(self.target, token=token, token_origin=origin))
        self._closing(connection.close)
        return connection

    @property
    def sent(self) -> int:
        """How many requests were sent so far."""
        return self.gateway.requests.attempts if self._has_gateway else 0

    @property
    def wait(self) -> float:
        """How many seconds the next request has to wait for the budget."""
        return self.gateway.wait if self._has_gateway else 0.0

    @property
    def _has_gateway(self) -> bool:
        return "gateway" in vars(self)  # a bar that is drawn is no reason to connect

    @cached_property
    def parent_page(self) -> NotionId:
        """The page under which everything is kept."""
        if isinstance(self.target, Local):
            return NotionId(self.local_workspace.root_page_id)
        if self.target.parent_page is None:
            raise UsageError(
                "No parent page: the page under which the databases are to live.",
                "Set NOTION_PM_PARENT_PAGE to its id or link (environment or .env), or run  notion-pm init.",
            )
        return self.target.parent_page

    @cached_property
    def state_setting(self) -> StateSetting | None:
        """What the settings say of where the workspace's memory is kept, None for the usual place."""
        setting = configured_state(is_named=self._is_named)
        if setting is not None:
            raise_if_state_redirected(setting, self.target.source)
        return setting

    @cached_property
    def state_directory(self) -> Path:
        """The folder of this machine for caches, baselines and journals of this workspace."""
        return state_folder(self._local_file, self.parent_page, self.state_setting)

    @property
    def shared_state(self) -> SharedState | None:
        """The database that keeps caches and baselines instead, None where there is none."""
        home = self.state_home
        return home if isinstance(home, SharedState) else None

    @cached_property
    def state_home(self) -> StateHome:
        """Where what sync remembers of this workspace is kept."""
        return state_home(self._local_file, self.parent_page, self.state_setting)

    @property
    def _local_file(self) -> Path | None:
        return self.target.path if isinstance(self.target, Local) else None

    @cached_property
    def local_workspace(self) -> LocalWorkspace:
        """The opened local workspace; only for a local target."""
        assert isinstance(self.target, Local)
        workspace = open_local(self.target.path)
        self._closing(workspace.close)
        return workspace

    def claimant(self, command: str) -> Claimant:
        """Return how a command takes the lock of the workspace."""
        from notion_pm.workspace.lock import Claimant  # SQLAlchemy: only where something is written

        return Claimant(f"notion-pm {command}", marks=self.state_directory / "claims", sleep=sleep)

    def now(self) -> datetime:
        """Return the time, in the time zone of the client."""
        return datetime.now(self.target.time_zone).astimezone(self.target.time_zone)

    def _connect(self, target: Target) -> Connection:
        if isinstance(target, Local):
            return self._connect_local(self.local_workspace.token)
        usual_lag = 0.0 if is_loopback(httpx.URL(target.base_url).host) else _READ_LAG
        return Connection(
            target.token.get_secret_value(),
            limiter=self._limiters.of(target, self.budget),
            sleep=sleep,
            base_url=target.base_url,
            patience=self._patience,
            go_on=go_on,
            token_name=str(target.token_origin),
            read_lag=usual_lag if target.read_lag is None else target.read_lag,
        )

    def _connect_local(self, token: str) -> Connection:
        return Connection(
            token,
            limiter=_limiter(None),
            sleep=sleep,
            base_url=LOCAL_URL,
            transport=httpx.WSGITransport(app=self.local_workspace.app),
            patience=self._patience,
            go_on=go_on,
        )

    @property
    def _patience(self) -> Patience:
        return Patience(max_wait=self._options.max_wait)


class Limiters:
    """One limiter for every token: Notion counts by connection, however many workspaces are worked on with it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], WindowLimiter] = {}

    def of(self, target: Remote, budget: int | None) -> WindowLimiter:
        """Return the limiter of a workspace's token, which keeps to the smallest budget that was stated for it."""
        with self._lock:
            limiter = self._known.setdefault(
                (target.base_url, target.token.get_secret_value()), _limiter(budget)
            )
        limiter.restrict(budget)
        return limiter


def open_local(
    path: Path,
    *,
    record: Path | None = None,
    webhook_seconds: tuple[float, float] | None = None,
    template_seconds: float = 1,
) -> LocalWorkspace:
    """Open the local workspace in a file, made when it does not exist.

    Webhooks wait and rest for so many seconds, and new pages wait so long for their template.

    Raises UsageError when the file is none, or cannot be written.
    """
    from notion_pm.emulator import (
        UnusableFileError,
        open_workspace,
    )  # Flask: only where there is a local workspace
    from notion_pm.emulator.webhooks import Pace

    if not path.parent.is_dir():
        raise UsageError(
            f"There is no folder {path.parent} for the local workspace.",
            "Make it, or name another file.",
        )
    try:
        pace = Pace(*(timedelta(seconds=each) for each in webhook_seconds or ()))
        delay = timedelta(seconds=template_seconds)
        return open_workspace(path, record=record, webhook_pace=pace, template_delay=delay)
    except (OSError, sqlite3.Error, UnusableFileError) as error:
        raise UsageError(
            f"The local workspace {path} cannot be opened: {error}", "Name another file."
        ) from None


@contextmanager
def opened_local(path: Path) -> Iterator[LocalWorkspace]:
    """Lend the local workspace in a file; what it refuses becomes a UsageError."""
    from notion_pm.emulator import ApiError

    workspace = open_local(path)
    try:
        yield workspace
    except ApiError as refusal:
        raise UsageError(
            refusal.message, f"notion-pm local info {path} shows what is there."
        ) from None
    except FileExistsError as taken:
        raise UsageError(
            f"There is something at {taken.filename} already.", "Name another file."
        ) from None
    finally:
        workspace.close()


def begin_weather(workspace: LocalWorkspace, weather: str, seed: int | None) -> int:
    """Trouble a local workspace's clients, and return the seed that brings the same again: the given, or a new one.

    Raises UsageError when the weather is no file, preset or list of rules.
    """
    from notion_pm.emulator.faults import WeatherFault, read_weather

    try:
        read = read_weather(weather, seed=seed)
        if seed is None and not read.seed:
            read = read_weather(weather, seed=secrets.randbelow(1_000_000))
    except WeatherFault as fault:
        raise UsageError(
            f"The weather is not clear. {fault}", "docs/local-workspace.md shows what there is."
        ) from None
    workspace.weather.change(read)
    return read.seed


def connect(token: str, base_url: str, token_name: str) -> NotionClient:
    """Return a client for a token that is not in the settings yet. `token_name`: what errors call it."""
    limiter = _limiter(_budget(base_url, None))
    return NotionClient(
        Connection(token, limiter=limiter, sleep=sleep, base_url=base_url, token_name=token_name)
    )


def pass_context(command: Callable[Concatenate[Context, P], R]) -> Callable[P, R]:
    """Give a command the Context as its first argument."""

    @click.pass_context
    def wrapper(ctx: click.Context, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return ctx.invoke(command, Context(ctx.obj, ctx.call_on_close), *args, **kwargs)

    return update_wrapper(wrapper, command)


def _limiter(budget: int | None) -> WindowLimiter:
    return WindowLimiter(budget, clock=time.monotonic, sleep=sleep)


def _budget(base_url: str, configured: int | None) -> int | None:
    """Notion's budget, unless the settings know better; a server on this machine is not Notion."""
    if configured is not None:
        return configured
    return None if is_loopback(httpx.URL(base_url).host) else NOTION_BUDGET

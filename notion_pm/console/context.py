"""The context of a command: its workspace, client and state folder, made from the settings.

This is the only module that opens a local workspace; all others meet it over HTTP.
"""

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
from notion_pm.config.state_place import (
    StateSetting,
    raise_if_state_redirected,
    state_folder,
    state_home,
)
from notion_pm.console.root_options import RootOptions
from notion_pm.console.signals import raise_if_stopping, sleep
from notion_pm.errors import UsageError
from notion_pm.model.ids import NotionId
from notion_pm.model.state_home import SharedState, StateHome
from notion_pm.network import is_loopback
from notion_pm.notion.client import NotionClient
from notion_pm.notion.connection import Connection
from notion_pm.notion.limiter import NOTION_BUDGET, WindowLimiter
from notion_pm.notion.retry import Patience

if TYPE_CHECKING:
    from notion_pm.emulator import LocalWorkspace
    from notion_pm.workspace.lock import Claimant

P = ParamSpec("P")
R = TypeVar("R")

DEFAULT_TEMPLATE = "product"

LOCAL_URL = "http://notion-pm.local"
"""The base URL of a local workspace that runs inside this process."""

_READ_LAG = 2.0
"""Seconds until a read from Notion shows the writes of another connection.

An assumption on the safe side: no measurement of it is public.
"""


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
        """Make a context.

        `is_named`: the user chose this workspace with -w; False when --all chose it.
        """
        self._options = options
        self._closing = closing
        self._limiters = limiters or Limiters()
        self._is_named = is_named and options.workspace is not None

    @property
    def jobs(self) -> int:
        """The maximum number of parallel requests."""
        return self._options.jobs

    @property
    def name(self) -> str:
        """The name of the workspace in messages."""
        # First, since it does not read the settings: the name is also needed in messages about
        # settings that are wrong.
        if self._options.workspace:
            return self._options.workspace
        return self.target.path.name if isinstance(self.target, Local) else self.target.name

    def clients(self) -> list[Context]:
        """Return a context for each workspace of notion-pm.toml, or only for the chosen one."""
        names = read_config(is_named=self._options.workspace is not None).workspaces
        if self._options.local or self._options.workspace or not names:
            return [self]
        return self._contexts_of(names)

    def all_clients(self) -> list[Context]:
        """Return a context for each workspace of notion-pm.toml; the environment is ignored.

        Raises UsageError when one workspace is chosen as well, or the file names none.
        """
        options = self._options
        if options.workspace or (options.local and not options.local_from_environment):
            raise UsageError(
                "--all cannot be combined with a single workspace.",
                "Leave out --all, or -w and --local.",
            )
        # With --all the user names no client of the file, so it is used only if no other user could
        # have changed it.
        names = read_config().workspaces
        if not names:
            raise UsageError(
                f"--all runs every workspace of {CONFIG_FILE}, but the file names none.",
                "Add one with  notion-pm init --workspace NAME.",
            )
        return self._contexts_of(names)

    def _contexts_of(self, names: Iterable[str]) -> list[Context]:
        # All clients share the limiters: Notion counts requests by token, not by workspace.
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
        source = Source.ENVIRONMENT if options.local_from_environment else Source.COMMAND_LINE
        local = Path(options.local) if options.local else None
        if options.workspace and options.local_from_environment:
            local = None  # -w is on the command line, so it wins over NOTION_PM_LOCAL
        return choose_target(
            local=local,
            workspace=options.workspace,
            local_source=source,
            is_named=self._is_named,
        )

    def template(self, given: str | None) -> str | None:
        """Return the given template, else the one in the settings, else None: the record
        names it.
        """
        # Not DEFAULT_TEMPLATE: a workspace that has another template must not get `product` by
        # mistake.
        return given or self.target.template

    @property
    def budget(self) -> int | None:
        """The requests allowed per minute, None for no limit."""
        if isinstance(self.target, Local):
            return None
        return _budget(self.target.base_url, self.target.budget)

    @property
    def is_on_this_machine(self) -> bool:
        """Whether the workspace is local (in a file or served here) rather than at Notion."""
        target = self.target
        return isinstance(target, Local) or is_loopback(httpx.URL(target.base_url).host)

    @cached_property
    def notion(self) -> NotionClient:
        """The client for the workspace."""
        return NotionClient(self.connection)

    @cached_property
    def connection(self) -> Connection:
        """The connection below the client, for requests that the client has no method for."""
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
    def requests_sent(self) -> int:
        """The number of requests sent so far."""
        return self.notion.requests.attempts if self._has_client else 0

    @property
    def wait(self) -> float:
        """The seconds that the next request has to wait for the budget."""
        return self.notion.wait if self._has_client else 0.0

    @property
    def _has_client(self) -> bool:
        # A progress bar asks for counts; that must not open a connection.
        return "notion" in vars(self)

    @cached_property
    def parent_page(self) -> NotionId:
        """The page that holds the databases and the record."""
        if isinstance(self.target, Local):
            return NotionId(self.local_workspace.root_page_id)
        if self.target.parent_page is None:
            raise UsageError(
                "No parent page is set: the page that will hold the databases.",
                "Set NOTION_PM_PARENT_PAGE to its id or link (environment or .env), "
                "or run  notion-pm init.",
            )
        return self.target.parent_page

    @cached_property
    def state_setting(self) -> StateSetting | None:
        """The place for the state that the settings name, None for the usual folder."""
        setting = configured_state(is_named=self._is_named)
        if setting is not None:
            raise_if_state_redirected(setting, self.target.source)
        return setting

    @cached_property
    def state_directory(self) -> Path:
        """The folder on this machine for the caches, baselines and journals of this workspace."""
        return state_folder(self._local_file, self.parent_page, self.state_setting)

    @property
    def shared_state(self) -> SharedState | None:
        """The PostgreSQL database that machines share for the state, or None."""
        home = self.state_home
        return home if isinstance(home, SharedState) else None

    @cached_property
    def state_home(self) -> StateHome:
        """The place where sync keeps its state: a folder, or a shared database."""
        return state_home(self._local_file, self.parent_page, self.state_setting)

    @property
    def _local_file(self) -> Path | None:
        return self.target.path if isinstance(self.target, Local) else None

    @cached_property
    def local_workspace(self) -> LocalWorkspace:
        """The local workspace, opened. Only for a local target."""
        assert isinstance(self.target, Local)
        workspace = open_local(self.target.path)
        self._closing(workspace.close)
        return workspace

    def claimant(self, command: str) -> Claimant:
        """Return what the lock of the workspace needs to know about this command."""
        # SQLAlchemy is loaded only for commands that write.
        from notion_pm.workspace.lock import Claimant

        return Claimant(f"notion-pm {command}", marks=self.state_directory / "claims", sleep=sleep)

    def now(self) -> datetime:
        """Return the current time in the time zone of the client."""
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
            raise_if_stopping=raise_if_stopping,
            token_name=str(target.token_origin),
            read_lag=usual_lag if target.read_lag is None else target.read_lag,
        )

    def _connect_local(self, token: str) -> Connection:
        return Connection(
            token,
            # No budget: a local workspace runs in this process and has no limit.
            limiter=_limiter(None),
            sleep=sleep,
            base_url=LOCAL_URL,
            transport=httpx.WSGITransport(app=self.local_workspace.app),
            patience=self._patience,
            raise_if_stopping=raise_if_stopping,
        )

    @property
    def _patience(self) -> Patience:
        return Patience(max_wait=self._options.max_wait)


class Limiters:
    """One limiter per token: Notion counts requests by connection, not by workspace."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], WindowLimiter] = {}

    def of(self, target: Remote, budget: int | None) -> WindowLimiter:
        """Return the limiter of a workspace's token.

        Workspaces may state different budgets for one token; the smallest applies.
        """
        with self._lock:
            limiter = self._known.setdefault(
                (target.base_url, target.token.get_secret_value()), _limiter(budget)
            )
        # Example: two clients with one token, one entry with budget = 60 and one without. Both get
        # 60, as requests of either count for the token.
        limiter.restrict(budget)
        return limiter


def open_local(
    path: Path,
    *,
    record: Path | None = None,
    webhook_seconds: tuple[float, float] | None = None,
    template_seconds: float = 1,
) -> LocalWorkspace:
    """Open the local workspace in a file. The file is created when it does not exist.

    `webhook_seconds`: how long webhooks wait before a delivery, and between two deliveries.
    `template_seconds`: how long a new page waits for the content of its template.

    Raises UsageError when the file is not a local workspace or cannot be written.
    """
    # Flask is loaded only for commands that work on a local workspace.
    from notion_pm.emulator import UnusableFileError, open_workspace
    from notion_pm.emulator.webhooks import Pace

    if not path.parent.is_dir():
        raise UsageError(
            f"The folder of the local workspace does not exist: {path.parent}",
            "Create it, or name another file.",
        )
    try:
        pace = Pace(*(timedelta(seconds=seconds) for seconds in webhook_seconds or ()))
        delay = timedelta(seconds=template_seconds)
        return open_workspace(path, record=record, webhook_pace=pace, template_delay=delay)
    except (OSError, sqlite3.Error, UnusableFileError) as error:
        raise UsageError(
            f"The local workspace {path} cannot be opened: {error}", "Name another file."
        ) from None


@contextmanager
def local_workspace_in(path: Path) -> Iterator[LocalWorkspace]:
    """Open the local workspace in a file for a `with` block.

    Raises UsageError for what the local workspace refuses.
    """
    from notion_pm.emulator import ApiError

    workspace = open_local(path)
    try:
        yield workspace
    except ApiError as refusal:
        raise UsageError(
            refusal.message, f"notion-pm local info {path} shows what is there."
        ) from None
    except FileExistsError as taken:
        raise UsageError(f"{taken.filename} already exists.", "Name another file.") from None
    finally:
        workspace.close()


def inject_faults(workspace: LocalWorkspace, faults: str, seed: int | None) -> int:
    """Make a local workspace inject faults, and return the seed that repeats them.

    Without a seed, a random one is chosen.

    Raises UsageError when `faults` is not a file, a preset or a list of rules.
    """
    from notion_pm.emulator.faults import InvalidFaultsError, read_faults

    try:
        read = read_faults(faults, seed=seed)
        if seed is None and not read.seed:
            read = read_faults(faults, seed=secrets.randbelow(1_000_000))
    except InvalidFaultsError as fault:
        raise UsageError(
            f"Invalid --weather value: {fault}",
            "docs/local-workspace.md lists the possible values.",
        ) from None
    workspace.faults.change(read)
    return read.seed


def connect(token: str, base_url: str, token_name: str) -> NotionClient:
    """Return a client for a token that is not in the settings yet.

    `token_name`: the name of the token in error messages.
    """
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
    if configured is not None:
        return configured
    if is_loopback(httpx.URL(base_url).host):
        return None  # a server on this machine is not Notion and has no budget
    return NOTION_BUDGET

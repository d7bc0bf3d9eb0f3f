"""Settings: which workspace a command works on.

They come from the command line, the environment, `.env` and `notion-pm.toml`. The first of these
that names a workspace wins:

1. `--local FILE` (or NOTION_PM_LOCAL): a local workspace, no token needed;
2. `-w NAME`: that workspace of `notion-pm.toml`;
3. NOTION_TOKEN and NOTION_PM_PARENT_PAGE, in the environment or `.env`;
4. the only workspace of `notion-pm.toml`, or its `default`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import SecretStr

from notion_pm.config.config_file import CONFIG_FILE, ConfigFile, WorkspaceEntry, read_config
from notion_pm.config.server import NOTION_URL, Server, TokenOrigin, raise_if_redirected
from notion_pm.config.sources import Origin, Source
from notion_pm.config.state_place import StateSetting, validate_state
from notion_pm.config.trusted_file import is_readable_by_others
from notion_pm.config.variables import ENV_FILE, TOKEN, Variables, read_variables
from notion_pm.errors import NoWorkspace, UsageError
from notion_pm.model.ids import NotionId, parse_notion_id

__all__ = [
    "CONFIG_FILE",
    "ENV_FILE",
    "NOTION_URL",
    "ConfigFile",
    "Local",
    "Origin",
    "Remote",
    "Server",
    "Source",
    "Target",
    "TokenOrigin",
    "Variables",
    "choose_target",
    "configured_state",
    "is_readable_by_others",
    "raise_if_redirected",
    "read_config",
    "read_variables",
    "second_token",
]


_USUAL_ORIGIN = TokenOrigin(Source.ENVIRONMENT, TOKEN)


@dataclass(frozen=True, slots=True)
class Remote:
    """A workspace at Notion, or at another server with its API.

    `parent_page` is None when only the token is needed (init, doctor). `origins`: the settings with
    their origins.
    """

    name: str
    token: SecretStr
    parent_page: NotionId | None
    base_url: str = NOTION_URL
    time_zone: ZoneInfo | None = None
    budget: int | None = None
    template: str | None = None
    token_origin: TokenOrigin = _USUAL_ORIGIN
    origins: tuple[Origin, ...] = ()
    read_lag: float | None = None
    """Seconds until a read shows the writes of another connection. None: the usual time there."""

    @property
    def source(self) -> Source:
        """The source of the token, and so of the workspace."""
        return self.token_origin.source


@dataclass(frozen=True, slots=True)
class Local:
    """A local workspace in a file.

    `source`: the source of the file name. `origins`: the settings with their origins.
    """

    path: Path
    time_zone: ZoneInfo | None = None
    template: str | None = None
    source: Source = Source.COMMAND_LINE
    origins: tuple[Origin, ...] = ()


Target = Remote | Local


def choose_target(
    *,
    local: Path | None,
    workspace: str | None,
    local_source: Source = Source.COMMAND_LINE,
    is_named: bool | None = None,
) -> Target:
    """Return the workspace that a command works on.

    `local` and `workspace` come from the command line, or `local` from NOTION_PM_LOCAL. `is_named`:
    the user named the workspace, see `read_trusted`; False for --all. Default: whether `workspace`
    is given.

    Raises UsageError for settings that are invalid, missing or not trusted, NoWorkspace when no
    setting names a workspace.
    """
    if local is not None and workspace is not None:
        raise UsageError("--local and --workspace cannot be combined.", "Use one of them.")
    if is_named is None:
        is_named = workspace is not None
    # Read even for a local workspace, which needs no token: its time zone may come from a variable.
    variables = read_variables(is_named=is_named)
    if local is not None:
        return _local_target(local, local_source, variables)
    config = read_config(is_named=is_named)
    if workspace is not None:
        return _target_of_entry(config, workspace, variables)
    if variables.get(TOKEN) is not None:
        # Before the file: someone who sets a token for one command means that token, whatever the
        # file's default is.
        return _from_variables(variables)
    name = config.default
    # With several clients and no default there is no guess: a plan for the wrong client may be
    # applied.
    if name is None and len(config.workspaces) == 1:
        name = next(iter(config.workspaces))
    if name is not None:
        return _target_of_entry(config, name, variables)
    if config.workspaces:
        raise UsageError(
            f"{CONFIG_FILE} has several workspaces: {', '.join(config.workspaces)}.",
            "Choose one with -w NAME, or set `default`.",
        )
    raise NoWorkspace


def second_token(target: Target, variable: str, *, is_named: bool) -> tuple[SecretStr, TokenOrigin]:
    """Return the token in a variable, for a second connection to a workspace.

    Raises UsageError when the variable is not named like a token, is empty, or comes from another
    source than the server that would receive the token.
    """
    # The same rules as for the first token: the second one is sent to the same server, which may
    # come from a file in a downloaded folder.
    _raise_if_no_token_name(variable, "--second-token-env names")
    found = read_variables(is_named=is_named).get(variable)
    if found is None:
        raise UsageError(
            f"The variable {variable} is empty.", f"Set {variable} in the environment or in .env."
        )
    origin = TokenOrigin(found.source, variable)
    if isinstance(target, Remote):
        server = Server(target.base_url)
        for setting in target.origins:
            if setting.setting == "server":
                server = Server(target.base_url, setting.source, setting.name)
        raise_if_redirected(origin, server)
    return SecretStr(found.value), origin


def configured_state(*, is_named: bool = False) -> StateSetting | None:
    """Return the place for the state that the settings name, None for the usual folder.

    Raises UsageError for settings that are invalid or not trusted.
    """
    variable = read_variables(is_named=is_named).get("NOTION_PM_STATE")
    if variable is not None:
        value = SecretStr(variable.value.strip())
        return validate_state(StateSetting(value, variable.source, variable.name))
    # The variable wins: the file has one `state` for all of its clients, and a variable can replace
    # it for one run or one machine.
    value_in_file = read_config(is_named=is_named).state
    if value_in_file is None or not value_in_file.get_secret_value():
        return None
    return validate_state(StateSetting(value_in_file, Source.CONFIG_FILE, "state"))


def _local_target(path: Path, source: Source, variables: Variables) -> Local:
    name = "NOTION_PM_LOCAL" if source is Source.ENVIRONMENT else "--local"
    zone = _zone(variables.settings().time_zone)
    origins = (
        Origin("local workspace", name, source, str(path)),
        *_origins_of_variables(variables, "time_zone"),
    )
    return Local(path, zone, source=source, origins=origins)


def _from_variables(variables: Variables) -> Remote:
    settings = variables.settings()
    token = variables.get(TOKEN)
    assert token is not None and settings.token is not None
    token_origin = TokenOrigin(token.source, token.name)
    # A server is looked for in the source of the token first. Example: token and server in .env,
    # and another NOTION_PM_BASE_URL in the environment: the token of .env goes to the server of
    # .env.
    server = variables.server(TOKEN, token.source) or Server()
    raise_if_redirected(token_origin, server)
    return Remote(
        "environment",
        settings.token,
        parse_notion_id(settings.parent_page) if settings.parent_page else None,
        server.url,
        _zone(settings.time_zone),
        settings.budget,
        settings.template,
        token_origin=token_origin,
        origins=(
            Origin("token", token.name, token.source),
            _origin_of(server),
            *_origins_of_variables(variables, "parent_page", "template", "time_zone", "budget"),
        ),
        read_lag=settings.read_lag,
    )


def _target_of_entry(config: ConfigFile, name: str, variables: Variables) -> Target:
    entry = config.workspaces.get(name)
    if entry is None:
        known = ", ".join(config.workspaces) or "none"
        raise UsageError(
            f"{CONFIG_FILE} has no workspace {name!r}. It has: {known}.", "Add it, or correct -w."
        )
    settings = variables.settings()
    # The entry comes first, then the variable: a consultant's own NOTION_PM_TIME_ZONE is the usual
    # one, and a client elsewhere states its own.
    zone = _zone(entry.time_zone or settings.time_zone)
    if entry.local is not None:
        _raise_if_created_elsewhere(entry.local)
        return Local(
            entry.local,
            zone,
            entry.template,
            Source.CONFIG_FILE,
            tuple(_origins_of_entry(name, entry, variables)),
        )
    assert entry.parent_page is not None, "the file was validated"
    token, token_origin = _token(name, entry, variables)
    server = _server_of_entry(entry, token_origin, variables)
    raise_if_redirected(token_origin, server)
    return Remote(
        name,
        token,
        parse_notion_id(entry.parent_page),
        server.url,
        zone,
        entry.budget or settings.budget,
        entry.template,
        token_origin,
        (
            Origin("token", token_origin.name, token_origin.source),
            _origin_of(server),
            *_origins_of_entry(name, entry, variables),
        ),
        settings.read_lag,
    )


def _raise_if_created_elsewhere(local: Path) -> None:
    """Refuse to create a local workspace outside of the folder of notion-pm.toml."""
    # The file may come with a downloaded folder. A path such as ../../.ssh/x must not create a file
    # outside of it; a workspace that exists there was created by the user.
    if not local.exists() and not local.resolve().is_relative_to(Path.cwd()):
        raise UsageError(
            f"{CONFIG_FILE} names the local workspace {local}, which is outside of this folder "
            "and does not exist.",
            f"If you want it there, create it yourself:  notion-pm --local {local} init",
        )


def _token(name: str, entry: WorkspaceEntry, variables: Variables) -> tuple[SecretStr, TokenOrigin]:
    if entry.token is not None:
        return entry.token, TokenOrigin(Source.CONFIG_FILE, f"`token` of the workspace {name}")
    variable = entry.token_env or TOKEN
    _raise_if_no_token_name(
        variable, f"The workspace {name!r} of {CONFIG_FILE} takes its token from", name
    )
    found = variables.get(variable)
    if found is None:
        raise UsageError(
            f"No token for workspace {name!r}: the variable {variable} is empty.",
            f"Set {variable} in the environment or in .env.",
        )
    return SecretStr(found.value), TokenOrigin(found.source, variable)


def _raise_if_no_token_name(variable: str, who: str, example: str = "second") -> None:
    """Raise UsageError for a variable that is not named like a token.

    A downloaded file must not be able to choose any secret of the environment.
    """
    if not variable.endswith(TOKEN):
        better_name = f"{example.replace('-', '_').upper()}_{TOKEN}"
        raise UsageError(
            f"{who} {variable}, which is not the name of a token.",
            f"Rename the variable so that it ends in {TOKEN}, for example {better_name}.",
        )


def _server_of_entry(entry: WorkspaceEntry, token: TokenOrigin, variables: Variables) -> Server:
    if entry.base_url is not None:
        return Server(entry.base_url, Source.CONFIG_FILE, "base_url")
    # A token written in the file has no variable with a prefix, so only the general
    # NOTION_PM_BASE_URL can belong to it.
    variable = token.name if token.source is not Source.CONFIG_FILE else TOKEN
    return variables.server(variable, token.source) or Server()


def _origin_of(server: Server) -> Origin:
    return Origin("server", server.name, server.source, server.url)


def _origins_of_variables(variables: Variables, *settings: str) -> Iterator[Origin]:
    """Yield those of our own variables that have a value, with their origins."""
    for setting in settings:
        variable = variables.get(f"NOTION_PM_{setting.upper()}")
        if variable is not None:
            label = setting.replace("_", " ")
            yield Origin(label, variable.name, variable.source, variable.value)


def _origins_of_entry(name: str, entry: WorkspaceEntry, variables: Variables) -> Iterator[Origin]:
    """Yield the settings of a workspace of notion-pm.toml, with their origins.

    A setting that the file leaves out may come from a variable.
    """
    where = f"workspaces.{name}"
    for setting in ("local", "parent_page", "template", "time_zone", "budget"):
        value = getattr(entry, setting)
        if value is not None:
            label = "local workspace" if setting == "local" else setting.replace("_", " ")
            yield Origin(label, where, Source.CONFIG_FILE, str(value))
        elif setting in {"time_zone", "budget"}:
            yield from _origins_of_variables(variables, setting)


def _zone(name: str | None) -> ZoneInfo | None:
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(
            f"{name!r} is not a time zone.", "Use an IANA name, for example Europe/Berlin."
        ) from None

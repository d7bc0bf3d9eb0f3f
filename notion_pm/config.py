"""Settings: which workspace a command works on, from the command line, the environment, `.env` and `notion-pm.toml`.

The first of these that names a workspace wins:

1. `--local FILE` (or NOTION_PM_LOCAL): a local workspace, no token needed;
2. `-w NAME`: that workspace of `notion-pm.toml`;
3. NOTION_TOKEN and NOTION_PM_PARENT_PAGE, in the environment or `.env`;
4. the only workspace of `notion-pm.toml`, or the one that its `default` names.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dotenv import dotenv_values
from platformdirs import user_state_path
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from notion_pm.errors import FileUnusable, NoWorkspace, UsageError
from notion_pm.files import make_private_folder
from notion_pm.model.ids import NotionId, parse_notion_id
from notion_pm.model.state_home import SharedState

CONFIG_FILE = Path("notion-pm.toml")
ENV_FILE = Path(".env")
NOTION_URL = "https://api.notion.com"


def _server(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"{url!r} is no address of a server, such as {NOTION_URL}")
    if parts.path.rstrip("/").endswith("/v1"):
        raise ValueError(f"{url!r} must end before /v1")
    return url


ServerUrl = Annotated[str, AfterValidator(_server)]


class Environment(BaseSettings):
    """What the environment and `.env` say. An empty variable is as good as none."""

    model_config = SettingsConfigDict(
        env_file=ENV_FILE, env_ignore_empty=True, extra="ignore", frozen=True, env_prefix="NOTION_PM_"
    )

    token: SecretStr | None = Field(None, validation_alias="NOTION_TOKEN")
    parent_page: str | None = None
    base_url: ServerUrl = NOTION_URL
    state: SecretStr | None = Field(None, description="What sync remembers: a folder, or the URL of a PostgreSQL.")
    time_zone: str | None = Field(None, description="IANA name; decides what `today` is. Default: this machine's.")
    budget: int | None = Field(None, ge=1, description="Requests a minute of this connection.")


class WorkspaceEntry(BaseModel):
    """One workspace in `notion-pm.toml`. What it leaves out the environment decides."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    local: Path | None = Field(None, description="A local workspace in this file, instead of one behind Notion's API.")
    parent_page: str | None = Field(None, validate_default=True)
    template: str | None = Field(None, description="What `plan`, `apply` and `status` take without an argument.")
    token: SecretStr | None = None
    token_env: str | None = Field(None, description="The environment variable that holds the token.")
    base_url: ServerUrl | None = None
    time_zone: str | None = None
    budget: int | None = Field(None, ge=1)

    @field_validator("parent_page")
    @classmethod
    def _or_a_local_file(cls, page: str | None, entry: ValidationInfo) -> str | None:
        if (page is None) == (entry.data.get("local") is None):
            raise ValueError("a workspace needs a parent page, or else a `local` file")
        return page


class ConfigFile(BaseModel):
    """`notion-pm.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    default: str | None = None
    state: SecretStr | None = Field(None, description="What sync remembers: a folder, or the URL of a PostgreSQL.")
    workspaces: dict[str, WorkspaceEntry] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Remote:
    """A workspace behind Notion's API. `parent_page` is None where only the token is needed yet (init, doctor)."""

    name: str
    token: SecretStr
    parent_page: NotionId | None
    base_url: str = NOTION_URL
    time_zone: ZoneInfo | None = None
    budget: int | None = None
    template: str | None = None


@dataclass(frozen=True, slots=True)
class Local:
    """A local workspace in a file."""

    path: Path
    time_zone: ZoneInfo | None = None
    template: str | None = None


Target = Remote | Local


def choose_target(*, local: Path | None, workspace: str | None, environment: dict[str, str]) -> Target:
    """Return the workspace that a command works on.

    `local` and `workspace` come from the command line (or NOTION_PM_LOCAL); `environment` is the process's, for tokens
    that `notion-pm.toml` keeps there.

    Raises UsageError for settings that are wrong or missing, NoWorkspace when nothing names a workspace.
    """
    settings = read_environment()
    if local is not None and workspace is not None:
        raise UsageError("--local and --workspace name two different workspaces.", "Give one of them.")
    if local is not None:
        return Local(local, _zone(settings.time_zone))
    config = read_config(CONFIG_FILE)
    if workspace is not None:
        return _configured(config, workspace, settings, environment)
    if settings.token is not None:
        return _from_environment(settings)
    name = config.default or (next(iter(config.workspaces)) if len(config.workspaces) == 1 else None)
    if name is not None:
        return _configured(config, name, settings, environment)
    if config.workspaces:
        raise UsageError(
            f"{CONFIG_FILE} has several workspaces: {', '.join(config.workspaces)}.",
            "Choose one with -w NAME, or name one as `default`.",
        )
    raise NoWorkspace


def read_environment() -> Environment:
    """Return the settings of the environment and `.env`.

    Raises UsageError naming every variable that is wrong.
    """
    try:
        return Environment()
    except UnicodeDecodeError:
        raise _not_text(ENV_FILE) from None
    except ValidationError as error:
        wrong = [f"{_variable(each['loc'])}: {_told(each['msg'])}" for each in error.errors(include_input=False)]
        raise UsageError("Settings that cannot be used:\n  " + "\n  ".join(wrong), "Correct them in .env.") from None


def read_env_file() -> dict[str, str]:
    """Return the variables of `.env` that have a value, also those that are none of ours.

    Raises UsageError when it is no text.
    """
    try:
        return {key: value for key, value in dotenv_values(ENV_FILE).items() if value}
    except UnicodeDecodeError:
        raise _not_text(ENV_FILE) from None


def _not_text(path: Path) -> UsageError:
    return UsageError(f"{path} is not text in UTF-8.", "Save it as UTF-8.")


def read_config(path: Path) -> ConfigFile:
    """Return what `notion-pm.toml` says; an absent file says nothing.

    Raises UsageError naming every problem of the file.
    """
    if not path.exists():
        return ConfigFile()
    try:
        return ConfigFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except UnicodeDecodeError:
        raise _not_text(path) from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path} is not TOML: {error}", "Correct it; see docs/configuration.md.") from None
    except ValidationError as error:
        wrong = [f"{_dotted(each['loc'])}: {_told(each['msg'])}" for each in error.errors(include_input=False)]
        advice = "Correct it; see docs/configuration.md."
        raise UsageError(f"{path} cannot be used:\n  " + "\n  ".join(wrong), advice) from None


def configured_state() -> SecretStr | None:
    """Return where what is remembered is kept, None for the usual place. Raises UsageError for wrong settings."""
    return read_environment().state or read_config(CONFIG_FILE).state


def shared_state(parent_page: NotionId, configured: SecretStr | None) -> SharedState | None:
    """Return the database that keeps what is remembered about one workspace, None where a folder does."""
    return SharedState(configured, parent_page) if configured and _is_database(configured) else None


def state_directory(target: Target, parent_page: NotionId, configured: SecretStr | None) -> Path:
    """Return the folder for what is remembered about one workspace, made if need be.

    It is named by the parent page, so that a token or file that changes hands never meets another's memory. A local
    workspace keeps it beside its file.

    Raises FileUnusable when it cannot be made.
    """
    beside = target.path.parent / ".notion-pm" if isinstance(target, Local) else user_state_path("notion-pm")
    named = Path(configured.get_secret_value()) if configured and not _is_database(configured) else None
    folder = (named or beside) / parent_page
    try:
        make_private_folder(folder)
    except FileUnusable as error:
        advice = "Caches and baselines are kept there. Name a folder that is yours with NOTION_PM_STATE."
        raise FileUnusable(error.path, error.reason, advice) from error
    return folder


def _is_database(configured: SecretStr) -> bool:
    return configured.get_secret_value().startswith(("postgresql:", "postgresql+psycopg:", "postgres:"))


def _from_environment(settings: Environment) -> Remote:
    assert settings.token is not None
    parent = parse_notion_id(settings.parent_page) if settings.parent_page else None
    zone = _zone(settings.time_zone)
    return Remote("environment", settings.token, parent, settings.base_url, zone, settings.budget)


def _configured(config: ConfigFile, name: str, settings: Environment, environment: dict[str, str]) -> Target:
    entry = config.workspaces.get(name)
    if entry is None:
        known = ", ".join(config.workspaces) or "none"
        raise UsageError(f"{CONFIG_FILE} has no workspace {name!r} (it has: {known}).", "Add it, or correct -w.")
    zone = _zone(entry.time_zone or settings.time_zone)
    if entry.local is not None:
        return Local(entry.local, zone, entry.template)
    assert entry.parent_page is not None, "the file was validated"
    return Remote(
        name,
        _token(name, entry, environment),
        parse_notion_id(entry.parent_page),
        entry.base_url or settings.base_url,
        zone,
        entry.budget or settings.budget,
        entry.template,
    )


def _token(name: str, entry: WorkspaceEntry, environment: dict[str, str]) -> SecretStr:
    if entry.token is not None:
        return entry.token
    variable = entry.token_env or "NOTION_TOKEN"
    found = environment.get(variable)
    if not found:
        raise UsageError(
            f"No token for workspace {name!r}: the variable {variable} is empty.",
            f"Set {variable} in the environment or in .env.",
        )
    return SecretStr(found)


def _zone(name: str | None) -> ZoneInfo | None:
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise UsageError(f"{name!r} is not a time zone.", "Use an IANA name, such as Europe/Berlin.") from None


def _told(message: str) -> str:
    return message.removeprefix("Value error, ")


def _dotted(location: tuple[Any, ...]) -> str:
    return ".".join(map(str, location))


def _variable(location: tuple[Any, ...]) -> str:
    name = _dotted(location)
    return name if name.isupper() else f"NOTION_PM_{name.upper()}"

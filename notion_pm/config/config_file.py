"""`notion-pm.toml`: the workspaces of several clients."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from notion_pm.config.trusted_file import read_trusted
from notion_pm.config.validation import without_prefix
from notion_pm.config.variables import ServerUrl
from notion_pm.errors import UsageError

CONFIG_FILE = Path("notion-pm.toml")

_ADVICE = "Correct it; see docs/configuration.md."


class WorkspaceEntry(BaseModel):
    """One workspace in `notion-pm.toml`. Variables provide what it leaves out."""

    # An unknown key is an error: a typing mistake such as `time-zone` would otherwise be ignored
    # without a word.
    model_config = ConfigDict(extra="forbid", frozen=True)

    local: Path | None = Field(
        None, description="The file of a local workspace, instead of a workspace at Notion."
    )
    # The default is validated too, so that an entry with neither `parent_page` nor `local` is
    # refused.
    parent_page: str | None = Field(None, validate_default=True)
    template: str | None = Field(
        None, description="The default template of `plan`, `apply` and `status`."
    )
    token: SecretStr | None = None
    token_env: str | None = Field(
        None, description="The variable that holds the token. Its name ends in NOTION_TOKEN."
    )
    base_url: ServerUrl | None = None
    time_zone: str | None = None
    budget: int | None = Field(None, ge=1)

    @field_validator("parent_page")
    @classmethod
    def _is_remote_or_local(cls, page: str | None, entry: ValidationInfo) -> str | None:
        if (page is None) == (entry.data.get("local") is None):
            raise ValueError("a workspace needs either a parent page or a `local` file")
        return page


class ConfigFile(BaseModel):
    """`notion-pm.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    default: str | None = None
    state: SecretStr | None = Field(
        None, description="The place for the state: a folder, or the URL of a PostgreSQL database."
    )
    workspaces: dict[str, WorkspaceEntry] = Field(default_factory=dict)


def read_config(*, is_named: bool = False) -> ConfigFile:
    """Return the content of `notion-pm.toml`; a missing file is empty.

    `is_named`: the user named one of its workspaces (`-w`), see `read_trusted`.

    Raises UsageError that names every problem of the file, FileUnusable.
    """
    text = read_trusted(CONFIG_FILE, is_named=is_named)
    if text is None:
        return ConfigFile()
    try:
        return ConfigFile.model_validate(tomllib.loads(text))
    except ValidationError as error:
        problems = []
        # Without the input: it may be a token.
        for problem in error.errors(include_input=False):
            place = ".".join(map(str, problem["loc"]))
            problems.append(f"{place}: {without_prefix(problem['msg'])}")
        raise UsageError(
            f"{CONFIG_FILE} cannot be used:\n  " + "\n  ".join(problems), _ADVICE
        ) from None
    except ValueError as error:
        # Not only TOMLDecodeError: Python refuses a number with too many digits.
        raise UsageError(f"{CONFIG_FILE} is not TOML: {error}", _ADVICE) from None
    except RecursionError:
        raise UsageError(f"{CONFIG_FILE} is nested too deeply.", _ADVICE) from None

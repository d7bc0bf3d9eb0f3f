"""Settings from variables: those of the environment, and below them those of `.env`."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Annotated

from dotenv import dotenv_values
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from notion_pm.config.server import Server, normalised_url, server_variable
from notion_pm.config.sources import Source
from notion_pm.config.trusted_file import read_trusted
from notion_pm.config.validation import without_prefix
from notion_pm.errors import UsageError

ENV_FILE = Path(".env")
TOKEN = "NOTION_TOKEN"  # noqa: S105 - the name of a variable
BASE_URL = "NOTION_PM_BASE_URL"

_REFERENCE = re.compile(r"\$\{[A-Za-z_]")

ServerUrl = Annotated[str, AfterValidator(normalised_url)]


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable that has a value, and where it has it from."""

    name: str
    value: str
    source: Source


class Settings(BaseModel):
    """What our own variables say, whatever their source. The names are those of the variables."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    token: SecretStr | None = Field(None, alias=TOKEN)
    parent_page: str | None = Field(None, alias="NOTION_PM_PARENT_PAGE")
    template: str | None = Field(None, alias="NOTION_PM_TEMPLATE")
    base_url: ServerUrl | None = Field(None, alias=BASE_URL)
    state: SecretStr | None = Field(None, alias="NOTION_PM_STATE")
    time_zone: str | None = Field(None, alias="NOTION_PM_TIME_ZONE")
    budget: int | None = Field(None, ge=1, alias="NOTION_PM_BUDGET")
    read_lag: float | None = Field(None, ge=0, le=600, alias="NOTION_PM_READ_LAG")


class Variables:
    """The variables of the environment and of `.env`. The environment wins; an empty variable is as good as none."""

    def __init__(self, environment: Mapping[str, str], env_file: Mapping[str, str]) -> None:
        self._names_in_file = frozenset(name for name, value in env_file.items() if value)
        self._found = {
            name: Variable(name, value, source)
            for source, variables in (
                (Source.ENV_FILE, env_file),
                (Source.ENVIRONMENT, environment),
            )
            for name, value in variables.items()
            if value
        }

    def get(self, name: str) -> Variable | None:
        """Return a variable, None when it is empty or missing."""
        return self._found.get(name)

    @property
    def names_in_file(self) -> frozenset[str]:
        """The names of the variables that `.env` gives a value, whatever the environment says."""
        return self._names_in_file

    def settings(self) -> Settings:
        """Return what our own variables say.

        Raises UsageError naming every variable that is wrong, and where it has its value from.
        """
        try:
            return Settings.model_validate({name: each.value for name, each in self._found.items()})
        except ValidationError as error:
            problems = [
                f"{each['loc'][0]}: {without_prefix(each['msg'])}"
                for each in error.errors(include_input=False)
            ]
            sources = {
                self._found[str(each["loc"][0])].source
                for each in error.errors(include_input=False)
            }
            raise UsageError(
                "Settings that cannot be used:\n  " + "\n  ".join(problems),
                f"Correct them in {' and in '.join(sorted(sources))}.",
            ) from None

    def server(
        self, token_variable: str = TOKEN, token_source: Source = Source.ENVIRONMENT
    ) -> Server | None:
        """Return the server that variables name for a token: its own variable, or that of all tokens.

        One from the source of the token comes first: the other could not be used.

        Raises UsageError for an address that cannot be used.
        """
        candidates = (self.get(server_variable(token_variable)), self.get(BASE_URL))
        named = [variable for variable in candidates if variable is not None]
        if not named:
            return None
        found = next((variable for variable in named if variable.source is token_source), named[0])
        try:
            return Server(normalised_url(found.value), found.source, found.name)
        except ValueError as error:
            raise UsageError(f"{found.name}: {error}", f"Correct it in {found.source}.") from None


def read_variables(*, is_named: bool = False) -> Variables:
    """Return the variables of the environment and of `.env`.

    `is_named`: the user named a workspace (`-w`), see `read_trusted`. Raises UsageError, FileUnusable.
    """
    return Variables(os.environ, _read_env_file(is_named=is_named))


def _read_env_file(*, is_named: bool) -> dict[str, str]:
    text = read_trusted(ENV_FILE, is_named=is_named)
    if text is None:
        return {}
    # Without interpolation: a line such as X=${AWS_SECRET_ACCESS_KEY} in a file from elsewhere would
    # make a secret of the environment one of the file, and the file may say where that goes.
    values = {
        name: value
        for name, value in dotenv_values(stream=StringIO(text), interpolate=False).items()
        if value
    }
    for name, value in values.items():
        if _is_ours(name) and _REFERENCE.search(value):
            raise UsageError(
                f"{name} in {ENV_FILE} refers to another variable, and notion-pm does not fill that in.",
                f"Write the value itself, or set {name} in the environment.",
            )
    return values


def _is_ours(name: str) -> bool:
    return name.startswith("NOTION_PM_") or name.endswith((TOKEN, BASE_URL))

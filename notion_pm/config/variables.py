"""Settings from variables: the environment, and below it `.env`."""

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
    """A variable with a value, and the source of the value."""

    name: str
    value: str
    source: Source


class Settings(BaseModel):
    """The values of notion-pm's own variables, from any source."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    token: SecretStr | None = Field(None, alias=TOKEN)
    parent_page: str | None = Field(None, alias="NOTION_PM_PARENT_PAGE")
    template: str | None = Field(None, alias="NOTION_PM_TEMPLATE")
    base_url: ServerUrl | None = Field(None, alias=BASE_URL)
    state: SecretStr | None = Field(None, alias="NOTION_PM_STATE")
    # Not checked here: the entry of a client may state another zone, and then this one is not used.
    time_zone: str | None = Field(None, alias="NOTION_PM_TIME_ZONE")
    budget: int | None = Field(None, ge=1, alias="NOTION_PM_BUDGET")
    read_lag: float | None = Field(None, ge=0, le=600, alias="NOTION_PM_READ_LAG")


class Variables:
    """The variables of the environment and of `.env`.

    The environment wins. An empty variable counts as missing.
    """

    def __init__(self, environment: Mapping[str, str], env_file: Mapping[str, str]) -> None:
        self._names_in_file = frozenset(name for name, value in env_file.items() if value)
        self._variables: dict[str, Variable] = {}
        # The order matters: the environment is read last and replaces what .env says.
        for source, values in ((Source.ENV_FILE, env_file), (Source.ENVIRONMENT, environment)):
            for name, value in values.items():
                if value:
                    self._variables[name] = Variable(name, value, source)

    def get(self, name: str) -> Variable | None:
        """Return a variable, None if it is empty or missing."""
        return self._variables.get(name)

    @property
    def names_in_file(self) -> frozenset[str]:
        """The names of the variables with a value in `.env`, even if the environment
        overrides it.
        """
        return self._names_in_file

    def settings(self) -> Settings:
        """Return the values of notion-pm's own variables.

        Raises UsageError that names every invalid variable and the sources to correct.
        """
        try:
            return Settings.model_validate(
                {name: variable.value for name, variable in self._variables.items()}
            )
        except ValidationError as error:
            problems = []
            sources = set()
            for problem in error.errors(include_input=False):
                name = str(problem["loc"][0])
                problems.append(f"{name}: {without_prefix(problem['msg'])}")
                sources.add(self._variables[name].source)
            raise UsageError(
                "Invalid settings:\n  " + "\n  ".join(problems),
                f"Correct them in {' and in '.join(sorted(sources))}.",
            ) from None

    def server(
        self, token_variable: str = TOKEN, token_source: Source = Source.ENVIRONMENT
    ) -> Server | None:
        """Return the server for a token, from the variable of this token or of all tokens.

        A variable from the same source as the token comes first: only it may get the token.

        Raises UsageError for an invalid address.
        """
        candidates = (self.get(server_variable(token_variable)), self.get(BASE_URL))
        named = [variable for variable in candidates if variable is not None]
        if not named:
            return None
        # If only another source names a server, it is returned as well, and `raise_if_redirected`
        # decides on it. Without that, the token would go to Notion, which the user did not want.
        same_source = [variable for variable in named if variable.source is token_source]
        chosen = (same_source or named)[0]
        try:
            return Server(normalised_url(chosen.value), chosen.source, chosen.name)
        except ValueError as error:
            raise UsageError(f"{chosen.name}: {error}", f"Correct it in {chosen.source}.") from None


def read_variables(*, is_named: bool = False) -> Variables:
    """Return the variables of the environment and of `.env`.

    `is_named`: the user named a workspace (`-w`), see `read_trusted`. Raises UsageError,
    FileUnusable.
    """
    return Variables(os.environ, _read_env_file(is_named=is_named))


def _read_env_file(*, is_named: bool) -> dict[str, str]:
    text = read_trusted(ENV_FILE, is_named=is_named)
    if text is None:
        return {}
    # Without interpolation: X=${AWS_SECRET_ACCESS_KEY} in a downloaded file would turn a secret of
    # the environment into a value of the file, and the file may also say where that value is sent.
    parsed = dotenv_values(stream=StringIO(text), interpolate=False)
    values = {name: value for name, value in parsed.items() if value}
    for name, value in values.items():
        if _is_ours(name) and _REFERENCE.search(value):
            raise UsageError(
                f"{name} in {ENV_FILE} refers to another variable, which notion-pm does not "
                "resolve.",
                f"Write the value itself, or set {name} in the environment.",
            )
    return values


def _is_ours(name: str) -> bool:
    return name.startswith("NOTION_PM_") or name.endswith((TOKEN, BASE_URL))

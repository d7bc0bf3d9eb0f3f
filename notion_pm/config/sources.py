"""The origin of a setting. It limits what the setting may do, and `doctor` shows it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Source(StrEnum):
    """The place where a setting was made."""

    COMMAND_LINE = "the command line"
    ENVIRONMENT = "the environment"
    ENV_FILE = ".env"
    CONFIG_FILE = "notion-pm.toml"
    DEFAULT = "default"

    @property
    def is_file(self) -> bool:
        """Whether it is a file in the current folder, which another person may have put there."""
        return self in {Source.ENV_FILE, Source.CONFIG_FILE}


@dataclass(frozen=True, slots=True)
class Origin:
    """A setting of a command with its origin, for people. A secret has no `value`.

    `name`: its name there, for example a variable or a key of notion-pm.toml.
    """

    setting: str
    name: str
    source: Source
    value: str | None = None

    @property
    def place(self) -> str:
        """The name with its source, for example `NOTION_TOKEN in .env`."""
        if self.source in {Source.DEFAULT, Source.COMMAND_LINE}:
            return self.name or str(self.source)
        return f"{self.name} in {self.source}"

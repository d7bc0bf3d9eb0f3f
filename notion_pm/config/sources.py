"""Where a setting came from. It decides what the setting may do, and `doctor` shows it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Source(StrEnum):
    """Who named a setting."""

    COMMAND_LINE = "the command line"
    ENVIRONMENT = "the environment"
    ENV_FILE = ".env"
    CONFIG_FILE = "notion-pm.toml"
    DEFAULT = "default"

    @property
    def is_file(self) -> bool:
        """Whether it is a file of the current folder, which somebody else may have put there."""
        return self in {Source.ENV_FILE, Source.CONFIG_FILE}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where one setting of a command came from, for people. A secret has no `value`.

    `name`: what it is called there, such as a variable or a key of notion-pm.toml.
    """

    setting: str
    name: str
    source: Source
    value: str | None = None

    @property
    def place(self) -> str:
        """The name together with where it stands, such as `NOTION_TOKEN in .env`."""
        if self.source in {Source.DEFAULT, Source.COMMAND_LINE}:
            return self.name or str(self.source)
        return f"{self.name} in {self.source}"

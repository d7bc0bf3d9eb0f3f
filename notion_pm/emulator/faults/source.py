"""Read faults from a line of text, a YAML, TOML or JSON file, or from JSON of the control route."""

from __future__ import annotations

import json
import os
import shlex
import stat
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from notion_pm.emulator.faults.rules import Faults

_LARGEST_FILE = 100_000  # characters
_UNREADABLE = (OSError, ValueError, yaml.YAMLError)  # JSON's and TOML's own errors are ValueErrors

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "calm": {},
    # What the service promises a connection (notion-api.md 4.1).
    "notion": {"limits": {"connection": 180}},
    "storm": {
        "limits": {"connection": 180},
        "rules": [
            {"trouble": "slow", "seconds": 0.2, "probability": 0.2},
            {"trouble": 429, "retry_after": 1, "probability": 0.03},
            {"trouble": 529, "retry_after": 1, "probability": 0.01},
            {"trouble": 409, "probability": 0.01},
            {"trouble": 500, "probability": 0.01},
            {"trouble": 502, "probability": 0.01},
            {"trouble": 503, "probability": 0.01},
            {"trouble": 503, "when": "after", "probability": 0.01},
            {"trouble": 504, "when": "after", "probability": 0.01},
            {"trouble": "dropped", "probability": 0.01},
            {"trouble": "dropped", "when": "after", "probability": 0.01},
        ],
    },
}


class InvalidFaultsError(ValueError):
    """Faults that cannot be understood. The message names each mistake and where it is."""


def read_faults(text: str, *, seed: int | None = None) -> Faults:
    """Read faults from text, or from the file that it names. `seed` overrides the one given there.

    Text is a preset (calm, notion, storm) or a list of rules, separated by semicolons. Each rule is
    a fault and its settings:
    `429 every=5 retry_after=2; dropped when=after methods=POST; limits connection=180`.
    Raises InvalidFaultsError.
    """
    path = Path(text)
    if path.suffix not in _READERS:
        return parse_faults(text, seed=seed)
    try:
        data = _READERS[path.suffix](_read_file(path))
    except RecursionError:
        raise InvalidFaultsError(f"Cannot read {text!r}: it nests too deep") from None
    except _UNREADABLE as error:
        raise InvalidFaultsError(f"Cannot read {text!r}: {error}") from None
    return validate_faults(data, seed=seed)


def _read_file(path: Path) -> str:
    """Return the text of a file. Raises OSError if it is not a regular file, or too large."""
    # A named pipe without a writer would block `open`, so the file is opened without waiting.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, encoding="utf-8") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError("it is not a regular file")
        text = file.read(_LARGEST_FILE + 1)
    if len(text) > _LARGEST_FILE:
        raise OSError(f"it has more than {_LARGEST_FILE} characters")
    return text


class _Loader(yaml.SafeLoader):
    """YAML without aliases: aliases of aliases can expand to billions of rules."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases (*name) are not supported")
        return super().compose_node(parent, index)


def _yaml(text: str) -> Any:
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - it is a SafeLoader
    except (LookupError, AttributeError, TypeError) as error:
        # PyYAML does not turn these into a YAMLError. Example: `!!bool perhaps`.
        raise ValueError(f"a value is not what its tag says ({error})") from None


_READERS: Mapping[str, Callable[[str], Any]] = {
    ".yaml": _yaml,
    ".yml": _yaml,
    ".toml": tomllib.loads,
    ".json": json.loads,
}


def parse_faults(text: str, *, seed: int | None = None) -> Faults:
    """Read faults from text, never from a file. Raises InvalidFaultsError."""
    try:
        return validate_faults(_parse_text(text), seed=seed)
    except InvalidFaultsError:
        raise
    except ValueError as error:
        raise InvalidFaultsError(f"Cannot read {text!r}: {error}") from None


def validate_faults(data: object, *, seed: int | None = None) -> Faults:
    """Return the faults that plain data describes. Raises InvalidFaultsError with every mistake."""
    if isinstance(data, Mapping) and seed is not None:
        data = {**data, "seed": seed}
    try:
        return Faults.model_validate(data or {})
    except ValidationError as error:
        raise InvalidFaultsError("; ".join(map(_describe, error.errors()))) from None


def _describe(error: Mapping[str, Any]) -> str:
    place = ".".join(str(part) for part in error["loc"])
    return f"{place or 'weather'}: {error['msg']}"


def _parse_text(text: str) -> dict[str, Any]:
    data: dict[str, Any] = {"rules": []}
    for part in text.split(";"):
        words = shlex.split(part)
        if not words:
            continue
        name = words[0]
        settings = dict(_parse_setting(word) for word in words[1:])
        if name in PRESETS and not settings:
            preset = PRESETS[name]
            rules = [*data["rules"], *preset.get("rules", ())]
            data |= {**preset, "rules": rules}
        elif name in {"limits", "behaviour"}:
            # People write one part for each setting, or one part with all of them.
            data[name] = {**data.get(name, {}), **settings}
        else:
            trouble = int(name) if name.isdigit() else name
            data["rules"].append({"trouble": trouble, **settings})
    return data


def _parse_setting(word: str) -> tuple[str, str]:
    key, sign, value = word.partition("=")
    if not sign:
        raise ValueError(f"{word!r} is not a setting: write name=value")
    return key, value

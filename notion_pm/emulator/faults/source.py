"""Reading weather: from a line of text, from a YAML, TOML or JSON file, or from JSON over the control route."""

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

from notion_pm.emulator.faults.rules import Weather

_LARGEST_FILE = 100_000
"""Characters of a file."""
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


class WeatherFault(ValueError):
    """A weather that cannot be understood; the message names each fault with its place."""


def read_weather(text: str, *, seed: int | None = None) -> Weather:
    """Read a weather from a file's name or from text; `seed` goes before the one that it names itself.

    Text is a preset (calm, notion, storm) or a list of rules with semicolons between them, each a trouble and its
    settings: `429 every=5 retry_after=2; dropped when=after methods=POST; limits connection=180`. Raises WeatherFault.
    """
    path = Path(text)
    if path.suffix not in _READERS:
        return weather_in(text, seed=seed)
    try:
        data = _READERS[path.suffix](_text_of(path))
    except RecursionError:
        raise WeatherFault(f"The weather {text!r} cannot be read: it nests too deep") from None
    except _UNREADABLE as error:
        raise WeatherFault(f"The weather {text!r} cannot be read: {error}") from None
    return weather_of(data, seed=seed)


def _text_of(path: Path) -> str:
    """Return the text of a file. Raises OSError for what is no regular file, or is too large for a weather."""
    # a named pipe without a writer blocks `open`, unless it is opened without waiting
    with os.fdopen(
        os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), encoding="utf-8"
    ) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError("it is no regular file")
        text = file.read(_LARGEST_FILE + 1)
    if len(text) > _LARGEST_FILE:
        raise OSError(f"it has more than {_LARGEST_FILE} characters")
    return text


class _Loader(yaml.SafeLoader):
    """YAML without aliases: those of aliases can stand for billions of rules."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases (*name) are not supported")
        return super().compose_node(parent, index)


def _yaml(text: str) -> Any:
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - it is a SafeLoader
    except (
        LookupError,
        AttributeError,
        TypeError,
    ) as error:  # what PyYAML lets through: `!!bool perhaps`
        raise ValueError(f"a value is not what its tag says ({error})") from None


_READERS: Mapping[str, Callable[[str], Any]] = {
    ".yaml": _yaml,
    ".yml": _yaml,
    ".toml": tomllib.loads,
    ".json": json.loads,
}


def weather_in(text: str, *, seed: int | None = None) -> Weather:
    """Read a weather from text, never from a file. Raises WeatherFault."""
    try:
        return weather_of(_parsed(text), seed=seed)
    except WeatherFault:
        raise
    except ValueError as error:
        raise WeatherFault(f"The weather {text!r} cannot be read: {error}") from None


def weather_of(data: object, *, seed: int | None = None) -> Weather:
    """Check a weather's plain data. Raises WeatherFault with all that is wrong."""
    if isinstance(data, Mapping) and seed is not None:
        data = {**data, "seed": seed}
    try:
        return Weather.model_validate(data or {})
    except ValidationError as error:
        raise WeatherFault("; ".join(_fault(each) for each in error.errors())) from None


def _fault(error: Mapping[str, Any]) -> str:
    place = ".".join(str(part) for part in error["loc"])
    return f"{place or 'weather'}: {error['msg']}"


def _parsed(text: str) -> dict[str, Any]:
    weather: dict[str, Any] = {"rules": []}
    for part in text.split(";"):
        words = shlex.split(part)
        if not words:
            continue
        name, settings = words[0], dict(_setting(word) for word in words[1:])
        if name in PRESETS and not settings:
            preset = PRESETS[name]
            weather |= {**preset, "rules": [*weather["rules"], *preset.get("rules", ())]}
        elif name in {"limits", "behaviour"}:
            # People write a rule for each setting, or one rule with all of them.
            weather[name] = {**weather.get(name, {}), **settings}
        else:
            weather["rules"].append({"trouble": int(name) if name.isdigit() else name, **settings})
    return weather


def _setting(word: str) -> tuple[str, str]:
    key, sign, value = word.partition("=")
    if not sign:
        raise ValueError(f"{word!r} is no setting: write name=value")
    return key, value

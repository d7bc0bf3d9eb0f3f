"""Weather: the troubles between a client and Notion, made on purpose and repeatable from a seed.

open_workspace(path, weather=read_weather("503 when=after first=1 methods=POST", seed=7))
"""

from __future__ import annotations

from notion_pm.emulator.faults.conditions import Conditions
from notion_pm.emulator.faults.middleware import ConnectionDroppedError, WeatherFront
from notion_pm.emulator.faults.rules import CALM, Limits, Rule, Weather
from notion_pm.emulator.faults.source import WeatherFault, read_weather, weather_in, weather_of

__all__ = [
    "CALM",
    "Conditions",
    "ConnectionDroppedError",
    "Limits",
    "Rule",
    "Weather",
    "WeatherFault",
    "WeatherFront",
    "read_weather",
    "weather_in",
    "weather_of",
]

"""Weather: the troubles between a client and Notion, made on purpose and repeatable from a seed.

open_workspace(path, weather=read_weather("503 when=after first=1 methods=POST", seed=7))
"""

from __future__ import annotations

from .conditions import Conditions
from .front import ConnectionDroppedError, WeatherFront
from .rules import CALM, Limits, Rule, Weather
from .source import WeatherFault, read_weather, weather_in, weather_of

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

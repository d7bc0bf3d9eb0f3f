"""What writing needs to know of the world around it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import BinaryIO


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The time, the zone in which people are shown times, and where `-` goes."""

    now: datetime
    zone: tzinfo
    stdout: BinaryIO

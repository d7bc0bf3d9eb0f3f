"""How much of its long lists a report shows."""

from __future__ import annotations

import sys
from dataclasses import dataclass

EVERYTHING = sys.maxsize


@dataclass(frozen=True, slots=True)
class Room:
    """So many quotes behind a feature or under a page of the tree, and so many rows of any other list, at most."""

    quotes: int = EVERYTHING
    rows: int = EVERYTHING


WHOLE = Room()
ROOMS = (
    Room(25, 1000), Room(15, 1000), Room(10, 500), Room(7, 300), Room(5, 200), Room(4, 150), Room(3, 100), Room(2, 80),
    Room(2, 50), Room(1, 40), Room(1, 25), Room(1, 10),
)  # fmt: skip
"""From the most to the least: what a report may take, to be as small as it has to be."""

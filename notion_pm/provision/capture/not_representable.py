"""What no template can say."""

from __future__ import annotations


class Unsayable(ValueError):
    """Something of Notion's that the template language has no words for; the text says why."""

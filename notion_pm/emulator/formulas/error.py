"""What is said about a formula that cannot be."""

from __future__ import annotations


class FormulaError(ValueError):
    """A formula that is malformed, ill-typed, or uses what the local workspace does not support; it names the part."""

"""The error of formulas."""

from __future__ import annotations


class FormulaError(ValueError):
    """A formula with an error in its syntax or types, or one that is not supported here.

    The message names the wrong part.
    """

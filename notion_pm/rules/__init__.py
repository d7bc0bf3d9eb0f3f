"""Sync rules: rules x snapshot x baseline -> updates, conflicts, proposals. Pure: no I/O, no clock.

`evaluate` runs the rules of a `RuleSet`, `check` finds what is wrong with them in a template, `too_much` stops a
run that would change too much.
"""

from __future__ import annotations

from notion_pm.rules.check import check
from notion_pm.rules.evaluate import evaluate
from notion_pm.rules.limits import too_much
from notion_pm.rules.ruleset import RuleSet

__all__ = ["RuleSet", "check", "evaluate", "too_much"]

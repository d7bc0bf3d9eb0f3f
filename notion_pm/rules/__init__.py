"""The rule engine: rules, a snapshot and the baseline in; updates, conflicts and proposals out.

Pure: no I/O, no clock. `evaluate` runs the rules of a `RuleSet`, `check` returns the problems of a
template's rules, `change_limit_violation` stops a run that would change too much.
"""

from __future__ import annotations

from notion_pm.rules.check import check
from notion_pm.rules.evaluate import evaluate
from notion_pm.rules.limits import change_limit_violation
from notion_pm.rules.ruleset import RuleSet

__all__ = ["RuleSet", "change_limit_violation", "check", "evaluate"]

"""References to properties: `prop("Name")` as people write them, and the form that is stored.

A stored reference has the id of the property, so that it survives renaming. Its form is
`{{notion:block_property:<id>:<data source>:<workspace>}}`, with the id percent-encoded (recorded).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from urllib.parse import unquote

from notion_pm.emulator.formulas.error import FormulaError
from notion_pm.emulator.formulas.syntax import unquote_text

# Texts and comments are matched as a whole, so that nothing inside them is taken for a reference.
_NAMED = re.compile(
    r"""(?P<call>(?<![\w.])prop\s*\(\s*(?P<name>"(?:\\.|[^"\\])*")\s*\))"""
    r"""|"(?:\\.|[^"\\])*"|/\*.*?\*/""",
    re.DOTALL,
)
_STORED = re.compile(
    r"""(?P<stored>\{\{notion:block_property:(?P<id>[^:{}]+)(?::[^{}]*)?\}\})"""
    r"""|"(?:\\.|[^"\\])*"|/\*.*?\*/""",
    re.DOTALL,
)


def to_stored(
    expression: str, by_name: Callable[[str], str | None], data_source_id: str, workspace_id: str
) -> str:
    """Return an expression with its property names replaced by ids.

    `by_name` returns the encoded id of a property of this data source. A property of another page
    (`current.prop("Name")`) keeps its name. Raises FormulaError for an unknown name.
    """

    def replacement(found: re.Match[str]) -> str:
        if found["call"] is None:
            return found[0]
        name = unquote_text(found["name"])
        property_id = by_name(name)
        if property_id is None:
            raise FormulaError(f'Undefined property "{name}".')
        return f"{{{{notion:block_property:{property_id}:{data_source_id}:{workspace_id}}}}}"

    return _NAMED.sub(replacement, expression)


def to_named(expression: str, names: Mapping[str, str]) -> str:
    """Return a stored expression with names instead of ids.

    `names` is by decoded id. The id of a property that is not in it stays.
    """

    def replacement(found: re.Match[str]) -> str:
        name = names.get(unquote(found["id"])) if found["stored"] else None
        return found[0] if name is None else f"prop({json.dumps(name, ensure_ascii=False)})"

    return _STORED.sub(replacement, expression)


def property_ids(expression: str) -> frozenset[str]:
    """Return the decoded ids of the properties that a stored expression refers to."""
    return frozenset(
        unquote(found["id"]) for found in _STORED.finditer(expression) if found["stored"]
    )

"""Property references as people write them, `prop("Name")`, and as Notion keeps them, by id in double braces.

A stored reference survives renaming. It reads `{{notion:block_property:<id>:<data
source>:<workspace>}}` with the property id percent-encoded (recorded).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from urllib.parse import unquote

from notion_pm.emulator.formulas.error import FormulaError
from notion_pm.emulator.formulas.syntax import unquote_text

# A text or a comment is matched first, whole, so that nothing within it is taken for a reference.
_NAMED = re.compile(
    r"""(?P<call>(?<![\w.])prop\s*\(\s*(?P<name>"(?:\\.|[^"\\])*")\s*\))|"(?:\\.|[^"\\])*"|/\*.*?\*/""",
    re.DOTALL,
)
_STORED = re.compile(
    r"""(?P<stored>\{\{notion:block_property:(?P<id>[^:{}]+)(?::[^{}]*)?\}\})|"(?:\\.|[^"\\])*"|/\*.*?\*/""",
    re.DOTALL,
)


def to_stored(
    expression: str, by_name: Callable[[str], str | None], data_source_id: str, workspace_id: str
) -> str:
    """Replace `prop("Name")` by references to ids; `by_name` gives the encoded id of a property of this data source.

    A property asked of another page (`current.prop("Name")`) stays named. Raises FormulaError for
    an unknown name.
    """

    def replaced(found: re.Match[str]) -> str:
        if found["call"] is None:
            return found[0]
        name = unquote_text(found["name"])
        property_id = by_name(name)
        if property_id is None:
            raise FormulaError(f'Undefined property "{name}".')
        return f"{{{{notion:block_property:{property_id}:{data_source_id}:{workspace_id}}}}}"

    return _NAMED.sub(replaced, expression)


def to_named(expression: str, names: Mapping[str, str]) -> str:
    """Replace references by `prop("Name")`; `names` is by decoded property id, and what it lacks stays."""

    def replaced(found: re.Match[str]) -> str:
        name = names.get(unquote(found["id"])) if found["stored"] else None
        return found[0] if name is None else f"prop({json.dumps(name, ensure_ascii=False)})"

    return _STORED.sub(replaced, expression)


def property_ids(expression: str) -> frozenset[str]:
    """Return the decoded ids of the properties that a stored expression refers to."""
    return frozenset(
        unquote(found["id"]) for found in _STORED.finditer(expression) if found["stored"]
    )

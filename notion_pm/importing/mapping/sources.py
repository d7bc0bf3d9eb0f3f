"""The source that a file comes from, by its name: that of the tool or the project, without what changes each time."""

from __future__ import annotations

import re

UNNAMED = "import"
_MONTH = r"(?:jan|feb|mar|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez)[a-z]*"
_CHANGING = (
    r"\.rejects(?:-\d+)?$",
    r"_all$",
    r"[0-9a-f]{32}",
    r"\(\d+\)",
    r"(?:19|20)\d{2}[-_. ]?(?:0[1-9]|1[0-2])[-_. ]?(?:[0-3]\d)?(?:[T_ -]?\d{2}[-_:.]?\d{2}(?:[-_:.]?\d{2})?Z?)?(?!\d)",
    r"[0-3]?\d[-_.](?:0?[1-9]|1[0-2])[-_.](?:20)?\d{2}(?!\d)",
    r"(?:19|20)\d{2}[-_ ]?(?:kw|w|q)\d{1,2}|(?:kw|w|q)\d{1,2}[-_ ]?(?:19|20)\d{2}",
    rf"(?<![a-z]){_MONTH}[-_ ]?(?:19|20)\d{{2}}|(?:19|20)\d{{2}}[-_ ]?{_MONTH}(?![a-z])",
    r"(?<!\d)(?:19|20)\d{2}(?!\d)",
    r"\d{6,}",
    r"(?<![a-z])(?:copy|kopie|final|new|latest|v\d+)(?![a-z])",
    r"(?<=[-_ ])\d+$",
)
_PATTERNS = [re.compile(pattern, re.IGNORECASE) for pattern in _CHANGING]


def source_name(stem: str) -> str:
    """Return a name for the source of a file: `pulse` for `pulse-2026-10` and `pulse-2026-10.rejects`."""
    name = stem
    for pattern in _PATTERNS:
        name = pattern.sub(" ", name)
    name = re.sub(
        r"[\s_.-]*[\s_.][\s_.-]*|--+", lambda found: found[0][0] if found[0] in "-_" else " ", name
    )
    return name.strip(" -_.") or UNNAMED

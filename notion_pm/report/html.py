"""The report as one HTML file that loads nothing and runs only its own script.

Jinja escapes every value from Notion, and only http(s) addresses become links. The content security
policy names the script and the style by their hashes
(https://www.w3.org/TR/CSP3/#match-element-to-source-list), so a script in a title would not run.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from hashlib import sha256

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from notion_pm.report.changes import KINDS
from notion_pm.report.chart_drawing import Chart
from notion_pm.report.compose import Report
from notion_pm.report.facets import Facets
from notion_pm.report.roadmap import HORIZONS
from notion_pm.report.tree import ids_shown_in_full
from notion_pm.text import quantity

_FOLDER = "report/pages"
_WEB = ("https://", "http://")

_HORIZONS: Mapping[str, str] = {"now": "Now", "next": "Next", "later": "Later", "done": "Done"}
_KINDS: Mapping[str, str] = {
    "shipped": "Shipped",
    "status": "Status",
    "health": "Health",
    "date": "Dates",
    "asks": "Status of asks",
    "new": "New",
    "gone": "Deleted",
    "renamed": "Renamed",
}


def write_report(report: Report) -> str:
    """Return the report as an HTML page."""
    style, script = asset("report.css"), asset("report.js")
    return (
        environment()
        .get_template("report.html.jinja")
        .render(
            report=report,
            style=Markup(style),  # noqa: S704 - our own files
            script=Markup(script),  # noqa: S704
            style_hash=hash_source(style),
            script_hash=hash_source(script),
            horizons=[(name, _HORIZONS[name]) for name in HORIZONS],
            kinds=[(kind, _KINDS[kind]) for kind in KINDS],
            in_evidence={entry.page.id for entry in report.evidence},
            chart_parts={
                name: _parts_for_filter(chart, report.facets)
                for name, chart in report.charts.items()
            },
            in_tree=set(ids_shown_in_full(report.tree.nodes)),
        )
    )


def _parts_for_filter(chart: Chart, facets: Facets) -> str:
    """Return the parts of a chart's numbers as JSON: [label, series, value, tokens].

    Parts of one number with equal tokens are one.
    """
    values: dict[tuple[int, int, str], float] = {}
    for part in chart.data.parts:
        tokens = facets.of(*part.page_ids)
        key = (part.label_index, part.series_index, tokens)
        values[key] = values.get(key, 0) + part.value
    rows = [[label, series, value, tokens] for (label, series, tokens), value in values.items()]
    return json.dumps(rows, separators=(",", ":"))


def is_web(url: str) -> bool:
    """Whether an address may become a link."""
    return url.startswith(_WEB)


@cache
def environment() -> Environment:
    """Return the Jinja environment of all pages. It escapes all values."""
    environment = Environment(
        loader=PackageLoader("notion_pm", _FOLDER),
        autoescape=True,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,  # a misspelt name in a template is an error, not an empty text
    )
    environment.filters["is_web"] = is_web
    environment.filters["count"] = quantity
    # 3.0 -> "3", 3.25 -> "3.2"
    environment.filters["plain_number"] = lambda number: f"{number:,.1f}".removesuffix(".0")
    return environment


@cache
def asset(name: str) -> str:
    """Return the text of a file that becomes a part of a page."""
    source, _, _ = PackageLoader("notion_pm", _FOLDER).get_source(environment(), name)
    return source


def hash_source(text: str) -> str:
    """Return the source that lets a content security policy accept a script or style."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"

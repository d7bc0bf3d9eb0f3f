"""Write the table of endpoints in docs/local-workspace.md from the routes of the local
workspace.
"""

from __future__ import annotations

import re
from collections import defaultdict

from flask import Flask

from notion_pm.emulator.http.routes import BLUEPRINTS

_ADDED_BY_FLASK = {"HEAD", "OPTIONS"}


def table() -> str:
    """Return the endpoints that the local workspace supports, as a Markdown table."""
    app = Flask("endpoints", static_folder=None)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint, url_prefix="/v1")
    methods: dict[str, set[str]] = defaultdict(set)
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        methods[path] |= (rule.methods or set()) - _ADDED_BY_FLASK
    rows = [f"| `{path}` | {', '.join(sorted(methods[path]))} |" for path in sorted(methods)]
    return "\n".join(["| path | methods |", "|---|---|", *rows])

"""Writes the table of endpoints in docs/local-workspace.md from the routes of the local workspace."""

from __future__ import annotations

import re
from collections import defaultdict

from flask import Flask

from notion_pm.emulator.http.routes import BLUEPRINTS


def table() -> str:
    """Return what of Notion's API is answered, as a Markdown table."""
    app = Flask("endpoints", static_folder=None)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint, url_prefix="/v1")
    verbs: dict[str, set[str]] = defaultdict(set)
    for rule in app.url_map.iter_rules():
        verbs[re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)] |= (rule.methods or set()) - {
            "HEAD",
            "OPTIONS",
        }
    rows = [
        f"| `{path}` | {', '.join(sorted(methods))} |" for path, methods in sorted(verbs.items())
    ]
    return "\n".join(["| path | methods |", "|---|---|", *rows])

"""The API's paths: one module a resource, each a Flask blueprint of thin handlers."""

from __future__ import annotations

from notion_pm.emulator.http.routes import (
    blocks,
    comments,
    data_sources,
    databases,
    emojis,
    file_uploads,
    markdown,
    pages,
    search,
    users,
    views,
)

BLUEPRINTS = (
    databases.blueprint,
    data_sources.blueprint,
    pages.blueprint,
    search.blueprint,
    users.blueprint,
    emojis.blueprint,
    blocks.blueprint,
    file_uploads.blueprint,
    comments.blueprint,
    markdown.blueprint,
    views.blueprint,
)

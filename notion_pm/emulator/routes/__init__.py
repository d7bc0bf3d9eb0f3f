"""The API's paths: one module a resource, each a Flask blueprint of thin handlers."""

from __future__ import annotations

from . import data_sources, databases, emojis, pages, search, users

BLUEPRINTS = (
    databases.blueprint,
    data_sources.blueprint,
    pages.blueprint,
    search.blueprint,
    users.blueprint,
    emojis.blueprint,
)

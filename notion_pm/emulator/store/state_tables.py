"""Steps of migrations.py for what a workspace keeps about its clients: connections."""

from __future__ import annotations

CONNECTION_TABLES = """
    CREATE TABLE connections (
        seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE, token TEXT NOT NULL UNIQUE,
        capabilities TEXT NOT NULL, shared TEXT NOT NULL
    );
"""

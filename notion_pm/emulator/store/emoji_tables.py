"""The step of migrations.py for custom emojis."""

from __future__ import annotations

EMOJI_TABLES = """
    CREATE TABLE custom_emojis (
        seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, url TEXT NOT NULL
    );
"""

"""The step of migrations.py for page templates: what they hold, and those that are still to be applied to a page."""

from __future__ import annotations

TEMPLATE_TABLES = """
    CREATE TABLE page_templates (
        seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, data_source_id TEXT NOT NULL, name TEXT NOT NULL,
        markdown TEXT NOT NULL, is_default INTEGER NOT NULL
    );
    CREATE INDEX page_templates_of_data_source ON page_templates (data_source_id, seq);
    CREATE TABLE awaited_templates (
        seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, page_id TEXT NOT NULL, template_id TEXT NOT NULL,
        timezone TEXT NOT NULL, author TEXT NOT NULL, due TEXT NOT NULL
    );
    CREATE INDEX awaited_templates_by_due ON awaited_templates (due);
"""

"""Rows to a stream: one module per format. Nothing here reads from Notion.

Each takes a `table.Table` whose related pages have titles already. `write` lists the formats.
"""

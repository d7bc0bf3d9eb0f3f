"""Rows to a stream: one module per format. Nothing here reads from Notion.

A `table.Table` comes in, with relations already resolved to titles; `formats` tells which formats there are.
"""

"""Notion-flavoured Markdown <-> block JSON, without I/O.

The format is line-oriented: a line is a block, a child is indented one tab deeper than its parent,
and XML-like tags express what Markdown has no sign for
(https://developers.notion.com/guides/data-apis/enhanced-markdown). Its signs and tags are in
`notion_markdown`.

A block is here a dict in the form that the API accepts: ``{"type": t, t: {..., "children":
[...]}}``, with its ``id`` if the block exists already. `render` reads such blocks, `parse` returns
them.
"""

from __future__ import annotations

from notion_pm.emulator.markdown.block_parser import parse
from notion_pm.emulator.markdown.block_renderer import render
from notion_pm.emulator.markdown.edits import EditError, edit
from notion_pm.emulator.markdown.inline_parser import parse_inline
from notion_pm.emulator.markdown.inline_renderer import render_inline
from notion_pm.emulator.markdown.reconcile import Changed, Kept, New, Placed, present_ids, reconcile

__all__ = [
    "Changed",
    "EditError",
    "Kept",
    "New",
    "Placed",
    "edit",
    "parse",
    "parse_inline",
    "present_ids",
    "reconcile",
    "render",
    "render_inline",
]

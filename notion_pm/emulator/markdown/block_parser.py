"""Notion-flavoured Markdown -> blocks."""

from __future__ import annotations

from notion_pm.emulator.markdown.lines import Line
from notion_pm.emulator.markdown.parser import Parser
from notion_pm.emulator.markdown.tag_readers import TAG_READERS
from notion_pm.emulator.markdown.text_readers import TEXT_READERS
from notion_pm.notion_markdown.syntax import Json


def parse(markdown: str) -> list[Json]:
    """Return the blocks of a text in Notion-flavoured Markdown.

    Nothing is refused: a line that is no other block is a paragraph, as in the real service.
    """
    lines = [Line.of(raw) for raw in markdown.replace("\r\n", "\n").split("\n")]
    return Parser(lines, [*TEXT_READERS, *TAG_READERS]).blocks(0)

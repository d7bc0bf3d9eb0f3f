"""Decide which asterisks and tildes are emphasis."""

from __future__ import annotations

from collections.abc import Sequence

from notion_pm.emulator.markdown.inline_nodes import Delimiter, Node

_MARKS = {"bold": "**", "italic": "*", "strikethrough": "~~"}


def resolve(nodes: Sequence[Node]) -> tuple[list[set[str]], dict[int, str]]:
    """Decide which delimiters open and close emphasis.

    Return the emphasis of each node, and for each delimiter the signs that stay text. A delimiter
    that nothing closes is text, and the rest is decided again without it. Example: in ``a * b *c*``
    the first asterisk stays text.
    """
    unclosed: set[tuple[int, str]] = set()
    while True:
        emphasis, literal, still_open = _pass(nodes, unclosed)
        if not still_open:
            return emphasis, literal
        unclosed |= still_open


def _pass(
    nodes: Sequence[Node], unclosed: set[tuple[int, str]]
) -> tuple[list[set[str]], dict[int, str], set[tuple[int, str]]]:
    # The kinds of emphasis that are open, each with the index of its opening delimiter.
    active: dict[str, int] = {}
    emphasis: list[set[str]] = []
    literal: dict[int, str] = {}
    for index, node in enumerate(nodes):
        if isinstance(node, Delimiter):
            literal[index] = _apply(node, index, active, unclosed)
        emphasis.append(set(active))
    return emphasis, literal, {(index, mark) for mark, index in active.items()}


def _apply(
    node: Delimiter, index: int, active: dict[str, int], unclosed: set[tuple[int, str]]
) -> str:
    """Close or open what a delimiter can; return the signs that stay text."""
    # In "***a** b*" the first run opens both kinds, and the second one closes bold alone.
    rest = node.sign
    for mark in _marks(node.sign, active):
        if mark in active and node.closes:
            del active[mark]
        elif mark not in active and node.opens and (index, mark) not in unclosed:
            active[mark] = index
        else:
            continue
        rest = rest[len(_MARKS[mark]) :]
    return rest


def _marks(sign: str, active: dict[str, int]) -> list[str]:
    """Return the emphasis that a delimiter may mean; ``***`` closes what is open, then opens."""
    by_sign = {"*": ["italic"], "**": ["bold"], "***": ["bold", "italic"], "~~": ["strikethrough"]}
    return sorted(by_sign.get(sign, []), key=lambda mark: mark not in active)

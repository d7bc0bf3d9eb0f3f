"""Match the blocks of a page with the blocks of its new Markdown.

Unchanged blocks keep their ids, authors and comments; blocks that were changed in place are
updated. Child pages and databases are recognised by the address in their tag, and survive wherever
they are put.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from notion_pm.emulator.markdown.block_renderer import render
from notion_pm.notion_markdown.syntax import Json

_REFERENCES = frozenset({"child_page", "child_database"})


@dataclass(frozen=True, slots=True)
class Kept:
    """A block that stays as it is, with its children (or a child page that is moved here)."""

    id: str


@dataclass(frozen=True, slots=True)
class Changed:
    """A block whose own content becomes that of `block`, and whose children become `children`."""

    id: str
    block: Json
    children: tuple[Placed, ...]


@dataclass(frozen=True, slots=True)
class New:
    """A block to be created; its children may be existing ones."""

    block: Json
    children: tuple[Placed, ...]


Placed = Kept | Changed | New


def reconcile(existing: Sequence[Json], wanted: Sequence[Json]) -> tuple[Placed, ...]:
    """Return, in order, what to do for each of the `wanted` blocks. All others are to be
    deleted.
    """
    known = {block["id"] for block in _descendants(existing)}
    return _place(existing, wanted, known)


def present_ids(placed: Iterable[Placed], existing: Sequence[Json]) -> set[str]:
    """Return the ids of the existing blocks that remain, with those inside of kept blocks."""
    by_id = {block["id"]: block for block in _descendants(existing)}
    return set(_present(placed, by_id))


def _present(placed: Iterable[Placed], by_id: dict[str, Json]) -> Iterator[str]:
    for item in placed:
        match item:
            case Kept(id):
                yield id
                for block in _descendants(children_of(by_id.get(id))):
                    yield block["id"]
            case Changed(id, _, children):
                yield id
                yield from _present(children, by_id)
            case New(_, children):
                yield from _present(children, by_id)


def children_of(block: Json | None) -> list[Json]:
    """Return the children of a block in the form the API takes."""
    if block is None:
        return []
    children: list[Json] = block[block["type"]].get("children") or []
    return children


def _descendants(blocks: Iterable[Json]) -> Iterator[Json]:
    for block in blocks:
        yield block
        yield from _descendants(children_of(block))


def _place(existing: Sequence[Json], wanted: Sequence[Json], known: set[str]) -> tuple[Placed, ...]:
    # Blocks are equal when their Markdown is: everything else of them cannot be changed by
    # Markdown.
    old_texts = [render([block]) for block in existing]
    new_texts = [render([block]) for block in wanted]
    # `autojunk` would ignore lines that repeat often in a list of 200 or more.
    matcher = SequenceMatcher(None, old_texts, new_texts, autojunk=False)
    placed: list[Placed] = []
    for verdict, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        if verdict == "equal":
            placed += [Kept(block["id"]) for block in existing[old_start:old_end]]
        else:
            placed += _pair(existing[old_start:old_end], wanted[new_start:new_end], known)
    return tuple(placed)


def _pair(existing: Sequence[Json], wanted: Sequence[Json], known: set[str]) -> Iterator[Placed]:
    """Match changed blocks with the next old one of the same type; the others are new."""
    rest = list(existing)
    for block in wanted:
        if "id" in block:
            yield from _reference(block, known)
            continue
        old = next((other for other in rest if other["type"] == block["type"]), None)
        if old is None or block["type"] in _REFERENCES:
            yield New(block, _place((), children_of(block), known))
        else:
            # Blocks before the match are passed over for good, so that matches keep their order.
            rest = rest[rest.index(old) + 1 :]
            yield Changed(old["id"], block, _place(children_of(old), children_of(block), known))


def _reference(block: Json, known: set[str]) -> Iterator[Placed]:
    """Yield the existing block that a tag with an address names.

    It is on this page already, or it is a child page or database that is moved here.
    """
    if block["id"] in known or block["type"] in _REFERENCES:
        yield Kept(block["id"])

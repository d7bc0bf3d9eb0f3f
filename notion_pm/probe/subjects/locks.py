"""What the lock between machines relies on: the order in which appended blocks are seen."""

from __future__ import annotations

from dataclasses import dataclass

from notion_pm.probe.lab import Answer, Lab, experiment
from notion_pm.probe.objects import append, make_page, paragraph, plain
from notion_pm.probe.statement import Area, Finding, Source, expect, statement


@experiment
def page(lab: Lab) -> str:
    """Make a page with two paragraphs, appended one after the other."""
    made = str(make_page(lab, "Appends")["id"])
    for content in ("first", "second"):
        append(lab, made, paragraph(content))["results"]
    return made


@experiment
def blocks_after_append(lab: Lab) -> Answer:
    """List the blocks of the page right after the second append."""
    return lab.get(f"blocks/{page(lab)}/children")


@experiment
def delete_second_block(lab: Lab) -> str:
    """Delete the second paragraph, and return its id."""
    block = str(blocks_after_append(lab)["results"][1]["id"])
    lab.delete(f"blocks/{block}")["id"]
    return block


@dataclass(frozen=True, slots=True)
class Lists:
    """What each of two connections lists of the same page."""

    first: list[str]
    second: list[str]


@experiment
def shared_page(lab: Lab) -> str:
    """Append to a page from two connections at the same time."""
    # First, so that no page is created if there is no second connection.
    second = lab.second
    made = str(make_page(lab, "Two connections")["id"])
    lab.side_by_side(
        lambda: append(lab, made, paragraph("one"))["results"],
        lambda: append(second, made, paragraph("two"))["results"],
    )
    return made


@experiment
def listed_at_once(lab: Lab) -> Lists:
    """List the page from both connections right after they have appended."""
    return _lists(lab, shared_page(lab))


@experiment
def listed_later(lab: Lab) -> Lists:
    """Append from one connection and then from the other, wait as the lock does, and list from
    both.
    """
    made = shared_page(lab)
    lab.settle()  # so that these two do not come into the order of the two before
    append(lab, made, paragraph("three"))["results"]
    append(lab.second, made, paragraph("four"))["results"]
    lab.settle()
    return _lists(lab, made)


def _lists(lab: Lab, page: str) -> Lists:
    path = f"blocks/{page}/children"
    return Lists(_contents(lab.get(path)), _contents(lab.second.get(path)))


def _contents(children: Answer) -> list[str]:
    return [plain(block["paragraph"]["rich_text"]) for block in children["results"]]


@statement(
    "locks.appends-in-order",
    "Two appends from one connection are listed at once, in the order in which they were sent.",
    Area.LOCKS,
    Source.MEASUREMENT,
)
def appends_in_order(lab: Lab) -> Finding:
    """List the blocks right after the second append."""
    return expect(["first", "second"], _contents(blocks_after_append(lab)))


@statement(
    "locks.append-after-a-block",
    "An append with a position after a block goes there, and answers with the blocks behind it "
    "too.",
    Area.LOCKS,
    Source.RECORDING,
)
def append_after_a_block(lab: Lab) -> Finding:
    """Append between the two blocks."""
    position = {
        "type": "after_block",
        "after_block": {"id": blocks_after_append(lab)["results"][0]["id"]},
    }
    answer = append(lab, page(lab), paragraph("middle"), position=position)
    # Recorded: this answer has the siblings behind the new block too, that of a plain append only
    # the new blocks (notion-api.md 9).
    now = _contents(lab.get(f"blocks/{page(lab)}/children"))
    return expect([["middle", "second"], ["first", "middle", "second"]], [_contents(answer), now])


@statement(
    "locks.deleted-at-once",
    "A block that is deleted is no longer listed.",
    Area.LOCKS,
    Source.DOCUMENTATION,
)
def deleted_at_once(lab: Lab) -> Finding:
    """Delete a block, and list at once."""
    delete_second_block(lab)
    return expect(False, "second" in _contents(lab.get(f"blocks/{page(lab)}/children")))


@statement(
    "locks.deleted-block-unchangeable",
    "A block in the trash cannot be changed: 400, and the message says `archived`.",
    Area.TRASH,
    Source.MEASUREMENT,
)
def deleted_block_unchangeable(lab: Lab) -> Finding:
    """Change the deleted block."""
    answer = lab.patch(f"blocks/{delete_second_block(lab)}", **paragraph("y"))
    # Measured: "Can't edit block that is archived" (notion-measured.md 1.2).
    return expect(["400 validation_error", True], [answer.outcome, "archived" in answer.message])


@statement(
    "locks.two-connections-at-once",
    "Each of two connections sees at once what the other one has appended.",
    Area.UNUSED,
    Source.ASSUMED,
)
def at_once(lab: Lab) -> Finding:
    """Look at what each of them lists."""
    lists = listed_at_once(lab)
    # Sorted: the order is the question of `two-connections-one-order`.
    return expect([["one", "two"]] * 2, [sorted(lists.first), sorted(lists.second)])


@statement(
    "locks.two-connections-in-time",
    "After the time that the lock waits, each of two connections sees what the other one has "
    "appended.",
    Area.LOCKS,
    Source.ASSUMED,
)
def in_time(lab: Lab) -> Finding:
    """Look for all four paragraphs, two of them appended at the same time."""
    lists = listed_later(lab)
    appended = sorted(["one", "two", "three", "four"])
    return expect([appended] * 2, [sorted(lists.first), sorted(lists.second)])


@statement(
    "locks.two-connections-one-order",
    "Two connections list the same blocks in the same order.",
    Area.UNUSED,
    Source.ASSUMED,
)
def one_order(lab: Lab) -> Finding:
    """Compare both lists."""
    lists = listed_later(lab)
    return expect(lists.first, lists.second)


@statement(
    "locks.two-connections-order-sent",
    "Blocks of two connections are listed in the order in which they were appended.",
    Area.UNUSED,
    Source.ASSUMED,
)
def order_sent(lab: Lab) -> Finding:
    """Look at the two that were appended one after the other."""
    later = [content for content in listed_later(lab).first if content in {"three", "four"}]
    return expect(["three", "four"], later)

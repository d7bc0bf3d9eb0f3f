"""The four commands that change a page's Markdown, and their effect on its blocks."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notion_pm.emulator.markdown import (
    Changed,
    EditError,
    Kept,
    New,
    Placed,
    edit,
    parse,
    present_ids,
    reconcile,
    render,
)

Json = dict[str, Any]

PAGE = "# Goals\nFirst goal.\n- one\n\t- nested\n- two\n# Risks\nNone."


def command(kind: str, **content: Any) -> Json:
    return {"type": kind, kind: content}


def update(old: str, new: str, **more: Any) -> Json:
    return command("update_content", content_updates=[{"old_str": old, "new_str": new, **more}])


EDITS = [
    (command("insert_content", content="End."), PAGE + "\nEnd."),
    (command("insert_content", content="Start.", position={"type": "start"}), "Start.\n" + PAGE),
    (command("insert_content", content="End.", position={"type": "end"}), PAGE + "\nEnd."),
    (
        command("insert_content", content="Second goal.", after="# Goals...First goal."),
        PAGE.replace("First goal.", "First goal.\nSecond goal."),
    ),
    (
        command("insert_content", content="- new", after="- one"),
        PAGE.replace("\t- nested", "\t- nested\n- new"),
    ),
    (
        command("replace_content_range", content="Many.", content_range="None."),
        PAGE.replace("None.", "Many."),
    ),
    (
        command("replace_content_range", content="# All\n", content_range="# Goals...# Risks\n"),
        "# All\nNone.",
    ),
    (update("two", "three"), PAGE.replace("two", "three")),
    (update("one", "1", replace_all_matches=True), PAGE.replace("one", "1")),
    (command("replace_content", new_str="Gone."), "Gone."),
]


@pytest.mark.parametrize(("edit_command", "result"), EDITS)
def test_edits(edit_command: Json, result: str) -> None:
    assert edit(PAGE, edit_command) == result


@pytest.mark.parametrize(
    ("edit_command", "message"),
    [
        (update("nowhere", "x"), "Could not find old_str"),
        (update("", "x"), "Could not find old_str"),
        (update("# ", "## "), "matches 2 locations"),
        (command("insert_content", content="x", after="nowhere"), "does not match any content"),
        (
            command("replace_content_range", content="x", content_range="None....# Goals"),
            "does not match any content",
        ),
    ],
)
def test_edits_that_do_not_fit(edit_command: Json, message: str) -> None:
    with pytest.raises(EditError, match=message):
        edit(PAGE, edit_command)


def test_insert_into_an_empty_page() -> None:
    assert edit("", command("insert_content", content="Hello")) == "Hello"


def with_ids(blocks: list[Json], prefix: str = "b") -> list[Json]:
    """Give blocks ids, as blocks have that exist: b0, b1, b1.0 ..."""
    numbered = []
    for index, block in enumerate(blocks):
        name = f"{prefix}{index}"
        content = {**block[block["type"]]}
        if content.get("children"):
            content["children"] = with_ids(content["children"], f"{name}.")
        numbered.append({**block, block["type"]: content, "id": block.get("id", name)})
    return numbered


def outcome(before: str, after: str) -> tuple[Placed, ...]:
    return reconcile(with_ids(parse(before)), parse(after))


def test_what_is_unchanged_is_kept() -> None:
    assert outcome(PAGE, PAGE) == tuple(Kept(f"b{number}") for number in range(6))


def test_an_insertion_keeps_everything_else() -> None:
    placed = outcome("a\nb", "a\nnew\nb")
    assert [type(item) for item in placed] == [Kept, New, Kept]


def test_a_changed_block_keeps_its_id_and_its_unchanged_children() -> None:
    (changed,) = outcome("- one\n\t- nested\n\t- other", "- two\n\t- nested")
    assert isinstance(changed, Changed)
    assert (changed.id, changed.children) == ("b0", (Kept("b0.0"),))


def test_a_block_of_another_type_is_new() -> None:
    (item,) = outcome("text", "# text")
    assert isinstance(item, New)


PAGE_TAG = '<page url="https://app.notion.com/p/393abc1eedcd81d5bf32d1339d9031c2">Sub</page>'
PAGE_ID = "393abc1e-edcd-81d5-bf32-d1339d9031c2"


def test_a_child_page_is_known_wherever_it_is_put() -> None:
    existing = with_ids(parse(f"text\n{PAGE_TAG}"))
    placed = reconcile(
        existing, parse(f"<details>\n<summary>More</summary>\n\t{PAGE_TAG}\n</details>")
    )
    assert isinstance(placed[0], New)
    assert placed[0].children == (Kept(PAGE_ID),)
    assert present_ids(placed, existing) == {PAGE_ID}


def test_a_block_without_markdown_is_kept_by_its_id_and_never_made() -> None:
    tag = f'<unknown url="https://app.notion.com/p/{PAGE_ID.replace("-", "")}" alt="bookmark"/>'
    existing: list[Json] = [
        {"type": "bookmark", "bookmark": {"url": "https://e.com"}, "id": PAGE_ID}
    ]
    assert reconcile(existing, parse(f"before\n{tag}"))[1] == Kept(PAGE_ID)
    assert reconcile([], parse(tag)) == ()


LINES = st.lists(
    st.sampled_from(["a", "b", "# a", "- a", "- b", "\t- c", "> q", "---"]), max_size=8
).map("\n".join)


@given(LINES, LINES)
def test_what_is_placed_reads_as_what_was_wanted(before: str, after: str) -> None:
    existing = with_ids(parse(before))
    placed = reconcile(existing, parse(after))
    assert render(rebuilt(placed, {block["id"]: block for block in flat(existing)})) == render(
        parse(after)
    )


def flat(blocks: list[Json]) -> list[Json]:
    return [
        each
        for block in blocks
        for each in [block, *flat(block[block["type"]].get("children", []))]
    ]


def rebuilt(placed: tuple[Placed, ...], by_id: dict[str, Json]) -> list[Json]:
    """Return the blocks after applying `placed`."""
    blocks = []
    for item in placed:
        if isinstance(item, Kept):
            blocks.append(by_id[item.id])
        else:
            content = {**item.block[item.block["type"]], "children": rebuilt(item.children, by_id)}
            blocks.append({"type": item.block["type"], item.block["type"]: content})
    return blocks

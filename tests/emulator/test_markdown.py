"""Notion-flavoured Markdown <-> blocks
(https://developers.notion.com/guides/data-apis/enhanced-markdown).
"""

from __future__ import annotations

from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notion_pm.emulator.markdown import parse, parse_inline, render, render_inline

Json = dict[str, Any]

PLAIN = {
    "bold": False,
    "italic": False,
    "strikethrough": False,
    "underline": False,
    "code": False,
    "color": "default",
}


def text(content: str, link: str | None = None, **annotations: Any) -> Json:
    return {
        "type": "text",
        "text": {"content": content, "link": {"url": link} if link else None},
        "annotations": PLAIN | annotations,
    }


def block(kind: str, **content: Any) -> Json:
    return {"object": "block", "type": kind, kind: content}


def paragraph(content: str, **more: Any) -> Json:
    return block("paragraph", rich_text=[text(content)], color="default", **more)


INLINE = [
    ("plain", [text("plain")]),
    ("**bold**", [text("bold", bold=True)]),
    ("*italic*", [text("italic", italic=True)]),
    ("~~gone~~", [text("gone", strikethrough=True)]),
    ("`a*b`", [text("a*b", code=True)]),
    ('<span underline="true">u</span>', [text("u", underline=True)]),
    ('<span color="red">r</span>', [text("r", color="red")]),
    ('<span color="blue_bg">r</span>', [text("r", color="blue_background")]),
    ("[site](https://example.com)", [text("site", "https://example.com")]),
    (
        "[**b** n](https://e.com)",
        [text("b", "https://e.com", bold=True), text(" n", "https://e.com")],
    ),
    ("***both** italic*", [text("both", bold=True, italic=True), text(" italic", italic=True)]),
    ("**bold***italic*", [text("bold", bold=True), text("italic", italic=True)]),
    ("one<br>two", [text("one\ntwo")]),
    ("snake_case_name \\$5 5\\*3", [text("snake_case_name $5 5*3")]),
]


@pytest.mark.parametrize(("markdown", "items"), INLINE)
def test_inline_both_ways(markdown: str, items: list[Json]) -> None:
    assert parse_inline(markdown) == items
    assert render_inline(items) == markdown


@pytest.mark.parametrize(
    "markdown", ["5*3=15", "$5 and $10", "a [b] c", "2 ** 3", "<b>no</b>", "~ ~~", "[x](", "`open"]
)
def test_signs_that_mean_nothing_stay_text(markdown: str) -> None:
    assert parse_inline(markdown) == [text(markdown)]


def test_mentions_and_equations() -> None:
    page = "393abc1e-edcd-81d5-bf32-d1339d9031c2"
    markdown = (
        f'<mention-page url="https://app.notion.com/p/{page.replace("-", "")}">Spec</mention-page> by '
        f'<mention-user url="user://{page}">Ada</mention-user> on <mention-date '
        'start="2026-07-04"/>: $`x^2`$'
    )
    items = parse_inline(markdown)
    assert [item["type"] for item in items] == [
        "mention",
        "text",
        "mention",
        "text",
        "mention",
        "text",
        "equation",
    ]
    assert items[0]["mention"] == {"type": "page", "page": {"id": page}}
    assert items[2]["mention"] == {"type": "user", "user": {"id": page}}
    assert items[4]["mention"]["date"] == {"start": "2026-07-04", "end": None, "time_zone": None}
    assert items[6]["equation"] == {"expression": "x^2"}
    assert render_inline(items) == markdown


def test_space_loses_its_emphasis() -> None:
    items = [text("a ", bold=True), text("b"), text(" c", italic=True)]
    assert render_inline(items) == "**a** b *c*"


def test_every_kind_of_block_both_ways() -> None:
    markdown = dedent("""\
        # Hello {color="blue"}
        Text with **bold**.
        - one
        \t- nested
        \t\tdeep paragraph
        1. first
        2. second
        - [x] done
        - [ ] open {color="red_bg"}
        > line 1<br>line 2
        <details>
        <summary>Toggle</summary>
        \tinside
        </details>
        #### Toggle heading {toggle="true"}
        \tinside
        <callout icon="🎯" color="blue_bg">
        \tShip **it**
        \t- child
        </callout>
        ```python
        def f():
            return "*"
        ```
        $$
        x^2
        $$
        ---
        <empty-block/>
        <table header-row="true">
        <tr>
        <td>a</td>
        <td>**b**</td>
        </tr>
        </table>
        <columns>
        \t<column>
        \t\tleft
        \t</column>
        \t<column>
        \t\tright
        \t</column>
        </columns>
        ![A picture](https://example.com/a.png)
        <video src="https://example.com/v.mp4">Clip</video>
        <page url="https://app.notion.com/p/393abc1eedcd81d5bf32d1339d9031c2">Sub page</page>
        <database url="https://app.notion.com/p/393abc1eedcd81d5bf32d1339d9031c3">Rows</database>
        <table_of_contents color="gray"/>
        <synced_block>
        \tshared
        </synced_block>""")
    assert render(parse(markdown)) == markdown
    assert [b["type"] for b in parse(markdown)] == [
        *(
            "heading_1",
            "paragraph",
            "bulleted_list_item",
            "numbered_list_item",
            "numbered_list_item",
        ),
        *(
            "to_do",
            "to_do",
            "quote",
            "toggle",
            "heading_4",
            "callout",
            "code",
            "equation",
            "divider",
            "paragraph",
        ),
        *(
            "table",
            "column_list",
            "image",
            "video",
            "child_page",
            "child_database",
            "table_of_contents",
        ),
        "synced_block",
    ]


def test_lines_are_blocks_and_blank_lines_vanish() -> None:
    assert (
        render(parse("# Hello\n\nAsync test content.\nNext line.\n"))
        == "# Hello\nAsync test content.\nNext line."
    )


def test_headings_below_the_fourth_become_the_fourth() -> None:
    assert [b["type"] for b in parse("##### Five\n###### Six")] == ["heading_4", "heading_4"]


def test_children_by_spaces_as_people_write_them() -> None:
    assert render(parse("- a\n  - b\n    - c\n- d")) == "- a\n\t- b\n\t\t- c\n- d"


def test_a_heading_without_toggle_has_no_children() -> None:
    assert render(parse("# H\n\ttext")) == "# H\ntext"


def test_callout_as_fenced_div() -> None:
    assert (
        render(parse('::: callout {icon="💡"}\nIdea\n:::'))
        == '<callout icon="💡">\n\tIdea\n</callout>'
    )


READINGS = [
    ("<callout>One line</callout>", "<callout>\n\tOne line\n</callout>"),
    (
        "<details>\nno summary\n</details>",
        "<details>\n<summary></summary>\n\tno summary\n</details>",
    ),
    ("$$ x^2 $$", "$$\nx^2\n$$"),
    ("- > quoted", "-\n\t> quoted"),
    ("* star\n+ plus\n1) one", "- star\n- plus\n1. one"),
    ("***", "---"),
    ("~~~js\nx\n~~~", "```javascript\nx\n```"),
    ("```klingon\nx", "```plain text\nx\n```"),
    ("| a |\n| b |", "\\| a \\|\n\\| b \\|"),
    ('<image source="https://e.com/i.png">Cap</image>', "![Cap](https://e.com/i.png)"),
    ("![not an image", "!\\[not an image"),
    ("<columns>\n</columns>\n</details>", "\\</details\\>"),
    ("text\r\n\r\nmore", "text\nmore"),
]


@pytest.mark.parametrize(("written", "read"), READINGS)
def test_how_people_write(written: str, read: str) -> None:
    assert render(parse(written)) == read


def test_pipe_table_with_code_and_escaped_pipe() -> None:
    table = parse("| a | b |\n|---|:-:|\n| `x|y` | z\\|w |")[0]["table"]
    cells = [
        [cell[0]["text"]["content"] for cell in row["table_row"]["cells"]]
        for row in table["children"]
    ]
    assert cells == [["a", "b"], ["x|y", "z|w"]]
    assert table["has_column_header"] is True
    assert table["table_width"] == 2


def test_code_keeps_its_own_indentation_inside_a_list() -> None:
    markdown = "- item\n\t```shell\n\tif true; then\n\t\techo\n\n\tfi\n\t```"
    code = parse(markdown)[0]["bulleted_list_item"]["children"][0]["code"]
    assert code["rich_text"][0]["text"]["content"] == "if true; then\n\techo\n\nfi"
    assert code["language"] == "shell"


def test_unknown_blocks_are_named_and_known_again_by_id() -> None:
    bookmark = block("bookmark", url="https://example.com", caption=[]) | {
        "id": "393abc1e-edcd-81d5-bf32-d1339d9031c2"
    }
    markdown = render([bookmark])
    assert (
        markdown
        == '<unknown url="https://app.notion.com/p/393abc1eedcd81d5bf32d1339d9031c2" alt="bookmark"/>'
    )
    assert parse(markdown)[0]["id"] == bookmark["id"]


@pytest.mark.parametrize(
    "line",
    [
        "# no heading",
        "- no list",
        "1. no list",
        "---",
        "> no quote",
        "```",
        "$$",
        "<callout>",
        "</callout>",
        ":::",
    ],
)
def test_text_like_a_block_stays_text(line: str) -> None:
    assert parse(render([paragraph(line)])) == [paragraph(line)]


# --- what holds for every page
# -----------------------------------------------------------------------------------

SIGNS = st.text(st.sampled_from('ab \n\t*~`$[]<>{}|^\\#-1.!:_()&;"/é'), min_size=1, max_size=12)
CONTENT = st.one_of(
    SIGNS,
    st.sampled_from(["**", "</span>", "<br>", "</td>", "](x)", '{color="red"}', "word", "- x"]),
)
FLAGS = st.fixed_dictionaries(
    dict.fromkeys(("bold", "italic", "strikethrough", "underline", "code"), st.booleans())
    | {"color": st.sampled_from(["default", "red", "blue_background"])}
)
LINKS = st.one_of(st.none(), st.sampled_from(["https://e.com/a?b=1&c=2", "https://e.com/(x)"]))
TEXTS = st.builds(lambda content, link, flags: text(content, link, **flags), CONTENT, LINKS, FLAGS)
EQUATIONS = st.builds(
    lambda expression: {
        "type": "equation",
        "equation": {"expression": expression},
        "annotations": PLAIN,
    },
    st.sampled_from(["x^2", "a_{1}", "\\frac{1}{2}", "a*b"]),
)
RICH_TEXT = st.lists(st.one_of(TEXTS, EQUATIONS), max_size=5)

TEXT_TYPES = ("paragraph", "bulleted_list_item", "numbered_list_item", "quote", "toggle", "callout")


def text_blocks(children: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    return st.builds(
        lambda kind, items, inside, color: block(
            kind, rich_text=items, color=color, children=inside
        ),
        st.sampled_from(TEXT_TYPES),
        RICH_TEXT,
        st.lists(children, max_size=3),
        st.sampled_from(["default", "red", "gray_background"]),
    )


def leaf(kind: str, **content: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    return st.fixed_dictionaries(content).map(lambda values: block(kind, **values))


CODE = st.builds(
    lambda content: block("code", rich_text=[text(content)], language="python", caption=[]),
    st.text(st.sampled_from("ab `\n\t*"), min_size=1, max_size=12),
)
TABLES = st.integers(1, 3).flatmap(
    lambda width: st.builds(
        lambda rows: block(
            "table", table_width=width, has_column_header=True, has_row_header=False, children=rows
        ),
        st.lists(
            leaf("table_row", cells=st.lists(RICH_TEXT, min_size=width, max_size=width)),
            min_size=1,
            max_size=3,
        ),
    )
)
LEAVES = st.one_of(
    leaf("heading_2", rich_text=RICH_TEXT, color=st.just("default"), is_toggleable=st.just(False)),
    leaf(
        "image",
        type=st.just("external"),
        external=st.just({"url": "https://e.com/(a).png"}),
        caption=RICH_TEXT,
    ),
    leaf("divider"),
    leaf("to_do", rich_text=RICH_TEXT, checked=st.booleans(), color=st.just("default")),
    CODE,
    TABLES,
)
BLOCKS = st.lists(st.recursive(LEAVES, text_blocks, max_leaves=6), max_size=4)


@given(RICH_TEXT)
def test_inline_is_stable_after_one_reading(items: list[Json]) -> None:
    once = parse_inline(render_inline(items))
    assert parse_inline(render_inline(once)) == once


@given(RICH_TEXT)
def test_inline_loses_no_text(items: list[Json]) -> None:
    def written(rich_text: list[Json]) -> str:
        return "".join(
            i["text"]["content"] if "text" in i else i["equation"]["expression"] for i in rich_text
        )

    assert written(parse_inline(render_inline(items))) == written(items)


@given(BLOCKS)
def test_blocks_are_stable_after_one_reading(blocks: list[Json]) -> None:
    once = parse(render(blocks))
    assert parse(render(once)) == once
    assert render(parse(render(once))) == render(once)


@given(BLOCKS)
def test_kinds_and_nesting_survive(blocks: list[Json]) -> None:
    def outline(some: list[Json]) -> list[Any]:
        return [(b["type"], outline(b[b["type"]].get("children", []))) for b in some]

    assert outline(parse(render(blocks))) == outline(blocks)


@given(st.text(st.sampled_from('ab \n\t*~`$[]<>{}|^\\#-1.!:/"='), max_size=60))
def test_any_text_can_be_read_and_its_reading_is_stable(markdown: str) -> None:
    blocks = parse(markdown)
    assert parse(render(blocks)) == blocks


def test_deep_nesting_is_cut_rather_than_refused() -> None:
    assert parse_inline("[" * 500) == [text("[" * 500)]
    blocks = parse("\n".join("\t" * depth + "- x" for depth in range(300)))
    assert render(blocks).count("- x") == 300

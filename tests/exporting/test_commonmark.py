"""Notion-flavoured Markdown becomes Markdown that other programs render correctly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from notion_pm.exporting.formats.commonmark import as_commonmark

RENDER = MarkdownIt("commonmark", {"html": True}).enable("table").render


@pytest.mark.parametrize(
    ("notion", "common"),
    [
        ("", ""),
        ("One\nTwo", "One\n\nTwo"),
        ("## Problem\nSlow.\n- a\n- b\nEnd", "## Problem\n\nSlow.\n\n- a\n- b\n\nEnd"),
        ("One\n---\nTwo", "One\n\n---\n\nTwo"),
        ("- a\n\t- b\n\t\t- c\n- d", "- a\n    - b\n        - c\n- d"),
        ("- a\n\tmore", "- a\n\n    more"),
        ("1. a\n2. b", "1. a\n2. b"),
        ("- [ ] a\n- [x] b", "- [ ] a\n- [x] b"),
        ("Parent\n\tChild", "Parent\n\nChild"),
        ('Red {color="red"}', "Red"),
        ('## Head {toggle="true" color="red_bg"}\n\tInside', "## Head\n\nInside"),
        ("a\n<empty-block/>\nb", "a\n\nb"),
        ("> said\n\t> deeper", "> said\n>\n> > deeper"),
        ('<callout icon="💡">\n\tIdea\n\t- one\n</callout>\nEnd', "> 💡 Idea\n>\n> - one\n\nEnd"),
        (
            "<columns>\n\t<column>\n\t\tLeft\n\t</column>\n\t<column>\n\t\tRight\n\t</column>\n</columns>",
            "Left\n\nRight",
        ),
        (
            "<details>\n<summary>More</summary>\n\tHidden\n</details>",
            "- More\n\n    Hidden",
        ),
        (
            "<details>\n<summary>**A** b</summary>\n\t- c\n</details>\nEnd",
            "- **A** b\n    - c\n\nEnd",
        ),
        (
            'Hi <mention-user url="user://1">Ada</mention-user><mention-user url="user://2"/>!',
            "Hi Ada!",
        ),
        ('In <mention-data-source url="collection://1">Specs</mention-data-source>', "In Specs"),
        ('<span color="red">R <span underline="true">u</span></span> \\<span\\>', "R u \\<span\\>"),
        ("$$\na^2\n\nb\n$$\nEnd", "$$\na^2\n\nb\n$$\n\nEnd"),
        ("One<br>two", "One\\\ntwo"),
        ("- One<br>two\n\t- b", "- One\\\ntwo\n    - b"),
        ("# One<br>two", "# One two"),
        ("a\n<table_of_contents/>\nb", "a\n\nb"),
        (
            '```python\nif x:\n\n\tpass {color="red"}\n```\nEnd',
            '```python\nif x:\n\n\tpass {color="red"}\n```\n\nEnd',
        ),
        ("- a\n\t```\n\tcode\n\t```", "- a\n\n    ```\n    code\n    ```"),
        (
            'Due <mention-date start="2026-03-01" end="2026-03-14"/>.',
            "Due 2026-03-01 → 2026-03-14.",
        ),
        (
            '<table header-row="true">\n<tr>\n<td>A</td>\n<td>B</td>\n</tr>\n'
            "<tr>\n<td>1|2</td>\n<td></td>\n</tr>\n</table>",
            "| A | B |\n| --- | --- |\n| 1\\|2 |  |",
        ),
        ("<table>\n<tr>\n<td>1</td>\n</tr>\n</table>", "|  |\n| --- |\n| 1 |"),
        (
            '<unknown url="https://x?a=1&amp;b" alt="bookmark"/>',
            "[bookmark, in Notion](https://x?a=1&b)",
        ),
    ],
)
def test_each_kind_of_block(notion: str, common: str) -> None:
    assert as_commonmark(notion) == common


def test_two_lines_become_two_paragraphs() -> None:
    assert RENDER(as_commonmark("One\nTwo")) == "<p>One</p>\n<p>Two</p>\n"


def test_nested_blocks_do_not_become_code() -> None:
    notion = "Parent\n\tChild\n- item\n\ttext\n\t- sub\n<details>\n<summary>s</summary>\n\thidden\n</details>"
    assert "<code>" not in RENDER(as_commonmark(notion))


def test_nested_lists_stay_nested() -> None:
    assert RENDER(as_commonmark("- a\n\t1. b")).count("<li>") == 2
    assert "<ol>" in RENDER(as_commonmark("- a\n\t1. b"))


@given(st.text())
def test_any_text_is_accepted(text: str) -> None:
    as_commonmark(text)


@given(st.lists(st.text(st.characters(categories=["Ll", "Nd"]), min_size=1), min_size=1))
def test_no_word_is_lost(words: list[str]) -> None:
    assert as_commonmark("\n".join(words)).split() == words


@pytest.mark.parametrize(
    ("notion", "shown"),
    [
        ("Options:<br>- keep<br># 1 prio", "<p>Options:<br />\n- keep<br />\n# 1 prio</p>\n"),
        ("One<br>1. two<br>3) four", "<p>One<br />\n1. two<br />\n3) four</p>\n"),
        ("Title<br>===", "<p>Title<br />\n===</p>\n"),
        ("Title<br>---", "<p>Title<br />\n---</p>\n"),
        ("One<br>+ two<br>-5 degrees, #hash", "<p>One<br />\n+ two<br />\n-5 degrees, #hash</p>\n"),
        ("+ one", "<p>+ one</p>\n"),
        ("1) one", "<p>1) one</p>\n"),
        ("set __init__ and _id_", "<p>set __init__ and _id_</p>\n"),
        ("snake_case_name and a_ b", "<p>snake_case_name and a_ b</p>\n"),
        (
            "type &lt;b&gt; or &copy; &#65; R&D",
            "<p>type &amp;lt;b&amp;gt; or &amp;copy; &amp;#65; R&amp;D</p>\n",
        ),
        ("`__init__ &lt;`", "<p><code>__init__ &amp;lt;</code></p>\n"),
        (
            "[_a_](https://x.example/_b_?c=1&amp;d)",
            '<p><a href="https://x.example/_b_?c=1&amp;d">_a_</a></p>\n',
        ),
        ("**bold** and *italic*", "<p><strong>bold</strong> and <em>italic</em></p>\n"),
        ("- item<br>- no item", "<ul>\n<li>item<br />\n- no item</li>\n</ul>\n"),
    ],
)
def test_plain_text_stays_plain(notion: str, shown: str) -> None:
    assert RENDER(as_commonmark(notion)) == shown

"""What pages hold: blocks, and their text as Markdown."""

from __future__ import annotations

from notion_pm.probe.lab import Answer, Lab, experiment
from notion_pm.probe.objects import make_page
from notion_pm.probe.statement import Area, Finding, Source, expect, statement

_MARKDOWN = "# Goal\n- one\n- two\n- [ ] open\n> said"


@experiment
def page_from_markdown(lab: Lab) -> Answer:
    """Make a page from Markdown."""
    return make_page(lab, "Markdown", markdown=_MARKDOWN)


@experiment
def read_back(lab: Lab) -> Answer:
    """Read the Markdown of that page."""
    return lab.get(f"pages/{page_from_markdown(lab)['id']}/markdown")


@experiment
def two_pages(lab: Lab) -> str:
    """Make a page with two pages on it."""
    page = str(make_page(lab, "Two pages")["id"])
    # One after the other: pages created in parallel come in any order (notion-measured.md 9).
    for title in ("first", "second"):
        make_page(lab, title, page)["id"]
    return page


def _change(lab: Lab, page: str, kind: str, **settings: object) -> Answer:
    return lab.patch(f"pages/{page}/markdown", type=kind, **{kind: settings})


@statement(
    "bodies.markdown-read-back",
    "Markdown comes back as it was written: headings, lists, to-dos, quotes.",
    Area.BODIES,
    Source.DOCUMENTATION,
)
def markdown_read_back(lab: Lab) -> Finding:
    """Compare the lines."""
    return expect(
        _MARKDOWN.splitlines(), [line for line in read_back(lab)["markdown"].splitlines() if line]
    )


@statement(
    "bodies.markdown-complete",
    "The Markdown of a page says whether it is complete: `truncated`, `unknown_block_ids`.",
    Area.EXPORT,
    Source.DOCUMENTATION,
)
def markdown_complete(lab: Lab) -> Finding:
    """Read both of a short page."""
    return expect([False, []], [read_back(lab)["truncated"], read_back(lab)["unknown_block_ids"]])


@statement(
    "bodies.markdown-makes-blocks",
    "Markdown becomes blocks of the kinds it shows.",
    Area.BODIES,
    Source.RECORDING,
)
def markdown_makes_blocks(lab: Lab) -> Finding:
    """List the blocks of the page."""
    blocks = lab.get(f"blocks/{page_from_markdown(lab)['id']}/children")["results"]
    expected = ["heading_1", "bulleted_list_item", "bulleted_list_item", "to_do", "quote"]
    return expect(expected, [block["type"] for block in blocks])


@statement(
    "bodies.bookmark-unknown",
    "A bookmark comes out of Markdown as an unknown block.",
    Area.EXPORT,
    Source.MEASUREMENT,
)
def bookmark_unknown(lab: Lab) -> Finding:
    """Read a page that has one."""
    page = make_page(lab, "Bookmark", children=[{"bookmark": {"url": "https://example.com"}}])["id"]
    return expect(True, "<unknown" in lab.get(f"pages/{page}/markdown")["markdown"])


@statement(
    "bodies.markdown-text-not-found",
    "`update_content` refuses a text that is not on the page with 400.",
    Area.BODIES,
    Source.DOCUMENTATION,
)
def text_not_found(lab: Lab) -> Finding:
    """Replace a text that is not there."""
    updates = [{"old_str": "never written", "new_str": "x"}]
    answer = _change(lab, page_from_markdown(lab)["id"], "update_content", content_updates=updates)
    return expect("400 validation_error", answer.outcome)


@statement(
    "bodies.markdown-replaced",
    "`replace_content` replaces the whole text of a page.",
    Area.BODIES,
    Source.DOCUMENTATION,
)
def markdown_replaced(lab: Lab) -> Finding:
    """Replace the text, and read the page."""
    # After the statements above, which need the first text.
    page = page_from_markdown(lab)["id"]
    changed = _change(lab, page, "replace_content", new_str="new")
    return expect(
        ["200", "new"], [changed.outcome, lab.get(f"pages/{page}/markdown")["markdown"].strip()]
    )


@statement(
    "bodies.order-of-pages",
    "Pages that are created one after the other are listed in that order.",
    Area.APPLY,
    Source.MEASUREMENT,
)
def order_of_pages(lab: Lab) -> Finding:
    """List the pages on a page."""
    children = lab.get(f"blocks/{two_pages(lab)}/children")["results"]
    return expect(["first", "second"], [child["child_page"]["title"] for child in children])


@statement(
    "bodies.child-page-protected",
    "`replace_content` that would delete a child page is refused with 400.",
    Area.BODIES,
    Source.MEASUREMENT,
)
def child_page_protected(lab: Lab) -> Finding:
    """Replace the text of a page that has pages on it."""
    # `allow_deleting_content` would permit it (notion-api.md 2.3).
    return expect(
        "400 validation_error", _change(lab, two_pages(lab), "replace_content", new_str="x").outcome
    )

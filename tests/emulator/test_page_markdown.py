"""GET and PATCH /v1/pages/{id}/markdown, and what they do to the page's blocks (notion-api.md 2.3)."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

import httpx
import pytest

from notion_pm.emulator import LocalWorkspace

Json = dict[str, Any]


@pytest.fixture
def page(api: httpx.Client, workspace: LocalWorkspace) -> str:
    return new_page(api, workspace.root_page_id, "Page")


def new_page(api: httpx.Client, parent: str, title: str, **more: Any) -> str:
    body = {
        "parent": {"page_id": parent},
        "properties": {"title": {"title": [{"text": {"content": title}}]}},
        **more,
    }
    response = api.post("/pages", json=body)
    assert response.status_code == 200, response.text
    page_id: str = response.json()["id"]
    return page_id


def markdown(api: httpx.Client, page: str) -> str:
    body = api.get(f"/pages/{page}/markdown").json()
    assert (body["object"], body["truncated"], body["unknown_block_ids"]) == (
        "page_markdown",
        False,
        [],
    )
    text: str = body["markdown"]
    return text


def change(api: httpx.Client, page: str, kind: str, **content: Any) -> httpx.Response:
    return api.patch(f"/pages/{page}/markdown", json={"type": kind, kind: content})


def replace(api: httpx.Client, page: str, text: str, **more: Any) -> str:
    response = change(api, page, "replace_content", new_str=text, **more)
    assert response.status_code == 200, response.text
    written: str = response.json()["markdown"]
    return written


def children(api: httpx.Client, block: str) -> list[Json]:
    results: list[Json] = api.get(f"/blocks/{block}/children").json()["results"]
    return results


def refusal(response: httpx.Response) -> str:
    body = response.json()
    assert (response.status_code, body["code"]) == (400, "validation_error"), response.text
    message: str = body["message"]
    return message


def test_written_markdown_becomes_blocks_and_can_be_read(api: httpx.Client, page: str) -> None:
    assert markdown(api, page) == ""
    response = change(
        api, page, "insert_content", content="## New Section\n\nHello **you**.\n- a\n  - b"
    )
    assert response.json()["markdown"] == "## New Section\nHello **you**.\n- a\n\t- b"
    assert markdown(api, page) == response.json()["markdown"]
    assert [block["type"] for block in children(api, page)] == [
        "heading_2",
        "paragraph",
        "bulleted_list_item",
    ]


def test_a_page_made_with_markdown(api: httpx.Client, workspace: LocalWorkspace) -> None:
    page = new_page(api, workspace.root_page_id, "Spec", markdown="# Problem\n\n- [ ] find out")
    assert markdown(api, page) == "# Problem\n- [ ] find out"


def test_a_new_page_may_hold_others(api: httpx.Client, workspace: LocalWorkspace) -> None:
    page = new_page(api, workspace.root_page_id, "Hub", markdown="Below:\n<page>Fresh</page>")
    assert [block["type"] for block in children(api, page)] == ["paragraph", "child_page"]


def test_unchanged_blocks_keep_their_ids(api: httpx.Client, page: str) -> None:
    replace(api, page, "first\n- a\n\t- b\nlast")
    before = children(api, page)
    replace(api, page, "new\nfirst\n- changed\n\t- b\nlast")
    after = children(api, page)
    assert [block["id"] for block in after[1:]] == [block["id"] for block in before]
    assert markdown(api, page) == "new\nfirst\n- changed\n\t- b\nlast"
    assert len(children(api, after[2]["id"])) == 1


def test_what_is_left_out_is_trashed(api: httpx.Client, page: str) -> None:
    replace(api, page, "a\nb")
    first, second = children(api, page)
    assert replace(api, page, "b") == "b"
    assert [block["id"] for block in children(api, page)] == [second["id"]]
    assert api.get(f"/blocks/{first['id']}").json()["in_trash"] is True


def test_child_pages_are_protected(api: httpx.Client, page: str) -> None:
    sub = new_page(api, page, "Sub")
    tag = f'<page url="https://app.notion.com/p/{sub.replace("-", "")}">Sub</page>'
    assert markdown(api, page) == tag
    message = refusal(change(api, page, "replace_content", new_str="text"))
    assert sub in message and "allow_deleting_content" in message
    assert replace(api, page, f"before\n{tag}") == f"before\n{tag}"
    assert replace(api, page, "text", allow_deleting_content=True) == "text"
    assert api.get(f"/pages/{sub}").json()["in_trash"] is True


def test_tags_make_and_move_pages(api: httpx.Client, workspace: LocalWorkspace, page: str) -> None:
    elsewhere = new_page(api, workspace.root_page_id, "Elsewhere")
    tag = f'<page url="https://app.notion.com/p/{elsewhere.replace("-", "")}">Elsewhere</page>'
    replace(api, page, f"<page>Fresh</page>\n{tag}\n<database>Rows</database>")
    assert [block["type"] for block in children(api, page)] == [
        "child_page",
        "child_page",
        "child_database",
    ]
    assert api.get(f"/pages/{elsewhere}").json()["parent"]["page_id"] == page


def test_blocks_without_markdown_survive(api: httpx.Client, page: str) -> None:
    body = {"children": [{"bookmark": {"url": "https://example.com"}}]}
    (bookmark,) = api.patch(f"/blocks/{page}/children", json=body).json()["results"]
    text = markdown(api, page)
    assert text.startswith("<unknown url=") and text.endswith('alt="bookmark"/>')
    replace(api, page, f"new\n{text}")
    assert children(api, page)[1]["id"] == bookmark["id"]


def test_mentions_are_named_after_what_they_point_at(api: httpx.Client, page: str) -> None:
    tag = f'<mention-page url="https://app.notion.com/p/{page.replace("-", "")}"/>'
    assert replace(api, page, f"see {tag}") == f"see {tag.removesuffix('/>')}>Page</mention-page>"


def test_edits_that_do_not_fit_change_nothing(api: httpx.Client, page: str) -> None:
    replace(api, page, "text")
    updates = [{"old_str": "nowhere", "new_str": "x"}]
    assert "old_str" in refusal(change(api, page, "update_content", content_updates=updates))
    assert "body.type should be" in refusal(change(api, page, "rewrite", new_str="x"))
    assert "body.replace_content.new_str should be defined" in refusal(
        change(api, page, "replace_content")
    )
    assert "should be not present" in refusal(
        change(api, page, "replace_content", new_str="x", old="y")
    )
    assert markdown(api, page) == "text"


def test_databases_and_strangers_have_no_markdown(
    api: httpx.Client, workspace: LocalWorkspace
) -> None:
    body = {"parent": {"type": "page_id", "page_id": workspace.root_page_id}}
    database = api.post("/databases", json=body).json()["id"]
    assert "is a database" in refusal(api.get(f"/pages/{database}/markdown"))
    missing = api.get("/pages/00000000-0000-0000-0000-000000000000/markdown").json()
    assert missing["message"].startswith("Could not find page with ID")


def test_a_synced_copy_reads_like_its_original(api: httpx.Client, page: str) -> None:
    replace(api, page, "<synced_block>\n\tshared\n</synced_block>")
    (original,) = children(api, page)
    copy = {"synced_block": {"synced_from": {"type": "block_id", "block_id": original["id"]}}}
    api.patch(f"/blocks/{page}/children", json={"children": [copy]})
    url = f"https://app.notion.com/p/{original['id'].replace('-', '')}"
    reference = f'<synced_block_reference url="{url}">\n\tshared\n</synced_block_reference>'
    assert (
        markdown(api, page) == f'<synced_block url="{url}">\n\tshared\n</synced_block>\n{reference}'
    )


def test_a_page_too_large_is_cut_and_its_rest_named(
    api: httpx.Client, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace(api, page, "- a\n\t- b\n- c\n\t- d")
    _, last = children(api, page)
    monkeypatch.setattr("notion_pm.emulator.pages.page_markdown.MOST_BLOCKS", 2)
    body = api.get(f"/pages/{page}/markdown").json()
    assert (body["truncated"], body["unknown_block_ids"]) == (True, [last["id"]])
    assert body["markdown"].endswith('alt="bulleted_list_item"/>')
    assert api.get(f"/pages/{last['id']}/markdown").json()["markdown"] == "- d"


def test_changes_inside_containers(api: httpx.Client, page: str) -> None:
    before = dedent("""\
        <callout icon="🎯">
        \tText
        \t- one
        </callout>
        <table>
        <tr>
        <td>a</td>
        <td>b</td>
        </tr>
        </table>
        <columns>
        \t<column>
        \t\tleft
        \t</column>
        \t<column>
        \t\tright
        \t</column>
        </columns>""")
    assert replace(api, page, before) == before
    ids = [block["id"] for block in children(api, page)]
    after = (
        before.replace("one", "two").replace("<td>b</td>", "<td>c</td>").replace("left", "middle")
    )
    assert replace(api, page, after) == after
    assert [block["id"] for block in children(api, page)] == ids


def test_later_answers(api: httpx.Client, page: str) -> None:
    body = {"type": "insert_content", "insert_content": {"content": "Hi"}, "allow_async": True}
    response = api.patch(f"/pages/{page}/markdown", json=body)
    task = response.json()
    assert (response.status_code, task["object"], task["status"]) == (202, "async_task", "queued")
    assert task["operation"] == {"surface": "rest", "name": "PATCH /v1/pages/:page_id/markdown"}
    done = api.get(f"/async_tasks/{task['id']}").json()
    assert (done["status"], done["result"]["markdown"]) == ("succeeded", "Hi")
    assert "poll_after_seconds" not in done
    assert api.get("/async_tasks/task_0").status_code == 404

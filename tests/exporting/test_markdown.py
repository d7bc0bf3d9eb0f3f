"""Markdown: documents, folders, and links between them."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml

from notion_pm.exporting.formats.markdown import write_folder, write_page
from notion_pm.exporting.table import Column, Reference, Row, Table
from notion_pm.model.ids import compact
from notion_pm.model.page import DateValue
from tests.support.exporter_tables import COLUMNS, EMPTY, page_id, row, table, titles_only


def url(number: int) -> str:
    return f"https://app.notion.com/p/{compact(page_id(number))}"


def front_matter(document: str) -> dict[str, object]:
    found: dict[str, object] = yaml.safe_load(document.removeprefix("---\n").split("\n---\n")[0])
    return found


def linked(path: Path) -> list[Path]:
    """The files that a document links to."""
    targets = re.findall(r"\]\(([^)]+)\)", path.read_text(encoding="utf-8"))
    return [
        (path.parent / unquote(each)).resolve() for each in targets if not each.startswith("https:")
    ]


def test_a_page_has_front_matter_title_body_and_linked_pages() -> None:
    stream = io.StringIO()
    write_page(table([row(1, markdown="## Problem\n\nSlow.\n")]), stream)
    document = stream.getvalue()
    head = front_matter(document)
    assert head["title"] == "Provision"
    assert head["notion_id"] == page_id(1)
    assert head["Status"] == "Spec"
    assert head["Budget"] == 1234.5
    assert head["Target"] == {"start": "2026-03-01", "end": "2026-03-14"}
    assert head["Insights"] == [
        {"id": page_id(7), "title": "Retry; please"},
        {"id": page_id(8), "title": None},
        {"id": page_id(9), "title": ""},
    ]
    assert (
        "\n# Provision\n\n## Problem\n\nSlow.\n\n## Linked pages\n\n- Insights:\n    - [Retry; "
        "please](" in document
    )


def test_empty_cells_are_null_and_single_dates_are_dates() -> None:
    stream = io.StringIO()
    cells = (*EMPTY[:5], DateValue("2026-03-01"), *EMPTY[6:])
    write_page(table([row(1, cells, title="A", markdown="")]), stream)
    head = front_matter(stream.getvalue())
    assert head["Target"] == date(2026, 3, 1)
    assert head["Insights"] is None
    assert "Linked pages" not in stream.getvalue()


def test_titles_cannot_break_the_front_matter_or_the_heading() -> None:
    stream = io.StringIO()
    write_page(table([row(1, ("---\nstatus: x\n# [a](b)",), markdown="")], COLUMNS[:1]), stream)
    assert front_matter(stream.getvalue())["title"] == "---\nstatus: x\n# [a](b)"
    assert "\n# --- status: x # \\[a\\](b)\n" in stream.getvalue()


def test_a_folder_has_a_file_per_page_with_unique_names_and_an_index(tmp_path: Path) -> None:
    write_folder([titles_only("Plan: a/b", "plan a b", "Index", "")], tmp_path)
    names = {path.name for path in tmp_path.glob("*.md")}
    assert names == {
        "plan-a-b.md",
        "plan-a-b-00000002.md",
        "index-00000003.md",
        "untitled.md",
        "index.md",
    }
    assert set(linked(tmp_path / "index.md")) == {
        (tmp_path / each).resolve() for each in names - {"index.md"}
    }


def test_links_between_exported_pages_point_to_files(tmp_path: Path) -> None:
    body = (
        f'See [the insight]({url(2)}?pvs=4), <mention-page url="{url(2)}">Retry</mention-page>, '
        f'<mention-page url="https://www.notion.so/Retry-{compact(page_id(2))}"/>, '
        f'<database url="{url(97)}" inline="true">Tasks</database>, [no '
        "page](https://www.notion.so/pricing), "
        f"[elsewhere]({url(99)}), [out](https://example.com)."
    )
    relation = (COLUMNS[0], Column("i", "Insights", "relation", "insights"))
    references = (Reference(page_id(2), "Retry [429]"), Reference(page_id(98)))
    features = table([row(1, ("Limits", references), markdown=body)], relation)
    insights = table(
        [row(2, ("Retry [429]",), markdown="")], COLUMNS[:1], name="insights", title="Insights"
    )
    write_folder([features, insights], tmp_path)
    document = (tmp_path / "features" / "limits.md").read_text()
    assert (
        linked(tmp_path / "features" / "limits.md")
        == [(tmp_path / "insights" / "retry-429.md").resolve()] * 4
    )
    assert "[the insight](../insights/retry-429.md)" in document
    assert "[Retry \\[429\\]](../insights/retry-429.md)" in document
    assert f"[elsewhere]({url(99)})" in document
    assert f"[Tasks]({url(97)})" in document
    assert "[no page](https://www.notion.so/pricing)" in document
    assert f"[{page_id(98)}]({url(98)})" in document


def test_every_link_of_a_folder_has_a_target(tmp_path: Path) -> None:
    write_folder([titles_only("A b", "Größe"), titles_only(name="Größe 2")], tmp_path)
    for path in tmp_path.rglob("*.md"):
        assert all(each.exists() for each in linked(path))


def test_the_next_export_deletes_only_files_of_the_last_one(
    tmp_path: Path,
) -> None:
    (tmp_path / "mine.md").write_text("my own")
    write_folder([titles_only("Old", "Same")], tmp_path)
    write_folder([titles_only("New", "Same")], tmp_path)
    assert {each.name for each in tmp_path.glob("*.md")} == {
        "mine.md",
        "new.md",
        "same.md",
        "index.md",
    }


def test_an_export_of_another_database_deletes_nothing(tmp_path: Path) -> None:
    write_folder([titles_only("Spec")], tmp_path)
    write_folder([titles_only("Insight", name="insights")], tmp_path)
    write_folder([titles_only("Renamed")], tmp_path)
    assert {each.name for each in tmp_path.glob("*.md")} == {"insight.md", "renamed.md", "index.md"}


@pytest.mark.parametrize("record", ["{}", "no json", '{"files": {"../outside.md": "features"}}'])
def test_a_broken_record_deletes_nothing_outside_of_the_folder(tmp_path: Path, record: str) -> None:
    outside = tmp_path / "outside.md"
    outside.write_text("mine")
    folder = tmp_path / "specs"
    folder.mkdir()
    (folder / ".notion-pm-export.json").write_text(record)
    write_folder([titles_only("A")], folder)
    assert outside.exists()


def test_an_interrupted_export_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "specs"
    write_folder([titles_only("One", "Two")], folder)
    before = {path: path.read_text() for path in folder.rglob("*.md")}

    def interrupted() -> Iterator[Row]:
        yield row(1, ("Three",))
        raise KeyboardInterrupt

    class Rows:
        walks = 0

        def __iter__(self) -> Iterator[Row]:
            Rows.walks += 1
            return interrupted() if Rows.walks > 2 else iter([row(1, ("Three",)), row(2, ("Two",))])

    with pytest.raises(KeyboardInterrupt):
        write_folder([Table("features", "Feature specs", COLUMNS[:1], Rows(), 2)], folder)
    assert {path: path.read_text() for path in folder.rglob("*.md")} == before
    assert [each.name for each in tmp_path.iterdir()] == ["specs"]

"""The main job, as a newcomer runs it."""

from __future__ import annotations

from pathlib import Path

import openpyxl

from tests.support.program import Program


def test_the_demo_does_the_whole_job_twice(program: Program) -> None:
    for _ in range(2):
        done = program("demo")
        assert done.code == 0, done.err
        assert all(line.startswith("Note: ") for line in done.err.splitlines()), done.err
    folder = program.folder / "demo"
    assert {
        "report.html",
        "product.xlsx",
        "insights.csv",
        "specs",
        "workspace.sqlite",
        "previous.sqlite",
    } <= names(folder)
    told = done.out
    assert "I3-ship" in told, "the sync says which rule changed what"
    assert "notion-pm init" in told, "the demo ends with the way to a real workspace"

    assert "Request budget shown before the run" in (folder / "report.html").read_text(
        encoding="utf-8"
    )

    book = openpyxl.load_workbook(folder / "product.xlsx", read_only=True)
    try:
        assert {"Vision", "Customer insights", "Feature specs"} <= set(book.sheetnames)
    finally:
        book.close()
    rows = (folder / "insights.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(rows) > 248
    assert len(list((folder / "specs").glob("*.md"))) >= 30


def names(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir()}

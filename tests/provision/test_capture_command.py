"""`notion-pm capture` as a consultant uses it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.program import Program


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """The program, on a local workspace with the product template."""
    program = Program(tmp_path, NOTION_PM_LOCAL="w.sqlite")
    assert program("apply", "product", "--yes", "--no-rows").code == 0
    return program


def test_captured_files_apply_elsewhere_without_further_changes(program: Program) -> None:
    done = program("capture", "-o", "mine.yaml", "--name", "mine")
    assert done.code == 0, done.err
    assert (
        "Wrote mine.yaml" in done.out
        and "Next:  notion-pm templates validate mine.yaml" in done.out
    )
    assert program("templates", "validate", "mine.yaml").code == 0
    program.environment["NOTION_PM_LOCAL"] = "other.sqlite"
    assert program("apply", "mine.yaml", "--yes").code == 0
    assert program("plan", "mine.yaml", "--exit-code").code == 0


def test_existing_files_are_not_replaced_without_force(program: Program) -> None:
    assert program("capture", "-o", "mine.yaml").code == 0
    kept = (program.folder / "mine.yaml").read_text(encoding="utf-8")
    refused = program("capture", "-o", "mine.yaml", "--name", "other")
    assert refused.code == 1
    assert "already exist: mine.yaml" in refused.err and "--force" in refused.err
    assert (program.folder / "mine.yaml").read_text(encoding="utf-8") == kept
    assert program("capture", "-o", "mine.yaml", "--name", "other", "--force").code == 0


def test_rows_are_written_next_to_the_template(program: Program) -> None:
    assert program("apply", "product", "--yes", "--rows").code == 0
    told = program("capture", "-o", "mine.yaml", "--rows", "--json").json
    assert told["rows"]["insights"] == 248
    assert "mine/insights.csv" in told["files"]
    assert program("templates", "validate", "mine.yaml").code == 0
    refused = program("capture", "--rows")
    assert refused.code == 1 and "-o" in refused.err


def test_without_a_file_the_template_is_printed_and_nothing_else(program: Program) -> None:
    done = program("capture")
    assert done.out.startswith("# Captured from")
    (program.folder / "piped.yaml").write_text(done.out, encoding="utf-8")
    assert program("templates", "validate", "piped.yaml").code == 0
    assert "Guessed:" in done.err


def test_a_page_without_databases_and_a_wrong_name_are_refused(program: Program) -> None:
    program.environment["NOTION_PM_LOCAL"] = "empty.sqlite"
    empty = program("capture")
    assert empty.code == 1 and "There is no database in the page" in empty.err
    wrong = program("capture", "--name", "Not A Key")
    assert wrong.code == 1 and "lower case letters" in wrong.err
    nothing = program("capture", "not-an-id")
    assert nothing.code == 1 and "is not a Notion id or a Notion URL" in nothing.err

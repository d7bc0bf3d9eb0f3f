"""The text of a plan: its groups, its width, its colours, and what it explains."""

from __future__ import annotations

from dataclasses import replace

import pytest

from notion_pm.model.ids import address
from notion_pm.provision.commands.render_plan import Layout, plan_lines
from notion_pm.provision.plan.change import Change, Note
from notion_pm.provision.plan.plan import Plan

_TITLES = {"features": "Feature specs", "insights": "Customer insights"}

_LOSSY = Change(
    address("features", "tags"),
    "update",
    "property",
    "is multi_select, the template wants select: of several options the first is kept",
    change_class="lossy",
    database="features",
    key="tags",
    pages=60,
    title="Tags of the feature, as the product managers use them in their weekly review",
    summary="type multi_select -> select",
    consequence="of several options the first is kept, " * 5,
)
_BLOCKED = Change(
    address("insights", "owner"),
    "update",
    "property",
    "is people, the template wants files: Notion does not convert it",
    change_class="blocked",
    database="insights",
    title="Owner",
    summary="type people -> files",
    consequence="Give the template's property a new key.",
)
_NOTE = Note(
    address("features", "status"),
    "is called 'State' in Notion (template: 'Status'); respected",
    "Status",
)


def _plan(*changes: Change, notes: tuple[Note, ...] = ()) -> Plan:
    return Plan("product", 2, changes, notes, (), 10, 0, database_titles=_TITLES)


def _lines(plan: Plan, layout: Layout | None = None, *, details: bool = False) -> list[str]:
    return list(plan_lines(plan, 180, details=details, layout=layout))


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    plan = _plan(_LOSSY, _BLOCKED, notes=(_NOTE,))
    for details in (False, True):
        lines = _lines(plan, Layout(width), details=details)
        assert max(len(line) for line in lines) <= width


def test_changes_and_notes_are_grouped_under_the_titles_of_their_databases() -> None:
    lines = _lines(_plan(_LOSSY, _BLOCKED, notes=(_NOTE,)))
    assert [line for line in lines if line.startswith("  ") and line[2] != " "][:2] == [
        "  Feature specs",
        "  Customer insights",
    ]
    note = next(index for index, line in enumerate(lines) if line.startswith("    i Status"))
    assert note < lines.index("  Customer insights")


def test_a_blocked_change_says_what_to_do_and_each_class_is_explained_once() -> None:
    second = replace(_BLOCKED, address=address("insights", "author"), title="Author")
    lines = _lines(_plan(_BLOCKED, second))
    assert lines.count("        Give the template's property a new key.") == 2
    assert len([line for line in lines if line.startswith("  blocked")]) == 1
    assert "Of these: 2 blocked." in lines


def test_colours_mark_signs_and_classes_only_where_the_layout_has_them() -> None:
    plan = _plan(_LOSSY)
    assert "\x1b" not in "".join(_lines(plan, Layout(80)))
    coloured = "\n".join(_lines(plan, Layout(80, color=True)))
    assert "\x1b[33m~\x1b[0m" in coloured
    assert "\x1b[31mlossy, 60 pages\x1b[0m" in coloured


def test_the_header_names_clients_with_equal_plans_and_both_versions() -> None:
    plan = replace(_plan(_LOSSY), recorded_version=1)
    first = next(plan_lines(plan, 180, clients=["Acme", "Globex"]))
    assert first.startswith('The same plan for 2 clients: "Acme", "Globex"')
    assert next(plan_lines(plan, 180)) == "Plan (template product, version 1 -> 2)"


def test_details_add_the_address_and_the_reason() -> None:
    lines = [line.strip() for line in _lines(_plan(_BLOCKED), details=True)]
    assert any(line.startswith("insights.owner: is people,") for line in lines)


def test_a_plan_without_changes_says_so() -> None:
    assert _lines(_plan())[-1].startswith("No changes: the workspace matches the template.")

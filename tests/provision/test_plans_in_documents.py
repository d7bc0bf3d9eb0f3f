"""The plans that the documents show: what is promised of each situation is in them."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

_DOCUMENTS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(_DOCUMENTS)
    return importlib.import_module("plans")


def test_a_fresh_page_gets_everything(plans: ModuleType) -> None:
    fresh = plans.fresh()
    assert "3 databases," in fresh
    assert "lossy" not in fresh


def test_an_upgrade_counts_and_explains_lossy_and_slow_changes(plans: ModuleType) -> None:
    upgrade = plans.upgrade()
    lines = [" ".join(line.split()) for line in upgrade.splitlines()]
    tags = lines.index("~ Tags: type multi_select -> select lossy, 60 pages")
    assert lines[tags + 1].startswith("Of several options on a page the first is kept")
    removed = lines.index('- Priority: option "P3" removed lossy, 1 page')
    assert lines[removed + 1] == "Its pages become empty there."
    assert '~ Importance: option "3 Critical" -> "3 Must have" slow, 33 pages' in lines
    assert upgrade.count("Notion cannot rename or recolour an option") == 1, "explained once"
    assert "Of these: 2 slow, 2 lossy." in upgrade


def test_what_people_changed_is_noted_and_respected(plans: ModuleType) -> None:
    drift = " ".join(plans.drift().split())
    assert (
        "is called 'Voice of the customer' in Notion (template: 'Customer insights'); respected"
        in drift
    )
    assert "10 years" not in drift
    assert "1 property to create." in drift

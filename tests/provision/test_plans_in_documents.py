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
    assert "Look twice" not in fresh


def test_a_dangerous_upgrade_is_counted_and_said_twice(plans: ModuleType) -> None:
    everything, _, twice = plans.upgrade().partition("Look twice:")
    for line in ("[lossy] is multi_select, the template wants select", "- features.priority.p3"):
        assert line in everything and line in twice
    assert (
        "[slow] changed in the template; 33 pages hold it: name: '3 Critical' becomes '3 Must have'"
        in everything
    )
    assert "60 pages hold it" in twice


def test_drift_is_told_and_respected(plans: ModuleType) -> None:
    drift = plans.drift()
    assert (
        "is called 'Voice of the customer' in Notion (template: 'Customer insights'); respected"
        in drift
    )
    assert "10 years" not in drift
    assert "1 property to create." in drift

"""How alike two names are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notion_pm.model.likeness import LIKELY, SURE, likeness, plain


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Status", "  STATUS "),
        ("Priorité", "priorite"),
        ("🗣 Kundenfeedback", "Customer feedback"),
        ("Effort", "Effort (days)"),
        ("Owner", "Verantwortlich"),
        ("Shipped", "Released"),
        ("Source_URL", "Source URL"),
    ],
)
def test_the_same_thing_in_other_words_is_sure(one: str, other: str) -> None:
    assert likeness(one, other) >= SURE


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Customer", "Customer name"),
        ("Impact", "Import"),
        ("Owner", "Own"),
        ("Reach", "Research"),
        ("", "Status"),
    ],
)
def test_names_that_only_look_alike_are_not_taken_for_the_same(one: str, other: str) -> None:
    assert likeness(one, other) < LIKELY


def test_a_slip_of_the_pen_is_proposed_and_not_sure() -> None:
    assert LIKELY <= likeness("Confidence", "Confidense") < SURE


@given(st.text(), st.text())
def test_likeness_is_mutual_and_a_name_is_like_itself(one: str, other: str) -> None:
    assert likeness(one, other) == likeness(other, one)
    assert 0 <= likeness(one, other) <= 1
    assert likeness(one, one) == (1.0 if plain(one) else 0.0)

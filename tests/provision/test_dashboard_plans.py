"""Where widgets go on a dashboard."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from notion_pm.model.ids import NotionId
from notion_pm.model.schema import WidgetPlace, WidgetRows
from notion_pm.model.template import MOST_WIDGETS_IN_ROW
from notion_pm.template.dashboards import ViewName, choose_place, insert_widget, is_rearranged

_D = NotionId("dashboard")
_Wanted = list[list[ViewName]]


def _ids(wanted: _Wanted) -> dict[ViewName, NotionId]:
    return {each: NotionId(".".join(each)) for row in wanted for each in row}


def _wanted(sizes: list[int]) -> _Wanted:
    return [[("db", f"{row}-{place}") for place in range(size)] for row, size in enumerate(sizes)]


def _built(wanted: _Wanted, there: WidgetRows) -> WidgetRows:
    """Return the rows after every widget was put there that was not there before, one by one."""
    ids = _ids(wanted)
    made = {name: each for name, each in ids.items() if any(each in row for row in there)}
    for name in ids:
        if name not in made:
            there = insert_widget(there, choose_place(name, wanted, made, _D, there), ids[name])
            made[name] = ids[name]
    return there


_sizes = st.lists(st.integers(1, MOST_WIDGETS_IN_ROW), max_size=5)


@given(_sizes)
def test_an_empty_dashboard_becomes_what_the_template_says(sizes: list[int]) -> None:
    wanted = _wanted(sizes)
    assert _built(wanted, ()) == tuple(tuple(_ids(wanted)[each] for each in row) for row in wanted)


@given(
    _sizes,
    st.randoms(use_true_random=False),
    st.lists(st.lists(st.sampled_from("xyz"), max_size=4), max_size=3),
)
def test_every_widget_finds_a_place_in_any_arrangement(
    sizes: list[int], random: object, theirs: list[list[str]]
) -> None:
    wanted = _wanted(sizes)
    ids = list(_ids(wanted).values())
    random.shuffle(ids)  # type: ignore[attr-defined]
    there = (
        *((each,) for each in ids[::2]),
        *(tuple(NotionId(each) for each in row) for row in theirs),
    )
    built = _built(wanted, there)
    assert sorted(each for row in built for each in row) == sorted(
        [*ids, *(each for row in theirs for each in row)]
    )
    assert all(len(row) <= MOST_WIDGETS_IN_ROW for row in built)


def test_a_widget_goes_below_the_rows_above_it() -> None:
    wanted = _wanted([1, 1, 1])
    ids = _ids(wanted)
    there = ((ids["db", "0-0"],), (NotionId("theirs"),), (ids["db", "2-0"],))
    known = {name: each for name, each in ids.items() if name != ("db", "1-0")}
    assert choose_place(("db", "1-0"), wanted, known, _D, there) == WidgetPlace(_D, 1, beside=False)


def test_what_is_not_ours_does_not_count_as_another_arrangement() -> None:
    wanted = _wanted([2, 1])
    ids = _ids(wanted)
    a, b, c = ids.values()
    theirs = NotionId("theirs")
    assert not is_rearranged(wanted, ids, ((theirs,), (a, theirs, b), (c,)))
    assert not is_rearranged(wanted, ids, ((b,), (c,))), "one was taken away"
    assert is_rearranged(wanted, ids, ((c,), (a, b)))
    assert is_rearranged(wanted, ids, ((a,), (b,), (c,)))

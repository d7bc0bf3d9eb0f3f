"""Turn records into rows by a map: every kind of value, empty values, rejected rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from notion_pm.importing.interpret import DatesUnclear, InterpretedFile, interpret_records
from notion_pm.model.import_map import ImportMap
from notion_pm.model.import_write import Item
from tests.support.import_world import TARGET, records


def by(fill: dict[str, Any], **more: Any) -> ImportMap:
    return ImportMap.model_validate(
        {"source": "test", "key": {"from": "id", "prefix": "t:"}, "fill": fill, **more}
    )


def values(fill: dict[str, Any], **row: str | list[str]) -> dict[str, Item]:
    """Return the values of one row, which also has a key and a title."""
    found = interpret_records(
        records({"id": "1", "title": "A title", **row}), by({"name": "title", **fill}), TARGET
    )
    assert not found.rejects, found.rejects
    (only,) = found.rows
    return {key: item for key, item in only.values.items() if key not in {"name", "source_id"}}


def problems(found: InterpretedFile) -> list[tuple[int, str]]:
    return [(each.record.line, each.problem) for each in found.rejects]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1250", 1250),
        ("0.8", 0.8),
        ("-3", -3),
        ("$1,250,000.50", 1250000.5),
        ("1.250.000,50 €", 1250000.5),
        ("12,5", 12.5),
        ("1 250", 1250),
        ("EUR 99", 99),
        ("15%", 0.15),
        ("1e3", 1000),
    ],
)
def test_numbers(text: str, number: float) -> None:
    assert values({"arr": "n"}, n=text) == {"arr": number}


@pytest.mark.parametrize("text", ["twelve", "12 apples", "1.2.3", "inf", "1,2,3", "--5"])
def test_text_that_is_not_a_number_is_rejected(text: str) -> None:
    found = interpret_records(
        records({"id": "1", "title": "A", "n": text}), by({"name": "title", "arr": "n"}), TARGET
    )
    ((line, problem),) = problems(found)
    assert line == 2
    assert problem.startswith("ARR: `")
    assert not found.rows


def test_options_are_found_by_key_name_or_words_of_the_map() -> None:
    fill = {"importance": {"from": "p", "words": {"Urgent": "critical", "none": None}}}
    assert values(fill, p="urgent") == {"importance": "3 Critical"}
    assert values(fill, p="nice") == {"importance": "1 Nice to have"}
    assert values(fill, p="2 important") == {"importance": "2 Important"}
    assert values(fill, p="None") == {}


def test_words_that_are_not_options_are_left_out_and_counted() -> None:
    rows = records(*({"id": str(n), "title": "A", "p": "P1"} for n in range(3)))
    found = interpret_records(rows, by({"name": "title", "importance": "p"}), TARGET)
    assert len(found.rows) == 3
    assert found.unknown_options == {("importance", "P1"): 3}


def test_new_options_are_created_only_where_allowed() -> None:
    assert values({"tags": "l"}, l=["api", "a, b"]) == {
        "tags": ("api", "a b")
    }  # Notion takes no commas in them
    assert values({"tags": {"from": "l", "new": False}}, l=["api", "new"]) == {"tags": ("api",)}
    assert values({"kind": {"from": "l", "new": True}}, l="Idea") == {"kind": "Idea"}
    assert (
        values({"status": {"from": "l", "new": True}}, l="Idea") == {}
    )  # nobody can: notion-api.md 3.2


def test_first_cell_that_is_an_option_is_used() -> None:
    fill = {"kind": {"from": "labels", "words": {"bug": "problem"}}}
    assert values(fill, labels=["area: api", "bug", "question"]) == {"kind": "Problem"}


def test_lists_come_from_cells_columns_and_separators() -> None:
    assert values({"tags": {"from": ["l", "m"], "split": ","}}, l=["a, b", "c"], m="b,d") == {
        "tags": ("a", "b", "c", "d")
    }


def test_relation_takes_the_first_column_that_is_not_empty() -> None:
    fill = {"features": {"from": ["a", "b"], "part": "^(?!-$)(.+)$"}}
    assert values(fill, a=["one", "two"], b="three") == {"features": ("one", "two")}
    assert values(fill, a="-", b="three") == {"features": ("three",)}


def test_texts_lose_their_markup() -> None:
    assert values(
        {"quote": {"from": "t", "text": "html"}}, t="<p>Hello&nbsp;<b>you</b></p><script>x</script>"
    ) == {"quote": "Hello you"}
    assert values(
        {"quote": {"from": "t", "text": "jira"}}, t="{quote}*Bold* [site|https://x.y]{quote}"
    ) == {"quote": "Bold site (https://x.y)"}


def test_long_texts_are_cut_to_the_length_in_the_map() -> None:
    (quote,) = values({"quote": {"from": "t", "length": 20}}, t="one two three four five").values()
    assert quote == "one two three four…"


def test_parts_fixed_values_and_placeholders() -> None:
    row = {"url": "https://github.com/acme/shop/issues/7", "n": "7"}
    assert values({"customer": {"from": "url", "part": "github\\.com/([^/]+/[^/]+)"}}, **row) == {
        "customer": "acme/shop"
    }
    assert values({"kind": {"value": "request"}}, **row) == {"kind": "Request"}
    assert values({"source_url": {"value": "https://t.example/{n}"}}, **row) == {
        "source_url": "https://t.example/7"
    }
    assert values({"source_url": {"value": "https://t.example/{n}"}}, n="") == {}


def test_date_pattern_is_detected_from_the_whole_column() -> None:
    rows = records(
        {"id": "1", "title": "A", "d": "02/03/2026"}, {"id": "2", "title": "B", "d": "25/03/2026"}
    )
    found = interpret_records(rows, by({"name": "title", "observed_on": "d"}), TARGET)
    assert [each.values["observed_on"] for each in found.rows] == ["2026-03-02", "2026-03-25"]


def test_ambiguous_dates_stop_the_import() -> None:
    rows = records({"id": "1", "title": "A", "d": "02/03/2026"})
    with pytest.raises(DatesUnclear):
        interpret_records(rows, by({"name": "title", "observed_on": "d"}), TARGET)
    found = interpret_records(
        rows, by({"name": "title", "observed_on": {"from": "d", "date": "%d/%m/%Y"}}), TARGET
    )
    assert found.rows[0].values["observed_on"] == "2026-03-02"


def test_rows_without_key_or_title_are_rejected() -> None:
    rows = records(
        {"id": "", "title": "A", "quote": "x"},
        {"id": "2", "title": "", "quote": "word " * 40},
        {"id": "3", "title": "", "quote": ""},
        {"id": "4", "title": "D", "quote": ""},
        {"id": "4", "title": "E", "quote": ""},
    )
    found = interpret_records(rows, by({"name": "title", "quote": "quote"}), TARGET)
    assert problems(found) == [
        (2, "`id` is empty: nothing identifies the row"),
        (4, "the row has no title, and no text to make one from"),
        (6, "line 5 has the same key `t:4`"),
    ]
    (untitled, titled) = found.rows
    assert str(untitled.values["name"]).startswith("word word")
    assert len(str(untitled.values["name"])) <= 80
    assert found.untitled == 1
    assert titled.values["source_id"] == "t:4"


def test_rows_are_left_out_by_the_map() -> None:
    rows = records(
        {"id": "1", "title": "A", "by": "user", "dup": ""},
        {"id": "1", "title": "B", "by": "user", "dup": ""},
        {"id": "2", "title": "C", "by": "bot", "dup": ""},
        {"id": "3", "title": "D", "by": "user", "dup": "1"},
    )
    found = interpret_records(
        rows, by({"name": "title"}, only={"by": ["user"]}, without=["dup"], repeats="first"), TARGET
    )
    assert [each.values["name"] for each in found.rows] == ["A"]
    assert (found.left_out, found.repeated, found.rejects) == (2, 1, [])


def test_key_of_several_columns_and_hashed_key() -> None:
    rows = records({"a": "1", "b": "x", "title": "A"}, {"a": "1", "b": "y", "title": "A"})
    plain = interpret_records(rows, by({"name": "title"}, key={"from": ["a", "b"]}), TARGET)
    hashed = interpret_records(
        rows, by({"name": "title"}, key={"from": ["a", "b"], "hashed": True}), TARGET
    )
    assert [each.key for each in plain.rows] == ["1 x", "1 y"]
    assert len({each.key for each in hashed.rows}) == 2
    assert all(len(each.key) == 16 for each in hashed.rows)


def test_values_beyond_limits_of_notion_are_rejected_before_a_request() -> None:
    rows = records({"id": "1", "title": "A", "u": "https://x.y/" + "a" * 2000, "t": ""})
    assert (
        "2000"
        in problems(interpret_records(rows, by({"name": "title", "source_url": "u"}), TARGET))[0][1]
    )
    many = records({"id": "1", "title": "A", "t": [str(each) for each in range(101)]})
    assert (
        "100" in problems(interpret_records(many, by({"name": "title", "tags": "t"}), TARGET))[0][1]
    )
    long = records({"id": "1", "title": "A", "t": ["x" * 101]})
    assert (
        "too long for an option"
        in problems(interpret_records(long, by({"name": "title", "tags": "t"}), TARGET))[0][1]
    )


def test_decimal_sign_is_detected_from_the_whole_column() -> None:
    def numbers(*texts: str) -> list[Any]:
        rows = records(*({"id": str(n), "title": "A", "n": text} for n, text in enumerate(texts)))
        return [
            each.values["arr"]
            for each in interpret_records(rows, by({"name": "title", "arr": "n"}), TARGET).rows
        ]

    assert numbers("1.234,56", "12.500", "980") == [1234.56, 12500, 980]
    assert numbers("1,234.56", "12,500") == [1234.56, 12500]
    assert numbers("12.500", "8.300") == [12500, 8300]
    assert numbers("USD 48,000.00", "(1,200)") == [48000, -1200]


@pytest.mark.parametrize(
    "word", ["-", "n/a", "N/A", "none", "gmail.com", "yahoo.co.uk", "Grand Totals (5 records)"]
)
def test_words_for_empty_are_not_customers(word: str) -> None:
    fields = {
        **TARGET.fields,
        "customer": replace(TARGET.fields["customer"], type="relation", open=True),
    }
    rows = records({"id": "1", "title": "A", "c": word, "d": "n/a"})
    (row,) = interpret_records(
        rows,
        by({"name": "title", "customer": "c", "observed_on": "d"}),
        replace(TARGET, fields=fields),
    ).rows
    assert set(row.values) == {"source_id", "name"}

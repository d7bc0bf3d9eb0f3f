"""Formulas: what expressions give, and which are refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from notion_pm.emulator import formulas
from notion_pm.emulator.formulas import ANY, NUMBER, TEXT, FormulaError, PropertyInfo

NOW = datetime(2026, 7, 15, 14, 30, 5, tzinfo=UTC)  # a Wednesday
ANN = {
    "object": "user",
    "id": "aaaaaaaa-0000-4000-8000-000000000001",
    "name": "Ann",
    "person": {"email": "ann@x.org"},
}

INSIGHTS = {
    name: PropertyInfo(property_id, name, kind)
    for property_id, name, kind in (
        ("title", "Name", "title"),
        ("w", "Weight", "number"),
        ("s", "Stage", "status"),
    )
}
PROPERTIES = {
    info.name: info
    for info in (
        PropertyInfo("title", "Name", "title"),
        PropertyInfo("note", "Note", "rich_text"),
        PropertyInfo("e;e;", "Effort", "number"),
        PropertyInfo("votes", "Votes", "number"),
        PropertyInfo("done", "Done", "checkbox"),
        PropertyInfo("stage", "Stage", "status"),
        PropertyInfo("tags", "Tags", "multi_select"),
        PropertyInfo("due", "Due", "date"),
        PropertyInfo("sprint", "Sprint", "date"),
        PropertyInfo("who", "Who", "people"),
        PropertyInfo("maker", "Maker", "created_by"),
        PropertyInfo("born", "Born", "created_time"),
        PropertyInfo("no", "No", "unique_id"),
        PropertyInfo("links", "Insights", "relation", target=lambda: INSIGHTS),
        PropertyInfo("sum", "Evidence", "rollup", result=lambda: NUMBER),
        PropertyInfo("press", "Press", "button"),
    )
}


@dataclass
class Page:
    """A page that formulas read in these tests."""

    values: Mapping[str, Any]
    id: str = "bbbbbbbb-0000-4000-8000-000000000001"
    related: Mapping[str, Sequence[Page]] = field(default_factory=dict)
    properties: Mapping[str, PropertyInfo] = field(default_factory=lambda: PROPERTIES)

    def value(self, key: str) -> dict[str, Any]:
        info = next(info for info in self.properties.values() if key in (info.id, info.name))
        return {"type": info.type, info.type: self.values.get(info.name)}

    def pages(self, key: str) -> Sequence[Page]:
        return self.related[key]


def rich(text: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": {"content": text}, "plain_text": text}]


def insight(name: str, weight: float | None, stage: str) -> Page:
    return Page(
        {"Name": rich(name), "Weight": weight, "Stage": {"id": stage, "name": stage}},
        properties=INSIGHTS,
    )


RELATED = [
    insight("Slow start", 3, "Open"),
    insight("Crash", 8, "Done"),
    insight("Typo", None, "Done"),
]
PAGE = Page(
    {
        "Name": rich("Sign in"),
        "Note": [],
        "Effort": 4,
        "Done": True,
        "Stage": {"id": "1", "name": "Doing"},
        "Tags": [{"id": "x", "name": "web"}, {"id": "y", "name": "app"}],
        "Due": {"start": "2026-07-20", "end": None, "time_zone": None},
        "Sprint": {"start": "2026-07-13", "end": "2026-07-24", "time_zone": None},
        "Who": [ANN],
        "Maker": ANN,
        "Born": "2026-07-01T08:00:00.000Z",
        "No": {"prefix": "F", "number": 7},
        "Evidence": {"type": "number", "number": 11, "function": "sum"},
    },
    related={"Insights": RELATED},
)


def value(expression: str, page: Page = PAGE) -> Any:
    expected = formulas.check(expression, PROPERTIES)
    content = formulas.evaluate(expression, page, NOW, expected)
    return content[content["type"]]


def start(expression: str) -> Any:
    return value(expression)["start"]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("2 ^ 3 ^ 2", 512),
        ("-2 ^ 2", -4),
        ("2 ^ -1", 0.5),
        ("7 % 4 - 1", 2),
        ("-7 % 4", -3),
        ("10 - 4 - 3", 3),
        ("1 < 2 == true", True),
        ("1 + 1 == 2 and not false or false", True),
        ("false or true and false", False),
        ("true || false && false", True),
        ("!true || NOT false", True),
        ("not empty(1)", True),
        ('true ? "a" : false ? "b" : "c"', "a"),
        ('false ? "a" : false ? "b" : "c"', "c"),
        ("1 != 2", True),
        ('"1" == 1', False),
        ('"a" !== "b"', True),
        ("and(true, 1 > 0, true)", True),
        ("or(false, false)", False),
        ("true.and(false)", False),
        ("/* sum */ 1 +\n 1", 2),
        ("0.1e1 + .5", 1.5),
        (r'"say \"hi\"\n"', 'say "hi"\n'),
        ("[1, 2, 3].length()", 3),
    ],
)
def test_operators_and_their_precedence(expression: str, expected: Any) -> None:
    assert value(expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('prop("Name")', "Sign in"),
        ('prop("Name").length()', 7),
        ('prop("Evidence") / prop("Effort")', 2.75),
        ('prop("Stage") == "Doing"', True),
        ('prop("Tags").includes("web")', True),
        ('prop("Tags")', "web, app"),
        ('prop("No")', "F-7"),
        ('prop("Who").first().name()', "Ann"),
        ('prop("Maker").email()', "ann@x.org"),
        ('empty(prop("Note"))', True),
        ('"Effort: " + prop("Effort")', "Effort: 4"),
        ('"Due " + prop("Due")', "Due July 20, 2026"),
        ('prop("Votes") + 1', 1),
        ('prop("Votes") == 0', False),
        ('prop("Votes") > 0', False),
        ('1 + prop("Note")', "1"),
        ("id()", "bbbbbbbb000040008000000000000001"),
        ("{{notion:block_property:e%3Be%3B:d:w}} * 2", 8),
        ('if(prop("Done"), 1, 2)', 1),
        ('ifs(prop("Effort") > 5, "big", prop("Effort") > 2, "middling", "small")', "middling"),
    ],
)
def test_properties(expression: str, expected: Any) -> None:
    assert value(expression) == expected


def test_results_have_the_shape_of_the_api() -> None:
    assert formulas.evaluate('prop("Due")', PAGE, NOW) == {
        "type": "date",
        "date": {"start": "2026-07-20", "end": None, "time_zone": None},
    }
    assert start("now()") == "2026-07-15T14:30:05.000+00:00"
    assert repr(value("3 * 2")) == "6"
    assert formulas.evaluate("1 / 0", PAGE, NOW) == {"type": "number", "number": None}
    assert formulas.evaluate("1 > 0", PAGE, NOW) == {"type": "boolean", "boolean": True}


def test_an_empty_result_keeps_the_type_of_its_formula() -> None:
    expression = 'prop("Votes")'
    expected = formulas.check(expression, PROPERTIES)
    assert formulas.evaluate(expression, PAGE, NOW, expected) == {"type": "number", "number": None}
    assert formulas.evaluate('prop("Name")', Page({}), NOW, TEXT) == {
        "type": "string",
        "string": "",
    }


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('substring("Danger", 0, 3)', "Dan"),
        ('contains("Luffy", "uff")', True),
        ('test("a1", "\\\\d")', True),
        ('match("a1b22", "\\\\d+").join("-")', "1-22"),
        ('replace("aaa", "a", "b")', "baa"),
        ('replaceAll("John Doe", "(\\\\w+) (\\\\w+)", "$2 $1")', "Doe John"),
        ('lower("AB") + upper("cd") + trim(" e ")', "abCDe"),
        ('repeat("ab", 2)', "abab"),
        ('padStart("7", 3, "0") + padEnd("x", 3, "yz")', "007xyz"),
        ('split("a b").length()', 2),
        ('link("Site", "https://x.org").style("b", "red").unstyle()', "Site"),
        ("format(1.5) + format(true)", "1.5true"),
        ('toNumber("42.5 kg")', 42.5),
        ('toNumber("x")', None),
        ("toNumber(true)", 1),
    ],
)
def test_text_functions(expression: str, expected: Any) -> None:
    assert value(expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("add(1, 2) + subtract(5, 1) + multiply(2, 3) + divide(8, 2) + mod(7, 4) + pow(2, 3)", 28),
        ("min(3, 1, 2) + max([4, 9], 5)", 10),
        ("sum([1, 2], 3) + mean(2, 4) + median(1, 9, 3)", 12),
        ("sum([])", 0),
        ("round(2.5) + round(-2.5) + round(1.234, 2)", 2.23),
        ("ceil(1.2) + floor(1.8) + abs(-3)", 6),
        ("sqrt(9) + cbrt(8) + sign(-4) + exp(0)", 5),
        ("ln(1) + log10(100) + log2(8)", 5),
        ("round(pi() * 100) + round(e() * 100)", 586),
        ("sqrt(-1)", None),
        ("formatNumber(1234567.891)", "1,234,567.891"),
        ('formatNumber(1234, "commas", 2)', "1,234.00"),
        ('formatNumber(0.856, "percent")', "85.6%"),
        ('formatNumber(-1234.5, "usd")', "-$1,234.50"),
        ('formatNumber(1234.5, "jpy")', "¥1,235"),
        ('formatNumber(1234567, "humanize")', "1.2M"),
        ('formatNumber(999, "compact")', "999"),
        ('formatNumber(12345678, "bytes_decimal", 2)', "12.35 MB"),
        ('formatNumber(2048, "bytes_binary", 0)', "2 KiB"),
        ("equal(1, 1) and unequal(1, 2) and larger(2, 1) and smallerEq(1, 1)", True),
    ],
)
def test_number_functions(expression: str, expected: Any) -> None:
    assert value(expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('dateAdd(prop("Due"), 2, "weeks")', "2026-08-03"),
        ('dateAdd(parseDate("2026-01-31"), 1, "months")', "2026-02-28"),
        ('prop("Due").dateSubtract(1, "day")', "2026-07-19"),
        ('prop("Due").dateAdd(90, "minutes")', "2026-07-20T01:30:00.000+00:00"),
        ("today()", "2026-07-15"),
        ('dateStart(prop("Sprint"))', "2026-07-13"),
        ('prop("Sprint").dateEnd()', "2026-07-24"),
        ("fromTimestamp(0)", "1970-01-01T00:00:00.000+00:00"),
        ('prop("Born")', "2026-07-01T08:00:00.000+00:00"),
        ('parseDate("2026-07-15T12:00:00+02:00")', "2026-07-15T10:00:00.000+00:00"),
    ],
)
def test_functions_that_give_dates(expression: str, expected: str) -> None:
    assert start(expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('dateBetween(prop("Due"), today(), "days")', 5),
        ('dateBetween(today(), prop("Due"), "days")', -5),
        ('dateBetween(parseDate("2026-03-30"), parseDate("2026-01-31"), "months")', 1),
        ('dateBetween(parseDate("2028-01-31"), parseDate("2026-01-31"), "years")', 2),
        ('dateBetween(parseDate("2026-12-31"), parseDate("2026-01-01"), "quarters")', 3),
        ("minute(now()) + hour(now())", 44),
        ("day(today())", 3),
        ("date(today()) + month(today()) + year(today())", 2048),
        ("week(today())", 29),
        ('timestamp(parseDate("1970-01-02"))', 86_400_000),
        ('prop("Due") > now()', True),
        ('dateRange(today(), prop("Due")).dateEnd() == prop("Due")', True),
        (
            'formatDate(now(), "dddd, MMMM Do YYYY [at] h:mm A")',
            "Wednesday, July 15th 2026 at 2:30 PM",
        ),
        (
            'formatDate(now(), "YYYY-MM-DDTHH:mm:ss.SSSZ", "Europe/Berlin")',
            "2026-07-15T16:30:05.000+02:00",
        ),
        ('formatDate(today(), "L")', "07/15/2026"),
        ('formatDate(today(), "W w Q DDD d E")', "29 29 3 196 3 3"),
        ('prop("Sprint").formatDate("MMM D")', "Jul 13 → Jul 24"),
        ('parseDate("soon")', None),
        ('parseDate("9999-12-31T23:00-05:00")', None),
    ],
)
def test_functions_of_dates(expression: str, expected: Any) -> None:
    assert value(expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("[1, 2, 3].at(1)", 2),
        ("first([]) == last([])", True),
        ('[1, 2, 3].slice(1).join(",")', "2,3"),
        ("concat([1], [2, 3]).reverse().join()", "3,2,1"),
        ('["B", "a", "b"].sort().join("")', "abB"),
        ('[3, 1, 2].sort(-current).join("")', "321"),
        ("[1, 2, 2, 1].unique().length()", 2),
        ('[1, 2, 3, 4].filter(current % 2 == 0).map(current * 10 + index).join(" ")', "20 41"),
        ("[1, 2, 3].find(current > 1)", 2),
        ("[1, 2, 3].findIndex(current > 5)", -1),
        ("[1, 2].some(current > 1) and [1, 2].every(current > 0)", True),
        ("[[1, 2], [3]].flat().length()", 3),
        ("let(x, 4, x * x)", 16),
        ("lets(a, 2, b, a + 1, a * b)", 6),
        ("[1, 2].map(let(n, current, [10, 20].map(current * n))).flat().sum()", 90),
        ("count([1, 2])", 2),
    ],
)
def test_lists_and_variables(expression: str, expected: Any) -> None:
    assert value(expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('prop("Insights").length()', 3),
        ('prop("Insights").filter(current.prop("Stage") != "Done").length()', 1),
        ('prop("Insights").map(current.prop("Weight")).sum()', 11),
        ('prop("Insights").map(current.prop("Name")).join(", ")', "Slow start, Crash, Typo"),
        ('prop("Insights").first().prop("Weight") * 2', 6),
        ('prop("Insights")', "Slow start, Crash, Typo"),
        ('prop("Insights").sort(current.prop("Weight")).last().prop("Name")', "Typo"),
        ('prop("Insights").at(9).prop("Name")', None),
    ],
)
def test_related_pages(expression: str, expected: Any) -> None:
    assert value(expression) == expected


def test_a_formula_sees_twenty_five_related_pages() -> None:
    many = Page({}, related={"Insights": [insight(str(n), 1, "Open") for n in range(40)]})
    assert value('prop("Insights").length()', many) == 25


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("", "The formula is empty."),
        ("1 +", "The formula ends too early."),
        ("1 + * 2", r"Unexpected '\*' at character 5 of the formula\."),
        ('prop("Gone")', 'Undefined property "Gone"'),
        ('prop("Press")', "type button, which formulas cannot use"),
        ("nothing", "Undefined variable nothing"),
        ("frobnicate(1)", r"Undefined function frobnicate\(\)\."),
        ('"a" * 2', r"Type mismatch: \* takes numbers, not a text"),
        ('1 > "a"', "cannot be compared"),
        ("length()", r"length\(\) takes 1 argument, not 0"),
        ('substring("a")', r"substring\(\) takes 2 to 3 arguments, not 1"),
        ("if(true)", r"if\(\) does not take 1 argument\."),
        ('dateAdd("x", 1, "days")', r"dateAdd\(\) takes a date as argument 1, not a text"),
        ('prop("Name").prop("Name")', "is asked of a text, not of a page"),
        ('prop("Insights").map(current.prop("Gone"))', 'Undefined property "Gone"'),
        ("prop(1)", "takes the name of one property"),
        ("let(1, 2, 3)", "bare name"),
        ("[1].map(x => x)", "Unexpected"),
    ],
)
def test_what_cannot_be_is_refused_before_it_runs(expression: str, message: str) -> None:
    with pytest.raises(FormulaError, match=message):
        formulas.check(expression, PROPERTIES)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ('dateAdd(today(), 1, "fortnights")', "Unknown unit of time 'fortnights'"),
        ('test("a", "(")', "Invalid regular expression"),
        ('repeat("ab", 1000000)', "more than 100000 characters"),
        ('dateAdd(today(), 99999, "years")', "beyond the calendar"),
        ('formatDate(now(), "Z", "Mars/Olympus")', "Unknown time zone"),
        ('formatDate(parseDate("9999-12-31T23:00Z"), "Z", "Asia/Tokyo")', "beyond the calendar"),
        ('formatNumber(1, "shillings")', "Unknown number format 'shillings'"),
    ],
)
def test_faults_that_show_only_when_it_runs(expression: str, message: str) -> None:
    with pytest.raises(FormulaError, match=message):
        formulas.evaluate(expression, PAGE, NOW, ANY)


def test_references_survive_a_renaming() -> None:
    written = 'prop("Effort") * 2 + "prop(\\"Effort\\")" /* prop("Effort") */'
    stored = formulas.to_stored(written, {"Effort": "e%3Be%3B"}.get, "source", "space")
    assert stored == (
        '{{notion:block_property:e%3Be%3B:source:space}} * 2 + "prop(\\"Effort\\")" /* '
        'prop("Effort") */'
    )
    assert formulas.property_ids(stored) == {"e;e;"}
    assert formulas.to_named(stored, {"e;e;": 'Size "XL"'}).startswith('prop("Size \\"XL\\"") * 2')
    with pytest.raises(FormulaError, match='Undefined property "Gone"'):
        formulas.to_stored('prop("Gone")', lambda name: None, "source", "space")


def test_references_to_other_pages_stay_named() -> None:
    expression = 'prop("Insights").map(current.prop("Weight"))'
    stored = formulas.to_stored(expression, {"Insights": "links"}.get, "source", "space")
    assert stored == '{{notion:block_property:links:source:space}}.map(current.prop("Weight"))'


def test_every_function_is_called_in_this_file() -> None:
    source = Path(__file__).read_text()
    legacy = {"start", "end", "largerEq", "smaller", "unaryMinus", "unaryPlus"}
    assert {name for name in formulas.SUPPORTED - legacy if f"{name}(" not in source} == {"not"}

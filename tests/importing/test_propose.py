"""Propose maps for unknown files, fit the maps of known tools, and check people's maps."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from notion_pm.importing.interpret import interpret_records
from notion_pm.importing.mapping.map_files import format_map, load_presets, source_name
from notion_pm.importing.mapping.propose import propose_map
from notion_pm.importing.mapping.recognise import (
    find_key_problem,
    find_map_problems,
    fit_preset,
    recognise_preset,
    with_headers_of_file,
)
from notion_pm.importing.related import (
    RelatedDatabase,
    RelatedPage,
    RelatedPageIndex,
    resolve_relations,
)
from notion_pm.importing.target import Field
from notion_pm.model.ids import NotionId
from notion_pm.model.import_map import Filling, ImportMap, RowKey
from notion_pm.template.yaml_lines import parse
from tests.support.import_world import TARGET, records

SIZE = "How many people has your company?"
QUESTION = "What would you change about the product?"
FEEDBACK = records(
    {
        "Ticket ID": "17",
        "Betreff": "Export bricht ab",
        "Kunde": "Acme GmbH",
        "Beschreibung": "Seit gestern bricht der Export nach zehn Zeilen ab, und niemand sieht, warum.",
        "Prio": "3 - hoch",
        "Datum": "27.11.2026",
        "Labels": "export; api",
        "Typ": "Bug",
    },
    {
        "Ticket ID": "18",
        "Betreff": "Wie teile ich eine Seite?",
        "Kunde": "Beta AG",
        "Beschreibung": "Wir finden den Knopf nicht, mit dem man eine Seite mit Kunden teilen kann.",
        "Prio": "1 - niedrig",
        "Datum": "28.11.2026",
        "Labels": "sharing",
        "Typ": "Frage",
    },
)


def test_unknown_file_is_mapped_by_headers_and_content() -> None:
    found = propose_map(FEEDBACK, TARGET, "Support 2026")
    assert {name: each.columns for name, each in found.fill.items()} == {
        "name": ("Betreff",),
        "customer": ("Kunde",),
        "quote": ("Beschreibung",),
        "importance": ("Prio",),
        "observed_on": ("Datum",),
        "tags": ("Labels",),
        "kind": ("Typ",),
    }
    assert found.fill["importance"].words == {"3 - hoch": "critical", "1 - niedrig": "nice"}
    assert found.fill["kind"].words == {"Bug": "problem", "Frage": "question"}
    assert found.fill["tags"].split == ";"
    assert (found.key.columns, found.key.prefix) == (("Ticket ID",), "support-2026:")
    first, _ = interpret_records(FEEDBACK, found, TARGET).rows
    assert first.values["observed_on"] == "2026-11-27"
    assert first.values["tags"] == ("export", "api")


def test_survey_is_mapped_by_its_content() -> None:
    survey = records(
        {"When": "2026-11-27", "Your e-mail": "ada@acme.com", QUESTION: "More charts, please, and soon."},
        {"When": "2026-11-28", "Your e-mail": "bob@gmail.com", QUESTION: "Nothing at all, it is fine as it is."},
    )  # fmt: skip
    found = propose_map(survey, TARGET, "survey")
    assert found.key.hashed
    first, second = interpret_records(survey, found, TARGET).rows
    assert first.values["quote"] == "More charts, please, and soon."
    assert first.values["name"] == first.values["quote"]  # a title is made of the text
    assert first.values["customer"] == "acme.com"  # the firm, not the person
    assert "customer" not in second.values  # anybody has such an address
    assert not any("@" in str(item) for row in (first, second) for item in row.values.values())


def test_answers_to_a_question_for_the_company_are_customers() -> None:
    survey = records(
        {
            "#": "1",
            "What's your <b>company</b>?": "Acme",
            QUESTION: "More charts, please, and very soon.",
        }
    )
    found = propose_map(survey, TARGET, "survey")
    assert found.fill["customer"].columns == ("What's your <b>company</b>?",)
    assert found.fill["quote"].columns == (QUESTION,)


def test_titles_are_the_key_in_a_database_without_property_for_keys() -> None:
    plain = replace(TARGET, identities=("name",))
    found = propose_map(FEEDBACK, plain, "support")
    assert (found.key.columns, found.key.prefix, found.key.property) == (("Betreff",), "", "name")
    assert find_key_problem(found, plain) is None
    untitled = records(
        {"key": "a", "statement": "One long sentence."},
        {"key": "b", "statement": "Another long one."},
    )
    found = propose_map(untitled, plain, "vision")
    assert (found.fill["name"].columns, found.key.columns) == (("key",), ("key",))
    assert [each.key for each in interpret_records(untitled, found, plain).rows] == ["a", "b"]


def test_key_that_could_not_be_found_again_is_refused() -> None:
    plain = replace(TARGET, identities=("name",))
    jira = fit_preset(load_presets()["jira"], plain, ["Summary", "Issue key", "Issue Type"]).map
    fault = find_key_problem(jira, plain)
    assert fault is not None
    assert (
        fault.message
        == "rows are known by Issue key, which is kept in `Insight`, but the map fills that property with something else."
    )
    assert find_key_problem(jira, TARGET) is None
    assert told({"key": {"from": "id", "property": "name"}}) == [
        fault.message.replace("Issue key", "id")
    ]


def test_preset_fills_properties_with_similar_names() -> None:
    theirs = {
        field.key: field
        for field in (
            Field("Idea", "Idea", "title", "title"),
            Field("Description", "Description", "d", "rich_text"),
            Field("Source id", "Source id", "s", "rich_text"),
            Field("Date", "Date", "t", "date"),
            Field("Tag", "Tag", "m", "multi_select", open=True),
        )
    }
    own = replace(TARGET, name="Ideas", title="Ideas", fields=theirs, identities=("Source id",))
    columns = ["Summary", "Issue key", "Issue Type", "Created", "Description", "Labels"]
    fit = fit_preset(load_presets()["jira"], own, columns)
    filled = {name: filling.columns for name, filling in fit.map.fill.items()}
    assert filled["Idea"] == ("Summary",)
    assert filled["Description"] == ("Description",)
    assert filled["Date"] == ("Created",)
    assert "kind" in fit.missing_properties
    # Where nothing but the title can keep the key, the preset is refused.
    only_title = replace(own, identities=("Idea",))
    assert find_key_problem(fit.map, own) is None
    assert (
        find_key_problem(fit_preset(load_presets()["jira"], only_title, columns).map, only_title)
        is not None
    )


def test_links_of_a_notion_export_become_titles_with_ids() -> None:
    hex = "0123456789abcdef0123456789abcdef"
    exported = records(
        {"Insight": "A", "Source id": "s1", "Features": f"One, two (https://www.notion.so/One-{hex}?pvs=21), Three (https://www.notion.so/T-{hex})"},
        {"Insight": "B", "Source id": "s2", "Features": f"../Features%20{hex}/Old%20one%20{hex}.md"},
    )  # fmt: skip
    found = propose_map(exported, TARGET, "notion")
    assert found.key.property == "source_id"
    rows = interpret_records(exported, found, TARGET).rows
    ids = f" (notion:{hex})"  # by them a page is found again that was renamed
    assert [each.values["features"] for each in rows] == [
        (f"One, two{ids}", f"Three{ids}"),
        ("Old one",),
    ]


def test_every_preset_is_valid_and_recognises_its_own_headers() -> None:
    known = load_presets()
    assert set(known) >= {
        "github",
        "linear",
        "jira",
        "uservoice",
        "typeform",
        "google-forms",
        "zendesk",
        "intercom",
    }
    for name, preset in known.items():
        columns = [*([preset.first] if preset.first else []), *preset.needs, "Some other column"]
        assert recognise_preset(known, columns) == name
        assert not preset.verified, (
            "no real export has passed through it yet: say so here when one has"
        )
        everything = sorted(preset.used_columns | set(columns))
        assert list(find_map_problems(preset, TARGET, everything)) == [
            each
            for each in find_map_problems(preset, TARGET, everything)
            if each.path[1:] == ("source",)
        ]  # this small world has no property of that name


def test_preset_is_fitted_to_a_file_with_fewer_columns() -> None:
    jira = load_presets()["jira"]
    fit = fit_preset(jira, TARGET, ["Summary", "Issue key", "Issue Type"])
    assert set(fit.map.fill) == {"name", "kind"}
    assert fit.map.body is None
    assert fit_preset(
        load_presets()["zendesk"], TARGET, ["Id", "Subject", "Requester domain"]
    ).map.fill["customer"].columns == ("Requester domain",)
    assert fit_preset(load_presets()["zendesk"], TARGET, ["Id", "Subject"]).missing_properties == (
        "source",
    )


def told(data: dict[str, Any]) -> list[str]:
    map = ImportMap.model_validate({"source": "x", "key": "id", "fill": {"name": "title"}, **data})
    return [each.message for each in find_map_problems(map, TARGET, ["id", "title", "kind"])]


def test_all_problems_of_a_map_are_reported() -> None:
    assert told({}) == []
    assert told({"fill": {"nme": "title", "loop": "kind", "created": "kind", "name": "titel"}}) == [
        "unknown property of Customer insights `nme`.",
        "`loop` is written by rules, not by people.",
        "an import cannot fill `created`, of type created_time.",
        "the file has no column `titel`.",
    ]
    assert told(
        {"key": {"from": "ID", "property": "tags"}, "without": "gone", "only": {"went": "x"}}
    ) == [
        "the file has no column `ID`.",
        "the file has no column `gone`.",
        "the file has no column `went`.",
        "`tags` is of type multi_select: it cannot identify a row.",
    ]
    assert told({"fill": {"kind": {"from": "kind", "words": {"bug": "defect"}}}}) == [
        "unknown option `defect`."
    ]
    assert told({"fill": {"observed_on": {"from": "kind", "date": "DD/MM"}}}) == [
        "`DD/MM` is not a pattern of a whole day."
    ]


def test_written_map_is_read_back_unchanged() -> None:
    for each in [propose_map(FEEDBACK, TARGET, "x"), *load_presets().values()]:
        again = ImportMap.model_validate(parse(format_map(each)).data)
        assert again == each.model_copy(update={"needs": (), "first": None, "headers": {}})


def index(*pages: RelatedPage) -> RelatedPageIndex:
    keys = {"rate-budget": NotionId("p9")}
    return RelatedPageIndex(
        RelatedDatabase(NotionId("features-source"), "Features", "title", "d", None, keys), pages
    )


def test_related_pages_are_found_by_title_domain_key_or_id() -> None:
    acme = NotionId("00000000-0000-4000-8000-000000000001")
    pages = index(
        RelatedPage(acme, "Acme  Inc", "https://www.acme.com/", "FEAT-7"),
        RelatedPage(NotionId("p2"), "Twin", "https://one.example"),
        RelatedPage(NotionId("p3"), "Twin", "https://two.example"),
    )
    for word in (
        "acme inc",
        "ACME INC",
        "acme.com",
        "http://acme.com",
        "FEAT-7",
        acme,
        f"https://www.notion.so/{acme.replace('-', '')}",
    ):
        assert pages.find(word) == acme, word
    assert pages.find("rate-budget") == "p9"
    assert pages.find("two.example") == "p3"
    assert pages.find("Nobody") is None

    map = ImportMap.model_validate(
        {
            "source": "x",
            "key": "id",
            "fill": {"name": "t", "features": {"from": "f", "split": ";", "new": True}},
        }
    )
    rows = records(
        {"id": "1", "t": "A", "f": "acme inc;New One"},
        {"id": "2", "t": "B", "f": "new one; fresh.example"},
        {"id": "3", "t": "C", "f": "twin"},
    )
    found = resolve_relations(
        interpret_records(rows, map, TARGET).rows, TARGET, map, {"features": pages}
    )
    assert [each.title for each in found.new_pages] == ["New One", "fresh.example"]
    assert [each.domain for each in found.new_pages] == [None, "https://fresh.example"]
    assert found.rows[0].values["features"] == (acme, found.new_pages[0].placeholder)
    ((line, problem),) = [(each.record.line, each.problem) for each in found.rejects]
    assert (line, problem) == (
        4,
        "Features: 2 pages of Features are called `twin`: use the domain or id of one",
    )


def test_missing_related_page_is_rejected_with_the_most_similar_title() -> None:
    map = ImportMap.model_validate(
        {"source": "x", "key": "id", "fill": {"name": "t", "features": "f"}}
    )
    rows = interpret_records(records({"id": "1", "t": "A", "f": "Rate bugdet"}), map, TARGET).rows
    found = resolve_relations(
        rows, TARGET, map, {"features": index(RelatedPage(NotionId("p1"), "Rate budget"))}
    )
    assert [each.problem for each in found.rejects] == [
        "Features: Features has no page `Rate bugdet`. Did you mean `Rate budget`?"
    ]


def test_guide_lists_every_field_of_a_map_and_its_example_is_valid() -> None:
    text = (Path(__file__).parents[2] / "docs" / "import.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert ImportMap.model_validate(parse(example).data).source == "Jira"
    of_presets = {
        "verified",
        "complete",
        "needs",
        "first",
        "headers",
        "notes",
        "fill",
        "columns",
        "source",
        "into",
    }
    words = {*ImportMap.model_fields, *Filling.model_fields, *RowKey.model_fields} - of_presets
    assert {each for each in words if f"`{each}`" not in text} == set()
    assert {each for each in load_presets() if f"`{each}`" not in text} == set()


def test_customer_is_the_company_not_its_size_or_our_people() -> None:
    survey = records(
        {"id": "1", SIZE: "26-100", "Your company": "Acme, Inc.", "Assignee Email": "a@b.example", "title": "A"},
        {"id": "2", SIZE: "more than 100", "Your company": "Beta AG", "Assignee Email": "a@b.example", "title": "B"},
    )  # fmt: skip
    assert propose_map(survey, TARGET, "survey").fill["customer"].columns == ("Your company",)
    ours = records({"id": "1", "Assignee Email": "a@b.example", "title": "A"})
    assert "customer" not in propose_map(ours, TARGET, "survey").fill


@pytest.mark.parametrize(
    "header",
    ["id", "Ticket ID", "issueKey", "Vorgangsnummer", "Clave de incidencia", "番号", "№ id"],
)
def test_column_called_an_id_in_any_language_is_the_key(header: str) -> None:
    rows = records(
        *(
            {header: f"a{n}", "Account id": "7", "title": f"T{n}", "Status": "open"}
            for n in range(5)
        )
    )
    found = propose_map(rows, TARGET, "x").key
    assert (found.columns, found.hashed) == ((header,), False)


def test_few_missing_ids_do_not_make_the_key_a_hash() -> None:
    rows = records(
        {"id": "1", "title": "A"},
        {"id": "", "title": "B"},
        {"id": "2", "title": "C"},
        {"id": "3", "title": "D"},
    )
    assert propose_map(rows, TARGET, "x").key.columns == ("id",)


def test_hashed_key_uses_no_column_that_changes() -> None:
    rows = records(
        {"title": "A", "Status": "New", "Priority": "High", "Votes": "3", "Tags": "x"},
        {"title": "B", "Status": "New", "Priority": "Low", "Votes": "4", "Tags": "y"},
    )
    key = propose_map(rows, TARGET, "x").key
    assert (key.columns, key.hashed) == (("title",), True)


def importance_words(*priorities: str) -> dict[str, str | None]:
    """Return the words of a proposed map, in lower case, for a file with these priorities."""
    rows = [
        {"id": str(number), "title": f"Row {number}", "Priority": priority}
        for number, priority in enumerate(priorities)
    ]
    words = propose_map(records(*rows), TARGET, "x").fill["importance"].words
    return {word.casefold(): option for word, option in words.items()}


def test_proposed_map_holds_the_whole_scale_of_a_word() -> None:
    words = importance_words("Low")
    assert words["low"] == words["medium"] == "nice"
    assert (words["high"], words["urgent"]) == ("important", "critical")


def test_proposed_map_holds_no_words_of_other_languages() -> None:
    words = importance_words("Important", "Critical")
    assert words["important"] == "important"
    assert "urgent" in words
    assert not {"bloquante", "haute", "p0", "dringend"} & words.keys()


def test_language_with_most_words_of_the_file_is_chosen() -> None:
    words = importance_words("Normal", "Hoch", "Dringend")
    assert (words["normal"], words["niedrig"]) == ("nice", "nice")
    assert "showstopper" not in words


def test_comma_is_part_of_a_name_unless_the_column_has_lists() -> None:
    def split(*names: str) -> str | None:
        rows = records(
            *({"id": str(n), "title": str(n), "Features": name} for n, name in enumerate(names))
        )
        return propose_map(rows, TARGET, "x").fill["features"].split

    assert split("Acme, Inc.", "Beta", "Fig, Oak & Partners") is None
    assert split("Alpha, Beta", "Beta, Gamma", "Alpha", "Gamma") == ","
    assert split("Acme, Inc.; Beta", "Beta") == ";"


def test_nested_json_fields_are_matched_by_their_object() -> None:
    rows = records(
        {"id": "1", "title": "A", "labels.id": "9", "labels.name": "api", "createdAt": "2026-11-02"}
    )
    found = propose_map(rows, TARGET, "x").fill
    assert (found["tags"].columns, found["observed_on"].columns) == (
        ("labels.name",),
        ("createdAt",),
    )


@pytest.mark.parametrize(
    ("columns", "tool"),
    [
        (["Zusammenfassung", "Vorgangsschlüssel", "Vorgangstyp", "Beschreibung"], "jira"),
        (["Résumé", "Clé de ticket", "Description"], "jira"),
        (["要約", "課題キー", "説明"], "jira"),
        (["Summary", "Issue key"], "jira"),
        (["Subject", "Number"], None),
    ],
)
def test_preset_recognises_a_tool_in_all_its_languages(
    columns: list[str], tool: str | None
) -> None:
    known = {name: with_headers_of_file(each, columns) for name, each in load_presets().items()}
    assert recognise_preset(known, columns) == tool
    if tool:
        map = fit_preset(known[tool], TARGET, columns).map
        assert (map.fill["name"].columns, map.key.columns) == ((columns[0],), (columns[1],))


@pytest.mark.parametrize(
    ("stem", "source"),
    [
        ("pulse-2026-10", "pulse"), ("pulse_20261105", "pulse"), ("pulse 2026-10-05T10-00-00", "pulse"),
        ("pulse (2)", "pulse"), ("pulse.rejects-2", "pulse"), ("pulse-Oct-2026", "pulse"), ("2026-W40 pulse", "pulse"),
        ("Feedback 5d1f0c3e9a7b4c2d8e6f1a0b3c4d5e6f_all", "Feedback"), ("shop-survey", "shop-survey"),
        ("2026-10", "import"),
    ],
)  # fmt: skip
def test_source_is_the_file_name_without_dates_and_numbers(stem: str, source: str) -> None:
    assert source_name(stem) == source


@pytest.mark.parametrize(
    ("name", "text", "customer", "day", "key"),
    [
        ("Betreff", "Beschreibung", "Firma", "Erstellt am", "Vorgangsnummer"),
        ("Objet", "Message", "Société", "Créé le", "Numéro"),
        ("Asunto", "Descripción", "Empresa", "Fecha de creación", "Número"),
        ("Assunto", "Descrição", "Cliente", "Data de criação", "Número"),
        ("件名", "説明", "会社名", "作成日", "番号"),
        ("Тема", "Описание", "Компания", "Дата создания", "Номер"),
        ("Idea name", "requestText", "customerName", "createdAt", "Idea reference"),
    ],
)
def test_headers_are_matched_in_many_languages(
    name: str, text: str, customer: str, day: str, key: str
) -> None:
    words = "Some words of a customer"
    rows = [
        {
            key: f"R-{n}",
            name: f"Title of {n}",
            text: words,
            customer: f"Firm {n}",
            day: f"2026-11-0{n}",
        }
        for n in (1, 2)
    ]
    found = propose_map(records(*rows), TARGET, "x")
    columns = {field: filling.columns for field, filling in found.fill.items()}
    assert columns == {
        "name": (name,),
        "quote": (text,),
        "customer": (customer,),
        "observed_on": (day,),
    }
    assert found.key.columns == (key,)

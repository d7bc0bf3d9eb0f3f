"""`notion-pm report --audience customers`: public words only, and nothing else of the workspace."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from notion_pm.cli import main
from notion_pm.model.ids import NotionId
from tests.support.product_workspace import Product, apply_product

PUBLIC = {"Fly to work": "Wings for commuters.", "Land anywhere": "Soft <landings> & more."}


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return apply_product(tmp_path_factory.mktemp("applied"))


@pytest.fixture
def product(applied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Product]:
    monkeypatch.setenv("NOTION_PM_STATE", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    opened = Product.copied(applied, tmp_path, datetime.now(UTC))
    fill(opened)
    yield opened
    opened.close()


def fill(product: Product) -> None:
    aim = product.add(
        "vision", "Secretaim", kind="objective", status="active", statement="Beat Rivalcorp."
    )
    said: dict[str, Any] = {"customer": "Acmecorp", "contact": "zoe@acmecorp.example", "arr": 98765}
    (title, note), (other, mean) = PUBLIC.items()
    wings = product.add(
        "features", "Codename wings", status="in_progress", vision=[aim], problem="Rivalcorp flies.",
        public_title=title, public_note=note, target="2027-03-04", effort=77,
    )  # fmt: skip
    product.add("features", "Codename gear", status="idea", public_title=other, public_note=mean)
    product.add("features", "Codename hidden", status="spec", public_note="Notenoughtobepublic")
    product.add("features", "Codename over", status="shipped", public_title="Shippedalready")
    product.add("features", "Codename dead", status="dropped", public_title="Droppedforever")
    product.add("insights", "Asksforwings", features=[wings], quote="We loathe walking.", **said)


def run(product: Product, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--local", str(product.workspace.path), "report", *arguments])


def roadmap(product: Product, *arguments: str) -> str:
    result = run(product, "--audience", "customers", *arguments)
    assert result.exit_code == 0, result.output
    return Path("roadmap.html").read_text(encoding="utf-8")


class Outline(HTMLParser):
    """The texts of a page, by the tag that holds them."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.texts: list[tuple[str, str]] = []
        self.attributes: list[str] = []
        self._tag = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag = tag
        self.attributes += [name for name, _ in attrs]

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((self._tag, data.strip()))


def internal_strings(product: Product) -> set[str]:
    """Everything that the workspace holds and that is not meant for customers, of four characters
    or more.
    """
    found: set[str] = {product.workspace.root_page_id}
    for database, entry in product.manifest.databases.items():
        found |= {entry.data_source_id, entry.database_id}
        public = {
            entry.properties[key]
            for key in ("public_title", "public_note")
            if key in entry.properties
        }
        for page in product.notion.query(entry.data_source_id):
            found |= {page.id, page.url, page.title, database}
            for property_id, held in page.properties.items():
                if property_id not in public:
                    found |= set(strings_in(held.value))
    return {each for each in found if len(each) >= 4}


def strings_in(value: Any) -> Iterator[str]:
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        yield str(value)
    elif isinstance(value, tuple):
        for each in value:
            yield from strings_in(each)
    elif value is not None and hasattr(value, "__slots__"):
        for name in value.__slots__:
            yield from strings_in(getattr(value, name))


def test_it_shows_public_titles_and_notes_by_horizon(product: Product) -> None:
    texts = Outline(roadmap(product)).texts
    shown = [text for tag, text in texts if tag in {"h1", "h2", "h3"}]
    assert shown == ["Roadmap", "Now", "Fly to work", "Next", "Later", "Land anywhere"]
    assert {text for tag, text in texts if tag == "p"} >= set(PUBLIC.values())


def test_no_internal_string_of_the_workspace_is_in_the_file(product: Product) -> None:
    source = roadmap(product)
    strings = internal_strings(product)
    assert {
        "Codename wings",
        "Acmecorp",
        "We loathe walking.",
        "98765",
        "2027-03-04",
        "In progress",
    } <= strings
    assert [each for each in strings if each.casefold() in source.casefold()] == []
    assert "://" not in source
    assert "href" not in Outline(source).attributes
    hidden = ("Notenoughtobepublic", "Shippedalready", "Droppedforever", f"{datetime.now(UTC):%Y-}")
    assert [each for each in hidden if each in source] == []


def test_dates_and_a_title_appear_when_asked_for(product: Product) -> None:
    source = roadmap(product, "--dates", "--title", "What <we> build")
    texts = [text for _, text in Outline(source).texts]
    assert "What <we> build" in texts
    assert "Planned for 2027-03-04" in texts
    assert any(text.startswith("As of 20") for text in texts)


def test_it_never_takes_the_name_of_the_report_for_leadership(product: Product) -> None:
    roadmap(product)
    assert not Path("report.html").exists()


def test_a_program_gets_counts(product: Product) -> None:
    told = json.loads(run(product, "--audience", "customers", "--json").stdout)
    assert (told["file"], told["now"], told["next"], told["later"]) == ("roadmap.html", 1, 0, 1)


def test_without_public_titles_it_shows_nothing_and_says_so(product: Product) -> None:
    entry = product.manifest.databases["features"]
    for page in product.notion.query(entry.data_source_id):
        product.set("features", NotionId(page.id), public_title="")
    result = run(product, "--audience", "customers")
    assert result.exit_code == 0
    assert "Public title" in result.stderr
    assert [tag for tag, _ in Outline(Path("roadmap.html").read_text()).texts if tag == "h3"] == []


@pytest.mark.parametrize(
    "options",
    [
        ("--audience", "customers", "--quotes", "3"),
        ("--audience", "customers", "--since", "today"),
        ("--dates",),
        ("--title", "x"),
    ],
)
def test_options_of_the_other_audience_are_refused(
    product: Product, options: tuple[str, ...]
) -> None:
    assert run(product, *options).exit_code == 1
    assert list(Path().glob("*.html")) == []

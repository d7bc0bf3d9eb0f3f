"""`notion-pm digest`: news of a week in three forms, and silence when there is none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import responses
from click.testing import CliRunner, Result
from markdown_it import MarkdownIt

from notion_pm.cli import main
from notion_pm.model.ids import NotionId
from tests.support.product_workspace import Product, apply_product

HOOK = "https://hooks.example.com/services/T0/B0/secret"
MEAN = "Wings <b>|*_[x](http://evil.example)_* & <!channel>"


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return apply_product(tmp_path_factory.mktemp("applied"))


@pytest.fixture
def product(applied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Product]:
    """A workspace whose pages were made ten days ago, and of which a digest was made then."""
    monkeypatch.setenv("NOTION_PM_STATE", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    opened = Product.copied(applied, tmp_path, datetime.now(UTC) - timedelta(days=10))
    aim = opened.add("vision", "Aim", kind="objective", status="active", health="on_track")
    opened.add("features", MEAN, status="in_progress", vision=[aim], target=day(-20))
    opened.add("insights", "Old word")
    opened.later(days=10)
    run(opened)
    yield opened
    opened.close()


def day(offset: int) -> str:
    return f"{datetime.now(UTC) + timedelta(days=offset):%Y-%m-%d}"


def run(product: Product, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--local", str(product.workspace.path), "digest", *arguments])


def only_page(product: Product, database: str) -> NotionId:
    (page,) = product.notion.query(product.manifest.databases[database].data_source_id)
    return page.id


def make_news(product: Product) -> None:
    """Let a feature ship, a health change, and a customer speak."""
    wings = only_page(product, "features")
    said: dict[str, Any] = {"kind": "request", "customer": "Acme", "observed_on": day(-1)}
    product.add("insights", "Ask", features=[wings], quote="Fly!", **said)
    product.set("features", wings, status="shipped", shipped_on=day(0))
    product.set("vision", only_page(product, "vision"), health="at_risk")


def sections(product: Product, *arguments: str) -> dict[str, list[dict[str, str]]]:
    result = run(product, "--json", *arguments)
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)["sections"]
    assert isinstance(found, dict)
    return found


def test_it_is_quiet_when_nothing_happened(product: Product) -> None:
    with responses.RequestsMock() as hook:
        result = run(product, "-o", "week.html", "--notify", HOOK)
        assert len(hook.calls) == 0
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr
    assert not Path("week.html").exists()
    told = json.loads(run(product, "--json").stdout)
    assert told["changed"] is False


def test_what_is_late_for_longer_is_listed_but_is_no_news(product: Product) -> None:
    assert [each["title"] for each in sections(product)["stuck"]] == [MEAN]
    product.set("features", only_page(product, "features"), target=day(-3))
    assert json.loads(run(product, "--json").stdout)["changed"] is True


def test_it_tells_what_shipped_moved_and_was_said(product: Product) -> None:
    make_news(product)
    found = sections(product)
    assert set(found) == {"shipped", "health", "evidence", "tell"}
    assert [each["title"] for each in found["shipped"]] == [MEAN]
    assert [(each["title"], each["text"]) for each in found["health"]] == [
        ("Aim", "On track → At risk")
    ]
    assert [(each["title"], each["text"]) for each in found["evidence"]] == [
        (MEAN, "1 new insight, 1 customer")
    ]
    assert [each["title"] for each in found["tell"]] == ["Acme"]


def test_evidence_counts_from_when_it_was_noted(product: Product) -> None:
    assert "evidence" not in sections(product)
    assert [each["title"] for each in sections(product, "--since", "30d")["evidence"]] == [
        "No feature yet"
    ]


def test_markdown_shows_titles_as_they_are(product: Product) -> None:
    make_news(product)
    tokens = MarkdownIt().parse(run(product).stdout)
    inline = [child for token in tokens if token.children for child in token.children]
    assert MEAN in "".join(child.content for child in inline if child.type == "text")
    links = [str(child.attrs["href"]) for child in inline if child.type == "link_open"]
    assert links and all(each.startswith("https://app.notion.com/") for each in links)
    assert not [child for child in inline if child.type.startswith(("html", "em", "strong"))]


class Tags(HTMLParser):
    """The tags, texts and addresses of a mail."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.links: list[str | None] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_mail_needs_no_style_sheet_and_escapes_titles(product: Product) -> None:
    make_news(product)
    assert run(product, "-o", "week.html").exit_code == 0
    mail = Tags(Path("week.html").read_text(encoding="utf-8"))
    assert not {"style", "script", "b", "link", "img"} & set(mail.tags)
    assert MEAN in mail.text
    assert mail.links and all(str(each).startswith("https://") for each in mail.links)


def test_slack_gets_text_and_blocks_within_its_limits(product: Product) -> None:
    make_news(product)
    for number in range(30):
        product.add(
            "insights",
            f"More {number}",
            features=[product.add("features", "Long name " * 30, status="idea")],
        )
    with responses.RequestsMock() as hook:
        hook.post(HOOK, body="ok")
        assert run(product, "--notify", HOOK).exit_code == 0
        (message,) = [json.loads(call.request.body or "{}") for call in hook.calls]
    header, *parts = message["blocks"]
    assert message["text"]
    assert header["type"] == "header" and len(header["text"]["text"]) <= 150
    assert all(part["type"] == "section" and len(part["text"]["text"]) <= 3000 for part in parts)
    shipped = parts[0]["text"]["text"]
    assert "<!channel>" not in shipped and "&lt;!channel&gt;" in shipped


def test_an_unknown_ending_ends_with_advice(product: Product) -> None:
    assert run(product, "-o", "week.docx").exit_code == 1

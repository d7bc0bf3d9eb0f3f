"""Who is to be told, and what is said to them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from notion_pm.errors import UsageError
from notion_pm.model.snapshot import RuleValue
from notion_pm.thread.loop import Recipient, recipients, skipped_recipients
from notion_pm.thread.messages import CustomMessage, default_message
from tests.support.rules_world import World
from tests.support.thread_world import discovery, thread_of


def shipped() -> World:
    return (
        World()
        .feature("wings", "shipped", shipped_on="2026-11-01")
        .feature("fins")
        .feature("tail", "parked")
    )


def groups(world: World) -> dict[str, list[str]]:
    return {
        each.customer: [ask.insight.title for ask in each.asks]
        for each in recipients(thread_of(world))
    }


def test_customers_are_told_once_each_whatever_the_case_of_their_names() -> None:
    world = shipped().insight("one", features=["wings"], customer="Acme")
    world.insight("two", features=["wings", "tail"], customer=" acme").insight(
        "three", features=["wings"]
    )
    assert groups(world) == {"Acme": ["One", "Two"]}
    (nobody,) = skipped_recipients(thread_of(world))
    assert (nobody.skip_reason, [ask.insight.title for ask in nobody.asks]) == (
        "anonymous",
        ["Three"],
    )


def test_no_one_is_told_before_all_live_features_are_done() -> None:
    world = (
        shipped()
        .insight("one", features=["wings", "fins"], customer="Acme")
        .insight("two", features=["tail"])
    )
    assert groups(world) == {}


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"told_on": "2026-11-02"}, True),
        ({"loop": "told"}, True),
        ({"status": "closed"}, True),
        ({"status": "wont_do"}, True),
        ({"status": "shipped", "loop": "open"}, False),
    ],
)
def test_decisions_of_people_are_kept(values: dict[str, RuleValue], told: bool) -> None:
    world = shipped().insight("one", features=["wings"], customer="Acme").set("one", **values)
    assert (groups(world) == {}) is told


def test_the_stamp_of_sync_counts_after_the_feature_was_deleted() -> None:
    assert groups(World().insight("one", "shipped", loop="tell_customer", customer="Acme")) == {
        "Acme": ["One"]
    }


def test_each_customer_page_is_told() -> None:
    world = (
        World(template=discovery())
        .add("customers", "acme")
        .add("customers", "bob")
        .feature("wings", "measured")
    )
    world.insight("one", features=["wings"], customer=["acme", "bob"])
    assert groups(world) == {"Acme": ["One"], "Bob": ["One"]}


@pytest.mark.parametrize(
    ("said", "is_told"),
    [
        ({"kind": "request", "observed_on": "2026-10-31"}, True),
        ({"kind": "problem", "observed_on": "2026-11-01"}, False),
        ({"kind": "problem", "observed_on": "2026-11-20", "loop": "tell_customer"}, False),
        ({"kind": "praise", "observed_on": "2026-10-01"}, False),
        ({"kind": "question", "loop": "tell_customer"}, False),
    ],
)
def test_only_requests_and_problems_from_before_are_answered(
    said: dict[str, RuleValue], *, is_told: bool
) -> None:
    world = shipped().insight("one", features=["wings"], customer="Acme", **said)
    assert bool(groups(world)) is is_told


def test_each_person_reads_only_their_own_words() -> None:
    world = World(template=discovery()).feature("wings", "shipped", shipped_on="2026-11-01")
    world.add("customers", "acme").add("customers", "beta").add(
        "customers", "gone", lifecycle="churned"
    )
    for name, customer, contact in (
        ("ann", ["acme"], "Ann"),
        ("again", ["acme"], "ann "),
        ("bob", ["acme"], "Bob"),
        ("both", ["acme", "beta"], "Ann"),
        ("left", ["gone"], "Eve"),
        ("nobody", [], ""),
    ):
        world.insight(
            name, features=["wings"], customer=customer, contact=contact, quote=f"words of {name}"
        )
    thread = thread_of(world)
    messages = {
        (each.customer, each.contact): default_message(thread, each) for each in recipients(thread)
    }
    assert set(messages) == {("Acme", "Ann"), ("Acme", "Bob"), ("Beta", "")}
    assert "words of again" in messages["Acme", "Ann"]
    assert "words of bob" not in messages["Acme", "Ann"]
    assert (
        "words of" not in messages["Beta", ""]
    )  # of a shared insight nobody knows whose words they are
    assert all(text.count("Wings has shipped") == 1 for text in messages.values())
    apart = [(each.customer, each.skip_reason) for each in skipped_recipients(thread)]
    assert apart == [("Gone", "churned"), ("", "anonymous")]


def only(world: World) -> Recipient:
    (found,) = recipients(thread_of(world))
    return found


def test_the_message_names_what_was_asked_and_what_shipped() -> None:
    world = shipped().insight(
        "one", features=["wings"], customer="Acme", quote="We want\nto fly.", contact="Ann"
    )
    assert default_message(thread_of(world), only(world)) == (
        "Hello Ann,\n\nyou told us:\n\n> We want to fly.\n\nWings has shipped on 2026-11-01.\n\n"
        "Thank you for telling us. Does it do what you need?"
    )


def test_a_custom_message() -> None:
    world = shipped().insight("one", features=["wings"], customer="{{ Acme }}")
    message = CustomMessage(
        "Hallo {{ customer }}: {% for ask in asks %}{{ ask.features[0].title }}{% endfor %}"
    )
    assert message.render_all(thread_of(world), [only(world)]) == ["Hallo {{ Acme }}: Wings"]


@pytest.mark.parametrize(
    "source",
    [
        "{{ nobody }}",
        "{{ asks[9].title }}",
        "{{ customer.__class__.__mro__ }}",
        "{{ customer / 2 }}",
        "{{ 1 // 0 }}",
    ],
)
def test_a_failing_message_is_an_error(source: str) -> None:
    world = shipped().insight("one", features=["wings"], customer="Acme")
    with pytest.raises(UsageError, match="cannot be rendered"):
        CustomMessage(source, "ours.txt").render_all(thread_of(world), [only(world)])


@pytest.mark.parametrize(
    "source",
    [
        "{{ 'a' * 10 ** 10 }}",
        "{{ 10 ** 10000000000 }}",
        "{{ '%9999999999d' | format(1) }}",
        "{{ customer | center(9999999999) }}",
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% for a in range(99999) %}{{ quote }}{{ customer * 500 }}{% endfor %}",
        "{% set ns = namespace(x='aaaa') %}{% for a in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% "
        "endfor %}",
        "{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}",
        "{{ " + "(" * 5_000 + "1" + ")" * 5_000 + " }}",
        "{{ " + "9" * 6000 + " }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{% include '/etc/passwd' %}",
        "{{ lipsum.__globals__['os'].popen('id').read() }}",
    ],
)
def test_a_message_cannot_stop_the_program(source: str) -> None:
    world = shipped().insight("one", features=["wings"], customer="Acme")
    began = time.monotonic()
    with pytest.raises(UsageError, match="cannot be rendered"):
        CustomMessage(source, "ours.txt").render_all(thread_of(world), [only(world)])
    assert time.monotonic() - began < 15  # it may use the processor for two seconds


def test_a_file_in_the_current_folder_is_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "jinja2.py").write_text("open('was_here', 'w')")
    monkeypatch.chdir(tmp_path)
    CustomMessage("Hello")
    assert not (tmp_path / "was_here").exists()


def test_a_message_that_cannot_be_parsed_names_the_line() -> None:
    with pytest.raises(UsageError, match=r"ours\.txt:2 "):
        CustomMessage("Hello\n{% for %}", "ours.txt")

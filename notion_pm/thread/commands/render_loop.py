"""Who is to be told what: for a terminal, as Markdown, as CSV."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from io import StringIO

from notion_pm.model.spreadsheet import escape_formula
from notion_pm.text import UNTITLED, markdown_text, one_line, quantity
from notion_pm.thread.graph import Thread
from notion_pm.thread.loop import Ask, Owed, asks_of
from notion_pm.thread.run_loop import Draft, Loop, Told

_APART = {
    "churned": "Customers that churned since; not written to",
    "anonymous": "Nobody is named, so nobody can be told",
}
_FENCE = re.compile(r"`{3,}")


def text(loop: Loop, drafts: Sequence[Draft]) -> Iterator[str]:
    """Yield the lines for a terminal."""
    for each in drafts:
        yield f"{one_line(_name(loop, each.owed))}: {quantity(len(each.owed.asks), 'ask')}"
        for ask in each.owed.asks:
            yield f"  {one_line(ask.insight.title) or UNTITLED}{_answer(loop.thread, ask)}"
            yield f"  {ask.insight.url}"
        yield ""
        yield from (f"    {one_line(line)}" for line in each.message.splitlines())
        yield ""
    for line, asks in _apart(loop):
        yield f"{line}:"
        yield from (
            f"  {one_line(ask.insight.title) or UNTITLED}  {ask.insight.url}" for ask in asks
        )
        yield ""
    yield f"{summary(loop)} {quantity(loop.requests, 'request')}."
    if drafts:
        yield "Once somebody was told:  notion-pm loop --told CUSTOMER  (or the contact, or the insight's link)"


def markdown(loop: Loop, drafts: Sequence[Draft]) -> Iterator[str]:
    """Yield the lines as Markdown; messages stand in blocks that can be copied."""
    yield from ("# To tell", "", summary(loop))
    for each in drafts:
        yield from ("", f"## {markdown_text(_name(loop, each.owed))}", "")
        for ask in each.owed.asks:
            title = markdown_text(ask.insight.title) or UNTITLED
            yield f"- [{title}]({ask.insight.url}){_answer(loop.thread, ask, markdown_text)}"
        fence = "`" * max(3, *(len(found) + 1 for found in _FENCE.findall(each.message)), 3)
        yield from ("", f"{fence}text", *each.message.splitlines(), fence)
    for line, asks in _apart(loop):
        yield from ("", f"## {line}", "")
        yield from (
            f"- [{markdown_text(ask.insight.title) or UNTITLED}]({ask.insight.url})" for ask in asks
        )
    yield ""


def table(loop: Loop, drafts: Iterable[Draft]) -> str:
    """Return the drafts as CSV: a line for each person."""
    stream = StringIO()
    writer = csv.writer(stream)
    writer.writerow(("customer", "contact", "asks", "links", "message"))
    for each in drafts:
        asks = [ask.insight for ask in each.owed.asks]
        cells = (
            each.owed.customer,
            each.owed.contact,
            "; ".join(ask.title for ask in asks),
            " ".join(ask.url for ask in asks),
            each.message,
        )
        writer.writerow([escape_formula(cell) for cell in cells])
    return stream.getvalue()


def summary(loop: Loop) -> str:
    """Return how many are to be told."""
    asks = len(loop.all_asks())
    if not asks:
        return "Nobody is to be told."
    customers = {each.customer.casefold() or each.contact.casefold() for each in loop.owed}
    messages = (
        f", in {quantity(len(loop.owed), 'message')}" if len(loop.owed) > len(customers) else ""
    )
    return f"{quantity(len(customers), 'customer')} to tell about {quantity(asks, 'insight')}{messages}."


def stamped(told: Sequence[Told], requests: int, *, dry_run: bool) -> Iterator[str]:
    """Yield what became of the insights that were to be stamped."""
    done = [each for each in told if not each.problem]
    if not told:
        yield "They are owed nothing: what they asked for has not shipped, or they were told already."
    for each in told:
        title = one_line(each.insight.title) or UNTITLED
        yield f"  {title}: {each.problem}" if each.problem else f"  {title}"
    verb = "would be stamped" if dry_run else "stamped as told today"
    yield f"{quantity(len(done), 'insight')} {verb}. {quantity(requests, 'request')}."
    if done and not dry_run:
        yield "The next  notion-pm sync  closes them."


def _answer(thread: Thread, ask: Ask, written: Callable[[str], str] = one_line) -> str:
    names = [
        " ".join(filter(None, (thread.number_of(each), written(each.title))))
        for each in ask.features
    ]
    return f" ← {', '.join(names)}" if names else ""


def _name(loop: Loop, owed: Owed) -> str:
    """Return whom a message goes to: the customer, with the contact where the customer has several."""
    if not owed.customer or not owed.contact:
        return owed.customer or owed.contact
    has_others = sum(each.customer == owed.customer for each in loop.owed) > 1
    return f"{owed.customer}, {owed.contact}" if has_others else owed.customer


def _apart(loop: Loop) -> Iterator[tuple[str, tuple[Ask, ...]]]:
    """Yield a heading and the asks for each reason why nobody is written to."""
    for reason, heading in _APART.items():
        those = [each for each in loop.apart if each.apart == reason]
        names = sorted({each.customer for each in those if each.customer}, key=str.casefold)
        if those:
            named = f" ({', '.join(one_line(name) for name in names)})" if names else ""
            yield f"{heading}{named}", asks_of(those)

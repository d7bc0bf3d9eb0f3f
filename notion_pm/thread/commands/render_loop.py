"""Show the open loops and their messages: for a terminal, as Markdown, as CSV."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO

from notion_pm.model.snapshot import SnapshotPage
from notion_pm.model.spreadsheet import escape_formula
from notion_pm.text import UNTITLED, markdown_text, one_line, quantity
from notion_pm.thread.graph import Thread
from notion_pm.thread.loop import Ask, Recipient, asks_of
from notion_pm.thread.run_loop import Draft, OpenLoops, StampResult

_SKIP_HEADINGS = {
    "churned": "Churned customers, not written to",
    "anonymous": "Insights without a name",
}
_FENCE = re.compile(r"`{3,}")


def text_lines(loops: OpenLoops, drafts: Sequence[Draft]) -> Iterator[str]:
    """Yield the lines for a terminal."""
    for draft in drafts:
        asks = draft.recipient.asks
        yield f"{one_line(_name(loops, draft.recipient))}: {quantity(len(asks), 'ask')}"
        for ask in asks:
            answers = [_with_id(loops.thread, page, one_line(page.title)) for page in ask.features]
            yield f"  {one_line(ask.insight.title) or UNTITLED}{_answered_by(answers)}"
            yield f"  {ask.insight.url}"
        yield ""
        for line in draft.message.splitlines():
            yield f"    {one_line(line)}"
        yield ""
    for heading, asks in _skipped_asks(loops):
        yield f"{heading}:"
        for ask in asks:
            yield f"  {one_line(ask.insight.title) or UNTITLED}  {ask.insight.url}"
        yield ""
    yield f"{summary(loops)} {quantity(loops.requests, 'request')}."
    if drafts:
        yield (
            "After you have told them:  notion-pm loop --told CUSTOMER  "
            "(or the contact, or the insight's link)"
        )


def markdown_text_of(loops: OpenLoops, drafts: Sequence[Draft]) -> str:
    """Return the drafts as Markdown; messages are in blocks that can be copied."""
    return "\n".join(_markdown_lines(loops, drafts))


def _markdown_lines(loops: OpenLoops, drafts: Sequence[Draft]) -> Iterator[str]:
    yield from ("# To tell", "", summary(loops))
    for draft in drafts:
        yield from ("", f"## {markdown_text(_name(loops, draft.recipient))}", "")
        for ask in draft.recipient.asks:
            answers = [
                _with_id(loops.thread, page, markdown_text(page.title)) for page in ask.features
            ]
            yield f"- {_markdown_link(ask.insight)}{_answered_by(answers)}"
        # A fence must be longer than any within the message.
        longest = max((len(fence) for fence in _FENCE.findall(draft.message)), default=2)
        fence = "`" * (longest + 1)
        yield from ("", f"{fence}text", *draft.message.splitlines(), fence)
    for heading, asks in _skipped_asks(loops):
        yield from ("", f"## {heading}", "")
        for ask in asks:
            yield f"- {_markdown_link(ask.insight)}"
    yield ""


def csv_text(loops: OpenLoops, drafts: Iterable[Draft]) -> str:
    """Return the drafts as CSV: a line for each person."""
    stream = StringIO()
    writer = csv.writer(stream)
    writer.writerow(("customer", "contact", "asks", "links", "message"))
    for draft in drafts:
        insights = [ask.insight for ask in draft.recipient.asks]
        cells = (
            draft.recipient.customer,
            draft.recipient.contact,
            "; ".join(insight.title for insight in insights),
            " ".join(insight.url for insight in insights),
            draft.message,
        )
        writer.writerow([escape_formula(cell) for cell in cells])
    return stream.getvalue()


def summary(loops: OpenLoops) -> str:
    """Return how many customers there are to tell."""
    insights = len(loops.all_asks())
    if not insights:
        return "No customers to tell."
    customers = {
        recipient.customer.casefold() or recipient.contact.casefold()
        for recipient in loops.recipients
    }
    messages = len(loops.recipients)
    text = f"{quantity(len(customers), 'customer')} to tell about {quantity(insights, 'insight')}"
    if messages > len(customers):
        text += f", in {quantity(messages, 'message')}"
    return f"{text}."


def stamp_lines(results: Sequence[StampResult], requests: int, *, dry_run: bool) -> Iterator[str]:
    """Yield one line for each insight, and the number of stamped ones."""
    if not results:
        yield "Nothing to stamp: what they asked for has not shipped, or they were told already."
    for result in results:
        title = one_line(result.insight.title) or UNTITLED
        yield f"  {title}: {result.problem}" if result.problem else f"  {title}"
    done = sum(not result.problem for result in results)
    verb = "would be stamped as told" if dry_run else "stamped as told today"
    yield f"{quantity(done, 'insight')} {verb}. {quantity(requests, 'request')}."
    if done and not dry_run:
        yield "The next  notion-pm sync  closes them."


def _answered_by(features: Sequence[str]) -> str:
    return f" ← {', '.join(features)}" if features else ""


def _with_id(thread: Thread, feature: SnapshotPage, title: str) -> str:
    return f"{thread.unique_id(feature)} {title}".lstrip()


def _markdown_link(insight: SnapshotPage) -> str:
    return f"[{markdown_text(insight.title) or UNTITLED}]({insight.url})"


def _name(loops: OpenLoops, recipient: Recipient) -> str:
    """Return the customer of a message, with the contact if the customer has several."""
    customer, contact = recipient.customer, recipient.contact
    if not customer or not contact:
        return customer or contact
    messages = sum(other.customer == customer for other in loops.recipients)
    return f"{customer}, {contact}" if messages > 1 else customer


def _skipped_asks(loops: OpenLoops) -> Iterator[tuple[str, tuple[Ask, ...]]]:
    """Yield a heading and the asks for each reason to send no message."""
    for reason, heading in _SKIP_HEADINGS.items():
        skipped = [recipient for recipient in loops.skipped if recipient.skip_reason == reason]
        if not skipped:
            continue
        customers = {recipient.customer for recipient in skipped if recipient.customer}
        names = ", ".join(one_line(name) for name in sorted(customers, key=str.casefold))
        if names:
            heading = f"{heading} ({names})"
        yield heading, asks_of(skipped)

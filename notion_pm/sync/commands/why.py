"""`notion-pm why`: explain the values of a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from notion_pm.console.context import Context, pass_context
from notion_pm.console.output import echo_json, echo_lines, json_option, progress
from notion_pm.console.thread_options import sync_context_of, template_option
from notion_pm.model.snapshot import SnapshotPage
from notion_pm.rules.aggregates import Summand
from notion_pm.rules.property_explanation import has_value
from notion_pm.sync.why import PageAnswer, PropertyAnswer, why
from notion_pm.text import UNTITLED, quantity

_MOST_PAGES = 5
_MOST_AMOUNTS = 20


@click.command()
@click.argument("page", metavar="PAGE")
@click.argument("wanted", metavar="[PROPERTY]", required=False)
@template_option
@json_option
@pass_context
def command(
    context: Context, *, page: str, wanted: str | None, template: str | None, as_json: bool
) -> None:
    """Explain the values of a page, and what would change them.

    For each property that rules set: its value, who set it and when, what the rules want and
    because of which pages, and whether it is in conflict or in quarantine.

    PAGE is a link, an id, a page's own number (FEAT-12), or its title or a part of it. Reads only.
    """
    with progress(context) as draw:
        answer = why(sync_context_of(context, draw), page, wanted, template=template)
    if as_json:
        echo_json(answer.as_data())
    else:
        echo_lines(_lines(answer))


def _lines(page_answer: PageAnswer) -> Iterator[str]:
    yield page_answer.page.title or UNTITLED
    yield f"  {page_answer.page.url}"
    for answer in page_answer.properties:
        explanation = answer.explanation
        yield ""
        yield f"{page_answer.title(answer)}: {page_answer.shown(answer, explanation.value)}"
        yield f"  Set by: {page_answer.set_by(answer)}"
        if explanation.reason:
            kind = "Quarantine" if explanation.quarantined else "Conflict"
            yield f"  {kind}: {explanation.reason}."
        yield from _rule_lines(page_answer, answer)
        yield f"  Next: {page_answer.next(answer)}"
    yield ""
    yield f"{quantity(page_answer.requests, 'request')}."


def _rule_lines(page_answer: PageAnswer, answer: PropertyAnswer) -> Iterator[str]:
    for result in answer.explanation.results:
        shown = page_answer.result(answer, result)
        says = f"says {shown}" if has_value(result) else shown
        yield f"  {result.rule.name} {says}: {result.rule.spec.why}"
        amounts = page_answer.amounts(result)
        if amounts:
            yield from _amount_lines(page_answer, answer, amounts)
        else:
            yield from _cause_lines(page_answer.pages(result.causes))


def _amount_lines(
    page_answer: PageAnswer, answer: PropertyAnswer, amounts: Sequence[Summand]
) -> Iterator[str]:
    for summand in amounts[:_MOST_AMOUNTS]:
        amount = page_answer.amount(answer, summand.number)
        through = _list_titles(summand.through)
        yield f"    {amount}  {summand.name or UNTITLED}, through {through}"
    hidden = amounts[_MOST_AMOUNTS:]
    if hidden:
        rest = page_answer.amount(answer, sum(summand.number for summand in hidden))
        yield f"    {rest}  from {len(hidden)} more (--json shows all)"


def _cause_lines(pages: Sequence[SnapshotPage]) -> Iterator[str]:
    for page in pages[:_MOST_PAGES]:
        yield f"    because of {page.title or UNTITLED}  {page.url}"
    hidden = len(pages) - _MOST_PAGES
    if hidden > 0:
        yield f"    and {quantity(hidden, 'more page')}"


def _list_titles(pages: Sequence[SnapshotPage]) -> str:
    shown = ", ".join(page.title or UNTITLED for page in pages[:_MOST_PAGES])
    hidden = len(pages) - _MOST_PAGES
    return f"{shown} and {hidden} more" if hidden > 0 else shown

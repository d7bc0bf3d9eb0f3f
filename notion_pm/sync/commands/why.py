"""`notion-pm why`: how a page's properties came to be what they are."""

from __future__ import annotations

import click

from notion_pm.console.context import Context, pass_context
from notion_pm.console.output import echo, echo_json, json_option, progress
from notion_pm.console.thread_options import sync_context_of, template_option
from notion_pm.rules.property_explanation import has_value
from notion_pm.sync.why import Answer, Why, why
from notion_pm.text import UNTITLED

_NAMED = 5
_AMOUNTS = 20


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

    For each property that rules set: its value, who set it and when, what the rules say and because of which pages,
    and whether it is in conflict or quarantine.

    PAGE is a link, an id, a page's own number (FEAT-12) or its title, of which a part is enough. Reads only.
    """
    with progress(context) as drawn:
        found = why(sync_context_of(context, drawn), page, wanted, template=template)
    if as_json:
        echo_json(found.as_data())
    else:
        _show(found)


def _show(found: Why) -> None:
    echo(found.page.title or UNTITLED)
    echo(f"  {found.page.url}")
    for answer in found.answers:
        echo(f"\n{found.title(answer)}: {found.shown(answer, answer.standing.value)}")
        echo(f"  Set by: {found.set_by(answer)}")
        if answer.standing.reason:
            kind = "Quarantine" if answer.standing.quarantined else "Conflict"
            echo(f"  {kind}: {answer.standing.reason}.")
        _show_rules(found, answer)
        echo(f"  Next: {found.next(answer)}")
    echo(f"\n{found.requests} requests.")


def _show_rules(found: Why, answer: Answer) -> None:
    for opinion in answer.standing.results:
        says = (
            f"says {found.says(answer, opinion)}"
            if has_value(opinion)
            else found.says(answer, opinion)
        )
        echo(f"  {opinion.rule.name} {says}: {opinion.rule.spec.why}")
        amounts = found.amounts(answer, opinion)
        for each in amounts[:_AMOUNTS]:
            through = ", ".join(page.title or UNTITLED for page in each.through[:_NAMED])
            more = f" and {len(each.through) - _NAMED} more" if len(each.through) > _NAMED else ""
            echo(
                f"    {found.amount(answer, each.number)}  {each.name or UNTITLED}, through {through}{more}"
            )
        if len(amounts) > _AMOUNTS:
            rest = sum(each.number for each in amounts[_AMOUNTS:])
            echo(
                f"    {found.amount(answer, rest)}  from {len(amounts) - _AMOUNTS} more (all of them: --json)"
            )
        if amounts:
            continue
        pages = found.pages(opinion.causes)
        for page in pages[:_NAMED]:
            echo(f"    because of {page.title or UNTITLED}  {page.url}")
        if len(pages) > _NAMED:
            echo(f"    and {len(pages) - _NAMED} more pages")

"""`notion-pm trace`: from any page up to the vision and down to the customers' words."""

from __future__ import annotations

import click

from notion_pm.console.context import Context, pass_context
from notion_pm.console.output import echo, echo_json, json_option, progress
from notion_pm.console.thread_options import place_of, template_option
from notion_pm.errors import UsageError
from notion_pm.thread.branches import DEEPEST
from notion_pm.thread.mermaid import flowchart
from notion_pm.thread.run_trace import follow

_EXAMPLES = """\b
  notion-pm trace FEAT-12                       a feature by its number
  notion-pm trace "Request budget"              a page by a part of its title
  notion-pm trace https://app.notion.com/p/...  a page by its link
  notion-pm trace Vision --depth 2              the strategy, without details
  notion-pm trace FEAT-12 --mermaid             a flowchart for a document
"""


@click.command(epilog=_EXAMPLES)
@click.argument("page", metavar="PAGE")
@click.option(
    "--depth",
    type=click.IntRange(1, DEEPEST),
    default=DEEPEST,
    help="So many steps up and down at most.",
)
@click.option(
    "--quotes/--no-quotes",
    default=True,
    help="With or without the customers' words. Default: with.",
)
@click.option(
    "--mermaid", is_flag=True, help="Print a Mermaid flowchart, which GitHub and Notion draw."
)
@template_option
@json_option
@pass_context
def command(
    context: Context,
    *,
    page: str,
    depth: int,
    quotes: bool,
    mermaid: bool,
    template: str | None,
    as_json: bool,
) -> None:
    """Show what a page serves and its evidence, from the vision to the customers' words.

    PAGE is a link, an id, a page's own number (FEAT-12) or its title, of which a part is enough. A page that several
    share is told once. Reads only: each database once.
    """
    if mermaid and as_json:
        raise UsageError("--mermaid and --json are two outputs.", "Give one of them.")
    with progress(context) as drawn:
        traced = follow(place_of(context, drawn), page, template=template, depth=depth)
    if as_json:
        echo_json(traced.as_data())
    elif mermaid:
        echo(flowchart(traced.thread, traced.trace).rstrip())
    else:
        from notion_pm.thread.commands.render_trace import show  # rich: only where a tree is drawn

        show(traced, quotes=quotes)

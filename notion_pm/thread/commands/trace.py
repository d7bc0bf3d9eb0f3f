"""`notion-pm trace`: from any page up to the vision and down to the customers' words."""

from __future__ import annotations

import click

from notion_pm.console.context import Context, pass_context
from notion_pm.console.output import echo, echo_json, json_option, progress
from notion_pm.console.thread_options import sync_context_of, template_option
from notion_pm.errors import UsageError
from notion_pm.thread.branches import DEEPEST
from notion_pm.thread.mermaid import flowchart
from notion_pm.thread.run_trace import trace_page

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
    help="The most steps up and down.",
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

    PAGE is a link, an id, a page's own number (FEAT-12) or a part of its title. A page with several
    parents is shown in full once, afterwards by title only. Reads only: each database once.
    """
    if mermaid and as_json:
        raise UsageError("--mermaid and --json cannot be combined.", "Use one of them.")
    with progress(context) as drawn:
        result = trace_page(sync_context_of(context, drawn), page, template=template, depth=depth)
    if as_json:
        echo_json(result.as_data())
    elif mermaid:
        echo(flowchart(result.thread, result.trace).rstrip())
    else:
        # Imported here because Rich is slow to import and only this output needs it.
        from notion_pm.thread.commands.render_trace import print_trace

        print_trace(result, quotes=quotes)

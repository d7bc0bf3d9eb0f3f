"""`notion-pm digest`: recent changes for a mail or a chat, quiet when there are none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from notion_pm.conditions.text_form import parse_since
from notion_pm.console.context import Context, pass_context
from notion_pm.console.notifying import post
from notion_pm.console.output import echo, echo_json, json_option, note, progress
from notion_pm.console.thread_options import sync_context_of, template_option
from notion_pm.errors import UsageError
from notion_pm.files.writing import write_shared
from notion_pm.report.digest import Digest, as_mail, as_markdown, as_slack_blocks
from notion_pm.report.run_report import make_digest

_EXAMPLES = """\b
  notion-pm digest                           the last seven days, as Markdown
  notion-pm digest --since 14d -o week.html  as the body of an HTML mail
  notion-pm digest --notify https://hooks.slack.com/services/...
                                             post it to a channel
"""
_WRITERS: dict[str, Callable[[Digest], str]] = {".md": as_markdown, ".html": as_mail}


@click.command(epilog=_EXAMPLES)
@click.option(
    "--since",
    metavar="DATE",
    default="7d",
    show_default=True,
    help="Start of the period: 7d, 2w, 12h, 2026-11-01.",
)
@click.option(
    "-o", "--output", metavar="FILE", help="Write a .md or .html file instead of printing Markdown."
)
@click.option(
    "--notify",
    metavar="URL",
    envvar="NOTION_PM_NOTIFY",
    help="Post it to a Slack-compatible webhook, as text and blocks.",
)
@template_option
@json_option
@pass_context
def command(
    context: Context,
    *,
    since: str,
    output: str | None,
    notify: str | None,
    template: str | None,
    as_json: bool,
) -> None:
    """Summarise recent changes for a mail or a chat.

    Shipped features, changed health, new evidence, who to tell, and what is stuck. Made for a
    weekly job: if nothing happened it says so on stderr, exits with 0, and writes and posts
    nothing. People to tell, and what was stuck before, are listed but are no news by themselves.
    """
    # First: an unknown extension is an error before the workspace is read, and also without news.
    write = _writer_of(output)
    start = parse_since(since, context.now())
    with progress(context) as drawn:
        result = make_digest(sync_context_of(context, drawn), start, template)
    digest = result.digest
    if as_json:
        echo_json(result.as_data())
    if not result.has_history:
        note(
            "Note: There is no history of this workspace yet. Changes of health are known from the "
            "next run on."
        )
    # Exit code 0: in a weekly job a quiet week is no failure, and an empty mail would only be
    # noise.
    if not digest.has_news:
        note(f"Nothing has happened since {digest.since:%Y-%m-%d %H:%M}.")
        return
    if output:
        write_shared(Path(output), write(digest))
        if not as_json:
            echo(f"{output}: {digest.summary}.")
    elif not as_json:
        click.echo(write(digest), nl=False)
    if notify:
        text = f"{digest.heading}: {digest.summary}"
        post(notify, text, {"blocks": as_slack_blocks(digest)})


def _writer_of(output: str | None) -> Callable[[Digest], str]:
    """Return the format of a file name. Raises UsageError for an unknown extension."""
    if output is None:
        return as_markdown
    extension = Path(output).suffix
    writer = _WRITERS.get(extension.lower())
    if writer is None:
        raise UsageError(
            f"Unknown file extension '{extension}'. Use one of: md, html.",
            "Name the file, for example, digest.html.",
        )
    return writer

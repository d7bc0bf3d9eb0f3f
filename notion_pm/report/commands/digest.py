"""`notion-pm digest`: what happened lately, for a mail or a chat, quiet when nothing did."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from notion_pm.conditions.text_form import parse_since
from notion_pm.console.context import Context, pass_context
from notion_pm.console.notifying import post
from notion_pm.console.output import echo, echo_json, json_option, note, progress
from notion_pm.console.thread_options import place_of, template_option
from notion_pm.errors import UsageError
from notion_pm.files.writing import write_shared
from notion_pm.report.digest import Digest, as_mail, as_markdown, as_slack_blocks
from notion_pm.report.run_digest import read_digest

_EXAMPLES = """\b
  notion-pm digest                           the last seven days, as Markdown
  notion-pm digest --since 14d -o week.html  as the body of an HTML mail
  notion-pm digest --notify https://hooks.slack.com/services/...
                                             post it to a channel
"""
_FORMS: dict[str, Callable[[Digest], str]] = {".md": as_markdown, ".html": as_mail}


@click.command(epilog=_EXAMPLES)
@click.option(
    "--since",
    metavar="DATE",
    default="7d",
    show_default=True,
    help="News count from then: 7d, 2w, 12h, 2026-11-01.",
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
    """Summarise recent changes, for a mail or a chat: shipped, changed health, new evidence, who to tell, what is
    stuck.

    Made for a weekly job. When nothing happened it says so on stderr, exits with 0, and writes and posts nothing. Who
    is to be told and what has been stuck for longer is listed, but is no news by itself.
    """
    form = _form_of(output)
    moment = parse_since(since, context.now())
    with progress(context) as drawn:
        found = read_digest(place_of(context, drawn), moment, template)
    if as_json:
        echo_json(found.as_data())
    if not found.remembers:
        note(
            "Note: Nothing is remembered from before. Changes of health are known from the next run on."
        )
    if not found.digest.has_news:
        note(f"Nothing has happened since {found.digest.since:%Y-%m-%d %H:%M}.")
        return
    if output:
        write_shared(Path(output), form(found.digest))
        if not as_json:
            echo(f"{output}: {found.digest.summary}.")
    elif not as_json:
        click.echo(form(found.digest), nl=False)
    if notify:
        text = f"{found.digest.heading}: {found.digest.summary}"
        post(notify, text, {"blocks": as_slack_blocks(found.digest)})


def _form_of(output: str | None) -> Callable[[Digest], str]:
    """Return what writes a digest to a file of this name. Raises UsageError for another ending."""
    if output is None:
        return as_markdown
    form = _FORMS.get(Path(output).suffix.lower())
    if form is None:
        raise UsageError(
            f"{output} ends neither with .md nor with .html.", "Name the file like  digest.html."
        )
    return form

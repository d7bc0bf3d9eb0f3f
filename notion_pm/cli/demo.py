"""`notion-pm demo`: run the whole job on a local workspace, with the real commands."""

from __future__ import annotations

from pathlib import Path

import click

from notion_pm.cli import demo_story, main
from notion_pm.console.context import Context
from notion_pm.console.output import end_with
from notion_pm.console.root_options import RootOptions
from notion_pm.workspace.record import read_manifest

_TEMPLATE = "product"


@click.command()
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default="demo",
    show_default=True,
    help="The folder for the workspace and the exports. An earlier demo is kept as "
    "previous.sqlite.",
)
@click.pass_context
def command(ctx: click.Context, folder: Path) -> None:
    """Run the whole job on a local workspace, without a token.

    It provisions the product template, edits pages as a product manager would, syncs, reports and
    exports. Each step shows the command that it runs.
    """
    file = fresh_workspace(folder)
    local = ("--local", str(file))

    _step("1. A template becomes databases, relations, views and rows")
    _run(*local, "apply", _TEMPLATE, "--yes")
    _step("2. The first sync stamps the evidence behind every feature")
    _run(*local, "sync")
    _step("3. A product manager works in Notion")
    _play(ctx, file)
    _step("4. The next sync carries the changes on, and explains them")
    _run(*local, "sync", "--explain")
    _step("5. Nothing is left to do")
    _run(*local, "sync")
    _run(*local, "plan", _TEMPLATE)
    _step("6. Leadership gets one page: strategy, roadmap, evidence, gaps, who is waiting")
    _run(*local, "report", "-o", str(folder / "report.html"))
    _step("7. Everything can be exported")
    _run(*local, "export", "-o", str(folder / "product.xlsx"))
    _run(*local, "export", "insights", "-o", str(folder / "insights.csv"))
    _run(*local, "export", "features", "--format", "markdown", "-o", str(folder / "specs"))
    _show_what_next(folder, file)


def fresh_workspace(folder: Path) -> Path:
    """Return the file for a new local workspace. The file of an earlier demo is renamed."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "workspace.sqlite"
    # SQLite keeps recent writes in two files beside the database; without them the old one would
    # lack these writes.
    for suffix in ("", "-wal", "-shm"):
        old = file.with_name(file.name + suffix)
        if old.exists():
            old.replace(folder / f"previous.sqlite{suffix}")
    return file


def _play(ctx: click.Context, file: Path) -> None:
    options = RootOptions(
        str(file), local_from_environment=False, workspace=None, jobs=1, max_wait=0, debug=False
    )
    with click.Context(command, parent=ctx) as inner:
        context = Context(options, inner.call_on_close)
        _, manifest = read_manifest(context.notion, context.parent_page, _TEMPLATE)
        for line in demo_story.play(context.notion, manifest):
            click.echo(f"  {line}")


def _step(title: str) -> None:
    click.echo()
    click.secho(title, bold=True)


def _run(*arguments: str) -> None:
    """Show a command and run it, in this process."""
    click.secho(f"$ notion-pm {' '.join(arguments)}", fg="cyan")
    # Not standalone: Click would end the process after the first step.
    code = main.main(list(arguments), prog_name="notion-pm", standalone_mode=False)
    end_with(code or 0)


def _show_what_next(folder: Path, file: Path) -> None:
    _step("What you have now")
    for file_or_folder, description in (
        (folder / "report.html", "the report for leadership: open it in a browser"),
        (folder / "product.xlsx", "every database as a sheet"),
        (folder / "insights.csv", "the customer insights"),
        (folder / "specs", "a Markdown file for every feature spec"),
        (file, "the workspace itself"),
    ):
        click.echo(f"  {file_or_folder!s:24}  {description}")
    _step("What to try next")
    click.echo(f"  notion-pm local serve {file}           open it in a browser, drag a card")
    click.echo(f"  notion-pm --local {file} sync --explain  then see what changes")
    click.echo(f"  notion-pm --local {file} loop            see which customers to tell")
    _step("The same on your own Notion workspace")
    click.echo("  notion-pm init                     asks for a token and a page")
    click.echo(f"  notion-pm apply {_TEMPLATE}            shows the plan, asks, applies it")
    click.echo("  notion-pm sync --explain")
    click.echo("  notion-pm export -o product.xlsx")

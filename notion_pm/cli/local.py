"""`notion-pm local`: manage local workspaces, and serve them to any client of Notion's API."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TextIO

import click

from notion_pm.cli.local_webhooks import command as webhook
from notion_pm.console.context import inject_faults, local_workspace_in, open_local
from notion_pm.console.output import echo, echo_json, json_option, note, progress
from notion_pm.errors import UsageError
from notion_pm.model.ids import parse_notion_id

_FILE = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
_SECONDS = click.FloatRange(0)
_EXISTING = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@click.group()
def command() -> None:
    """Serve and inspect local workspaces."""


command.add_command(webhook)


@command.command()
@_FILE
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8200,
    show_default=True,
    help="The port; 0 takes a free one.",
)
@click.option("--threads", type=click.IntRange(1, 64), default=8, show_default=True)
@click.option(
    "--record",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Append the traffic as JSON Lines.",
)
@click.option(
    "--weather",
    metavar="FAULTS",
    help="Inject faults: calm, notion, storm, a YAML or TOML file, or rules such as "
    "'429 every=5; dropped when=after'.",
)
@click.option("--seed", type=int, help="Repeat the faults of an earlier run.")
@click.option(
    "--webhook-delay",
    type=_SECONDS,
    default=2,
    show_default=True,
    help="Seconds to gather events before a delivery.",
)
@click.option(
    "--webhook-backoff",
    type=_SECONDS,
    default=1,
    show_default=True,
    help="Seconds to wait after a failed delivery.",
)
@click.option(
    "--template-delay",
    type=_SECONDS,
    default=1,
    show_default=True,
    help="Seconds until a page template is applied to a new page.",
)
def serve(
    file: Path,
    host: str,
    port: int,
    threads: int,
    record: Path | None,
    weather: str | None,
    seed: int | None,
    webhook_delay: float,
    webhook_backoff: float,
    template_delay: float,
) -> None:
    """Serve the local workspace in FILE to any client of Notion's API, until Ctrl-C."""
    from notion_pm.emulator import serve as serve_workspace

    webhook_seconds = webhook_delay, webhook_backoff
    workspace = open_local(
        file, record=record, webhook_seconds=webhook_seconds, template_seconds=template_delay
    )
    if weather is not None:
        seed = inject_faults(workspace, weather, seed)
        note(f"Faults: {weather}. Repeat them with --seed {seed}")

    def announce(url: str) -> None:
        echo(url)
        note(f"Local workspace {file}. In a browser on this machine: {url}/")
        note("For notion-pm and other clients, in another terminal:")
        note(
            f'  eval "$(notion-pm local info {quote(str(file))} --env)"; export '
            f"NOTION_PM_BASE_URL={url}"
        )
        note("  notion-pm plan product")
        note("Stop with Ctrl-C.")

    try:
        serve_workspace(workspace, host=host, port=port, threads=threads, announce=announce)
    except OSError as error:
        raise UsageError(
            f"Cannot listen on {host}:{port}: {error.strerror}.",
            "Name another --port; 0 takes a free one.",
        ) from None
    finally:
        workspace.close()


@command.command()
@_FILE
@click.option(
    "--env", "as_env", is_flag=True, help="Print the token and the root page as lines for a shell."
)
@json_option
def info(file: Path, *, as_env: bool, as_json: bool) -> None:
    """Show the token, the root page and the object counts of the local workspace in FILE.

    FILE is created when it does not exist.
    """
    with local_workspace_in(file) as workspace:
        access = {"token": workspace.token, "root_page_id": workspace.root_page_id}
        facts = {"file": str(file.resolve()), **access, **workspace.counts()}
    if as_json:
        echo_json(facts)
    elif as_env:
        echo(
            f"export NOTION_TOKEN={access['token']} NOTION_PM_PARENT_PAGE={access['root_page_id']}"
        )
    else:
        for name, value in facts.items():
            echo(f"{name.replace('_', ' '):14} {value}")


@command.command()
@_EXISTING
@click.confirmation_option(
    prompt="Delete everything in this workspace except its tokens and users?"
)
def reset(file: Path) -> None:
    """Empty the local workspace in FILE. Tokens, users and the id of the root page stay."""
    with local_workspace_in(file) as workspace:
        workspace.reset()


@command.command()
@_EXISTING
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
def copy(file: Path, target: Path) -> None:
    """Copy the local workspace in FILE to the new file TARGET. This works while it is served."""
    with local_workspace_in(file) as workspace:
        workspace.copy(target)


@command.command()
@_EXISTING
@click.argument("page")
def duplicate(file: Path, page: str) -> None:
    """Duplicate PAGE in the local workspace in FILE and print the id of the duplicate.

    PAGE is an id or a link. As in Notion's app, everything gets a new id and texts stay the same.
    """
    page_id = parse_notion_id(page)
    with local_workspace_in(file) as workspace:
        echo(workspace.duplicate(page_id))


@command.command()
@_FILE
@click.option("--rows", type=click.IntRange(1), default=1000, show_default=True)
@click.option(
    "--data-source", metavar="ID", help="The data source to fill. Default: that of a new database."
)
@click.option(
    "--seed", type=int, default=0, show_default=True, help="The seed of the random values."
)
def fill(file: Path, rows: int, data_source: str | None, seed: int) -> None:
    """Add rows of test data to the local workspace in FILE and print the id of their data
    source.
    """
    # Parsed before the file is opened: a wrong id must not create a file.
    wanted = parse_notion_id(data_source) if data_source else None
    with local_workspace_in(file) as workspace, progress() as draw:
        source_id = workspace.fill(
            wanted, rows, seed=seed, progress=lambda done: draw("Rows", done, rows)
        )
    echo(source_id)


@command.command()
@_FILE
@click.option(
    "--name",
    required=True,
    help="The name of the connection. An existing one is changed and keeps its token.",
)
@click.option(
    "--capability",
    "capabilities",
    multiple=True,
    metavar="CAPABILITY",
    help="read, update, insert, read_comments, insert_comments, read_users or read_emails. "
    "Repeatable. Default: all.",
)
@click.option(
    "--share",
    "shared",
    multiple=True,
    metavar="PAGE",
    help="Share a page or database and everything below it. Repeatable. Default: everything.",
)
def token(file: Path, name: str, capabilities: tuple[str, ...], shared: tuple[str, ...]) -> None:
    """Add a connection to the local workspace in FILE and print its token."""
    # Parsed first, as in `fill`: a wrong id must not create a file.
    pages = [parse_notion_id(page) for page in shared]
    with local_workspace_in(file) as workspace:
        echo(workspace.connect(name, capabilities or None, pages))


@command.command()
@_EXISTING
@click.option(
    "--data-source",
    metavar="ID",
    required=True,
    help="The data source of the template.",
)
@click.option("--name", required=True)
@click.option(
    "--markdown",
    type=click.File(encoding="utf-8"),
    required=True,
    help="A file with the content; - reads stdin. @today and @now become the time of use.",
)
@click.option(
    "--default",
    "is_default",
    is_flag=True,
    help="Make it the default template of the data source.",
)
def template(
    file: Path, data_source: str, name: str, markdown: TextIO, *, is_default: bool
) -> None:
    """Add a page template to the local workspace in FILE and print its id.

    In Notion only people can create page templates, in the app.
    """
    source = parse_notion_id(data_source)
    try:
        text = markdown.read()
    except UnicodeDecodeError:
        raise UsageError(
            f"{markdown.name} is not a text file.", "Use a Markdown file in UTF-8."
        ) from None
    with local_workspace_in(file) as workspace:
        echo(workspace.add_template(source, name, text, is_default=is_default))

"""`notion-pm local`: local workspaces as files, and as a server for any client of Notion's API."""

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
    help="0 takes a free one.",
)
@click.option("--threads", type=click.IntRange(1, 64), default=8, show_default=True)
@click.option(
    "--record",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Append the traffic as JSON Lines.",
)
@click.option(
    "--weather",
    metavar="WEATHER",
    help="Trouble the clients: calm, notion, storm, a YAML or TOML file, or rules: '429 every=5; dropped when=after'.",
)
@click.option("--seed", type=int, help="Bring the same weather again.")
@click.option(
    "--webhook-delay",
    type=_SECONDS,
    default=2,
    show_default=True,
    help="Gather events so many seconds.",
)
@click.option(
    "--webhook-backoff",
    type=_SECONDS,
    default=1,
    show_default=True,
    help="Rest after a failed delivery.",
)
@click.option(
    "--template-delay",
    type=_SECONDS,
    default=1,
    show_default=True,
    help="Apply page templates so late.",
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
        note(f"Weather {weather}: the same again with --seed {seed}")

    def announce(url: str) -> None:
        echo(url)
        note(f"Local workspace {file}. In a browser on this machine: {url}/")
        note("For notion-pm and other clients, in another terminal:")
        note(
            f'  eval "$(notion-pm local info {quote(str(file))} --env)"; export NOTION_PM_BASE_URL={url}'
        )
        note("  notion-pm plan product")
        note("Stop with Ctrl-C.")

    try:
        serve_workspace(workspace, host=host, port=port, threads=threads, announce=announce)
    except OSError as error:
        raise UsageError(
            f"{host}:{port} cannot be served: {error.strerror}.",
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
    """Show the token, the root page and what is in the local workspace in FILE; made when it does not exist."""
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
    prompt="Throw away everything in this workspace but its tokens and users?"
)
def reset(file: Path) -> None:
    """Empty the local workspace in FILE; tokens, users and the root page's id stay."""
    with local_workspace_in(file) as workspace:
        workspace.reset()


@command.command()
@_EXISTING
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
def copy(file: Path, target: Path) -> None:
    """Copy the local workspace in FILE to the new file TARGET, also while it is being served."""
    with local_workspace_in(file) as workspace:
        workspace.copy(target)


@command.command()
@_EXISTING
@click.argument("page")
def duplicate(file: Path, page: str) -> None:
    """Duplicate PAGE in the local workspace in FILE, as people do in Notion's app, and print the id of the duplicate.

    PAGE is its id or link. Everything on it gets a new id; texts stay as they are.
    """
    page_id = parse_notion_id(page)
    with local_workspace_in(file) as workspace:
        echo(workspace.duplicate(page_id))


@command.command()
@_FILE
@click.option("--rows", type=click.IntRange(1), default=1000, show_default=True)
@click.option(
    "--data-source", metavar="ID", help="Fill this data source. Without: that of a new database."
)
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Other seeds give other values."
)
def fill(file: Path, rows: int, data_source: str | None, seed: int) -> None:
    """Add rows of test data to the local workspace in FILE, and print the id of their data source."""
    wanted = parse_notion_id(data_source) if data_source else None
    with local_workspace_in(file) as workspace, progress() as draw:
        made = workspace.fill(
            wanted, rows, seed=seed, progress=lambda done: draw("Rows", done, rows)
        )
    echo(made)


@command.command()
@_FILE
@click.option(
    "--name",
    required=True,
    help="The connection's name; one of this name is changed and keeps its token.",
)
@click.option(
    "--capability",
    "capabilities",
    multiple=True,
    metavar="CAPABILITY",
    help="read, update, insert, read_comments, insert_comments, read_users or read_emails; repeat it. Without: all.",
)
@click.option(
    "--share",
    "shared",
    multiple=True,
    metavar="PAGE",
    help="A page or database with all below; repeat it.",
)
def token(file: Path, name: str, capabilities: tuple[str, ...], shared: tuple[str, ...]) -> None:
    """Connect one more integration to the local workspace in FILE, and print its token.

    Without --share it sees the root page, and thereby everything.
    """
    pages = [parse_notion_id(each) for each in shared]
    with local_workspace_in(file) as workspace:
        echo(workspace.connect(name, capabilities or None, pages))


@command.command()
@_EXISTING
@click.option(
    "--data-source",
    metavar="ID",
    required=True,
    help="The data source whose pages may begin with it.",
)
@click.option("--name", required=True)
@click.option(
    "--markdown",
    type=click.File(encoding="utf-8"),
    required=True,
    help="What it puts on a page; @today and @now become the time at which it does. - reads stdin.",
)
@click.option(
    "--default",
    "is_default",
    is_flag=True,
    help="Take the place of the data source's default template.",
)
def template(
    file: Path, data_source: str, name: str, markdown: TextIO, *, is_default: bool
) -> None:
    """Add a page template, which only people can make in Notion, to the local workspace in FILE; print its id."""
    source = parse_notion_id(data_source)
    try:
        text = markdown.read()
    except UnicodeDecodeError:
        raise UsageError(f"{markdown.name} is no text.", "Name a Markdown file in UTF-8.") from None
    with local_workspace_in(file) as workspace:
        echo(workspace.add_template(source, name, text, is_default=is_default))

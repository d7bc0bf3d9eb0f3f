"""`notion-pm local`: local workspaces as files, and as a server for any client of Notion's API."""

from __future__ import annotations

from pathlib import Path

import click

from notion_pm.cli.context import begin_weather, open_local
from notion_pm.cli.output import echo, echo_json, json_option, note

_FILE = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


@click.group()
def command() -> None:
    """Serve and inspect local workspaces."""


@command.command()
@_FILE
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8200, show_default=True, help="0 takes a free one.")
@click.option("--threads", type=click.IntRange(1, 64), default=8, show_default=True)
@click.option("--record", type=click.Path(dir_okay=False, path_type=Path), help="Append the traffic as JSON Lines.")
@click.option(
    "--weather",
    metavar="WEATHER",
    help="Trouble the clients: calm, notion, storm, a YAML or TOML file, or rules: '429 every=5; dropped when=after'.",
)
@click.option("--seed", type=int, help="Bring the same weather again.")
def serve(
    file: Path, host: str, port: int, threads: int, record: Path | None, weather: str | None, seed: int | None
) -> None:
    """Serve the local workspace in FILE to any client of Notion's API, until Ctrl-C."""
    from notion_pm.emulator import serve as serve_workspace

    workspace = open_local(file, record=record)
    if weather is not None:
        seed = begin_weather(workspace, weather, seed)
        note(f"Weather {weather}: the same again with --seed {seed}")

    def announce(url: str) -> None:
        echo(url)
        note(f"Local workspace {file}: token {workspace.token}, root page {workspace.root_page_id}")
        note("In another terminal:")
        note(f"  export NOTION_PM_BASE_URL={url} NOTION_TOKEN={workspace.token}")
        note(f"  export NOTION_PM_PARENT_PAGE={workspace.root_page_id}")
        note("  notion-pm plan product")
        note("Stop with Ctrl-C.")

    try:
        serve_workspace(workspace, host=host, port=port, threads=threads, announce=announce)
    finally:
        workspace.close()


@command.command()
@_FILE
@json_option
def info(file: Path, as_json: bool) -> None:  # noqa: FBT001
    """Show the token and the root page of the local workspace in FILE; made when it does not exist."""
    workspace = open_local(file)
    try:
        facts = {
            "file": str(file.resolve()),
            "token": workspace.token,
            "root_page_id": workspace.root_page_id,
        }
    finally:
        workspace.close()
    if as_json:
        echo_json(facts)
    else:
        for name, value in facts.items():
            echo(f"{name.replace('_', ' '):14} {value}")

"""`notion-pm completion`: print the script for shell completion."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script for your shell.

    \b
    bash:  notion-pm completion bash >> ~/.bashrc
    zsh:   notion-pm completion zsh  >> ~/.zshrc
    fish:  notion-pm completion fish > ~/.config/fish/completions/notion-pm.fish
    """
    completion = get_completion_class(shell)
    assert completion is not None
    click.echo(completion(ctx.find_root().command, {}, "notion-pm", "_NOTION_PM_COMPLETE").source())

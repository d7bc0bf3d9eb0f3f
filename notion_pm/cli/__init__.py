"""The root command: global options, the list of commands, and how errors are shown.

The module of a command is loaded only when the command runs, so that `--help` and completion stay
fast. So the short help texts are repeated here; a test compares them with the commands.
"""

from __future__ import annotations

import errno
import gc
import importlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from notion_pm import __version__
from notion_pm.console.root_options import RootOptions
from notion_pm.console.signals import install_ctrl_c_handler, interrupted_lines
from notion_pm.errors import FileUnusable, InternalError, NotionPmError

COMMANDS = {
    "init": "Connect a Notion workspace.",
    "doctor": "Check token, sharing, capabilities and limits.",
    "templates": "List, show and validate templates.",
    "plan": "Show what `apply` would change in the workspace.",
    "apply": "Show the plan, ask, and apply it.",
    "capture": "Turn a live page with databases into a template.",
    "adopt": "Use databases that a client already has.",
    "repair": "Rebuild the record of a template after its page was deleted or damaged.",
    "status": "Show the state of every client in one table.",
    "sync": "Bring status and evidence up to date along the relations, by the rules of the "
    "template.",
    "serve": "Receive Notion's webhooks and sync the pages they name.",
    "jobs": "Print files that run sync on a schedule.",
    "import": "Import insights and customers from other tools, without duplicates.",
    "export": "Write databases or a page to files.",
    "undo": "Undo the last apply, sync or import.",
    "why": "Explain the values of a page, and what would change them.",
    "history": "List the runs, and the changes since a date.",
    "trace": "Show what a page serves and its evidence, from the vision to the customers' words.",
    "audit": "Show where the thread is broken and how to repair it.",
    "loop": "List customers whose requests have shipped, with a message for each.",
    "report": "Write a report for leadership, or a roadmap for customers, as one HTML file.",
    "digest": "Summarise recent changes for a mail or a chat.",
    "destroy": "Move everything that a template made to the trash.",
    "demo": "Run the whole job on a local workspace, without a token.",
    "local": "Serve and inspect local workspaces.",
    "completion": "Print the completion script for your shell.",
}
"""The commands and their short help, in the order in which people need them."""

_MODULES = {
    "init": "clients.commands.init",
    "doctor": "clients.commands.doctor",
    "templates": "provision.commands.templates",
    "plan": "provision.commands.plan",
    "apply": "provision.commands.apply",
    "capture": "provision.commands.capture",
    "adopt": "provision.commands.adopt",
    "repair": "provision.commands.repair",
    "status": "clients.commands.status",
    "sync": "sync.commands.sync",
    "serve": "jobs.commands.serve",
    "jobs": "jobs.commands.jobs",
    "import": "importing.commands.import_data",
    "export": "exporting.commands.export",
    "undo": "cli.undo",
    "why": "sync.commands.why",
    "history": "sync.commands.history",
    "trace": "thread.commands.trace",
    "audit": "thread.commands.audit",
    "loop": "thread.commands.loop",
    "report": "report.commands.report",
    "digest": "report.commands.digest",
    "destroy": "provision.commands.destroy",
    "demo": "cli.demo",
    "local": "cli.local",
    "completion": "cli.completion",
}
"""The module of each command, below `notion_pm`. It is loaded when the command runs."""

_GLOBAL_OPTIONS = {
    "--local": 1,
    "-w": 1,
    "--workspace": 1,
    "--jobs": 1,
    "--max-wait": 1,
    "--debug": 0,
}
"""The global options that are also accepted after the command, and their number of values."""


class LazyGroup(click.Group):
    """A group that loads the module of a command when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        # None makes Click report the unknown command itself, with its usual text.
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"notion_pm.{_MODULES[cmd_name]}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        with misuse_is_an_error():
            return super().parse_args(ctx, with_global_options_first(args))

    def main(self, args: Sequence[str] | None = None, *rest: Any, **named: Any) -> Any:
        """Run the program. An internal error is one line, or a traceback with --debug."""
        given = list(sys.argv[1:] if args is None else args)
        try:
            return super().main(given, *rest, **named)
        except Exception as fault:  # only developers can read a traceback
            if "--debug" in given or not named.get("standalone_mode", True):
                raise
            unexpected = InternalError(fault)
            show_error(unexpected)
            sys.exit(unexpected.exit_code)

    def invoke(self, ctx: click.Context) -> Any:
        _collect_garbage_less_often()
        try:
            with misuse_is_an_error():
                return super().invoke(ctx)
        # Raised again: Click then prints "Aborted!" and ends with 1.
        except KeyboardInterrupt:
            for line in interrupted_lines(ctx.invoked_subcommand):
                click.echo(line, err=True)
            raise
        except (NotionPmError, OSError) as error:
            if ctx.params.get("debug") or _is_closed_pipe(error):
                raise  # Click ends quietly when the reader of a pipe is gone
            shown = error if isinstance(error, NotionPmError) else FileUnusable.from_os(error)
            show_error(shown)
            ctx.exit(shown.exit_code)


def _collect_garbage_less_often() -> None:
    # Modules and API responses are thousands of objects that stay alive. Checking them again and
    # again takes a tenth of the time of a command (measured).
    gc.set_threshold(5_000, 20, 20)


@contextmanager
def misuse_is_an_error() -> Iterator[None]:
    """Exit with 1 for a wrong option: Click's 2 means changes here (`plan --exit-code`)."""
    try:
        yield
    except click.UsageError as error:
        error.exit_code = 1  # type: ignore[misc]  # Click declares it as a class variable
        raise


def _is_closed_pipe(error: Exception) -> bool:
    return isinstance(error, OSError) and error.errno == errno.EPIPE


def with_global_options_first(args: list[str]) -> list[str]:
    """Return the arguments with the global options moved before the command.

    People write them on either side of it; Click accepts them only before it.
    """
    first: list[str] = []
    rest: list[str] = []
    pending = iter(args)
    for argument in pending:
        # After `--` everything is an argument, even a file called --debug.
        if argument == "--":
            rest += [argument, *pending]
            break
        name = argument.split("=", 1)[0] if argument.startswith("--") else argument
        if name not in _GLOBAL_OPTIONS:
            rest.append(argument)
            continue
        first.append(argument)
        if _GLOBAL_OPTIONS[name] and "=" not in argument:
            value = next(pending, None)
            if value is None:
                # Click reports the missing value. Without this it would take the command as the
                # value.
                return first
            first.append(value)
    return first + rest


def show_error(error: NotionPmError) -> None:
    """Print what happened and what to do next."""
    click.secho("Error: ", fg="red", bold=True, nl=False, err=True)
    click.echo(str(error), err=True)
    if error.advice:
        click.echo(error.advice, err=True)


def _prepare_streams(ctx: click.Context) -> None:
    """Respect NO_COLOR (https://no-color.org), and make any title printable.

    Files and pipes get UTF-8 whatever the locale is; a terminal that lacks a character shows `?`.
    """
    if os.environ.get("NO_COLOR"):
        ctx.color = False
    if sys.stdin is None:  # closed by `<&-`
        sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115 - open until the end
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="replace")


def _lazy_completion(name: str) -> Callable[..., list[CompletionItem]]:
    """Return a completion function that is loaded only when the shell asks for completions."""

    def complete(*arguments: Any) -> list[CompletionItem]:
        module = importlib.import_module("notion_pm.console.completion_values")
        items: list[CompletionItem] = getattr(module, name)(*arguments)
        return items

    return complete


@click.command(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--local",
    metavar="FILE",
    envvar="NOTION_PM_LOCAL",
    shell_complete=_lazy_completion("complete_file"),
    help="Work on the local workspace in FILE, without token or network. Created if missing.",
)
@click.option(
    "-w",
    "--workspace",
    metavar="NAME",
    shell_complete=_lazy_completion("complete_client"),
    help="Work on this workspace of notion-pm.toml.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1, 16),
    default=4,
    show_default=True,
    help="Maximum number of parallel requests.",
)
@click.option(
    "--max-wait",
    type=click.FloatRange(0),
    default=900,
    show_default=True,
    metavar="SECONDS",
    help="Fail when Notion asks to wait longer than this.",
)
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(__version__, "--version", prog_name="notion-pm")
@click.pass_context
def main(
    ctx: click.Context,
    local: str | None,
    workspace: str | None,
    jobs: int,
    max_wait: float,
    debug: bool,  # noqa: FBT001
) -> None:
    """Product management in Notion: provision, sync and export vision, insights and feature specs.

    Try it without a token:  notion-pm demo
    """
    _prepare_streams(ctx)
    install_ctrl_c_handler(ctx.call_on_close)
    from_environment = ctx.get_parameter_source("local") is click.core.ParameterSource.ENVIRONMENT
    ctx.obj = RootOptions(local, from_environment, workspace, jobs, max_wait, debug)

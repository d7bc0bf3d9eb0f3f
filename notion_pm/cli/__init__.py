"""The command line: it parses, calls a workflow, and shows.

A command's module is loaded only when the command runs, so that `--help` and completion stay fast; the short helps are
therefore stated here, and a test holds them against the commands.
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
    "apply": "Show the plan, ask, and carry it out.",
    "capture": "Turn a live page with databases into a template.",
    "adopt": "Take over databases that a client already has.",
    "repair": "Build the record of a template again, when its page was deleted or damaged.",
    "status": "Show where every client stands, in one table.",
    "sync": "Carry status and evidence along the relations.",
    "serve": "Take Notion's webhooks, and sync what they name.",
    "jobs": "Print files that run sync by a schedule.",
    "import": "Bring insights and customers in from other tools, without duplicates.",
    "export": "Write databases or a page to files.",
    "undo": "Take back the last apply, sync or import.",
    "why": "Tell why a page holds what it holds, and what would change it.",
    "history": "List the runs, and what has changed since a date.",
    "trace": "Show the thread through a page: up to the vision, down to the customers' words.",
    "audit": "Show where the thread is broken, and what to do about it.",
    "loop": "List who asked for what has shipped, with a message for each.",
    "report": "Write one HTML file for leadership, or a roadmap for customers.",
    "digest": "Tell what happened lately, for a mail or a chat.",
    "destroy": "Put what a template made in the trash.",
    "demo": "Run the whole job on a local workspace, without a token.",
    "local": "Serve and inspect local workspaces.",
    "completion": "Print the completion script for your shell.",
}
"""Every command and its short help, in the order in which people need them."""

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
"""Options of the root that may also stand after the command, and how many values they take."""


class LazyGroup(click.Group):
    """A group whose commands live in modules of their own, loaded when called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
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
        """Run the program. A fault of ours is one line too, unless --debug asks for the traceback."""
        given = list(sys.argv[1:] if args is None else args)
        try:
            return super().main(given, *rest, **named)
        except Exception as fault:  # whatever it is: nobody but a developer can read a traceback
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
        except KeyboardInterrupt:
            for line in interrupted_lines(ctx.invoked_subcommand):
                click.echo(line, err=True)
            raise
        except (NotionPmError, OSError) as error:
            if ctx.params.get("debug") or _is_closed_pipe(error):
                raise  # Click ends quietly when nobody reads on
            told = error if isinstance(error, NotionPmError) else FileUnusable.from_os(error)
            show_error(told)
            ctx.exit(told.exit_code)


def _collect_garbage_less_often() -> None:
    """Modules and answers are thousands of objects, and no garbage: looking at each again and again takes a tenth
    of a command's time.
    """
    gc.set_threshold(5_000, 20, 20)


@contextmanager
def misuse_is_an_error() -> Iterator[None]:
    """Let a wrong option exit with 1: Click's own 2 means changes here (`plan --exit-code`)."""
    try:
        yield
    except click.UsageError as error:
        error.exit_code = 1  # type: ignore[misc]  # a class variable, of which every error may have its own
        raise


def _is_closed_pipe(error: Exception) -> bool:
    return isinstance(error, OSError) and error.errno == errno.EPIPE


def with_global_options_first(args: list[str]) -> list[str]:
    """Return the arguments with the global options before the command: people write them on either side."""
    first: list[str] = []
    rest: list[str] = []
    pending = iter(args)
    for argument in pending:
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
                return first  # Click says that its value is missing; the command's name must not pass for it
            first.append(value)
    return first + rest


def show_error(error: NotionPmError) -> None:
    """Tell a person what happened and what to do next."""
    click.secho("Error: ", fg="red", bold=True, nl=False, err=True)
    click.echo(str(error), err=True)
    if error.advice:
        click.echo(error.advice, err=True)


def _suit_the_terminal(ctx: click.Context) -> None:
    """Heed NO_COLOR (https://no-color.org), and show any title anywhere.

    What goes to a file or program is UTF-8, whatever the locale says; on a terminal that lacks a character it is `?`.
    """
    if os.environ.get("NO_COLOR"):
        ctx.color = False
    if sys.stdin is None:  # `<&-` closes it: nobody is there to be asked
        sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115 - open until the end
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="replace")


def _completing(name: str) -> Callable[..., list[CompletionItem]]:
    """A function of `completing`, which is loaded only when somebody completes."""

    def complete(*given: Any) -> list[CompletionItem]:
        return getattr(importlib.import_module("notion_pm.console.completion_values"), name)(*given)  # type: ignore[no-any-return]

    return complete


@click.command(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--local",
    metavar="FILE",
    envvar="NOTION_PM_LOCAL",
    shell_complete=_completing("complete_file"),
    help="Work on the local workspace in FILE: no token, no network. Made when it does not exist.",
)
@click.option(
    "-w",
    "--workspace",
    metavar="NAME",
    shell_complete=_completing("complete_client"),
    help="Work on this workspace of notion-pm.toml.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1, 16),
    default=4,
    show_default=True,
    help="Requests side by side.",
)
@click.option(
    "--max-wait",
    type=click.FloatRange(0),
    default=900,
    show_default=True,
    metavar="SECONDS",
    help="Fail rather than wait longer when Notion asks to wait.",
)
@click.option("--debug", is_flag=True, help="Show where an error came from.")
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
    """Product management in Notion: provision vision, insights and feature specs, keep them true, export them.

    Try it without a token:  notion-pm demo
    """
    _suit_the_terminal(ctx)
    install_ctrl_c_handler(ctx.call_on_close)
    from_environment = ctx.get_parameter_source("local") is click.core.ParameterSource.ENVIRONMENT
    ctx.obj = RootOptions(local, from_environment, workspace, jobs, max_wait, debug)

"""What the processes of `forked_program.py` have imported: every command, and the local workspace."""

import click

import notion_pm.emulator  # noqa: F401 - loaded late by the program
from notion_pm.cli import COMMANDS, main

for name in COMMANDS:
    main.get_command(click.Context(main), name)

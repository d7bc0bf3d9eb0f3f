"""What the processes of `forked_program.py` have imported: all commands, and libraries that load late."""

from importlib import import_module
from pkgutil import iter_modules

import notion_pm.cli
import notion_pm.emulator

for module in iter_modules(notion_pm.cli.__path__, "notion_pm.cli."):
    import_module(module.name)

"""What the processes of `machines.py` have imported before they are forked: the program, and its slow libraries."""

import notion_pm.cli.adopt
import notion_pm.cli.apply
import notion_pm.cli.destroy
import notion_pm.cli.doctor
import notion_pm.cli.import_data
import notion_pm.cli.plan
import notion_pm.cli.repair
import notion_pm.cli.status
import notion_pm.cli.sync
import notion_pm.cli.undo
import notion_pm.workspace.lock  # noqa: F401

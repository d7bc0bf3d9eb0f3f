"""`python -m notion_pm`."""

from notion_pm.cli import main

main(prog_name="notion-pm")

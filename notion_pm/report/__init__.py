"""The report: what a thread and its past show leadership, section by section, as one HTML page.

`compose` decides what each section contains; `html` renders it. `customers` is the roadmap for
customers, `digest` the summary of a week. `run_report` reads the workspace for all three.
"""

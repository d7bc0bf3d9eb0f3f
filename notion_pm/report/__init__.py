"""The report for leadership: what a thread and its past say, section by section, and the page that shows it.

`compose` decides what each section says, from a thread and what is remembered; `html` writes it. Nothing is read here.
"""

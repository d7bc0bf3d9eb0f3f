"""The conformance check of `doctor --probe`: small statements about Notion, each of them executable.

What notion-pm relies on is written down here, one statement at a time, and checked against a real
workspace on a scratch page. The same statements specify the local workspace.

A new statement is a function in `subjects/`, decorated with `@statement`. It sends requests through
the Lab it is given, and returns what it expected and what it saw.
"""

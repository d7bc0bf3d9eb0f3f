"""The conformance check of `doctor --probe`: small executable statements about Notion.

Each statement is a fact that notion-pm relies on. It is checked against a real workspace, on a
scratch page. The same statements specify the local workspace.

To add a statement, write a function in `subjects/` and decorate it with `@statement`. It sends
requests through its Lab, and returns what it expected and what it saw.
"""

"""The thread: vision, objectives, opportunities, features, insights and customers, and how the
pages of a workspace are related along it.

`Chain` finds these databases in a template. `Thread` holds a workspace's pages joined along their
relations. On top of them: `branches` (trees from a page up to the vision and down to the customers'
words), `audit` (where the thread is broken) and `loop` (who asked for what has shipped).
"""

from __future__ import annotations

from notion_pm.thread.chain import Chain
from notion_pm.thread.graph import Evidence, Thread, UnsharedPage

__all__ = ["Chain", "Evidence", "Thread", "UnsharedPage"]

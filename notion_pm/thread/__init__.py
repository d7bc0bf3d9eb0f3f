"""The thread: vision, objectives, opportunities, features, insights and customers, and what ties them together. Pure.

`Chain` finds them in a template, `Thread` holds a workspace's pages joined along their relations. On it stand
`branches` (a page up to the vision and down to the customers' words), `audit` (where the thread is broken) and `loop`
(who asked for what has shipped).
"""

from __future__ import annotations

from notion_pm.thread.chain import Chain
from notion_pm.thread.graph import Evidence, Thread, Unseen

__all__ = ["Chain", "Evidence", "Thread", "Unseen"]

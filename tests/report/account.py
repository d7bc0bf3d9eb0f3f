"""The queries of the independent account (see account.sql), and what they are compared with."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

SCRIPT = (Path(__file__).parent / "account.sql").read_text(encoding="utf-8")


def _evidence(table: str, column: str) -> str:
    return (
        f"SELECT own.page_id, e.{column} FROM {table} own JOIN evidence e ON e.thing = own.page_id"
    )


# For each stamped property: what it should be, by page. `own` is a row of the table itself.
STAMPED = {
    "features.evidence_count": _evidence("features", "insights"),
    "features.customers": _evidence("features", "customers"),
    "features.arr_weight": _evidence("features", "arr"),
    "features.arr_at_stake": _evidence("features", "stake"),
    "features.importance": _evidence("features", "importance"),
    "opportunities.evidence_count": _evidence("opportunities", "insights"),
    "opportunities.customers": _evidence("opportunities", "customers"),
    "opportunities.arr_weight": _evidence("opportunities", "arr"),
    "opportunities.arr_at_stake": _evidence("opportunities", "stake"),
    "opportunities.importance": _evidence("opportunities", "importance"),
    "features.rice": "SELECT page_id, reach * impact * confidence / nullif(effort, 0) FROM features",
    "opportunities.evidence_own": """
        SELECT own.page_id, (SELECT count(*) FROM insights_opportunity link WHERE link.related_id = own.page_id)
        FROM opportunities own""",
    "opportunities.solutions": """
        SELECT own.page_id, (
          SELECT count(*) FROM features_opportunity link JOIN live_features live ON live.page_id = link.page_id
          WHERE link.related_id = own.page_id
        ) FROM opportunities own""",
    "insights.arr": """
        SELECT own.page_id, (
          SELECT CASE WHEN count(*) = 1 THEN max(customers.arr) END
          FROM insights_customer link JOIN customers ON customers.page_id = link.related_id
          WHERE link.page_id = own.page_id
        ) FROM insights own""",
    "insights.loop": """
        SELECT page_id, CASE WHEN told_on IS NOT NULL THEN 'Told'
          WHEN status = 'Shipped' AND page_id IN (SELECT page_id FROM asks) THEN 'Tell customer' END FROM insights""",
    "customers.open_asks": """
        SELECT own.page_id, (
          SELECT count(*) FROM insights_customer link JOIN asks ON asks.page_id = link.page_id
          WHERE link.related_id = own.page_id AND asks.is_open
        ) FROM customers own""",
    "customers.shipped_asks": """
        SELECT own.page_id, (
          SELECT count(*) FROM insights_customer link JOIN asks ON asks.page_id = link.page_id
          WHERE link.related_id = own.page_id AND asks.status IN ('Shipped', 'Closed')
        ) FROM customers own""",
    "customers.arr_waiting": """
        SELECT own.page_id, CASE WHEN own.page_id IN (SELECT customer FROM waiting) THEN own.arr ELSE 0 END
        FROM customers own""",
    "objectives.progress": """
        SELECT own.page_id, p.share FROM objectives own
        LEFT JOIN progress p ON p.kind = 'objectives' AND p.thing = own.page_id""",
    "vision.progress": """
        SELECT own.page_id, p.share FROM vision own
        LEFT JOIN progress p ON p.kind = 'vision' AND p.thing = own.page_id""",
    "vision.features_shipped": """
        SELECT own.page_id, coalesce(p.done, 0) FROM vision own
        LEFT JOIN progress p ON p.kind = 'vision' AND p.thing = own.page_id""",
    "vision.health": """
        SELECT own.page_id, CASE WHEN link.page_id IS NULL THEN NULL
          ELSE coalesce(max(CASE live.fresh WHEN 'Off track' THEN '4Off track' WHEN 'At risk' THEN '3At risk'
            WHEN 'No update' THEN '2No update' WHEN 'On track' THEN '1On track' END), '0No update') END
        FROM vision own LEFT JOIN objectives_vision link ON link.related_id = own.page_id
        LEFT JOIN live_objectives live ON live.page_id = link.page_id GROUP BY own.page_id""",
    "releases.scope": """
        SELECT own.page_id, coalesce(p.live, 0) FROM releases own
        LEFT JOIN progress p ON p.kind = 'releases' AND p.thing = own.page_id""",
    "releases.done": """
        SELECT own.page_id, coalesce(p.done, 0) FROM releases own
        LEFT JOIN progress p ON p.kind = 'releases' AND p.thing = own.page_id""",
    "releases.progress": """
        SELECT own.page_id, p.share FROM releases own
        LEFT JOIN progress p ON p.kind = 'releases' AND p.thing = own.page_id""",
    "releases.health": """
        SELECT own.page_id, CASE WHEN own.status <> 'Active' THEN NULL
          WHEN own.closes < :today AND p.share < 1 THEN 'Off track'
          WHEN own.closes < date(:today, '+14 days') AND p.share < 0.8 THEN 'At risk' ELSE 'On track' END
        FROM releases own LEFT JOIN progress p ON p.kind = 'releases' AND p.thing = own.page_id""",
}

# What must hold whatever the figures are; each query lists what breaks it.
LIMITS = {
    "ARR of a feature above that of all customers": """
        SELECT name FROM features WHERE arr_weight > (SELECT sum(arr) FROM customers)""",
    "ARR of an opportunity above that of all customers": """
        SELECT name FROM opportunities WHERE arr_weight > (SELECT sum(arr) FROM customers)""",
    "importance above three for each customer": """
        SELECT name FROM features WHERE importance > 3 * customers
        UNION SELECT name FROM opportunities WHERE importance > 3 * customers""",
    "shipped without an answer, or answered and not shipped": """
        SELECT name FROM insights WHERE told_on IS NULL AND status NOT IN ('Closed', 'Won''t do')
        AND (status = 'Shipped') <> (page_id IN (SELECT insight FROM answered))""",
}

# The report's figures: rows to compare with rows of the report.
REPORT = {
    "objectives": """
        SELECT own.name, own.fresh, round(p.share * 100, 2), coalesce(p.live, 0), coalesce(p.done, 0), e.insights,
          e.customers, e.importance, coalesce(e.stake, 0), coalesce(e.arr, 0) - coalesce(e.stake, 0)
        FROM live_objectives own JOIN evidence e ON e.thing = own.page_id
        LEFT JOIN progress p ON p.kind = 'objectives' AND p.thing = own.page_id ORDER BY own.name""",
    "evidence": """
        SELECT own.name, e.insights, e.customers, e.importance, coalesce(e.stake, 0),
          coalesce(e.arr, 0) - coalesce(e.stake, 0)
        FROM live_features own JOIN evidence e ON e.thing = own.page_id WHERE e.insights > 0 ORDER BY own.name""",
    "waiting": "SELECT name, arr, asks FROM waiting ORDER BY name",
    "apart": """
        SELECT DISTINCT customers.name FROM customers
        JOIN insights_customer link ON link.related_id = customers.page_id
        JOIN asks ON asks.page_id = link.page_id AND asks.is_open
        WHERE customers.lifecycle IN ('Prospect', 'Churned') ORDER BY customers.name""",
    "open asks": """
        SELECT
          (SELECT count(DISTINCT link.page_id) FROM insights_customer link
           JOIN asks ON asks.page_id = link.page_id AND asks.is_open
           JOIN customers_today c ON c.page_id = link.related_id),
          (SELECT count(*) FROM asks WHERE is_open AND page_id NOT IN (SELECT page_id FROM insights_customer))""",
    "needs": """
        SELECT own.name, (
          SELECT coalesce(sum(arr), 0) FROM customers_today WHERE page_id IN (
            SELECT link.related_id FROM behind JOIN asks ON asks.page_id = behind.insight AND asks.is_open
            JOIN insights_customer link ON link.page_id = behind.insight WHERE behind.thing = own.page_id
          )
        ) FROM opportunities own WHERE own.status NOT IN ('Addressed', 'Parked') AND EXISTS (
          SELECT 1 FROM behind JOIN asks ON asks.page_id = behind.insight AND asks.is_open
          LEFT JOIN insights_customer link ON link.page_id = behind.insight
          WHERE behind.thing = own.page_id
          AND (link.related_id IS NULL OR link.related_id IN (SELECT page_id FROM customers_today))
        ) ORDER BY own.name""",
    "messages": """
        WITH owed AS (SELECT * FROM asks WHERE status = 'Shipped' AND told_on IS NULL),
        homes AS (
          SELECT max(link.related_id) AS customer, insights.contact FROM insights_customer link
          JOIN insights ON insights.page_id = link.page_id GROUP BY link.page_id HAVING count(*) = 1
        )
        SELECT DISTINCT customers.name, CASE
          WHEN (SELECT count(*) FROM insights_customer l WHERE l.page_id = owed.page_id) = 1
          THEN coalesce(owed.contact, '')
          WHEN EXISTS (SELECT 1 FROM homes WHERE homes.customer = customers.page_id AND homes.contact = owed.contact)
          THEN owed.contact ELSE '' END
        FROM owed JOIN insights_customer link ON link.page_id = owed.page_id
        JOIN customers ON customers.page_id = link.related_id AND coalesce(customers.lifecycle, '') <> 'Churned'
        UNION SELECT '', contact FROM owed
        WHERE contact IS NOT NULL AND page_id NOT IN (SELECT page_id FROM insights_customer)
        ORDER BY 1, 2""",
    "signal": """
        WITH RECURSIVE up(feature, node) AS (
          SELECT page_id, page_id FROM features
          UNION SELECT up.feature, link.related_id FROM up JOIN features_parent link ON link.page_id = up.node
        ), serves AS (
          SELECT up.feature, link.related_id AS objective
          FROM up JOIN features_objective link ON link.page_id = up.node
          UNION SELECT up.feature, above.related_id FROM up
          JOIN features_opportunity link ON link.page_id = up.node
          JOIN need_of ON need_of.node = link.related_id
          JOIN opportunities_objective above ON above.page_id = need_of.top
        )
        SELECT count(*), coalesce(sum(
          (EXISTS (SELECT 1 FROM part_of JOIN behind ON behind.thing = part_of.node WHERE part_of.top = own.page_id)
           OR EXISTS (SELECT 1 FROM features_opportunity link JOIN behind ON behind.thing = link.related_id
                      WHERE link.page_id = own.page_id))
          AND EXISTS (SELECT 1 FROM serves JOIN objectives o ON o.page_id = serves.objective
                      WHERE serves.feature = own.page_id AND o.status <> 'Dropped'
                      AND (own.is_done OR o.status NOT IN ('Achieved', 'Missed')))
        ), 0) FROM live_features own""",
    "shipped today": "SELECT count(*) FROM live_features WHERE is_done AND shipped_on = :today",
}


class Account:
    """The account of one exported workspace."""

    def __init__(self, exported: Path, today: date) -> None:
        self._tables = sqlite3.connect(exported)
        self._today = {"today": today.isoformat()}
        self._tables.executescript(SCRIPT.replace(":today", f"'{today.isoformat()}'"))

    def close(self) -> None:
        self._tables.close()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return what a query says."""
        used = self._today if ":today" in query else {}
        return self._tables.execute(query, used).fetchall()

    def differences(self) -> Iterator[str]:
        """Yield each stamped value that is not what the account says, and each limit that is
        broken.
        """
        for address, query in STAMPED.items():
            table, column = address.split(".")
            held = dict(self.rows(f"SELECT page_id, {column} FROM {table}"))
            names = dict(self.rows(f"SELECT page_id, name FROM {table}"))
            for page, expected in self.rows(query):
                if address == "vision.health" and expected:
                    expected = expected[1:]  # the digit orders the healths
                if not alike(held[page], expected):
                    yield f"{address} of {names[page]} is {held[page]}, and should be {expected}"
        for limit, query in LIMITS.items():
            yield from (f"{limit}: {name}" for (name,) in self.rows(query))


def alike(one: Any, other: Any) -> bool:
    """Whether two values are the same, shares to the hundredth of a percent."""
    if isinstance(one, int | float) and isinstance(other, int | float):
        return abs(one - other) < 6e-5 * max(1, abs(other) / 1000)
    return bool(one == other)

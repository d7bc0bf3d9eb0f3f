"""Random product workspaces for the independent account, made through the API as people would fill
them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

from notion_pm.model.ids import NotionId
from tests.support.product_workspace import Product

FEATURES = (
    "idea",
    "discovery",
    "spec",
    "ready",
    "in_progress",
    "beta",
    "shipped",
    "shipped",
    "measured",
    "parked",
    "dropped",
)
ASKS = ("new", "new", "triaged", "linked", "planned", "closed", "wont_do")
OBJECTIVES = (
    "proposed",
    "committed",
    "in_progress",
    "in_progress",
    "achieved",
    "missed",
    "dropped",
)
LIFECYCLES = (None, "active", "active", "at_risk", "prospect", "churned")
HEALTHS = (None, "on_track", "on_track", "at_risk", "off_track", "no_update")


def fill(product: Product, random: Random, today: date) -> None:
    """Fill a workspace of the template `full` with what makes counting hard.

    Insights of several customers and of none, without importance, kind or date; trees of features
    and opportunities; features that several ways lead to; what was dropped; customers that churned.
    """
    _Filling(product, random, today).fill()


class _Filling:
    def __init__(self, product: Product, random: Random, today: date) -> None:
        self._product = product
        self._random = random
        self._today = today

    def fill(self) -> None:
        some = self._random.randint
        visions = [self._vision(number) for number in range(2)]
        objectives = [self._objective(number, visions) for number in range(some(1, 4))]
        customers = [self._customer(number) for number in range(some(2, 6))]
        opportunities: list[NotionId] = []
        for number in range(some(1, 5)):
            opportunities.append(self._opportunity(number, opportunities, objectives))
        releases = [self._release(number) for number in range(2)]
        features: list[NotionId] = []
        for number in range(some(3, 8)):
            features.append(self._feature(number, features, opportunities, objectives, releases))
        for number in range(some(4, 14)):
            self._insight(number, features, opportunities, customers)

    # --- rows

    def _vision(self, number: int) -> NotionId:
        return self._add("vision", f"Vision {number}", kind="vision", status="active")

    def _objective(self, number: int, visions: Sequence[NotionId]) -> NotionId:
        return self._add(
            "objectives",
            f"Objective {number}",
            status=self._one_of(OBJECTIVES),
            health=self._one_of(HEALTHS),
            health_date=self._day(30),
            vision=self._few(visions, 1),
        )

    def _customer(self, number: int) -> NotionId:
        amount = self._one_of((None, 0, 100, 2_500, 10_000, 1_000_000))
        return self._add(
            "customers", f"Customer {number}", arr=amount, lifecycle=self._one_of(LIFECYCLES)
        )

    def _opportunity(
        self, number: int, above: Sequence[NotionId], objectives: Sequence[NotionId]
    ) -> NotionId:
        return self._add(
            "opportunities",
            f"Opportunity {number}",
            status=self._one_of(("spotted", "exploring", "targeted", "parked")),
            parent=self._few(above, 1),
            objective=self._few(objectives, 1),
        )

    def _release(self, number: int) -> NotionId:
        closes = (self._today + timedelta(days=self._random.randint(-10, 30))).isoformat()
        return self._add(
            "releases",
            f"Release {number}",
            status=self._one_of(("planned", "active")),
            closes=closes,
        )

    def _feature(
        self,
        number: int,
        above: Sequence[NotionId],
        opportunities: Sequence[NotionId],
        objectives: Sequence[NotionId],
        releases: Sequence[NotionId],
    ) -> NotionId:
        status = self._one_of(FEATURES)
        is_done = status in {"shipped", "measured"}
        return self._add(
            "features",
            f"Feature {number}",
            status=status,
            shipped_on=self._day(40) if is_done else None,
            effort=self._one_of((None, 0, 1, 2, 5)),
            reach=self._one_of((None, 3, 50)),
            impact=self._one_of((None, 0.5, 2)),
            confidence=self._one_of((None, 0.8, 1)),
            parent=self._few(above, 1),
            opportunity=self._few(opportunities, 2),
            objective=self._few(objectives, 1),
            release=self._few(releases, 1),
        )

    def _insight(
        self,
        number: int,
        features: Sequence[NotionId],
        opportunities: Sequence[NotionId],
        customers: Sequence[NotionId],
    ) -> None:
        told_on = self._day(5) if self._random.random() < 0.1 else None
        self._add(
            "insights",
            f"Insight {number}",
            status=self._one_of(ASKS),
            kind=self._one_of((None, "request", "request", "problem", "question", "praise")),
            importance=self._one_of((None, "none", "nice", "important", "critical")),
            observed_on=self._day(60),
            contact=self._one_of((None, None, "Ann", "Bob")),
            customer=self._few(customers, 3),
            features=self._few(features, 3),
            opportunity=self._few(opportunities, 1),
            told_on=told_on,
        )

    # --- chance

    def _add(self, database: str, title: str, **values: Any) -> NotionId:
        given = {key: value for key, value in values.items() if value is not None and value != []}
        return self._product.add(database, title, **given)

    def _one_of(self, values: Sequence[Any]) -> Any:
        return self._random.choice(values)

    def _few(self, pages: Sequence[NotionId], most: int) -> list[NotionId]:
        return self._random.sample(pages, self._random.randint(0, min(most, len(pages))))

    def _day(self, most_days_ago: int) -> str | None:
        """Return a day in the past, today included, or none."""
        if self._random.random() < 0.2:
            return None
        return (self._today - timedelta(days=self._random.randint(0, most_days_ago))).isoformat()

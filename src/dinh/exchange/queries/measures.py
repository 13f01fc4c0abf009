"""What the log tells of the last hours: calls, errors, latencies by service, client and hour."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Aggregate, Count, F, FloatField, Max, Q, QuerySet
from django.db.models.functions import TruncHour

from dinh.exchange.enums import Outcome
from dinh.exchange.gateway.trials import REASON as TRIAL_REASON
from dinh.exchange.models import Exchange

WINDOWS: Final = (1, 6, 24)
"""Hours that can be looked at."""
MOST_ROWS: Final = 50

FAILED: Final = Q(outcome__in=[Outcome.FAILED, Outcome.ABORTED]) | Q(
    outcome=Outcome.DELIVERED, status__gte=500
)
REFUSED: Final = Q(outcome=Outcome.REFUSED)
TRIAL: Final = Q(reason=TRIAL_REASON) | Q(reason__startswith=f"{TRIAL_REASON}:")
"""Calls with trial keys, which say nothing of how a service fares."""


class Percentile(Aggregate):
    """The value that this share of the rows does not exceed."""

    function = "PERCENTILE_DISC"
    template = "%(function)s(%(share)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()

    def __init__(self, expression: Any, share: float, **more: Any) -> None:
        super().__init__(expression, share=share, **more)


@dataclass(frozen=True, slots=True)
class Measure:
    """
    Calls of one service, client or hour.

    :param median_ms, slow_ms: half, and 95 of 100, were answered within; milliseconds
    :param own_ms: half of them took the gateway itself no longer
    """

    name: Any
    calls: int
    failed: int
    refused: int
    median_ms: float
    slow_ms: float
    own_ms: float

    @property
    def failed_percent(self) -> float:
        return 100 * self.failed / self.calls if self.calls else 0.0


@dataclass(frozen=True, slots=True)
class Dashboard:
    total: Measure
    services: Sequence[Measure]
    clients: Sequence[Measure]
    hours: Sequence[Measure]
    busiest: int
    last_at: datetime | None


def dashboard_of(rows: QuerySet[Exchange], *, at: datetime, hours: int) -> Dashboard:
    """
    The last hours of these exchanges, in five statements.

    :param rows: what the reader may see
    """
    since = (at - timedelta(hours=hours)).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    lately = rows.filter(started_at__gte=min(since, at - timedelta(hours=1))).exclude(TRIAL)
    by_hour = _by(lately.annotate(hour=TruncHour("started_at")), "hour", order="hour")
    return Dashboard(
        total=_total(lately),
        services=_by(lately.exclude(service=""), "service"),
        clients=_by(lately, "client"),
        hours=by_hour,
        busiest=max((row.calls for row in by_hour), default=0),
        last_at=lately.aggregate(last=Max("started_at"))["last"],
    )


def failing_services(*, since: datetime, at_least: int, percent: float) -> list[Measure]:
    """Services of which so many of 100 calls failed, among those called often enough to tell."""
    calls = Exchange.objects.filter(started_at__gte=since).exclude(Q(service="") | TRIAL)
    rows = _by(calls, "service")
    return [row for row in rows if row.calls >= at_least and row.failed_percent >= percent]


def _measures() -> dict[str, Any]:
    return {
        "calls": Count("pk"),
        "failed": Count("pk", filter=FAILED),
        "refused": Count("pk", filter=REFUSED),
        "median": Percentile(F("duration_us"), 0.5),
        "slow": Percentile(F("duration_us"), 0.95),
        "own": Percentile(F("duration_us") - F("upstream_us"), 0.5),
    }


def _total(rows: QuerySet[Exchange]) -> Measure:
    return _measure("", rows.aggregate(**_measures()))


def _by(rows: QuerySet[Exchange], field: str, *, order: str = "-calls") -> list[Measure]:
    found = rows.values(field).annotate(**_measures()).order_by(order)[:MOST_ROWS]
    return [_measure(row[field], row) for row in found]


def _measure(name: Any, row: dict[str, Any]) -> Measure:
    ms = {key: (row[key] or 0) / 1000 for key in ("median", "slow", "own")}
    return Measure(name, row["calls"], row["failed"], row["refused"], ms["median"], ms["slow"], ms["own"])

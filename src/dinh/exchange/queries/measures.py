"""What the sums tell of the last hours and days: calls, errors, latencies by service, client and hour."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Max, Q, QuerySet, Sum

from dinh.directory.models import Appointment
from dinh.exchange.enums import Grain, Result
from dinh.exchange.gateway.totals import FIRST_US, PER_DOUBLING, upper_us
from dinh.exchange.gateway.trials import REASON as TRIAL_REASON
from dinh.exchange.models import Total
from dinh.exchange.queries.registry import identifiers_visible_to, party_in
from dinh.exchange.rules import keeps_exchange, looks_after_systems
from dinh.kernel.calendar import VIETNAM

WINDOWS: Final = (1, 6, 24, 7 * 24, 31 * 24)
"""Hours that can be looked at."""
MOST_ROWS: Final = 50
MINUTES_KEPT: Final = timedelta(hours=3)
HOURS_KEPT: Final = timedelta(days=62)

TRIAL: Final = Q(reason=TRIAL_REASON) | Q(reason__startswith=f"{TRIAL_REASON}:")
"""Exchanges with trial keys, which say nothing of how a service fares; the sums leave them out."""
_STEPS: Final = {
    Grain.MINUTE: timedelta(minutes=1),
    Grain.HOUR: timedelta(hours=1),
    Grain.DAY: timedelta(days=1),
}


@dataclass(frozen=True, slots=True)
class Measure:
    """
    Calls of one service, client, minute, hour or day.

    :param median_ms, slow_ms: half, and 95 of 100, were answered within; milliseconds, from buckets, to about a tenth
    :param own_ms: the gateway's own part of it, on average
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
    """
    :param hours: one after the other, those without calls too; minutes for up to two hours, days from three days on
    :param grain: what `hours` are
    """

    total: Measure
    services: Sequence[Measure]
    clients: Sequence[Measure]
    hours: Sequence[Measure]
    grain: Grain
    busiest: int
    last_at: datetime | None


@dataclass(slots=True)
class Heap:
    """Sums that belong together, while they are read."""

    results: Counter[str] = field(default_factory=Counter)
    buckets: Counter[int] = field(default_factory=Counter)
    own_us: int = 0

    def add(self, row: dict[str, Any]) -> None:
        self.results[row["result"]] += row["calls"]
        self.buckets[row["bucket"]] += row["calls"]
        self.own_us += row["duration"] - row["upstream"]

    def measure(self, name: Any) -> Measure:
        calls = self.results.total()
        return Measure(
            name=name,
            calls=calls,
            failed=self.results[Result.FAILED],
            refused=self.results[Result.REFUSED],
            median_ms=percentile_ms(self.buckets, 0.5),
            slow_ms=percentile_ms(self.buckets, 0.95),
            own_ms=self.own_us / 1000 / calls if calls else 0.0,
        )


def totals_visible_to(appointment: Appointment) -> QuerySet[Total]:
    """Sums of the calls from and to the systems that the appointment looks after."""
    if keeps_exchange(appointment):
        return Total.objects.all()
    if not looks_after_systems(appointment):
        return Total.objects.none()
    return Total.objects.filter(party_in(identifiers_visible_to(appointment)))


def dashboard_of(rows: QuerySet[Total], *, at: datetime, hours: int) -> Dashboard:
    """
    The last hours of these sums, in four statements, as many rows as there were parties and operations: whatever the
    calls were.

    :param rows: what the reader may see
    """
    grain = grain_of(hours)
    first = beginning_of(grain, at - timedelta(hours=hours)) + _STEPS[grain]
    lately = rows.filter(grain=grain, began_at__gte=first, began_at__lte=at)
    by_time = heaps_by(lately, "began_at")
    times = _line_of(by_time, grain=grain, first=first, at=at)
    return Dashboard(
        total=sum_of(by_time.values()).measure(""),
        services=most_called(heaps_by(lately.exclude(service=""), "service")),
        clients=most_called(heaps_by(lately, "client")),
        hours=times,
        grain=grain,
        busiest=max((row.calls for row in times), default=0),
        last_at=lately.aggregate(last=Max("last_at"))["last"],
    )


IMPATIENT: Final = timedelta(seconds=5)
"""Who hangs up after longer than that may have waited for the service."""
_IMPATIENT: Final = math.ceil(PER_DOUBLING * math.log2(IMPATIENT / timedelta(microseconds=FIRST_US)))


def failing_services(*, since: datetime, at_least: int, percent: float) -> list[Measure]:
    """
    Services of which so many of 100 calls failed, among those called often enough to tell. Calls whose callers hung up
    before `IMPATIENT` are left out: else anybody who may call a service could have its owners alarmed.

    :param since: at most MINUTES_KEPT ago
    """
    lately = Total.objects.filter(grain=Grain.MINUTE, began_at__gte=since).exclude(service="")
    lately = lately.exclude(fault="caller-gone", bucket__lt=_IMPATIENT)
    rows = most_called(heaps_by(lately, "service"))
    return [row for row in rows if row.calls >= at_least and row.failed_percent >= percent]


def grain_of(hours: int) -> Grain:
    """What a picture of so many hours is drawn by."""
    if hours <= MINUTES_KEPT / timedelta(hours=1) - 1:
        return Grain.MINUTE
    return Grain.HOUR if hours <= 48 else Grain.DAY


def beginning_of(grain: Grain, moment: datetime) -> datetime:
    """Of the minute, hour or day in Viet Nam."""
    whole = moment.astimezone(VIETNAM).replace(second=0, microsecond=0)
    if grain == Grain.MINUTE:
        return whole
    return whole.replace(minute=0) if grain == Grain.HOUR else whole.replace(hour=0, minute=0)


def heaps_by(rows: QuerySet[Total], name: str) -> dict[Any, Heap]:
    """Sums by a field, in one statement."""
    found: dict[Any, Heap] = {}
    summed = (
        rows.order_by()
        .values(name, "result", "bucket")
        .annotate(calls=Sum("calls"), duration=Sum("duration_us"), upstream=Sum("upstream_us"))
    )
    for row in summed:
        found.setdefault(row[name], Heap()).add(row)
    return found


def most_called(heaps: dict[Any, Heap]) -> list[Measure]:
    rows = sorted(heaps.items(), key=lambda item: (-item[1].results.total(), item[0]))
    return [heap.measure(name) for name, heap in rows[:MOST_ROWS]]


def percentile_ms(buckets: Counter[int], share: float) -> float:
    """
    What this share of the calls did not exceed, in milliseconds: within its bucket as if calls were spread evenly.

    :param buckets: calls by bucket
    """
    wanted = share * buckets.total()
    for bucket, calls in sorted(buckets.items()):
        if calls and wanted <= calls:
            below = upper_us(bucket - 1) if bucket else 0.0
            return (below + (upper_us(bucket) - below) * wanted / calls) / 1000
        wanted -= calls
    return 0.0


def sum_of(heaps: Iterable[Heap]) -> Heap:
    whole = Heap()
    for heap in heaps:
        whole.results += heap.results
        whole.buckets += heap.buckets
        whole.own_us += heap.own_us
    return whole


def _line_of(heaps: dict[Any, Heap], *, grain: Grain, first: datetime, at: datetime) -> list[Measure]:
    step, found, moment = _STEPS[grain], [], first
    while moment <= at:
        found.append(heaps.get(moment, Heap()).measure(moment))
        moment += step
    return found

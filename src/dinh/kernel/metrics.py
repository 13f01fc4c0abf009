"""What waits and what failed, as figures for Prometheus; modules add theirs to `gauges`."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db.models import Count, Min
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateEvent, ProcrastinateJob

from dinh.kernel.registry import Registry


@dataclass(frozen=True, kw_only=True)
class Gauge:
    """
    A figure read when it is asked for.

    :param labels: names of what tells its samples apart
    :param samples: values of the labels, and the figure
    """

    help: str
    labels: tuple[str, ...] = ()
    samples: Callable[[], Iterable[tuple[tuple[str, ...], float]]]


gauges: Registry[Gauge] = Registry("gauges")


def register_gauges() -> None:
    """Called once, when the application is ready."""
    gauges.register(
        "dinh_jobs", Gauge(help="Jobs that wait, run or failed", labels=("queue", "status"), samples=_jobs)
    )
    gauges.register(
        "dinh_jobs_waiting_seconds", Gauge(help="Age of the job that is due longest", samples=_oldest)
    )


def _jobs() -> Iterable[tuple[tuple[str, ...], float]]:
    open_jobs = ProcrastinateJob.objects.filter(status__in=["todo", "doing", "failed"])
    for queue, status, amount in (
        open_jobs.values_list("queue_name", "status").annotate(Count("id")).order_by()
    ):
        yield (queue, status), amount


def _oldest() -> Iterable[tuple[tuple[str, ...], float]]:
    now = timezone.now()
    due = ProcrastinateJob.objects.filter(status="todo").exclude(scheduled_at__gt=now)
    since = ProcrastinateEvent.objects.filter(job__in=due).aggregate(at=Min("at"))["at"]
    yield (), (now - since).total_seconds() if since else 0.0

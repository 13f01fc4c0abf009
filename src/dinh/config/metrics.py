"""GET /metrics: figures for Prometheus, to callers on this machine only."""

import os
from collections.abc import Iterator

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from dinh.kernel.metrics import gauges


class _Gauges(Collector):
    """The house's own figures, read from the database at each call."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for name, gauge in gauges.items():
            family = GaugeMetricFamily(name, gauge.help, labels=gauge.labels)
            for values, figure in gauge.samples():
                family.add_metric(values, figure)
            yield family


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """
    The web processes' figures together, and the house's own.

    :raises Http404: to anyone from elsewhere, also by way of a proxy on this machine
    """
    forwarded = request.headers.get("X-Forwarded-For") or request.headers.get("Forwarded")
    if request.META.get("REMOTE_ADDR") not in {"127.0.0.1", "::1"} or forwarded:
        raise Http404
    own = CollectorRegistry()
    own.register(_Gauges())
    return HttpResponse(
        generate_latest(_of_processes()) + generate_latest(own), content_type=CONTENT_TYPE_LATEST
    )


def _of_processes() -> CollectorRegistry:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry

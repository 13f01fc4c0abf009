"""GET /metrics: figures for Prometheus, to callers on this machine only."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from django_prometheus.exports import ExportToDjangoView


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """:raises Http404: to anyone from elsewhere, also by way of a proxy on this machine"""
    forwarded = request.headers.get("X-Forwarded-For") or request.headers.get("Forwarded")
    if request.META.get("REMOTE_ADDR") not in {"127.0.0.1", "::1"} or forwarded:
        raise Http404
    answer: HttpResponse = ExportToDjangoView(request)
    return answer

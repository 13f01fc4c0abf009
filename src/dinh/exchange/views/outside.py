"""Outside services, for the keeper of the platform."""

from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dinh.directory.access import allowed
from dinh.directory.middleware import StaffRequest
from dinh.exchange.queries.outside import outside_connections
from dinh.exchange.rules import keeps_exchange


@allowed(keeps_exchange)
@require_safe
def outside(request: StaffRequest) -> HttpResponseBase:
    """Which are connected, whose they are by the rules of today, and their last answers."""
    today = timezone.localdate()
    context = {"connections": outside_connections(on=today, at=timezone.now()), "today": today}
    return render(request, "exchange/outside.html", context)

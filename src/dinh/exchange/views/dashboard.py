"""The exchange at a glance."""

from typing import Any

from django.contrib import messages
from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from dinh.directory.access import allowed, signed_in
from dinh.directory.middleware import StaffRequest
from dinh.exchange.enums import Grain
from dinh.exchange.operations.reach import reach
from dinh.exchange.queries.gateways import gateways_seen
from dinh.exchange.queries.measures import WINDOWS, Dashboard, dashboard_of, totals_visible_to
from dinh.exchange.queries.registry import versions_visible_to
from dinh.exchange.rules import keeps_exchange, looks_after, looks_after_systems
from dinh.kernel.calendar import VIETNAM
from dinh.kernel.components import chips_for


@allowed(looks_after_systems)
@require_safe
def dashboard(request: StaffRequest) -> HttpResponseBase:
    """Calls, errors and latencies of the last hours or days, by service, client and time."""
    given = request.GET.get("hours", "")
    hours = int(given) if given in {str(each) for each in WINDOWS} else 24
    rows = totals_visible_to(request.appointment)
    found = dashboard_of(rows, at=timezone.now(), hours=hours)
    choices = [(str(each), _long(each)) for each in WINDOWS]
    context = {
        "dashboard": found,
        "trend": _trend(found),
        "hours": hours,
        "gateways": gateways_seen(at=timezone.now()) if keeps_exchange(request.appointment) else [],
        "chips": chips_for(name="hours", chosen=str(hours), choices=choices, others={}),
    }
    return render(request, "exchange/dashboard.html", context)


def _long(hours: int) -> str:
    if hours <= 24:
        return ngettext("%d hour", "%d hours", hours) % hours
    return ngettext("%d day", "%d days", hours // 24) % (hours // 24)


def _trend(found: Dashboard) -> dict[str, Any]:
    """What the page's script draws (kernel's `charts`)."""
    form = {Grain.MINUTE: "H:i", Grain.HOUR: "H:i d/m", Grain.DAY: "d/m"}[found.grain]
    rows = found.hours
    return {
        "labels": [date_format(row.name.astimezone(VIETNAM), form) for row in rows],
        "axes": [_("Calls"), _("Milliseconds")],
        "lines": [
            {"name": _("Calls"), "values": [row.calls for row in rows], "look": "calls"},
            {"name": _("Calls that failed"), "values": [row.failed for row in rows], "look": "failed"},
            {
                "name": _("95th percentile (ms)"),
                "values": [round(row.slow_ms, 1) if row.calls else None for row in rows],
                "look": "slow",
                "axis": 1,
            },
        ],
    }


@require_POST
@signed_in
def reach_provider(request: StaffRequest, version_id: int) -> HttpResponseBase:
    """Ask a version's provider whether it is there, and tell on the page that the question comes from."""
    version = get_object_or_404(versions_visible_to(request.appointment), pk=version_id)
    if not looks_after(request.appointment, version.service.system):
        raise Http404
    found = reach(version.base_url)
    if found.status:
        text = _("The provider answers: status %(status)d after %(ms)d ms.")
        messages.success(request, text % {"status": found.status, "ms": found.milliseconds})
    else:
        text = _("The provider does not answer: %(reason)s")
        messages.error(request, text % {"reason": found.reason})
    if request.POST.get("back") == "outside":
        return redirect("exchange:outside")
    return redirect("exchange:service", version.service_id)

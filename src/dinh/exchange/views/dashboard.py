"""The exchange at a glance."""

from django.contrib import messages
from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from dinh.directory.access import allowed, signed_in
from dinh.directory.middleware import StaffRequest
from dinh.exchange.operations.reach import reach
from dinh.exchange.queries.measures import WINDOWS, dashboard_of
from dinh.exchange.queries.registry import exchanges_visible_to, versions_visible_to
from dinh.exchange.rules import looks_after, looks_after_systems
from dinh.kernel.components import chips_for


@allowed(looks_after_systems)
@require_safe
def dashboard(request: StaffRequest) -> HttpResponseBase:
    """Calls, errors and latencies of the last hours, by service, client and hour."""
    given = request.GET.get("hours", "")
    hours = int(given) if given in {str(each) for each in WINDOWS} else WINDOWS[-1]
    rows = exchanges_visible_to(request.appointment)
    choices = [(str(each), ngettext("%d hour", "%d hours", each) % each) for each in WINDOWS]
    context = {
        "dashboard": dashboard_of(rows, at=timezone.now(), hours=hours),
        "hours": hours,
        "chips": chips_for(name="hours", chosen=str(hours), choices=choices, others={}),
    }
    return render(request, "exchange/dashboard.html", context)


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

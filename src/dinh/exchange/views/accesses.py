"""Who looked at what about whom."""

from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from dinh.directory.access import allowed
from dinh.directory.middleware import StaffRequest
from dinh.exchange.forms import AccessesForm
from dinh.exchange.operations.accesses import ask_for_accesses
from dinh.exchange.rules import keeps_exchange
from dinh.exchange.views.filling import filled_in


@allowed(keeps_exchange)
@require_http_methods(["GET", "HEAD", "POST"])
def accesses(request: StaffRequest) -> HttpResponseBase:
    """Asked by POST only, so that the number stands in no address; the answer is not kept."""
    form = AccessesForm(request.POST or None)
    found = filled_in(
        request,
        form,
        lambda: ask_for_accesses(
            number=form.cleaned_data["number"],
            reason=form.cleaned_data["reason"],
            actor=request.appointment,
            at=timezone.now(),
        ),
    )
    context = {"form": form, "found": found}
    answer = render(request, "exchange/accesses.html", context, status=422 if form.errors else 200)
    answer["Cache-Control"] = "no-store"
    return answer

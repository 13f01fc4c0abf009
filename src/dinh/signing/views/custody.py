"""Who holds the unit's seals and devices, and the record of each hand-over."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from dinh.directory.access import signed_in
from dinh.directory.middleware import StaffRequest
from dinh.kernel.refusals import refusals_beside, refusals_kept, shown_again
from dinh.signing.forms import EndOfCustodyForm, HandOverForm
from dinh.signing.operations.custody import end_custody, hand_over
from dinh.signing.queries.custody import custodies_visible_to
from dinh.signing.rules import keeps_custody

PAGE = 50


@require_http_methods(["GET", "POST"])
@signed_in
def custody(request: StaffRequest) -> HttpResponseBase:
    """The list; a hand-over is written down here."""
    if request.method == "POST":
        _require_keeper(request)
        form = HandOverForm(request.POST, keeper=request.appointment)
        if form.is_valid():
            with refusals_beside(form):
                hand_over(wanted=form.wanted(), actor=request.appointment, at=timezone.now())
                messages.success(request, _("The hand-over is recorded."))
                return redirect("signing:custody")
        return shown_again(_page(request, form))
    return _page(request)


def _require_keeper(request: StaffRequest) -> None:
    if not keeps_custody(request.appointment):
        raise Http404


def _page(request: StaffRequest, form: HandOverForm | None = None) -> HttpResponseBase:
    own = request.appointment
    keeps = keeps_custody(own)
    today = timezone.localdate()
    context = {
        "page": Paginator(custodies_visible_to(own), PAGE).get_page(request.GET.get("page")),
        "form": (form or HandOverForm(keeper=own, initial={"from_date": today})) if keeps else None,
        "keeps": keeps,
        "today": today.isoformat(),
    }
    return render(request, "signing/custody.html", context)


@require_POST
@signed_in
def end(request: StaffRequest, custody_id: int) -> HttpResponseBase:
    """It was given back, and nobody of the unit holds it."""
    _require_keeper(request)
    with refusals_kept(request, "end"):
        form = EndOfCustodyForm(request.POST)
        end_custody(custody_id=custody_id, actor=request.appointment, at=timezone.now(), **form.given())
        messages.success(request, _("The hand-over is recorded."))
        return redirect("signing:custody")
    return shown_again(_page(request))

"""The archive of the exchange's log: looking through it, and letting volumes go whose retention is over."""

from collections.abc import Iterable

from django.contrib import messages
from django.core.paginator import Paginator
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from dinh.directory.access import allowed
from dinh.directory.middleware import StaffRequest
from dinh.exchange.forms import ArchiveForm, DisposalForm
from dinh.exchange.operations.disposal import order_disposal
from dinh.exchange.queries.registry import masked, own_clients
from dinh.exchange.queries.volumes import Found, Place, search_archive, volumes_due, volumes_visible_to
from dinh.exchange.retention import kept_until, retention_of
from dinh.exchange.rules import keeps_exchange, looks_after_systems
from dinh.exchange.views.filling import filled_in

PAGE = 50
SHOWN_AT_ONCE = 200
"""Volumes that are ordered to go by one form: what was confirmed must have been seen."""


@allowed(looks_after_systems)
@require_safe
def archive(request: StaffRequest) -> HttpResponseBase:
    """Archived exchanges from and to one's own systems by period, client, service and result."""
    form = ArchiveForm(request.GET)
    begin = Place.read(request.GET.get("begin", ""))
    found = (
        search_archive(form.wanted(), reader=request.appointment, begin=begin)
        if form.is_valid()
        else Found([], None, 0)
    )
    first, further = request.GET.copy(), request.GET.copy()
    first.pop("begin", None)
    further["begin"] = str(found.further or "")
    context = {
        "form": form,
        "rows": masked(found.rows, own=own_clients(request.appointment)),
        "found": found,
        "further": further.urlencode(),
        "first": first.urlencode(),
        "is_first": begin is None,
        "keeps_exchange": keeps_exchange(request.appointment),
    }
    return render(request, "exchange/archive.html", context, status=422 if form.errors else 200)


@allowed(keeps_exchange)
@require_http_methods(["GET", "HEAD", "POST"])
def volumes(request: StaffRequest) -> HttpResponseBase:
    """All volumes, until when each is kept, and the order to let those go whose time is over."""
    today = timezone.localdate()
    due = list(volumes_due(on=today)[:SHOWN_AT_ONCE])
    form = DisposalForm(request.POST or None, initial={"upto": due[-1].number if due else None})
    ordered = filled_in(
        request,
        form,
        lambda: order_disposal(
            upto=form.cleaned_data["upto"],
            reason=form.cleaned_data["reason"],
            actor=request.appointment,
            at=timezone.now(),
        ),
    )
    if ordered:
        text = ngettext("%d volume will be disposed of.", "%d volumes will be disposed of.", ordered)
        messages.success(request, text % ordered)
        return redirect("exchange:volumes")
    page = Paginator(volumes_visible_to(request.appointment), PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "lines": [(row, kept_until(row.month), retention_of(row.month)) for row in page],
        "due": due,
        "amount": sum(row.exchanges for row in due),
        "numbers": _span(str(row.number) for row in due),
        "months": _span(f"{row.month:%m/%Y}" for row in due),
        "form": form,
        "question": _(
            "The files of these volumes are deleted for good. Their exchanges can then no longer be shown or proved."
        ),
    }
    return render(request, "exchange/volumes.html", context, status=422 if form.errors else 200)


def _span(words: Iterable[str]) -> str:
    """The first and the last of them."""
    known = list(words)
    return " - ".join(dict.fromkeys([*known[:1], *known[-1:]]))

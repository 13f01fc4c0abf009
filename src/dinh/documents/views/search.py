"""Search over all letters that somebody may see."""

from django.core.paginator import Paginator
from django.forms import BoundField
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from dinh.directory.access import signed_in
from dinh.directory.middleware import StaffRequest
from dinh.documents.forms.search import SHOWN, SearchForm
from dinh.documents.queries.incoming import incoming_visible_to
from dinh.documents.queries.outgoing import outgoing_visible_to
from dinh.documents.queries.search import MOST, found_documents
from dinh.documents.registers.found import found_file, found_lines
from dinh.kernel.refusals import page_after, refusals_told
from dinh.kernel.tables import ENDINGS

PAGE_SIZE = 50
_ALWAYS_SHOWN = ("q", "order", "show")


@require_GET
@signed_in
def search(request: StaffRequest) -> HttpResponse:
    """Letters of the unit, in and out, by their words and by any of their fields; with HTMX the fields alone."""
    form = _form(request)
    wanted, shown = form.wanted(), form.shown()
    if "HX-Request" in request.headers and "fields" in request.GET:
        return render(request, "documents/search/fields.html", {"form": form, "more": _more(form)})
    found = [] if wanted.is_empty() else found_documents(wanted, request.appointment)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    labels = [str(label) for name, label in SHOWN if name in shown]
    lines = found_lines(list(page.object_list), request.appointment, shown)
    context = {
        "form": form,
        "more": _more(form) if form.more_given() or "fields" in request.GET else [],
        "page": page,
        "lines": [(line, list(zip(labels, line.cells, strict=True))) for line in lines],
        "labels": labels,
        "words": wanted.q,
        "is_asked": not wanted.is_empty(),
        "is_capped": len(found) == MOST,
    }
    return render(request, "documents/search/search.html", context, status=422 if form.errors else 200)


@require_GET
@signed_in
def search_download(request: StaffRequest, ending: str) -> HttpResponseBase:
    """What the search found, to take home."""
    if ending not in ENDINGS:
        raise Http404
    with refusals_told(request):
        return found_file(_form(request), reader=request.appointment, ending=ending)
    return page_after(request, f"{reverse('documents:search')}?{request.GET.urlencode()}")


@require_GET
@signed_in
def found(request: StaffRequest, document_id: int) -> HttpResponse:
    """Go to the letter where the appointment meets it: as its unit's own, else as it arrived."""
    actor = request.appointment
    own = outgoing_visible_to(actor).filter(document=document_id).values_list("pk", flat=True).first()
    if own is not None:
        return redirect("documents:outgoing", own)
    arrived = incoming_visible_to(actor).filter(document=document_id).order_by("-arrived_at", "-pk")
    pk = arrived.values_list("pk", flat=True).first()
    if pk is None:
        raise Http404
    return redirect("documents:incoming", pk)


def _form(request: StaffRequest) -> SearchForm:
    return SearchForm(request.GET, bloc=request.appointment.unit.bloc, on=timezone.localdate())


def _more(form: SearchForm) -> list[BoundField]:
    return [form[name] for name in form.fields if name not in _ALWAYS_SHOWN]

"""Put a document into a case file."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from dinh.directory.access import signed_in
from dinh.directory.middleware import StaffRequest
from dinh.documents.filing import INCOMING, OUTGOING
from dinh.documents.models import Incoming, Outgoing
from dinh.kernel.errors import InvalidInput
from dinh.kernel.refusals import refusals_kept, shown_again
from dinh.records.api import case_files_of, case_files_to_choose, file, fileables


@require_http_methods(["GET", "POST"])
@signed_in
def file_incoming(request: StaffRequest, incoming_id: int) -> HttpResponse:
    """Put a document that arrived into a case file."""
    return _filed(request, INCOMING, Incoming(pk=incoming_id))


@require_http_methods(["GET", "POST"])
@signed_in
def file_outgoing(request: StaffRequest, outgoing_id: int) -> HttpResponse:
    """Put a document of the unit's own into a case file."""
    return _filed(request, OUTGOING, Outgoing(pk=outgoing_id))


def _filed(request: StaffRequest, kind: str, target: Incoming | Outgoing) -> HttpResponse:
    record = fileables[kind].describe([target.pk], request.appointment).get(target.pk)
    if record is None:
        raise Http404
    if request.method == "POST":
        with refusals_kept(request, "file"):
            file(target=target, case_file_id=_chosen(request), actor=request.appointment, at=timezone.now())
            messages.success(request, _("The document is in the case file."))
            return redirect(record.url)
    words = request.GET.get("q", "").strip()[:200]
    context = {
        "record": record,
        "words": words,
        "held_by": case_files_of(target, reader=request.appointment),
        "choices": case_files_to_choose(actor=request.appointment, words=words),
    }
    page = render(request, "documents/filing/file.html", context)
    return page if request.method == "GET" else shown_again(page)


def _chosen(request: StaffRequest) -> int:
    given = request.POST.get("case_file", "")
    if not given.isdecimal() or len(given) > 12:
        raise InvalidInput(_("Choose a case file."), field="case_file")
    return int(given)
